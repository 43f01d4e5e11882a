//! What ended guest code, as an error that says so, and where its stack was.

use crate::base::error::{Error, ErrorKind};
use crate::vm::raise::Raised;
use backtrace::{Backtrace, BacktraceFrame};
use std::mem;
use wasmer::{RuntimeError, sys::vm::Trap};

/// How many addresses a stack's are cut after. Some are of the runtime's frames; a stack of 8 MiB can hold half a million.
const MOST_ADDRESSES: usize = 132;

/// Returns the error for `trap`, the one that a host function raised or what the guest did, and the addresses of its stack: of the
/// instruction that failed, and within the call instructions of the others, innermost first.
pub(crate) fn split(trap: Trap) -> (Error, Vec<usize>) {
    match trap {
        Trap::User(raised) => match raised.downcast::<Raised>() {
            Ok(raised) => (raised.error, raised.frames),
            Err(other) => (Error::new(ErrorKind::Internal, other.to_string()), Vec::new()),
        },
        Trap::Wasm { pc, backtrace, signal_trap } => {
            let addresses = addresses(&backtrace, Some(pc));
            let backtrace = Vec::new().into();
            (runtime_error(Trap::Wasm { pc, backtrace, signal_trap }.into()), addresses)
        }
        Trap::Lib { trap_code, mut backtrace } => {
            let addresses = addresses(&take(&mut backtrace), None);
            (runtime_error(Trap::Lib { trap_code, backtrace }.into()), addresses)
        }
        Trap::OOM { mut backtrace } => {
            let addresses = addresses(&take(&mut backtrace), None);
            (runtime_error(Trap::OOM { backtrace }.into()), addresses)
        }
        Trap::UncaughtException { exnref, mut backtrace } => {
            let addresses = addresses(&take(&mut backtrace), None);
            (runtime_error(Trap::UncaughtException { exnref, backtrace }.into()), addresses)
        }
    }
}

/// Returns what went wrong, from wasmer's wrapping of a trap.
pub(crate) fn runtime_error(error: RuntimeError) -> Error {
    match error.downcast::<Error>() {
        Ok(raised) => raised,
        Err(trap) => Error::new(ErrorKind::Trap, trap.message()),
    }
}

fn take(backtrace: &mut Backtrace) -> Backtrace {
    mem::replace(backtrace, Vec::new().into())
}

fn addresses(backtrace: &Backtrace, exact: Option<usize>) -> Vec<usize> {
    let frames: &[BacktraceFrame] = backtrace.frames();
    let addresses = frames.iter().take(MOST_ADDRESSES).map(|frame| frame.ip() as usize);
    // An outer frame's is where its call returns to.
    addresses.map(|ip| if Some(ip) == exact { ip } else { ip.saturating_sub(1) }).collect()
}
