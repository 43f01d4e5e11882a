package engine_test

import (
	"math"
	"math/big"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/nicholasjackson/wasp/bindings/go/engine"
)

// numberKinds gives back what it is given, and what the host answers.
func numberKinds() []byte {
	kinds := []string{"i32", "i64", "f32", "f64"}
	var imports, functions strings.Builder
	for _, kind := range kinds {
		r := strings.NewReplacer("KIND", kind)
		imports.WriteString(r.Replace(`(import "host" "KIND" (func $KIND (result KIND)))`))
		functions.WriteString(r.Replace(`(func (export "KIND") (param KIND) (result KIND) (local.get 0))
			(func (export "asks KIND") (result KIND) (call $KIND))`))
	}
	return module(imports.String(), functions.String())
}

// givenNumbers returns what Go has as this number.
func givenNumbers(t *testing.T, ty, text string) (given []any) {
	if ty == "float" {
		number, err := strconv.ParseFloat(text, 64)
		check(t, err)
		return []any{number}
	}
	number, ok := new(big.Int).SetString(text, 10)
	equal(t, ok, true)
	if number.IsInt64() {
		given = append(given, number.Int64())
	}
	if number.IsUint64() {
		given = append(given, number.Uint64())
		if number.Uint64() <= math.MaxUint32 {
			given = append(given, uint32(number.Uint64()))
		}
	}
	return given
}

// TestNumbers reads the cases of docs/numbers.md.
func TestNumbers(t *testing.T) {
	cases, err := os.ReadFile("../../../docs/numbers.txt")
	if os.IsNotExist(err) {
		t.Skip("the cases are in wasp's repository")
	}
	check(t, err)
	config := engine.PluginConfig{Callbacks: &engine.Callbacks{}}
	config.Callbacks.AddCallback("host", "i32", func() int32 { return 0 })
	config.Callbacks.AddCallback("host", "i64", func() int64 { return 0 })
	config.Callbacks.AddCallback("host", "f32", func() float32 { return 0 })
	config.Callbacks.AddCallback("host", "f64", func() float64 { return 0 })
	i := instance(t, numberKinds(), &config)
	for _, line := range strings.Split(strings.TrimSpace(string(cases)), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		column := strings.Fields(line)
		for _, number := range givenNumbers(t, column[0], column[1]) {
			var got string
			switch kind := column[2]; kind {
			case "i32", "i64":
				var out int64
				err = i.CallFunction(kind, &out, number)
				got = strconv.FormatInt(out, 10)
			default:
				var out, wanted float64
				err = i.CallFunction(kind, &out, number)
				if column[3] != "refused" {
					wanted, _ = strconv.ParseFloat(column[3], 64)
				}
				got = strconv.FormatFloat(out, 'g', -1, 64)
				if math.Float64bits(out) == math.Float64bits(wanted) || math.IsNaN(out) && math.IsNaN(wanted) {
					got = column[3]
				}
			}
			if err != nil {
				got = "refused"
			}
			if got != column[3] {
				t.Errorf("%s: %T gave %s, %v", line, number, got, err)
			}
		}
	}
}

func TestIntegersWithoutSign(t *testing.T) {
	var answer uint64
	config := engine.PluginConfig{Callbacks: &engine.Callbacks{}}
	config.Callbacks.AddCallback("host", "i32", func() int { return math.MaxUint32 })
	config.Callbacks.AddCallback("host", "i64", func() uint64 { return answer })
	config.Callbacks.AddCallback("host", "f32", func() float32 { return 0 })
	config.Callbacks.AddCallback("host", "f64", func() float64 { return -1 })
	i := instance(t, numberKinds(), &config)
	var narrow uint32
	var wide uint64
	var native uint
	check(t, i.CallFunction("asks i32", &narrow))
	equal(t, narrow, math.MaxUint32)
	check(t, i.CallFunction("asks i32", &wide))
	equal(t, wide, math.MaxUint32)
	check(t, i.CallFunction("i64", &narrow, uint32(math.MaxUint32)))
	equal(t, narrow, math.MaxUint32)
	for _, answer = range []uint64{0, 1 << 63, math.MaxUint64} {
		check(t, i.CallFunction("asks i64", &wide))
		equal(t, wide, answer)
		check(t, i.CallFunction("asks i64", &native))
		equal(t, native, uint(answer))
	}
	wide, narrow = 7, 7
	wants(t, i.CallFunction("asks f64", &wide), engine.KindSignature, "its result -1 does not fit *uint64")
	wants(t, i.CallFunction("i64", &narrow, 1<<32), engine.KindSignature, "its result 4294967296 does not fit *uint32")
	equal(t, wide, 7)
	equal(t, narrow, 7)
}
