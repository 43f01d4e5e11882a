#!/bin/sh
# Packs wasp, installs it and its peers into build/node-bench, and prints the table. The tree stays as it is.
#
#   [RESULTS=FILE] bench.sh [RUNS [PART_OF_AN_ITEM'S_NAME]]   after `make plugins runtimes`; FILE, by its absolute path, gets the
#                                                             table too
set -eu
cd "$(dirname "$0")"
here=$PWD
root=$(cd ../../.. && pwd)
build=$root/build

WASP_PLUGIN=$build/plugins/c.wasm
export WASP_PLUGIN
[ -e "$WASP_PLUGIN" ] || { echo 'bench.sh needs the example plugins: make plugins' >&2; exit 1; }
[ -e "$build/runtimes/javascript.wasm" ] || { echo 'bench.sh needs the script runtimes: make runtimes' >&2; exit 1; }

../test.sh pack
mkdir -p "$build/node-bench"
cd "$build/node-bench"
cp "$here"/*.mjs "$here"/*.wat "$here/package.json" "$here/package-lock.json" .
npm ci --silent --prefer-offline
npm install --silent --prefer-offline --no-save --no-package-lock "$build"/npm/wasp-*.tgz
node bench.mjs "$@"
