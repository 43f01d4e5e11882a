//! What ended guest code, as an error that says so.

use crate::base::error::{Error, ErrorKind, Frame};
use crate::base::visible::visible;
use backtrace::{Backtrace, BacktraceFrame};
use wasmer::{RuntimeError, sys::vm::Trap};

/// A trace is cut after this many of the innermost frames: an error should not be as large as a guest's stack.
const MOST_FRAMES: usize = 100;

/// The error for `trap`: the one that a host function raised, or what the guest did, with its stack.
pub(crate) fn error(trap: Trap) -> Error {
    runtime_error(innermost(trap).into())
}

/// The trap without the outer frames of its stack, of each of which wasmer would copy the names before anybody cuts the trace:
/// a stack of 8 MiB can hold half a million.
fn innermost(trap: Trap) -> Trap {
    // Some frames of the runtime are there too.
    let cut = |backtrace: Backtrace| -> Backtrace {
        let mut frames: Vec<BacktraceFrame> = backtrace.into();
        frames.truncate(MOST_FRAMES + 32);
        frames.into()
    };
    match trap {
        Trap::Wasm { pc, backtrace, signal_trap } => {
            Trap::Wasm { pc, backtrace: cut(backtrace), signal_trap }
        }
        Trap::Lib { trap_code, backtrace } => Trap::Lib { trap_code, backtrace: cut(backtrace) },
        Trap::OOM { backtrace } => Trap::OOM { backtrace: cut(backtrace) },
        other => other,
    }
}

/// The same, from wasmer's wrapping of a trap.
pub(crate) fn runtime_error(error: RuntimeError) -> Error {
    let trace = error.trace().iter().take(MOST_FRAMES).map(frame).collect();
    match error.downcast::<Error>() {
        Ok(raised) => raised.with_trace(trace),
        Err(trap) => Error::new(ErrorKind::Trap, trap.message()).with_trace(trace),
    }
}

fn frame(info: &wasmer::FrameInfo) -> Frame {
    Frame {
        function: info.function_name().map(|name| visible(name).into_owned()),
        function_index: info.func_index(),
        module_offset: u32::try_from(info.module_offset()).unwrap_or(u32::MAX),
    }
}
