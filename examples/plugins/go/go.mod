module github.com/nicholasjackson/wasp/examples/plugins/go

go 1.24

require github.com/nicholasjackson/wasp/bindings/guest/go v0.0.0

replace github.com/nicholasjackson/wasp/bindings/guest/go => ../../../bindings/guest/go
