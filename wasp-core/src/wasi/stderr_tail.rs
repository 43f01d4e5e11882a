//! The end of what a guest wrote to its standard error, kept for the error that ends its call.

use parking_lot::Mutex;
use std::any::Any;
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::Arc;
use wasi_common::Error;
use wasi_common::file::{FdFlags, FileType, WasiFile};

/// How many bytes are kept.
const KEPT: usize = 1024;

/// The last bytes that one instance wrote.
#[derive(Default)]
pub(super) struct Tail(Mutex<VecDeque<u8>>);

impl Tail {
    /// Returns a stream that leads to `file`, and whose end is kept here.
    pub(super) fn behind(self: &Arc<Self>, file: Box<dyn WasiFile>) -> Box<dyn WasiFile> {
        Box::new(Remembered { file, tail: Arc::clone(self) })
    }

    pub(super) fn forget(&self) {
        self.0.lock().clear();
    }

    /// Returns what is kept as text, without an incomplete character at its start; none if that is white space.
    pub(super) fn text(&self) -> Option<String> {
        let mut kept = self.0.lock();
        let bytes = &*kept.make_contiguous();
        // What was cut off may have been the first bytes of a character.
        let rest = if bytes.len() == KEPT {
            bytes.iter().take(3).take_while(|byte| is_rest(**byte)).count()
        } else {
            0
        };
        let text = String::from_utf8_lossy(&bytes[rest..]);
        (!text.trim().is_empty()).then(|| text.into_owned())
    }

    fn push(&self, bytes: &[u8]) {
        let mut kept = self.0.lock();
        let bytes = &bytes[bytes.len().saturating_sub(KEPT)..];
        let excess = (kept.len() + bytes.len()).saturating_sub(KEPT);
        kept.drain(..excess);
        kept.extend(bytes);
    }
}

/// Whether a byte of UTF-8 doesn't begin a character.
fn is_rest(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

/// A stream whose end is kept.
struct Remembered {
    file: Box<dyn WasiFile>,
    tail: Arc<Tail>,
}

#[wiggle::async_trait]
impl WasiFile for Remembered {
    fn as_any(&self) -> &dyn Any {
        self
    }

    #[cfg(unix)]
    fn pollable(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        self.file.pollable()
    }

    fn isatty(&self) -> bool {
        self.file.isatty()
    }

    async fn get_filetype(&self) -> Result<FileType, Error> {
        self.file.get_filetype().await
    }

    async fn get_fdflags(&self) -> Result<FdFlags, Error> {
        self.file.get_fdflags().await
    }

    async fn seek(&self, position: io::SeekFrom) -> Result<u64, Error> {
        self.file.seek(position).await
    }

    async fn write_vectored<'a>(&self, bufs: &[IoSlice<'a>]) -> Result<u64, Error> {
        let count = self.file.write_vectored(bufs).await?;
        self.keep(bufs, count);
        Ok(count)
    }

    async fn write_vectored_at<'a>(&self, bufs: &[IoSlice<'a>], offset: u64) -> Result<u64, Error> {
        let count = self.file.write_vectored_at(bufs, offset).await?;
        self.keep(bufs, count);
        Ok(count)
    }
}

impl Remembered {
    /// Keeps the first `count` bytes of `bufs`.
    fn keep(&self, bufs: &[IoSlice<'_>], count: u64) {
        let mut left = usize::try_from(count).unwrap_or(usize::MAX);
        for buf in bufs {
            let bytes = &buf[..buf.len().min(left)];
            left -= bytes.len();
            self.tail.push(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_kilobyte_is_kept() {
        let tail = Tail::default();
        assert_eq!(tail.text(), None);
        tail.push(b" \n");
        assert_eq!(tail.text(), None);
        tail.push("Öl".as_bytes());
        assert_eq!(tail.text().as_deref(), Some(" \nÖl"));
        tail.push(&[b'x'; 3000]);
        tail.push("🦀".repeat(255).as_bytes());
        tail.push(b"!");
        // One x was left before the crabs, and went.
        let text = tail.text().unwrap();
        assert_eq!(text, format!("xxx{}!", "🦀".repeat(255)));
        tail.push(b"?!");
        assert_eq!(tail.text().unwrap(), format!("x{}!?!", "🦀".repeat(255)));
        tail.push(b"..");
        assert_eq!(tail.text().unwrap(), format!("{}!?!..", "🦀".repeat(254)));
        tail.forget();
        assert_eq!(tail.text(), None);
    }
}
