package engine_test

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/nicholasjackson/wasp/bindings/go/engine"
	"github.com/nicholasjackson/wasp/bindings/go/engine/logger"
)

type lines struct {
	sync.Mutex
	all []string
}

func (l *lines) log(level string) logger.LogFunc {
	return func(message string, params ...any) {
		l.Lock()
		defer l.Unlock()
		line := level + " " + message
		for n := 0; n < len(params); n += 2 {
			value := fmt.Sprint(params[n+1])
			if name := params[n].(string); name == "addr" || name == "time taken" {
				value = "?"
			}
			line += fmt.Sprintf(" %v=%v", params[n], value)
		}
		l.all = append(l.all, line)
	}
}

func TestLog(t *testing.T) {
	all := &lines{}
	e := engine.New(logger.New(all.log("info"), all.log("debug"), all.log("error"), all.log("trace")))
	defer e.Close()
	plugin := module(`(import "env" "f" (func $f (param i32) (result i32))) (import "env" "raise_error" (func $fail (param i32)))`,
		`(func (export "call") (param i32) (result i32) (call $f (local.get 0)))
		(func (export "trap") unreachable)
		(data (i32.const 100) "no luck\00")
		(func (export "fail") (call $fail (i32.const 100)))`)
	check(t, e.RegisterPluginBytes("p", plugin, callbacks("f", func(s string) string { return s + "!" })))
	i := open(t, e, "p", "")
	var got string
	all.all = nil
	check(t, i.CallFunction("call", &got, "Nic"))
	i.CallFunction("fail", nil)
	i.CallFunction("trap", nil)
	text := strings.Join(all.all, "\n")
	for _, want := range []string{
		`debug Allocated memory in host size=4 addr=?`,
		`debug Calling function name=call inputParam=`,
		`debug Callback called namespace=env name=f args=`,
		`debug Called callback function namespace=env name=f out=`,
		`debug Got string from memory addr=? result=Nic!`,
		`debug Deallocated module instance memory addr=? size=4`,
		`debug Called function name=call response=`,
		`debug Error raised by plugin error=no luck`,
		`error Calling function failed name=trap error=`,
	} {
		if !strings.Contains("\n"+text, "\n"+want) {
			t.Errorf("no line %q in\n%s", want, text)
		}
	}
}

func TestLogLevels(t *testing.T) {
	for _, c := range []struct {
		levels string
		want   string
	}{{"", ""}, {"e", "error"}, {"i", ""}, {"ei", "error"}, {"t", ""}, {"d", "debug"}, {"eidt", "debug error"}} {
		all := &lines{}
		level := func(letter, name string) logger.LogFunc {
			if strings.Contains(c.levels, letter) {
				return all.log(name)
			}
			return nil
		}
		e := engine.New(logger.New(level("i", "info"), level("d", "debug"), level("e", "error"), level("t", "trace")))
		check(t, e.RegisterPluginBytes("p", failing, nil))
		i := open(t, e, "p", "")
		i.CallFunction("fine", nil)
		i.CallFunction("trap", nil)
		heard := map[string]bool{}
		for _, line := range all.all {
			heard[strings.Fields(line)[0]] = true
		}
		got := []string{}
		for _, name := range []string{"debug", "error"} {
			if heard[name] {
				got = append(got, name)
			}
		}
		equal(t, strings.Join(got, " "), c.want)
		check(t, e.Close())
	}
	check(t, engine.New(logger.New(nil, nil, nil, nil)).Close())
	equal(t, (*logger.Wrapper)(nil).Level(), 0)
}

// A logger that panics loses that line; one that ends its goroutine loses the instance.
func TestLoggerPanics(t *testing.T) {
	e := engine.New(logger.New(nil, func(string, ...any) { panic("full disk") }, nil, nil))
	defer e.Close()
	check(t, e.RegisterPluginBytes("p", echoes, nil))
	var n int
	check(t, open(t, e, "p", "").CallFunction("i32", &n, 3))
	equal(t, n, 3)

	end := false
	quitter := engine.New(logger.New(nil, func(string, ...any) {
		if end {
			runtime.Goexit()
		}
	}, nil, nil))
	check(t, quitter.RegisterPluginBytes("p", echoes, nil))
	i, err := quitter.GetInstance("p", "")
	check(t, err)
	end = true
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		i.CallFunction("i32", &n, 3)
	}()
	<-ended
	check(t, open(t, e, "p", "").CallFunction("i32", &n, 4))
	equal(t, n, 4)
}

// As the original's plugins did, they print to the output of this process. Its input isn't theirs.
func TestStdioIsOutputByDefault(t *testing.T) {
	if os.Getenv("WASP_TEST_CHILD") != "" {
		e := newEngine(t)
		reads := module(`(import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
			(import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))`,
			`(data (i32.const 100) "from the guest\n") (data (i32.const 200) "\64\00\00\00\0f\00\00\00")
			(func (export "run") (result i32)
				(drop (call $write (i32.const 1) (i32.const 200) (i32.const 1) (i32.const 300)))
				(drop (call $read (i32.const 0) (i32.const 200) (i32.const 1) (i32.const 300)))
				(i32.load (i32.const 300)))`)
		check(t, e.RegisterPluginBytes("p", reads, nil))
		var n int
		check(t, open(t, e, "p", "").CallFunction("run", &n))
		equal(t, n, 0)
		return
	}
	self := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	self.Env = append(os.Environ(), "WASP_TEST_CHILD=1")
	self.Stdin = strings.NewReader("secret")
	text, err := self.Output()
	check(t, err)
	if !strings.Contains(string(text), "from the guest\n") {
		t.Fatal(string(text))
	}
}

func TestStdio(t *testing.T) {
	all := &lines{}
	log := logger.New(all.log("info"), nil, all.log("error"), nil)
	e := engine.NewWithOptions(log, engine.Options{Stdio: engine.StdioLog})
	defer e.Close()
	prints := module(`(import "wasi_unstable" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))`,
		`(data (i32.const 100) "hello\n") (data (i32.const 200) "\64\00\00\00\06\00\00\00")
		(func (export "print") (param $fd i32)
			(drop (call $write (local.get $fd) (i32.const 200) (i32.const 1) (i32.const 300))))`)
	check(t, e.RegisterPluginBytes("p", prints, nil))
	i := open(t, e, "p", "")
	check(t, i.CallFunction("print", nil, 1))
	check(t, i.CallFunction("print", nil, 2))
	equal(t, strings.Join(all.all, ", "),
		"info StdOut.Write from Wasm module plugin=p message=hello, error StdErr.Write from Wasm module plugin=p message=hello")
}
