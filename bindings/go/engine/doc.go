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
// Of this process, its files and its environment, a plugin sees what its [PluginConfig] and its workspace give it, and the
// standard streams unless [Options] say otherwise. What it may use is bounded by [Limits].
//
// # Instances are cheap
//
// An instance is made from a snapshot of the plugin after its start-up, in about a microsecond. So make one for each request or
// tenant, and Remove it afterwards, rather than sharing one.
//
// # Calls
//
// A number is passed as it is and becomes the type that the function has, if it fits exactly. Strings and []byte are copied
// into the plugin's memory and its results out of it. A call with numbers allocates nothing here, one with a string as its
// result allocates that; outputs and parameters that your code makes for a call are its own.
//
// # Errors
//
// Every error is an [*Error] under errors.As, with a kind to decide by and, where the plugin trapped, its stack.
// [FunctionNotFoundError] and [ImportNotFoundError] are found by errors.As too, and so is the error that a callback returned.
// A plugin that was stopped half-way leaves its instance unusable until [Instance.Reset].
//
// # Goroutines
//
// Goroutines may share an engine. An instance may move between them, but runs one call at a time: a second one is an error of
// [KindBusy]. While a plugin runs, its goroutine occupies a thread, as in any call of C.
//
// # Memory
//
// Instances and engines live outside Go's heap, so the collector doesn't know how large they are. It does free those that are
// forgotten, but late: [Instance.Remove] and [Wasm.Close] are the way.
package engine
