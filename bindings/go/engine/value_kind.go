//go:build cgo

package engine

import "strconv"

// ValueKind is the kind of a parameter or a result.
type ValueKind uint32

// The kinds of values, with libwasp's numbers. ValueNone is no value.
const (
	ValueNone ValueKind = iota
	ValueInt32
	ValueInt64
	ValueFloat32
	ValueFloat64
	ValueString
	ValueBytes
	ValueJSON // what encoding/json takes
	ValueAny  // of a script: a value of any kind
)

var valueNames = [...]string{"none", "int32", "int64", "float32", "float64", "string", "[]byte", "json", "any"}

// String is the Go type of such values.
func (k ValueKind) String() string {
	if int(k) < len(valueNames) {
		return valueNames[k]
	}
	return "kind " + strconv.Itoa(int(k))
}
