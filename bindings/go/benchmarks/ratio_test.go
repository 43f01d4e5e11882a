package benchmarks

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/nicholasjackson/wasp/bindings/go/engine"
)

// result is what the contenders of one benchmark need, in nanoseconds, at their best.
type result struct {
	name string
	ns   map[string]float64
}

var results []*result

func TestMain(m *testing.M) {
	code := m.Run()
	if len(results) > 0 {
		print()
	}
	os.Exit(code)
}

func print() {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\t wasp ns\t wazero ns\t floor ns\t wasp/wazero\t wasp-floor\t")
	for _, r := range results {
		wasp, wazero := r.ns["wasp"], r.ns["wazero"]
		floor, hasFloor := r.ns["floor"]
		fmt.Fprintf(table, "%s\t%.0f\t%.0f\t", r.name, wasp, wazero)
		if hasFloor {
			fmt.Fprintf(table, "%.0f\t%.2f\t%.0f\t\n", floor, wasp/wazero, wasp-floor)
		} else {
			fmt.Fprintf(table, "\t%.2f\t\t\n", wasp/wazero)
		}
	}
	table.Flush()
}

// measure runs one contender. With -count its best run counts, since what disturbs it only makes it slower.
func measure(b *testing.B, contender string, f func() error) {
	name := strings.TrimPrefix(b.Name(), "Benchmark")
	b.Run(contender, func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := f(); err != nil {
				b.Fatal(err)
			}
		}
		note(name, contender, float64(b.Elapsed().Nanoseconds())/float64(b.N))
	})
}

func note(name, contender string, ns float64) {
	for _, r := range results {
		if r.name == name {
			if best, ok := r.ns[contender]; !ok || ns < best {
				r.ns[contender] = ns
			}
			return
		}
	}
	results = append(results, &result{name, map[string]float64{contender: ns}})
}

// engines are both contenders with the plugin.
func engines(b *testing.B, path string) (*engine.Wasm, *peer) {
	if _, err := os.Stat(path); err != nil {
		b.Fatalf("the plugin is not built: run make -C examples/plugins at the root of the repository (%v)", err)
	}
	e := check(wasp(path))(b)
	b.Cleanup(func() { e.Close() })
	w := check(newPeer(path))(b)
	b.Cleanup(func() { w.runtime.Close(background) })
	return e, w
}

func check[T any](value T, err error) func(*testing.B) T {
	return func(b *testing.B) T {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
		return value
	}
}
