# Zig, of PyPI: 411 MB, of which nothing is committed. Sourced by ../test.sh.
# shellcheck shell=sh disable=SC2034,SC2154,SC2164

template=1
export ZIG_GLOBAL_CACHE_DIR="$tools/zig-cache"

toolchain() {
  version=$(sed -n 's/^ziglang==\([^ ]*\).*/\1/p' "$guest/tests/zig.txt")
  grep -q "pip install ziglang==$version\`" "$guest/zig/README.md"
  PATH=$tools/zig/ziglang:$PATH
  [ "$(zig version 2>/dev/null)" = "$version" ] && return
  rm -rf "$tools/zig"
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
    --require-hashes --target "$tools/zig" -r "$guest/tests/zig.txt"
}

# Builds in a folder of the tree, and leaves nothing there.
built() {
  (cd "$1" && shift && zig build --cache-dir "$tools/zig-built" "$@")
}

own_tests() {
  zig fmt --check "$guest/zig" "$root/examples/plugins/zig" "$root/wasp-cli/tests/guests/zig" "$root/wasp-cli/templates/zig"
  built "$guest/zig" test
  built "$root/wasp-cli/tests/guests/zig" test install --prefix "$work"
  kinds=$work/kinds.wasm
  # Without starting it.
  "$wasp" inspect "$kinds" >"$work/listing"
  grep -qF '  hello(name: string) string  # Greets somebody.' "$work/listing"
  grep -qF '  mixed(a: i64, b: i32, c: f64, d: string, e: bytes, yes: i32, f: i64, g: f32) f64' "$work/listing"
  set -- --callback 'env.call_me(string) string=Nic' --callback 'env.store(string, bytes, i64, i32)=' \
    --callback 'env.lookup(string) json={"name":"Nic","age":41}'
  checked "$kinds" "$@"
  gives "$kinds" -4294967315 mixed 1 4294967295 3 four five 1 6 2 "$@"
  gives "$kinds" 1 is_empty '' "$@"
  gives "$kinds" Hello literal "$@"
  gives "$kinds" '[{"name":"Nic","age":42}]' older '[{"name":"Nic","age":41}]' 1 "$@"
  gives "$kinds" 41 callback "$@"
  fails "$kinds" 'wasp: NobodyIsThere' hello nobody "$@"
  fails "$kinds" 'on purpose: why' fail why "$@"
  fails "$kinds" 'the JSON is no' older 5 1 "$@"
  fails "$kinds" 'a string for the host holds a NUL byte' nul "$@"
  fails "$kinds" 'the plugin aborted: index out of bounds: index 5, len 3' at abc 5 "$@"
  fails "$kinds" 'wasp: before' fail_with_nul "$@"
  gives "$kinds" 1 deep 10 "$@"
  fails "$kinds" 'function "deep": ' deep 1000 "$@"
  refused 'pub fn f(a: [4]i32) void { _ = a; }' 'f: the parameter a is [4]i32, and []const u8, '
  refused 'pub fn f() u8 { return 1; }' 'f: its result is u8, and '
  refused 'pub fn f(a: anytype) void { _ = a; }' 'f: a parameter has no type of its own'
}

# A plugin with this function isn't compiled, and the error says why.
refused() {
  mkdir -p "$work/refused"
  cp "$root/wasp-cli/templates/zig/build.zig.in" "$work/refused/build.zig"
  sed "s|\"wasp-guest\" }|\"$(realpath --relative-to="$work/refused" "$guest/zig")\" }|" "$root/wasp-cli/templates/zig/build.zig.zon" >"$work/refused/build.zig.zon"
  printf '%s\n' 'const wasp = @import("wasp");' 'comptime { wasp.exportFunctions(@This(), @embedFile("plugin.zig")); }' "$1" >"$work/refused/plugin.zig"
  if said=$(built "$work/refused" 2>&1); then
    echo "$1 compiles" >&2
    exit 1
  fi
  case $said in *"$2"*) ;; *) echo "$1: $said" >&2; exit 1 ;; esac
}

example() {
  built "$root/examples/plugins/zig" test install --prefix "$(dirname "$1")"
}
