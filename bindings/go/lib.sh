#!/bin/sh
# Puts libwasp where `go build` finds it:
#
#   cargo build --release -p wasp-capi && bindings/go/lib.sh [libwasp.a]
#
# GOOS and GOARCH say for which platform the library is; LD, OBJCOPY, AR and STRIP are that platform's tools.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
library=${1:-${CARGO_TARGET_DIR:-$here/../../target}/release/libwasp.a}
platform=$(go env GOOS)_$(go env GOARCH)
folder=$here/engine/lib/$platform
if [ ! -d "$folder" ]; then
	echo "lib.sh: libwasp is not available for $platform" >&2
	exit 1
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cp "$here/../../include/wasp.h" "$here/engine/wasp.h"

case $platform in
linux_*)
	# Rust's archive is large: code that nobody calls, the bitcode of the standard library, a section for each function, and
	# symbols that would clash with those of another Rust library in the same program. One object holds what wasp.h declares
	# and what that needs.
	sed -nE 's/^(const )?[a-z0-9_]+ \*?(wasp_[a-z0-9_]+)\(.*/\2/p' "$here/engine/wasp.h" >"$work/symbols"
	cat >"$work/merge.ld" <<-'END'
		SECTIONS {
			.text : { *(.text .text.*) }
			.rodata : { *(.rodata .rodata.*) }
			.data.rel.ro : { *(.data.rel.ro .data.rel.ro.*) }
			.data : { *(.data .data.*) }
			.tdata : { *(.tdata .tdata.*) }
			.tbss : { *(.tbss .tbss.*) }
			.bss : { *(.bss .bss.* COMMON) }
			.gcc_except_table : { *(.gcc_except_table .gcc_except_table.*) }
			.eh_frame : { KEEP(*(.eh_frame)) }
			.init_array : { KEEP(*(.init_array .init_array.*)) }
			/DISCARD/ : { *(.llvmbc) *(.llvmcmd) *(.llvm_addrsig) *(.debug_*) *(.comment) }
		}
	END
	${LD:-ld} -r --gc-sections --force-group-allocation -T "$work/merge.ld" \
		$(sed 's/^/-u /' "$work/symbols") -o "$work/linked.o" "$library"
	${OBJCOPY:-objcopy} --strip-unneeded --keep-global-symbols="$work/symbols" "$work/linked.o" "$work/wasp.o"
	${AR:-ar} rcs "$work/libwasp.a" "$work/wasp.o"
	;;
darwin_*)
	${STRIP:-strip} -S -o "$work/libwasp.a" "$library"
	;;
esac

# The go command doesn't see when an archive changes: this file, which the engine imports, tells it.
sum=$(cksum <"$work/libwasp.a" | cut -d' ' -f1)
printf 'package %s\n\n// Checksum is that of libwasp.a.\nconst Checksum = "%s"\n' "$platform" "$sum" >"$work/stamp.go"
if ! cmp -s "$work/stamp.go" "$folder/stamp.go" || [ ! -f "$folder/libwasp.a" ]; then
	mv "$work/libwasp.a" "$folder/libwasp.a"
	mv "$work/stamp.go" "$folder/stamp.go"
fi
ls -l "$folder/libwasp.a"
