#!/bin/sh
# Builds plugins with the helpers as they are packed, away from the tree, and calls them.
#
#   wasp-cli/tests/packages.sh WASP LANGUAGE...     WASP is the program
#
# What `wasp new` begins has the helper in a folder of its own: here that is deleted, and the package is used as one from a registry would be.
set -eu

wasp=$1
shift
root=$(cd "$(dirname "$0")/../.." && pwd)
packages=$root/build/guest/packages
scratch=$(mktemp -d)
# Go makes what it unpacks read-only.
trap 'chmod -R u+w "$scratch"; rm -rf "$scratch"' EXIT
export npm_config_prefer_offline=true
unset CARGO_TARGET_DIR RUSTFLAGS RUSTUP_TOOLCHAIN MAKEFLAGS MAKELEVEL

use_c() { use_header; }
use_cpp() { use_header; }

use_header() {
	rm wasp_guest.*
	sed -i "s| wasp_guest\.hp*||g; s| -Wall| -I $packages/include -Wall|" Makefile
	make -s "build/my-$language.wasm"
}

# A folder in the place of the registry.
use_rust() {
	rm -r wasp-guest
	mkdir -p .cargo crates
	tar -xzf "$packages"/wasp-guest-*.crate -C crates
	printf '{"files":{},"package":"%s"}' "$(sha256sum "$packages"/wasp-guest-*.crate | cut -d' ' -f1)" \
		>"$(echo crates/wasp-guest-*)/.cargo-checksum.json"
	printf '[source.crates-io]\nreplace-with = "packed"\n\n[source.packed]\ndirectory = "crates"\n' >.cargo/config.toml
	sed -i 's|{ path = "wasp-guest" }|"0.1"|' Cargo.toml
	make -s "build/my-$language.wasm"
	grep -q 'registry+' Cargo.lock
}

use_go() {
	module=github.com/nicholasjackson/wasp/bindings/guest/go
	export GOPROXY="file://$packages/go" GONOSUMDB="$module" GOMODCACHE="$scratch/go-modules" GOTOOLCHAIN=local
	rm -r wasp-guest
	go mod edit -dropreplace "$module" -droprequire "$module"
	go get "$module@v$(cat "$packages/go/$module/@v/list" | tr -d v)"
	make -s "build/my-$language.wasm"
	go test ./...
}

use_assemblyscript() {
	rm -r wasp-guest
	sed -i "s|file:wasp-guest|file:$(echo "$packages"/wasp-guest-*.tgz)|" package.json
	make -s "build/my-$language.wasm"
}

use_zig() {
	rm -r wasp-guest
	sed -i 's|^    .dependencies = .*|    .dependencies = .{},|; s|, "wasp-guest"||' build.zig.zon
	zig fetch --save=wasp "$(echo "$packages"/wasp-zig-*.tar.gz)"
	make -s "build/my-$language.wasm"
}

use_nim() {
	rm -r wasp-guest
	tar -xzf "$packages"/wasp-nim-*.tar.gz
	mv wasp-nim-* wasp-guest
	make -s "build/my-$language.wasm"
}

# The package comes from its repository, and all else from where it is already.
use_java() {
	rm -r wasp-guest
	sed -i '/wasp-guest/d' pom.xml
	sed -i 's| wasp-guest/pom.xml wasp-guest/src||' Makefile
	sed -i "s|^  <dependencies>|  <repositories><repository><id>packed</id><url>file://$packages/maven</url></repository></repositories>\n&|" plugin/pom.xml
	cp -rl "$HOME/.m2/repository" "$scratch/m2"
	rm -rf "$scratch/m2/io/github/nicholasjackson"
	make -s "build/my-$language.wasm" MVN="mvn -Dmaven.repo.local=$scratch/m2"
}

for language; do
	case $language in cpp) packed=c ;; *) packed=$language ;; esac
	"$root/bindings/guest/pack.sh" "$packed"
	cd "$scratch"
	"$wasp" new "$language" "my-$language"
	cd "my-$language"
	"use_$language"
	[ "$("$wasp" call "build/my-$language.wasm" hello Nic)" = "Hello Nic" ]
	echo "$language: ok"
done
