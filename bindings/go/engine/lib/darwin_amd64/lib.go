// Package darwin_amd64 is here so that go mod vendor takes this folder along: libwasp.a lies beside it, put there by make lib.
package darwin_amd64
