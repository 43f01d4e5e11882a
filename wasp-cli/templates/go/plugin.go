package main

import "errors"

// What doesn't talk to the host is plain Go, which go test tests.

func greeting(name string) string {
	return "Hello " + name
}

func quotientOf(a, b int32) (int32, error) {
	if b == 0 {
		return 0, errors.New("nothing can be divided by 0")
	}
	return a / b, nil
}
