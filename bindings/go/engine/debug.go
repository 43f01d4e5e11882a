//go:build cgo && debug

package engine

import "runtime"

// maybeGC collects at each call, so that whatever C holds too long or Go too short dies in the tests.
func maybeGC() { runtime.GC() }
