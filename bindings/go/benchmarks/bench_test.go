package benchmarks

import (
	"bytes"
	"testing"

	"github.com/nicholasjackson/wasp/bindings/go/benchmarks/floor"
)

const (
	plugin   = "../../../build/plugins/c.wasm" // make -C examples/plugins
	pluginGo = "../../../build/plugins/go.wasm"
	echo     = "testdata/echo.wasm"
)

func BenchmarkInt(b *testing.B) {
	e, w := engines(b, plugin)
	i := check(e.GetInstance("plugin", ""))(b)
	defer i.Remove()
	var sum int32
	measure(b, "wasp", func() error { return i.CallFunction("sum", &sum, 3, 2) })
	p := check(w.instance())(b)
	measure(b, "wazero", func() error {
		_, err := p.Sum(3, 2)
		return err
	})
	measure(b, "floor", func() error { floor.Sum(3, 2); return nil })
}

func BenchmarkString(b *testing.B) {
	e, w := engines(b, plugin)
	i := check(e.GetInstance("plugin", ""))(b)
	defer i.Remove()
	measure(b, "wasp", func() error {
		var hello string
		return i.CallFunction("hello", &hello, "Nic")
	})
	p := check(w.instance())(b)
	measure(b, "wazero", func() error {
		_, err := p.Hello("Nic")
		return err
	})
	measure(b, "floor", func() error { floor.Hello("Nic"); return nil })
}

func BenchmarkBytes1MiB(b *testing.B) {
	e, w := engines(b, echo)
	data := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	i := check(e.GetInstance("plugin", ""))(b)
	defer i.Remove()
	measure(b, "wasp", func() error {
		var copied []byte
		return i.CallFunction("echo", &copied, data)
	})
	p := check(w.instance())(b)
	measure(b, "wazero", func() error {
		_, err := p.Echo(data)
		return err
	})
	measure(b, "floor", func() error { bytes.Clone(data); return nil })
}

func BenchmarkCallback(b *testing.B) {
	e, w := engines(b, plugin)
	i := check(e.GetInstance("plugin", ""))(b)
	defer i.Remove()
	measure(b, "wasp", func() error {
		var answer string
		return i.CallFunction("callback", &answer)
	})
	p := check(w.instance())(b)
	measure(b, "wazero", func() error {
		_, err := p.Callback()
		return err
	})
	measure(b, "floor", func() error { floor.Callback(); return nil })
}

func BenchmarkFreshInt(b *testing.B)      { freshInt(b, plugin) }
func BenchmarkFreshString(b *testing.B)   { freshString(b, plugin) }
func BenchmarkFreshIntGo(b *testing.B)    { freshInt(b, pluginGo) }
func BenchmarkFreshStringGo(b *testing.B) { freshString(b, pluginGo) }

func freshInt(b *testing.B, path string) {
	e, w := engines(b, path)
	measure(b, "wasp", func() error {
		i, err := e.GetInstance("plugin", "")
		if err != nil {
			return err
		}
		defer i.Remove()
		var sum int32
		return i.CallFunction("sum", &sum, 3, 2)
	})
	measure(b, "wazero", func() error {
		p, err := w.instance()
		if err != nil {
			return err
		}
		defer p.module.Close(background)
		_, err = p.Sum(3, 2)
		return err
	})
}

func freshString(b *testing.B, path string) {
	e, w := engines(b, path)
	measure(b, "wasp", func() error {
		i, err := e.GetInstance("plugin", "")
		if err != nil {
			return err
		}
		defer i.Remove()
		var hello string
		return i.CallFunction("hello", &hello, "Nic")
	})
	measure(b, "wazero", func() error {
		p, err := w.instance()
		if err != nil {
			return err
		}
		defer p.module.Close(background)
		_, err = p.Hello("Nic")
		return err
	})
}
