//! The way from a guest's stack to the host's.

use crate::sys::host_stack;
use crate::vm::resident::Part;
use crate::vm::thread::ResidentYielder;
use std::ptr;
use wasmer_vm::on_host_stack;

/// How the host functions of a call come to the host's stack.
#[derive(Clone, Copy)]
pub(crate) struct HostSwitch(*const ResidentYielder);

impl Default for HostSwitch {
    /// wasmer's own way, from a stack that is taken for one call.
    fn default() -> Self {
        Self(ptr::null())
    }
}

impl HostSwitch {
    /// The way from the stack that stays, whose coroutine has this yielder.
    pub(super) fn resident(yielder: *const ResidentYielder) -> Self {
        Self(yielder)
    }

    /// Runs `body` on the host's stack, below the call that guest code is in.
    ///
    /// # Safety
    /// This is the guest's stack that the call runs on.
    #[inline]
    pub(crate) unsafe fn run<F: FnMut()>(self, body: &mut F) {
        struct OnThisThread<F>(F);
        // SAFETY: `Send` is asked for so that nobody takes the yielder along; the thread is the same.
        unsafe impl<F> Send for OnThisThread<F> {}
        impl<F: FnMut()> OnThisThread<&mut F> {
            fn run(self) {
                (self.0)();
            }
        }
        // SAFETY: the yielder is on the coroutine's own stack, as long as the call runs on the other.
        match unsafe { self.0.as_ref() } {
            Some(yielder) => {
                let body = OnThisThread(body);
                yielder.on_parent_stack(move || body.run());
            }
            None => on_host_stack(body),
        }
    }
}

/// What lies between the stack pointer of a host function and a nested call's frames: the switch to home and back is there.
pub(super) const MARGIN: usize = 16 << 10;

/// Runs `enter`, which enters wasmer in its own way, in a host function that came from the stack that stays. wasmer's yielder still
/// names that stack, and is its again afterwards: `on_host_stack` sees to that, and from home, where it leads, this comes back to
/// the host's stack, below all that is there.
pub(super) fn keeping_yielder<R>(enter: impl FnOnce() -> R) -> R {
    let here = 0u8;
    let here = &raw const here as usize;
    let base = (here - MARGIN) & !15;
    let limit = host_stack::limit(here).unwrap_or(base - MARGIN);
    on_host_stack(|| corosensei::on_stack(Part::new(base, limit), enter))
}
