//! The plugin's start, which the host calls once.

use crate::raise_error;
use std::panic;

/// Without this function the linker starts and ends the C library around each call: rustc has no stable way to ask for a
/// library ("reactor") instead of a program.
#[no_mangle]
extern "C" fn _initialize() {
    extern "C" {
        fn __wasm_call_ctors();
    }
    // SAFETY: the linker provides it.
    unsafe { __wasm_call_ctors() }
    report_panics();
}

/// Has a panic tell the host its words and its place, before it ends the instance.
fn report_panics() {
    panic::set_hook(Box::new(|panic| {
        let words = panic.payload();
        let words = match words.downcast_ref::<&str>() {
            Some(words) => words,
            None => {
                words.downcast_ref::<String>().map_or("for no reason that is text", String::as_str)
            }
        };
        match panic.location() {
            Some(place) => raise_error(&format!("panicked at {}: {}", place, words)),
            None => raise_error(&format!("panicked: {}", words)),
        }
    }));
}
