package logger

// Level is how much a line matters: the lower, the more.
type Level uint32

// The levels, with libwasp's numbers.
const (
	LevelError Level = iota + 1
	LevelInfo
	LevelDebug
	LevelTrace
)
