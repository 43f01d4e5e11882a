package engine

// #include "ffi.h"
import "C"

import (
	"fmt"
	"runtime"
	"runtime/cgo"
	"unsafe"

	"github.com/nicholasjackson/wasp/bindings/go/engine/logger"
)

// What C calls. Nothing may unwind from here into C.

//export waspGoCallback
func waspGoCallback(handle C.uintptr_t, of *C.wasp_go_invocation) {
	v := (*invocation)(of)
	returned := false
	defer func() {
		if !returned {
			value := recover()
			if value == nil {
				dieWithThread()
			}
			v.fail(fmt.Sprint("it panicked: ", value), failure{panicked: true, value: value})
		}
	}()
	if err := cgo.Handle(handle).Value().(*callback).run(v); err != nil {
		v.fail(err.Error(), failure{err: err})
	}
	returned = true
}

// fail ends the callback, and leaves why for the Go function that called into the guest.
func (v *invocation) fail(message string, why failure) {
	C.wasp_go_fail(v.caller, text(message), C.size_t(len(message)))
	v.failure = C.uintptr_t(cgo.NewHandle(why))
}

// dieWithThread is for a goroutine that ends in C's hands, by runtime.Goexit as t.FailNow does: nothing can stop it, and
// libwasp never gets to tidy up. So its thread ends with it, and its instance stays busy for ever.
func dieWithThread() { runtime.LockOSThread() }

//export waspGoLog
func waspGoLog(handle C.uintptr_t, level C.wasp_log_level, message C.wasp_slice, fields *C.wasp_log_field, count C.size_t) {
	returned := false
	defer func() {
		// A logger that panics loses that line.
		if !returned && recover() == nil {
			dieWithThread()
		}
	}()
	params := make([]any, 0, 2*count)
	for _, field := range unsafe.Slice(fields, count) {
		params = append(params, goString(field.name), goString(field.value))
	}
	cgo.Handle(handle).Value().(*logger.Wrapper).Log(logger.Level(level), goString(message), params...)
	returned = true
}

//export waspGoFree
func waspGoFree(handle C.uintptr_t) { cgo.Handle(handle).Delete() }
