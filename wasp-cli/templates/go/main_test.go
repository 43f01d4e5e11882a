package main

import "testing"

func TestHello(t *testing.T) {
	if got := Hello("Nic"); got != "Hello Nic" {
		t.Fatal(got)
	}
}

func TestNothingIsDividedByZero(t *testing.T) {
	if got, err := divide(6, 3); got != 2 || err != nil {
		t.Fatal(got, err)
	}
	if _, err := divide(6, 0); err == nil {
		t.Fatal("divided by 0")
	}
}
