//go:build cgo

package engine

import (
	"maps"
	"slices"
)

// Callbacks holds functions of the host that a plugin may call.
type Callbacks struct {
	functions map[callbackName]any
}

type callbackName struct{ module, name string }

// AddCallback registers f, which plugins import as name from namespace. A second function of the same name replaces the first.
//
// f is any function that takes string, []byte, int32, uint32, int64, uint64, int, float32, float64 and bool, and returns at most
// one of those and then, if it can fail, an error. RegisterPlugin checks this. An int is passed as the plugin imports it, as an
// i32 or an i64; uint32 and bool are passed as i32, uint64 as i64. If its first parameter is a context.Context, f receives that of CallFunctionContext;
// if that, or the next one, is a *Caller, f receives the calling instance, whose memory it may read and write.
//
// f runs in the goroutine that called CallFunction, before CallFunction returns, and in several goroutines at once if several
// instances call it. It may use other instances; its own is busy. If it returns an error, the plugin is stopped and CallFunction
// returns an error that wraps it. If it panics, the plugin is stopped and CallFunction panics with the same value.
func (c *Callbacks) AddCallback(namespace string, name string, f interface{}) {
	if c.functions == nil {
		c.functions = make(map[callbackName]any)
	}
	c.functions[callbackName{namespace, name}] = f
}

// check checks each function's type, in the order of their names.
func (c *Callbacks) check() ([]*callback, error) {
	if c == nil {
		return nil, nil
	}
	names := slices.SortedFunc(maps.Keys(c.functions), func(a, b callbackName) int {
		return slices.Compare([]string{a.module, a.name}, []string{b.module, b.name})
	})
	var callbacks []*callback
	for _, name := range names {
		checked, err := newCallback(name, c.functions[name])
		if err != nil {
			return nil, err
		}
		callbacks = append(callbacks, checked)
	}
	return callbacks, nil
}
