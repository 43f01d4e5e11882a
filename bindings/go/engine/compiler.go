//go:build cgo

package engine

// Compiler makes machine code of plugins.
type Compiler uint32

const (
	// CompilerSinglepass compiles in one pass: a plugin is ready soonest and runs slower.
	CompilerSinglepass Compiler = iota + 1
	// CompilerCranelift optimises: a plugin takes longer to register and runs fastest. It is the default.
	CompilerCranelift
	// CompilerTiered is both: a plugin is registered with Singlepass's code, a thread compiles it with Cranelift
	// meanwhile, and new instances run that code when it is ready, which the log says at level debug. Existing ones
	// keep what they have. What Singlepass doesn't take, such as SIMD, is compiled by Cranelift at once. The two may
	// differ in the bits of a NaN.
	CompilerTiered
)
