//! Where modules come from.

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::path::PathBuf;

/// Where a module comes from.
#[derive(FromPyObject)]
pub enum Source<'py> {
    Wasm(Bound<'py, PyBytes>),
    File(PathBuf),
}
