package main

import "errors"

//go:generate go run github.com/nicholasjackson/wasp/bindings/guest/go/waspgen

func main() {} // never called: a plugin has no program to run

// Hello greets somebody.
//
//wasp:export
func Hello(name string) string {
	return "Hello " + name
}

//wasp:export
func divide(a, b int32) (int32, error) {
	if b == 0 {
		return 0, errors.New("nothing can be divided by 0")
	}
	return a / b, nil
}
