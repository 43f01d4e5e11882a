#!/bin/sh
# Builds the runtime of pocketpy 2.1.8, whose sources are in the PyPI package pocket-numpy, unchanged.
#
#   runtimes/pocketpy/build.sh [OUTPUT]
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
output=${1:-$root/build/runtimes/pocketpy.wasm}
version=0.0.3
sources=$root/build/runtimes/sources/pocket_numpy-$version
objects=$root/build/runtimes/pocketpy
clang=${WASI_CC:-clang}

"$here/../fetch.sh" pocket-numpy==$version 31e216c26c4820485a224e13e3b030a50fa8606b878ba3659159a22e7749710d "$sources"
rm -rf "$objects"
mkdir -p "$objects"
cp -r "$sources/pocketpy/src" "$sources/pocketpy/include" "$objects"
# The generator of random numbers has a licence of its own, in its first comment.
{
	cat "$sources/pocketpy/LICENSE"
	echo
	sed -n '/^\/\* https/,/\*\//s/^\(\/\* \)\{0,1\}//p' "$sources/pocketpy/src/modules/random.c" | sed '/^\*\/$/d'
} >"$root/build/runtimes/pocketpy.LICENSE"
patch --quiet --strip=1 --fuzz=0 --directory="$objects" <"$here/pocketpy.patch"
{
	echo 'extern const char library_text[]; const char library_text[] = {'
	od -An -v -tu1 "$here/library.py" | sed 's/\([0-9][0-9]*\)/\1,/g'
	echo '0};'
} >"$objects/library_text.c"

flags="--target=wasm32-wasi -O2 -DNDEBUG \
	-DPK_ENABLE_OS=0 -DPK_ENABLE_THREADS=0 -DPK_VM_STACK_SIZE=65536 -DPK_VM_STACK_FREE=4096 -D_WASI_EMULATED_PROCESS_CLOCKS"
for source in "$objects"/src/*/*.c; do
	name=$(basename "$source" .c)
	more=
	case $name in
	# These reach the memory itself, other processes or a terminal, or run what is no text.
	stdc | pickle | conio | picoterm | pkpy | dis | importlib | lz4 | dap | socket | threads) continue ;;
	random) more="-Dtime_ns=random_seed" ;;
	esac
	# shellcheck disable=SC2086
	$clang $flags $more -w -include "$here/memory.h" -I "$objects/include" -c -o "$objects/$(basename "$(dirname "$source")")_$name.o" "$source"
done
# shellcheck disable=SC2086
$clang $flags -Wall -Wextra -mexec-model=reactor -include "$here/memory.h" -isystem "$objects/include" -I "$here/../shared" \
	-I "$root/bindings/guest/c" "$here"/*.c "$here/../shared/block.c" "$objects"/*.c "$objects"/*.o \
	-lwasi-emulated-process-clocks -Wl,--stack-first,--gc-sections,-z,stack-size=1048576 -Wl,--strip-debug -o "$objects/whole.wasm"
"$here/../optimize.sh" "$objects/whole.wasm" "$output"
