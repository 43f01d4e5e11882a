//go:build wasm

package main

import abi "github.com/nicholasjackson/wasp/bindings/guest/go"

func main() {} // never called: a plugin has no program to run

// Made once: the host does not free it.
var listing = abi.String(`hello(name: string) string # Greets
divide(a: i32, b: i32) i32
`)

//go:wasmexport wasp_signatures
func signatures() abi.WasmString {
	return listing
}

//go:wasmexport hello
func hello(name abi.WasmString) abi.WasmString {
	return abi.String(greeting(name.String()))
}

//go:wasmexport divide
func divide(a, b int32) int32 {
	quotient, err := quotientOf(a, b)
	if err != nil {
		abi.Error(err.Error())
	}
	return quotient
}
