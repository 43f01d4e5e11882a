package engine_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"
)

// resident is this process's memory, after a collection.
func resident(t *testing.T) int {
	t.Helper()
	runtime.GC()
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("no /proc here: ", err)
	}
	var size, pages int
	_, err = fmt.Sscan(string(text), &size, &pages)
	check(t, err)
	return pages * os.Getpagesize()
}

// flat runs f so often, and memory must not grow after the first tenth.
func flat(t *testing.T, times int, f func(n int)) {
	t.Helper()
	if testing.Short() {
		times /= 100
	}
	for n := range times / 10 {
		f(n)
	}
	before := resident(t)
	for n := range times {
		f(n)
	}
	if grown := resident(t) - before; grown > 8<<20 {
		t.Fatalf("memory grew by %d bytes", grown)
	}
}

func TestInstancesDoNotLeak(t *testing.T) {
	e := newEngine(t)
	check(t, e.RegisterPluginBytes("test", caller("i32", "i32"), callbacks("f", func(s string) string { return s + "!" })))
	flat(t, 100_000, func(n int) {
		i, err := e.GetInstance("test", "")
		check(t, err)
		var got string
		check(t, i.CallFunction("call", &got, "Nic"))
		check(t, i.Remove())
	})
}

// Those that nobody removes are freed by the collector.
func TestForgottenInstancesDoNotLeak(t *testing.T) {
	e := newEngine(t)
	check(t, e.RegisterPluginBytes("test", echoes, nil))
	flat(t, 20_000, func(n int) {
		i, err := e.GetInstance("test", "")
		check(t, err)
		check(t, i.CallFunction("nothing", nil))
		if n%500 == 0 { // each is memory that Go doesn't see
			runtime.GC()
		}
	})
}

func TestCallsDoNotLeak(t *testing.T) {
	i := instance(t, caller("i32", "i32"), callbacks("f", func(s string) string { return s + "!" }))
	flat(t, 1_000_000, func(n int) {
		var got string
		check(t, i.CallFunction("call", &got, "Nic"))
	})
}

func TestFailedCallsDoNotLeak(t *testing.T) {
	long := strings.Repeat("so long", 100)
	e := newEngine(t)
	check(t, e.RegisterPluginBytes("test", caller("i32", ""), callbacks("f", func(how int32) error {
		if how == 0 {
			panic(long)
		}
		return fmt.Errorf("%s", long)
	})))
	flat(t, 50_000, func(n int) {
		i, err := e.GetInstance("test", "")
		check(t, err)
		caught(func() { i.CallFunction("call", nil, n%2) })
		i.CallFunction("nothing", nil)
		i.CallFunction("call", nil, i)
		check(t, i.Remove())
	})
}

func TestPluginsDoNotLeak(t *testing.T) {
	e := newEngine(t)
	flat(t, 500, func(n int) {
		held := make([]byte, 1<<20)
		check(t, e.RegisterPluginBytes("test", caller("", ""), callbacks("f", func() { held[0]++ })))
		i, err := e.GetInstance("test", "")
		check(t, err)
		check(t, i.CallFunction("call", nil))
		check(t, i.Remove())
		e.RegisterPluginBytes("test", caller("i64", ""), callbacks("f", func() { held[0]++ }))
	})
}

func TestGoroutinesDoNotLeak(t *testing.T) {
	before := runtime.NumGoroutine()
	i := instance(t, failing, nil)
	for range 100 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		i.CallFunctionContext(ctx, "spin", nil)
		check(t, i.Reset())
		check(t, i.CallFunctionContext(t.Context(), "fine", nil))
		cancel()
	}
	for end := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
}
