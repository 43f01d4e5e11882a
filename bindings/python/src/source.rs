//! Where modules come from.

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::path::{Path, PathBuf};

/// Where a module comes from.
#[derive(FromPyObject)]
pub enum Source<'py> {
    Wasm(Bound<'py, PyBytes>),
    File(PathBuf),
}

/// The same without Python's objects, for code that runs without the GIL.
#[derive(Clone, Copy)]
pub enum Borrowed<'a> {
    Bytes(&'a [u8]),
    File(&'a Path),
}

impl Source<'_> {
    pub fn borrowed(&self) -> Borrowed<'_> {
        match self {
            Source::Wasm(wasm) => Borrowed::Bytes(wasm.as_bytes()),
            Source::File(path) => Borrowed::File(path),
        }
    }
}
