// Package linux_arm64 is here so that go mod vendor takes this folder along: libwasp.a lies beside it, put there by make lib.
package linux_arm64
