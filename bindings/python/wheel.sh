#!/bin/sh
# Builds the wheel into build/wheels and prints its path.
#
#   bindings/python/wheel.sh [MATURIN-ARGUMENT...]
#
# PYTHON is the interpreter; python3 if not given.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
tools=$root/build/python/tools

mkdir -p "$root/build/python"
[ -x "$tools/bin/maturin" ] || {
	"${PYTHON:-python3}" -m venv "$tools"
	"$tools/bin/pip" install --quiet maturin==1.16.0
}
rm -rf "$root/build/wheels"
cd "$here"
"$tools/bin/maturin" build --release --locked --target-dir "$root/target" --out "$root/build/wheels" "$@" >&2
ls "$root"/build/wheels/wasp-*.whl
