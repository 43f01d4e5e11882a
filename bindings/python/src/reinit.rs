//! What a new child of a fork must do first.

use crate::{fork, signals};
use pyo3::prelude::*;

/// Tells the package that this process was just forked.
#[pyfunction]
pub(crate) fn forked() {
    fork::note_fork();
    signals::reinit_after_fork();
}
