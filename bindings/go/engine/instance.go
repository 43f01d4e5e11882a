package engine

// #include "ffi.h"
import "C"

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"unsafe"
)

// Instance is one sandbox: a plugin with memory of its own.
//
// It may be used by any goroutine, but runs one call at a time: a second one is an error of KindBusy. Instances run in parallel.
type Instance interface {
	// CallFunction calls the plugin's function with the given parameters, and sets what outputParam points to to its result.
	//
	// inputParams are strings, []byte, bools and numbers; a number becomes the type that the function has if it fits exactly,
	// so a plain 3 is right for every numeric parameter. outputParam is a *string, *[]byte, *int32, *uint32, *int64, *int,
	// *float32, *float64 or *bool, or nil to ignore the result. After an error it is unchanged.
	//
	// After an error of KindTrap, KindAbort, KindExit, KindCallback, KindTimeout and KindCancelled, and after a panic of a
	// callback, the plugin was stopped half-way: every later call is an error of KindPoisoned until Reset.
	CallFunction(name string, outputParam interface{}, inputParams ...interface{}) error
	// CallFunctionContext is CallFunction that stops the plugin when the context ends. The error then wraps what
	// context.Cause says. Callbacks that take a context get this one.
	CallFunctionContext(ctx context.Context, name string, outputParam interface{}, inputParams ...interface{}) error
	// Functions are those that the plugin offers, in the module's order; nil while a call runs and after Remove.
	Functions() []Function
	// Reset brings the instance back to the state of a new one with the same workspace.
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

// Who has the handle.
const (
	idle     = iota
	busy     // the one who made it so
	leaving  // the same, and frees it afterwards
	released // nobody
)

func newInstance(plugin string, handle *C.wasp_instance) *instance {
	i := &instance{plugin: plugin, handle: handle}
	// For an instance that was forgotten.
	i.cleanup = runtime.AddCleanup(i, freeInstance, handle)
	return i
}

// address is the handle as a number.
func (i *instance) address() C.uintptr_t { return C.uintptr_t(uintptr(unsafe.Pointer(i.handle))) }

func freeInstance(handle *C.wasp_instance) { C.wasp_instance_free(handle) }

// enter takes the handle; leave gives it back.
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
	return functions(i.handle)
}
