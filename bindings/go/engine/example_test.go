package engine_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"time"

	"github.com/nicholasjackson/wasp/bindings/go/engine"
	"github.com/nicholasjackson/wasp/bindings/go/engine/logger"
)

func Example() {
	e := engine.New(nil)
	defer e.Close()

	callbacks := &engine.Callbacks{}
	callbacks.AddCallback("env", "greeting", func(name string) string { return "Hello " + name })
	err := e.RegisterPlugin("greeter", "testdata/greeter.wat", &engine.PluginConfig{Callbacks: callbacks})
	if err != nil {
		log.Fatal(err)
	}

	i, err := e.GetInstance("greeter", "")
	if err != nil {
		log.Fatal(err)
	}
	defer i.Remove()

	var sum int
	if err := i.CallFunction("sum", &sum, 3, 2); err != nil {
		log.Fatal(err)
	}
	var greeting string
	if err := i.CallFunction("greet", &greeting, "Nic"); err != nil {
		log.Fatal(err)
	}
	fmt.Println(sum, greeting)
	// Output: 5 Hello Nic
}

// The functions of hclog, slog and most structured loggers fit as they are. A level without a function costs nothing.
func ExampleNew() {
	l := slog.Default()
	e := engine.New(logger.New(l.Info, nil, l.Error, nil))
	defer e.Close()
}

func ExampleNewWithOptions() {
	e := engine.NewWithOptions(nil, engine.Options{
		Compiler: engine.CompilerSinglepass,
		Stdio:    engine.StdioNone,
	})
	defer e.Close()
}

func ExampleCallbacks_AddCallback() {
	users := map[int64]string{7: "Nic"}
	callbacks := &engine.Callbacks{}
	callbacks.AddCallback("env", "user_name", func(ctx context.Context, id int64) (string, error) {
		name, ok := users[id]
		if !ok {
			return "", fmt.Errorf("there is no user %d", id)
		}
		return name, nil
	})
	callbacks.AddCallback("env", "now", func() int64 { return time.Now().Unix() })
	callbacks.AddCallback("env", "debug", func(message string) { log.Print(message) })
}

func ExampleImportNotFoundError() {
	e := engine.New(nil)
	defer e.Close()
	err := e.RegisterPlugin("greeter", "testdata/greeter.wat", nil)
	var missing engine.ImportNotFoundError
	if errors.As(err, &missing) {
		fmt.Println("the plugin needs", missing.Module, missing.Name)
	}
	// Output: the plugin needs env greeting
}

func ExampleInstance_callFunctionContext() {
	e := engine.New(nil)
	defer e.Close()
	callbacks := &engine.Callbacks{}
	callbacks.AddCallback("env", "greeting", func(name string) string { return "Hello " + name })
	config := &engine.PluginConfig{Callbacks: callbacks, Limits: engine.Limits{MemoryBytes: 16 << 20}}
	if err := e.RegisterPlugin("greeter", "testdata/greeter.wat", config); err != nil {
		log.Fatal(err)
	}
	i, err := e.GetInstance("greeter", "")
	if err != nil {
		log.Fatal(err)
	}
	defer i.Remove()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	err = i.CallFunctionContext(ctx, "spin", nil)
	fmt.Println(errors.Is(err, context.DeadlineExceeded))

	// It was stopped half-way.
	var failed *engine.Error
	if errors.As(i.CallFunction("spin", nil), &failed) {
		fmt.Println(failed.Kind)
	}
	if err := i.Reset(); err != nil {
		log.Fatal(err)
	}
	var sum int
	err = i.CallFunction("sum", &sum, 3, 2)
	fmt.Println(sum, err)
	// Output:
	// true
	// poisoned
	// 5 <nil>
}

func ExampleError() {
	e := engine.New(nil)
	defer e.Close()
	module := []byte(`(module (func $inner unreachable) (func $outer (export "run") (call $inner)))`)
	if err := e.RegisterPluginBytes("broken", module, nil); err != nil {
		log.Fatal(err)
	}
	i, err := e.GetInstance("broken", "")
	if err != nil {
		log.Fatal(err)
	}
	defer i.Remove()
	var failed *engine.Error
	if errors.As(i.CallFunction("run", nil), &failed) {
		fmt.Println(failed)
		for _, frame := range failed.Trace {
			fmt.Println("\t" + frame.Function)
		}
	}
	// Output:
	// plugin "broken", function "run": unreachable
	// 	inner
	// 	outer
}
