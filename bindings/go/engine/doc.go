// Package engine runs WebAssembly plugins: load a module, get a sandbox, call its functions with plain Go values.
//
//	e := engine.New(nil)
//	defer e.Close()
//	if err := e.RegisterPlugin("greeter", "greeter.wasm", nil); err != nil {
//		return err
//	}
//	i, err := e.GetInstance("greeter", "")
//	if err != nil {
//		return err
//	}
//	defer i.Remove()
//
//	var greeting string
//	err = i.CallFunction("greet", &greeting, "Nic")
//
// A plugin sees nothing of this process, its files and its environment but what its [PluginConfig] and its workspace give it,
// and the standard streams unless [Options] say otherwise. [Limits] bounds what it may use.
//
// # Instances are cheap
//
// An instance is made in about a microsecond, from a snapshot of the plugin after its start-up. So make one for each request or
// tenant and Remove it afterwards, rather than sharing one.
//
// # Calls
//
// A number is converted to the type of the function's parameter if it fits exactly. Strings and []byte are copied into the
// plugin's memory, and results out of it. A call with numbers allocates nothing in Go; one that returns a string allocates that
// string.
//
// # Errors
//
// errors.As finds an [*Error] in every error, with a kind to decide by and, if the plugin trapped, its stack. It also finds
// [FunctionNotFoundError], [ImportNotFoundError] and the error that a callback returned.
// A plugin that was stopped half-way leaves its instance unusable until [Instance.Reset].
//
// # Goroutines
//
// Goroutines may share an engine. An instance may move between them, but runs one call at a time: a second call returns an error
// of [KindBusy]. While a plugin runs, its goroutine occupies a thread, as in any call into C.
//
// # Memory
//
// Instances and engines live outside Go's heap, so the garbage collector doesn't know how large they are. It does free those that
// are unreachable, but late: call [Instance.Remove] and [Wasm.Close].
package engine
