#!/bin/sh
# Puts libwasp where `go build` finds it:
#
#   cargo build --release -p wasp-capi && bindings/go/lib.sh [libwasp.a]
#
# GOOS and GOARCH say for which platform the library is; wasp-capi/merge.sh says how to name that platform's tools.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
library=${1:-${CARGO_TARGET_DIR:-$here/../../target}/release/libwasp.a}
platform=$(go env GOOS)_$(go env GOARCH)
folder=$here/engine/lib/$platform
if [ ! -d "$folder" ]; then
	echo "lib.sh: libwasp is not available for $platform" >&2
	exit 1
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cp "$here/../../include/wasp.h" "$here/engine/wasp.h"
# The script runtimes (make runtimes), where they are built.
for runtime in "$here/../../build/runtimes"/*.wasm "$here/../../build/runtimes"/*.LICENSE; do
	[ ! -e "$runtime" ] || cmp -s "$runtime" "$here/engine/runtimes/$(basename "$runtime")" || cp "$runtime" "$here/engine/runtimes/"
done

"$here/../../wasp-capi/merge.sh" "$library" "$here/engine/wasp.h" "$work/libwasp.a"

# The go command doesn't see when an archive changes: this file, which the engine imports, tells it.
sum=$(cksum <"$work/libwasp.a" | cut -d' ' -f1)
printf 'package %s\n\n// Checksum is that of libwasp.a.\nconst Checksum = "%s"\n' "$platform" "$sum" >"$work/stamp.go"
if ! cmp -s "$work/stamp.go" "$folder/stamp.go" || [ ! -f "$folder/libwasp.a" ]; then
	mv "$work/libwasp.a" "$folder/libwasp.a"
	mv "$work/stamp.go" "$folder/stamp.go"
fi
ls -l "$folder/libwasp.a"
