package engine

// #include "ffi.h"
import "C"

import (
	"cmp"
	"runtime/cgo"
	"unsafe"
)

// failure is what a callback leaves for the caller of the guest: an error to wrap, or a panic to go on with.
type failure struct {
	err      error
	panicked bool
	value    any
}

// isErr reports whether the outcome is not a success.
func isErr(outcome C.wasp_go_outcome) bool {
	return outcome.error != nil || outcome.failure != 0
}

// asError returns the error of the outcome, of a call of the function if one was called. A panic of a callback goes on instead.
func asError(outcome C.wasp_go_outcome, function string) error {
	var err *Error
	if outcome.error != nil {
		err = consumeError(outcome.error)
		err.Function = cmp.Or(err.Function, function)
	}
	if outcome.failure != 0 {
		handle := cgo.Handle(outcome.failure)
		left := handle.Value().(failure)
		handle.Delete()
		if left.panicked {
			panic(left.value)
		}
		if err != nil {
			err.causes = append(err.causes, left.err)
		}
	}
	switch {
	case err == nil:
		return nil
	case err.Kind == KindFunctionNotFound:
		return FunctionNotFoundError{Name: err.Function, Err: err}
	}
	return err
}

// consumeError copies what the error of C says, and frees it.
func consumeError(from *C.wasp_error) *Error {
	defer C.wasp_error_free(from)
	read := C.wasp_go_error_read(from)
	err := &Error{
		Kind:     ErrorKind(read.kind),
		Function: goString(read.function),
		Message:  goString(read.message),
		Stderr:   goString(read.stderr_text),
		ExitCode: int32(read.exit_code),
	}
	for _, frame := range unsafe.Slice(read.frames, read.frame_count) {
		err.Trace = append(err.Trace, Frame{
			Function:      goString(frame.function),
			FunctionIndex: uint32(frame.function_index),
			ModuleOffset:  uint32(frame.module_offset),
			File:          goString(frame.file),
			Line:          uint32(frame.line),
			Column:        uint32(frame.column),
		})
	}
	for _, missing := range unsafe.Slice(read.imports, read.import_count) {
		err.causes = append(err.causes, ImportNotFoundError{
			Name:   goString(missing.name),
			Module: goString(missing.module),
		})
	}
	return err
}
