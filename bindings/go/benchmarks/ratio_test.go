package benchmarks

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/nicholasjackson/wasp/bindings/go/engine"
)

// result is what the contenders of one benchmark need: nanoseconds, one figure for each run.
type result struct {
	name string
	runs map[string][]float64
}

var results []*result

func TestMain(m *testing.M) {
	code := m.Run()
	if len(results) > 0 {
		fmt.Print(table())
	}
	// make bench gathers the tables of all hosts in one file.
	if path := os.Getenv("RESULTS"); path != "" && code == 0 {
		if err := add(path, "\n## From Go\n\n"+table()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// table has a row for each benchmark and peer. The floor is the bare cost of cgo.
func table() string {
	var rows strings.Builder
	rows.WriteString("| item | wasp | peer | ratio |\n|---|--:|--:|--:|\n")
	for _, r := range results {
		wasp, waspMedian := r.figures("wasp")
		for _, peer := range []string{"wazero", "floor"} {
			if len(r.runs[peer]) == 0 {
				continue
			}
			best, median := r.figures(peer)
			fmt.Fprintf(&rows, "| %s | %s (%s) | %s %s (%s) | %.3g (%.3g) |\n", r.name, duration(wasp), duration(waspMedian),
				peer, duration(best), duration(median), wasp/best, waspMedian/median)
		}
	}
	return rows.String()
}

// figures are the best run, since what disturbs a run only makes it slower, and the median.
func (r *result) figures(contender string) (best, median float64) {
	runs := slices.Sorted(slices.Values(r.runs[contender]))
	return runs[0], runs[len(runs)/2]
}

func duration(ns float64) string {
	switch {
	case ns < 100:
		return fmt.Sprintf("%.1f ns", ns)
	case ns < 1e3:
		return fmt.Sprintf("%.0f ns", ns)
	case ns < 1e6:
		return fmt.Sprintf("%.1f us", ns/1e3)
	}
	return fmt.Sprintf("%.1f ms", ns/1e6)
}

func add(path, text string) error {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	if closed := file.Close(); err == nil {
		err = closed
	}
	return err
}

// measure runs one contender.
func measure(b *testing.B, contender string, f func() error) {
	name := title(strings.TrimPrefix(b.Name(), "Benchmark"))
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

// title is a benchmark's name as the other hosts' tables have it.
func title(name string) string {
	known := map[string]string{
		"Int": "int call", "String": "string call", "Bytes1MiB": "1 MiB echo", "Callback": "call with a string callback",
		"FreshInt": "fresh + int call, C", "FreshString": "fresh + string call, C",
		"FreshIntGo": "fresh + int call, Go", "FreshStringGo": "fresh + string call, Go",
	}
	if title, ok := known[name]; ok {
		return title
	}
	return name
}

func note(name, contender string, ns float64) {
	at := slices.IndexFunc(results, func(r *result) bool { return r.name == name })
	if at < 0 {
		at = len(results)
		results = append(results, &result{name, map[string][]float64{}})
	}
	results[at].runs[contender] = append(results[at].runs[contender], ns)
}

// engines are both contenders with the plugin, which each compiles once.
func engines(b *testing.B, path string) (*engine.Wasm, *peer) {
	if _, err := os.Stat(path); err != nil {
		b.Fatalf("the plugin is not built: run make -C examples/plugins at the root of the repository (%v)", err)
	}
	if _, ok := compiled[path]; !ok {
		compiled[path] = contenders{check(wasp(path))(b), check(newPeer(path))(b)}
	}
	return compiled[path].wasp, compiled[path].wazero
}

type contenders struct {
	wasp   *engine.Wasm
	wazero *peer
}

var compiled = map[string]contenders{}

func check[T any](value T, err error) func(*testing.B) T {
	return func(b *testing.B) T {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
		return value
	}
}
