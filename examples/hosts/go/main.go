// Loads a plugin, calls its functions, and prints a line for each: host [-v] PLUGIN.wasm
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/go-hclog"
	"github.com/nicholasjackson/wasp/bindings/go/engine"
	"github.com/nicholasjackson/wasp/bindings/go/engine/logger"
)

var verbose = flag.Bool("v", false, "log to standard error")

func main() {
	flag.Usage = func() { fmt.Fprintln(os.Stderr, "usage: host [-v] PLUGIN.wasm") }
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, "host:", err)
		os.Exit(1)
	}
}

func run(plugin string) error {
	var log *logger.Wrapper
	if *verbose {
		l := hclog.New(&hclog.LoggerOptions{Name: "engine", Level: hclog.Debug, Output: os.Stderr})
		log = logger.New(l.Info, l.Debug, l.Error, l.Trace)
	}

	// What the plugin may call back. Nothing else of this process is visible to it.
	callbacks := &engine.Callbacks{}
	callbacks.AddCallback("env", "call_me", func(name string) string { return "Hello " + name })

	// A directory that the instance sees as /workspace.
	workspace, err := os.MkdirTemp("", "wasp-example-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(workspace)
	if err := os.WriteFile(filepath.Join(workspace, "in.txt"), []byte("from the host"), 0o644); err != nil {
		return err
	}

	e := engine.New(log)
	defer e.Close()
	if err := e.RegisterPlugin("example", plugin, &engine.PluginConfig{Callbacks: callbacks}); err != nil {
		return err
	}
	i, err := e.GetInstance("example", workspace)
	if err != nil {
		return err
	}
	defer i.Remove()

	var sum int32
	if err := i.CallFunction("sum", &sum, 3, 2); err != nil {
		return err
	}
	fmt.Println("sum:", sum)

	var hello string
	if err := i.CallFunction("hello", &hello, "Nic"); err != nil {
		return err
	}
	fmt.Println("hello:", hello)

	var reversed []byte
	if err := i.CallFunction("reverse", &reversed, []byte{1, 2, 3}); err != nil {
		return err
	}
	fmt.Println("reverse:", strings.ReplaceAll(fmt.Sprint(reversed), " ", ", "))

	var answer string
	if err := i.CallFunction("callback", &answer); err != nil {
		return err
	}
	fmt.Println("callback:", answer)

	if err := i.CallFunction("fail", nil); err != nil {
		fmt.Println("fail:", err)
	} else {
		fmt.Println("fail: no error")
	}

	var written string
	if err := i.CallFunction("workspace", &written, "Nic"); err != nil {
		return err
	}
	fmt.Println("workspace:", written)
	out, err := os.ReadFile(filepath.Join(workspace, "out.txt"))
	if err != nil {
		return err
	}
	fmt.Printf("out.txt: %s\n", out)
	return nil
}
