//! A Python logger as the engine's log.

use crate::exit;
use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::ffi;
use pyo3::prelude::*;
use std::fmt::Write;
use wasp_core::{Level, Log};

/// The numbers that `logging` gives, and below its `DEBUG` one for wasp's trace.
const LEVELS: [(Level, u8); 4] =
    [(Level::Trace, 5), (Level::Debug, 10), (Level::Info, 20), (Level::Error, 40)];

/// A log that writes to `logger`, from the level on that it wants now.
pub(crate) fn log(logger: &Bound<'_, PyAny>) -> PyResult<Log> {
    let mut level = Level::Error;
    for (candidate, number) in LEVELS {
        if logger.call_method1("isEnabledFor", (number,))?.is_truthy()? {
            level = candidate;
            break;
        }
    }
    let logger = logger.clone().unbind();
    Ok(Log::new(level, move |record| {
        let number =
            LEVELS.iter().find(|(level, _)| *level == record.level).map_or(40, |(_, n)| *n);
        let mut text = record.message.to_owned();
        for (name, value) in record.fields {
            let _ = write!(text, " {name}={value}");
        }
        // None where the interpreter is gone already. One of wasp's own threads may be in here when it ends.
        Python::try_attach(|py| {
            if let Err(error) = tell(logger.bind(py), number, &text) {
                if error.is_instance_of::<PyKeyboardInterrupt>(py) {
                    // Ctrl-C, which Python saw to in here. It has to come out of the call: so it comes once more.
                    // SAFETY: the interpreter is attached.
                    unsafe { ffi::PyErr_SetInterrupt() };
                } else {
                    error.write_unraisable(py, Some(logger.bind(py)));
                }
            }
        });
    }))
}

fn tell(logger: &Bound<'_, PyAny>, level: u8, text: &str) -> PyResult<()> {
    let args = (level, "%s", text).into_pyobject(logger.py())?;
    exit::call(&logger.getattr("log")?, &args).map(drop)
}
