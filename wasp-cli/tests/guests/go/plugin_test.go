package main

import "testing"

func TestTheHostIsMocked(t *testing.T) {
	callMe = func(name string) string { return "hello " + name }
	if got := callback(); got != "HELLO NIC" {
		t.Fatal(got)
	}
}

func TestNobodyIsAnError(t *testing.T) {
	if _, err := Hello("nobody"); err == nil {
		t.Fatal("nobody is greeted")
	}
}
