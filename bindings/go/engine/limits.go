//go:build cgo

package engine

import "time"

// Limits are what one instance may use at most. A zero field is its default.
type Limits struct {
	// MemoryBytes is for linear memory, in whole pages of 64 KiB. The default is 4 GiB. Beyond it the plugin's own
	// allocator fails.
	MemoryBytes uint64
	// Timeout is for each call, and for start-up at registration, callbacks included. The default is none. For a single call,
	// see CallFunctionContext.
	Timeout time.Duration
	// StackBytes is for the stack of the plugin's code, from 64 KiB to 100 MiB. The default is 1 MiB.
	StackBytes uint64
	// TableElements is over all tables. The default is 1,000,000.
	TableElements uint64
	// IdleInstances is how many removed instances of the plugin are kept ready for GetInstance. The default is 64.
	IdleInstances uint64
}
