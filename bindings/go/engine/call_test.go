package engine_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/nicholasjackson/wasp/bindings/go/engine"
)

var echoes = module("", `
	(func (export "i32") (param i32) (result i32) (local.get 0))
	(func (export "i64") (param i64) (result i64) (local.get 0))
	(func (export "f32") (param f32) (result f32) (local.get 0))
	(func (export "f64") (param f64) (result f64) (local.get 0))
	(func (export "nothing"))
	(func (export "weigh") (param i32 i64 f32 f64 i32 i64) (result f64)
		(f64.add (f64.add (f64.add (f64.convert_i32_s (local.get 0)) (f64.convert_i64_s (local.get 1)))
			(f64.add (f64.promote_f32 (local.get 2)) (local.get 3)))
			(f64.add (f64.convert_i32_s (local.get 4)) (f64.convert_i64_s (local.get 5)))))
	(func (export "last") (param i32 i32 i32 i32 i32) (result i32) (local.get 4))
	(func (export "fourth") (param i32 i32 i32 i32) (result i32) (local.get 3))`)

type text string
type blob []byte
type number int16
type flag bool

func TestEveryArgumentType(t *testing.T) {
	i := instance(t, echoes, nil)
	for _, c := range []struct {
		function string
		in       any
		want     float64
	}{
		{"i32", int(-3), -3}, {"i32", int8(-3), -3}, {"i32", int16(-3), -3}, {"i32", int32(-3), -3}, {"i32", int64(-3), -3},
		{"i32", uint(3), 3}, {"i32", uint8(3), 3}, {"i32", uint16(3), 3}, {"i32", uint32(3), 3}, {"i32", uint64(3), 3},
		{"i32", true, 1}, {"i32", false, 0}, {"i32", flag(true), 1}, {"i32", number(-3), -3}, {"i32", 3.0, 3},
		{"i32", uint32(math.MaxUint32), -1}, {"i64", uint32(math.MaxUint32), math.MaxUint32}, {"f64", uint32(math.MaxUint32), math.MaxUint32},
		{"i64", int(-3), -3}, {"i64", int32(-3), -3}, {"i64", uint64(1 << 40), 1 << 40}, {"i64", float32(3), 3},
		{"f32", 3, 3}, {"f32", float32(0.5), 0.5}, {"f32", 0.5, 0.5}, {"f64", 3, 3}, {"f64", float32(0.5), 0.5}, {"f64", 0.1, 0.1},
	} {
		var got float64
		if err := i.CallFunction(c.function, &got, c.in); err != nil || got != c.want {
			t.Errorf("%s(%T %v) is %v, %v, want %v", c.function, c.in, c.in, got, err, c.want)
		}
	}
	for _, in := range []any{"héllo ✓", text("héllo ✓"), ""} {
		var got string
		check(t, i.CallFunction("i32", &got, in))
		if want, ok := in.(string); ok {
			equal(t, got, want)
		} else {
			equal(t, got, string(in.(text)))
		}
	}
	for _, in := range []any{[]byte{0, 1, 0xFF}, blob{0, 1, 0xFF}} {
		var got []byte
		check(t, i.CallFunction("i32", &got, in))
		equal(t, string(got), "\x00\x01\xFF")
	}
	var live int
	check(t, i.CallFunction("live", &live))
	equal(t, live, 0)
}

func TestEveryResultType(t *testing.T) {
	i := instance(t, echoes, nil)
	var (
		i32 int32
		u32 uint32
		i64 int64
		n   int
		f32 float32
		f64 float64
		yes bool
	)
	check(t, i.CallFunction("i32", &i32, -7))
	check(t, i.CallFunction("i32", &u32, -1))
	check(t, i.CallFunction("i64", &i64, int64(math.MinInt64)))
	check(t, i.CallFunction("i32", &n, -7))
	check(t, i.CallFunction("f32", &f32, -0.5))
	check(t, i.CallFunction("f64", &f64, math.Inf(1)))
	check(t, i.CallFunction("i32", &yes, 2))
	equal(t, i32, -7)
	equal(t, u32, math.MaxUint32)
	equal(t, i64, math.MinInt64)
	equal(t, n, -7)
	equal(t, f32, -0.5)
	equal(t, f64, math.Inf(1))
	equal(t, yes, true)
	check(t, i.CallFunction("nothing", nil))
	check(t, i.CallFunction("i32", nil, 3))
}

func TestManyArguments(t *testing.T) {
	i := instance(t, echoes, nil)
	var sum float64
	check(t, i.CallFunction("weigh", &sum, 1, int64(2), float32(3), 4.5, true, uint32(math.MaxUint32)))
	equal(t, sum, 1+2+3+4.5+1+math.MaxUint32)
	for _, function := range []string{"fourth", "last"} {
		var got string
		in := []any{"one", []byte("two"), strings.Repeat("three", 1000), "four", "five"}
		if function == "fourth" {
			in = in[:4]
		}
		check(t, i.CallFunction(function, &got, in...))
		equal(t, got, in[len(in)-1].(string))
	}
	wants(t, i.CallFunction("last", nil, 1, 2, 3, 4, nil), engine.KindInvalid, "argument 5 is nil")
}

func TestMistakesAreErrors(t *testing.T) {
	i := instance(t, echoes, nil)
	n := 5
	var none *string
	for _, c := range []struct {
		kind     engine.ErrorKind
		part     string
		function string
		out      any
		in       []any
	}{
		{engine.KindInvalid, `plugin "test", function "i32": argument 1 is a chan int`, "i32", nil, []any{make(chan int)}},
		{engine.KindInvalid, "argument 1 is a *int", "i32", nil, []any{&n}},
		{engine.KindInvalid, "argument 1 is nil", "i32", nil, []any{nil}},
		{engine.KindInvalid, "18446744073709551615, which is more than an i64", "i32", nil, []any{uint64(math.MaxUint64)}},
		{engine.KindInvalid, "outputParam is a int", "i32", n, []any{3}},
		{engine.KindInvalid, "outputParam is a *chan int", "i32", new(chan int), []any{3}},
		{engine.KindInvalid, "outputParam is a nil *string", "i32", none, []any{3}},
		{engine.KindInvalid, "NUL", "i32", nil, []any{"a\x00b"}},
		{engine.KindInvalid, "UTF-8", "i32", nil, []any{"a\xff"}},
		{engine.KindSignature, "argument 1", "i32", nil, []any{1 << 40}},
		{engine.KindSignature, "argument 1", "i32", nil, []any{0.5}},
		{engine.KindSignature, "argument", "i32", nil, nil},
		{engine.KindSignature, "argument", "i32", nil, []any{1, 2}},
		{engine.KindSignature, "argument 1", "f64", nil, []any{"text"}},
		{engine.KindSignature, "result", "nothing", &n, nil},
		{engine.KindSignature, "result", "f64", new(string), []any{3}},
		{engine.KindSignature, "does not fit", "f64", &n, []any{0.5}},
	} {
		err := wants(t, i.CallFunction(c.function, c.out, c.in...), c.kind, c.part)
		equal(t, err.Function, c.function)
	}
	equal(t, n, 5) // an output is unchanged after an error
	check(t, i.CallFunction("i32", &n, 6))
	equal(t, n, 6)
}

func TestLargeValues(t *testing.T) {
	i := instance(t, echoes, nil)
	large := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	var got []byte
	check(t, i.CallFunction("i32", &got, large))
	equal(t, bytes.Equal(got, large), true)
	var s string
	check(t, i.CallFunction("i32", &s, string(large)))
	equal(t, s == string(large), true)
}

func TestResultsAreCopies(t *testing.T) {
	i := instance(t, echoes, nil)
	var first, second []byte
	var one, two string
	check(t, i.CallFunction("i32", &first, []byte("first")))
	second = first
	check(t, i.CallFunction("i32", &second, []byte("other")))
	check(t, i.CallFunction("i32", &one, "one"))
	check(t, i.CallFunction("i32", &two, "two"))
	equal(t, string(first)+string(second)+one+two, "firstotheronetwo")
	check(t, i.CallFunction("i32", &first, []byte{}))
	equal(t, first != nil && len(first) == 0, true)
}

func TestCallsDoNotAllocate(t *testing.T) {
	i := instance(t, echoes, nil)
	var n int32
	var s string
	var name, number any = "Nic", 1000
	numbers, strings := []any{number}, []any{name}
	call := func(want float64, f func()) {
		t.Helper()
		if got := testing.AllocsPerRun(1000, f); got > want {
			t.Errorf("%v allocations in a call, want %v", got, want)
		}
	}
	call(0, func() { i.CallFunction("i32", &n, numbers...) })
	call(1, func() { i.CallFunction("i32", &s, strings...) })
	equal(t, n, 1000)
	equal(t, s, "Nic")
}
