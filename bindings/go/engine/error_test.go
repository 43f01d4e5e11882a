package engine_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nicholasjackson/wasp/bindings/go/engine"
)

var failing = module(`
	(import "env" "raise_error" (func $raise_error (param i32)))
	(import "env" "abort" (func $abort (param i32 i32 i32 i32)))
	(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))`, `
	(func $inner unreachable)
	(func (export "trap") (call $inner))
	(func $deep (export "overflow") (call $deep))
	(func (export "divide") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
	(data (i32.const 100) "no luck today\00")
	(func (export "fail") (call $raise_error (i32.const 100)))
	(func (export "abort") (call $abort (i32.const 0) (i32.const 0) (i32.const 7) (i32.const 9)))
	(func (export "exit") (call $exit (i32.const 42)))
	(func (export "outside") (result i32) (i32.const -16))
	(func (export "null") (result i32) (i32.const 0))
	(func (export "spin") (loop $again (br $again)))
	(func (export "fine") (result i32) (i32.const 1))`)

func TestErrors(t *testing.T) {
	i := instance(t, failing, &engine.PluginConfig{Limits: engine.Limits{Timeout: 50_000_000}})
	var s string
	var b []byte
	for _, c := range []struct {
		kind     engine.ErrorKind
		part     string
		function string
		out      any
		in       []any
		poisons  bool
	}{
		{engine.KindTrap, "unreachable", "trap", nil, nil, true},
		{engine.KindTrap, "stack", "overflow", nil, nil, true},
		{engine.KindTrap, "zero", "divide", nil, []any{1, 0}, true},
		{engine.KindGuest, "no luck today", "fail", nil, nil, false},
		{engine.KindAbort, "abort", "abort", nil, nil, true},
		{engine.KindExit, "42", "exit", nil, nil, true},
		{engine.KindABI, "0xfffffff0", "outside", &s, nil, false},
		{engine.KindABI, "0xfffffff0", "outside", &b, nil, false},
		{engine.KindABI, "null", "null", &s, nil, false},
		{engine.KindTimeout, "", "spin", nil, nil, true},
	} {
		err := wants(t, i.CallFunction(c.function, c.out, c.in...), c.kind, c.part)
		equal(t, err.Function, c.function)
		equal(t, strings.Contains(err.Error(), "\n"), false)
		if c.poisons {
			wants(t, i.CallFunction("fine", nil), engine.KindPoisoned, err.Message)
			check(t, i.Reset())
		}
		check(t, i.CallFunction("fine", nil))
	}
}

func TestTrace(t *testing.T) {
	i := instance(t, failing, nil)
	err := wants(t, i.CallFunction("trap", nil), engine.KindTrap, "")
	equal(t, len(err.Trace), 2)
	equal(t, err.Trace[0].Function, "inner")
	equal(t, err.Trace[0].ModuleOffset != 0, true)
	equal(t, strings.HasPrefix(err.Trace[0].String(), "inner (function "), true)
	err = wants(t, i.CallFunction("fine", nil), engine.KindPoisoned, "")
	equal(t, len(err.Trace), 0)
}

func TestTraceHasLinesAndTheErrorWhatThePluginSaid(t *testing.T) {
	wat, err := os.ReadFile("../../../wasp-core/tests/plugins/lines.wat")
	check(t, err)
	failed := wants(t, instance(t, wat, nil).CallFunction("hello", nil), engine.KindTrap, "")
	equal(t, len(failed.Trace), 1)
	equal(t, failed.Trace[0].String(), "greet::hello (src/greet.c:12:5)")
	equal(t, failed.Stderr, "no\\u{1b}greet\n")
}

func TestFunctionNotFound(t *testing.T) {
	i := instance(t, failing, nil)
	for _, name := range []string{"nothing", "", "memory", "a\xff"} {
		err := i.CallFunction(name, nil)
		if name == "a\xff" {
			wants(t, err, engine.KindInvalid, "UTF-8")
			continue
		}
		var missing engine.FunctionNotFoundError
		equal(t, errors.As(fmt.Errorf("wrapped: %w", err), &missing), true)
		equal(t, missing.Name, name)
		equal(t, missing.Err == error(wants(t, err, engine.KindFunctionNotFound, fmt.Sprintf("%q", name))), true)
	}
}

func TestRegistrationErrors(t *testing.T) {
	e := newEngine(t)
	wants(t, e.RegisterPlugin("p", filepath.Join(t.TempDir(), "none.wasm"), nil), engine.KindIO, "none.wasm")
	wants(t, e.RegisterPlugin("p", t.TempDir(), nil), engine.KindIO, "")
	wants(t, e.RegisterPluginBytes("p", []byte("\x00asm\x01\x00\x00\x00nonsense"), nil), engine.KindCompile, `"p"`)
	wants(t, e.RegisterPluginBytes("p", nil, nil), engine.KindCompile, "")
	wants(t, e.RegisterPluginBytes("p", echoes, &engine.PluginConfig{Limits: engine.Limits{StackBytes: 1}}), engine.KindInvalid, "stack")
	wants(t, e.RegisterPluginBytes("p", echoes, &engine.PluginConfig{Limits: engine.Limits{Timeout: -1}}), engine.KindInvalid, "Timeout")
	wants(t, e.RegisterPluginBytes("p", echoes, &engine.PluginConfig{Environment: map[string]string{"a=b": ""}}), engine.KindInvalid, "a=b")
	_, err := e.GetInstance("p", "")
	wants(t, err, engine.KindPluginNotFound, `"p"`)
	check(t, e.RegisterPluginBytes("p", echoes, nil))
	_, err = e.GetInstance("p", filepath.Join(t.TempDir(), "none"))
	wants(t, err, engine.KindIO, "none")

	broken := engine.NewWithCompiler(nil, 77)
	wants(t, broken.RegisterPluginBytes("p", echoes, nil), engine.KindInvalid, "77")
	_, err = broken.GetInstance("p", "")
	wants(t, err, engine.KindInvalid, "77")
	wants(t, broken.UnregisterPlugin("p"), engine.KindInvalid, "77")
	check(t, broken.Close())
	_, err = engine.Open(nil, engine.Options{Compiler: 77})
	wants(t, err, engine.KindInvalid, "77")
	opened, err := engine.Open(nil, engine.Options{})
	check(t, err)
	check(t, opened.Close())
}

func TestKindNames(t *testing.T) {
	equal(t, engine.KindTrap.String(), "trap")
	equal(t, engine.KindInternal.String(), "internal")
	equal(t, engine.ErrorKind(0).String(), "kind 0")
	equal(t, engine.ErrorKind(1000).String(), "kind 1000")
	equal(t, engine.ValueBytes.String(), "[]byte")
	equal(t, engine.ValueKind(9).String(), "kind 9")
}
