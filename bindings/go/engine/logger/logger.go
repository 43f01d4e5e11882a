// Package logger connects the engine to the logging library of its host.
package logger

// LogFunc takes a message and the values that belong to it, as alternating names and values: the form of hclog's, slog's and
// most structured loggers' methods.
type LogFunc func(message string, params ...interface{})

// Wrapper holds a function for each level. A level with a nil function is disabled: the engine doesn't format its lines. This
// matters for debug and trace, which have several lines for each call.
//
// Its functions may be called by several goroutines at once.
type Wrapper struct {
	info  LogFunc
	debug LogFunc
	err   LogFunc
	trace LogFunc
}

// New returns a Wrapper. Any function may be nil.
func New(info, debug, err, trace LogFunc) *Wrapper {
	return &Wrapper{info: info, debug: debug, err: err, trace: trace}
}

// Info logs what operators look for, such as the lines that a plugin prints.
func (w *Wrapper) Info(message string, params ...interface{}) { w.Log(LevelInfo, message, params...) }

// Debug logs each call, callback and block of guest memory.
func (w *Wrapper) Debug(message string, params ...interface{}) { w.Log(LevelDebug, message, params...) }

// Error logs failures.
func (w *Wrapper) Error(message string, params ...interface{}) { w.Log(LevelError, message, params...) }

// Trace logs everything else.
func (w *Wrapper) Trace(message string, params ...interface{}) { w.Log(LevelTrace, message, params...) }

// Log calls the function of the level, if there is one. A nil Wrapper has none.
func (w *Wrapper) Log(level Level, message string, params ...interface{}) {
	if log := w.function(level); log != nil {
		log(message, params...)
	}
}

// Level returns the least important level that has a function, or 0 if none has.
func (w *Wrapper) Level() Level {
	for level := LevelTrace; level > 0; level-- {
		if w.function(level) != nil {
			return level
		}
	}
	return 0
}

func (w *Wrapper) function(level Level) LogFunc {
	if w == nil {
		return nil
	}
	switch level {
	case LevelError:
		return w.err
	case LevelInfo:
		return w.info
	case LevelDebug:
		return w.debug
	case LevelTrace:
		return w.trace
	}
	return nil
}
