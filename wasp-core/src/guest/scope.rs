//! One call of an instance, from its beginning to its end, whatever ends it.

use crate::base::error::{Error, ErrorKind, Result};
use crate::guest::call_state::Phase;
use crate::guest::guest_state::Guest;
use crate::sys::interrupt::Reason;
use std::mem::ManuallyDrop;

/// One call of an instance. When it ends by a panic, the instance is poisoned, and nothing of the call is left: neither an
/// interrupt that could still come, nor a word of where the thread is.
pub(crate) struct CallScope<'a>(&'a Guest);

impl<'a> CallScope<'a> {
    /// Begins a call of `guest`, which may take as long as its limit says.
    ///
    /// # Errors
    /// [`ErrorKind::Busy`] and [`ErrorKind::Poisoned`] for an instance that isn't idle; [`ErrorKind::Resource`] if the limit
    /// can't be kept.
    #[inline]
    pub(crate) fn begin(guest: &'a Guest) -> Result<Self> {
        let state = &guest.state;
        if state.phase() != Phase::Idle {
            return Err(refusal(state.phase()));
        }
        guest.interrupt.begin(guest.timeout.get())?;
        // From here on, the end of the scope puts everything back.
        let scope = Self(guest);
        state.begin();
        guest.take_refused();
        Ok(scope)
    }

    /// Ends the call, and returns why it was to be stopped, if it was.
    #[inline]
    pub(crate) fn end(self) -> Option<Reason> {
        ManuallyDrop::new(self).finish()
    }

    #[inline]
    fn finish(&self) -> Option<Reason> {
        let (state, interrupt) = (&self.0.state, &self.0.interrupt);
        let stopped = interrupt.end();
        self.0.forget_exceptions();
        if state.end() {
            interrupt.clear_flag();
        }
        stopped
    }
}

impl Drop for CallScope<'_> {
    fn drop(&mut self) {
        self.finish();
        self.0.forget_blocks();
        self.0.state.clear();
        self.0.state.poison();
    }
}

#[cold]
fn refusal(phase: Phase) -> Error {
    match phase {
        Phase::Poisoned => Error::new(
            ErrorKind::Poisoned,
            "the instance was stopped half-way and must be reset first",
        ),
        _ => Error::instance_busy(),
    }
}

#[cfg(test)]
#[allow(unsafe_code)] // Gives the interrupt its flag.
mod tests {
    use super::*;
    use crate::compile::Source;
    use crate::compile::modules::Modules;
    use crate::config::{engine_options::Options, plugin_config::Config};
    use crate::plugin::Plugin;
    use crate::sys::interrupt::{Interrupt, Interrupter};
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Arc;

    /// The finding: a panic in the middle of a call left it running, for interrupts that came after the instance was gone.
    #[test]
    fn a_panic_in_a_call_ends_it() {
        let source = Source::Wasm(b"(module)");
        let (plugin, _) =
            Plugin::new("p", source, &Config::new(), &Options::default(), &Modules::default())
                .unwrap();
        let guest = Guest::new(Arc::new(plugin), Interrupt::new());
        let interrupter = Interrupter::new(&guest.interrupt);
        let mut flag = 0;
        // SAFETY: the flag lives as long as this test.
        unsafe { guest.interrupt.set_flag_ptr(&raw mut flag) };
        let in_a_call = |body: &dyn Fn()| {
            catch_unwind(AssertUnwindSafe(|| {
                let _scope = CallScope::begin(&guest).unwrap();
                body();
                panic!("in the middle");
            }))
        };
        for stopped in [false, true] {
            let stop = || {
                if stopped {
                    interrupter.interrupt();
                }
            };
            assert!(in_a_call(&stop).is_err());
            assert!(guest.state.is_poisoned());
            // It is no longer running, so this is nobody's.
            interrupter.interrupt();
            assert_eq!((guest.interrupt.stop_reason(), flag), (None, 0));
            assert_eq!(CallScope::begin(&guest).err().unwrap().kind(), ErrorKind::Poisoned);
            guest.forget();
            let scope = CallScope::begin(&guest).unwrap();
            assert_eq!(CallScope::begin(&guest).err().unwrap().kind(), ErrorKind::Busy);
            assert_eq!(scope.end(), None);
            assert!(!guest.state.is_poisoned());
        }
    }
}
