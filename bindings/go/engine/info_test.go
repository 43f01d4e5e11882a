package engine_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/nicholasjackson/wasp/bindings/go/engine"
)

// offers is a module whose start-up never ends.
const offers = `(module
	(import "env" "greet" (func $greet (param i32) (result i32)))
	(import "env" "pair" (func (result i32 i32)))
	(import "wasi_snapshot_preview1" "sched_yield" (func (result i32)))
	(memory (export "memory") 1 2)
	(data (i32.const 8) "add(a: i32, i32) i64 # Adds\0aname() string\00")
	(func (export "wasp_signatures") (result i32) (i32.const 8))
	(func (export "_initialize") (loop br 0))
	(func (export "add") (param i32 i32) (result i64) unreachable)
	(func (export "name") (result i32) (call $greet (i32.const 0))))`

func TestInspect(t *testing.T) {
	info, err := engine.Inspect([]byte(offers))
	check(t, err)
	equal(t, fmt.Sprint(info.Functions), "[add(a int32, int32) int64 name() string]")
	equal(t, info.Functions[0].Docs, "Adds")
	equal(t, info.Functions[0].Declared, true)
	equal(t, fmt.Sprintf("%q", info.Functions[0].ParamNames), `["a" ""]`)
	equal(t, len(info.Imports), 3)
	greet, pair, yield := info.Imports[0], info.Imports[1], info.Imports[2]
	equal(t, greet.String(), `"env"."greet" as (i32) -> i32`)
	equal(t, greet.CanBeCallback, true)
	equal(t, slices.Equal(greet.Params, []engine.ValueKind{engine.ValueInt32}), true)
	equal(t, greet.Result, engine.ValueInt32)
	equal(t, pair.CanBeCallback, false)
	equal(t, fmt.Sprint(greet.Provider, pair.Provider, yield.Provider, engine.ProviderABI), "missing missing wasi abi")
	equal(t, engine.Provider(9).String(), "Provider(9)")
	equal(t, info.WASI, true)
	equal(t, info.MemoryMin, uint64(1<<16))
	equal(t, info.MemoryMax, uint64(2<<16))
	equal(t, info.Size, uint64(len(offers)))
	equal(t, info.MemoryUsed, uint64(0))

	file := filepath.Join(t.TempDir(), "offers.wat")
	check(t, os.WriteFile(file, []byte("(module (memory 1))"), 0o600))
	info, err = engine.InspectFile(file)
	check(t, err)
	equal(t, len(info.Functions)+len(info.Imports), 0)
	equal(t, info.MemoryMax, uint64(math.MaxUint64))

	_, err = engine.Inspect([]byte("hello"))
	wants(t, err, engine.KindCompile, "neither binary nor text")
	_, err = engine.Inspect(nil)
	wants(t, err, engine.KindCompile, "the module is empty")
	_, err = engine.InspectFile("nowhere.wasm")
	wants(t, err, engine.KindIO, `file "nowhere.wasm": No such file`)
}

func TestEngineTellsItsPlugins(t *testing.T) {
	e := engine.New(nil)
	equal(t, len(e.Plugins()), 0)
	equal(t, e.MemoryUsed(), uint64(0))
	equal(t, e.String(), "Wasm{plugins: []}")
	check(t, e.RegisterPluginBytes("greeter", module("", ""), nil))
	check(t, e.RegisterPluginBytes("adder", []byte("(module)"), nil))
	equal(t, fmt.Sprint(e.Plugins()), "[adder greeter]")
	equal(t, e.HasPlugin("greeter"), true)
	equal(t, e.HasPlugin("greeters"), false)
	equal(t, fmt.Sprint(e), `Wasm{plugins: ["adder", "greeter"]}`)
	info, err := e.Plugin("greeter")
	check(t, err)
	equal(t, info.MemoryUsed > 0 && e.MemoryUsed() >= info.MemoryUsed, true)
	_, err = e.Plugin("greeters")
	wants(t, err, engine.KindPluginNotFound, `as "greeters" ("greeter" is there)`)

	i := open(t, e, "greeter", "")
	equal(t, fmt.Sprint(i), `Instance{plugin: "greeter", memory: 65536 bytes}`)
	equal(t, i.MemoryUsed() <= i.MemorySize(), true)
	wants(t, i.CallFunction("lvie", nil), engine.KindFunctionNotFound, `"lvie" ("live" is there)`)
	check(t, i.Remove())
	equal(t, fmt.Sprint(i), `Instance{plugin: "greeter", removed}`)
	equal(t, i.MemoryUsed(), 0)

	check(t, e.Close())
	equal(t, e.Plugins() == nil && !e.HasPlugin("greeter") && e.MemoryUsed() == 0, true)
	equal(t, e.String(), "Wasm{closed}")
	_, err = e.Plugin("greeter")
	wants(t, err, engine.KindInvalid, "the engine is closed")
	invalid := engine.NewWithOptions(nil, engine.Options{Stdio: 99})
	equal(t, invalid.String(), "Wasm{invalid: there is no stdio 99}")
	equal(t, (*engine.Wasm)(nil).String(), "Wasm(nil)")
}

func TestInstanceThatIsBusyTellsSo(t *testing.T) {
	var i engine.Instance
	i = instance(t, caller("", ""), callbacks("f", func() {
		equal(t, fmt.Sprint(i), `Instance{plugin: "test", busy}`)
		equal(t, i.MemoryUsed(), 0)
	}))
	check(t, i.CallFunction("call", nil))
}

func TestMissingImportsTrap(t *testing.T) {
	const imports = `(import "env" "f" (func $f (param i32) (result i64)))`
	wat := module(imports, `(func (export "fine")) (func (export "run") (drop (call $f (i32.const 0))))`)
	e := newEngine(t)
	wants(t, e.RegisterPluginBytes("p", wat, nil), engine.KindImportNotFound, `"env"."f"`)
	check(t, e.RegisterPluginBytes("p", wat, &engine.PluginConfig{TrapMissingImports: true}))
	i := open(t, e, "p", "")
	check(t, i.CallFunction("fine", nil))
	wants(t, i.CallFunction("run", nil), engine.KindTrap, `it called the missing import "env"."f" as (i32) -> i64`)
	// What is offered is checked, and used.
	config := callbacks("f", func(n int32) int64 { return int64(n) })
	config.TrapMissingImports = true
	check(t, e.RegisterPluginBytes("p", wat, config))
	check(t, open(t, e, "p", "").CallFunction("run", nil))
	info, err := e.Plugin("p")
	check(t, err)
	equal(t, info.Imports[0].Provider, engine.ProviderCallback)
	config = callbacks("f", func(string, string) {})
	config.TrapMissingImports = true
	wants(t, e.RegisterPluginBytes("p", wat, config), engine.KindImportNotFound, `"env"."f"`)
}
