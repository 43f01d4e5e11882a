#!/bin/sh
# Builds the wheel into build/wheels and prints its path.
#
#   bindings/python/wheel.sh [portable | source]
#
# The plain one runs where the C library is as new as here; a portable one on every Linux since 2014, for it is linked
# against glibc 2.17, by a linker that pip brings along; source is all that pip needs to build one, with cargo. PYTHON is
# the interpreter; python3 if not given.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$root/build/python
tools=$build/tools

mkdir -p "$build"
install() {
	"$tools/bin/pip" install --quiet --disable-pip-version-check "$@" >&2
}
[ -x "$tools/bin/maturin" ] || {
	"${PYTHON:-python3}" -m venv "$tools"
	install maturin==1.16.0
}
cd "$here"
# The script runtimes (make runtimes), where they are built.
rm -rf python/wasp/runtimes
if [ -d "$root/build/runtimes" ]; then
	mkdir -p python/wasp/runtimes
	cp "$root"/build/runtimes/*.wasm "$root"/build/runtimes/*.LICENSE python/wasp/runtimes/
fi
case ${1:-} in
'') set -- ;;
source)
	rm -rf "$root/build/wheels"
	"$tools/bin/maturin" sdist --out "$root/build/wheels" >&2
	ls "$root"/build/wheels/wasp-*.tar.gz
	exit
	;;
portable)
	install ziglang==0.13.0
	linker=$build/cc
	cat >"$linker" <<-END
		#!/bin/sh
		exec "$tools/bin/python" -m ziglang cc -target $(uname -m)-linux-gnu.2.17 "\$@"
	END
	chmod +x "$linker"
	# Only for the last step: what is compiled already stays as it is.
	set -- --compatibility manylinux2014 -- -C "linker=$linker"
	;;
*)
	sed -n '4p' "$here/wheel.sh" >&2
	exit 2
	;;
esac
rm -rf "$root/build/wheels"
"$tools/bin/maturin" build --release --locked --target-dir "${CARGO_TARGET_DIR:-$root/target}" --out "$root/build/wheels" "$@" >&2
ls "$root"/build/wheels/wasp-*.whl
