module github.com/nicholasjackson/wasp/bindings/guest/go

go 1.24
