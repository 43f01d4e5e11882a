//go:build !cgo

package engine

// This file is compiled when cgo is off, as it silently is when cross-compiling. The name below says what to do.
var _ = wasp_needs_cgo__set_CGO_ENABLED_1_and_CC_to_a_C_compiler_for_the_target
