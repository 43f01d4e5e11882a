package engine

// #include "ffi.h"
import "C"

import (
	"math"
	"unsafe"
)

// invocation is one call of a callback: its arguments and the place for its result, on C's stack.
type invocation C.wasp_go_invocation

func (v *invocation) at(i int) *C.wasp_value {
	return &unsafe.Slice(v.args, v.arg_count)[i]
}

func (v *invocation) slice(i int) *C.wasp_slice { return (*C.wasp_slice)(unsafe.Pointer(&v.at(i).of)) }

func (v *invocation) string(i int) string { return goString(*v.slice(i)) }

func (v *invocation) bytes(i int) []byte {
	from := v.slice(i)
	return copyBytes(from.ptr, from.len)
}

func (v *invocation) int32(i int) int32     { return *(*int32)(unsafe.Pointer(&v.at(i).of)) }
func (v *invocation) int64(i int) int64     { return *(*int64)(unsafe.Pointer(&v.at(i).of)) }
func (v *invocation) float32(i int) float32 { return math.Float32frombits(uint32(v.int32(i))) }
func (v *invocation) float64(i int) float64 { return math.Float64frombits(uint64(v.int64(i))) }

func (v *invocation) answerInt32(number int32) {
	v.answer.kind = C.WASP_I32
	*(*int32)(unsafe.Pointer(&v.answer.of)) = number
}

func (v *invocation) answerInt64(number int64) {
	v.answer.kind = C.WASP_I64
	*(*int64)(unsafe.Pointer(&v.answer.of)) = number
}

func (v *invocation) answerFloat32(number float32) {
	v.answer.kind = C.WASP_F32
	*(*float32)(unsafe.Pointer(&v.answer.of)) = number
}

func (v *invocation) answerFloat64(number float64) {
	v.answer.kind = C.WASP_F64
	*(*float64)(unsafe.Pointer(&v.answer.of)) = number
}

func (v *invocation) answerBool(yes bool) {
	if yes {
		v.answerInt32(1)
	} else {
		v.answerInt32(0)
	}
}

func (v *invocation) answerString(answer string) {
	v.answerSlice(C.WASP_STRING, unsafe.Slice(unsafe.StringData(answer), len(answer)))
}

func (v *invocation) answerBytes(answer []byte) { v.answerSlice(C.WASP_BYTES, answer) }

// answerSlice copies a short result to where C finds it, and calls into C for a long one.
func (v *invocation) answerSlice(kind C.wasp_kind, answer []byte) {
	if len(answer) > len(v.text) {
		C.wasp_go_return(v.caller, kind, data(answer), C.size_t(len(answer)))
		v.answered = true
		return
	}
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&v.text)), len(v.text)), answer)
	v.answer.kind = kind
	to := (*C.wasp_slice)(unsafe.Pointer(&v.answer.of))
	to.ptr = &v.text[0]
	to.len = C.size_t(len(answer))
}
