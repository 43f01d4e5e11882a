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
	// ParamNames are the names of the parameters, one for each; empty where the plugin declares none.
	ParamNames []string
	// Docs is what the plugin says about the function, on one line; empty where it says nothing.
	Docs string
}

// String is the function's signature, as Go writes it.
func (f Function) String() string {
	params := make([]string, len(f.Params))
	for i, kind := range f.Params {
		params[i] = kind.String()
		if i < len(f.ParamNames) && f.ParamNames[i] != "" {
			params[i] = f.ParamNames[i] + " " + params[i]
		}
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

func functions(list []C.wasp_function) []Function {
	functions := make([]Function, 0, len(list))
	for _, function := range list {
		names := make([]string, 0, function.param_count)
		for _, name := range unsafe.Slice(function.param_names, function.param_count) {
			names = append(names, goString(name))
		}
		functions = append(functions, Function{
			Name:       goString(function.name),
			Params:     kinds(function.params, function.param_count),
			Result:     ValueKind(function.result),
			Declared:   bool(function.declared),
			ParamNames: names,
			Docs:       goString(function.docs),
		})
	}
	return functions
}

func kinds(first *C.wasp_kind, count C.size_t) []ValueKind {
	kinds := make([]ValueKind, 0, count)
	for _, kind := range unsafe.Slice(first, count) {
		kinds = append(kinds, ValueKind(kind))
	}
	return kinds
}
