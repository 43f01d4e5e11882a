#!/bin/sh
# Builds the Lua runtime, whose sources it fetches from crates.io by their hash.
#
#   runtimes/lua/build.sh [OUTPUT]
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
output=${1:-$root/build/runtimes/lua.wasm}
sources=$root/build/runtimes/sources/lua
objects=$root/build/runtimes/lua
engine=$objects/engine
clang=${WASI_CC:-clang}
# The example plugin in AssemblyScript brings it, pinned by a lock file.
binaryen=${BINARYEN:-$root/examples/plugins/assemblyscript/node_modules/.bin}

if [ ! -e "$sources/.complete" ] || [ "$here/Cargo.lock" -nt "$sources/.complete" ]; then
	rm -rf "$sources"
	"${CARGO:-cargo}" vendor --quiet --locked --manifest-path "$here/Cargo.toml" "$sources" >/dev/null
	touch "$sources/.complete"
fi
[ -x "$binaryen/wasm-merge" ] || {
	echo "binaryen is missing: 'make -C examples/plugins toolchains' installs it" >&2
	exit 1
}
rm -rf "$objects"
mkdir -p "$objects/include" "$engine"
cp "$sources/lua-src/lua-5.4.9"/*.[ch] "$engine"
# A yield is a throw in Lua, which takes long in WebAssembly. Most need none.
patch --quiet --strip=1 --fuzz=0 --directory="$engine" <"$here/lua.patch"
# The licence is the comment that its header ends with.
sed -n '/^\* Copyright/,/^\*\*\*/s/^\* \{0,1\}//p' "$engine/lua.h" | sed '/^\*\*\*/d' >"$root/build/runtimes/lua.LICENSE"
# WASI has no setjmp.h, which ldo.c includes and unwind.h makes needless.
: >"$objects/include/setjmp.h"

flags="--target=wasm32-wasi -O2 -DNDEBUG -D_WASI_EMULATED_PROCESS_CLOCKS -D_WASI_EMULATED_SIGNAL"
for source in "$engine"/*.c; do
	name=$(basename "$source" .c)
	more=
	case $name in
	linit | loadlib | lundump) continue ;; # All libraries at once, files as modules, and binary chunks are not there.
	lmathlib) more="-Dlua_touserdata=random_state -Dtime=random_time" ;;
	esac
	# shellcheck disable=SC2086
	$clang $flags $more -w -include "$here/unwind.h" -isystem "$objects/include" -c -o "$objects/$name.o" "$source"
done
# shellcheck disable=SC2086
$clang $flags -Wall -Wextra -mexec-model=reactor -isystem "$engine" -I "$here/../shared" -I "$root/bindings/guest/c" \
	"$here"/*.c "$here/../shared/block.c" "$objects"/*.o -lwasi-emulated-process-clocks -lwasi-emulated-signal \
	-Wl,--stack-first,--gc-sections,--export-table,-z,stack-size=524288 -Wl,--strip-debug -o "$objects/whole.wasm"

features="--enable-exception-handling --enable-reference-types --enable-bulk-memory"
# shellcheck disable=SC2086
"$binaryen/wasm-merge" $features --debuginfo "$objects/whole.wasm" runtime "$here/unwind.wat" unwind -o "$objects/merged.wasm"
# What the two exported for each other is nobody else's. Names are kept for traces.
# shellcheck disable=SC2086
"$binaryen/wasm-opt" $features --debuginfo --remove-exports=__indirect_function_table --remove-exports='unwind_*' -O3 \
	"$objects/merged.wasm" -o "$output"
