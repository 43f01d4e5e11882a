package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func generated(t *testing.T, source string) (string, error) {
	t.Helper()
	directory := t.TempDir()
	if err := os.WriteFile(filepath.Join(directory, "plugin.go"), []byte("package main\n\n"+source), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := generate(directory); err != nil {
		return "", err
	}
	text, err := os.ReadFile(filepath.Join(directory, output))
	return string(text), err
}

func TestFunctionsAreListed(t *testing.T) {
	code, err := generated(t, `
// Hello greets
// somebody.
//
// At length.
//
//wasp:export
func Hello(name string) (string, error) { return name, nil }

//wasp:export raw_sum
func sum(a, b uint32, _ []byte, c map[string]int) float64 { return 0 }

//wasp:export
func fail() error { return nil }

func other() {}
`)
	if err != nil {
		t.Fatal(err)
	}
	listing := `"hello(name: string) string # Hello greets somebody.\nraw_sum(a: i32, b: i32, arg3: bytes, c: json) f64\nfail()\n"`
	if !strings.Contains(code, listing) {
		t.Fatal(code)
	}
	if strings.Contains(code, "other") {
		t.Fatal(code)
	}
}

func TestOnlyWhatIsUsedIsWritten(t *testing.T) {
	code, err := generated(t, "//wasp:export\nfunc f(text string) string { return text }")
	if err != nil {
		t.Fatal(err)
	}
	for _, unused := range []string{"encoding/json", "strconv", "waspFailure", "waspInt"} {
		if strings.Contains(code, unused) {
			t.Error(code)
		}
	}
}

func TestWhatNoPluginHasIsRefused(t *testing.T) {
	for source, reason := range map[string]string{
		"func f() {}": "no function is marked by //wasp:export",
		"//wasp:export\nfunc f() (int, int) { return 1, 2 }": "f returns 2 values",
		"//wasp:export\nfunc f(a ...int) {}":                 "any number of parameters",
		"//wasp:export\nfunc f[T any]() {}":                  "without a receiver and type parameters",
		"type t int\n//wasp:export\nfunc (t) f() {}":         "without a receiver and type parameters",
		"//wasp:export a b\nfunc f() {}":                     "one name is accepted",
		"//wasp:import env\nvar f func()":                    "a module and a name",
		"//wasp:import env f\nvar f int":                     "a module and a name",
		"//wasp:import env f\nvar f func() error":            "ends the call",
	} {
		_, err := generated(t, source)
		if err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%s: %v", source, err)
		}
	}
}
