//! What one write of a guest gives its stream.

use std::io::IoSlice;

/// The most that one write takes. The guest comes again for the rest, and can be stopped in between.
const MAX_WRITE: usize = 1024 * 1024;

/// The buffers of a write, as far as it takes them.
pub(super) fn taken<'a>(bufs: &'a [IoSlice<'_>]) -> impl Iterator<Item = &'a [u8]> {
    bufs.iter().scan(MAX_WRITE, |left, buf| {
        let bytes = &buf[..buf.len().min(*left)];
        *left -= bytes.len();
        Some(bytes)
    })
}
