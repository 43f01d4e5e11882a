//! The native half of an engine. Python's half keeps what was registered, for pickles and forks.

use crate::error;
use crate::instance::Instance;
use crate::kind::Kind;
use crate::{callback, fork, logger};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::path::PathBuf;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;
use wasp_core::{Compiler, Config, ErrorKind, Limits, Options, Stdio};

/// Holds plugins by name and makes instances of them: the native half of `wasp.Engine`.
#[pyclass(module = "wasp._wasp", subclass, frozen, weakref)]
pub struct Engine {
    made: RwLock<Made>,
}

#[derive(Default)]
struct Made {
    engine: wasp_core::Engine,
    /// The process that made it.
    process: u64,
}

/// Where a module comes from.
#[derive(FromPyObject)]
pub enum Source<'py> {
    Wasm(Bound<'py, PyBytes>),
    File(PathBuf),
}

/// Namespace, name, parameters, result, function.
type Callback = (String, String, Vec<Kind>, Kind, Py<PyAny>);

/// Memory, seconds, stack, table elements, idle instances.
type Limited = (Option<u64>, Option<f64>, Option<usize>, Option<u32>, Option<usize>);

#[pymethods]
impl Engine {
    #[new]
    #[pyo3(signature = (*_args, **_options), text_signature = None)]
    fn new(
        _args: &Bound<'_, pyo3::types::PyTuple>,
        _options: Option<&Bound<'_, pyo3::types::PyDict>>,
    ) -> Self {
        Self { made: RwLock::default() }
    }

    /// Starts over, without plugins.
    fn _open(
        &self,
        py: Python<'_>,
        compiler: &str,
        cache_dir: Option<PathBuf>,
        logger: Option<&Bound<'_, PyAny>>,
        stdio: &str,
    ) -> PyResult<()> {
        let mut options = Options::default();
        options.compiler = match compiler {
            "cranelift" => Compiler::Cranelift,
            "singlepass" => Compiler::Singlepass,
            _ => return Err(unknown(py, "compiler", compiler, "\"cranelift\" or \"singlepass\"")),
        };
        options.stdio = match stdio {
            "inherit" => Stdio::Inherit,
            "log" => Stdio::Log,
            "none" => Stdio::None,
            _ => return Err(unknown(py, "stdio", stdio, "\"inherit\", \"log\" or \"none\"")),
        };
        options.cache_directory = cache_dir;
        if let Some(logger) = logger {
            options.log = logger::log(logger)?;
        }
        let process = fork::generation();
        let made = Made { engine: wasp_core::Engine::with_options(options), process };
        let before = std::mem::replace(
            &mut *self.made.write().unwrap_or_else(PoisonError::into_inner),
            made,
        );
        if before.process != process {
            // A parent's threads may have been at work in it.
            std::mem::forget(before);
        }
        Ok(())
    }

    #[allow(clippy::too_many_arguments)]
    fn _register(
        &self,
        py: Python<'_>,
        name: &str,
        source: Source<'_>,
        callbacks: Vec<Callback>,
        env: Vec<(String, String)>,
        volumes: Vec<(String, PathBuf, bool)>,
        limits: Limited,
        snapshot: bool,
    ) -> PyResult<()> {
        let mut config = Config::new();
        for (module, name, params, result, function) in callbacks {
            let params: Vec<_> = params.into_iter().map(wasp_core::Kind::from).collect();
            callback::offer(&mut config, &module, &name, &params, result.into(), function);
        }
        for (name, value) in env {
            config.env(name, value);
        }
        for (guest, host, read_only) in volumes {
            config.volume(guest, host, read_only);
        }
        config.limits(read_limits(py, limits)?).snapshot(snapshot);
        let engine = self.engine();
        let outcome = match &source {
            Source::Wasm(wasm) => {
                let wasm = wasm.as_bytes();
                py.detach(|| engine.register(name, wasm, &config))
            }
            Source::File(path) => py.detach(|| engine.register_file(name, path, &config)),
        };
        outcome.map_err(|error| error::raise(py, &error))
    }

    fn _unregister(&self, py: Python<'_>, name: &str) -> PyResult<()> {
        let engine = self.engine();
        py.detach(|| engine.unregister(name)).map_err(|error| error::raise(py, &error))
    }

    /// Makes an instance of the plugin `name`, which sees the host's directory `workspace` as `/workspace`.
    #[pyo3(signature = (name, workspace=None))]
    fn instance(
        slf: &Bound<'_, Self>,
        name: &str,
        workspace: Option<PathBuf>,
    ) -> PyResult<Instance> {
        let py = slf.py();
        if slf.get().process() != fork::generation() {
            slf.call_method0("_revive")?;
        }
        let made = slf.get().made.read().unwrap_or_else(PoisonError::into_inner);
        let engine = &made.engine;
        // `faulthandler` may have been enabled since the first plugin.
        wasp_core::claim_signals();
        py.detach(|| engine.instance(name, workspace.as_deref()))
            .map(Instance::new)
            .map_err(|error| error::raise(py, &error))
    }
}

impl Engine {
    fn engine(&self) -> wasp_core::Engine {
        self.made.read().unwrap_or_else(PoisonError::into_inner).engine.clone()
    }

    fn process(&self) -> u64 {
        self.made.read().unwrap_or_else(PoisonError::into_inner).process
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let made = self.made.get_mut().unwrap_or_else(PoisonError::into_inner);
        if made.process != fork::generation() {
            std::mem::forget(std::mem::take(made));
        }
    }
}

fn read_limits(py: Python<'_>, limits: Limited) -> PyResult<Limits> {
    let (memory, seconds, stack, tables, idle) = limits;
    let mut limits = Limits::default();
    limits.memory_bytes = memory.unwrap_or(limits.memory_bytes);
    limits.stack_bytes = stack.unwrap_or(limits.stack_bytes);
    limits.table_elements = tables.unwrap_or(limits.table_elements);
    limits.idle_instances = idle.unwrap_or(limits.idle_instances);
    limits.timeout = match seconds.map(Duration::try_from_secs_f64) {
        None => None,
        Some(Ok(limit)) => Some(limit),
        Some(Err(_)) => {
            let message = "the time limit is not a number of seconds from 0 on";
            return Err(error::new(py, ErrorKind::Invalid, message));
        }
    };
    Ok(limits)
}

fn unknown(py: Python<'_>, option: &str, given: &str, known: &str) -> PyErr {
    error::new(py, ErrorKind::Invalid, &format!("{option} is {known}, not {given:?}"))
}
