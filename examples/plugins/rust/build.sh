#!/bin/sh
# Builds the plugin into FILE, with the first Rust toolchain that has a WASI target: the user's own, else the system's.
# Without FILE it only looks whether there is one.
# Usage: build.sh [FILE]
set -eu
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

for path in "$PATH" /usr/bin:/bin; do
    for target in wasm32-wasip1 wasm32-wasi; do
        PATH=$path rustc --target $target --crate-type cdylib -o "$scratch/empty.wasm" - </dev/null 2>/dev/null || continue
        [ $# -gt 0 ] || exit 0
        objects=$(dirname "$1")/obj/rust
        PATH=$path cargo build --quiet --release --locked --offline --target $target --target-dir "$objects" \
            --manifest-path "$(dirname "$0")/Cargo.toml"
        cp "$objects/$target/release/plugin.wasm" "$1"
        exit
    done
done

echo "no Rust toolchain with a WASI target: run 'rustup target add wasm32-wasip1' or 'make -C examples/plugins toolchains'" >&2
exit 1
