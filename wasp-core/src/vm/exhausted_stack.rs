//! Where a guest is when it comes to the end of its stack.
//!
//! wasmer makes no trace there: unwinding in the middle of a function's prologue can lead anywhere. But both compilers keep the
//! chain of frame pointers, and the stack's bounds are known, so it is followed here with nothing taken on trust.

use std::cell::{Cell, UnsafeCell};
use std::ops::Range;

/// How many of the innermost frames are noted.
const MOST_FRAMES: usize = 100;

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

    fn push(&self, address: usize) {
        let count = self.count.get();
        // SAFETY: only this thread, which is here, looks at them.
        if let Some(place) = unsafe { (*self.addresses.get()).get_mut(count) } {
            *place = address;
            self.count.set(count + 1);
        }
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
        let Registers { pc, sp, mut fp } = *registers;
        let fits = |address: usize| {
            stack.contains(&address) && address % 8 == 0 && stack.end - address >= 16
        };
        self.count.set(0);
        self.push(pc);
        // SAFETY: these are on the stack, as this function asks.
        let read = |address: usize| unsafe { *(address as *const usize) };
        // A function that was about to save its caller's frame pointer: `push rbp`.
        // SAFETY: `code` can be read, as this function asks.
        let enters = cfg!(target_arch = "x86_64") && unsafe { *(pc as *const u8) } == 0x55;
        if enters && fits(sp) && code.contains(&read(sp)) {
            self.push(read(sp) - 1);
        }
        let mut lowest = sp;
        while fp >= lowest && fits(fp) && self.count.get() < MOST_FRAMES {
            let back = read(fp + 8);
            if !code.contains(&back) {
                break;
            }
            self.push(back - 1);
            lowest = fp + 16;
            fp = read(fp);
        }
    }
}
