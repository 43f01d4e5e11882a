# Nim, of Debian or Ubuntu, with their clang. Sourced by ../test.sh.
# shellcheck shell=sh disable=SC2034,SC2154,SC2164

template=1

toolchain() {
  # Those that the README names.
  # shellcheck disable=SC2016
  packages=$(sed -n 's/.*`apt-get install \(nim [^`]*\)`.*/\1/p' "$guest/nim/README.md")
  [ -n "$packages" ]
  # shellcheck disable=SC2086
  debian $packages
}

# Compiles a file of the tree, and leaves nothing there: nim_compile COMMAND FILE OUT ARGUMENT...
nim_compile() {
  command=$1 file=$2 out=$3
  shift 3
  nim "$command" --hints:off --nimcache:"$work/nimcache/$(basename "$out")" -o:"$out" "$@" "$file"
}

own_tests() {
  plugin=$root/wasp-cli/tests/guests/nim
  nim_compile r "$plugin/test_plugin.nim" "$work/test_plugin"
  kinds=$work/kinds.wasm
  nim_compile c "$plugin/plugin.nim" "$kinds" -d:wasm
  set -- --callback 'env.call_me(string) string=Nic' --callback 'env.store(string, bytes, i64, i32)=' \
    --callback 'env.lookup(string) json={"name":"Nic","age":41}'
  "$wasp" inspect --start "$kinds" "$@" >"$work/listing"
  grep -qF '  hello(name: string) string  # Greets somebody.' "$work/listing"
  grep -qF '  mixed(a: i64, b: i32, c: f64, d: string, e: bytes, yes: i32, f: i64, g: f32) f64' "$work/listing"
  checked "$kinds" "$@"
  gives "$kinds" -4294967315 mixed 1 4294967295 3 four five 1 6 2 "$@"
  gives "$kinds" 1 isEmpty '' "$@"
  gives "$kinds" Hello literal "$@"
  gives "$kinds" '[{"name":"Nic","age":42}]' older '[{"name":"Nic","age":41}]' 1 "$@"
  gives "$kinds" 41 callback "$@"
  fails "$kinds" 'wasp: nobody is there' hello nobody "$@"
  fails "$kinds" 'on purpose: why' fail why "$@"
  fails "$kinds" 'the plugin aborted: AssertionDefect: ' older 5 1 "$@"
  fails "$kinds" 'a string for the host holds a NUL byte' nul "$@"
  fails "$kinds" 'the plugin aborted: IndexDefect: index 5 not in 0 .. 2' at abc 5 "$@"
  refused 'proc f(a: int) {.exported.} = discard' 'f: the parameter a is int, and string, '
  refused 'proc f(): seq[int] {.exported.} = @[1]' 'f: its result is seq[int], and '
  refused "proc f(a = 1'i32) {.exported.} = discard" 'this one has a default'
  refused 'proc f[T](a: T) {.exported.} = discard' 'this one is generic'
}

# A plugin with this proc isn't compiled, and the error says why.
refused() {
  printf 'import wasp\n%s\n' "$1" >"$work/refused.nim"
  printf 'include "%s/nim/wasm.nims"\n' "$guest" >"$work/config.nims"
  if said=$(nim_compile c "$work/refused.nim" "$work/refused.wasm" -d:wasm 2>&1); then
    echo "$1 compiles" >&2
    exit 1
  fi
  case $said in *"$2"*) ;; *) echo "$1: $said" >&2; exit 1 ;; esac
}

example() {
  nim_compile c "$root/examples/plugins/nim/plugin.nim" "$1" -d:wasm
}
