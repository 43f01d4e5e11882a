//! A directory that is none of the host's.

use super::file::Handle;
use std::any::Any;
use std::path::PathBuf;
use wasi_common::dir::{OpenResult, ReaddirCursor, ReaddirEntity, WasiDir};
use wasi_common::file::{FdFlags, FileType, Filestat, OFlags};
use wasi_common::snapshots::preview_1::types::Errno;
use wasi_common::{Error, SystemTimeSpec};

/// An empty read-only directory that is none of the host's.
pub(super) struct Empty(pub(super) Handle);

/// Whether `path` is the directory that it is looked up in.
fn is_itself(path: &str) -> bool {
    path.starts_with('.') && path.split('/').all(|part| part == "." || part.is_empty())
}

fn directory() -> Filestat {
    Filestat {
        device_id: 0,
        inode: 0,
        filetype: FileType::Directory,
        nlink: 1,
        size: 0,
        atim: None,
        mtim: None,
        ctim: None,
    }
}

#[wiggle::async_trait]
impl WasiDir for Empty {
    fn as_any(&self) -> &dyn Any {
        self
    }

    async fn open_file(
        &self,
        _symlink_follow: bool,
        path: &str,
        oflags: OFlags,
        _read: bool,
        write: bool,
        _fdflags: FdFlags,
    ) -> Result<OpenResult, Error> {
        if oflags.contains(OFlags::CREATE) || (write && is_itself(path)) {
            Err(Errno::Rofs.into())
        } else if is_itself(path) {
            Ok(OpenResult::Dir(Box::new(Self(self.0.another(path)?))))
        } else {
            Err(Errno::Noent.into())
        }
    }

    async fn create_dir(&self, _path: &str) -> Result<(), Error> {
        Err(Errno::Rofs.into())
    }

    async fn readdir(
        &self,
        cursor: ReaddirCursor,
    ) -> Result<Box<dyn Iterator<Item = Result<ReaddirEntity, Error>> + Send>, Error> {
        let entries = [".", ".."].into_iter().zip(1..).map(|(name, next)| {
            let next = ReaddirCursor::from(next);
            Ok(ReaddirEntity {
                next,
                inode: 0,
                name: name.to_owned(),
                filetype: FileType::Directory,
            })
        });
        Ok(Box::new(entries.skip(u64::from(cursor) as usize)))
    }

    async fn symlink(&self, _old_path: &str, _new_path: &str) -> Result<(), Error> {
        Err(Errno::Rofs.into())
    }

    async fn remove_dir(&self, _path: &str) -> Result<(), Error> {
        Err(Errno::Rofs.into())
    }

    async fn unlink_file(&self, _path: &str) -> Result<(), Error> {
        Err(Errno::Rofs.into())
    }

    async fn read_link(&self, path: &str) -> Result<PathBuf, Error> {
        Err(if is_itself(path) { Errno::Inval.into() } else { Errno::Noent.into() })
    }

    async fn get_filestat(&self) -> Result<Filestat, Error> {
        Ok(directory())
    }

    async fn get_path_filestat(
        &self,
        path: &str,
        _follow_symlinks: bool,
    ) -> Result<Filestat, Error> {
        if is_itself(path) { Ok(directory()) } else { Err(Errno::Noent.into()) }
    }

    async fn rename(
        &self,
        _path: &str,
        _dest_dir: &dyn WasiDir,
        _dest_path: &str,
    ) -> Result<(), Error> {
        Err(Errno::Rofs.into())
    }

    async fn hard_link(
        &self,
        _path: &str,
        _target_dir: &dyn WasiDir,
        _target_path: &str,
    ) -> Result<(), Error> {
        Err(Errno::Rofs.into())
    }

    async fn set_times(
        &self,
        _path: &str,
        _atime: Option<SystemTimeSpec>,
        _mtime: Option<SystemTimeSpec>,
        _follow_symlinks: bool,
    ) -> Result<(), Error> {
        Err(Errno::Rofs.into())
    }
}
