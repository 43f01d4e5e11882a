#!/bin/sh
# Builds the wheel and tests it as users get it: installed into an empty virtualenv, away from the tree.
#
#   bindings/python/test.sh [PYTEST-ARGUMENT...]
#
# PYTHON is the interpreter; python3 if not given. WHEEL is a wheel that is built already. It needs the example plugins
# (make -C examples/plugins), modules from npm, which it fetches (bindings/foreign/modules.sh), and plugins of Extism, which it builds
# (bindings/extism/plugins.sh).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$root/build/python
hosts=$root/examples/hosts/python
foreign=$root/bindings/foreign

modules=$("$foreign/modules.sh")
extism=$("$root/bindings/extism/plugins.sh")
wheel=${WHEEL:-$("$here/wheel.sh")}
rm -rf "$build/empty" "$build/away"
"${PYTHON:-python3}" -m venv "$build/empty"
"$build/empty/bin/pip" install --quiet --disable-pip-version-check "${wheel}[test]"
"$build/empty/bin/pip" install --quiet --disable-pip-version-check --no-deps --require-hashes -r "$root/bindings/extism/requirements.txt"
"$build/empty/bin/pip" install --quiet --disable-pip-version-check cffi==2.0.0
mkdir -p "$build/away"
cp -r "$here/tests" "$build/away/"
cd "$build/away"
python=$build/empty/bin/python
export WASP_DOCS="$root/docs" WASP_PLUGINS="$root/build/plugins" WASP_HOSTS="$hosts"
export WASP_EXTISM_PLUGINS="$extism" WASP_FOREIGN="$foreign" WASP_FOREIGN_MODULES="$modules"
"$python" -m pytest -p no:cacheprovider -q --durations=5 tests "$@"
# The scripts of the runtimes' own tests.
for language in javascript lua pocketpy; do
	"$python" "$root/runtimes/tests.py" "$language"
done
"$python" -m mypy.stubtest wasp._wasp --allowlist "$here/stubtest.txt"
"$python" -m mypy --strict -p wasp
# What editors show: each public name has a type, and the example passes.
PATH=$build/empty/bin:$PATH pyright --verifytypes wasp >"$build/pyright.txt" || { cat "$build/pyright.txt"; exit 1; }
PATH=$build/empty/bin:$PATH pyright "$hosts/host.py"
sh "$root/examples/hosts/matrix.sh" "$root/build/plugins" "python='$python' '$hosts/host.py'"
