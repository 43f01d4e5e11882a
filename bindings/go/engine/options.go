//go:build cgo

package engine

// Stdio says where the standard streams of plugins lead.
type Stdio uint32

const (
	// StdioInherit lets plugins use the streams of this process: they read its input, too.
	StdioInherit Stdio = iota + 1
	// StdioLog sends what plugins write to the log, line by line. Standard input is empty.
	StdioLog
	// StdioNone discards what plugins write. Standard input is empty.
	StdioNone
	// StdioOutput lets plugins write to the output of this process. Standard input is empty. It is the default.
	StdioOutput
)

// Options configures an engine. The zero value has the defaults.
type Options struct {
	Compiler Compiler
	Stdio    Stdio
	// CacheDirectory is where compiled plugins are kept between runs of the host; with an empty string they are not.
	CacheDirectory string
	// RuntimeDirectory is where the script runtimes are, a file <language>.wasm each; with an empty string they are those that come
	// with this package.
	RuntimeDirectory string
	// KernelFaultCounts asks the kernel at each reset of an instance whether pages of its memory were written to, and doesn't
	// believe the processor, which tells for nothing on amd64. wasp finds out by itself where the processor can't be believed;
	// this, and the environment variable WASP_KERNEL_FAULT_COUNTS, are for the case that it doesn't.
	KernelFaultCounts bool
}
