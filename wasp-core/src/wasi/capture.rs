//! What a guest prints, kept for its host.

use crate::sys::interrupt::Interrupter;
use crate::wasi::written::{Sink, Written};
use parking_lot::Mutex;
use std::io;
use std::mem;
use std::sync::Arc;
use wasi_common::file::WasiFile;

/// What an instance prints, kept for its host, by [`Instance::capture_output`](crate::Instance::capture_output).
///
/// Clones share it. Any thread may take what is there, also while a call runs.
#[derive(Clone, Debug)]
pub struct Capture(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    interrupter: Interrupter,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    output: Output,
    /// How many bytes may still come.
    left: usize,
}

/// What an instance printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// What it wrote to its standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to its standard error.
    pub stderr: Vec<u8>,
    /// Whether it printed more than it may. The rest is lost, and the call was stopped.
    pub is_truncated: bool,
}

impl Capture {
    pub(crate) fn new(interrupter: Interrupter, most: usize) -> Self {
        let kept = Mutex::new(Kept { output: Output::default(), left: most });
        Self(Arc::new(Inner { interrupter, kept }))
    }

    /// Forgets what is there, and keeps up to `most` bytes from now on.
    pub fn restart(&self, most: usize) {
        *self.0.kept.lock() = Kept { output: Output::default(), left: most };
    }

    /// Returns what was printed since the last time. What it takes doesn't make room for more.
    pub fn take(&self) -> Output {
        let output = &mut self.0.kept.lock().output;
        let is_truncated = output.is_truncated;
        Output { is_truncated, ..mem::take(output) }
    }

    /// Returns the guest's standard output and standard error.
    pub(super) fn streams(&self) -> [Box<dyn WasiFile>; 2] {
        [false, true].map(|is_error| -> Box<dyn WasiFile> {
            Box::new(Written(Captured { capture: self.clone(), is_error }))
        })
    }

    fn keep(&self, bytes: &[u8], is_error: bool) {
        let Kept { output, left } = &mut *self.0.kept.lock();
        let room = bytes.len().min(*left);
        let stream = if is_error { &mut output.stderr } else { &mut output.stdout };
        stream.extend_from_slice(&bytes[..room]);
        *left -= room;
        if room < bytes.len() {
            output.is_truncated = true;
            self.0.interrupter.interrupt();
        }
    }
}

/// A stream whose bytes are kept.
struct Captured {
    capture: Capture,
    is_error: bool,
}

impl Sink for Captured {
    fn write<'a>(&self, parts: impl Iterator<Item = &'a [u8]>) -> io::Result<()> {
        parts.for_each(|bytes| self.capture.keep(bytes, self.is_error));
        Ok(())
    }
}
