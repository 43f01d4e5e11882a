#!/bin/sh
# Runs hosts with every example plugin: each pair prints what expected.txt says.
#
#   matrix.sh PLUGINS NAME=COMMAND...     as in: matrix.sh build/plugins rust=target/release/host
#
# PLUGINS is the directory of what `make -C examples/plugins` builds. COMMAND is for the shell: 'node=node host.js'.

languages='c rust go assemblyscript'

expected=$(cat "$(dirname "$0")/expected.txt")
# Used by `eval`.
# shellcheck disable=SC2034
plugins=$1
[ $# -gt 1 ] || { echo "no host to run" >&2; exit 1; }
shift

failed=0
for host; do
  for language in $languages; do
    if printed=$(eval "${host#*=}" '"$plugins/$language.wasm"') && [ "$printed" = "$expected" ]; then
      echo "ok: host ${host%%=*}, plugin $language"
    else
      printf 'FAILED: host %s, plugin %s printed\n%s\n' "${host%%=*}" "$language" "$printed" >&2
      failed=1
    fi
  done
done
exit $failed
