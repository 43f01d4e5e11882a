// Package logger connects the engine to the log of its host, whichever that is.
package logger

// LogFunc takes a message and the values that belong to it, as alternating names and values: the form of hclog's, slog's and
// most structured loggers' methods.
type LogFunc func(message string, params ...interface{})

// Wrapper holds a function for each level. Nil functions are levels that nobody hears; the engine then doesn't even make
// those lines, which is worth it for debug and trace, since each call has several of them.
//
// Its functions may be called by several goroutines at once.
type Wrapper struct {
	info  LogFunc
	debug LogFunc
	err   LogFunc
	trace LogFunc
}

// New makes a Wrapper. Any function may be nil.
func New(info, debug, err, trace LogFunc) *Wrapper {
	return &Wrapper{info: info, debug: debug, err: err, trace: trace}
}

// Info tells what an operator wants to see, as the lines that a plugin prints.
func (w *Wrapper) Info(message string, params ...interface{}) { w.Log(LevelInfo, message, params...) }

// Debug tells of each call, callback and block of guest memory.
func (w *Wrapper) Debug(message string, params ...interface{}) { w.Log(LevelDebug, message, params...) }

// Error tells of failures.
func (w *Wrapper) Error(message string, params ...interface{}) { w.Log(LevelError, message, params...) }

// Trace tells everything else.
func (w *Wrapper) Trace(message string, params ...interface{}) { w.Log(LevelTrace, message, params...) }

// Log calls the function of that level, if there is one. A nil Wrapper has none.
func (w *Wrapper) Log(level Level, message string, params ...interface{}) {
	if log := w.function(level); log != nil {
		log(message, params...)
	}
}

// Level is the least important level that has a function, and 0 if none has.
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
