//! What plugins and modules offer and need.

use crate::source::{Borrowed, Source};
use crate::value_kind::Kind;
use crate::{error, exit};
use pyo3::prelude::*;
use wasp_core::PluginInfo as CoreInfo;

/// A function that a plugin offers.
#[pyclass(module = "wasp", frozen, eq)]
#[derive(Clone, PartialEq)]
pub struct Function(wasp_core::Function);

impl From<&wasp_core::Function> for Function {
    fn from(function: &wasp_core::Function) -> Self {
        Self(function.clone())
    }
}

#[pymethods]
impl Function {
    /// The name to call it by.
    #[getter]
    fn name(&self) -> &str {
        &self.0.name
    }

    /// The kinds of its parameters. Where the plugin declares no signature, I32 may stand for a string or bytes.
    #[getter]
    fn params(&self) -> Vec<Kind> {
        self.0.params.iter().map(|kind| (*kind).into()).collect()
    }

    /// The names of its parameters, one for each; empty where the plugin declares none.
    #[getter]
    fn param_names(&self) -> Vec<String> {
        self.0.param_names.clone()
    }

    /// The kind of its result, with the same doubt.
    #[getter]
    fn result(&self) -> Kind {
        self.0.result.into()
    }

    /// Whether the plugin declares the kinds itself, so that there is no doubt.
    #[getter]
    fn declared(&self) -> bool {
        self.0.declared
    }

    /// What the plugin says about it, on one line; empty where it says nothing.
    #[getter]
    fn docs(&self) -> &str {
        &self.0.docs
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        format!("<wasp.Function {}>", self.0)
    }
}

/// Something that a module imports.
#[pyclass(module = "wasp", frozen, eq)]
#[derive(Clone, PartialEq)]
pub struct PluginImport(wasp_core::PluginImport);

#[pymethods]
impl PluginImport {
    /// The module, or namespace, that it is imported from.
    #[getter]
    fn module(&self) -> &str {
        &self.0.module
    }

    /// Its name there.
    #[getter]
    fn name(&self) -> &str {
        &self.0.name
    }

    /// Its WebAssembly type, as in errors: "(i32, i32) -> i32". What is no function begins with what it is: "memory", "table",
    /// "global" or "tag".
    #[getter]
    fn r#type(&self) -> &str {
        &self.0.ty
    }

    /// The kinds of a function's parameters: those of the callback that provides it, and else as its type has them, where I32
    /// may stand for a string or bytes. None where no callback can have that type.
    #[getter]
    fn params(&self) -> Option<Vec<Kind>> {
        let params = self.0.params.as_ref()?;
        Some(params.iter().map(|kind| (*kind).into()).collect())
    }

    /// The kind of its result, with the same doubt.
    #[getter]
    fn result(&self) -> Kind {
        self.0.result.into()
    }

    /// What provides it: a "callback", "wasi", the guest "abi", or nothing, if it is "missing".
    #[getter]
    fn provider(&self) -> &'static str {
        self.0.provider.name()
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        format!("<wasp.PluginImport {}, {}>", self.0, self.0.provider)
    }
}

/// What a plugin, or a module that may become one, offers and needs.
#[pyclass(module = "wasp", frozen, eq)]
#[derive(Clone, PartialEq)]
pub struct PluginInfo(CoreInfo);

impl From<CoreInfo> for PluginInfo {
    fn from(info: CoreInfo) -> Self {
        Self(info)
    }
}

#[pymethods]
impl PluginInfo {
    /// The functions that it offers, in its order.
    #[getter]
    fn functions(&self) -> Vec<Function> {
        self.0.functions.iter().map(Function::from).collect()
    }

    /// What it imports, in its order.
    #[getter]
    fn imports(&self) -> Vec<PluginImport> {
        self.0.imports.iter().cloned().map(PluginImport).collect()
    }

    /// Whether it imports functions of WASI.
    #[getter]
    fn wasi(&self) -> bool {
        self.0.wasi
    }

    /// The linear memory that an instance begins with, in bytes, over all memories.
    #[getter]
    fn memory_min(&self) -> u64 {
        self.0.memory_min
    }

    /// The linear memory that it may have by its own declaration, in bytes; None where it declares no maximum.
    #[getter]
    fn memory_max(&self) -> Option<u64> {
        self.0.memory_max
    }

    /// The size of the module in bytes, in the format that it was given in.
    #[getter]
    fn size(&self) -> u64 {
        self.0.size
    }

    /// How many bytes of the host's memory a registered plugin takes: its machine code, which plugins of the same module share,
    /// and its snapshot. Its instances come on top.
    #[getter]
    fn memory_used(&self) -> u64 {
        self.0.memory_used
    }

    /// The language of the script that it is, or the name of its runtime; None where it is no script.
    #[getter]
    fn language(&self) -> Option<&str> {
        self.0.language.as_deref()
    }

    fn __repr__(&self) -> String {
        let list = |all: Vec<String>| all.join(", ");
        format!(
            "<wasp.PluginInfo, functions: {}; imports: {}>",
            list(self.0.functions.iter().map(ToString::to_string).collect()),
            list(self.0.imports.iter().map(ToString::to_string).collect()),
        )
    }
}

/// Tells what a module offers and needs, a file's or these bytes.
#[pyfunction]
#[pyo3(signature = (source, /))]
pub(crate) fn _inspect(py: Python<'_>, source: Source<'_>) -> PyResult<PluginInfo> {
    let module = source.borrowed();
    let outcome = exit::detached(py, || match module {
        Borrowed::Bytes(wasm) => wasp_core::Engine::inspect(wasm),
        Borrowed::File(path) => wasp_core::Engine::inspect_file(path),
    });
    outcome.map(PluginInfo).map_err(|error| error::raise(py, &error))
}
