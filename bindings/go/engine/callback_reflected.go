package engine

// #include "ffi.h"
import "C"

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
)

// reflected calls a function of any type by reflection.
func (c *callback) reflected(ctx context.Context, v *invocation) error {
	args := make([]reflect.Value, 0, 8)
	if c.context {
		args = append(args, reflect.ValueOf(ctx))
	}
	if c.caller {
		caller := &Caller{v.caller}
		defer func() { caller.handle = nil }()
		args = append(args, reflect.ValueOf(caller))
	}
	for i, param := range c.params {
		arg := reflect.New(param.ty).Elem()
		if param.kind == C.WASP_JSON {
			if err := json.Unmarshal(v.bytes(i), arg.Addr().Interface()); err != nil {
				return fmt.Errorf("argument %d is JSON that doesn't go into a %v: %w", i+1, param.ty, err)
			}
		} else {
			v.read(i, arg)
		}
		args = append(args, arg)
	}
	results := c.function.Call(args)
	if c.fails {
		if err, _ := results[len(results)-1].Interface().(error); err != nil {
			return err
		}
	}
	if c.result == nil {
		return nil
	}
	return c.answer(v, results[0])
}

// read stores argument i in arg.
func (v *invocation) read(i int, arg reflect.Value) {
	switch arg.Kind() {
	case reflect.Int32:
		arg.SetInt(int64(v.int32(i)))
	case reflect.Uint32:
		arg.SetUint(uint64(uint32(v.int32(i))))
	case reflect.Bool:
		arg.SetBool(v.int32(i) != 0)
	case reflect.Int:
		if v.at(i).kind == C.WASP_I32 {
			arg.SetInt(int64(v.int32(i)))
		} else {
			arg.SetInt(v.int64(i))
		}
	case reflect.Int64:
		arg.SetInt(v.int64(i))
	case reflect.Uint64:
		arg.SetUint(uint64(v.int64(i)))
	case reflect.Float32:
		arg.SetFloat(float64(v.float32(i)))
	case reflect.Float64:
		arg.SetFloat(v.float64(i))
	case reflect.String:
		arg.SetString(v.string(i))
	case reflect.Slice:
		arg.SetBytes(v.bytes(i))
	}
}

// answer passes on the function's result.
func (c *callback) answer(v *invocation, result reflect.Value) error {
	if c.result.kind == C.WASP_JSON {
		text, err := json.Marshal(result.Interface())
		if err != nil {
			return fmt.Errorf("its answer has no JSON: %w", err)
		}
		v.answerSlice(C.WASP_JSON, text)
		return nil
	}
	switch result.Kind() {
	case reflect.Int32:
		v.answerInt32(int32(result.Int()))
	case reflect.Uint32:
		v.answerInt32(int32(uint32(result.Uint())))
	case reflect.Bool:
		v.answerBool(result.Bool())
	case reflect.Int:
		number := result.Int()
		if c.wide {
			v.answerInt64(number)
		} else if number < math.MinInt32 || number > math.MaxUint32 {
			return fmt.Errorf("its answer %d does not fit the i32 that the plugin imports", number)
		} else {
			v.answerInt32(int32(number))
		}
	case reflect.Int64:
		v.answerInt64(result.Int())
	case reflect.Uint64:
		v.answerInt64(int64(result.Uint()))
	case reflect.Float32:
		v.answerFloat32(float32(result.Float()))
	case reflect.Float64:
		v.answerFloat64(result.Float())
	case reflect.String:
		v.answerString(result.String())
	case reflect.Slice:
		v.answerBytes(result.Bytes())
	}
	return nil
}
