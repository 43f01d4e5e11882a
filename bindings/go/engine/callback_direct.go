//go:build cgo

package engine

import "context"

// direct returns a function that calls one of a usual type without reflection, which is several times as fast; nil for other
// types.
func direct(function any) func(context.Context, *invocation) error {
	switch f := function.(type) {
	case func():
		return func(_ context.Context, v *invocation) error { f(); return nil }
	case func() error:
		return func(_ context.Context, v *invocation) error { return f() }
	case func(string):
		return func(_ context.Context, v *invocation) error { f(v.string(0)); return nil }
	case func(string) error:
		return func(_ context.Context, v *invocation) error { return f(v.string(0)) }
	case func(string) string:
		return func(_ context.Context, v *invocation) error { v.answerString(f(v.string(0))); return nil }
	case func(string) (string, error):
		return func(_ context.Context, v *invocation) error { return v.answerStringOr(f(v.string(0))) }
	case func(context.Context, string) (string, error):
		return func(ctx context.Context, v *invocation) error { return v.answerStringOr(f(ctx, v.string(0))) }
	case func([]byte) []byte:
		return func(_ context.Context, v *invocation) error { v.answerBytes(f(v.bytes(0))); return nil }
	case func([]byte) ([]byte, error):
		return func(_ context.Context, v *invocation) error { return v.answerBytesOr(f(v.bytes(0))) }
	case func(context.Context, []byte) ([]byte, error):
		return func(ctx context.Context, v *invocation) error { return v.answerBytesOr(f(ctx, v.bytes(0))) }
	case func(int32):
		return func(_ context.Context, v *invocation) error { f(v.int32(0)); return nil }
	case func(int32) int32:
		return func(_ context.Context, v *invocation) error { v.answerInt32(f(v.int32(0))); return nil }
	case func(int32, int32) int32:
		return func(_ context.Context, v *invocation) error { v.answerInt32(f(v.int32(0), v.int32(1))); return nil }
	case func(int64) int64:
		return func(_ context.Context, v *invocation) error { v.answerInt64(f(v.int64(0))); return nil }
	case func(int64, int64) int64:
		return func(_ context.Context, v *invocation) error { v.answerInt64(f(v.int64(0), v.int64(1))); return nil }
	case func(float64) float64:
		return func(_ context.Context, v *invocation) error { v.answerFloat64(f(v.float64(0))); return nil }
	case func(float64, float64) float64:
		return func(_ context.Context, v *invocation) error {
			v.answerFloat64(f(v.float64(0), v.float64(1)))
			return nil
		}
	}
	return nil
}

func (v *invocation) answerStringOr(answer string, err error) error {
	if err == nil {
		v.answerString(answer)
	}
	return err
}

func (v *invocation) answerBytesOr(answer []byte, err error) error {
	if err == nil {
		v.answerBytes(answer)
	}
	return err
}
