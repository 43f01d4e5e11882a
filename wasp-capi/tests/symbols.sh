#!/bin/sh
# The shared library exports what the header declares and nothing else, under its own name.
#
#   symbols.sh LIBRARY SONAME HEADER

set -eu
exported=$(nm -D --defined-only "$1" | awk '{ print $3 }' | sort)
declared=$(sed -n '/^extern "C"/,/^}/p' "$3" | grep -v '^//' | grep -o 'wasp_[a-z_]*(' | tr -d '(' | sort)
[ "$exported" = "$declared" ] || { printf 'exported:\n%s\ndeclared:\n%s\n' "$exported" "$declared" >&2; exit 1; }
objdump -p "$1" | grep -q "SONAME *$2\$" || { echo "the SONAME is not $2" >&2; exit 1; }
