//go:build wasm

// Package abi is what a wasp plugin written in Go needs, with the standard toolchain (GOOS=wasip1) or TinyGo.
//
// A plugin's function is marked with //go:wasmexport, one that the host provides is declared with //go:wasmimport. Numbers
// (int32, int64, float32, float64) pass as they are; strings and bytes pass as [WasmString] and [WasmBytes], which are
// pointers to blocks of memory:
//
//	//go:wasmexport hello
//	func hello(name abi.WasmString) abi.WasmString {
//		return abi.String("Hello " + name.String())
//	}
//
// The host frees every block that passes between it and the plugin, when the call is over; a plugin never does. What
// [WasmString.String] and [WasmBytes.Bytes] return is a copy, and the plugin's own.
package abi

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unsafe"
)

// DirWorkspace is where the plugin finds the directory that the host gave to its instance, if it gave one.
const DirWorkspace = "/workspace"

// WasmString is a string on its way between the plugin and the host: UTF-8, ended by a NUL byte.
type WasmString uintptr

// WasmBytes are bytes on their way between the plugin and the host: after their length, a little endian uint32.
type WasmBytes uintptr

// String returns a WasmString to hand to the host, with a copy of s.
func String(s string) WasmString {
	var w WasmString
	w.Copy(s)
	return w
}

// Bytes returns WasmBytes to hand to the host, with a copy of data.
func Bytes(data []byte) WasmBytes {
	var w WasmBytes
	w.Copy(data)
	return w
}

// Copy makes w a new block, with a copy of s.
func (w *WasmString) Copy(s string) {
	if strings.IndexByte(s, 0) >= 0 {
		Error("a string for the host holds a NUL byte")
	}
	*w = WasmString(allocate(uint32(len(s)) + 1))
	copy(blocks[uintptr(*w)], s)
}

// String returns the string as Go's own.
func (w WasmString) String() string {
	return string(blocks[uintptr(w)][:getStringSize(uintptr(w))])
}

// Copy makes w a new block, with a copy of data.
func (w *WasmBytes) Copy(data []byte) {
	*w = WasmBytes(allocate(uint32(len(data)) + 4))
	block := blocks[uintptr(*w)]
	binary.LittleEndian.PutUint32(block, uint32(len(data)))
	copy(block[4:], data)
}

// Bytes returns the bytes as a slice of Go's own.
func (w WasmBytes) Bytes() []byte {
	block := blocks[uintptr(w)]
	return bytes.Clone(block[4:][:binary.LittleEndian.Uint32(block)])
}

// Error makes the running call fail with this message. It does return: the plugin goes on, and what its function returns is
// ignored, so return 0. The next call is a new one.
func Error(message string) {
	raiseError(String(message))
}

//go:wasmimport env raise_error
func raiseError(message WasmString)

// blocks holds every block that the host has not freed yet, since the garbage collector can't see who uses it. All pointers
// that pass between the host and the plugin are its keys.
var blocks = map[uintptr][]byte{}

//go:wasmexport allocate
func allocate(size uint32) uintptr {
	block := make([]byte, max(size, 1))
	ptr := uintptr(unsafe.Pointer(&block[0]))
	blocks[ptr] = block
	return ptr
}

//go:wasmexport deallocate
func deallocate(ptr uintptr, size uint32) {
	delete(blocks, ptr)
}

//go:wasmexport get_string_size
func getStringSize(ptr uintptr) uint32 {
	return uint32(bytes.IndexByte(blocks[ptr], 0))
}
