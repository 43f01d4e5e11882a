package engine

// #include "ffi.h"
import "C"

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"
)

// Instance is one sandbox: a plugin with its own memory.
//
// Any goroutine may use it, but it runs one call at a time: a second call returns an error of KindBusy. Instances run in parallel.
type Instance interface {
	// CallFunction calls the plugin's function with the given parameters and stores its result in the value that outputParam
	// points to.
	//
	// inputParams are strings, []byte, bools and numbers. A number is converted to the type of the function's parameter: an integer
	// if it fits, with or without a sign, and a float to the nearest one, so a plain 3 is right for every numeric parameter.
	// outputParam is a *string, *[]byte, *int32, *uint32, *int64, *uint64, *int, *uint, *float32, *float64 or *bool, or nil to
	// ignore the result. After an error it is unchanged.
	//
	// After an error of KindTrap, KindAbort, KindExit, KindCallback, KindTimeout and KindCancelled, and after a panic of a
	// callback, the plugin was stopped half-way: every later call returns an error of KindPoisoned until Reset.
	CallFunction(name string, outputParam interface{}, inputParams ...interface{}) error
	// CallFunctionContext does the same, and stops the plugin when ctx is done. The error then wraps context.Cause(ctx).
	// Callbacks that take a context receive this one.
	CallFunctionContext(ctx context.Context, name string, outputParam interface{}, inputParams ...interface{}) error
	// CallFunctionWithin does the same as CallFunction for at most that long, callbacks and sleeps included, and never longer than
	// the plugin's own Limits.Timeout: the shorter of the two counts. It returns an error of KindTimeout when that is over, and
	// costs less than a context. A timeout that isn't positive is an error of KindInvalid.
	CallFunctionWithin(timeout time.Duration, name string, outputParam interface{}, inputParams ...interface{}) error
	// Functions returns the functions that the plugin exports, in the module's order. It returns nil while a call runs and
	// after Remove.
	Functions() []Function
	// MemorySize returns the size of the instance's memory in bytes; 0 if the plugin exports none, while a call runs, and after
	// Remove.
	MemorySize() int
	// MemoryUsed returns how many bytes of the memory are the instance's own: those of the pages that it has written to, whereas all
	// others are shared with the plugin's snapshot. It is MemorySize where the kernel can't say, as before Linux 6.7; 0 while a call
	// runs, and after Remove.
	MemoryUsed() int
	// ReadMemory returns a copy of length bytes of the instance's memory, from address on, for plugins whose functions give
	// addresses. It returns an error of KindInvalid if they are not in the memory. A callback uses a [Caller].
	ReadMemory(address uint32, length int) ([]byte, error)
	// WriteMemory copies data into the instance's memory, to address. It returns an error of KindInvalid if that is not in the memory.
	WriteMemory(address uint32, data []byte) error
	// Reset restores the state of a new instance with the same workspace.
	Reset() error
	// Remove frees the instance at once, or when its running call ends. Removing it again does nothing.
	Remove() error
}

type instance struct {
	plugin  string
	handle  *C.wasp_instance
	state   atomic.Uint32
	cleanup runtime.Cleanup
}

// Who owns the handle.
const (
	idle     = iota
	busy     // the running call
	leaving  // the running call, which frees it when it ends
	released // none: it is freed
)

func newInstance(plugin string, handle *C.wasp_instance) *instance {
	i := &instance{plugin: plugin, handle: handle}
	// For an instance that is never removed.
	i.cleanup = runtime.AddCleanup(i, freeInstance, handle)
	return i
}

// address returns the handle as a number.
func (i *instance) address() C.uintptr_t { return C.uintptr_t(uintptr(unsafe.Pointer(i.handle))) }

func freeInstance(handle *C.wasp_instance) { C.wasp_instance_free(handle) }

// enter claims the handle for one call; leave returns it.
func (i *instance) enter(function string) error {
	if i.state.CompareAndSwap(idle, busy) {
		return nil
	}
	return i.refusal(function)
}

func (i *instance) leave() {
	if !i.state.CompareAndSwap(busy, idle) {
		i.release()
	}
}

func (i *instance) refusal(function string) error {
	kind, what := KindBusy, "runs a call already, and an instance runs one at a time"
	if i.state.Load() >= leaving {
		kind, what = KindInvalid, "was removed"
	}
	return &Error{Kind: kind, Function: function, Message: fmt.Sprintf("plugin %q: the instance %s", i.plugin, what)}
}

func (i *instance) release() {
	i.state.Store(released)
	i.cleanup.Stop()
	freeInstance(i.handle)
}

func (i *instance) Remove() error {
	if i.state.CompareAndSwap(idle, released) {
		i.release()
	} else {
		i.state.CompareAndSwap(busy, leaving)
	}
	return nil
}

func (i *instance) Reset() error {
	if err := i.enter(""); err != nil {
		return err
	}
	outcome := C.wasp_go_reset(i.handle)
	i.leave()
	return asError(outcome, "")
}

func (i *instance) Functions() []Function {
	if i.enter("") != nil {
		return nil
	}
	defer i.leave()
	return functions(listed(i.handle))
}

// String tells the instance's plugin, and its memory unless a call runs.
func (i *instance) String() string {
	if i.enter("") != nil {
		state := "busy"
		if i.state.Load() >= leaving {
			state = "removed"
		}
		return fmt.Sprintf("Instance{plugin: %q, %s}", i.plugin, state)
	}
	defer i.leave()
	return fmt.Sprintf("Instance{plugin: %q, memory: %d bytes}", i.plugin, int(C.wasp_instance_memory_size(i.handle)))
}
