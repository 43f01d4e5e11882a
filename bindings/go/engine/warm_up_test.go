package engine

import (
	"strings"
	"testing"
)

const sums = `(module (memory (export "memory") 1)
	(global $sum (mut i64) (i64.const 0)) (global $next (mut i32) (i32.const 1024))
	(func (export "allocate") (param i32) (result i32)
		(global.get $next) (global.set $next (i32.add (global.get $next) (local.get 0))))
	(func (export "add") (param i64 i32)
		(global.set $sum (i64.add (global.get $sum) (local.get 0)))
		(global.set $sum (i64.add (global.get $sum) (i64.load8_u (local.get 1)))))
	(func (export "sum") (result i64) (global.get $sum)))`

func TestWarmUpComesBeforeTheSnapshot(t *testing.T) {
	for _, without := range []bool{false, true} {
		wasm := New(nil)
		defer wasm.Close()
		config := &PluginConfig{
			WithoutSnapshot: without,
			WarmUp:          []WarmUp{{"add", []any{3, "A"}}, {"add", []any{uint8(4), "B"}}},
		}
		if err := wasm.RegisterPluginBytes("sums", []byte(sums), config); err != nil {
			t.Fatal(err)
		}
		instance, err := wasm.GetInstance("sums", "")
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			var sum int64
			if err := instance.CallFunction("sum", &sum); err != nil || sum != 3+4+65+66 {
				t.Fatal(sum, err)
			}
			if err := instance.Reset(); err != nil {
				t.Fatal(err)
			}
		}
		instance.Remove()
		for message, call := range map[string]WarmUp{
			`its warm-up "none"`:             {"none", nil},
			`the warm-up "add": argument 2:`: {"add", []any{1, make(chan int)}},
			`it takes 2 arguments, not 1`:    {"add", []any{1}},
		} {
			err := wasm.RegisterPluginBytes("sums", []byte(sums), &PluginConfig{WarmUp: []WarmUp{call}})
			if err == nil || !strings.Contains(err.Error(), message) {
				t.Errorf("%v, not %q", err, message)
			}
		}
	}
}
