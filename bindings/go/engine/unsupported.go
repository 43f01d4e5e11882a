//go:build cgo && !wasp_system && !(linux && (amd64 || arm64)) && !(darwin && (amd64 || arm64))

package engine

// This file is compiled where libwasp is not available. The name below says so.
var _ = wasp_runs_on_linux_and_darwin_with_amd64_or_arm64_only
