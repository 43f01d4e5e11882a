package main

import (
	"encoding/json"
	"errors"
	"strings"
)

//go:generate go run github.com/nicholasjackson/wasp/bindings/guest/go/waspgen

func main() {} // never called: a plugin has no program to run

//wasp:import env call_me
var callMe func(name string) string

// Hello greets somebody.
//
//wasp:export
func Hello(name string) (string, error) {
	if name == "nobody" {
		return "", errors.New("nobody is there")
	}
	return "Hello " + name, nil
}

//wasp:export
func mixed(a int, b float32, c float64, d string, e []byte, yes bool, f uint32) float64 {
	sum := float64(a) + float64(b) + c + float64(len(d)) + float64(len(e)) + float64(f)
	if yes {
		return -sum
	}
	return sum
}

type person struct {
	Name string `json:"name"`
	Age  int    `json:"age"`
}

//wasp:export
func older(people []person, years int) ([]person, error) {
	for i := range people {
		people[i].Age += years
	}
	return people, nil
}

//wasp:export
func raw(text json.RawMessage) json.RawMessage { return text }

//wasp:export
func isEmpty(data []byte) bool { return len(data) == 0 }

//wasp:export
func callback() string { return strings.ToUpper(callMe("Nic")) }

//wasp:export
func fail() error { return errors.New("on purpose") }
