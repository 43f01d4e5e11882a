//! A file as one instance sees it: read-only where the host says so, and one of not too many at a time.

use parking_lot::Mutex;
use std::any::Any;
use std::collections::BTreeMap;
use std::io::{IoSlice, IoSliceMut, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::UNIX_EPOCH;
use wasi_common::file::{Advice, FdFlags, FileType, Filestat, WasiFile};
use wasi_common::snapshots::preview_1::types::Errno;
use wasi_common::sync;
use wasi_common::{Error, SystemTimeSpec};

/// How many files and directories one instance may have open, its volumes and `/workspace` among them. The process has
/// a limit too, which all instances share.
pub(super) const MAX_HANDLES: usize = 256;

/// The files and directories that an instance has open, by numbers: the names by which the guest opened them, none for what wasp
/// itself opened.
#[derive(Clone, Default)]
pub(super) struct OpenFiles(Arc<Mutex<BTreeMap<u64, Option<String>>>>);

/// One of them: each holds one of these.
pub(super) struct Handle {
    all: OpenFiles,
    number: u64,
}

impl OpenFiles {
    /// Counts a directory that is open from the start.
    pub(super) fn preopened(&self) -> Handle {
        self.add(None)
    }

    /// Returns the name of something that the guest has open, if it has.
    pub(super) fn first_of_guest(&self) -> Option<String> {
        self.0.lock().values().flatten().next().cloned()
    }

    fn add(&self, name: Option<String>) -> Handle {
        let mut open = self.0.lock();
        let number = open.last_key_value().map_or(0, |(last, _)| last + 1);
        open.insert(number, name);
        Handle { all: self.clone(), number }
    }
}

impl Handle {
    /// Counts what the guest opens as `name`.
    pub(super) fn another(&self, name: &str) -> Result<Self, Error> {
        if self.all.0.lock().len() < MAX_HANDLES {
            Ok(self.all.add(Some(name.to_owned())))
        } else {
            Err(Errno::Mfile.into())
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.all.0.lock().remove(&self.number);
    }
}

/// A file of the host. What it may be read and written for, wasi-common checks by how it was opened.
pub(super) struct File {
    file: sync::file::File,
    read_only: bool,
    _handle: Handle,
}

impl File {
    pub(super) fn new(file: sync::file::File, read_only: bool, handle: Handle) -> Self {
        Self { file, read_only, _handle: handle }
    }

    fn check_change(&self) -> Result<(), Error> {
        if self.read_only { Err(Errno::Rofs.into()) } else { Ok(()) }
    }
}

#[wiggle::async_trait]
impl WasiFile for File {
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

    fn num_ready_bytes(&self) -> Result<u64, Error> {
        self.file.num_ready_bytes()
    }

    async fn get_filetype(&self) -> Result<FileType, Error> {
        self.file.get_filetype().await
    }

    async fn get_fdflags(&self) -> Result<FdFlags, Error> {
        self.file.get_fdflags().await
    }

    async fn get_filestat(&self) -> Result<Filestat, Error> {
        Ok(representable(self.file.get_filestat().await?))
    }

    async fn advise(&self, offset: u64, len: u64, advice: Advice) -> Result<(), Error> {
        self.file.advise(offset, len, advice).await
    }

    async fn seek(&self, pos: SeekFrom) -> Result<u64, Error> {
        self.file.seek(pos).await
    }

    async fn peek(&self, buf: &mut [u8]) -> Result<u64, Error> {
        self.file.peek(buf).await
    }

    async fn read_vectored<'a>(&self, bufs: &mut [IoSliceMut<'a>]) -> Result<u64, Error> {
        self.file.read_vectored(bufs).await
    }

    async fn read_vectored_at<'a>(
        &self,
        bufs: &mut [IoSliceMut<'a>],
        offset: u64,
    ) -> Result<u64, Error> {
        self.file.read_vectored_at(bufs, offset).await
    }

    async fn write_vectored<'a>(&self, bufs: &[IoSlice<'a>]) -> Result<u64, Error> {
        self.check_change()?;
        self.file.write_vectored(bufs).await
    }

    async fn write_vectored_at<'a>(&self, bufs: &[IoSlice<'a>], offset: u64) -> Result<u64, Error> {
        self.check_change()?;
        self.file.write_vectored_at(bufs, offset).await
    }

    async fn set_filestat_size(&self, size: u64) -> Result<(), Error> {
        self.check_change()?;
        self.file.set_filestat_size(size).await
    }

    async fn set_times(
        &self,
        atime: Option<SystemTimeSpec>,
        mtime: Option<SystemTimeSpec>,
    ) -> Result<(), Error> {
        self.check_change()?;
        self.file.set_times(atime, mtime).await
    }

    async fn set_fdflags(&mut self, flags: FdFlags) -> Result<(), Error> {
        self.check_change()?;
        self.file.set_fdflags(flags).await
    }

    async fn datasync(&self) -> Result<(), Error> {
        self.file.datasync().await
    }

    async fn sync(&self) -> Result<(), Error> {
        self.file.sync().await
    }
}

/// Runs what looks at a file of the host: cap-primitives panics where a time is i64::MIN seconds, which some file systems have.
pub(super) fn caught<T>(look: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(look)).unwrap_or_else(|_| Err(Errno::Overflow.into()))
}

/// WASI has no time before 1970 and wasi-common panics on one: such a file has no times.
pub(super) fn representable(mut stat: Filestat) -> Filestat {
    for time in [&mut stat.atim, &mut stat.mtim, &mut stat.ctim] {
        *time = time.filter(|time| *time >= UNIX_EPOCH);
    }
    stat
}
