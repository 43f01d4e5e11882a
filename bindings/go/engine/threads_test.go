package engine

import (
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
)

func mappings(t *testing.T) int {
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Skip(err)
	}
	return strings.Count(string(maps), "\n")
}

// Each thread keeps a stack for its plugins, and gives it back when it ends.
func TestThreadsThatEndLeaveNoStacks(t *testing.T) {
	wasm := New(nil)
	defer wasm.Close()
	module := `(module (func (export "one") (result i32) (i32.const 1)) (func (export "trap") unreachable))`
	if err := wasm.RegisterPluginBytes("p", []byte(module), nil); err != nil {
		t.Fatal(err)
	}
	before := 0
	for round := range 300 {
		var wait sync.WaitGroup
		wait.Add(1)
		go func() {
			defer wait.Done()
			// A goroutine that ends while it has its thread to itself ends that too.
			runtime.LockOSThread()
			instance, err := wasm.GetInstance("p", "")
			if err != nil {
				t.Error(err)
				return
			}
			defer instance.Remove()
			var one int32
			if err := instance.CallFunction("one", &one); err != nil || one != 1 {
				t.Error(one, err)
			}
			if err := instance.CallFunction("trap", nil); err == nil {
				t.Error("no trap")
			}
		}()
		wait.Wait()
		if round == 50 {
			before = mappings(t)
		}
	}
	if after := mappings(t); after > before+60 {
		t.Errorf("%d mappings, then %d", before, after)
	}
}
