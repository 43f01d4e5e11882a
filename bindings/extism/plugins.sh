#!/bin/sh
# Builds the plugins of Extism's published kits for the tests of the bindings, and prints their folder: build/extism-plugins.
# Each kit is fetched from its registry, checked against the hashes that stand here (Cargo.lock, go.sum, package-lock.json), and only
# when a source has changed. It needs what the example plugins need: `make -C examples/plugins toolchains`.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$here/../.." && pwd)/build
plugins=$build/extism-plugins

# Whole or not at all, also if several tests begin at once.
mkdir -p "$build"
new=$(mktemp -d "$build/extism-plugins.XXXXXX")
trap 'rm -rf "$new"' EXIT
(cd "$here" && find . -type f -not -path '*/node_modules/*' -not -path '*/target/*' | sort | xargs cat | cksum) >"$new/sources"
if cmp -s "$new/sources" "$plugins/sources"; then
  echo "$plugins"
  exit
fi

"${WASI_CC:-clang}" --target=wasm32-wasi -mexec-model=reactor -Oz -Wall -Wextra -fno-builtin -nostartfiles -Wl,--no-entry \
  -Wl,--strip-all -o "$new/c.wasm" "$here/c/plugin.c" >&2

(cd "$here/go" && GOOS=wasip1 GOARCH=wasm GOWORK=off GOTOOLCHAIN=local GOFLAGS=-mod=readonly \
  go build -buildmode=c-shared -buildvcs=false -trimpath -ldflags='-s -w' -o "$new/go.wasm") >&2

cp -r "$here/assemblyscript" "$new/as"
(cd "$new/as" && npm ci --prefer-offline --ignore-scripts --no-audit --no-fund --loglevel=error &&
  npx asc index.ts --outFile "$new/assemblyscript.wasm" -O3s --runtime incremental --use abort=index/onAbort) >&2
rm -rf "$new/as"

# Cargo of the first toolchain that has the target builds, from what today's cargo has fetched: Debian's is too old for the registry.
cp -r "$here/rust" "$new/rust"
(
  cd "$new/rust"
  mkdir .cargo
  cargo vendor --quiet --locked
  printf '[source.crates-io]\nreplace-with = "vendor"\n[source.vendor]\ndirectory = "vendor"\n' >.cargo/config.toml
  for path in "$PATH" /usr/bin:/bin; do
    for target in wasm32-unknown-unknown wasm32-wasip1 wasm32-wasi; do
      PATH=$path rustc --target $target --crate-type cdylib -o "$new/empty.wasm" - </dev/null 2>/dev/null || continue
      PATH=$path CARGO_TARGET_DIR=$new/rust/target \
        cargo build --quiet --release --locked --offline --ignore-rust-version --target $target
      cp target/$target/release/plugin.wasm "$new/rust.wasm"
      exit
    done
  done
  echo "$0: no Rust toolchain with a WebAssembly target: 'make -C examples/plugins toolchains' installs one" >&2
  exit 1
) >&2
rm -rf "$new/rust" "$new/empty.wasm"

rm -rf "$plugins" && mv "$new" "$plugins"
echo "$plugins"
