package engine_test

import (
	"bytes"
	"context"
	"math"
	"testing"

	"github.com/nicholasjackson/wasp/bindings/go/engine"
)

func TestMemory(t *testing.T) {
	var kept *engine.Caller
	var own engine.Instance
	config := callbacks("on_data", func(_ context.Context, caller *engine.Caller, address uint32, length int32) int32 {
		kept = caller
		data, err := caller.ReadMemory(address, int(length))
		check(t, err)
		check(t, caller.WriteMemory(address, bytes.ToUpper(data)))
		_, err = caller.ReadMemory(address, 1<<40)
		wants(t, err, engine.KindInvalid, "are not in a memory of 65536 bytes")
		wants(t, caller.WriteMemory(65535, []byte("ab")), engine.KindInvalid, "2 bytes from 0xffff on are not in its memory")
		_, err = own.ReadMemory(0, 1)
		wants(t, err, engine.KindBusy, "runs a call already")
		return int32(caller.MemorySize())
	})
	own = instance(t, module(`(import "env" "on_data" (func $tell (param i32 i32) (result i32)))`, `(data (i32.const 64) "abc")
		(func (export "tell") (param i32 i32) (result i32) (call $tell (local.get 0) (local.get 1)))`), config)
	equal(t, own.MemorySize(), 65536)
	var size int
	check(t, own.CallFunction("tell", &size, 64, 3))
	equal(t, size, 65536)
	data, err := own.ReadMemory(64, 3)
	check(t, err)
	equal(t, string(data), "ABC")
	check(t, own.WriteMemory(65533, []byte("end")))
	check(t, own.WriteMemory(65536, nil))
	for _, length := range []int{math.MaxInt64, 4} {
		_, err = own.ReadMemory(65533, length)
		wants(t, err, engine.KindInvalid, "memory of 65536 bytes")
	}
	_, err = own.ReadMemory(0, -1)
	wants(t, err, engine.KindInvalid, "less than nothing")
	data, err = own.ReadMemory(65536, 0)
	check(t, err)
	equal(t, len(data), 0)

	_, err = kept.ReadMemory(0, 1)
	wants(t, err, engine.KindInvalid, "after its callback has returned")
	wants(t, kept.WriteMemory(0, nil), engine.KindInvalid, "after its callback has returned")
	equal(t, kept.MemorySize(), 0)
	check(t, own.Reset())
	data, err = own.ReadMemory(64, 3)
	check(t, err)
	equal(t, string(data), "abc")
	check(t, own.Remove())
	wants(t, own.WriteMemory(0, nil), engine.KindInvalid, "was removed")
}
