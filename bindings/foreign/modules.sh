#!/bin/sh
# Fetches modules that know nothing of wasp from npm, for the tests of the bindings, and prints their folder: build/foreign.
# npm checks them against the hashes in package-lock.json. What is there already isn't fetched again, and npm's cache does without
# a network. Nothing of theirs runs.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$here/../.." && pwd)/build
modules=$build/foreign

fetched() { cmp -s "$here/package-lock.json" "$modules/package-lock.json"; }

if ! fetched; then
  mkdir -p "$build"
  # Whole or not at all, also if several tests begin at once.
  new=$(mktemp -d "$build/foreign.XXXXXX")
  trap 'rm -rf "$new"' EXIT
  cp "$here/package.json" "$here/package-lock.json" "$new"
  (cd "$new" && npm ci --prefer-offline --ignore-scripts --no-audit --no-fund --loglevel=error) >&2 || {
    echo "$0: npm can't install what $here/package.json names: it needs its registry once, or a cache that has them" >&2
    exit 1
  }
  fetched || { rm -rf "$modules" && mv "$new" "$modules"; }
fi
echo "$modules"
