package engine_test

import (
	"sync"
	"testing"

	"github.com/nicholasjackson/wasp/bindings/go/engine"
	"github.com/nicholasjackson/wasp/bindings/go/engine/logger"
)

// atEachDepth runs body on many new stacks, each with more in use: so at some point or other of body the stack is full, has to
// grow, and is looked through for pointers.
func atEachDepth(body func()) {
	for depth := range 200 {
		var done sync.WaitGroup
		done.Add(1)
		go func() {
			defer done.Done()
			deeper(depth, body)
		}()
		done.Wait()
	}
}

func deeper(depth int, body func()) {
	if depth == 0 {
		body()
		return
	}
	var filler [24]byte
	filler[depth%len(filler)] = 1
	deeper(depth-1, body)
	_ = filler
}

// What C lends may be empty. A pointer of Rust's to nothing, as 0x1, ends the process once it is found on a stack that grows.
func TestWhatIsEmptyPointsNowhereBad(t *testing.T) {
	ignore := func(string, ...any) {}
	e := engine.NewWithOptions(logger.New(ignore, ignore, ignore, ignore), engine.Options{Stdio: engine.StdioLog})
	defer e.Close()
	plugin := module(`(import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))`,
		`(data (i32.const 0) "\08\00\00\00\01\00\00\00\0a")
		(func (export "nothing"))
		(func (export "print") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64))))
		(func unreachable)
		(func (export "trap") (call 7))`)
	check(t, e.RegisterPluginBytes("", plugin, nil))
	i := open(t, e, "", "")
	for name, body := range map[string]func() bool{
		"functions": func() bool { return len(i.Functions()) > 0 },
		"no name":   func() bool { return i.CallFunction("", nil) != nil },
		"print":     func() bool { return i.CallFunction("print", nil) == nil },
		"trap":      func() bool { return i.CallFunction("trap", nil) != nil && i.Reset() == nil },
		"unknown": func() bool {
			_, err := e.GetInstance("unknown", "")
			return err != nil
		},
	} {
		atEachDepth(func() {
			if !body() {
				t.Error(name)
			}
		})
	}
}
