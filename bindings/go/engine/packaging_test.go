package engine_test

import (
	"bytes"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// The header lies in this module so that the module is whole by itself.
func TestHeaderIsThatOfLibwasp(t *testing.T) {
	want, err := os.ReadFile(filepath.Join(repository(t), "include", "wasp.h"))
	check(t, err)
	got, err := os.ReadFile("wasp.h")
	check(t, err)
	if !bytes.Equal(got, want) {
		t.Fatal("engine/wasp.h is not include/wasp.h: run lib.sh")
	}
}

const program = `package main

import (
	"fmt"

	"github.com/nicholasjackson/wasp/bindings/go/engine"
)

func main() {
	e := engine.New(nil)
	wat := "(module (func (export \"sum\") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))"
	if err := e.RegisterPluginBytes("p", []byte(wat), nil); err != nil {
		panic(err)
	}
	i, err := e.GetInstance("p", "")
	if err != nil {
		panic(err)
	}
	var sum int
	fmt.Println(i.CallFunction("sum", &sum, 3, 2), sum)
}
`

// user is the folder of a program that uses this module.
func user(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("slow: it builds a program")
	}
	this, err := filepath.Abs("..")
	check(t, err)
	folder := t.TempDir()
	check(t, os.WriteFile(filepath.Join(folder, "main.go"), []byte(program), 0o600))
	check(t, os.WriteFile(filepath.Join(folder, "go.mod"), []byte(`module user

go 1.24

require github.com/nicholasjackson/wasp/bindings/go v0.0.0

replace github.com/nicholasjackson/wasp/bindings/go => `+this+"\n"), 0o600))
	return folder
}

func run(t *testing.T, folder string, environment []string, command ...string) (string, error) {
	t.Helper()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir = folder
	cmd.Env = append(append(os.Environ(), "GOFLAGS=", "GOWORK=off", "GOEXPERIMENT="), environment...)
	output, err := cmd.CombinedOutput()
	return string(output), err
}

func TestVendoring(t *testing.T) {
	folder := user(t)
	if output, err := run(t, folder, nil, "go", "mod", "vendor"); err != nil {
		t.Fatal(output)
	}
	output, err := run(t, folder, []string{"GOPROXY=off"}, "go", "run", "-mod=vendor", ".")
	equal(t, output, "<nil> 5\n")
	check(t, err)
	library := "lib/" + runtime.GOOS + "_" + runtime.GOARCH + "/libwasp.a"
	for _, file := range []string{"wasp.h", "ffi.h", "ffi.c", library} {
		_, err := os.Stat(filepath.Join(folder, "vendor/github.com/nicholasjackson/wasp/bindings/go/engine", file))
		check(t, err)
	}
}

// With cgo off, as it is when cross-compiling, the compiler's one error says what to do.
func TestWithoutCgo(t *testing.T) {
	folder := user(t)
	for _, platform := range []string{runtime.GOOS + "/" + runtime.GOARCH, "linux/arm64"} {
		system, machine, _ := strings.Cut(platform, "/")
		output, err := run(t, folder, []string{"GOOS=" + system, "GOARCH=" + machine, "CGO_ENABLED=0"}, "go", "build", "-o", os.DevNull, ".")
		if err == nil || strings.Count(output, "undefined") != 1 ||
			!strings.Contains(output, "undefined: wasp_needs_cgo__set_CGO_ENABLED_1_and_CC_to_a_C_compiler_for_the_target") {
			t.Fatalf("%s: %v\n%s", platform, err, output)
		}
	}
}

// With the tag wasp_system, the library is the installed one that pkg-config knows.
func TestSystemLibrary(t *testing.T) {
	folder, root := user(t), repository(t)
	if runtime.GOOS != "linux" {
		t.Skip("it looks for an ELF library")
	}
	release := filepath.Join(root, "target", "release")
	library, err := elf.Open(filepath.Join(release, "libwasp.so"))
	if err != nil {
		t.Fatalf("there is no shared library: run cargo build --release -p wasp-capi at the root of the repository (%v)", err)
	}
	defer library.Close()
	names, err := library.DynString(elf.DT_SONAME)
	check(t, err)
	check(t, os.Symlink(filepath.Join(release, "libwasp.so"), filepath.Join(folder, names[0])))
	if _, err := exec.LookPath("pkg-config"); err != nil {
		t.Skip("there is no pkg-config: ", err)
	}
	check(t, os.WriteFile(filepath.Join(folder, "wasp.pc"), []byte("Name: wasp\nDescription: WebAssembly plugins\nVersion: 0.1.0\n"+
		"Cflags: -I"+filepath.Join(root, "include")+"\nLibs: -L"+release+" -lwasp\n"), 0o600))
	environment := []string{"PKG_CONFIG_PATH=" + folder, "LD_LIBRARY_PATH=" + folder}
	output, err := run(t, folder, environment, "go", "build", "-tags", "wasp_system", "-o", "program", ".")
	if err != nil {
		t.Fatal(output)
	}
	output, err = run(t, folder, environment, "./program")
	equal(t, output, "<nil> 5\n")
	check(t, err)
	if needed, err := run(t, folder, environment, "ldd", "program"); err == nil && !strings.Contains(needed, "libwasp.so") {
		t.Fatal("the program doesn't use the shared library: ", needed)
	}
}
