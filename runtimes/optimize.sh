#!/bin/sh
# Optimizes a runtime by binaryen, which the example plugin in AssemblyScript brings, pinned by a lock file. Names are kept for traces.
#
#   runtimes/optimize.sh INPUT OUTPUT
set -eu

here=$(cd "$(dirname "$0")" && pwd)
binaryen=${BINARYEN:-$here/../examples/plugins/assemblyscript/node_modules/.bin}
input=$1 output=$2
[ -x "$binaryen/wasm-opt" ] || {
	echo "binaryen is missing: 'make -C examples/plugins toolchains' installs it" >&2
	exit 1
}
# Functions that are called once stay: inlined, they would make the frames larger of what recurses, whose depth is measured.
"$binaryen/wasm-opt" --one-caller-inline-max-function-size=0 --enable-mutable-globals --enable-sign-ext --enable-nontrapping-float-to-int --enable-bulk-memory --enable-multivalue \
	--enable-reference-types --debuginfo -O3 "$input" -o "$output"
