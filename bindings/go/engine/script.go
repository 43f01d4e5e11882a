//go:build cgo

package engine

// #include "ffi.h"
import "C"

import (
	"embed"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
)

// runtimes are the script runtimes that lib.sh puts here.
//
//go:embed runtimes
var runtimes embed.FS

// RegisterScript registers the text of a script in a language, "javascript", "lua" or "pocketpy", a small Python, as a plugin. It is loaded once, and
// every instance starts from what that left. Its functions are called like those of any plugin; those whose kinds it doesn't declare
// take and return any value. What is neither a string, []byte, bool nor a number passes as JSON, by encoding/json, both ways; a
// result is stored in an *any as it is.
//
// language may also be the name of a script runtime that was registered as a plugin. What the script throws while it is loaded,
// such as a syntax error, is an error of KindGuest with its place.
func (w *Wasm) RegisterScript(name, language, source string, config *PluginConfig) error {
	if err := w.provideRuntime(language); err != nil {
		return err
	}
	return w.register(config, func(given *C.wasp_config) C.wasp_go_outcome {
		return C.wasp_go_register_script(w.handle, text(name), C.size_t(len(name)), text(language), C.size_t(len(language)),
			text(source), C.size_t(len(source)), given)
	})
}

// scriptLanguage returns the language of the script in a file, as libwasp knows it by the ending; empty where it is none.
func scriptLanguage(path string) string {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".js", ".mjs":
		return "javascript"
	case ".lua":
		return "lua"
	}
	return ""
}

// provideRuntime registers this package's runtime of a language, under the name by which libwasp looks for it, unless that is done or
// there is another one.
func (w *Wasm) provideRuntime(language string) error {
	w.scripts.Lock()
	defer w.scripts.Unlock()
	own := "wasp:" + language
	if w.hasPlugin(own) || w.hasPlugin(language) || w.runtimes != "" {
		return nil
	}
	module, err := runtimes.ReadFile("runtimes/" + language + ".wasm")
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return nil // libwasp says so
	}
	if err != nil {
		return err
	}
	// Its instances are the scripts', so that none of its own is kept.
	return w.RegisterPluginBytes(own, module, nil)
}

// hasPlugin returns whether a plugin is registered under that name.
func (w *Wasm) hasPlugin(name string) bool {
	_, err := w.Plugin(name)
	return err == nil
}
