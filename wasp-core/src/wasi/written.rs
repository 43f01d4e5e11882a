//! Outputs that a guest takes for a terminal, so that C libraries write at each line's end, not only when 4 KiB are full or the program
//! ends.

use std::any::Any;
use std::io::{self, IoSlice};
use wasi_common::Error;
use wasi_common::file::{FdFlags, FileType, WasiFile};

/// The most that one write takes. The guest comes again for the rest, and can be stopped in between.
const MAX_WRITE: usize = 1024 * 1024;

/// Where what a guest prints goes.
pub(super) trait Sink: Send + Sync + 'static {
    /// Takes the parts of one write.
    ///
    /// # Errors
    /// Those of what it writes to.
    fn write<'a>(&self, parts: impl Iterator<Item = &'a [u8]>) -> io::Result<()>;
}

/// An output that leads to a sink.
pub(super) struct Written<S>(pub S);

#[wiggle::async_trait]
impl<S: Sink> WasiFile for Written<S> {
    fn as_any(&self) -> &dyn Any {
        self
    }

    async fn get_filetype(&self) -> Result<FileType, Error> {
        Ok(FileType::CharacterDevice)
    }

    async fn get_fdflags(&self) -> Result<FdFlags, Error> {
        Ok(FdFlags::APPEND)
    }

    fn isatty(&self) -> bool {
        true
    }

    async fn write_vectored<'a>(&self, bufs: &[IoSlice<'a>]) -> Result<u64, Error> {
        self.0.write(taken(bufs))?;
        Ok(taken(bufs).map(|bytes| bytes.len() as u64).sum())
    }
}

/// The buffers of a write, as far as it takes them.
fn taken<'a>(bufs: &'a [IoSlice<'_>]) -> impl Iterator<Item = &'a [u8]> {
    bufs.iter().scan(MAX_WRITE, |left, buf| {
        let bytes = &buf[..buf.len().min(*left)];
        *left -= bytes.len();
        Some(bytes)
    })
}
