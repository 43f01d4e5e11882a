//go:build wasm

// What a Go program reads and starts before the first call: its environment, clocks and timers.
package main

import (
	"os"
	"time"
)

func main() {}

var (
	greeting = os.Getenv("GREETING")
	begun    = time.Now()
	timer    = time.NewTimer(20 * time.Millisecond)
	calls    int64
)

// The length of the variable as start-up saw it, or -1 if it reads otherwise now.
//
//go:wasmexport greeting_size
func greetingSize() int64 {
	if os.Getenv("GREETING") != greeting {
		return -1
	}
	return int64(len(greeting))
}

// Nanoseconds since start-up, by the monotonic clock.
//
//go:wasmexport since_start
func sinceStart() int64 { return int64(time.Since(begun)) }

// The wall clock.
//
//go:wasmexport wall
func wall() int64 { return time.Now().UnixNano() }

// Waits for a timer of its own; how long that took.
//
//go:wasmexport sleep
func sleep(milliseconds int64) int64 {
	before := time.Now()
	<-time.After(time.Duration(milliseconds) * time.Millisecond)
	return int64(time.Since(before))
}

// Waits for the timer that start-up began, which fires once; nanoseconds since start-up.
//
//go:wasmexport start_timer
func startTimer() int64 {
	<-timer.C
	return int64(time.Since(begun))
}

// 1 in a new instance; and something for the collector.
//
//go:wasmexport count
func count() int64 {
	calls++
	garbage = make([]byte, 1<<16)
	return calls
}

var garbage []byte
