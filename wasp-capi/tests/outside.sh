#!/bin/sh
# Installs wasp, moves it, and builds the C host out of the tree: by pkg-config and by find_package, shared and static.
#
#   outside.sh BUILD HOSTS PLUGINS

set -eu
build=$1
hosts=$2
plugins=$3
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

cmake --install "$build" --prefix "$tmp/installed" --strip
mv "$tmp/installed" "$tmp/prefix"
cp -r "$hosts/c" "$tmp/c"
cd "$tmp/c"

lib=$(dirname "$(find "$tmp/prefix" -name libwasp.a)")
export PKG_CONFIG_PATH="$lib/pkgconfig"
# Flags are words.
# shellcheck disable=SC2046
cc -o pc-shared host.c $(pkg-config --cflags --libs wasp) "-Wl,-rpath,$lib"
# shellcheck disable=SC2046
cc -o pc-static host.c $(pkg-config --static --cflags --libs wasp)
# A program that needs no library of the machine at all.
# shellcheck disable=SC2046
cc -static -o pc-whole host.c $(pkg-config --static --cflags --libs wasp)

cmake -S . -B cmake "-DCMAKE_PREFIX_PATH=$tmp/prefix"
cmake --build cmake

# The command line finds the runtimes beside it.
wasp=$tmp/prefix/bin/wasp
[ "$("$wasp" call "$plugins/c.wasm" hello Nic)" = "Hello Nic" ]
echo 'export const f = () => 42' >script.js
[ "$(env -u WASP_RUNTIMES "$wasp" call script.js f)" = 42 ]

# And its manual.
[ -s "$tmp/prefix/share/man/man1/wasp-inspect.1" ]

needs() { objdump -p "$1" | grep -q 'NEEDED *libwasp'; }
needs pc-shared && needs cmake/host
if needs pc-static || needs cmake/host-static; then echo "a static one needs libwasp.so" >&2; exit 1; fi
if objdump -p pc-whole | grep NEEDED; then echo "the whole one needs a library" >&2; exit 1; fi
[ "$(stat -c %s "$lib/libwasp.a")" -lt 80000000 ] || { echo "libwasp.a is not the merged one" >&2; exit 1; }

sh "$hosts/matrix.sh" "$plugins" \
  pc-shared=./pc-shared pc-static=./pc-static pc-whole=./pc-whole cmake=cmake/host cmake-static=cmake/host-static
