#!/bin/sh
# Runs the examples for agents as users would: in a virtualenv with the wheel, and in a folder with the npm package.
#
#   examples/agent/test.sh
#
# PYTHON is the interpreter; python3 if not given. WHEEL and TARBALL are packages that are built already; else those in build
# are taken, or built.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$root/build/agent

built() {
	for file in "$@"; do
		[ ! -e "$file" ] || { echo "$file"; return; }
	done
}
wheel=${WHEEL:-$(built "$root"/build/wheels/wasp-*.whl)}
[ -n "$wheel" ] || wheel=$("$root/bindings/python/wheel.sh")
tarball=${TARBALL:-$(built "$root"/build/npm/wasp-*.tgz)}
[ -n "$tarball" ] || { "$root/bindings/node/test.sh" pack >&2; tarball=$(built "$root"/build/npm/wasp-*.tgz); }

mkdir -p "$build"
[ -x "$build/venv/bin/python" ] || "${PYTHON:-python3}" -m venv "$build/venv"
pip="$build/venv/bin/pip install --quiet --disable-pip-version-check"
$pip -r "$here/requirements.txt"
$pip --no-deps --force-reinstall "$wheel"
rm -rf "$build/away"
cp -r "$here" "$build/away"
cd "$build/away"
echo '{ "private": true }' >package.json
npm install --silent --offline --no-package-lock "$tarball"
export XDG_CACHE_HOME="$build/cache"

python=$build/venv/bin/python
"$python" agent.py >printed.txt
diff expected.txt printed.txt
echo "agent.py: ok"
node agent.mjs >printed.txt
diff expected.txt printed.txt
echo "agent.mjs: ok"
"$python" test_mcp_server.py
"$python" test_frameworks.py
