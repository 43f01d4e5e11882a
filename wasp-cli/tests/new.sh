#!/bin/sh
# Begins a plugin in each language as users do, away from the tree: its build, its own tests, `wasp check`, and a call from every host.
#
#   wasp-cli/tests/new.sh LIBRARY WASP LANGUAGE...     LIBRARY is the folder of libwasp.so, WASP the program
set -eu

library=$1
WASP=$2
export WASP
shift 2
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# As in the shell of somebody who builds a plugin.
unset CARGO_TARGET_DIR RUSTFLAGS RUSTUP_TOOLCHAIN MAKEFLAGS MAKELEVEL
export WASP_RUNTIMES="${WASP_RUNTIMES:-$here/../../build/runtimes}"

for language; do
	(cd "$scratch" && "$WASP" new "$language" "my-$language")
	make -C "$scratch/my-$language" test
done
cd "$here"
sh hello/hello.sh "$library" "$WASP" "$scratch"/my-*/build/*.wasm
