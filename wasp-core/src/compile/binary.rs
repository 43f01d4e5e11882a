//! Modules in WebAssembly's binary format, from that or from text.

use crate::base::error::{Error, ErrorKind, Result};
use crate::compile::cache::{self, Hash};
use crate::compile::name_section;
use crate::compile::refusal::one_line;
use crate::sys::host_stack;
use std::borrow::Cow;

/// How much of the host's stack reading the text format may take. Its reader calls itself for what is nested, and has a limit of
/// its own, which asks for a third of this.
const TEXT_NEEDS: usize = 1 << 20;

/// A module in the binary format, without names that would swell traces.
#[derive(Clone)]
pub(crate) struct Binary<'a> {
    pub bytes: Cow<'a, [u8]>,
    pub hash: Hash,
}

impl<'a> Binary<'a> {
    /// Reads either format.
    pub(crate) fn read(wasm: &'a [u8]) -> Result<Self> {
        let mut bytes = any_binary(wasm)?;
        name_section::hide_long_names(&mut bytes);
        Ok(Self::new(bytes))
    }

    /// Makes one of bytes that were read before.
    pub(crate) fn new(bytes: Cow<'a, [u8]>) -> Self {
        let hash = cache::hash(&bytes);
        Self { bytes, hash }
    }

    /// Returns the same module, borrowed from this one.
    pub(crate) fn borrowed(&self) -> Binary<'_> {
        Binary { bytes: Cow::Borrowed(&self.bytes), hash: self.hash }
    }

    /// Copies the module if it is borrowed.
    pub(crate) fn into_owned(self) -> Binary<'static> {
        Binary { bytes: self.bytes.into_owned().into(), hash: self.hash }
    }
}

fn any_binary(wasm: &[u8]) -> Result<Cow<'_, [u8]>> {
    let refuse = |text: String| Err(Error::new(ErrorKind::Compile, text));
    if wasm.is_empty() {
        return refuse("the module is empty".into());
    }
    if wasm.starts_with(b"\0asm") {
        return check_layer(wasm).map(|()| wasm.into());
    }
    let text = std::str::from_utf8(wasm).map(str::trim_start).unwrap_or_default();
    if !text.starts_with(['(', ';']) {
        return refuse("it is not WebAssembly, neither binary nor text".into());
    }
    let wasm = host_stack::with(TEXT_NEEDS, || wasmer::wat2wasm(wasm))
        .map_err(|error| {
            let message = format!("no thread to read the text format on: {error}");
            Error::new(ErrorKind::Resource, message).with_source(Box::new(error))
        })?
        .map_err(|error| Error::new(ErrorKind::Compile, one_line(&error.to_string())))?;
    check_layer(&wasm)?;
    Ok(wasm)
}

/// Refuses components: the second half of the version is the layer, 0 for modules.
fn check_layer(wasm: &[u8]) -> Result<()> {
    match wasm.get(4..8) {
        Some([_, _, 1, 0]) => {
            let message = "it is a WebAssembly component, and only modules can be plugins";
            Err(Error::new(ErrorKind::Compile, message))
        }
        _ => Ok(()),
    }
}
