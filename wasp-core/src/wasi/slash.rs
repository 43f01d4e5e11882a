//! Paths that end in a slash: they name directories, as on Linux (path_resolution(7)), where wasi-common takes the slash away.

use wasi_common::Error;
use wasi_common::dir::WasiDir;
use wasi_common::file::FileType;
use wasi_common::snapshots::preview_1::types::Errno;

/// Returns the path without slashes at its end, if it has some and more than these.
pub(super) fn without(path: &str) -> Option<&str> {
    let name = path.trim_end_matches('/');
    (name.len() < path.len() && !name.is_empty()).then_some(name)
}

/// Returns whether the last name of a path is `.` or `..`.
pub(super) fn ends_in_dots(path: &str) -> bool {
    matches!(path.rsplit('/').next(), Some("." | ".."))
}

/// Checks what Linux checks of the two paths of a rename before it looks what is there.
///
/// # Errors
/// What there is about the directories that they are in, and EBUSY for `.` and `..`.
pub(super) async fn check_rename(both: [(&dyn WasiDir, &str); 2]) -> Result<(), Error> {
    let mut is_busy = false;
    for (dir, path) in both {
        let name = without(path).unwrap_or(path);
        if name.is_empty() {
            return Err(Errno::Noent.into());
        }
        let (parent, dots) = (name.rsplit_once('/').map(|(parent, _)| parent), ends_in_dots(name));
        if dots {
            dir.get_path_filestat(name, true).await?;
        } else if let Some(parent) = parent.filter(|parent| !parent.is_empty()) {
            dir.get_path_filestat(&format!("{parent}/"), true).await?;
        }
        is_busy |= dots;
    }
    if is_busy { Err(Errno::Busy.into()) } else { Ok(()) }
}

/// Returns `path` in `dir`, which names something that is to be moved or removed itself, without slashes at its end.
///
/// # Errors
/// ENOTDIR where it has some and is no directory: a link to one isn't.
pub(super) async fn itself<'a>(dir: &dyn WasiDir, path: &'a str) -> Result<&'a str, Error> {
    let Some(name) = without(path) else { return Ok(path) };
    match dir.get_path_filestat(name, false).await?.filetype {
        FileType::Directory => Ok(name),
        _ => Err(Errno::Notdir.into()),
    }
}

/// Returns `path` in `dir`, which is to be made and isn't to be a directory.
///
/// # Errors
/// If it ends in a slash: EEXIST where something is there, a link too, else ENOENT.
pub(super) async fn new_name<'a>(dir: &dyn WasiDir, path: &'a str) -> Result<&'a str, Error> {
    let Some(name) = without(path) else { return Ok(path) };
    dir.get_path_filestat(name, false).await?;
    Err(Errno::Exist.into())
}
