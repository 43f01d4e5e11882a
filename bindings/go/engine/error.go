//go:build cgo

package engine

import "fmt"

// Error is every failure of this package. Find it with errors.As.
type Error struct {
	// Kind is the class of the error, for programs to decide by.
	Kind ErrorKind
	// Function is the plugin's function that was called; empty if none was.
	Function string
	// Message is one line, for people to read.
	Message string
	// Trace is the plugin's stack when it failed, innermost frame first; empty where there was none.
	Trace []Frame
	// Stderr is the end of what the plugin wrote to its standard error during the call, at most 1,024 bytes; control characters
	// other than line ends and tabs are escaped.
	Stderr string
	// ExitCode is what the plugin gave to proc_exit, for [KindExit].
	ExitCode int32

	causes []error
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the causes: the error of a callback, the cause of a context's end, an [ImportNotFoundError] for each missing
// import.
func (e *Error) Unwrap() []error { return e.causes }

func invalid(format string, args ...any) *Error {
	return &Error{Kind: KindInvalid, Message: fmt.Sprintf(format, args...)}
}
