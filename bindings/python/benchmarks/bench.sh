#!/bin/sh
# Compares the wheel with its peers, both sides in one run, from a virtualenv of its own.
#
#   [RESULTS=FILE] bindings/python/benchmarks/bench.sh [WORD...]
#
# FILE, by its absolute path, gets the table too. A WORD chooses the items that have it in their names. PYTHON is the interpreter; python3 if not given. WHEEL is a wheel
# that is built already.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
build=$root/build/python
python=${PYTHON:-python3}

wheel=${WHEEL:-$("$here/../wheel.sh")}
(cd "$here/bare" && cargo build --release --locked --quiet --target-dir "$build/bare")

[ -x "$build/bench/bin/python" ] || "$python" -m venv "$build/bench"
"$build/bench/bin/pip" install --quiet --disable-pip-version-check extism==1.1.1 extism-sys==1.41.0 wasmtime==50.0.1
"$build/bench/bin/pip" install --quiet --disable-pip-version-check --no-deps --force-reinstall "$wheel"
modules=$build/bench/modules
mkdir -p "$modules"
for library in "$build"/bare/release/libbare.so "$build"/bare/release/libbare.dylib; do
	[ ! -e "$library" ] || cp "$library" "$modules/bare.abi3.so"
done
table=$(PYTHONPATH=$modules "$build/bench/bin/python" "$here/bench.py" "$@")
echo "$table"
[ -z "${RESULTS:-}" ] || printf '\n## From Python\n\n%s\n' "$table" >>"$RESULTS"
