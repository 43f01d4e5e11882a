//go:build cgo

package engine

import "fmt"

// Frame is one level of a plugin's stack.
type Frame struct {
	// Function is the function's name, empty where the module has none.
	Function string
	// FunctionIndex is its number in the module.
	FunctionIndex uint32
	// ModuleOffset is where the instruction stands in the module's file, in bytes.
	ModuleOffset uint32
}

// String is the frame as a line of a stack trace.
func (f Frame) String() string {
	name := f.Function
	if name == "" {
		name = "<unnamed>"
	}
	return fmt.Sprintf("%s (function %d, at offset 0x%x)", name, f.FunctionIndex, f.ModuleOffset)
}
