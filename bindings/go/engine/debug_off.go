//go:build cgo && !debug

package engine

func maybeGC() {}
