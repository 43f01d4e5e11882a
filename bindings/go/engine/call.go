package engine

// #include "ffi.h"
import "C"

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"time"
	"unsafe"
)

func (i *instance) CallFunction(name string, outputParam interface{}, inputParams ...interface{}) error {
	if err := i.enter(name); err != nil {
		return err
	}
	outcome, err := i.call(0, name, outputParam, inputParams)
	i.leave()
	if isErr(outcome) {
		return asError(outcome, name)
	}
	return err
}

func (i *instance) CallFunctionWithin(timeout time.Duration, name string, outputParam interface{}, inputParams ...interface{}) error {
	if timeout <= 0 {
		return i.misused(name, fmt.Errorf("the timeout is %v, and it must be longer than 0", timeout))
	}
	if err := i.enter(name); err != nil {
		return err
	}
	outcome, err := i.callWithin(timeout, name, outputParam, inputParams)
	i.leave()
	if isErr(outcome) {
		return asError(outcome, name)
	}
	return err
}

// callWithin does what call does, for at most that long.
func (i *instance) callWithin(timeout time.Duration, name string, out any, in []any) (C.wasp_go_outcome, error) {
	maybeGC()
	var result C.wasp_go_result
	kind, err := resultKind(out)
	if err == nil {
		result, err = i.callMany(0, name, kind, in, timeout)
	}
	if err != nil {
		return result.outcome, i.misused(name, err)
	}
	maybeGC()
	if isErr(result.outcome) {
		return result.outcome, nil
	}
	return result.outcome, i.store(name, out, &result)
}

// call runs the function of an instance that the caller has entered. context is a handle, or 0. It returns an error for a
// mistake in the arguments; the plugin then hasn't run.
func (i *instance) call(context C.uintptr_t, name string, out any, in []any) (C.wasp_go_outcome, error) {
	maybeGC()
	var result C.wasp_go_result
	kind, err := resultKind(out)
	if err != nil {
		return result.outcome, i.misused(name, err)
	}
	if len(in) <= C.WASP_GO_DIRECT {
		var args [C.WASP_GO_DIRECT]argument
		for n := range in {
			if args[n], err = i.argument(name, n, in[n]); err != nil {
				return result.outcome, i.misused(name, err)
			}
		}
		result = C.wasp_go_call(i.address(), text(name), C.size_t(len(name)), context, kind, C.size_t(len(in)),
			args[0].kind, args[0].bits, args[0].ptr, args[1].kind, args[1].bits, args[1].ptr,
			args[2].kind, args[2].bits, args[2].ptr, args[3].kind, args[3].bits, args[3].ptr)
	} else if result, err = i.callMany(context, name, kind, in, 0); err != nil {
		return result.outcome, i.misused(name, err)
	}
	maybeGC()
	if isErr(result.outcome) {
		return result.outcome, nil
	}
	return result.outcome, i.store(name, out, &result)
}

// callMany calls a function with more arguments than C takes one by one. They go in an array, and what they point to is pinned. It
// runs for at most timeout, unless that is 0.
func (i *instance) callMany(context C.uintptr_t, name string, kind C.wasp_kind, in []any, timeout time.Duration) (result C.wasp_go_result, err error) {
	var pins runtime.Pinner
	defer pins.Unpin()
	values := make([]C.wasp_value, len(in))
	for n := range in {
		arg, err := i.argument(name, n, in[n])
		if err != nil {
			return result, err
		}
		arg.store(&values[n], &pins)
	}
	result = C.wasp_go_call_within(i.address(), text(name), C.size_t(len(name)), context, kind, unsafe.SliceData(values),
		C.size_t(len(values)), C.uint64_t(timeout))
	runtime.KeepAlive(in)
	return result, nil
}

// store sets a value for C. What it points to is pinned.
func (a argument) store(value *C.wasp_value, pins *runtime.Pinner) {
	value.kind = a.kind
	of := unsafe.Pointer(&value.of)
	if a.ptr == nil {
		*(*C.uint64_t)(of) = a.bits // the machines that wasp knows are little-endian: this is right for 32 bits too
		return
	}
	pins.Pin(a.ptr)
	*(*C.wasp_slice)(of) = C.wasp_slice{ptr: a.ptr, len: C.size_t(a.bits)}
}

// misused returns the error for a mistake in the arguments.
func (i *instance) misused(function string, err error) error {
	return &Error{
		Kind:     KindInvalid,
		Function: function,
		Message:  fmt.Sprintf("plugin %q, function %q: %v", i.plugin, function, err),
	}
}

// resultKind returns the kind of result that out can hold.
func resultKind(out any) (C.wasp_kind, error) {
	missing := false
	kind := C.wasp_kind(C.WASP_NONE)
	switch out := out.(type) {
	case nil:
	case *string:
		kind, missing = C.WASP_STRING, out == nil
	case *[]byte:
		kind, missing = C.WASP_BYTES, out == nil
	case *int32:
		kind, missing = C.WASP_I32, out == nil
	case *uint32:
		// As an i64, which says whether it has a sign.
		kind, missing = C.WASP_I64, out == nil
	case *uint64:
		kind, missing = C.WASP_I64, out == nil
	case *uint:
		kind, missing = C.WASP_I64, out == nil
	case *bool:
		kind, missing = C.WASP_I32, out == nil
	case *int64:
		kind, missing = C.WASP_I64, out == nil
	case *int:
		kind, missing = C.WASP_I64, out == nil
	case *float32:
		kind, missing = C.WASP_F32, out == nil
	case *float64:
		kind, missing = C.WASP_F64, out == nil
	case *any:
		kind, missing = C.WASP_ANY, out == nil
	default:
		pointer := reflect.ValueOf(out)
		if pointer.Kind() != reflect.Pointer || !jsonFits(pointer.Type().Elem()) {
			return kind, invalid("outputParam is a %T, and it can be a *string, *[]byte, *int32, *uint32, *int64, *uint64, *int, *uint, *float32, *float64, *bool or *any, a pointer to what encoding/json stores to, or nil", out)
		}
		kind, missing = C.WASP_JSON, pointer.IsNil()
	}
	if missing {
		return kind, invalid("outputParam is a nil %T; nil without a type ignores the result", out)
	}
	return kind, nil
}

// store stores the function's result in what out points to.
func (i *instance) store(function string, out any, result *C.wasp_go_result) error {
	bits := uint64(result.bits)
	switch out := out.(type) {
	case *string:
		*out = copyString(result.ptr, C.size_t(bits))
	case *[]byte:
		*out = copyBytes(result.ptr, C.size_t(bits))
	case *int32:
		*out = int32(bits)
	case *uint32:
		number := int64(bits)
		if number < math.MinInt32 || number > math.MaxUint32 {
			return i.unfit(function, number, out)
		}
		*out = uint32(bits)
	case *uint64:
		number, err := i.unsigned(function, bits, out)
		if err != nil {
			return err
		}
		*out = number
	case *uint:
		number, err := i.unsigned(function, bits, out)
		if err != nil {
			return err
		}
		*out = uint(number)
	case *bool:
		*out = bits != 0
	case *int64:
		*out = int64(bits)
	case *int:
		*out = int(bits)
	case *float32:
		*out = math.Float32frombits(uint32(bits))
	case *float64:
		*out = math.Float64frombits(bits)
	case nil:
	case *any:
		value, err := i.any(function, result)
		*out = value
		return err
	default:
		return i.unmarshal(function, copyBytes(result.ptr, C.size_t(bits)), out)
	}
	return nil
}

// any returns a result of any kind as Go has it.
func (i *instance) any(function string, result *C.wasp_go_result) (value any, err error) {
	bits := uint64(result.bits)
	switch result.kind {
	case C.WASP_I32:
		return int32(bits), nil
	case C.WASP_I64:
		return int64(bits), nil
	case C.WASP_F32:
		return math.Float32frombits(uint32(bits)), nil
	case C.WASP_F64:
		return math.Float64frombits(bits), nil
	case C.WASP_STRING:
		return copyString(result.ptr, C.size_t(bits)), nil
	case C.WASP_BYTES:
		return copyBytes(result.ptr, C.size_t(bits)), nil
	case C.WASP_JSON:
		err = i.unmarshal(function, copyBytes(result.ptr, C.size_t(bits)), &value)
	}
	return value, err
}

// unmarshal stores JSON of the plugin's.
func (i *instance) unmarshal(function string, text []byte, out any) error {
	if err := json.Unmarshal(text, out); err != nil {
		return &Error{
			Kind:     KindABI,
			Function: function,
			Message:  fmt.Sprintf("plugin %q, function %q: its JSON result doesn't go into a %T: %v", i.plugin, function, out, err),
		}
	}
	return nil
}

// jsonFits returns whether values of the type are passed as JSON.
func jsonFits(ty reflect.Type) bool {
	switch ty.Kind() {
	case reflect.Map, reflect.Struct, reflect.Array, reflect.Slice:
		return true
	case reflect.Interface:
		return ty.NumMethod() == 0 // any
	case reflect.Pointer:
		return jsonFits(ty.Elem())
	}
	return false
}

// unsigned reads a result that came as an i64 without a sign.
func (i *instance) unsigned(function string, bits uint64, out any) (uint64, error) {
	if int64(bits) >= 0 {
		return bits, nil
	}
	switch _, kind := i.kinds(function); kind {
	case C.WASP_I64:
		return bits, nil
	case C.WASP_I32:
		return uint64(uint32(bits)), nil
	}
	return 0, i.unfit(function, int64(bits), out)
}

// unfit returns the error for a result that out has no room for.
func (i *instance) unfit(function string, number int64, out any) error {
	return &Error{
		Kind:     KindSignature,
		Function: function,
		Message:  fmt.Sprintf("plugin %q, function %q: its result %d does not fit %T", i.plugin, function, number, out),
	}
}
