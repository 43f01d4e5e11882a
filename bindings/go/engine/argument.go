package engine

// #include "ffi.h"
import "C"

import (
	"encoding/json"
	"math"
	"reflect"
	"unsafe"
)

// argument is a value to be passed to C: the bits of a number, or the length of the text or bytes at ptr.
type argument struct {
	kind C.wasp_kind
	bits C.uint64_t
	ptr  *C.char
}

// large is the kind of a uint64 beyond int64, which has an i64's bits and a float's value: the function's parameter says which.
const large = math.MaxUint32

// argument converts argument n of the function.
func (i *instance) argument(function string, n int, value any) (argument, error) {
	a, err := newArgument(value)
	if yes, is := value.(bool); is && i.takesJSON(function, n) {
		return jsonArgument(yes)
	}
	if err == nil && a.kind != large {
		return a, nil
	}
	return i.settle(a, err, function, n)
}

func newArgument(value any) (a argument, err error) {
	switch value := value.(type) {
	case string:
		a.kind, a.bits, a.ptr = C.WASP_STRING, C.uint64_t(len(value)), text(value)
	case json.RawMessage:
		a.kind, a.bits, a.ptr = C.WASP_JSON, C.uint64_t(len(value)), data(value)
	case []byte:
		a.kind, a.bits, a.ptr = C.WASP_BYTES, C.uint64_t(len(value)), data(value)
	case int32:
		a.kind, a.bits = C.WASP_I32, C.uint64_t(uint32(value))
	case int64:
		a.kind, a.bits = C.WASP_I64, C.uint64_t(value)
	case int:
		// Go's usual number is an i32 where it can be: to a script an i64 is a number of another type, a BigInt.
		if value == int(int32(value)) {
			a.kind, a.bits = C.WASP_I32, C.uint64_t(uint32(value))
		} else {
			a.kind, a.bits = C.WASP_I64, C.uint64_t(value)
		}
	case float32:
		a.kind, a.bits = C.WASP_F32, C.uint64_t(math.Float32bits(value))
	case float64:
		a.kind, a.bits = C.WASP_F64, C.uint64_t(math.Float64bits(value))
	case uint32:
		a.kind, a.bits = C.WASP_I64, C.uint64_t(value)
	case bool:
		// Where JSON or any value is taken, settle makes it one.
		a.kind = C.WASP_I32
		if value {
			a.bits = 1
		}
	default:
		return rareArgument(reflect.ValueOf(value))
	}
	return a, nil
}

// rareArgument converts named types and the less common numbers.
func rareArgument(value reflect.Value) (argument, error) {
	switch value.Kind() {
	case reflect.String:
		return newArgument(value.String())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32:
		return newArgument(int(value.Int()))
	case reflect.Int64:
		return newArgument(value.Int())
	case reflect.Uint8, reflect.Uint16:
		return newArgument(int(value.Uint()))
	case reflect.Uint, reflect.Uint32, reflect.Uint64:
		number := value.Uint()
		if number > math.MaxInt64 {
			return argument{kind: large, bits: C.uint64_t(number)}, nil
		}
		return newArgument(int64(number))
	case reflect.Float32:
		return newArgument(float32(value.Float()))
	case reflect.Float64:
		return newArgument(value.Float())
	case reflect.Bool:
		return newArgument(value.Bool())
	case reflect.Slice:
		if value.Type().Elem().Kind() == reflect.Uint8 {
			return newArgument(value.Bytes())
		}
	case reflect.Invalid:
		return argument{kind: C.WASP_NONE}, errNil
	}
	if jsonFits(value.Type()) {
		return jsonArgument(value.Interface())
	}
	return argument{}, invalid("a %v, and it can be a string, []byte, bool, number, or what encoding/json takes", value.Type())
}

// jsonArgument passes a value as its JSON.
func jsonArgument(value any) (a argument, err error) {
	text, err := json.Marshal(value)
	if err != nil {
		return a, invalid("a %T without a JSON: %v", value, err)
	}
	a.kind, a.bits, a.ptr = C.WASP_JSON, C.uint64_t(len(text)), data(text)
	return a, nil
}

// errNil says that nil was passed, which only what takes JSON or any value can be given.
var errNil = invalid("nil, which is no value")

// settle picks the kind of an argument for which the function's parameter decides.
func (i *instance) settle(a argument, err error, function string, n int) (argument, error) {
	if err != nil {
		params, _ := i.kinds(function)
		if err == error(errNil) && n < len(params) && (params[n] == C.WASP_ANY || params[n] == C.WASP_JSON) {
			return a, nil
		}
		return a, invalid("argument %d is %v", n+1, err)
	}
	number := uint64(a.bits)
	params, _ := i.kinds(function)
	if n < len(params) {
		switch params[n] {
		case C.WASP_I64:
			a.kind = C.WASP_I64
			return a, nil
		case C.WASP_F32, C.WASP_F64:
			return newArgument(float64(number))
		}
	}
	return a, invalid("argument %d is %d, which is more than an i64 can hold", n+1, number)
}

// takesJSON returns whether parameter n of a function takes JSON, or any value.
func (i *instance) takesJSON(function string, n int) bool {
	params, _ := i.kinds(function)
	return n < len(params) && (params[n] == C.WASP_JSON || params[n] == C.WASP_ANY)
}

// kinds returns the kinds of a function's parameters and of its result.
func (i *instance) kinds(function string) (params []C.wasp_kind, result C.wasp_kind) {
	for _, listed := range listed(i.handle) {
		if goString(listed.name) == function {
			return unsafe.Slice(listed.params, listed.param_count), listed.result
		}
	}
	return nil, C.WASP_NONE
}
