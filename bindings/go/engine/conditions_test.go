package engine_test

import (
	"bytes"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/nicholasjackson/wasp/bindings/go/engine"
)

// What docs/processes.md promises for hosts with signals and children of their own.

const faulty = `
	(func (export "same") (param i32) (result i32) (local.get 0))
	(func (export "bounds") (drop (i32.load (i32.const 100000000))))
	(func (export "divide") (param i32) (result i32) (i32.div_s (i32.const 1) (local.get 0)))
	(func $deep (export "deep") (call $deep) (call $deep))`

// faults has a plugin fault in each way, and answer in between.
func faults(t *testing.T, i engine.Instance) {
	t.Helper()
	var quotient int32
	calls := []func() error{
		func() error { return i.CallFunction("bounds", nil) },
		func() error { return i.CallFunction("deep", nil) },
		func() error { return i.CallFunction("divide", &quotient, int32(0)) },
	}
	for _, call := range calls {
		if err := call(); err == nil || !strings.Contains(err.Error(), `plugin "test"`) {
			t.Errorf("no fault: %v", err)
		}
		if err := i.Reset(); err != nil {
			t.Error(err)
		}
		var text string
		if err := i.CallFunction("same", &text, "Grüße"); err != nil || text != "Grüße" {
			t.Error(text, err)
		}
	}
}

// nilPointer has Go itself fault.
func nilPointer(t *testing.T) {
	t.Helper()
	defer func() {
		if err, ok := recover().(runtime.Error); !ok {
			t.Errorf("not a runtime error: %v", err)
		}
	}()
	var nothing *struct{ number int }
	nothing.number++
}

// busy runs body in goroutines, with a plugin each, until the function that it returns is called.
func busy(t *testing.T, e *engine.Wasm, body func(engine.Instance)) (stop func()) {
	t.Helper()
	var stopped atomic.Bool
	var wait sync.WaitGroup
	for range 4 {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for !stopped.Load() {
				i, err := e.GetInstance("test", "")
				if err != nil {
					t.Error(err)
					return
				}
				body(i)
				if err := i.Remove(); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	return func() {
		stopped.Store(true)
		wait.Wait()
	}
}

func TestSignalsReachTheHostAndFaultsTheirOwner(t *testing.T) {
	e := newEngine(t)
	check(t, e.RegisterPluginBytes("test", module("", faulty), nil))
	got := make(chan os.Signal, 1)
	for _, what := range []os.Signal{syscall.SIGUSR1, syscall.SIGSEGV} {
		// A handler of Go's that is installed after wasp's.
		signal.Notify(got, what)
		engine.ClaimSignals()
		stop := busy(t, e, func(i engine.Instance) {
			faults(t, i)
			nilPointer(t)
		})
		for range 50 {
			check(t, syscall.Kill(os.Getpid(), syscall.SIGUSR1))
			select {
			case <-got:
			case <-time.After(10 * time.Second):
				t.Fatal("the signal is lost")
			}
		}
		stop()
	}
	signal.Reset(syscall.SIGUSR1, syscall.SIGSEGV)
}

func TestChildrenAreStartedWhilePluginsRun(t *testing.T) {
	e := newEngine(t)
	check(t, e.RegisterPluginBytes("test", module("", faulty), nil))
	if os.Getenv("WASP_TEST_CHILD") != "" {
		i, err := e.GetInstance("test", "")
		check(t, err)
		faults(t, i)
		check(t, i.Remove())
		return
	}
	stop := busy(t, e, func(i engine.Instance) { faults(t, i) })
	defer stop()
	for range 20 {
		text, err := exec.Command("echo", "here").Output()
		if err != nil || string(text) != "here\n" {
			t.Fatal(string(text), err)
		}
	}
	child(t)
}

// What nobody removed holds address space until it is collected.
func TestForgottenInstancesMakeRoom(t *testing.T) {
	if os.Getenv("WASP_TEST_CHILD") == "" {
		child(t)
		return
	}
	limit := syscall.Rlimit{Cur: 64 << 30, Max: ^uint64(0)}
	check(t, syscall.Setrlimit(syscall.RLIMIT_AS, &limit))
	e := newEngine(t)
	check(t, e.RegisterPluginBytes("test", module("", faulty), nil))
	for number := range 100 {
		if _, err := e.GetInstance("test", ""); err != nil {
			t.Fatal(number, err)
		}
	}
}

// child runs this test in a process of its own.
func child(t *testing.T) {
	t.Helper()
	self := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	self.Env = append(os.Environ(), "WASP_TEST_CHILD=1")
	text, err := self.CombinedOutput()
	if err != nil || !bytes.Contains(text, []byte("--- PASS: "+t.Name())) {
		t.Fatal(string(text), err)
	}
}
