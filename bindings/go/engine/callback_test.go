package engine_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/nicholasjackson/wasp/bindings/go/engine"
)

// caller is a plugin whose function "call" passes its parameters to its only import and returns what that answers.
func caller(params, result string) []byte {
	in, out := "", ""
	var get strings.Builder
	if params != "" {
		in = "(param " + params + ")"
		for n := range strings.Fields(params) {
			fmt.Fprintf(&get, "(local.get %d)", n)
		}
	}
	if result != "" {
		out = "(result " + result + ")"
	}
	return module(`(import "env" "f" (func $f `+in+out+`))`,
		`(func (export "call") `+in+out+` (call $f `+get.String()+`))`)
}

type id string

func TestEveryCallbackType(t *testing.T) {
	for _, c := range []struct {
		params, result string
		f              any
		in             []any
		want           any
	}{
		{"", "", func() {}, nil, nil},
		{"", "", func() error { return nil }, nil, nil},
		{"i32", "", func(s string) { equal(t, s, "é") }, []any{"é"}, nil},
		{"i32", "", func(s string) error { equal(t, s, "é"); return nil }, []any{"é"}, nil},
		{"i32", "i32", func(s string) string { return s + "!" }, []any{"é"}, "é!"},
		{"i32", "i32", func(s string) (string, error) { return s + "!", nil }, []any{"é"}, "é!"},
		{"i32", "i32", func(_ context.Context, s string) (string, error) { return s + "!", nil }, []any{"é"}, "é!"},
		{"i32", "i32", func(s id) id { return s + "!" }, []any{"é"}, "é!"},
		{"i32", "i32", func(b []byte) []byte { return append(b, 0) }, []any{[]byte{1}}, []byte{1, 0}},
		{"i32", "i32", func(b []byte) ([]byte, error) { return append(b, 0), nil }, []any{[]byte{1}}, []byte{1, 0}},
		{"i32", "i32", func(_ context.Context, b []byte) ([]byte, error) { return nil, nil }, []any{[]byte{1}}, []byte{}},
		{"i32", "i32", func(b blob) blob { return append(b, 0) }, []any{[]byte{1}}, []byte{1, 0}},
		{"i32", "", func(n int32) { equal(t, n, -1) }, []any{-1}, nil},
		{"i32", "i32", func(n int32) int32 { return n + 1 }, []any{-1}, int32(0)},
		{"i32 i32", "i32", func(a, b int32) int32 { return a - b }, []any{1, 2}, int32(-1)},
		{"i32", "i32", func(n uint32) uint32 { return n }, []any{-1}, uint32(math.MaxUint32)},
		{"i64", "i64", func(n int64) int64 { return n - 1 }, []any{math.MinInt32}, int64(math.MinInt32 - 1)},
		{"i64 i64", "i64", func(a, b int64) int64 { return a - b }, []any{1, 1 << 40}, int64(1 - 1<<40)},
		{"i32", "i32", func(n int) int { return n - 1 }, []any{-1}, -2},
		{"i64", "i64", func(n int) int { return n - 1 }, []any{1 << 40}, 1<<40 - 1},
		{"f32", "f32", func(x float32) float32 { return x / 2 }, []any{1}, float32(0.5)},
		{"f64", "f64", func(x float64) float64 { return x / 2 }, []any{1}, 0.5},
		{"f64 f64", "f64", func(x, y float64) float64 { return x / y }, []any{1, 2}, 0.5},
		{"i32", "i32", func(yes bool) bool { return !yes }, []any{2}, false},
		{"i32 i64 f32 f64 i32 i32", "i32",
			func(ctx context.Context, a int32, b int64, c float32, d float64, e string, f []byte) (string, error) {
				return fmt.Sprint(ctx != nil, a, b, c, d, e, f), nil
			},
			[]any{1, 2, 3.5, 4.5, "five", []byte{6}}, "true 1 2 3.5 4.5five[6]"},
		{"i32 i32 i32 i32 i32 i32 i32 i32 i32 i32", "i32",
			func(a, b, c, d, e, f, g, h, i, j int32) int32 { return a + b + c + d + e + f + g + h + i*100 + j },
			[]any{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, int32(1 + 2 + 3 + 4 + 5 + 6 + 7 + 8 + 900 + 10)},
	} {
		i := instance(t, caller(c.params, c.result), callbacks("f", c.f))
		var err error
		var got any
		switch c.want.(type) {
		case nil:
			err = i.CallFunction("call", nil, c.in...)
		case string:
			got, err = result[string](i, c.in)
		case []byte:
			var b []byte
			b, err = result[[]byte](i, c.in)
			c.want, got = string(c.want.([]byte)), string(b)
		case int:
			got, err = result[int](i, c.in)
		case int32:
			got, err = result[int32](i, c.in)
		case uint32:
			got, err = result[uint32](i, c.in)
		case int64:
			got, err = result[int64](i, c.in)
		case float32:
			got, err = result[float32](i, c.in)
		case float64:
			got, err = result[float64](i, c.in)
		case bool:
			got, err = result[bool](i, c.in)
		}
		if err != nil || got != c.want {
			t.Errorf("%T gives %v, %v, want %v", c.f, got, err, c.want)
		}
	}
}

func result[T any](i engine.Instance, in []any) (out T, err error) {
	err = i.CallFunction("call", &out, in...)
	return out, err
}

func TestLongAnswers(t *testing.T) {
	for _, size := range []int{0, 1, 255, 256, 257, 100_000} {
		i := instance(t, caller("i32", "i32"), callbacks("f", func(s string) string { return strings.Repeat(s, size) }))
		var got string
		check(t, i.CallFunction("call", &got, "é"))
		equal(t, got, strings.Repeat("é", size))
	}
}

func TestCallbacksAreCheckedAtRegistration(t *testing.T) {
	e := newEngine(t)
	for _, c := range []struct {
		f    any
		part string
	}{
		{nil, `callback "env"."f" is a <nil>, not a function`},
		{3, "is a int, not a function"},
		{(func())(nil), "is nil"},
		{func(int32, *int) {}, "takes a *int as parameter 2, and callbacks take string"},
		{func(context.Context, int32, chan int) {}, "takes a chan int as parameter 3"},
		{func(int32, context.Context) {}, "takes a context.Context as parameter 2"},
		{func(uint16) {}, "takes a uint16 as parameter 1"},
		{func(fs.File) {}, "takes a fs.File as parameter 1"},
		{func(...string) {}, "takes any number of arguments"},
		{func() (int32, int32) { return 0, 0 }, "returns 2 results"},
		{func() (error, int32) { return nil, 0 }, "returns 2 results"}, //lint:ignore ST1008 it is refused
		{func() *int { return nil }, "returns a *int"},
		{func() fs.File { return nil }, "returns a fs.File"},
	} {
		err := e.RegisterPluginBytes("test", caller("", ""), callbacks("f", c.f))
		wants(t, err, engine.KindInvalid, c.part)
	}
}

func TestImportNotFound(t *testing.T) {
	e := newEngine(t)
	two := module(`(import "env" "f" (func (param i32))) (import "other" "g" (func))`, "")
	err := e.RegisterPluginBytes("test", two, nil)
	var missing engine.ImportNotFoundError
	equal(t, errors.As(err, &missing), true)
	equal(t, missing, engine.ImportNotFoundError{Name: "f", Module: "env"})
	failed := wants(t, err, engine.KindImportNotFound, `"other"."g"`)
	equal(t, len(failed.Unwrap()), 2)
	equal(t, errors.Is(err, engine.ImportNotFoundError{Name: "g", Module: "other"}), true)

	// There, but of another type: an int may be both kinds of integer, yet not a float, and not both at once.
	for _, c := range []struct {
		params, result string
		f              any
	}{
		{"i64", "", func(int32) {}}, {"f64", "", func(int) {}}, {"i32", "", func() {}}, {"i32 i64", "", func(int, int) {}},
		{"", "i32", func() {}}, {"", "", func() string { return "" }},
	} {
		err := e.RegisterPluginBytes("test", caller(c.params, c.result), callbacks("f", c.f))
		wants(t, err, engine.KindImportNotFound, `"env"."f"`)
		equal(t, errors.As(err, &missing), true)
	}
	_, err = e.GetInstance("test", "")
	wants(t, err, engine.KindPluginNotFound, `"test"`)
}

func TestCallbackError(t *testing.T) {
	i := instance(t, caller("", ""), callbacks("f", func() error { return fmt.Errorf("opening: %w", fs.ErrNotExist) }))
	err := i.CallFunction("call", nil)
	failed := wants(t, err, engine.KindCallback, "opening: file does not exist")
	equal(t, failed.Function, "call")
	equal(t, errors.Is(err, fs.ErrNotExist), true)
	wants(t, i.CallFunction("call", nil), engine.KindPoisoned, "")
	check(t, i.Reset())
	wants(t, i.CallFunction("call", nil), engine.KindCallback, "")

	// By reflection, and an answer beside the error is dropped.
	i = instance(t, caller("f32", "i32"), callbacks("f", func(float32) (string, error) { return "answer", fs.ErrExist }))
	out := "unchanged"
	equal(t, errors.Is(i.CallFunction("call", &out, 1), fs.ErrExist), true)
	equal(t, out, "unchanged")
	// An int that does not fit what the plugin imports.
	i = instance(t, caller("", "i32"), callbacks("f", func() int { return 1 << 40 }))
	wants(t, i.CallFunction("call", nil), engine.KindCallback, "1099511627776 does not fit")
	i = instance(t, caller("", "i32"), callbacks("f", func() string { return "a\x00b" }))
	wants(t, i.CallFunction("call", nil), engine.KindCallback, "NUL")
	i = instance(t, caller("", "i32"), callbacks("f", func() string { return "a\xff" }))
	wants(t, i.CallFunction("call", nil), engine.KindCallback, "UTF-8")
}

func TestCallbackPanic(t *testing.T) {
	value := &struct{ n int }{5}
	i := instance(t, caller("", ""), callbacks("f", func() { panic(value) }))
	for range 3 {
		equal(t, caught(func() { i.CallFunction("call", nil) }), any(value))
		wants(t, i.CallFunction("call", nil), engine.KindPoisoned, "panicked")
		check(t, i.Reset())
	}
	var nothing *struct{ n int }
	i = instance(t, caller("f32", "f32"), callbacks("f", func(x float32) float32 { return x + float32(nothing.n) }))
	_, ok := caught(func() { i.CallFunction("call", nil, 1) }).(runtime.Error)
	equal(t, ok, true)
	i = instance(t, caller("", ""), callbacks("f", func() error { panic(nil) }))
	_, ok = caught(func() { i.CallFunction("call", nil) }).(*runtime.PanicNilError)
	equal(t, ok, true)
}

type badError struct{}

func (badError) Error() string { panic("no words") }

// An error that panics when it is asked for its text is a panic like others.
func TestCallbackErrorPanics(t *testing.T) {
	i := instance(t, caller("", ""), callbacks("f", func() error { return badError{} }))
	equal(t, caught(func() { i.CallFunction("call", nil) }), any("no words"))
}

// Through two plugins, one called in a callback of the other.
func TestNestedCallbackPanic(t *testing.T) {
	inner := instance(t, caller("", ""), callbacks("f", func() { panic("deep") }))
	outer := instance(t, caller("", ""), callbacks("f", func() error { return inner.CallFunction("call", nil) }))
	equal(t, caught(func() { outer.CallFunction("call", nil) }), any("deep"))
	wants(t, outer.CallFunction("call", nil), engine.KindPoisoned, "")
	wants(t, inner.CallFunction("call", nil), engine.KindPoisoned, "")
	check(t, outer.Reset())
	wants(t, outer.CallFunction("call", nil), engine.KindCallback, "stopped half-way")
}

// A callback that catches the failure of another plugin is none itself.
func TestNestedCallbackError(t *testing.T) {
	inner := instance(t, caller("", ""), callbacks("f", func() error { return fs.ErrExist }))
	outer := instance(t, caller("", ""), callbacks("f", func() { inner.CallFunction("call", nil) }))
	check(t, outer.CallFunction("call", nil))
	check(t, outer.CallFunction("call", nil))
}

func TestCallbackInStartUp(t *testing.T) {
	starts := module(`(import "env" "f" (func $f))`, `(func (export "_initialize") (call $f)) (func (export "call"))`)
	e := newEngine(t)
	equal(t, caught(func() { e.RegisterPluginBytes("test", starts, callbacks("f", func() { panic("early") })) }), any("early"))
	err := e.RegisterPluginBytes("test", starts, callbacks("f", func() error { return fs.ErrExist }))
	wants(t, err, engine.KindCallback, "file already exists")
	equal(t, errors.Is(err, fs.ErrExist), true)
	check(t, e.RegisterPluginBytes("test", starts, callbacks("f", func() {})))
	check(t, open(t, e, "test", "").CallFunction("call", nil))
}

// A goroutine that ends inside a callback, as by t.FailNow, takes its instance along and nothing else.
func TestCallbackEndsGoroutine(t *testing.T) {
	e := newEngine(t)
	check(t, e.RegisterPluginBytes("test", caller("i32", ""), callbacks("f", func(end int32) {
		if end != 0 {
			runtime.Goexit()
		}
	})))
	for range 20 {
		i := open(t, e, "test", "")
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			i.CallFunction("call", nil, 1)
			t.Error("went on")
		}()
		<-ended
		wants(t, i.CallFunction("call", nil, 0), engine.KindBusy, "")
		check(t, i.Remove())
		var others sync.WaitGroup
		for range 10 {
			others.Add(1)
			go func() {
				defer others.Done()
				if err := open(t, e, "test", "").CallFunction("call", nil, 0); err != nil {
					t.Error(err)
				}
			}()
		}
		others.Wait()
	}
}

func TestCallbackGrowsTheStack(t *testing.T) {
	var grow func(n int) int
	grow = func(n int) int {
		var block [1000]byte
		if n == 0 {
			return len(block)
		}
		return grow(n-1) + int(block[n%1000])
	}
	i := instance(t, caller("i32 i32 i32 i32 i32", "i32"), callbacks("f", func(a, b string, c []byte, d, e string) string {
		runtime.GC()
		grow(5000)
		runtime.GC()
		return a + b + string(c) + d + e
	}))
	for n := range 20 {
		var got string
		part := fmt.Sprint("part", n)
		check(t, i.CallFunction("call", &got, part+"a", part+"b", []byte(part+"c"), part+"d", part+"e"))
		equal(t, got, part+"a"+part+"b"+part+"c"+part+"d"+part+"e")
	}
}

func caught(f func()) (value any) {
	defer func() { value = recover() }()
	f()
	return nil
}
