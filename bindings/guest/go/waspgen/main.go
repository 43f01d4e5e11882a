// Waspgen writes what a wasp plugin in Go needs besides its functions, which are ordinary ones:
//
//	//go:generate go run github.com/nicholasjackson/wasp/bindings/guest/go/waspgen
//
//	// Hello greets somebody.
//	//
//	//wasp:export
//	func Hello(name string) (string, error) {
//
//	//wasp:import env call_me
//	var callMe func(name string) string
//
// It reads the package in the current directory and writes wasp_generated.go, for WebAssembly only: a function that the host calls
// for each //wasp:export, under that name or the one that follows, and one that calls the host for each //wasp:import, which tests
// set to their own. The plugin's listing tells their signatures. An error fails the call.
//
// Parameters and results are string, []byte, bool, integers of 8 to 64 bits, float32 and float64; what encoding/json takes passes as
// JSON. An argument that is no value of its type fails the call.
package main

import (
	"bytes"
	"fmt"
	"go/format"
	"os"
)

const output = "wasp_generated.go"

func main() {
	if err := generate("."); err != nil {
		fmt.Fprintln(os.Stderr, "waspgen:", err)
		os.Exit(1)
	}
}

// generate writes the file into the directory.
func generate(directory string) error {
	plugin, err := read(directory)
	if err != nil {
		return err
	}
	var code bytes.Buffer
	plugin.write(&code)
	text, err := format.Source(code.Bytes())
	if err != nil {
		return fmt.Errorf("what is written is no Go: %w\n%s", err, code.Bytes())
	}
	return os.WriteFile(directory+"/"+output, text, 0o644)
}
