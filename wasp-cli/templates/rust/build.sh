#!/bin/sh
# Builds the plugin into FILE, with the first Rust toolchain that has a WASI target: the user's own, else the system's.
set -eu
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

own=$PATH
for path in "$own" /usr/bin:/bin; do
    for target in wasm32-wasip1 wasm32-wasi; do
        PATH=$path rustc --target $target --crate-type cdylib -o "$scratch/empty.wasm" - </dev/null 2>/dev/null || continue
        [ "$path" = "$own" ] || echo "note: your Rust has no WASI target, so that this is built by $(PATH=$path rustc --version); 'rustup target add wasm32-wasip1' gives it one" >&2
        PATH=$path cargo build --quiet --release --target $target --target-dir build/obj
        cp "build/obj/$target/release/$(basename "$1" .wasm | tr - _).wasm" "$1"
        exit
    done
done

echo "no Rust toolchain with a WASI target: run 'rustup target add wasm32-wasip1'" >&2
exit 1
