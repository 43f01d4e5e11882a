package engine

// #include "ffi.h"
import "C"

import (
	"errors"
	"maps"
	"runtime"
	"runtime/cgo"
	"slices"
	"strings"
	"unsafe"
)

// PluginConfig says what a plugin is given. It may be changed and used again after RegisterPlugin.
type PluginConfig struct {
	// Args are the arguments of the plugin's command line. They follow its name, which is always the first.
	Args []string
	// Environment holds the plugin's environment variables. Those of this process are never visible to it.
	Environment map[string]string
	// Config holds the config entries of a plugin of Extism, which reads them by their keys. Other plugins have none.
	Config map[string]string
	// Volumes maps absolute paths in the plugin to directories of the host that every instance sees there, such as
	// "/data": "/srv/data". A host path that ends in ":ro" is mounted read-only.
	Volumes map[string]string
	// Callbacks are the functions of this process that the plugin may call.
	Callbacks *Callbacks
	// Limits bound what one instance may use.
	Limits Limits
	// WithoutSnapshot makes each instance run the plugin's start-up itself. By default, instances start from a snapshot taken
	// after one start-up, which is much faster; random numbers and clock readings taken during it are then the same in all.
	WithoutSnapshot bool
	// WarmUp are calls that are made once, in their order, after start-up and before the snapshot: every instance starts from what
	// they left. An error in one is the registration's, and so is a file that it leaves open. Without a snapshot, each instance
	// makes them itself.
	WarmUp []WarmUp
	// TrapMissingImports makes a function that the plugin imports and nothing provides a trap when it is called, instead of an error
	// of the registration. One that is provided with another type stays that error.
	TrapMissingImports bool
}

// WarmUp is a call of a plugin's function before the snapshot. What it returns is ignored.
type WarmUp struct {
	Function string
	// Args are values of the types that [Instance.CallFunction] takes.
	Args []interface{}
}

// values returns the arguments for C. What they point to is pinned.
func (w *WarmUp) values(pins *runtime.Pinner) ([]C.wasp_value, error) {
	values := make([]C.wasp_value, len(w.Args))
	for n := range w.Args {
		arg, err := newArgument(w.Args[n])
		if err == nil && arg.kind == large {
			err = errors.New("a uint64 beyond an int64 fits only a parameter that is known")
		}
		if err != nil {
			return nil, invalid("the warm-up %q: argument %d: %v", w.Function, n+1, err)
		}
		arg.store(&values[n], pins)
	}
	return values, nil
}

// translation is a checked config on its way to C.
type translation struct {
	config    *PluginConfig
	callbacks []*callback
}

// translate checks the parts of the config that only Go knows. It translates a nil config to nil.
func (c *PluginConfig) translate() (*translation, error) {
	if c == nil {
		return nil, nil
	}
	if c.Limits.Timeout < 0 {
		return nil, invalid("the limit Timeout is %v", c.Limits.Timeout)
	}
	callbacks, err := c.Callbacks.check()
	if err != nil {
		return nil, err
	}
	var pins runtime.Pinner
	defer pins.Unpin()
	for n := range c.WarmUp {
		if _, err := c.WarmUp[n].values(&pins); err != nil {
			return nil, err
		}
	}
	return &translation{config: c, callbacks: callbacks}, nil
}

// handle returns the config for C, which owns a handle to each callback.
func (t *translation) handle() *C.wasp_config {
	if t == nil {
		return nil
	}
	handle := C.wasp_config_new()
	for _, arg := range t.config.Args {
		C.wasp_go_arg(handle, text(arg), C.size_t(len(arg)))
	}
	for _, name := range slices.Sorted(maps.Keys(t.config.Environment)) {
		value := t.config.Environment[name]
		C.wasp_go_env(handle, text(name), C.size_t(len(name)), text(value), C.size_t(len(value)))
	}
	for _, key := range slices.Sorted(maps.Keys(t.config.Config)) {
		value := t.config.Config[key]
		C.wasp_go_entry(handle, text(key), C.size_t(len(key)), text(value), C.size_t(len(value)))
	}
	for _, guest := range slices.Sorted(maps.Keys(t.config.Volumes)) {
		host, readOnly := strings.CutSuffix(t.config.Volumes[guest], ":ro")
		C.wasp_go_volume(handle, text(guest), C.size_t(len(guest)), text(host), C.size_t(len(host)), C.bool(readOnly))
	}
	limits := t.config.Limits
	C.wasp_go_limits(handle, C.uint64_t(limits.MemoryBytes), C.uint64_t(limits.Timeout), C.uint64_t(limits.StackBytes),
		C.uint64_t(limits.TableElements), C.uint64_t(limits.IdleInstances), C.uint64_t(limits.IdleMemoryBytes))
	var pins runtime.Pinner
	defer pins.Unpin()
	for n := range t.config.WarmUp {
		call := &t.config.WarmUp[n]
		values, err := call.values(&pins)
		if err != nil {
			continue // translate has refused it
		}
		C.wasp_go_warm_up(handle, text(call.Function), C.size_t(len(call.Function)), unsafe.SliceData(values), C.size_t(len(values)))
	}
	C.wasp_config_set_trap_missing_imports(handle, C.bool(t.config.TrapMissingImports))
	C.wasp_config_set_snapshot(handle, C.bool(!t.config.WithoutSnapshot))
	for _, offered := range t.callbacks {
		params, result := offered.kinds()
		C.wasp_go_offer(handle, text(offered.module), C.size_t(len(offered.module)), text(offered.name),
			C.size_t(len(offered.name)), &params[0], C.size_t(len(params)-1), result, C.uintptr_t(cgo.NewHandle(offered)))
	}
	return handle
}

// widen turns int into int64 in those callbacks that the plugin imports with another type, and reports whether there are any.
func (t *translation) widen(err error) bool {
	var failed *Error
	if t == nil || !errors.As(err, &failed) || failed.Kind != KindImportNotFound {
		return false
	}
	widened := false
	for i, offered := range t.callbacks {
		if offered.hasInt && !offered.wide && slices.Contains(failed.causes, error(ImportNotFoundError{offered.name, offered.module})) {
			// Another one: C may still have a handle to this.
			wider := *offered
			wider.wide = true
			t.callbacks[i] = &wider
			widened = true
		}
	}
	return widened
}
