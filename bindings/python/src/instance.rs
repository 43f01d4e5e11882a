//! One sandbox. Calls into it are in `call`.

use crate::fork::{self, Work};
use crate::info::Function;
use crate::{error, exit, greenlet, signals};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple, PyType};
use std::sync::{Mutex, MutexGuard, TryLockError};
use wasp_core::{ErrorKind, Functions, Interrupter, Kind as CoreKind};

/// One sandbox: a plugin with memory of its own.
///
/// Made by Engine.instance. The plugin's functions are its methods: greeter.hello("Nic"). It runs one call at a time, on any thread: a second one is an Error of kind "busy". Instances
/// run in parallel. As a context manager, it frees its memory at the end of the block; without, when it is collected.
#[pyclass(module = "wasp", subclass, frozen, weakref)]
pub struct Instance {
    /// Empty once it is closed.
    instance: Mutex<Option<wasp_core::Instance>>,
    pub(crate) interrupter: Interrupter,
    pub(crate) functions: Functions,
    /// The generation of processes that it is of.
    generation: u64,
}

#[pymethods]
impl Instance {
    /// The same as call, on a thread of asyncio's default executor. Cancelling the task interrupts the call, and waits until
    /// the plugin has stopped. A timeout counts from when the call begins on its thread.
    #[pyo3(
        signature = (function, /, *args, **options),
        text_signature = "($self, function, /, *args, returns=..., timeout=None)"
    )]
    fn call_async<'py>(
        slf: &Bound<'py, Self>,
        function: &Bound<'py, PyAny>,
        args: &Bound<'py, PyTuple>,
        options: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("wasp._async")?.call_method1("call", (slf, function, args, options))
    }

    /// Brings the instance back to the state of a new one with the same workspace, also after it was stopped half-way.
    ///
    /// Raises Error of kind "busy" while a call runs, and "invalid" when it is closed.
    fn reset(&self, py: Python<'_>) -> PyResult<()> {
        let mut guard = self.lock(py)?;
        let instance = guard.as_mut().ok_or_else(|| closed(py))?;
        let _work = Work::with_engine();
        exit::detached(py, || instance.reset()).map_err(|error| error::raise(py, &error))
    }

    /// Ends the call that runs, from any thread: it raises Cancelled. When none runs, nothing happens.
    fn interrupt(&self, py: Python<'_>) {
        if self.generation == fork::generation() {
            exit::detached(py, || self.interrupter.interrupt());
        }
    }

    /// Frees the instance's memory. A closed instance can't be called; closing it again does nothing.
    ///
    /// Raises Error of kind "busy" while a call runs.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let instance = self.lock(py)?.take();
        drop(instance);
        Ok(())
    }

    /// The functions that the plugin offers, in its order, and by their names as functions of Python: functions.hello("Nic").
    #[getter]
    fn functions<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        static FUNCTIONS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
        let py = slf.py();
        let listing = slf.getattr(intern!(py, "_listing"))?;
        FUNCTIONS.import(py, "wasp._function", "Functions")?.call1((slf, listing))
    }

    /// All that is known of them, a list that is made for this call.
    fn _listed(&self) -> Vec<Function> {
        self.functions.iter().map(Function::from).collect()
    }

    /// The name of its plugin.
    #[getter]
    fn plugin(&self) -> &str {
        self.functions.plugin()
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        let state = match self.lock(py) {
            Ok(guard) => match &*guard {
                None => "closed".to_owned(),
                Some(instance) if instance.poison().is_some() => {
                    "stopped half-way, must be reset".to_owned()
                }
                Some(instance) => format!("{} bytes of memory", instance.memory_size()),
            },
            Err(_) if self.generation != fork::generation() => "of another process".to_owned(),
            Err(_) => "busy".to_owned(),
        };
        format!("<wasp.Instance of {:?}, {state}>", self.functions.plugin())
    }

    /// The instance itself.
    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    /// Closes the instance.
    #[pyo3(signature = (*_exception), text_signature = "($self, *exception)")]
    fn __exit__(&self, py: Python<'_>, _exception: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.close(py)
    }
}

impl Instance {
    pub(crate) fn new(instance: wasp_core::Instance) -> Self {
        Self {
            interrupter: instance.interrupter(),
            functions: Functions::of(&instance),
            instance: Mutex::new(Some(instance)),
            generation: fork::generation(),
        }
    }

    pub(crate) fn lock(
        &self,
        py: Python<'_>,
    ) -> PyResult<MutexGuard<'_, Option<wasp_core::Instance>>> {
        if self.generation != fork::generation() {
            let message = "the instance was made before this process was forked: make another";
            return Err(error::new(py, ErrorKind::Invalid, message));
        }
        greenlet::check(py)?;
        match self.instance.try_lock() {
            Ok(guard) => Ok(guard),
            Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => {
                Err(error::raise(py, &wasp_core::Error::instance_busy()))
            }
        }
    }

    /// The kind of a parameter of `function`, if there is such a one.
    #[cold]
    pub(crate) fn param(&self, function: &str, index: usize) -> Option<CoreKind> {
        let listed = self.functions.iter().find(|listed| listed.name == function)?;
        listed.params.get(index).copied()
    }

    /// The kind of the result of `function`, as far as there is no doubt.
    pub(crate) fn declared(&self, py: Python<'_>, function: &str) -> PyResult<CoreKind> {
        match self.functions.iter().find(|listed| listed.name == function) {
            Some(listed) => listed.certain_result().ok_or_else(|| {
                let message = format!(
                    "function {function:?} gives an i32, which may be a number or stand for text or bytes: say which by returns=int, str or bytes"
                );
                error::new(py, ErrorKind::Signature, &message)
            }),
            // The call will say so.
            None => Ok(CoreKind::None),
        }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        signals::retire();
        if self.generation != fork::generation()
            && let Ok(instance) = self.instance.get_mut()
        {
            // A parent's threads may have been at work in what it shares.
            std::mem::forget(instance.take());
        }
    }
}

pub(crate) fn closed(py: Python<'_>) -> PyErr {
    error::raise(py, &wasp_core::Error::instance_closed())
}
