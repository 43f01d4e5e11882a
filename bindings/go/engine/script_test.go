//go:build cgo

package engine_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/nicholasjackson/wasp/bindings/go/engine"
)

type person struct {
	Name string   `json:"name"`
	Tags []string `json:"tags"`
}

func script(t *testing.T, source string, config *engine.PluginConfig) engine.Instance {
	t.Helper()
	e := engine.New(nil)
	t.Cleanup(func() { _ = e.Close() })
	if err := e.RegisterScript("script", "javascript", source, config); err != nil {
		t.Fatal(err)
	}
	i, err := e.GetInstance("script", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = i.Remove() })
	return i
}

func TestScriptFromFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "greeter.js")
	source := "export function hello(name) { return `Hello ${name}` }\nexport const spin = () => { for (;;) {} }"
	if err := os.WriteFile(path, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	e := engine.New(nil)
	defer func() { _ = e.Close() }()
	if err := e.RegisterPlugin("greeter", path, nil); err != nil {
		t.Fatal(err)
	}
	if info, err := e.Plugin("greeter"); err != nil || info.Language != "javascript" {
		t.Fatal(info, err)
	}
	i, err := e.GetInstance("greeter", "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = i.Remove() }()
	var greeting string
	if err := i.CallFunction("hello", &greeting, "Nic"); err != nil || greeting != "Hello Nic" {
		t.Fatal(greeting, err)
	}
	var failed *engine.Error
	if err := i.CallFunctionWithin(50*time.Millisecond, "spin", nil); !errors.As(err, &failed) || failed.Kind != engine.KindTimeout {
		t.Fatal(err)
	}
	err = e.RegisterPlugin("p", strings.TrimSuffix(path, "js")+"py", nil)
	if err == nil || !strings.Contains(err.Error(), "two Pythons") {
		t.Fatal(err)
	}
	err = e.RegisterScript("p", "cobol", "", nil)
	if err == nil || !strings.Contains(err.Error(), `there is no script runtime "cobol"`) {
		t.Fatal(err)
	}
}

func TestScriptValues(t *testing.T) {
	i := script(t, "export const same = x => x; export const next = x => x + 1", nil)
	for _, value := range []any{
		nil, true, int32(-3), int64(1) << 40, 1.5, "Grüße", []byte{0, 255},
		map[string]any{"a": []any{1.0, nil}}, []any{}, "",
	} {
		var out any
		if err := i.CallFunction("same", &out, value); err != nil || !reflect.DeepEqual(out, value) {
			t.Errorf("%#v: %#v, %v", value, out, err)
		}
	}
	for _, value := range []any{7, int8(7), uint8(7)} {
		var number int
		if err := i.CallFunction("next", &number, value); err != nil || number != 8 {
			t.Errorf("%T: %v, %v", value, number, err)
		}
	}
	in, out := person{"Nic", []string{"a"}}, person{}
	if err := i.CallFunction("same", &out, &in); err != nil || !reflect.DeepEqual(in, out) {
		t.Error(out, err)
	}
	var raw json.RawMessage
	if err := i.CallFunction("same", &raw, json.RawMessage(`{"a":1}`)); err != nil || string(raw) != `{"a":1}` {
		t.Error(string(raw), err)
	}
	var yes bool
	if err := i.CallFunction("same", &yes, true); err != nil || !yes {
		t.Error(yes, err)
	}
	if err := i.CallFunction("same", &out, "text"); err == nil || !strings.Contains(err.Error(), "its JSON result doesn't go into a *engine_test.person") {
		t.Error(err)
	}
	if err := i.CallFunction("same", nil, map[string]any{"a": func() {}}); err == nil || !strings.Contains(err.Error(), "without a JSON") {
		t.Error(err)
	}
	var number int
	if err := i.CallFunction("same", &number, 1.5); err == nil || !strings.Contains(err.Error(), "does not fit") {
		t.Error(err)
	}
}

func TestScriptCallbacks(t *testing.T) {
	config := &engine.PluginConfig{Callbacks: &engine.Callbacks{}}
	config.Callbacks.AddCallback("env", "tag", func(p person, tag string) (person, error) {
		if tag == "" {
			return p, errors.New("no tag")
		}
		p.Tags = append(p.Tags, tag)
		return p, nil
	})
	config.Callbacks.AddCallback("env", "same", func(value any) any { return value })
	i := script(t, `import { tag, same } from "wasp:env"
		export const f = t => tag({name: "Nic", tags: []}, t)
		export const g = x => same(x)`, config)
	var out person
	if err := i.CallFunction("f", &out, "new"); err != nil || !reflect.DeepEqual(out, person{"Nic", []string{"new"}}) {
		t.Error(out, err)
	}
	var value any
	for _, in := range []any{true, "x", map[string]any{"a": nil}} {
		if err := i.CallFunction("g", &value, in); err != nil || !reflect.DeepEqual(value, in) {
			t.Error(value, err)
		}
	}
	if err := i.CallFunction("f", nil, ""); err == nil || !strings.Contains(err.Error(), "no tag") {
		t.Error(err)
	}
}
