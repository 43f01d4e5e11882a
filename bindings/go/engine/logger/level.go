package logger

// Level is the importance of a line: the lower, the more important.
type Level uint32

// The levels, with libwasp's numbers.
const (
	LevelError Level = iota + 1
	LevelInfo
	LevelDebug
	LevelTrace
)
