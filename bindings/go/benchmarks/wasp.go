package benchmarks

import "github.com/nicholasjackson/wasp/bindings/go/engine"

// wasp is an engine with the plugin, and the callback that the example plugins want.
func wasp(path string) (*engine.Wasm, error) {
	e := engine.New(nil)
	callbacks := &engine.Callbacks{}
	callbacks.AddCallback("env", "call_me", func(name string) string { return "Hello " + name })
	return e, e.RegisterPlugin("plugin", path, &engine.PluginConfig{Callbacks: callbacks})
}
