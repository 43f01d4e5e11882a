#!/bin/sh
# Builds the script runtimes that are named, or all, into build/runtimes, where they are older than what they are made from.
#
#   runtimes/build.sh [LANGUAGE...]
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/.." && pwd)
out=$root/build/runtimes
mkdir -p "$out"
if [ $# -eq 0 ]; then
	for build in "$here"/*/build.sh; do
		set -- "$@" "$(basename "$(dirname "$build")")"
	done
fi
for language; do
	module=$out/$language.wasm
	newer=
	if [ -e "$module" ]; then
		newer=$(find "$here/$language" "$here/shared" "$here/fetch.sh" "$here/optimize.sh" "$root/bindings/guest/c" -type f -newer "$module" -print)
	fi
	if [ ! -e "$module" ] || [ -n "$newer" ]; then
		"$here/$language/build.sh" "$module.new"
		mv "$module.new" "$module"
	fi
done
