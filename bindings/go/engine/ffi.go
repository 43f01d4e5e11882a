package engine

// Everything that the C compiler and the linker need is here.

/*
#cgo CFLAGS: -std=c11
#cgo wasp_system pkg-config: wasp
#cgo !wasp_system,linux,amd64 LDFLAGS: ${SRCDIR}/lib/linux_amd64/libwasp.a
#cgo !wasp_system,linux,arm64 LDFLAGS: ${SRCDIR}/lib/linux_arm64/libwasp.a
#cgo !wasp_system,darwin,amd64 LDFLAGS: ${SRCDIR}/lib/darwin_amd64/libwasp.a
#cgo !wasp_system,darwin,arm64 LDFLAGS: ${SRCDIR}/lib/darwin_arm64/libwasp.a
#cgo !wasp_system,linux LDFLAGS: -lgcc_s -lpthread -lm -ldl
#cgo !wasp_system,darwin LDFLAGS: -framework Security -framework CoreFoundation -liconv
#include "ffi.h"
*/
import "C"

import (
	"strings"
	"unsafe"
)

// text returns the address of a string's bytes, to be passed directly to a C function that keeps no pointer to them.
func text(s string) *C.char {
	return (*C.char)(unsafe.Pointer(unsafe.StringData(s)))
}

// data does the same for bytes.
func data(b []byte) *C.char {
	return (*C.char)(unsafe.Pointer(unsafe.SliceData(b)))
}

// copyString returns a copy of text that C owns.
func copyString(ptr *C.char, size C.size_t) string {
	return strings.Clone(unsafe.String((*byte)(unsafe.Pointer(ptr)), int(size)))
}

// copyBytes does the same for bytes; its result is never nil.
func copyBytes(ptr *C.char, size C.size_t) []byte {
	return append([]byte{}, unsafe.Slice((*byte)(unsafe.Pointer(ptr)), int(size))...)
}

func goString(s C.wasp_slice) string { return copyString(s.ptr, s.len) }
