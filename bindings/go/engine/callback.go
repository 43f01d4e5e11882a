package engine

// #include "ffi.h"
import "C"

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
)

// callback is a host function whose type has been checked.
type callback struct {
	callbackName
	function reflect.Value
	params   []parameter
	result   *parameter                               // nil for none
	context  bool                                     // its first parameter is a context.Context
	caller   bool                                     // its first parameter, or the one after that, is a *Caller
	fails    bool                                     // its last result is an error
	hasInt   bool                                     // a parameter or the result is an int
	wide     bool                                     // ints are passed as i64, not as i32
	direct   func(context.Context, *invocation) error // nil for unusual types
}

// parameter is a parameter or a result of a callback.
type parameter struct {
	kind C.wasp_kind
	ty   reflect.Type
}

var (
	contextType = reflect.TypeFor[context.Context]()
	errorType   = reflect.TypeFor[error]()
	callerType  = reflect.TypeFor[*Caller]()

	rawMessageType = reflect.TypeFor[json.RawMessage]()
)

const callbackTypes = "string, []byte, int32, uint32, int64, uint64, int, float32, float64, bool and what encoding/json takes"

func newCallback(name callbackName, function any) (*callback, error) {
	c := &callback{callbackName: name, function: reflect.ValueOf(function)}
	refuse := func(format string, args ...any) (*callback, error) {
		err := invalid(format, args...)
		err.Message = "callback " + c.String() + " " + err.Message
		return nil, err
	}
	if c.function.Kind() != reflect.Func {
		return refuse("is a %T, not a function", function)
	}
	if c.function.IsNil() {
		return refuse("is nil")
	}
	ty := c.function.Type()
	if ty.IsVariadic() {
		return refuse("takes any number of arguments, and a plugin passes a fixed one")
	}
	for i := range ty.NumIn() {
		in := ty.In(i)
		if i == 0 && in == contextType {
			c.context = true
			continue
		}
		if in == callerType && len(c.params) == 0 && !c.caller {
			c.caller = true
			continue
		}
		kind, ok := kindOf(in)
		if !ok {
			return refuse("takes a %v as parameter %d, and callbacks take %s", in, i+1, callbackTypes)
		}
		c.params = append(c.params, parameter{kind, in})
		c.hasInt = c.hasInt || in.Kind() == reflect.Int
	}
	results := ty.NumOut()
	if results > 0 && ty.Out(results-1) == errorType {
		c.fails = true
		results--
	}
	if results > 1 {
		return refuse("returns %d results, and callbacks return at most one, and an error after it", results)
	}
	if results == 1 {
		out := ty.Out(0)
		kind, ok := kindOf(out)
		if !ok {
			return refuse("returns a %v, and callbacks return one of %s, and an error after it", out, callbackTypes)
		}
		c.result = &parameter{kind, out}
		c.hasInt = c.hasInt || out.Kind() == reflect.Int
	}
	c.direct = direct(function)
	return c, nil
}

func (c *callback) String() string { return fmt.Sprintf("%q.%q", c.module, c.name) }

// kindOf returns the kind as which values of the type are passed, and whether there is one.
func kindOf(ty reflect.Type) (C.wasp_kind, bool) {
	switch ty.Kind() {
	case reflect.Int32, reflect.Uint32, reflect.Int, reflect.Bool:
		return C.WASP_I32, true
	case reflect.Int64, reflect.Uint64:
		return C.WASP_I64, true
	case reflect.Float32:
		return C.WASP_F32, true
	case reflect.Float64:
		return C.WASP_F64, true
	case reflect.String:
		return C.WASP_STRING, true
	case reflect.Slice:
		if ty.Elem().Kind() == reflect.Uint8 && ty != rawMessageType {
			return C.WASP_BYTES, true
		}
	}
	return C.WASP_JSON, jsonFits(ty)
}

// kinds returns the kinds of the parameters, with one more at the end so that the slice is never empty, and of the result.
func (c *callback) kinds() (params []C.wasp_kind, result C.wasp_kind) {
	kind := func(p parameter) C.wasp_kind {
		if c.wide && p.ty.Kind() == reflect.Int {
			return C.WASP_I64
		}
		return p.kind
	}
	for _, param := range c.params {
		params = append(params, kind(param))
	}
	if c.result != nil {
		result = kind(*c.result)
	}
	return append(params, C.WASP_NONE), result
}

// run calls the function with the plugin's arguments and passes on its result.
func (c *callback) run(v *invocation) error {
	var ctx context.Context
	if c.context {
		limited, cancel := v.ctx()
		defer cancel()
		ctx = limited
	}
	if c.direct != nil {
		return c.direct(ctx, v)
	}
	return c.reflected(ctx, v)
}
