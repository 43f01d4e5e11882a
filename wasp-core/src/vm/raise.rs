//! The way in which the host ends a guest that waits for it, with an error.

use crate::base::error::Error;
use crate::sys::unwinding;
use crate::vm::frame_chain::{MOST_FRAMES, follow};
use crate::vm::thread::{Running, Thread};
use std::error::Error as StdError;
use std::ffi::{c_int, c_void};
use std::fmt;
use std::ops::Range;
use wasmer_vm::raise_user_trap;

/// What a guest is ended with.
#[derive(Debug)]
pub(super) struct Raised {
    pub error: Error,
    /// The addresses within the call instructions of the guest's stack, innermost first.
    pub frames: Vec<usize>,
}

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl StdError for Raised {}

/// Ends the guest with `error`.
///
/// # Safety
/// This is the guest's stack, in a function that compiled code called, and nothing is owned on it.
#[cold]
pub(crate) unsafe fn raise(error: Error) -> ! {
    // SAFETY: as this function asks.
    unsafe {
        let frames = frames_here();
        raise_user_trap(Box::new(Raised { error, frames }))
    }
}

/// Returns the addresses of the guest's code on the stack that this is, as many as a trace takes. What of the stack this needs
/// isn't the guest's: it doesn't count as exhausted where the rest was too little.
///
/// # Safety
/// This is a guest's stack, in a function that compiled code called.
unsafe fn frames_here() -> Vec<usize> {
    // SAFETY: what is running on this thread outlives its run.
    let Some(running) = (unsafe { (*Thread::this()).running.get().as_ref() }) else {
        return Vec::new();
    };
    running.tracing.set(true);
    // SAFETY: as this function asks.
    let frames = unsafe { guest_frames(running) };
    running.tracing.set(false);
    frames
}

/// Returns the addresses of the code of `running` on this stack. The host's own frames are unwound; where these end, at the
/// trampoline through which compiled code calls imports, the chain of frame pointers goes on.
///
/// # Safety
/// As for [`frames_here`].
unsafe fn guest_frames(running: &Running) -> Vec<usize> {
    let mut caller = Caller { code: &running.code, pc: 0, sp: 0, fp: 0 };
    unwinding::enter();
    // SAFETY: `visit` takes what is passed here, and reads registers that every frame has.
    unsafe { _Unwind_Backtrace(visit, (&raw mut caller).cast()) };
    unwinding::leave();
    let here = 0u8;
    let stack = &raw const here as usize..running.top.get();
    let mut found = Vec::new();
    let mut note = |address| {
        found.push(address);
        found.len() < MOST_FRAMES
    };
    // SAFETY: the unwinder came to this frame of the stack.
    let called_from = unsafe { caller.called_from(&stack) };
    for address in [Some(caller.pc), called_from].into_iter().flatten() {
        if running.code.contains(&address) {
            note(address - 1);
        }
    }
    // SAFETY: this stack, above what runs here, can be read.
    unsafe { follow(caller.fp, &running.code, &stack, &mut note) };
    found
}

/// The innermost frame of compiled code, as far as the unwinder comes.
struct Caller<'a> {
    code: &'a Range<usize>,
    pc: usize,
    sp: usize,
    fp: usize,
}

impl Caller<'_> {
    /// Returns where a trampoline of Singlepass returns to. It keeps no frame pointer, but its end says how large its frame is:
    /// `add rsp, size; ret`.
    ///
    /// # Safety
    /// The unwinder came to this frame, and the `stack` above it can be read.
    unsafe fn called_from(&self, stack: &Range<usize>) -> Option<usize> {
        const FARTHEST: usize = 32;
        if cfg!(not(target_arch = "x86_64")) || self.pc == 0 || self.code.contains(&self.pc) {
            return None;
        }
        let mut read = [0; FARTHEST];
        for count in 1..=FARTHEST {
            // SAFETY: it is code behind a call, as far as the function's end.
            read[count - 1] = unsafe { *((self.pc + count - 1) as *const u8) };
            match read[..count] {
                [.., 0x48, 0x81, 0xc4, a, b, c, d, 0xc3] => {
                    let size = usize::try_from(u32::from_le_bytes([a, b, c, d])).ok()?;
                    let place = self.sp.checked_add(size)?;
                    let fits =
                        stack.contains(&place) && place.is_multiple_of(8) && place < stack.end - 8;
                    // SAFETY: it is on the stack, which can be read.
                    return fits.then(|| unsafe { *(place as *const usize) });
                }
                // `pop rbp; ret`: it is Cranelift's, which keeps one.
                [.., 0x5d, 0xc3] => return None,
                _ => {}
            }
        }
        None
    }
}

// The platform's unwinder (Itanium C++ ABI: Exception Handling, section 1.4; `_Unwind_Backtrace` is of the Linux Standard Base).
unsafe extern "C" {
    fn _Unwind_Backtrace(
        visit: unsafe extern "C" fn(*mut c_void, *mut c_void) -> c_int,
        argument: *mut c_void,
    ) -> c_int;
    fn _Unwind_GetIP(context: *mut c_void) -> usize;
    fn _Unwind_GetCFA(context: *mut c_void) -> usize;
    fn _Unwind_GetGR(context: *mut c_void, register: c_int) -> usize;
}

/// The frame pointer's number in DWARF: `rbp` (System V ABI, AMD64 supplement, figure 3.36), `x29` (DWARF for the Arm 64-bit
/// Architecture).
const FRAME_POINTER: c_int = if cfg!(target_arch = "x86_64") { 6 } else { 29 };

/// "No error, go on", and what ends the walk.
const GO_ON: c_int = 0;
const END: c_int = 4;

/// # Safety
/// The unwinder calls it, with a [`Caller`].
unsafe extern "C" fn visit(context: *mut c_void, caller: *mut c_void) -> c_int {
    // SAFETY: as this function asks.
    unsafe {
        let caller = &mut *caller.cast::<Caller<'_>>();
        caller.pc = _Unwind_GetIP(context);
        caller.sp = _Unwind_GetCFA(context);
        caller.fp = _Unwind_GetGR(context, FRAME_POINTER);
        if caller.code.contains(&caller.pc) { END } else { GO_ON }
    }
}
