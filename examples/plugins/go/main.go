//go:build wasm

package main

import (
	"os"
	"slices"

	abi "github.com/nicholasjackson/wasp/bindings/guest/go"
)

const (
	in  = abi.DirWorkspace + "/in.txt"
	out = abi.DirWorkspace + "/out.txt"
)

func main() {} // never called: a plugin has no program to run

// Made once: the host does not free it.
var listing = abi.String(`sum(i32, i32) i32
hello(string) string
reverse(bytes) bytes
callback() string
fail()
workspace(string) string
`)

//go:wasmexport wasp_signatures
func signatures() abi.WasmString {
	return listing
}

//go:wasmexport sum
func sum(a, b int32) int32 {
	return a + b
}

//go:wasmexport hello
func hello(name abi.WasmString) abi.WasmString {
	return abi.String("Hello " + name.String())
}

//go:wasmexport reverse
func reverse(data abi.WasmBytes) abi.WasmBytes {
	reversed := data.Bytes()
	slices.Reverse(reversed)
	return abi.Bytes(reversed)
}

//go:wasmimport env call_me
func callMe(name abi.WasmString) abi.WasmString

//go:wasmexport callback
func callback() abi.WasmString {
	return callMe(abi.String("Nic"))
}

//go:wasmexport fail
func fail() {
	abi.Error("this plugin always fails")
}

//go:wasmexport workspace
func workspace(argument abi.WasmString) abi.WasmString {
	contents, err := os.ReadFile(in)
	if err != nil {
		abi.Error(`workspace: can't read "` + in + `"`)
		return 0
	}
	text := argument.String() + " " + string(contents)
	if os.WriteFile(out, []byte(text), 0o644) != nil {
		abi.Error(`workspace: can't write "` + out + `"`)
		return 0
	}
	return abi.String(text)
}
