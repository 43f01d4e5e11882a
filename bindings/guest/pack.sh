#!/bin/sh
# Packs the helpers for plugins as their users get them, into build/guest/packages.
#
#   bindings/guest/pack.sh [LANGUAGE...]     all that need no compiler of their own where none is named
#
# c: include, the headers. rust: a crate. go: what GOPROXY=file://... reads. assemblyscript: an npm package. zig: what `zig fetch` takes. nim: the same,
# to unpack. java: a repository for Maven, which is needed for that.
set -eu

guest=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$guest/../.." && pwd)
packages=$root/build/guest/packages
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml")
mkdir -p "$packages"

pack_c() {
  rm -rf "$packages/include"
  mkdir "$packages/include"
  cp "$guest"/c/*.h "$guest"/c/*.hpp "$packages/include"
}

pack_rust() {
  cargo package --quiet --offline --no-verify --allow-dirty --manifest-path "$guest/rust/Cargo.toml" --target-dir "$packages/obj"
  mv "$packages/obj/package/wasp-guest-$version.crate" "$packages"
  rm -r "$packages/obj"
}

# The format is that of the Go modules reference, "GOPROXY protocol".
pack_go() {
  module=github.com/nicholasjackson/wasp/bindings/guest/go
  files=$packages/go/$module/@v
  rm -rf "$packages/go"
  mkdir -p "$files"
  echo "v$version" >"$files/list"
  printf '{"Version":"v%s"}\n' "$version" >"$files/v$version.info"
  cp "$guest/go/go.mod" "$files/v$version.mod"
  (cd "$guest/go" && git ls-files && echo "$root/LICENSE") | python3 -c '
import os, sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as archive:
    for path in sys.stdin.read().split("\n")[:-1]:
        name = os.path.basename(path) if os.path.isabs(path) else path
        archive.write(os.path.join(sys.argv[2], path), sys.argv[3] + "/" + name)
' "$files/v$version.zip" "$guest/go" "$module@v$version"
}

pack_assemblyscript() {
  (cd "$guest/assemblyscript" && npm pack --silent --pack-destination "$packages" >/dev/null)
}

# A folder as an archive: archived LANGUAGE NAME
archived() {
  (cd "$guest/$1" && git ls-files -z | tar -cz --null -T - --transform "s,^,$2-$version/," -f "$packages/$2-$version.tar.gz")
}
pack_zig() { archived zig wasp-zig; }
pack_nim() { archived nim wasp-nim; }

# A repository in a folder, as Maven reads one.
pack_java() {
  rm -rf "$packages/maven"
  mvn -B -q -f "$guest/java/pom.xml" clean package org.apache.maven.plugins:maven-deploy-plugin:3.1.3:deploy -DskipTests \
    "-DaltDeploymentRepository=packed::file://$packages/maven"
}

[ $# -gt 0 ] || set -- c rust go assemblyscript zig nim
for language; do
  "pack_$language"
done
