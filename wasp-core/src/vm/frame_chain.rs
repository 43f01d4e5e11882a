//! The frames of guest code on a stack, by the chain of frame pointers that both compilers keep.
//!
//! wasmer unwinds, and so makes no trace where a guest comes to the end of its stack: in the middle of a function's prologue that can
//! lead anywhere. The chain is followed with nothing taken on trust: the stack's bounds are known, and so are the code's.

use std::cell::{Cell, UnsafeCell};
use std::ops::Range;

/// How many of the innermost frames a trace of the guest's stack has: an error should not be as large as that.
pub(super) const MOST_FRAMES: usize = 100;

/// The registers that say where a thread is.
pub(super) struct Registers {
    pub pc: usize,
    sp: usize,
    fp: usize,
}

impl Registers {
    /// Reads those of the code that a signal interrupted; none where they aren't known.
    ///
    /// # Safety
    /// `context` is what the kernel gave a signal handler.
    #[allow(unused_variables)]
    pub(super) unsafe fn of(context: *const libc::c_void) -> Option<Self> {
        // SAFETY: the kernel gave the handler a context of this type, as this function asks.
        #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
        return unsafe {
            let registers = &(*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs;
            let get = |register: libc::c_int| registers[register as usize] as usize;
            Some(Self { pc: get(libc::REG_RIP), sp: get(libc::REG_RSP), fp: get(libc::REG_RBP) })
        };
        // SAFETY: the kernel gave the handler a context of this type, as this function asks.
        #[cfg(all(target_os = "linux", target_arch = "aarch64"))]
        return unsafe {
            let context = &(*context.cast::<libc::ucontext_t>()).uc_mcontext;
            let [pc, sp, fp] = [context.pc, context.sp, context.regs[29]].map(|it| it as usize);
            Some(Self { pc, sp, fp })
        };
        // SAFETY: the kernel gave the handler a context of this type, as this function asks.
        #[cfg(all(target_os = "macos", target_arch = "aarch64"))]
        return unsafe {
            let state = &(*(*context.cast::<libc::ucontext_t>()).uc_mcontext).__ss;
            let [pc, sp, fp] = [state.__pc, state.__sp, state.__fp].map(|it| it as usize);
            Some(Self { pc, sp, fp })
        };
        #[allow(unreachable_code)]
        None
    }
}

/// The addresses of a stack's innermost frames, written in a signal handler.
pub(super) struct Frames {
    addresses: UnsafeCell<[usize; MOST_FRAMES]>,
    count: Cell<usize>,
}

impl Frames {
    pub(super) const fn new() -> Self {
        Self { addresses: UnsafeCell::new([0; MOST_FRAMES]), count: Cell::new(0) }
    }

    /// Takes the addresses: of the instruction that failed, and within the call instructions of the others.
    pub(super) fn take(&self) -> Vec<usize> {
        let count = self.count.replace(0);
        // SAFETY: the thread's signal handler, which writes them, has returned.
        unsafe { (&(*self.addresses.get()))[..count].to_vec() }
    }

    /// Adds an address, and returns whether there is room for another.
    fn push(&self, address: usize) -> bool {
        let count = self.count.get();
        // SAFETY: only this thread, which is here, looks at them.
        if let Some(place) = unsafe { (*self.addresses.get()).get_mut(count) } {
            *place = address;
            self.count.set(count + 1);
        }
        count + 1 < MOST_FRAMES
    }

    /// Notes where the code in `code` is that has these `registers`, and its callers in `code`, on `stack`.
    ///
    /// # Safety
    /// `code` can be read, and holds the instruction at `registers.pc`; `stack` can be read, and is this thread's.
    pub(super) unsafe fn note(
        &self,
        registers: &Registers,
        code: &Range<usize>,
        stack: Range<usize>,
    ) {
        let Registers { pc, sp, fp } = *registers;
        self.count.set(0);
        self.push(pc);
        // A function that was about to save its caller's frame pointer: `push rbp`.
        // SAFETY: `code` can be read, as this function asks.
        let enters = cfg!(target_arch = "x86_64") && unsafe { *(pc as *const u8) } == 0x55;
        if enters && holds_words(&stack, sp) {
            // SAFETY: it is on the stack, as this function asks.
            let back = unsafe { *(sp as *const usize) };
            if code.contains(&back) {
                self.push(back - 1);
            }
        }
        let stack = sp.max(stack.start)..stack.end;
        // SAFETY: as this function asks.
        unsafe { follow(fp, code, &stack, &mut |address| self.push(address)) };
    }
}

/// Follows the chain of frame pointers from `fp` on, and tells `note` of the addresses within the call instructions in `code`, until
/// it is false or the chain leaves code or stack.
///
/// # Safety
/// `stack` can be read.
pub(super) unsafe fn follow(
    mut fp: usize,
    code: &Range<usize>,
    stack: &Range<usize>,
    note: &mut dyn FnMut(usize) -> bool,
) {
    let mut rest = stack.clone();
    while holds_words(&rest, fp) {
        // SAFETY: two words of the stack, as this function asks.
        let [next, back] = unsafe { *(fp as *const [usize; 2]) };
        if !code.contains(&back) || !note(back - 1) {
            return;
        }
        // Outer frames are higher.
        rest.start = fp + 16;
        fp = next;
    }
}

/// Whether two words at `address` are on `stack`.
fn holds_words(stack: &Range<usize>, address: usize) -> bool {
    stack.contains(&address) && address.is_multiple_of(8) && stack.end - address >= 16
}
