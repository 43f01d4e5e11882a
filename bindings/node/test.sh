#!/bin/sh
# Builds the addon, packs the main and the platform package into build/npm, installs both into an empty folder,
# build/node-test, from the tarballs alone, and runs the tests, tsc and the example host there.
#
#   test.sh [pack]     `pack` stops after the tarballs
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
mkdir -p "$build/npm/stage/main" "$build/npm/stage/platform"
cp -r package.json README.md lib index.js index.mjs index.d.ts index.d.mts native.js "$root/LICENSE" "$build/npm/stage/main"
cp "npm/$platform/package.json" "$root/LICENSE" "$build/npm/stage/platform"
strip -x -o "$build/npm/stage/platform/wasp.node" "${CARGO_TARGET_DIR:-$root/target}/release/$library"
for package in main platform; do
  (cd "$build/npm/stage/$package" && npm pack --silent --pack-destination "$build/npm")
done
rm -r "$build/npm/stage"
[ "${1-}" != pack ] || exit 0

# Tools: not what is tested.
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
export WASP_PLUGINS="$build/plugins"
"$build/node-tools/node_modules/.bin/tsc" -p tsconfig.json
node --expose-gc --test ./*.test.mjs ./*.test.cjs
sh "$root/examples/hosts/matrix.sh" "$build/plugins" node="node host.mjs"
