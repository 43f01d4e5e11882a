#!/bin/sh
# Builds the wheel and tests it as users get it: installed into an empty virtualenv, away from the tree.
#
#   bindings/python/test.sh [PYTEST-ARGUMENT...]
#
# PYTHON is the interpreter; python3 if not given. It needs the example plugins (make -C examples/plugins).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$root/build/python
python=${PYTHON:-python3}

mkdir -p "$build"
[ -x "$build/tools/bin/maturin" ] || {
	"$python" -m venv "$build/tools"
	"$build/tools/bin/pip" install --quiet maturin==1.16.0
}
rm -rf "$root/build/wheels"
(cd "$here" && "$build/tools/bin/maturin" build --release --locked --target-dir "$root/target" --out "$root/build/wheels")

rm -rf "$build/empty" "$build/away"
"$python" -m venv "$build/empty"
"$build/empty/bin/pip" install --quiet pytest==9.2.0 mypy==2.4.1 "$root"/build/wheels/wasp-*.whl
mkdir -p "$build/away"
cp -r "$here/tests" "$build/away/"
cd "$build/away"
WASP_PLUGINS=$root/build/plugins "$build/empty/bin/python" -m pytest -p no:cacheprovider -q tests "$@"
"$build/empty/bin/python" -m mypy.stubtest wasp._wasp
sh "$root/examples/hosts/matrix.sh" "$root/build/plugins" "python='$build/empty/bin/python' '$root/examples/hosts/python/host.py'"
