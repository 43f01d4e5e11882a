//go:build cgo

package engine_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/nicholasjackson/wasp/bindings/go/engine"
)

func TestCompiledAheadOfTime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "greeter.compiled")
	e := engine.New(nil)
	defer func() { check(t, e.Close()) }()
	module, err := os.ReadFile(filepath.Join("testdata", "greeter.wat"))
	check(t, err)
	check(t, e.Compile(module, path))
	other := engine.New(nil)
	defer func() { check(t, other.Close()) }()
	greets := callbacks("greeting", func(name string) string { return "Hello " + name })
	check(t, other.RegisterCompiled("greeter", path, greets))
	i, err := other.GetInstance("greeter", "")
	check(t, err)
	var greeting string
	check(t, i.CallFunction("greet", &greeting, "Nic"))
	equal(t, greeting, "Hello Nic")
	check(t, i.Remove())

	wants(t, e.Compile([]byte("no module"), path), engine.KindCompile, "neither binary nor text")
	wants(t, e.Compile(module, t.TempDir()), engine.KindIO, "")
	check(t, os.WriteFile(path, module, 0o600))
	wants(t, e.RegisterCompiled("greeter", path, greets), engine.KindCompile, "greeter")
	wants(t, e.RegisterCompiled("greeter", path+"?", greets), engine.KindIO, "No such file")
}
