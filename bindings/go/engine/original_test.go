package engine_test

import (
	"fmt"
	"testing"

	"github.com/nicholasjackson/wasp/bindings/go/engine"
	"github.com/nicholasjackson/wasp/bindings/go/engine/logger"
)

// A host as it was written for the original, down to its nil checks: only the import path is another.
func TestOriginalHost(t *testing.T) {
	for _, language := range []string{"c", "rust", "go", "assemblyscript"} {
		wl := logger.New(nil, nil, nil, nil)
		e := engine.New(wl)
		cb := &engine.Callbacks{}
		cb.AddCallback("env", "call_me", func(in string) string { return fmt.Sprintf("Hello %s", in) })
		conf := &engine.PluginConfig{Callbacks: cb}
		err := e.RegisterPlugin("test", example(t, language), conf)
		check(t, err)
		var i engine.Instance
		i, err = e.GetInstance("test", "")
		check(t, err)
		defer i.Remove()

		var outInt int32
		check(t, i.CallFunction("sum", &outInt, 3, 2))
		equal(t, outInt, 5)
		var outStr string
		check(t, i.CallFunction("hello", &outStr, "Nic"))
		equal(t, outStr, "Hello Nic")
		var outData []byte
		check(t, i.CallFunction("reverse", &outData, []byte{1, 2, 3}))
		equal(t, string(outData), "\x03\x02\x01")
		check(t, i.CallFunction("callback", &outStr))
		equal(t, outStr, "Hello Nic")
		err = i.CallFunction("fail", nil)
		wants(t, err, engine.KindGuest, "this plugin always fails")
		err = i.CallFunction("missing", nil)
		if e, ok := err.(engine.FunctionNotFoundError); !ok || e.Name != "missing" {
			t.Fatal(err)
		}
	}
}

// What TinyGo made in 2021: the older WASI, and a start-up that must run before anything else.
func TestOriginalTinyGoModule(t *testing.T) {
	tinygo := []byte(`(module
		(import "wasi_unstable" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
		(import "env" "raise_error" (func $raise_error (param i32)))
		(import "plugin" "call_me" (func $call_me (param i32) (result i32)))
		(memory (export "memory") 2)
		(global $heap (mut i32) (i32.const 0))
		(func (export "_start") (global.set $heap (i32.const 65536)))
		(func (export "allocate") (param i32) (result i32)
			(if (i32.eqz (global.get $heap)) (then unreachable))
			(global.get $heap)
			(global.set $heap (i32.add (global.get $heap) (local.get 0))))
		(func (export "deallocate") (param i32 i32) (global.set $heap (i32.const 65536)))
		(func (export "get_string_size") (param i32) (result i32) (i32.const 3))
		(func (export "hello") (param i32) (result i32) (call $call_me (local.get 0))))`)
	cb := &engine.Callbacks{}
	cb.AddCallback("plugin", "call_me", func(in string) string { return in + "!" })
	i := instance(t, tinygo, &engine.PluginConfig{Callbacks: cb})
	for range 10_000 {
		var got string
		check(t, i.CallFunction("hello", &got, "Nic"))
		equal(t, got, "Nic!")
	}
}

// What emscripten made of the original's C example: there is no deallocate.
func TestOriginalModuleWithoutDeallocate(t *testing.T) {
	i := instance(t, []byte(`(module
		(memory (export "memory") 2)
		(global $heap (mut i32) (i32.const 1024))
		(func (export "allocate") (param i32) (result i32)
			(global.get $heap)
			(global.set $heap (i32.add (global.get $heap) (local.get 0))))
		(func (export "get_string_size") (param i32) (result i32) (i32.const 3))
		(func (export "hello") (param i32) (result i32) (local.get 0)))`), nil)
	var got string
	check(t, i.CallFunction("hello", &got, "Nic"))
	equal(t, got, "Nic")
}

// The original wrote a byte of each rune: "é" became one byte, and what was left of the block stayed as it was.
func TestOriginalCutStrings(t *testing.T) {
	var seen string
	i := instance(t, caller("i32", "i32"), callbacks("f", func(s string) string { seen = s; return s }))
	const text = "Zażółć gęślą jaźń, 你好, 🐝"
	var got string
	check(t, i.CallFunction("call", &got, text))
	equal(t, got, text)
	equal(t, seen, text)
}

// It wrote the NUL behind the block, and freed strings with one byte too few.
func TestOriginalWroteBehindTheBlock(t *testing.T) {
	i := instance(t, []byte(`(module
		(memory (export "memory") 1)
		(global $top (mut i32) (i32.const 1024))
		(global $given (mut i32) (i32.const 0))
		(func (export "allocate") (param i32) (result i32)
			(global.set $given (local.get 0))
			(i32.store8 (i32.add (global.get $top) (local.get 0)) (i32.const 0xAA))
			(global.get $top))
		(func (export "deallocate") (param i32 i32)
			(if (i32.ne (local.get 1) (global.get $given)) (then unreachable)))
		(func (export "behind") (param i32) (result i32)
			(i32.load8_u (i32.add (local.get 0) (global.get $given))))
		(func (export "echo") (param i32) (result i32) (local.get 0)))`), nil)
	for _, in := range []any{"", "four", []byte{}, []byte("four")} {
		var guard int
		check(t, i.CallFunction("behind", &guard, in))
		equal(t, guard, 0xAA)
	}
	var s string
	check(t, i.CallFunction("echo", &s, "four"))
	var b []byte
	check(t, i.CallFunction("echo", &b, []byte("four")))
}

// A config without Callbacks, or with empty ones, made it panic.
func TestOriginalPanickedWithoutCallbacks(t *testing.T) {
	for _, config := range []*engine.PluginConfig{nil, {}, {Callbacks: &engine.Callbacks{}}} {
		check(t, instance(t, echoes, config).CallFunction("nothing", nil))
	}
}

// Results of another type than it expected, and bad pointers given to callbacks, made it panic.
func TestOriginalPanickedOnConversion(t *testing.T) {
	i := instance(t, echoes, nil)
	var n int32
	var s string
	var b []byte
	wants(t, i.CallFunction("f64", &s, 1), engine.KindSignature, "")
	wants(t, i.CallFunction("nothing", &n), engine.KindSignature, "")
	wants(t, i.CallFunction("i64", &n, 1<<40), engine.KindSignature, "")
	// It read bytes without looking whether they lie in memory.
	for _, pointer := range []int{0, -1, 0xFFFD, 0x10000} {
		wants(t, i.CallFunction("i32", &b, pointer), engine.KindABI, "")
		if pointer != 0xFFFD {
			wants(t, i.CallFunction("i32", &s, pointer), engine.KindABI, "")
		}
	}
	i = instance(t, module("", `(data (i32.const 100) "\ff\ff\ff\7f") (func (export "far") (result i32) (i32.const 100))`), nil)
	wants(t, i.CallFunction("far", &b), engine.KindABI, "2147483647")

	bad := module(`(import "env" "f" (func $f (param i32)))`, `(func (export "call") (param i32) (call $f (local.get 0)))`)
	for _, f := range []any{func(string) {}, func([]byte) {}, func(id) {}} {
		wants(t, instance(t, bad, callbacks("f", f)).CallFunction("call", nil, -1), engine.KindABI, "")
	}
}

// It took what a plugin says for a format.
func TestOriginalFormattedErrors(t *testing.T) {
	i := instance(t, module(`(import "env" "raise_error" (func $fail (param i32)))`,
		`(func (export "fail") (param i32) (call $fail (local.get 0)))`), nil)
	equal(t, i.CallFunction("fail", nil, "100% wrong: %s %d").Error(), "100% wrong: %s %d")
}

// It put its own functions among the host's, so that a second instance raised the errors of the first.
func TestOriginalMixedUpInstances(t *testing.T) {
	raises := module(`(import "env" "raise_error" (func $fail (param i32)))`,
		`(func (export "fail") (param i32) (call $fail (local.get 0))) (func (export "fine"))`)
	e := newEngine(t)
	check(t, e.RegisterPluginBytes("p", raises, callbacks()))
	one, two := open(t, e, "p", ""), open(t, e, "p", "")
	equal(t, two.CallFunction("fail", nil, "two").Error(), "two")
	check(t, one.CallFunction("fine", nil))
	check(t, two.CallFunction("fine", nil))
	equal(t, one.CallFunction("fail", nil, "one").Error(), "one")
}

// Its logger handed the names and values on as one value.
func TestOriginalNestedLogParams(t *testing.T) {
	var got string
	w := logger.New(func(message string, params ...any) { got = fmt.Sprint(message, len(params), params) }, nil, nil, nil)
	w.Info("message", "name", 1)
	w.Debug("nobody hears this")
	equal(t, got, "message2 [name 1]")
}
