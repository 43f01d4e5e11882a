# Java, whose compiler and libraries Maven fetches, by its own configuration. Sourced by ../test.sh.
# shellcheck shell=sh disable=SC2034,SC2154,SC2164

template=1

toolchain() {
  javac -version >/dev/null 2>&1 || debian openjdk-17-jdk-headless
  mvn --version >/dev/null 2>&1 || debian maven
  mvn --version | grep 'Java version'
}

# Builds a project of the tree, where git ignores what it leaves: maven FOLDER ARGUMENT...
maven() {
  folder=$1
  shift
  mvn -B -q -f "$folder/pom.xml" clean "$@"
}

own_tests() {
  maven "$guest/java" install
  plugin=$root/wasp-cli/tests/guests/java
  maven "$plugin" package
  kinds=$plugin/target/kinds.wasm
  set -- --callback 'env.call_me(string) string=Nic' --callback 'env.store(string, bytes, i64, i32)=' \
    --callback 'env.lookup(string) json={"name":"Nic","age":41}'
  "$wasp" inspect --start "$kinds" "$@" >"$work/listing"
  grep -qF '  hello(name: string) string  # Greets somebody.' "$work/listing"
  grep -qF '  older(people: json, by: i32) json  # Makes people by years older.' "$work/listing"
  grep -qF '  mixed(a: i64, b: i32, c: f64, d: string, e: bytes, yes: i32, f: i64, g: f32) f64' "$work/listing"
  # It has 30 functions, and the example below is called as often as all are.
  (calls=$((calls / 10)); checked "$kinds" "$@")
  gives "$kinds" 4294967317 mixed 4294967299 -1 3 four five 1 6 2 "$@"
  gives "$kinds" 1 isEmpty '' "$@"
  gives "$kinds" Hello literal "$@"
  gives "$kinds" 'ü 🎉 €' utf_8 'ü 🎉 €' "$@"
  gives "$kinds" '[{"name":"Nic","age":42}]' older '[{"name":"Nic","age":41}]' 1 "$@"
  gives "$kinds" 41 callback "$@"
  fails "$kinds" 'wasp: nobody is there' hello nobody "$@"
  fails "$kinds" 'on purpose: why' fail why "$@"
  fails "$kinds" 'Not an array: 5' older 5 1 "$@"
  fails "$kinds" 'a string for the host holds a NUL byte' nul "$@"
  fails "$kinds" 'bytes for the host are null' none "$@"
  fails "$kinds" 'wasp: before' failWithNul "$@"
  fails "$kinds" 'wasp: java.lang.ArrayIndexOutOfBoundsException' at abc 5 "$@"
  fails "$kinds" "the plugin aborted: java.lang.AssertionError: it isn't so" claim 0 "$@"
  library "$@"
}

# What Java's own library gives is as on a JDK.
library() {
  gives "$kinds" 2 count first "$@"
  gives "$kinds" 'Nic 2.500 00042 Point[x=1, y=2]' format Nic 2.5 "$@"
  gives "$kinds" '{a=[a], b=[b, b]} 0,1,2,3,4' words 'b a b' "$@"
  gives "$kinds" 7.198967451180938 maths 0.5 "$@"
  gives "$kinds" 1 clocks "$@"
  gives "$kinds" 'no number' caught x "$@"
  gives "$kinds" 10000 deep 10000 "$@"
  fails "$kinds" 'call stack exhausted' deep 1000000 "$@"
  gives "$kinds" 1000 fill 1000 "$@"
  gives "$kinds" -2107173822613648658 churn 3000000 "$@"
  fails "$kinds" 'the plugin aborted: java.lang.OutOfMemoryError' fill 100000 "$@"
  fails "$kinds" 'wasp: java.lang.ClassCastException' cast 1 "$@"
  fails "$kinds" 'wasp: / by zero' divide 6 0 "$@"
  fails "$kinds" 'wasp: / by zero' divideBySome 1 "$@"
  fails "$kinds" 'wasp: / by zero' remainder 5 0 "$@"
  gives "$kinds" -2147483648 divide -2147483648 -1 "$@"
  gives "$kinds" 0 remainder -9223372036854775808 -1 "$@"
  gives "$kinds" 2147483647 whole 1e300 "$@"
  gives "$kinds" 0 whole nan "$@"
  gives "$kinds" -9223372036854775808 wholeOfFloat -1e30 "$@"
  fails "$kinds" 'wasp: -1' length -1 "$@"
  fails "$kinds" 'wasp: java.lang.IndexOutOfBoundsException' letter abc 5 "$@"
}

example() {
  maven "$root/examples/plugins/java" package
  cp "$root/examples/plugins/java/target/java.wasm" "$1"
}
