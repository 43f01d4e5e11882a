//go:build cgo

package engine

// Stdio says what the standard streams of plugins are.
type Stdio uint32

const (
	// StdioInherit gives plugins the streams of this process. It is the default.
	StdioInherit Stdio = iota + 1
	// StdioLog gives them nothing to read, and sends what they write to the log, line by line.
	StdioLog
	// StdioNone gives them nothing to read, and drops what they write.
	StdioNone
)

// Options say how an engine works. The zero Options are the defaults.
type Options struct {
	Compiler Compiler
	Stdio    Stdio
	// CacheDirectory keeps compiled plugins from one run of the host to the next; empty for nowhere.
	CacheDirectory string
}
