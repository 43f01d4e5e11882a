module github.com/nicholasjackson/wasp/bindings/go/benchmarks

go 1.25.0

replace github.com/nicholasjackson/wasp/bindings/go => ../

require (
	github.com/nicholasjackson/wasp/bindings/go v0.0.0
	github.com/tetratelabs/wazero v1.12.0
)

require golang.org/x/sys v0.44.0 // indirect
