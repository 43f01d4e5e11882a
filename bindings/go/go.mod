module github.com/nicholasjackson/wasp/bindings/go

go 1.24
