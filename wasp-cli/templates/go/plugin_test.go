package main

import "testing"

func TestGreeting(t *testing.T) {
	if got := greeting("Nic"); got != "Hello Nic" {
		t.Fatal(got)
	}
}

func TestNothingIsDividedByZero(t *testing.T) {
	if got, err := quotientOf(6, 3); got != 2 || err != nil {
		t.Fatal(got, err)
	}
	if _, err := quotientOf(6, 0); err == nil {
		t.Fatal("divided by 0")
	}
}
