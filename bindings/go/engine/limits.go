//go:build cgo

package engine

import "time"

// Limits bounds what one instance may use. A field that is zero has its default.
type Limits struct {
	// MemoryBytes limits linear memory, in whole pages of 64 KiB. The default is 4 GiB. Beyond it, memory.grow fails in the
	// plugin. With 16 MiB or less, an instance reserves that and 16 MiB of address space, else 8 GiB.
	MemoryBytes uint64
	// Timeout limits the wall-clock time of each call, and of start-up at registration, callbacks included. The default is no
	// limit. To limit a single call, use CallFunctionWithin or CallFunctionContext.
	Timeout time.Duration
	// StackBytes limits the stack of the plugin's code, from 64 KiB to 100 MiB. The default is 1 MiB.
	StackBytes uint64
	// TableElements limits the elements of all tables together. The default is 1,000,000.
	TableElements uint64
	// IdleInstances limits how many removed instances of the plugin are kept for GetInstance to use again. The default is 64.
	IdleInstances uint64
	// IdleMemoryBytes limits how much of its memory, of what it wrote to, an instance may keep for the next call when it is
	// reset. More is dropped, and costs a page fault for each page when it is used again. The default is 4 MiB.
	IdleMemoryBytes uint64
}
