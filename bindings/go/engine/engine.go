package engine

// #include "ffi.h"
import "C"

import (
	"math"
	"runtime"
	"runtime/cgo"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nicholasjackson/wasp/bindings/go/engine/logger"
)

// Wasm is an engine: it holds plugins by name and makes instances of them. Any number of goroutines may use it at once.
type Wasm struct {
	handle   *C.wasp_engine
	invalid  error        // why handle is nil
	scripts  sync.Mutex   // held while a runtime of this package is registered
	runtimes string       // where the host has script runtimes; empty for this package's
	users    atomic.Int64 // calls into C that use the handle; negative once the engine is closed
	closed   atomic.Bool
	freed    atomic.Bool
	cleanup  runtime.Cleanup
}

// New returns an engine that compiles with Cranelift. An engine with a nil logger logs nothing.
func New(log *logger.Wrapper) *Wasm {
	return NewWithOptions(log, Options{})
}

// NewWithCompiler returns an engine that compiles with the given compiler. An engine with a nil logger logs nothing.
func NewWithCompiler(log *logger.Wrapper, compiler Compiler) *Wasm {
	return NewWithOptions(log, Options{Compiler: compiler})
}

// Open returns an engine with the given options, or an error of KindInvalid that says what is wrong with them. An engine with a nil
// logger logs nothing.
func Open(log *logger.Wrapper, options Options) (*Wasm, error) {
	w := NewWithOptions(log, options)
	if w.invalid != nil {
		return nil, w.invalid
	}
	return w, nil
}

// NewWithOptions returns an engine with the given options. An engine with a nil logger logs nothing. If the options are invalid,
// the first RegisterPlugin returns the error; [Open] returns it at once.
func NewWithOptions(log *logger.Wrapper, options Options) *Wasm {
	var handle cgo.Handle // libwasp frees it, also on failure
	if log.Level() != 0 {
		handle = cgo.NewHandle(log)
	}
	if options.Stdio == 0 {
		options.Stdio = StdioOutput
	}
	cache, runtimes := options.CacheDirectory, options.RuntimeDirectory
	made := C.wasp_go_engine_new(C.wasp_compiler(options.Compiler), C.wasp_stdio(options.Stdio),
		text(cache), C.size_t(len(cache)), text(runtimes), C.size_t(len(runtimes)), C.bool(options.KernelFaultCounts), C.wasp_log_level(log.Level()), C.uintptr_t(handle))
	if made.error != nil {
		return &Wasm{invalid: consumeError(made.error)}
	}
	w := &Wasm{handle: made.engine, runtimes: runtimes}
	w.cleanup = runtime.AddCleanup(w, freeEngine, made.engine)
	return w
}

// RegisterPlugin compiles the WebAssembly module in the file at path, in the binary or the text format, checks that config
// provides everything it imports, and runs its start-up once. A plugin with a nil config is given nothing.
//
// A plugin that is already registered under this name is replaced for new instances. On failure nothing changes. If imports
// are missing, the error wraps an [ImportNotFoundError] for each of them.
//
// A file that ends in .js, .mjs or .lua is a script in that language; see [Wasm.RegisterScript].
func (w *Wasm) RegisterPlugin(name, path string, config *PluginConfig) error {
	if language := scriptLanguage(path); language != "" {
		if err := w.provideRuntime(language); err != nil {
			return err
		}
	}
	return w.register(config, func(given *C.wasp_config) C.wasp_go_outcome {
		return C.wasp_go_register_file(w.handle, text(name), C.size_t(len(name)), text(path), C.size_t(len(path)), given)
	})
}

// RegisterPluginBytes registers a module that is in memory, such as one from go:embed; see [Wasm.RegisterPlugin].
func (w *Wasm) RegisterPluginBytes(name string, module []byte, config *PluginConfig) error {
	return w.register(config, func(given *C.wasp_config) C.wasp_go_outcome {
		return C.wasp_go_register(w.handle, text(name), C.size_t(len(name)), data(module), C.size_t(len(module)), given)
	})
}

func (w *Wasm) register(config *PluginConfig, register func(*C.wasp_config) C.wasp_go_outcome) error {
	if err := w.enter(); err != nil {
		return err
	}
	defer w.leave()
	given, err := config.translate()
	if err != nil {
		return err
	}
	for {
		handle := given.handle()
		err := asError(register(handle), "")
		C.wasp_config_free(handle)
		if err == nil || !given.widen(err) {
			return err
		}
	}
}

// UnregisterPlugin removes a plugin from the engine. Its instances stay usable. An unknown name is an error of
// KindPluginNotFound.
func (w *Wasm) UnregisterPlugin(name string) error {
	if err := w.enter(); err != nil {
		return err
	}
	defer w.leave()
	if err := C.wasp_go_unregister(w.handle, text(name), C.size_t(len(name))); err != nil {
		return consumeError(err)
	}
	return nil
}

// GetInstance returns a new instance of a plugin, with its own memory. The instance sees the host directory workspaceDir as
// /workspace; an empty string means no workspace. Release the instance with [Instance.Remove].
func (w *Wasm) GetInstance(name, workspaceDir string) (Instance, error) {
	// Small enough to be inlined: the compiler then sees which Instance it is and need not allocate for its calls.
	i, err := w.instance(name, workspaceDir)
	if err != nil {
		return nil, err
	}
	return i, nil
}

func (w *Wasm) instance(name, workspaceDir string) (*instance, error) {
	if err := w.enter(); err != nil {
		return nil, err
	}
	maybeGC()
	made := w.makeInstance(name, workspaceDir)
	// Instances that nobody removed keep what is missing until they are collected, and a moment longer.
	for try := range 5 {
		if !isErr(made.outcome) || ErrorKind(C.wasp_error_kind(made.outcome.error)) != KindResource {
			break
		}
		C.wasp_error_free(made.outcome.error)
		runtime.GC()
		time.Sleep(time.Duration(try) * time.Millisecond)
		made = w.makeInstance(name, workspaceDir)
	}
	w.leave()
	if isErr(made.outcome) {
		return nil, asError(made.outcome, "")
	}
	return newInstance(name, made.instance), nil
}

func (w *Wasm) makeInstance(name, workspaceDir string) C.wasp_go_new_instance {
	return C.wasp_go_instance_new(w.handle, text(name), C.size_t(len(name)), text(workspaceDir), C.size_t(len(workspaceDir)))
}

// ClaimSignals puts wasp's signal handlers back in front, if something else than Go has replaced them since the first plugin was
// registered: C code with a crash reporter, which would take a plugin's trap for a crash of the program. RegisterPlugin does this
// too.
func ClaimSignals() {
	C.wasp_claim_signals()
}

// Close frees the engine, or leaves that to the last call that is using it. Its instances stay usable. Closing it again does
// nothing.
func (w *Wasm) Close() error {
	if w.invalid == nil && w.closed.CompareAndSwap(false, true) && w.users.Add(math.MinInt64) == math.MinInt64 {
		w.free()
	}
	return nil
}

// enter keeps the handle alive until leave is called.
func (w *Wasm) enter() error {
	if w.invalid != nil {
		return w.invalid
	}
	if w.users.Add(1) < 0 {
		w.leave()
		return invalid("the engine is closed")
	}
	return nil
}

func (w *Wasm) leave() {
	if w.users.Add(-1) == math.MinInt64 {
		w.free()
	}
}

func (w *Wasm) free() {
	if w.freed.CompareAndSwap(false, true) {
		w.cleanup.Stop()
		freeEngine(w.handle)
	}
}

func freeEngine(handle *C.wasp_engine) { C.wasp_engine_free(handle) }
