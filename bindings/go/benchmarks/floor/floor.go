// Package floor is what crossing between Go and C costs by itself: below it no library behind cgo can be.
package floor

/*
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline int32_t sum(int32_t a, int32_t b) { return a + b; }

static char answer[64] = "Hello ";
typedef struct { const char *ptr; size_t len; } text;
static inline text hello(const char *name, size_t len) {
  text result = {answer, len + 6};
  memcpy(answer + 6, name, len);
  return result;
}


void floorBack(void);
static inline void back(void) { floorBack(); }
*/
import "C"

import "unsafe"

// Sum crosses with two numbers and comes back with one.
func Sum(a, b int32) int32 { return int32(C.sum(C.int32_t(a), C.int32_t(b))) }

// Hello crosses with a string and comes back with one.
func Hello(name string) string {
	result := C.hello((*C.char)(unsafe.Pointer(unsafe.StringData(name))), C.size_t(len(name)))
	return string(unsafe.Slice((*byte)(unsafe.Pointer(result.ptr)), int(result.len)))
}

// Callback crosses, and C calls Go.
func Callback() { C.back() }

//export floorBack
func floorBack() {}
