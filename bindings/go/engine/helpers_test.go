package engine_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nicholasjackson/wasp/bindings/go/engine"
)

// memory is the guest's side of the ABI: an allocator that starts again when nothing is left, and get_string_size.
const memory = `
	(memory (export "memory") 1)
	(global $top (mut i32) (i32.const 4096))
	(global $live (mut i32) (i32.const 0))
	(func $allocate (export "allocate") (param $size i32) (result i32) (local $block i32)
		(local.set $block (global.get $top))
		(global.set $top (i32.add (global.get $top) (local.get $size)))
		(global.set $live (i32.add (global.get $live) (i32.const 1)))
		(block $fits (loop $more
			(br_if $fits (i32.le_u (global.get $top) (i32.mul (memory.size) (i32.const 65536))))
			(br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))
			(return (i32.const 0))))
		(local.get $block))
	(func (export "deallocate") (param i32 i32)
		(global.set $live (i32.sub (global.get $live) (i32.const 1)))
		(if (i32.eqz (global.get $live)) (then (global.set $top (i32.const 4096)))))
	(func (export "get_string_size") (param $at i32) (result i32) (local $end i32)
		(local.set $end (local.get $at))
		(block $found (loop $next
			(br_if $found (i32.eqz (i32.load8_u (local.get $end))))
			(local.set $end (i32.add (local.get $end) (i32.const 1)))
			(br $next)))
		(i32.sub (local.get $end) (local.get $at)))
	(func (export "live") (result i32) (global.get $live))
`

// module is a plugin in WebAssembly's text format, with the ABI.
func module(imports, functions string) []byte {
	return []byte("(module " + imports + memory + functions + ")")
}

// instance makes an instance of the module, and everything is freed after the test.
func instance(t testing.TB, module []byte, config *engine.PluginConfig) engine.Instance {
	t.Helper()
	e := newEngine(t)
	check(t, e.RegisterPluginBytes("test", module, config))
	return open(t, e, "test", "")
}

func newEngine(t testing.TB) *engine.Wasm {
	t.Helper()
	e := engine.New(nil)
	t.Cleanup(func() { check(t, e.Close()) })
	return e
}

func open(t testing.TB, e *engine.Wasm, plugin, workspace string) engine.Instance {
	t.Helper()
	i, err := e.GetInstance(plugin, workspace)
	check(t, err)
	t.Cleanup(func() { check(t, i.Remove()) })
	return i
}

// example is the path of one of the example plugins, which `make plugins` builds.
func example(t testing.TB, language string) string {
	t.Helper()
	path := filepath.Join(repository(t), "build", "plugins", language+".wasm")
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("the example plugins are not built: run make -C examples/plugins at the root of the repository (%v)", err)
	}
	return path
}

// repository is the root of the repository, for tests that need more than this module.
func repository(t testing.TB) string {
	t.Helper()
	root, err := filepath.Abs("../../..")
	check(t, err)
	if _, err := os.Stat(filepath.Join(root, "wasp-capi")); err != nil {
		t.Skip("this module is not in wasp's repository, and the test needs the rest of it")
	}
	return root
}

func callbacks(namesAndFunctions ...any) *engine.PluginConfig {
	c := &engine.Callbacks{}
	for i := 0; i < len(namesAndFunctions); i += 2 {
		c.AddCallback("env", namesAndFunctions[i].(string), namesAndFunctions[i+1])
	}
	return &engine.PluginConfig{Callbacks: c}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t testing.TB, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("got %v, want %v", got, want)
	}
}

// wants is an error of that kind whose text has the part in it.
func wants(t testing.TB, err error, kind engine.ErrorKind, part string) *engine.Error {
	t.Helper()
	var failed *engine.Error
	if !errors.As(err, &failed) {
		t.Fatalf("got %v (%T), want an *engine.Error of kind %v", err, err, kind)
	}
	if failed.Kind != kind || !strings.Contains(err.Error(), part) {
		t.Fatalf("got %v %q, want %v and %q in it", failed.Kind, err, kind, part)
	}
	return failed
}
