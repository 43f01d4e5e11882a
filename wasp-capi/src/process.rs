//! What libwasp does in the process that has loaded it.

use crate::error::shield;
use std::sync::Once;

/// Puts wasp's signal handlers back in front, if something else has replaced them since the first plugin was registered: a crash
/// reporter, for one, which would take a guest's trap for a crash of the host. Faults that are no guest's still reach the handlers
/// that were there before wasp's.
///
/// Registering a plugin does this too. From any thread; it costs a system call.
#[unsafe(no_mangle)]
pub extern "C" fn wasp_claim_signals() {
    shield((), wasp_core::claim_signals);
}

/// Prepares the process for its first engine.
pub(crate) fn prepare() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: libwasp has a wasmer of its own, which nobody else can name.
        unsafe { wasp_core::assume_sole_use_of_wasmer() };
        // A panic becomes an error with the same words; the host's output is not ours.
        std::panic::set_hook(Box::new(|_| {}));
    });
}
