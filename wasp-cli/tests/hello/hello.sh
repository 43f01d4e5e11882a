#!/bin/sh
# Lets a host in each language greet by plugins with a function hello, as `wasp new` begins them.
#
#   wasp-cli/tests/hello/hello.sh LIBRARY WASP PLUGIN...     LIBRARY is the folder of libwasp.so, WASP the program
#
# The hosts use libwasp and the packages that the tests of the bindings have installed.
set -eu

library=$1
wasp=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
scratch=$(mktemp -d)
node=$root/build/node-test/hello.mjs
trap 'rm -rf "$scratch" "$node"' EXIT

cc -Wall -Wextra -Werror -o "$scratch/c" "$here/hello.c" -I "$root/include" -L "$library" -lwasp "-Wl,-rpath,$library"
mkdir "$scratch/go"
cp "$here/hello.go" "$scratch/go"
cat >"$scratch/go/go.mod" <<END
module hello

go 1.24

require github.com/nicholasjackson/wasp/bindings/go v0.0.0

replace github.com/nicholasjackson/wasp/bindings/go => $root/bindings/go
END
(cd "$scratch/go" && GOFLAGS=-mod=mod GOPROXY=off go build -o "$scratch/go-host" .)
cp "$here/hello.mjs" "$node"

failed=0
greets() {
	host=$1
	shift
	if greeting=$("$@") && [ "$greeting" = "Hello Nic" ]; then
		echo "ok: host $host, $plugin"
	else
		printf 'FAILED: host %s, %s printed\n%s\n' "$host" "$plugin" "$greeting" >&2
		failed=1
	fi
}
for plugin; do
	greets c "$scratch/c" "$plugin"
	greets go "$scratch/go-host" "$plugin"
	greets python "$root/build/python/empty/bin/python" "$here/hello.py" "$plugin"
	greets node node "$node" "$plugin"
	greets rust "$wasp" call "$plugin" hello Nic
done
exit $failed
