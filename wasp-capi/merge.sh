#!/bin/sh
# Makes a static library to hand out from the one that cargo built: a quarter of its size.
#
#   wasp-capi/merge.sh LIBRARY HEADER OUTPUT
#
# Rust's archive is large: code that nobody calls, the bitcode of the standard library, a section for each function, and
# symbols that would clash with those of another Rust library in the same program. On ELF, one object holds what the header
# declares and what that needs. LD, OBJCOPY, AR and STRIP are the tools of the library's platform.
set -eu

library=$1
header=$2
output=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

case $(head -c 4096 "$library" | tr -d '\0') in
*__.SYMDEF*)
	# Mach-O.
	${STRIP:-strip} -S -o "$output" "$library"
	exit
	;;
esac
sed -nE 's/^(const )?[a-z0-9_]+ \*?(wasp_[a-z0-9_]+)\(.*/\2/p' "$header" >"$work/symbols"
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
# Each symbol is a word.
# shellcheck disable=SC2046
${LD:-ld} -r --gc-sections --force-group-allocation -T "$work/merge.ld" \
	$(sed 's/^/-u /' "$work/symbols") -o "$work/linked.o" "$library"
${OBJCOPY:-objcopy} --strip-unneeded --keep-global-symbols="$work/symbols" "$work/linked.o" "$work/wasp.o"
${AR:-ar} rcs "$work/libwasp.a" "$work/wasp.o"
mv "$work/libwasp.a" "$output"
