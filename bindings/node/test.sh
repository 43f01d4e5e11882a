#!/bin/sh
# Builds the addon, packs the package with it into build/npm, installs that into an empty folder, build/node-test, from
# the tarball alone, and runs the tests, tsc and the example host there. The tests run modules from npm, too, which it fetches
# (bindings/foreign/modules.sh).
#
#   test.sh [pack]     `pack` stops after the tarball
set -eu
cd "$(dirname "$0")"
here=$PWD
root=$(cd ../.. && pwd)
build=$root/build

case $(uname -s) in
  Linux) platform=linux libc=-gnu library=libwasp_node.so ;;
  Darwin) platform=darwin libc='' library=libwasp_node.dylib ;;
  *) echo "wasp does not run on $(uname -s)" >&2; exit 1 ;;
esac
[ ! -e /etc/alpine-release ] || libc=-musl
case $(uname -m) in
  x86_64) platform=$platform-x64$libc ;;
  *) platform=$platform-arm64$libc ;;
esac

(cd "$root" && cargo build --release --locked -p wasp-node)

rm -rf "$build/npm"
mkdir -p "$build/npm/stage/native"
cp -r package.json README.md lib command.js index.js index.mjs index.d.ts index.d.mts native.js "$root/LICENSE" "$build/npm/stage"
# The script runtimes, where they are built.
if [ -d "$build/runtimes" ]; then
  mkdir "$build/npm/stage/runtimes"
  cp "$build"/runtimes/*.wasm "$build"/runtimes/*.LICENSE "$build/npm/stage/runtimes"
fi
strip -x -o "$build/npm/stage/native/$platform.node" "${CARGO_TARGET_DIR:-$root/target}/release/$library"
(cd "$build/npm/stage" && npm pack --silent --pack-destination "$build/npm")
rm -r "$build/npm/stage"
[ "${1-}" != pack ] || exit 0

# What the tests run, and tools: not what is tested.
foreign=$root/bindings/foreign
modules=$("$foreign/modules.sh")
mkdir -p "$build/node-tools"
cp test/package.json test/package-lock.json "$build/node-tools"
(cd "$build/node-tools" && npm ci --silent --prefer-offline)

rm -rf "$build/node-test"
mkdir -p "$build/node-test"
cd "$build/node-test"
echo '{ "private": true }' > package.json
npm install --silent --offline --no-package-lock "$build"/npm/wasp-*.tgz
cp "$here"/test/*.mjs "$here"/test/*.cjs "$here"/test/*.ts "$here"/test/*.cts "$here"/test/tsconfig.json .
cp "$root/examples/hosts/node/host.mjs" .
export WASP_PLUGINS="$build/plugins" WASP_DOCS="$root/docs"
export WASP_SCRIPT_RUNTIME="$root/wasp-core/tests/plugins/script_runtime.wat"
export WASP_FOREIGN="$foreign" WASP_FOREIGN_MODULES="$modules"
"$build/node-tools/node_modules/.bin/tsc" -p tsconfig.json
node --expose-gc --test ./*.test.mjs ./*.test.cjs
sh "$root/examples/hosts/matrix.sh" "$build/plugins" node="node host.mjs"
