//! How a call fails.

/// Makes the running call fail with this message. It does return: the plugin goes on, and what its function returns is
/// ignored. The next call is a new one.
///
/// A function that returns a `Result` need not call this. In a native test, where there is no host, it panics with the message.
pub fn raise_error(message: &str) {
    raise(&message.replace('\0', "\u{fffd}"));
}

#[cfg(target_arch = "wasm32")]
fn raise(message: &str) {
    #[link(wasm_import_module = "env")]
    extern "C" {
        fn raise_error(message: usize);
    }
    // SAFETY: every host provides it, with this signature.
    unsafe { raise_error(crate::ToHost::to_host(message)) }
}

#[cfg(not(target_arch = "wasm32"))]
fn raise(message: &str) {
    panic!("{}", message);
}

/// Makes the call fail for an argument that is none of its type, and returns what the host then ignores.
pub fn refuse<R: Default>(name: &str, reason: &str) -> R {
    raise_error(&format!("the argument {:?} {}", name.trim_start_matches("r#"), reason));
    R::default()
}

/// Returns the answer of a function of the host.
///
/// # Panics
/// Where it is none of its type.
pub fn answer<T>(name: &str, answer: Result<T, String>) -> T {
    answer.unwrap_or_else(|reason| {
        panic!("the answer of {:?} {}", name.trim_start_matches("r#"), reason)
    })
}
