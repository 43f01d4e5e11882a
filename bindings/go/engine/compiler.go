//go:build cgo

package engine

// Compiler makes machine code of plugins.
type Compiler uint32

const (
	// CompilerSinglepass compiles in one pass: a plugin is ready soonest and runs slower.
	CompilerSinglepass Compiler = iota + 1
	// CompilerCranelift optimises: a plugin takes longer to register and runs fastest. It is the default.
	CompilerCranelift
)
