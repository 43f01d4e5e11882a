//go:build cgo

package engine

// #include "ffi.h"
import "C"

// Compile compiles a module ahead of time into the file at path, for [Wasm.RegisterCompiled] with the same version of wasp, the same
// compiler and a processor of the same kind. Other processes see all of the file or nothing.
func (w *Wasm) Compile(module []byte, path string) error {
	if err := w.enter(); err != nil {
		return err
	}
	defer w.leave()
	if err := C.wasp_go_compile(w.handle, data(module), C.size_t(len(module)), text(path), C.size_t(len(path))); err != nil {
		return consumeError(err)
	}
	return nil
}

// RegisterCompiled registers a plugin from a file that [Wasm.Compile] or the command wasp compile wrote, as [Wasm.RegisterPlugin] does.
//
// The file runs as code, outside every sandbox: damage is found, but not malice, so its author must be trusted as much as this program.
// A file that is damaged or was made by another version, compiler or processor is an error of KindCompile.
func (w *Wasm) RegisterCompiled(name, path string, config *PluginConfig) error {
	return w.register(config, func(given *C.wasp_config) C.wasp_go_outcome {
		return C.wasp_go_register_compiled(w.handle, text(name), C.size_t(len(name)), text(path), C.size_t(len(path)), given)
	})
}
