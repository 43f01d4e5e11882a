//go:build cgo

package engine

import "strconv"

// ErrorKind says what kind of thing went wrong.
type ErrorKind uint32

// The kinds of errors, with libwasp's numbers.
const (
	// KindInvalid is a wrong argument: a callback that is no function, a value that has no kind, an option out of range.
	KindInvalid ErrorKind = iota + 1
	// KindIO is a file or directory of the host that can't be used.
	KindIO
	// KindCompile is a file that is not a module that wasp can compile.
	KindCompile
	// KindImportNotFound is an import that no callback provides, or with another type; see [ImportNotFoundError].
	KindImportNotFound
	// KindPluginNotFound is a name that no plugin was registered with.
	KindPluginNotFound
	// KindFunctionNotFound is a function that the plugin doesn't export; see [FunctionNotFoundError].
	KindFunctionNotFound
	// KindSignature is arguments or a result that don't fit the function.
	KindSignature
	// KindABI is a plugin that broke the ABI: a pointer outside its memory, a string without end or not UTF-8.
	KindABI
	// KindTrap is a plugin that trapped: unreachable, out of bounds, division by zero, stack overflow.
	KindTrap
	// KindGuest is an error that the plugin raised itself; the message is its text.
	KindGuest
	// KindAbort is a plugin that aborted, as AssemblyScript does.
	KindAbort
	// KindExit is a plugin that exited.
	KindExit
	// KindCallback is a callback that returned an error; errors.As and errors.Is see that one too.
	KindCallback
	// KindTimeout is a call that ran past its time limit.
	KindTimeout
	// KindCancelled is a call that its context ended; errors.Is sees what the context says.
	KindCancelled
	// KindResource is a limit, or the machine, that has no more to give.
	KindResource
	// KindPoisoned is an instance that was stopped half-way by an earlier call and must be Reset first.
	KindPoisoned
	// KindBusy is an instance that runs a call already.
	KindBusy
	// KindInternal is a defect of wasp itself.
	KindInternal
)

var kindNames = [...]string{
	KindInvalid: "invalid", KindIO: "io", KindCompile: "compile", KindImportNotFound: "import not found",
	KindPluginNotFound: "plugin not found", KindFunctionNotFound: "function not found", KindSignature: "signature",
	KindABI: "abi", KindTrap: "trap", KindGuest: "guest", KindAbort: "abort", KindExit: "exit", KindCallback: "callback",
	KindTimeout: "timeout", KindCancelled: "cancelled", KindResource: "resource", KindPoisoned: "poisoned", KindBusy: "busy",
	KindInternal: "internal",
}

// String is the kind's name.
func (k ErrorKind) String() string {
	if k >= KindInvalid && int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "kind " + strconv.Itoa(int(k))
}
