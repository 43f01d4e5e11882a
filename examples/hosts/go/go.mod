module github.com/nicholasjackson/wasp/examples/hosts/go

go 1.24

replace github.com/nicholasjackson/wasp/bindings/go => ../../../bindings/go

require (
	github.com/hashicorp/go-hclog v1.6.3
	github.com/nicholasjackson/wasp/bindings/go v0.0.0
)

require (
	github.com/fatih/color v1.13.0 // indirect
	github.com/mattn/go-colorable v0.1.12 // indirect
	github.com/mattn/go-isatty v0.0.14 // indirect
	golang.org/x/sys v0.0.0-20220503163025-988cb79eb6c6 // indirect
)
