//go:build cgo

package engine

import "fmt"

// Frame is one level of a plugin's stack.
type Frame struct {
	// Function is the function's name, demangled if it is of Rust or C++; empty where the module has none.
	Function string
	// FunctionIndex is its number in the module.
	FunctionIndex uint32
	// ModuleOffset is where the instruction stands in the module's file, in bytes.
	ModuleOffset uint32
	// File is the source file of the instruction, where the module has DWARF; else it is empty.
	File string
	// Line and Column are the instruction's place in File, from 1; 0 where they aren't known.
	Line, Column uint32
}

// String returns the frame as a line of a stack trace.
func (f Frame) String() string {
	name := f.Function
	if name == "" {
		name = "<unnamed>"
	}
	switch {
	case f.File == "":
	case f.Line == 0:
		return fmt.Sprintf("%s (%s)", name, f.File)
	case f.Column == 0:
		return fmt.Sprintf("%s (%s:%d)", name, f.File, f.Line)
	default:
		return fmt.Sprintf("%s (%s:%d:%d)", name, f.File, f.Line, f.Column)
	}
	return fmt.Sprintf("%s (function %d, at offset 0x%x)", name, f.FunctionIndex, f.ModuleOffset)
}
