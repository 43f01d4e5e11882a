package engine_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nicholasjackson/wasp/bindings/go/engine"
)

func TestCallWithin(t *testing.T) {
	i := instance(t, failing, nil)
	for range 5 {
		begun := time.Now()
		failed := wants(t, i.CallFunctionWithin(5*time.Millisecond, "spin", nil), engine.KindTimeout, "its time limit of 5ms")
		equal(t, failed.Function, "spin")
		if took := time.Since(begun); took < 5*time.Millisecond || took > time.Second {
			t.Fatal(took)
		}
		wants(t, i.CallFunction("fine", nil), engine.KindPoisoned, "")
		check(t, i.Reset())
		var n int
		check(t, i.CallFunctionWithin(time.Minute, "fine", &n))
		equal(t, n, 1)
		// It is that call's only.
		check(t, i.CallFunction("fine", nil))
	}
	for _, timeout := range []time.Duration{0, -time.Second} {
		wants(t, i.CallFunctionWithin(timeout, "fine", nil), engine.KindInvalid, "it must be longer than 0")
	}
	check(t, i.CallFunctionWithin(1<<63-1, "fine", nil))
	// The rest is as in other calls.
	wants(t, i.CallFunctionWithin(time.Minute, "fine", 5), engine.KindInvalid, "outputParam is a int")
	wants(t, i.CallFunctionWithin(time.Minute, "fine", nil, make(chan int)), engine.KindInvalid, "argument 1")
	wants(t, i.CallFunctionWithin(time.Minute, "fine", nil, 1), engine.KindSignature, "it takes 0 arguments, not 1")
	check(t, i.Remove())
	wants(t, i.CallFunctionWithin(time.Minute, "fine", nil), engine.KindInvalid, "was removed")
}

func TestCallWithinThePluginsLimit(t *testing.T) {
	i := instance(t, failing, &engine.PluginConfig{Limits: engine.Limits{Timeout: 20 * time.Millisecond}})
	wants(t, i.CallFunctionWithin(time.Hour, "spin", nil), engine.KindTimeout, "its time limit of 20ms")
	check(t, i.Reset())
	wants(t, i.CallFunctionWithin(5*time.Millisecond, "spin", nil), engine.KindTimeout, "its time limit of 5ms")
	check(t, i.Reset())
	wants(t, i.CallFunction("spin", nil), engine.KindTimeout, "its time limit of 20ms")
}

// A callback sees the deadline, and its error and its panic come through.
func TestCallWithinReachesCallbacks(t *testing.T) {
	unhappy := errors.New("unhappy")
	i := instance(t, caller("i32", ""), callbacks("f", func(ctx context.Context, what string) error {
		deadline, ok := ctx.Deadline()
		if left := time.Until(deadline); !ok || left <= 0 || left > time.Minute {
			t.Error(left, ok)
		}
		switch what {
		case "fail":
			return unhappy
		case "panic":
			panic(unhappy)
		}
		return nil
	}))
	check(t, i.CallFunctionWithin(time.Minute, "call", nil, "succeed"))
	equal(t, errors.Is(i.CallFunctionWithin(time.Minute, "call", nil, "fail"), unhappy), true)
	check(t, i.Reset())
	defer func() { equal(t, recover() == any(unhappy), true) }()
	_ = i.CallFunctionWithin(time.Minute, "call", nil, "panic")
}
