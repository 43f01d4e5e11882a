//go:build cgo && !wasp_system

package engine

import _ "github.com/nicholasjackson/wasp/bindings/go/engine/lib/darwin_amd64"
