package engine

// #include "ffi.h"
import "C"

import (
	"context"
	"fmt"
	"math"
	"runtime/cgo"
	"time"
)

func (i *instance) CallFunctionContext(ctx context.Context, name string, outputParam interface{}, inputParams ...interface{}) error {
	if ctx == nil {
		message := fmt.Sprintf("plugin %q, function %q: the context is nil", i.plugin, name)
		return &Error{Kind: KindInvalid, Function: name, Message: message}
	}
	if err := i.enter(name); err != nil {
		return err
	}
	if ctx.Err() != nil {
		i.leave()
		message := fmt.Sprintf("plugin %q, function %q: %v", i.plugin, name, context.Cause(ctx))
		return cancelled(ctx, &Error{Kind: KindCancelled, Function: name, Message: message})
	}
	outcome, err := i.callContext(ctx, name, outputParam, inputParams)
	i.leave()
	if isErr(outcome) {
		err = asError(outcome, name)
	}
	return cancelled(ctx, err)
}

func (i *instance) callContext(ctx context.Context, name string, out any, in []any) (C.wasp_go_outcome, error) {
	handle := cgo.NewHandle(ctx)
	defer handle.Delete()
	if ctx.Done() != nil {
		over, gone := make(chan struct{}), make(chan struct{})
		stop := context.AfterFunc(ctx, func() {
			defer close(gone)
			i.interrupt(over)
		})
		// It ends before the instance is left, so that it can't interrupt the next call.
		defer func() {
			close(over)
			if !stop() {
				<-gone
			}
		}()
	}
	return i.call(C.uintptr_t(handle), name, out, in)
}

// interrupt stops the running call. The call may not have begun yet, so interrupt tries again until the call is over.
func (i *instance) interrupt(over <-chan struct{}) {
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for {
		C.wasp_instance_interrupt(i.handle)
		select {
		case <-over:
			return
		case <-again.C:
		}
	}
}

// cancelled adds the context's cause to the error of a call that the context ended.
func cancelled(ctx context.Context, err error) error {
	if failed, ok := err.(*Error); ok && failed.Kind == KindCancelled && ctx.Err() != nil {
		failed.causes = append(failed.causes, ctx.Err(), context.Cause(ctx))
	}
	return err
}

// ctx returns the context for a callback that takes one: that of CallFunctionContext, with the call's deadline.
func (v *invocation) ctx() (context.Context, context.CancelFunc) {
	ctx := context.Background()
	if v.context != 0 {
		ctx = cgo.Handle(v.context).Value().(context.Context)
	}
	if left := C.wasp_caller_remaining(v.caller); left <= math.MaxInt64 {
		return context.WithTimeout(ctx, time.Duration(left))
	}
	return ctx, func() {}
}
