//go:build cgo && !wasp_system

package engine

import _ "github.com/nicholasjackson/wasp/bindings/go/engine/lib/linux_amd64"
