//go:build cgo

package engine

import "fmt"

// Error is every failure of this package. Find it with errors.As.
type Error struct {
	// Kind is for code to decide by.
	Kind ErrorKind
	// Function is the plugin's function that was called, empty if none was.
	Function string
	// Message is one line for people.
	Message string
	// Trace is the plugin's stack when it failed, innermost frame first; empty where there was none.
	Trace []Frame

	causes []error
}

// Error is the message.
func (e *Error) Error() string { return e.Message }

// Unwrap gives what led to the error: what a callback returned, what ended a context, an [ImportNotFoundError] for each import.
func (e *Error) Unwrap() []error { return e.causes }

func invalid(format string, args ...any) *Error {
	return &Error{Kind: KindInvalid, Message: fmt.Sprintf(format, args...)}
}
