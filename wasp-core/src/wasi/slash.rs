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
/// If it ends in a slash: EEXIST where something is there, else ENOENT.
pub(super) async fn new_name<'a>(dir: &dyn WasiDir, path: &'a str) -> Result<&'a str, Error> {
    let Some(name) = without(path) else { return Ok(path) };
    let there = dir.get_path_filestat(name, true).await.is_ok();
    Err(if there { Errno::Exist } else { Errno::Noent }.into())
}
