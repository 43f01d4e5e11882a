package engine

// #include "ffi.h"
import "C"

import (
	"fmt"
	"strings"
	"unsafe"
)

// PluginInfo is what a plugin, or a module that may become one, offers and needs.
type PluginInfo struct {
	// Functions are those that it exports, in the module's order.
	Functions []Function
	// Imports are what it imports, in the module's order.
	Imports []PluginImport
	// WASI reports whether it imports functions of WASI.
	WASI bool
	// MemoryMin is the linear memory that an instance begins with, in bytes, over all memories.
	MemoryMin uint64
	// MemoryMax is the linear memory that it may have by its own declaration, in bytes; math.MaxUint64 where it declares no maximum.
	MemoryMax uint64
	// Size is the size of the module in bytes, in the format that it was given in.
	Size uint64
	// MemoryUsed is how many bytes of the host's memory a registered plugin takes: its machine code, which plugins of the same module
	// share, and its snapshot. Its instances come on top.
	MemoryUsed uint64
	// Language is the language of the script that it is, or the name of its runtime; empty where it is no script.
	Language string
}

// PluginImport is something that a module imports.
type PluginImport struct {
	// Module is the namespace that it is imported from, and Name its name there.
	Module, Name string
	// Type is its WebAssembly type, as in errors: "(i32, i32) -> i32". What is no function begins with what it is: "memory", "table",
	// "global" or "tag".
	Type string
	// CanBeCallback reports whether a callback can have its type; Params and Result are then its kinds: those of the callback that
	// provides it, and else as its type has them, where a ValueInt32 may stand for a string or bytes.
	CanBeCallback bool
	Params        []ValueKind
	Result        ValueKind
	// Provider is what provides it.
	Provider Provider
}

// String returns the import as errors name it.
func (i PluginImport) String() string { return fmt.Sprintf("%q.%q as %s", i.Module, i.Name, i.Type) }

// Provider is what provides an import.
type Provider uint32

// The providers, with libwasp's numbers.
const (
	// ProviderMissing is nothing: only a callback can provide the import.
	ProviderMissing Provider = iota
	// ProviderCallback is a callback of the plugin's config.
	ProviderCallback
	// ProviderWASI is WASI.
	ProviderWASI
	// ProviderABI is the guest ABI, such as raise_error.
	ProviderABI
)

var providerNames = [...]string{
	ProviderMissing: "missing", ProviderCallback: "callback", ProviderWASI: "wasi", ProviderABI: "abi",
}

// String returns the provider's name, such as "callback".
func (p Provider) String() string {
	if int(p) < len(providerNames) {
		return providerNames[p]
	}
	return fmt.Sprintf("Provider(%d)", uint32(p))
}

// Inspect tells what a module, in WebAssembly's binary or its text format, offers and needs. Nothing of it is compiled, and nothing of it
// runs: it may be anybody's, and its imports may be missing. The kinds of its functions are those that it declares, where its
// wasp_signatures returns a constant. A module that isn't valid is an error of KindCompile.
func Inspect(module []byte) (*PluginInfo, error) {
	return pluginInfo(C.wasp_go_inspect(data(module), C.size_t(len(module))))
}

// InspectFile tells what the module in a file offers and needs; see [Inspect]. A file that can't be read is an error of KindIO.
func InspectFile(path string) (*PluginInfo, error) {
	return pluginInfo(C.wasp_go_inspect_file(text(path), C.size_t(len(path))))
}

// Plugin tells what the plugin of that name offers and needs, and what it takes. An unknown name is an error of KindPluginNotFound.
func (w *Wasm) Plugin(name string) (*PluginInfo, error) {
	if err := w.enter(); err != nil {
		return nil, err
	}
	defer w.leave()
	return pluginInfo(C.wasp_go_engine_plugin(w.handle, text(name), C.size_t(len(name))))
}

// Plugins returns the names of the plugins that are registered, sorted. It returns nil after Close.
func (w *Wasm) Plugins() []string {
	if w.enter() != nil {
		return nil
	}
	defer w.leave()
	told := C.wasp_go_engine_plugins(w.handle)
	if told.error != nil {
		C.wasp_error_free(told.error)
		return nil
	}
	defer C.wasp_names_free(told.names)
	names := make([]string, 0, told.names.count)
	for _, name := range unsafe.Slice(told.names.names, told.names.count) {
		names = append(names, goString(name))
	}
	return names
}

// HasPlugin reports whether a plugin is registered under that name.
func (w *Wasm) HasPlugin(name string) bool {
	if w.enter() != nil {
		return false
	}
	defer w.leave()
	return bool(C.wasp_go_engine_has(w.handle, text(name), C.size_t(len(name))))
}

// MemoryUsed returns how many bytes of the host's memory the plugins take: their machine code, once for each module, and their snapshots.
// Instances come on top.
func (w *Wasm) MemoryUsed() uint64 {
	if w.enter() != nil {
		return 0
	}
	defer w.leave()
	return uint64(C.wasp_engine_memory_used(w.handle))
}

// String tells the engine's plugins.
func (w *Wasm) String() string {
	switch {
	case w == nil:
		return "Wasm(nil)"
	case w.invalid != nil:
		return fmt.Sprintf("Wasm{invalid: %v}", w.invalid)
	case w.closed.Load():
		return "Wasm{closed}"
	}
	names := w.Plugins()
	for i, name := range names {
		names[i] = fmt.Sprintf("%q", name)
	}
	return "Wasm{plugins: [" + strings.Join(names, ", ") + "]}"
}

// pluginInfo copies what C tells, and frees it.
func pluginInfo(told C.wasp_go_info) (*PluginInfo, error) {
	if told.error != nil {
		return nil, consumeError(told.error)
	}
	defer C.wasp_plugin_info_free(told.info)
	info := &PluginInfo{
		Functions:  functions(unsafe.Slice(told.info.functions, told.info.function_count)),
		WASI:       bool(told.info.wasi),
		MemoryMin:  uint64(told.info.memory_min),
		MemoryMax:  uint64(told.info.memory_max),
		Size:       uint64(told.info.size),
		MemoryUsed: uint64(told.info.memory_used),
		Language:   goString(told.info.language),
	}
	for _, from := range unsafe.Slice(told.info.imports, told.info.import_count) {
		info.Imports = append(info.Imports, PluginImport{
			Module:        goString(from.module),
			Name:          goString(from.name),
			Type:          goString(from.type_text),
			CanBeCallback: bool(from.can_be_callback),
			Params:        kinds(from.params, from.param_count),
			Result:        ValueKind(from.result),
			Provider:      Provider(from.provider),
		})
	}
	return info, nil
}
