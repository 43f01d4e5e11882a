#!/bin/sh
# Tries what `wasp bindgen` writes in Python, TypeScript and Go, with the packages that the tests of the bindings have installed.
#
#   wasp-cli/tests/hosts.sh WASP      WASP is the program
#
# A binding for the plugin is used, and one that the plugin doesn't fit is an error that names the difference.
set -eu

wasp=$1
root=$(cd "$(dirname "$0")/../.." && pwd)
plugin=$root/wasp-cli/tests/plugins/kinds.wat
scratch=$(mktemp -d)
node=$root/build/node-test/bindgen
trap 'rm -rf "$scratch" "$node"' EXIT
sed 's/float(value: f32) f32/float(f32)/; s/(export "float") (param f32) (result f32) (local.get 0)/(export "float") (param f32)/' \
	"$plugin" >"$scratch/other.wat"
expected='8
[1]
fits no more: offers float(f32), and this was written for float(f32) f32'

same() {
	[ "$2" = "$expected" ] || { printf '%s printed:\n%s\n' "$1" "$2" >&2; exit 1; }
	echo "$1: ok"
}

# Python
python=$root/build/python/empty/bin/python
"$wasp" bindgen "$plugin" --lang python -o "$scratch/kinds.py"
cat >"$scratch/host.py" <<'EOF'
import sys

import kinds
import wasp

engine = wasp.Engine()
kinds.register(engine, sys.argv[1])
with engine.instance("kinds") as instance:
    plugin = kinds.Kinds(instance)
    print(int(plugin.numbers(1, 2.0, 2.5, 3) - 0.5))
    print(plugin.raw_json([1]))
try:
    kinds.register(engine, sys.argv[2])
except TypeError as error:
    text = str(error).removeprefix("plugin 'kinds' ").removesuffix(": write it anew by wasp bindgen")
    print("fits no more:", text)
assert "kinds" not in engine
EOF
same Python "$("$python" "$scratch/host.py" "$plugin" "$scratch/other.wat")"
(cd "$scratch" && "$python" -m mypy --strict kinds.py)

# TypeScript
mkdir -p "$node"
"$wasp" bindgen "$plugin" --lang ts -o "$node/kinds.ts"
cat >"$node/host.ts" <<'EOF'
import { Engine } from 'wasp'
import { Kinds, register } from './kinds.js'

const [plugin, other] = process.argv.slice(2) as [string, string]
const engine = new Engine()
register(engine, plugin)
const kinds = new Kinds(engine.instance('kinds'))
console.log(Math.trunc(kinds.numbers(1n, 2, 2.5, 3) - 0.5))
console.log(JSON.stringify(kinds.rawJson([1])))
try {
  register(engine, other)
} catch (error) {
  const text = (error as Error).message.replace('plugin "kinds" ', '').replace(': write it anew by wasp bindgen', '')
  console.log('fits no more:', text)
}
EOF
cat >"$node/tsconfig.json" <<'EOF'
{
  "compilerOptions": {
    "strict": true,
    "noUnusedLocals": true,
    "target": "esnext",
    "lib": ["esnext"],
    "module": "nodenext",
    "outDir": "out",
    "types": ["node"],
    "typeRoots": ["../../node-tools/node_modules/@types"]
  },
  "files": ["host.ts"]
}
EOF
echo '{ "type": "module" }' >"$node/package.json"
"$root/build/node-tools/node_modules/.bin/tsc" -p "$node/tsconfig.json"
same TypeScript "$(node "$node/out/host.js" "$plugin" "$scratch/other.wat")"

# Go
mkdir -p "$scratch/go/kinds"
"$wasp" bindgen "$plugin" --lang go -o "$scratch/go/kinds/kinds.go"
[ -z "$(gofmt -l "$scratch/go/kinds")" ] || { echo "gofmt would change what is written in Go" >&2; exit 1; }
cat >"$scratch/go/go.mod" <<EOF
module host

go 1.24

require github.com/nicholasjackson/wasp/bindings/go v0.0.0

replace github.com/nicholasjackson/wasp/bindings/go => $root/bindings/go
EOF
cat >"$scratch/go/main.go" <<'EOF'
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/nicholasjackson/wasp/bindings/go/engine"
	"host/kinds"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func main() {
	wasm := engine.New(nil)
	if err := kinds.Register(wasm, "kinds", os.Args[1], nil); err != nil {
		panic(err)
	}
	plugin := kinds.Plugin{Instance: must(wasm.GetInstance("kinds", ""))}
	fmt.Println(int(must(plugin.Numbers(1, 2, 2.5, 3)) - 0.5))
	fmt.Println(string(must(json.Marshal(must(plugin.RawJson([]int{1}))))))
	err := kinds.Register(wasm, "kinds", os.Args[2], nil)
	text := strings.TrimSuffix(strings.TrimPrefix(err.Error(), `plugin "kinds" `), ": write it anew by wasp bindgen")
	fmt.Println("fits no more:", strings.ReplaceAll(text, "float32", "f32"))
}
EOF
same Go "$(cd "$scratch/go" && GOFLAGS=-mod=mod GOPROXY=off go run . "$plugin" "$scratch/other.wat")"
