// Greets by a plugin: hello PLUGIN.
package main

import (
	"fmt"
	"log"
	"os"

	"github.com/nicholasjackson/wasp/bindings/go/engine"
)

func main() {
	e, err := engine.Open(nil, engine.Options{})
	check(err)
	check(e.RegisterPlugin("greeter", os.Args[1], nil))
	greeter, err := e.GetInstance("greeter", "")
	check(err)
	var greeting string
	check(greeter.CallFunction("hello", &greeting, "Nic"))
	fmt.Println(greeting)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
