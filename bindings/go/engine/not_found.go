//go:build cgo

package engine

import "fmt"

// ImportNotFoundError is a function that a plugin imports and that no callback provides, or with another type. The error of
// RegisterPlugin wraps one for each such import: find the first with errors.As.
type ImportNotFoundError struct {
	// Name is the function's name.
	Name string
	// Module is the namespace that the plugin imports it from.
	Module string
}

func (e ImportNotFoundError) Error() string {
	return fmt.Sprintf("the plugin imports %q.%q, which no callback provides with that type", e.Module, e.Name)
}

// FunctionNotFoundError is a function that was called and that the plugin doesn't export.
type FunctionNotFoundError struct {
	// Name is the function's name.
	Name string
	// Err is the [*Error] that says so.
	Err error
}

func (e FunctionNotFoundError) Error() string { return e.Err.Error() }

// Unwrap gives Err.
func (e FunctionNotFoundError) Unwrap() error { return e.Err }
