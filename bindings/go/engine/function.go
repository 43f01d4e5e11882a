package engine

// #include "ffi.h"
import "C"

import (
	"strings"
	"unsafe"
)

// Function is one that a plugin offers. Where the plugin doesn't declare its signature, Declared is false and a ValueInt32 may
// stand for a string or bytes.
type Function struct {
	Name     string
	Params   []ValueKind
	Result   ValueKind
	Declared bool
}

// String is the function's signature, as Go writes it.
func (f Function) String() string {
	params := make([]string, len(f.Params))
	for i, kind := range f.Params {
		params[i] = kind.String()
	}
	signature := f.Name + "(" + strings.Join(params, ", ") + ")"
	if f.Result != ValueNone {
		signature += " " + f.Result.String()
	}
	return signature
}

// listed is what C says of an instance's functions: as long as the instance lives.
func listed(handle *C.wasp_instance) []C.wasp_function {
	list := C.wasp_go_instance_functions(handle)
	return unsafe.Slice(list.functions, list.count)
}

func functions(handle *C.wasp_instance) []Function {
	list := listed(handle)
	functions := make([]Function, 0, len(list))
	for _, function := range list {
		kinds := unsafe.Slice(function.params, function.param_count)
		params := make([]ValueKind, 0, len(kinds))
		for _, kind := range kinds {
			params = append(params, ValueKind(kind))
		}
		functions = append(functions, Function{
			Name:     goString(function.name),
			Params:   params,
			Result:   ValueKind(function.result),
			Declared: bool(function.declared),
		})
	}
	return functions
}
