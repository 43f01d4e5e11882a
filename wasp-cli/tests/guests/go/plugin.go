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

//wasp:import env look_up
var lookUp func(name string, all []string) person

//wasp:import env count
var count func(byte) int16

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

//wasp:export
func small(a int8, b uint16) uint8 { return uint8(int(a) + int(b)) }

//wasp:export
func age(name string) int { return lookUp(name, []string{"age"}).Age }

//wasp:export
func counted() int16 { return count(255) }

//wasp:export
func unmarshalable() any { return func() {} }

//wasp:export
func panics(number int32) {
	if number == 13 {
		panic(errors.New("it is unlucky"))
	}
}
