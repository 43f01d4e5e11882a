#!/bin/sh
# Builds the JavaScript runtime of quickjs-ng, whose sources it fetches from PyPI by their hash.
#
#   runtimes/javascript/build.sh OUTPUT
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
output=$1
version=0.17.0.2
sources=$root/build/runtimes/sources/quickjs_ng-$version
engine=$sources/upstream-quickjs
objects=$root/build/runtimes/javascript
clang=${WASI_CC:-clang}

"$here/../fetch.sh" quickjs-ng==$version 43d2e48272208721a7aaea8e3f02d4b9318f12ef20cc4f5421b59d9a470706ef "$sources"
mkdir -p "$objects"
# The licence is the comment that its header begins with.
sed -n '2,/\*\//s/^ \*\/\{0,1\} \{0,1\}//p' "$engine/quickjs.h" >"$root/build/runtimes/javascript.LICENSE"
{
	echo '#include <stddef.h>'
	echo 'extern const char prelude_text[]; extern const size_t prelude_length;'
	# The evaluator reads up to the length, and wants a NUL behind it.
	echo 'const char prelude_text[] = {'
	od -An -v -tu1 "$here/prelude.js" | sed 's/\([0-9][0-9]*\)/\1,/g'
	echo '0}; const size_t prelude_length = sizeof prelude_text - 1;'
} >"$objects/prelude.c"

flags="--target=wasm32-wasi -O2 -DNDEBUG -D_GNU_SOURCE -D_WASI_EMULATED_PROCESS_CLOCKS -D_WASI_EMULATED_SIGNAL"
rm -rf "$objects/engine"
mkdir "$objects/engine"
cp "$engine/quickjs.c" "$engine/libregexp.c" "$engine/libunicode.c" "$engine/dtoa.c" "$objects/engine"
patch --quiet --strip=1 --fuzz=0 --directory="$objects/engine" <"$here/quickjs.patch"
for source in quickjs libregexp libunicode dtoa; do
	object=$objects/$source.o
	if [ ! -e "$object" ] || [ "$here/build.sh" -nt "$object" ] || [ "$here/quickjs.patch" -nt "$object" ] ||
		[ "$here/stack_pad.h" -nt "$object" ]; then
		# shellcheck disable=SC2086
		$clang $flags -w -include "$here/stack_pad.h" -I "$engine" -c -o "$object" "$objects/engine/$source.c"
	fi
done
# shellcheck disable=SC2086
$clang $flags -Wall -Wextra -Wno-unused-parameter -mexec-model=reactor -isystem "$engine" -I "$here/../shared" \
	-I "$root/bindings/guest/c" "$here"/*.c "$objects"/*.c "$objects"/*.o \
	-lwasi-emulated-process-clocks -lwasi-emulated-signal \
	-Wl,--stack-first,--gc-sections,-z,stack-size=1048576 -Wl,--strip-debug -o "$objects/whole.wasm"
"$here/../optimize.sh" "$objects/whole.wasm" "$output"
