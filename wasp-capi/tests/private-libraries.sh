#!/bin/sh
# The libraries that wasp.pc and waspConfig.cmake name for static linking are those that rustc names.
#
#   private-libraries.sh FLAGS CARGO [OPTION...]

set -eu
flags=$1
cargo=$2
shift 2
said=$("$cargo" rustc --release --locked "$@" -p wasp-capi --lib --crate-type staticlib \
  -- --print native-static-libs 2>&1)
# That build replaced the library by an equal one, which cargo would take for an old one.
"$cargo" build --release --locked --quiet "$@" -p wasp-capi
# The compiler adds these itself.
said=$(echo "$said" | sed -n '/native-static-libs: /{s/ -lgcc_s\b//; s/ -lc\b//; p}')
echo "$said" | grep -q "native-static-libs: $flags\$" || { printf 'not %s:\n%s\n' "$flags" "$said" >&2; exit 1; }
