package engine_test

import (
	"encoding/json"
	"testing"

	"github.com/nicholasjackson/wasp/bindings/go/engine"
)

// extism is a plugin of Extism.
var extism = []byte(`(module
	(import "extism:host/env" "input_offset" (func $input (result i64)))
	(import "extism:host/env" "length" (func $length (param i64) (result i64)))
	(import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
	(import "extism:host/env" "error_set" (func $error_set (param i64)))
	(import "extism:host/env" "config_get" (func $config_get (param i64) (result i64)))
	(import "extism:host/env" "http_request" (func $http_request (param i64 i64) (result i64)))
	(import "extism:host/user" "greet" (func $greet (param i64) (result i64)))
	(func $output (param i64) (call $output_set (local.get 0) (call $length (local.get 0))))
	(func (export "echo") (result i32) (call $output (call $input)) (i32.const 0))
	(func (export "config") (result i32) (call $output (call $config_get (call $input))) (i32.const 0))
	(func (export "greet") (result i32) (call $output (call $greet (call $input))) (i32.const 0))
	(func (export "get") (result i32) (call $output (call $http_request (call $input) (i64.const 0))) (i32.const 0))
	(func (export "fail") (result i32) (call $error_set (call $input)) (i32.const 1)))`)

func TestExtism(t *testing.T) {
	callbacks := &engine.Callbacks{}
	callbacks.AddCallback("extism:host/user", "greet", func(name string) string { return "Hello " + name })
	callbacks.AddCallback("extism:host/env", "http_request", func(request json.RawMessage, body []byte) []byte {
		return append([]byte("answer to "), request...)
	})
	config := &engine.PluginConfig{Callbacks: callbacks, Config: map[string]string{"key": "value", "other": ""}}
	i := instance(t, extism, config)
	for _, want := range [][3]string{
		{"echo", "", ""},
		{"echo", "text", "text"},
		{"config", "key", "value"},
		{"config", "missing", ""},
		{"greet", "Nic", "Hello Nic"},
		{"get", `{"url": "x"}`, `answer to {"url": "x"}`},
	} {
		var text string
		check(t, i.CallFunction(want[0], &text, want[1]))
		equal(t, text, want[2])
		var data []byte
		check(t, i.CallFunction(want[0], &data, []byte(want[1])))
		equal(t, string(data), want[2])
	}
	var same map[string]int
	check(t, i.CallFunction("echo", &same, map[string]int{"a": 1}))
	equal(t, same["a"], 1)
	wants(t, i.CallFunction("fail", nil, "why"), engine.KindGuest, "why")
	wants(t, i.CallFunction("echo", nil, 1), engine.KindSignature, "takes string, bytes or json")
	check(t, i.CallFunction("echo", nil))
	equal(t, i.Functions()[0].Name, "echo")
}

func TestExtismHTTPIsDenied(t *testing.T) {
	callbacks := &engine.Callbacks{}
	callbacks.AddCallback("extism:host/user", "greet", func(name string) string { return name })
	i := instance(t, extism, &engine.PluginConfig{Callbacks: callbacks})
	wants(t, i.CallFunction("get", nil, `{"url": "http://example.org"}`), engine.KindCallback, `HTTP request to "http://example.org" is not allowed`)
}
