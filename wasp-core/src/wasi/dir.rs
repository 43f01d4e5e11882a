//! Directories as one instance sees them: read-only where the host says so.

use super::file::{File, Handle, caught, representable};
use super::listing::Listing;
use super::slash::{self, ends_in_dots, itself, new_name, without};
use crate::sys::descriptor::{above_stdio, set_blocking};
use cap_fs_ext::{
    FileTypeExt, FollowSymlinks, OpenOptionsFollowExt, OpenOptionsMaybeDirExt, OpenOptionsSyncExt,
};
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt};
use std::any::Any;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use wasi_common::dir::{OpenResult, ReaddirCursor, ReaddirEntity, WasiDir};
use wasi_common::file::{FdFlags, FileType, Filestat, OFlags};
use wasi_common::snapshots::preview_1::types::Errno;
use wasi_common::sync;
use wasi_common::{Error, SystemTimeSpec};

/// A directory of the host, opened.
#[derive(Clone)]
pub(super) struct Opened {
    dir: Arc<sync::dir::Dir>,
    /// The same, to open files in: wasi-common's keeps its descriptor to itself.
    place: Arc<cap_std::fs::Dir>,
}

impl Opened {
    pub(super) fn new(dir: cap_std::fs::Dir) -> io::Result<Self> {
        let dir = Dir::from_std_file(above_stdio(dir.into_std_file())?);
        let place = Arc::new(dir.try_clone()?);
        Ok(Self { dir: Arc::new(sync::dir::Dir::from_cap_std(dir)), place })
    }
}

/// A directory of the host as one instance sees it.
pub(super) struct Folder {
    dir: Arc<sync::dir::Dir>,
    place: Arc<Dir>,
    read_only: bool,
    listing: Listing,
    handle: Handle,
}

impl Folder {
    pub(super) fn new(opened: Opened, read_only: bool, handle: Handle) -> Self {
        let Opened { dir, place } = opened;
        Self { dir, place, read_only, listing: Listing::default(), handle }
    }

    /// The host's directory, if the guest may change it.
    fn to_change(&self) -> Result<&sync::dir::Dir, Error> {
        if self.read_only { Err(Errno::Rofs.into()) } else { Ok(&self.dir) }
    }

    /// Both directories, if the guest may change both. A link to a read-only file from a writable directory would be a
    /// way to write it.
    fn both_to_change<'a>(
        &'a self,
        other: &'a dyn WasiDir,
    ) -> Result<(&'a sync::dir::Dir, &'a sync::dir::Dir), Error> {
        // The only directories that are no Folder are Empty ones.
        let other = other.as_any().downcast_ref::<Self>().ok_or(Errno::Rofs)?;
        Ok((self.to_change()?, other.to_change()?))
    }
}

/// How a file is opened, as wasi-common does it, but without waiting: whoever opens a pipe waits for its other end, where no time
/// limit reaches.
fn options(
    oflags: OFlags,
    read: bool,
    write: bool,
    fdflags: FdFlags,
) -> Result<OpenOptions, Error> {
    if fdflags.intersects(FdFlags::DSYNC | FdFlags::SYNC | FdFlags::RSYNC) {
        return Err(Errno::Notsup.into());
    }
    let creates = oflags.intersects(OFlags::CREATE | OFlags::EXCLUSIVE | OFlags::TRUNCATE);
    if oflags.contains(OFlags::DIRECTORY) && creates {
        return Err(Errno::Inval.into());
    }
    let mut options = OpenOptions::new();
    options.maybe_dir(true).nonblock(true);
    if oflags.contains(OFlags::CREATE | OFlags::EXCLUSIVE) {
        options.create_new(true).write(true);
    } else if oflags.contains(OFlags::CREATE) {
        options.create(true).write(true);
    }
    // One that may neither be read nor written is opened to read, and wasi-common refuses reads.
    options.read(read || !write);
    // What truncates is opened to write, and wasi-common refuses writes. It is truncated later: std refuses that for some combinations
    // that Linux takes, and for a file that was just made there is nothing to do.
    options.write(write || oflags.intersects(OFlags::CREATE | OFlags::TRUNCATE));
    if fdflags.contains(FdFlags::APPEND) {
        // std's `append` opens to write too, which a directory is not, nor what is read-only.
        options.custom_flags(libc::O_APPEND);
    }
    Ok(options)
}

fn stat(dir: &sync::dir::Dir, path: &str, follow: bool) -> Result<Filestat, Error> {
    let look = || wiggle::run_in_dummy_executor(dir.get_path_filestat(path, follow));
    caught(|| look().map_err(Error::trap)?)
}

#[wiggle::async_trait]
impl WasiDir for Folder {
    fn as_any(&self) -> &dyn Any {
        self
    }

    async fn open_file(
        &self,
        symlink_follow: bool,
        path: &str,
        oflags: OFlags,
        read: bool,
        write: bool,
        fdflags: FdFlags,
    ) -> Result<OpenResult, Error> {
        let handle = self.handle.another(path)?;
        // A directory, and where a link leads to.
        let slash = without(path);
        if slash.is_some_and(|name| !ends_in_dots(name)) && oflags.contains(OFlags::CREATE) {
            return Err(Errno::Isdir.into());
        }
        let (path, symlink_follow) = (slash.unwrap_or(path), symlink_follow || slash.is_some());
        let changes = write || oflags.intersects(OFlags::CREATE | OFlags::TRUNCATE);
        let dir = if changes { self.to_change()? } else { &*self.dir };
        // Not even for a moment: a pipe's other end would see it.
        match stat(dir, path, symlink_follow).map(|stat| stat.filetype) {
            Ok(FileType::Unknown) => return Err(Errno::Nxio.into()),
            // Whatever it leads to.
            Ok(FileType::SymbolicLink) if oflags.contains(OFlags::DIRECTORY) => {
                return Err(Errno::Notdir.into());
            }
            _ => {}
        }
        let read_only = self.read_only;
        let mut options = options(oflags, read, write, fdflags)?;
        let follow = if symlink_follow { FollowSymlinks::Yes } else { FollowSymlinks::No };
        let file = self.place.open_with(path, options.follow(follow)).map_err(|error| {
            // A pipe without a reader, which wasi-common has no word for.
            match error.raw_os_error() {
                Some(libc::ENXIO) => Errno::Nxio.into(),
                _ => Error::from(error),
            }
        })?;
        let ty = file.metadata()?.file_type();
        let file = above_stdio(file.into_std())?;
        if ty.is_dir() {
            let opened = Opened::new(Dir::from_std_file(file))?;
            return Ok(OpenResult::Dir(Box::new(Folder::new(opened, read_only, handle))));
        }
        if oflags.contains(OFlags::DIRECTORY) || slash.is_some() {
            return Err(Errno::Notdir.into());
        }
        // A pipe that has come there since it was looked at.
        if ty.is_fifo() {
            return Err(Errno::Nxio.into());
        }
        if !fdflags.contains(FdFlags::NONBLOCK) {
            set_blocking(&file)?;
        }
        if oflags.contains(OFlags::TRUNCATE) && ty.is_file() {
            file.set_len(0)?;
        }
        let file = sync::file::File::from_cap_std(cap_std::fs::File::from_std(file));
        Ok(OpenResult::File(Box::new(File::new(file, read_only, handle))))
    }

    async fn create_dir(&self, path: &str) -> Result<(), Error> {
        self.to_change()?.create_dir(without(path).unwrap_or(path)).await
    }

    async fn readdir(
        &self,
        cursor: ReaddirCursor,
    ) -> Result<Box<dyn Iterator<Item = Result<ReaddirEntity, Error>> + Send>, Error> {
        if self.listing.is_to_begin(cursor) {
            self.listing.begin(self.dir.readdir(0.into()).await?);
        }
        Ok(self.listing.from(cursor))
    }

    async fn symlink(&self, old_path: &str, new_path: &str) -> Result<(), Error> {
        self.to_change()?.symlink(old_path, new_name(self, new_path).await?).await
    }

    async fn remove_dir(&self, path: &str) -> Result<(), Error> {
        let name = without(path).unwrap_or(path);
        let dir = self.to_change()?;
        if name.ends_with("/..") {
            // It has at least the directory that the path goes through, which wasi-common doesn't see.
            stat(dir, name, true)?;
            return Err(Errno::Notempty.into());
        }
        dir.remove_dir(name).await
    }

    async fn unlink_file(&self, path: &str) -> Result<(), Error> {
        self.to_change()?.unlink_file(itself(self, path).await?).await
    }

    async fn read_link(&self, path: &str) -> Result<PathBuf, Error> {
        self.dir.read_link(path).await
    }

    async fn get_filestat(&self) -> Result<Filestat, Error> {
        Ok(representable(self.dir.get_filestat().await?))
    }

    async fn get_path_filestat(
        &self,
        path: &str,
        follow_symlinks: bool,
    ) -> Result<Filestat, Error> {
        let Some(name) = without(path) else {
            // No link ends in a dot, and where wasi-common doesn't follow one, it takes the dot away.
            let follow = follow_symlinks || ends_in_dots(path);
            return Ok(representable(stat(&self.dir, path, follow)?));
        };
        let stat = representable(stat(&self.dir, name, true)?);
        match stat.filetype {
            FileType::Directory => Ok(stat),
            _ => Err(Errno::Notdir.into()),
        }
    }

    async fn rename(
        &self,
        path: &str,
        dest_dir: &dyn WasiDir,
        dest_path: &str,
    ) -> Result<(), Error> {
        let (from, to) = self.both_to_change(dest_dir)?;
        if without(path).or(without(dest_path)).is_some() {
            let both: [(&dyn WasiDir, &str); 2] = [(self, path), (dest_dir, dest_path)];
            slash::check_rename(both).await?;
        }
        let path = itself(self, path).await?;
        let Some(dest_name) = without(dest_path) else { return from.rename_(path, to, dest_path) };
        // Only a directory becomes one.
        match self.get_path_filestat(path, false).await?.filetype {
            FileType::Directory => from.rename_(path, to, dest_name),
            _ => Err(Errno::Notdir.into()),
        }
    }

    async fn hard_link(
        &self,
        path: &str,
        target_dir: &dyn WasiDir,
        target_path: &str,
    ) -> Result<(), Error> {
        let (from, to) = self.both_to_change(target_dir)?;
        self.get_path_filestat(path, false).await?;
        if without(path).or(without(target_path)).is_none() {
            return from.hard_link_(path, to, target_path);
        }
        new_name(target_dir, target_path).await?;
        // A directory, then. The host says what is first of all that speaks against it.
        from.hard_link_(".", to, target_path)
    }

    async fn set_times(
        &self,
        path: &str,
        atime: Option<SystemTimeSpec>,
        mtime: Option<SystemTimeSpec>,
        follow_symlinks: bool,
    ) -> Result<(), Error> {
        let (name, follow) = (without(path), follow_symlinks || without(path).is_some());
        self.to_change()?.set_times(name.unwrap_or(path), atime, mtime, follow).await
    }
}
