#!/bin/sh
# Runs hosts with every example plugin: each pair prints what expected.txt says.
#
#   matrix.sh PLUGINS NAME=COMMAND...     as in: matrix.sh build/plugins rust=target/release/host
#
# PLUGINS is the directory of what `make -C examples/plugins` builds. COMMAND is for the shell: 'node=node host.js'. The script
# needs its runtime (make runtimes), which hosts that bring none along find by WASP_RUNTIMES. LANGUAGES may name other plugins.

languages=${LANGUAGES:-c rust go assemblyscript javascript lua}

here=$(cd "$(dirname "$0")" && pwd)
export WASP_RUNTIMES="${WASP_RUNTIMES:-$here/../../build/runtimes}"
expected=$(cat "$here/expected.txt")
# Used by `eval`.
# shellcheck disable=SC2034
plugins=$1
[ $# -gt 1 ] || { echo "no host to run" >&2; exit 1; }
shift

failed=0
for host; do
  for language in $languages; do
    # Used by `eval`.
    # shellcheck disable=SC2034
    plugin=$plugins/$language.wasm
    # shellcheck disable=SC2034
    case $language in
      javascript) plugin=$here/../plugins/javascript/plugin.js ;;
      lua) plugin=$here/../plugins/lua/plugin.lua ;;
    esac
    if printed=$(eval "${host#*=}" '"$plugin"') && [ "$printed" = "$expected" ]; then
      echo "ok: host ${host%%=*}, plugin $language"
    else
      printf 'FAILED: host %s, plugin %s printed\n%s\n' "${host%%=*}" "$language" "$printed" >&2
      failed=1
    fi
  done
done
exit $failed
