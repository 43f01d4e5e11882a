package engine_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/nicholasjackson/wasp/bindings/go/engine"
)

// files is a plugin that opens the file of its parameter in the descriptor fd, reads it, and gives its first bytes; or writes
// one byte to it. An error is a negative errno.
var files = module(`
	(import "wasi_snapshot_preview1" "path_open"
		(func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
	(import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
	(import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
	(import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes (param i32 i32) (result i32)))
	(import "wasi_snapshot_preview1" "environ_get" (func $environ (param i32 i32) (result i32)))
	(import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))`, `
	(func (export "create") (param $fd i32) (param $path i32) (param $length i32) (result i32)
		(call $open (local.get $fd) (i32.const 0) (local.get $path) (local.get $length)
			(i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 64)))
	(func (export "read") (param $fd i32) (param $path i32) (param $length i32) (result i32) (local $code i32)
		(local.set $code (call $open (local.get $fd) (i32.const 0) (local.get $path) (local.get $length)
			(i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 64)))
		(if (local.get $code) (then unreachable))
		(i32.store (i32.const 72) (i32.const 1028))
		(i32.store (i32.const 76) (i32.const 1000))
		(local.set $code (call $read (i32.load (i32.const 64)) (i32.const 72) (i32.const 1) (i32.const 1024)))
		(if (local.get $code) (then unreachable))
		(i32.const 1024))
	(func (export "command_line") (result i32)
		(drop (call $args_sizes (i32.const 1016) (i32.const 1024)))
		(drop (call $args (i32.const 256) (i32.const 1028)))
		(i32.const 1024))
	(func (export "environment") (result i32)
		(drop (call $sizes (i32.const 1016) (i32.const 1024)))
		(drop (call $environ (i32.const 256) (i32.const 1028)))
		(i32.const 1024))`)

const (
	firstVolume  = 3
	secondVolume = 4
	accessDenied = 2
	notPermitted = 63
	readOnly     = 69
)

func TestArgs(t *testing.T) {
	config := &engine.PluginConfig{Args: []string{"-v", "", "grün"}}
	e := newEngine(t)
	check(t, e.RegisterPluginBytes("p", files, config))
	i := open(t, e, "p", "")
	var got []byte
	check(t, i.CallFunction("command_line", &got))
	equal(t, string(got), "p\x00-v\x00\x00grün\x00")

	config.Args = []string{"x", "a\x00b"}
	wants(t, e.RegisterPluginBytes("p", files, config), engine.KindInvalid, `argument 2, "a\0b", has a NUL inside`)
}

func TestEnvironment(t *testing.T) {
	t.Setenv("OF_THE_HOST", "secret")
	i := instance(t, files, &engine.PluginConfig{Environment: map[string]string{"B": "two", "A": "one é", "C": ""}})
	var got []byte
	check(t, i.CallFunction("environment", &got))
	equal(t, string(got), "A=one é\x00B=two\x00C=\x00")
}

func TestVolumes(t *testing.T) {
	writable, protected := t.TempDir(), t.TempDir()
	check(t, os.WriteFile(filepath.Join(writable, "in.txt"), []byte("first"), 0o600))
	check(t, os.WriteFile(filepath.Join(protected, "in.txt"), []byte("second"), 0o600))
	i := instance(t, files, &engine.PluginConfig{Volumes: map[string]string{"/a": writable, "/b": protected + ":ro"}})
	var got []byte
	check(t, i.CallFunction("read", &got, firstVolume, "in.txt", 6))
	equal(t, string(got), "first")
	check(t, i.CallFunction("read", &got, secondVolume, "in.txt", 6))
	equal(t, string(got), "second")
	var code int
	check(t, i.CallFunction("create", &code, firstVolume, "out.txt", 7))
	equal(t, code, 0)
	check(t, i.CallFunction("create", &code, secondVolume, "out.txt", 7))
	if code != accessDenied && code != notPermitted && code != readOnly {
		t.Fatal("creating a file in a read-only volume gives", code)
	}
	if _, err := os.Stat(filepath.Join(writable, "out.txt")); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(protected, "out.txt")); err == nil {
		t.Fatal("the plugin wrote into a read-only volume")
	}
	e := newEngine(t)
	none := &engine.PluginConfig{Volumes: map[string]string{"/a": filepath.Join(writable, "none")}}
	wants(t, e.RegisterPluginBytes("p", files, none), engine.KindIO, "none")
	relative := &engine.PluginConfig{Volumes: map[string]string{"a": writable}}
	wants(t, e.RegisterPluginBytes("p", files, relative), engine.KindInvalid, `"a"`)
}

func TestWorkspace(t *testing.T) {
	for _, language := range []string{"c", "rust", "go", "assemblyscript"} {
		e := newEngine(t)
		check(t, e.RegisterPlugin("p", example(t, language), callbacks("call_me", func(s string) string { return "Hello " + s })))
		for _, text := range []string{"one", "two"} {
			directory := t.TempDir()
			check(t, os.WriteFile(filepath.Join(directory, "in.txt"), []byte("from "+text), 0o600))
			var got string
			check(t, open(t, e, "p", directory).CallFunction("workspace", &got, "Nic"))
			equal(t, got, "Nic from "+text)
			written, err := os.ReadFile(filepath.Join(directory, "out.txt"))
			check(t, err)
			equal(t, string(written), got)
		}
		err := open(t, e, "p", "").CallFunction("workspace", nil, "Nic")
		wants(t, err, engine.KindGuest, "in.txt")
	}
}

func TestLimits(t *testing.T) {
	grow := module("", `(func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))`)
	i := instance(t, grow, &engine.PluginConfig{Limits: engine.Limits{MemoryBytes: 4 << 16}})
	var n int
	check(t, i.CallFunction("grow", &n, 3))
	equal(t, n, 1)
	check(t, i.CallFunction("grow", &n, 1))
	equal(t, n, -1)
	table := []byte(`(module (table 1000 funcref))`)
	e := newEngine(t)
	wants(t, e.RegisterPluginBytes("p", table, &engine.PluginConfig{Limits: engine.Limits{TableElements: 999}}), engine.KindResource, "")
	check(t, e.RegisterPluginBytes("p", table, &engine.PluginConfig{Limits: engine.Limits{TableElements: 1000, IdleInstances: 1, IdleMemoryBytes: 1 << 20}}))
	counts := engine.NewWithOptions(nil, engine.Options{KernelFaultCounts: true})
	defer counts.Close()
	check(t, counts.RegisterPluginBytes("p", table, nil))
}

// A config may be changed and used again.
func TestConfigIsCopied(t *testing.T) {
	e := newEngine(t)
	config := callbacks("f", func() string { return "one" })
	check(t, e.RegisterPluginBytes("one", caller("", "i32"), config))
	config.Callbacks.AddCallback("env", "f", func() string { return "two" })
	check(t, e.RegisterPluginBytes("two", caller("", "i32"), config))
	for _, name := range []string{"one", "two"} {
		var got string
		check(t, open(t, e, name, "").CallFunction("call", &got))
		equal(t, got, name)
	}
}

func TestWithoutSnapshot(t *testing.T) {
	starts := 0
	config := callbacks("f", func() { starts++ })
	config.WithoutSnapshot = true
	e := newEngine(t)
	plugin := module(`(import "env" "f" (func $f))`, `(func (export "_initialize") (call $f)) (func (export "call"))`)
	check(t, e.RegisterPluginBytes("p", plugin, config))
	before := starts
	for range 3 {
		check(t, open(t, e, "p", "").CallFunction("call", nil))
	}
	equal(t, starts, before+3)
}
