//! Whether this process runs under Valgrind, which has its own idea of registers and stacks.

/// Returns whether it does.
///
/// Asks by Valgrind's client request (valgrind.h, `RUNNING_ON_VALGRIND`), which does nothing anywhere else.
#[cfg(target_arch = "x86_64")]
pub(crate) fn is_here() -> bool {
    let request = [0x1001u64, 0, 0, 0, 0, 0];
    let mut answer = 0u64;
    // SAFETY: rotates a register by 128 bits in all, and exchanges another with itself.
    unsafe {
        std::arch::asm!(
            "rol rdi, 3", "rol rdi, 13", "rol rdi, 61", "rol rdi, 51", "xchg rbx, rbx",
            in("rax") request.as_ptr(), inout("rdx") answer, options(nostack)
        );
    }
    answer != 0
}

/// The same where wasp does nothing that Valgrind wouldn't understand.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn is_here() -> bool {
    false
}
