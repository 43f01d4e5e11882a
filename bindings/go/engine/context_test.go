package engine_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/nicholasjackson/wasp/bindings/go/engine"
)

func TestContextEndsTheCall(t *testing.T) {
	i := instance(t, failing, nil)
	var n int
	for range 5 {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(5*time.Millisecond, cancel)
		err := i.CallFunctionContext(ctx, "spin", nil)
		failed := wants(t, err, engine.KindCancelled, "")
		equal(t, failed.Function, "spin")
		equal(t, errors.Is(err, context.Canceled), true)
		wants(t, i.CallFunction("fine", nil), engine.KindPoisoned, "")
		check(t, i.Reset())
		check(t, i.CallFunctionContext(t.Context(), "fine", &n))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer cancel()
	err := i.CallFunctionContext(ctx, "spin", nil)
	wants(t, err, engine.KindCancelled, "")
	equal(t, errors.Is(err, context.DeadlineExceeded), true)
	check(t, i.Reset())

	// One that has ended already: nothing runs, so nothing is half-way.
	because, why := context.WithCancelCause(t.Context())
	why(errors.New("the user left"))
	err = i.CallFunctionContext(because, "spin", nil)
	wants(t, err, engine.KindCancelled, "the user left")
	equal(t, errors.Is(err, context.Canceled), true)
	check(t, i.CallFunctionContext(context.Background(), "fine", &n))
	equal(t, n, 1)
}

func TestContextThatIsNil(t *testing.T) {
	i := instance(t, failing, nil)
	var none context.Context
	wants(t, i.CallFunctionContext(none, "fine", nil), engine.KindInvalid, "the context is nil")
	check(t, i.CallFunction("fine", nil))
}

// A context that ends late or at any moment never touches another call.
func TestContextEndsOnlyItsCall(t *testing.T) {
	i := instance(t, failing, nil)
	for n := range 2000 {
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		if err := i.CallFunctionContext(ctx, "fine", nil); err != nil {
			wants(t, err, engine.KindCancelled, "")
			check(t, i.Reset())
		}
		if err := i.CallFunction("fine", nil); err != nil {
			t.Fatal(n, err)
		}
	}
	// Nor one that is refused because another is running.
	var all sync.WaitGroup
	all.Add(1)
	started, spin := make(chan struct{}), caller("", "")
	long := instance(t, spin, callbacks("f", func() { close(started); time.Sleep(50 * time.Millisecond) }))
	go func() {
		defer all.Done()
		check(t, long.CallFunction("call", nil))
	}()
	<-started
	for range 100 {
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		err := long.CallFunctionContext(ctx, "call", nil)
		var failed *engine.Error
		if !errors.As(err, &failed) || failed.Kind != engine.KindBusy {
			t.Fatal(err)
		}
	}
	all.Wait()
}

type key struct{}

func TestContextReachesCallbacks(t *testing.T) {
	var outer engine.Instance
	see := func(ctx context.Context) (string, error) {
		value, _ := ctx.Value(key{}).(string)
		return value, ctx.Err()
	}
	inner := instance(t, caller("", "i32"), callbacks("f", see))
	outer = instance(t, caller("i32", "i32"), callbacks("f", func(ctx context.Context, mode string) (string, error) {
		var in string
		var err error
		if mode == "pass" {
			err = inner.CallFunctionContext(context.WithValue(ctx, key{}, "inner"), "call", &in)
		} else {
			err = inner.CallFunction("call", &in)
		}
		out, _ := see(ctx)
		return out + " " + in, err
	}))
	ctx := context.WithValue(t.Context(), key{}, "outer")
	var got string
	check(t, outer.CallFunctionContext(ctx, "call", &got, "pass"))
	equal(t, got, "outer inner")
	check(t, outer.CallFunctionContext(ctx, "call", &got, "drop"))
	equal(t, got, "outer ")
	check(t, outer.CallFunction("call", &got, "pass"))
	equal(t, got, " inner")
	check(t, outer.CallFunctionContext(context.WithValue(context.Background(), key{}, "no end"), "call", &got, "drop"))
	equal(t, got, "no end ")
}

// A callback that waits sees its context end, and the call ends with it.
func TestContextEndsACallback(t *testing.T) {
	wait := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	i := instance(t, caller("", ""), callbacks("f", wait))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer cancel()
	equal(t, errors.Is(i.CallFunctionContext(ctx, "call", nil), context.DeadlineExceeded), true)

	config := callbacks("f", wait)
	config.Limits.Timeout = 5 * time.Millisecond
	i = instance(t, caller("", ""), config)
	if err := i.CallFunction("call", nil); !errors.Is(err, context.DeadlineExceeded) {
		wants(t, err, engine.KindTimeout, "")
	}
}
