package main

import (
	"errors"
	"os"
	"slices"
)

//go:generate go run github.com/nicholasjackson/wasp/bindings/guest/go/waspgen

const (
	in  = "/workspace/in.txt"
	out = "/workspace/out.txt"
)

func main() {} // never called: a plugin has no program to run

//wasp:import env call_me
var callMe func(name string) string

//wasp:export
func sum(a, b int32) int32 {
	return a + b
}

// Greets.
//
//wasp:export
func hello(name string) string {
	return "Hello " + name
}

//wasp:export
func reverse(data []byte) []byte {
	slices.Reverse(data)
	return data
}

//wasp:export
func callback() string {
	return callMe("Nic")
}

//wasp:export
func fail() error {
	return errors.New("this plugin always fails")
}

//wasp:export
func workspace(argument string) (string, error) {
	contents, err := os.ReadFile(in)
	if err != nil {
		return "", errors.New(`workspace: can't read "` + in + `"`)
	}
	text := argument + " " + string(contents)
	if os.WriteFile(out, []byte(text), 0o644) != nil {
		return "", errors.New(`workspace: can't write "` + out + `"`)
	}
	return text, nil
}
