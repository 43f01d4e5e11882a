package engine_test

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/nicholasjackson/wasp/bindings/go/engine"
	"github.com/nicholasjackson/wasp/bindings/go/engine/logger"
)

func TestInstancesAreSeparate(t *testing.T) {
	counter := module("", `(global $n (mut i32) (i32.const 0))
		(func (export "next") (result i32) (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n))`)
	e := newEngine(t)
	check(t, e.RegisterPluginBytes("counter", counter, nil))
	one, two := open(t, e, "counter", ""), open(t, e, "counter", "")
	var n int
	for want := 1; want <= 3; want++ {
		check(t, one.CallFunction("next", &n))
		equal(t, n, want)
	}
	check(t, two.CallFunction("next", &n))
	equal(t, n, 1)
	check(t, one.Reset())
	check(t, one.CallFunction("next", &n))
	equal(t, n, 1)
}

func TestReplaceAndUnregister(t *testing.T) {
	version := func(n int) []byte {
		return module("", fmt.Sprintf(`(func (export "version") (result i32) (i32.const %d))`, n))
	}
	e := newEngine(t)
	check(t, e.RegisterPluginBytes("p", version(1), nil))
	old := open(t, e, "p", "")
	check(t, e.RegisterPluginBytes("p", version(2), nil))
	var n int
	check(t, old.CallFunction("version", &n))
	equal(t, n, 1)
	check(t, open(t, e, "p", "").CallFunction("version", &n))
	equal(t, n, 2)
	check(t, e.UnregisterPlugin("p"))
	wants(t, e.UnregisterPlugin("p"), engine.KindPluginNotFound, `"p"`)
	check(t, old.Reset())
	check(t, old.CallFunction("version", &n))
	equal(t, n, 1)
}

func TestRemove(t *testing.T) {
	i := instance(t, echoes, nil)
	equal(t, len(i.Functions()) > 0, true)
	check(t, i.Remove())
	check(t, i.Remove())
	err := wants(t, i.CallFunction("i32", nil, 3), engine.KindInvalid, `plugin "test": the instance was removed`)
	equal(t, err.Function, "i32")
	wants(t, i.CallFunctionContext(t.Context(), "i32", nil, 3), engine.KindInvalid, "removed")
	wants(t, i.Reset(), engine.KindInvalid, "removed")
	equal(t, len(i.Functions()), 0)
}

// A callback may use everything but its own instance, and may even remove that.
func TestBusy(t *testing.T) {
	var i engine.Instance
	seen := func() {
		wants(t, i.CallFunction("call", nil), engine.KindBusy, "runs a call already")
		wants(t, i.Reset(), engine.KindBusy, "")
		equal(t, len(i.Functions()), 0)
		check(t, i.Remove())
		check(t, i.Remove())
		wants(t, i.CallFunction("call", nil), engine.KindInvalid, "removed")
	}
	i = instance(t, caller("", ""), callbacks("f", seen))
	check(t, i.CallFunction("call", nil))
	wants(t, i.CallFunction("call", nil), engine.KindInvalid, "removed")
}

func TestOneCallAtATime(t *testing.T) {
	i := instance(t, echoes, nil)
	var all sync.WaitGroup
	for range 8 {
		all.Add(1)
		go func() {
			defer all.Done()
			for n := range 1000 {
				var got int
				if err := i.CallFunction("i32", &got, n); err != nil {
					wants(t, err, engine.KindBusy, "")
				} else {
					equal(t, got, n)
				}
			}
		}()
	}
	all.Wait()
	check(t, i.CallFunction("i32", nil, 3))
}

// Goroutines share an engine, with plugins coming and going, and instances that end on another goroutine than they began.
func TestParallel(t *testing.T) {
	e := newEngine(t)
	config := callbacks("f", func(s string) string { runtime.Gosched(); return s + "!" })
	check(t, e.RegisterPluginBytes("test", caller("i32", "i32"), config))
	used := make(chan engine.Instance, 64)
	var users, removers sync.WaitGroup
	removers.Add(1)
	go func() {
		defer removers.Done()
		for i := range used {
			i.Remove()
		}
	}()
	for g := range 8 {
		users.Add(1)
		go func() {
			defer users.Done()
			for n := range 200 {
				i, err := e.GetInstance("test", "")
				if err != nil {
					t.Error(err)
					return
				}
				want := fmt.Sprint(g, " ", n)
				var got string
				if err := i.CallFunction("call", &got, want); err != nil || got != want+"!" {
					t.Errorf("%v, %q is %q", err, want, got)
				}
				used <- i
				if n%100 == 50 {
					if err := e.RegisterPluginBytes("test", caller("i32", "i32"), config); err != nil {
						t.Error(err)
					}
				}
			}
		}()
	}
	users.Wait()
	close(used)
	removers.Wait()
}

func TestClose(t *testing.T) {
	e := engine.New(nil)
	check(t, e.RegisterPluginBytes("test", echoes, nil))
	i, err := e.GetInstance("test", "")
	check(t, err)
	check(t, e.Close())
	check(t, e.Close())
	var n int
	check(t, i.CallFunction("i32", &n, 3))
	check(t, i.Reset())
	check(t, i.Remove())
	_, err = e.GetInstance("test", "")
	wants(t, err, engine.KindInvalid, "closed")
	wants(t, e.RegisterPluginBytes("test", echoes, nil), engine.KindInvalid, "closed")
}

// An engine that is closed while it is used, by its own callback or by others, goes when the last one is done.
func TestCloseWhileUsed(t *testing.T) {
	var e *engine.Wasm
	starts := module(`(import "env" "f" (func $f))`, `(func (export "_initialize") (call $f))`)
	e = engine.New(nil)
	check(t, e.RegisterPluginBytes("p", starts, callbacks("f", func() { check(t, e.Close()) })))
	wants(t, e.RegisterPluginBytes("p", starts, nil), engine.KindInvalid, "closed")

	e = engine.New(nil)
	check(t, e.RegisterPluginBytes("p", echoes, nil))
	var all sync.WaitGroup
	for range 4 {
		all.Add(1)
		go func() {
			defer all.Done()
			for {
				i, err := e.GetInstance("p", "")
				if err != nil {
					return
				}
				i.Remove()
			}
		}()
	}
	time.Sleep(time.Millisecond)
	for range 2 {
		all.Add(1)
		go func() {
			defer all.Done()
			e.Close()
		}()
	}
	all.Wait()
	_, err := e.GetInstance("p", "")
	wants(t, err, engine.KindInvalid, "closed")
}

// What is forgotten is freed by the collector, with the callbacks and what they hold.
func TestForgotten(t *testing.T) {
	freed := make(chan struct{})
	func() {
		held := &struct{ text [100]byte }{}
		runtime.AddCleanup(held, func(int) { close(freed) }, 0)
		e := engine.New(nil)
		check(t, e.RegisterPluginBytes("test", caller("", ""), callbacks("f", func() { held.text[0]++ })))
		i, err := e.GetInstance("test", "")
		check(t, err)
		check(t, i.CallFunction("call", nil))
	}()
	for end := time.Now().Add(10 * time.Second); ; {
		runtime.GC()
		select {
		case <-freed:
			return
		case <-time.After(time.Millisecond):
		}
		if time.Now().After(end) {
			t.Fatal("the engine and its instance were not freed")
		}
	}
}

func TestFunctions(t *testing.T) {
	e := newEngine(t)
	check(t, e.RegisterPlugin("c", example(t, "c"), callbacks("call_me", func(s string) string { return s })))
	var got string
	for _, function := range open(t, e, "c", "").Functions() {
		equal(t, function.Declared, true)
		got += function.String() + "\n"
	}
	equal(t, got, "sum(a int32, b int32) int32\nhello(name string) string\nreverse(in []byte) []byte\ncallback() string\nfail()\nworkspace(argument string) string\n")
	undeclared := instance(t, caller("i32 f64", "i64"), callbacks("f", func(int32, float64) int64 { return 0 })).Functions()
	equal(t, undeclared[len(undeclared)-1].String(), "call(int32, float64) int64")
	equal(t, undeclared[len(undeclared)-1].Declared, false)
}

func TestCompilers(t *testing.T) {
	for _, compiler := range []engine.Compiler{engine.CompilerSinglepass, engine.CompilerCranelift, engine.CompilerTiered} {
		e := engine.NewWithCompiler(nil, compiler)
		check(t, e.RegisterPluginBytes("test", echoes, nil))
		var n int
		check(t, open(t, e, "test", "").CallFunction("i32", &n, 3))
		equal(t, n, 3)
		check(t, e.Close())
	}
}

// The thread that compiles in the background logs too: "Plugin optimised".
func TestTieredCompiler(t *testing.T) {
	switched := make(chan string, 1)
	log := logger.New(nil, func(message string, params ...any) {
		if message == "Plugin optimised" {
			switched <- fmt.Sprint(params[1])
		}
	}, nil, nil)
	e := engine.NewWithCompiler(log, engine.CompilerTiered)
	check(t, e.RegisterPluginBytes("test", echoes, nil))
	before := open(t, e, "test", "")
	equal(t, <-switched, "test")
	for _, i := range []engine.Instance{before, open(t, e, "test", "")} {
		var n int
		check(t, i.CallFunction("i32", &n, 3))
		equal(t, n, 3)
	}
	check(t, e.Close())
}
