#!/bin/sh
# Packs wasp, installs it into build/node-runs, and measures fresh runs of programs there, beside processes of Node.
#
#   [RESULTS=FILE] runs.sh [RUNS]   after `make runtimes`; FILE, by its absolute path, gets the table too
set -eu
cd "$(dirname "$0")"
here=$PWD
build=$(cd ../../.. && pwd)/build

[ -e "$build/runtimes/javascript.wasm" ] || { echo 'runs.sh needs the script runtimes: make runtimes' >&2; exit 1; }
../test.sh pack
rm -rf "$build/node-runs"
mkdir -p "$build/node-runs"
cd "$build/node-runs"
echo '{ "private": true }' > package.json
npm install --silent --offline --no-package-lock "$build"/npm/wasp-*.tgz
cp "$here/runs.mjs" .
node runs.mjs "$@"
