#!/bin/sh
# Tests the helpers whose compilers CI lacks, as somebody uses them who writes a plugin: make test-guests.
#
#   bindings/guest/test.sh [LANGUAGE...]
#
# A language is a file in tests, which says how its compiler is installed (into build/guest, or by apt) and what is built; all are tested
# where none is named. Each must pass its own tests, `wasp check` and calls from every host that is built (the Rust one is, here), and what `wasp new`
# and the README give must build and run in a folder outside the tree. CALLS is how often `wasp check` calls each function.
set -eu

guest=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$guest/../.." && pwd)
tools=$root/build/guest
plugins=$root/build/plugins
calls=${CALLS:-200000}
export WASP_RUNTIMES="${WASP_RUNTIMES:-$root/build/runtimes}"

# What the files in tests call.

say() { printf '\n== %s: %s\n' "$language" "$1"; }

# Installs packages of Debian or Ubuntu that aren't there.
debian() {
  for package; do
    dpkg-query --show --showformat '${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' && continue
    sudo=
    [ "$(id -u)" = 0 ] || sudo=sudo
    $sudo apt-get update
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
    return
  done
}

# Calls a function of a plugin, whose result must be as said: gives MODULE EXPECTED FUNCTION ARGUMENT...
gives() {
  module=$1 expected=$2
  shift 2
  printed=$("$wasp" call "$module" "$@")
  [ "$printed" = "$expected" ] || { echo "$module: $* gives $printed, not $expected" >&2; exit 1; }
}

# Calls a function, which must fail with an error that has this text: fails MODULE TEXT FUNCTION ARGUMENT...
fails() {
  module=$1 expected=$2
  shift 2
  if printed=$("$wasp" call "$module" "$@" 2>&1); then
    echo "$module: $* gives $printed, and should fail" >&2
    exit 1
  fi
  case $printed in
    *"$expected"*) ;;
    *) echo "$module: $* fails with $printed, not $expected" >&2; exit 1 ;;
  esac
}

# Checks a plugin: nothing may be doubtful.
checked() {
  if ! "$wasp" check --calls "$calls" "$@" >"$work/check" || grep -qv '^ok ' "$work/check"; then
    cat "$work/check" >&2
    exit 1
  fi
}

# Makes the files that a README prints in the current folder, each named before it, and runs the commands.
readme() {
  mkdir -p path/to
  ln -s "$root" path/to/wasp
  awk '
    /^```/ && fenced { fenced = 0; file = ""; next }
    /^```/ { fenced = 1; to = $0 == "```sh" ? "run.sh" : file; next }
    fenced && to != "" { print >to }
    fenced { next }
    match($0, /`[^` ]+`:$/) {
      file = folder = substr($0, RSTART + 1, RLENGTH - 3)
      if (sub("/[^/]*$", "", folder)) system("mkdir -p " folder)
    }
  ' "$1"
  sh -eux run.sh
}

cd "$root"
cargo build --release --locked -p wasp-cli -p host
target=${CARGO_TARGET_DIR:-target}
case $target in /*) ;; *) target=$root/$target ;; esac
wasp=$target/release/wasp
mkdir -p "$tools" "$plugins"

# Runs the example plugin in every host that is built.
in_hosts() {
  set -- rust="'$target/release/host'"
  for name in c go; do
    host=$root/build/cmake/wasp-capi/tests/host-$name
    [ ! -x "$host" ] || set -- "$@" "$name='$host'"
  done
  python=$root/build/python/empty/bin/python
  [ ! -x "$python" ] || set -- "$@" "python='$python' '$root/examples/hosts/python/host.py'"
  node=$root/build/node-test/host.mjs
  [ ! -e "$node" ] || set -- "$@" "node=node '$node'"
  LANGUAGES=$language sh "$root/examples/hosts/matrix.sh" "$plugins" "$@"
}

# A file in tests has: toolchain, which installs the compiler and makes it known; own_tests, which tests the helper; example FILE, which builds
# the example plugin; and, where `wasp new` has the language, template=1.
test_language() {
  language=$1
  template=
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  # shellcheck source=/dev/null
  . "$guest/tests/$language.sh"
  say "the compiler"
  toolchain
  say "its own tests"
  own_tests
  say "the example, and $calls calls of each function"
  example "$plugins/$language.wasm"
  checked "$plugins/$language.wasm" --callback 'env.call_me(string) string=Nic'
  in_hosts
  if [ -n "$template" ]; then
    say "what wasp new begins"
    cd "$work"
    "$wasp" new "$language" "my-$language"
    make -C "my-$language" test WASP="$wasp"
    # With the hosts of `make test`, where that has built them.
    if [ -e "$root/build/cmake/lib/libwasp.so" ] && [ -e "$root/build/python/empty/bin/python" ] && [ -e "$root/build/node-test/host.mjs" ]; then
      sh "$root/wasp-cli/tests/hello/hello.sh" "$root/build/cmake/lib" "$wasp" "my-$language/build/my-$language.wasm"
    fi
    say "the README"
    mkdir "$work/readme"
    cd "$work/readme"
    readme "$guest/$language/README.md"
    gives hello.wasm 'Hello Nic' hello Nic
    say "the package"
    sh "$root/wasp-cli/tests/packages.sh" "$wasp" "$language"
  fi
}

if [ $# -eq 0 ]; then
  for file in "$guest"/tests/*.sh; do set -- "$@" "$(basename "$file" .sh)"; done
fi
for language; do
  [ -e "$guest/tests/$language.sh" ] || { echo "there is no $guest/tests/$language.sh" >&2; exit 2; }
done
# Each in a process of its own, as what one sets is none of the others' concern.
for language; do
  (test_language "$language")
done
printf '\nall passed: %s\n' "$*"
