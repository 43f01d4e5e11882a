//! The native half of an engine. Python's half keeps what was registered, for pickles and forks.

use crate::error;
use crate::fork::{self, Work};
use crate::info::PluginInfo;
use crate::instance::Instance;
use crate::instance_class::InstanceClass;
use crate::source::Source;
use crate::value_kind::Kind;
use crate::{arguments, callback, compiled, exit, greenlet, logger};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use wasp_core::{Compiler, Config, ErrorKind, Limits, Options, Stdio};

/// The native half of wasp.Engine.
#[pyclass(module = "wasp._wasp", subclass, frozen, weakref)]
pub struct Engine {
    /// Never locked without the GIL: a fork must not find it so.
    state: Mutex<EngineState>,
}

#[derive(Default)]
struct EngineState {
    engine: wasp_core::Engine,
    /// The classes of instances, by the names of their plugins, from the first instance on.
    classes: HashMap<String, InstanceClass>,
    /// The generation of processes that it is of.
    generation: u64,
}

/// Namespace, name, parameters, result, function.
type HostFunction = (String, String, Vec<Kind>, Kind, Py<PyAny>);

/// What a plugin is registered from: the attributes of a `_Plugin` of Python's half.
#[derive(FromPyObject)]
struct Registration<'py> {
    source: Source<'py>,
    /// The language of a script, whose text the source is then.
    language: Option<String>,
    /// Whether the source is what `compile` made.
    compiled: bool,
    host_functions: Vec<HostFunction>,
    args: Vec<String>,
    env: Bound<'py, PyDict>,
    config: Bound<'py, PyDict>,
    volumes: Vec<(String, PathBuf, bool)>,
    limits: GivenLimits,
    snapshot: bool,
    warm_up: Vec<(String, Vec<Bound<'py, PyAny>>)>,
    trap_missing_imports: bool,
}

/// The attributes of a `Limits` of Python's half: none is the default.
#[derive(FromPyObject)]
struct GivenLimits {
    memory_bytes: Option<u64>,
    timeout: Option<f64>,
    stack_bytes: Option<usize>,
    table_elements: Option<u32>,
    idle_instances: Option<usize>,
    idle_memory_bytes: Option<usize>,
}

#[pymethods]
impl Engine {
    #[new]
    #[pyo3(signature = (*_args, **_options), text_signature = None)]
    fn new(
        _args: &Bound<'_, pyo3::types::PyTuple>,
        _options: Option<&Bound<'_, pyo3::types::PyDict>>,
    ) -> Self {
        Self { state: Mutex::default() }
    }

    /// Starts over, without plugins.
    fn _open(
        &self,
        py: Python<'_>,
        compiler: &str,
        directories: (Option<PathBuf>, Option<PathBuf>),
        logger: Option<&Bound<'_, PyAny>>,
        stdio: &str,
        kernel_fault_counts: bool,
    ) -> PyResult<()> {
        let mut options = Options::default();
        options.compiler = match compiler {
            "cranelift" => Compiler::Cranelift,
            "singlepass" => Compiler::Singlepass,
            "tiered" => Compiler::Tiered,
            _ => {
                let known = "\"cranelift\", \"singlepass\" or \"tiered\"";
                return Err(unknown(py, "compiler", compiler, known));
            }
        };
        options.stdio = match stdio {
            "inherit" => Stdio::Inherit,
            "output" => Stdio::Output,
            "log" => Stdio::Log,
            "none" => Stdio::None,
            _ => {
                return Err(unknown(
                    py,
                    "stdio",
                    stdio,
                    "\"inherit\", \"output\", \"log\" or \"none\"",
                ));
            }
        };
        let (cache_dir, runtime_dir) = directories;
        options.cache_directory = cache_dir;
        options.kernel_fault_counts = kernel_fault_counts;
        options.runtime_directory = runtime_dir;
        if let Some(logger) = logger {
            options.log = logger::log(logger)?;
        }
        let generation = fork::generation();
        let engine = wasp_core::Engine::with_options(options);
        let new = EngineState { engine, classes: HashMap::new(), generation };
        let before = std::mem::replace(&mut *self.state(), new);
        before.leak_after_fork();
        Ok(())
    }

    /// Registers plugin as name, and keeps it in plugins: both or neither, also when Ctrl-C comes meanwhile.
    fn _register(
        slf: &Bound<'_, Self>,
        plugins: &Bound<'_, PyDict>,
        name: &str,
        plugin: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let py = slf.py();
        let given: Registration<'_> = plugin.extract()?;
        let config = given.to_core(py)?;
        let engine = Self::current(slf)?;
        let work = Work::with_compiler(py)?;
        let outcome = match &given.source {
            source if given.compiled => {
                let source = source.borrowed();
                exit::detached(py, || compiled::register(&engine, name, source, &config))
            }
            Source::Wasm(text) if let Some(language) = &given.language => {
                let text = std::str::from_utf8(text.as_bytes()).map_err(|_| {
                    let message = format!("plugin {name:?}: the script is not UTF-8");
                    error::new(py, ErrorKind::Invalid, &message)
                })?;
                exit::detached(py, || engine.register_script(name, language, text, &config))
            }
            Source::Wasm(wasm) => {
                let wasm = wasm.as_bytes();
                exit::detached(py, || engine.register(name, wasm, &config))
            }
            Source::File(path) => exit::detached(py, || engine.register_file(name, path, &config)),
        };
        drop(work);
        outcome.map_err(|error| error::raise(py, &error))?;
        let _unused = slf.get().state().classes.remove(name);
        plugins.set_item(name, plugin)
    }

    /// Compiles a module.
    fn _compile<'py>(slf: &Bound<'py, Self>, source: Source<'_>) -> PyResult<Bound<'py, PyBytes>> {
        let py = slf.py();
        let engine = Self::current(slf)?;
        let work = Work::with_compiler(py)?;
        let module = source.borrowed();
        let outcome = exit::detached(py, || compiled::compile(&engine, module));
        drop(work);
        let bytes = outcome.map_err(|error| error::raise(py, &error))?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// Forgets a plugin.
    fn _unregister(slf: &Bound<'_, Self>, name: &str) -> PyResult<()> {
        let py = slf.py();
        let engine = Self::current(slf)?;
        let _work = Work::with_engine();
        let _unused = slf.get().state().classes.remove(name);
        exit::detached(py, || engine.unregister(name)).map_err(|error| error::raise(py, &error))
    }

    /// Tells what the plugin name offers and needs, and what it takes. Raises PluginNotFound.
    #[pyo3(signature = (name, /))]
    fn plugin(slf: &Bound<'_, Self>, name: &str) -> PyResult<PluginInfo> {
        let py = slf.py();
        let engine = Self::current(slf)?;
        let told = exit::detached(py, || engine.plugin(name));
        told.map(PluginInfo::from).map_err(|error| error::raise(py, &error))
    }

    /// How many bytes of the host's memory the plugins take: their machine code, once for each module, and their snapshots.
    /// Instances come on top.
    #[getter]
    fn memory_used(slf: &Bound<'_, Self>) -> PyResult<u64> {
        let engine = Self::current(slf)?;
        Ok(exit::detached(slf.py(), || engine.memory_used()))
    }

    /// Makes an instance of the plugin name, which sees the host's directory workspace as /workspace.
    ///
    /// It costs a microsecond or two: instances need not be kept. Use it by with, or close it, to free its memory at once.
    ///
    /// Raises PluginNotFound, and Error of kind "io" if the workspace isn't a directory, or "resource" if there is
    /// no memory for another instance.
    #[pyo3(signature = (name, workspace=None))]
    fn instance<'py>(
        slf: &Bound<'py, Self>,
        name: &str,
        workspace: Option<PathBuf>,
    ) -> PyResult<Bound<'py, Instance>> {
        let py = slf.py();
        let engine = Self::current(slf)?;
        // `faulthandler` may have been enabled since the first plugin.
        wasp_core::claim_signals();
        let _work = Work::with_engine();
        let made = exit::detached(py, || engine.instance(name, workspace.as_deref()));
        Self::object(slf, name, made.map_err(|error| error::raise(py, &error))?)
    }
}

impl Engine {
    /// The engine of this process, with all that was registered.
    fn current(slf: &Bound<'_, Self>) -> PyResult<wasp_core::Engine> {
        if slf.get().state().generation != fork::generation() {
            slf.call_method0("_reinit_after_fork")?;
        }
        // What follows may run start-up.
        greenlet::check(slf.py())?;
        Ok(slf.get().state().engine.clone())
    }

    /// Makes an object of an instance, of the class that its plugin's instances have.
    fn object<'py>(
        slf: &Bound<'py, Self>,
        plugin: &str,
        made: wasp_core::Instance,
    ) -> PyResult<Bound<'py, Instance>> {
        let py = slf.py();
        let instance = Bound::new(py, Instance::new(made))?;
        let class = slf.get().state().classes.get(plugin).and_then(|class| class.of(&instance));
        if let Some(class) = class {
            InstanceClass::adopt(class, &instance);
        } else {
            let class = InstanceClass::new(&instance)?;
            let _replaced = slf.get().state().classes.insert(plugin.to_owned(), class);
        }
        Ok(instance)
    }

    fn state(&self) -> MutexGuard<'_, EngineState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EngineState {
    /// Frees it, or leaks it in the child of a fork that hit threads at work in it.
    fn leak_after_fork(self) {
        if self.generation != fork::generation() {
            std::mem::forget(self);
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(state).leak_after_fork();
    }
}

impl Registration<'_> {
    fn to_core(&self, py: Python<'_>) -> PyResult<Config> {
        let mut config = Config::new();
        for (module, name, params, result, function) in &self.host_functions {
            let params: Vec<_> = params.iter().map(|kind| (*kind).into()).collect();
            let function = function.clone_ref(py);
            callback::offer(&mut config, module, name, &params, (*result).into(), function);
        }
        config.args(&self.args);
        for (name, value) in &self.env {
            config.env(name.extract::<String>()?, value.extract::<String>()?);
        }
        for (key, value) in &self.config {
            config.config_set(key.extract::<String>()?, value.extract::<String>()?);
        }
        for (guest, host, read_only) in &self.volumes {
            config.volume(guest, host, *read_only);
        }
        for (function, args) in &self.warm_up {
            arguments::with_values(args, &format!("the warm-up {function:?}"), |values| {
                config.warm_up(function, values);
            })?;
        }
        config.limits(self.limits.to_core(py)?).snapshot(self.snapshot);
        config.trap_missing_imports(self.trap_missing_imports);
        Ok(config)
    }
}

impl GivenLimits {
    fn to_core(&self, py: Python<'_>) -> PyResult<Limits> {
        let mut limits = Limits::default();
        limits.memory_bytes = self.memory_bytes.unwrap_or(limits.memory_bytes);
        limits.stack_bytes = self.stack_bytes.unwrap_or(limits.stack_bytes);
        limits.table_elements = self.table_elements.unwrap_or(limits.table_elements);
        limits.idle_instances = self.idle_instances.unwrap_or(limits.idle_instances);
        limits.idle_memory_bytes = self.idle_memory_bytes.unwrap_or(limits.idle_memory_bytes);
        limits.timeout = match self.timeout.map(Duration::try_from_secs_f64) {
            None => None,
            Some(Ok(limit)) => Some(limit),
            Some(Err(_)) => {
                let message = "the time limit is not a number of seconds from 0 on";
                return Err(error::new(py, ErrorKind::Invalid, message));
            }
        };
        Ok(limits)
    }
}

fn unknown(py: Python<'_>, option: &str, given: &str, known: &str) -> PyErr {
    error::new(py, ErrorKind::Invalid, &format!("{option} is {known}, not {given:?}"))
}
