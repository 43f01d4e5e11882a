//! One instance of a plugin's module, started and ready to be called.

use crate::entry;
use crate::error::{Error, ErrorKind, Result};
use crate::guest::{Exports, Guest};
use crate::memory;
use crate::number;
use crate::plugin::{Plugin, type_text};
use crate::signature::{self, Signature};
use crate::trap;
use crate::value::{Kind, Value};
use crate::wasi::Workspace;
use std::rc::Rc;
use std::sync::Arc;
use wasmer::{FunctionType, InstantiationError, LinkError, Store, Type};
use wasmer_types::RawValue;

/// A store with one instance in it. Dropping an instance in a living store frees nothing, so each has its own.
pub(crate) struct Sandbox {
    /// By the index of the plugin's exports, filled at the first call of each.
    functions: Vec<Option<entry::Function>>,
    instance: wasmer::Instance,
    guest: Rc<Guest>,
    store: Store,
}

// SAFETY: a Store isn't Send because of raw pointers into its own objects, and `Guest` is shared by `Rc` between the
// sandbox and the host functions in that same store. All of it moves together, nothing of it is handed out, what a host
// puts in (callbacks, log) is Send and Sync, and `Sandbox` isn't Sync, so one thread is in it at a time.
unsafe impl Send for Sandbox {}

impl Sandbox {
    /// Makes an instance and runs the start-up of its language, which sees an empty workspace.
    pub(crate) fn new(plugin: &Arc<Plugin>) -> Result<Self> {
        let guest = Rc::new(Guest::new(Arc::clone(plugin)));
        let mut store = Store::new(plugin.engine.clone());
        let imports: Vec<_> = plugin
            .imports
            .iter()
            .map(|import| entry::import(&mut store, &import.ty, &guest, import.target.clone()))
            .collect();
        let (made, memory) = memory::capture(|| {
            wasmer::Instance::new_by_index(&mut store, &plugin.module, &imports)
        });
        let instance = made.map_err(|error| match error {
            InstantiationError::Link(LinkError::Trap(trap)) | InstantiationError::Start(trap) => {
                guest.explain(trap::runtime_error(trap)).in_context("its start")
            }
            InstantiationError::Link(LinkError::Resource(text)) => {
                Error::new(ErrorKind::Resource, text)
            }
            other => Error::new(ErrorKind::Internal, other.to_string()),
        })?;

        let functions = vec![None; plugin.exports.len()];
        let mut sandbox = Self { functions, instance, guest, store };
        let exports = Exports {
            allocate: sandbox.abi_export("allocate", &[Type::I32], &[Type::I32]),
            deallocate: sandbox.abi_export("deallocate", &[Type::I32, Type::I32], &[]),
        };
        sandbox.guest.bind(memory, exports);
        sandbox.start()?;
        Ok(sandbox)
    }

    fn abi_export(
        &mut self,
        name: &str,
        params: &[Type],
        results: &[Type],
    ) -> Option<Option<entry::Function>> {
        let at = self.guest.plugin.find(name).ok()?;
        let fits = self.guest.plugin.exports[at].ty == FunctionType::new(params, results);
        Some(fits.then(|| self.function(at)))
    }

    fn start(&mut self) -> Result<()> {
        let name = ["_initialize", "_start"];
        let Some((name, at)) =
            name.iter().find_map(|name| Some((*name, self.guest.plugin.find(name).ok()?)))
        else {
            return Ok(());
        };
        let ty = &self.guest.plugin.exports[at].ty;
        if !ty.params().is_empty() || !ty.results().is_empty() {
            let message = format!("{name:?} is exported as {}, not as () -> ()", type_text(ty));
            return Err(Error::new(ErrorKind::Abi, message));
        }
        let started = self.call(at, &[], Kind::None, |_| ());
        match started {
            // `_start` of a program ends this way.
            Err(error) if error.exit_code() == Some(0) => Ok(()),
            other => other.map_err(|error| error.in_context(format_args!("its start-up {name:?}"))),
        }
    }

    /// Ends start-up: the instance sees `workspace` from now on.
    pub(crate) fn open(&mut self, workspace: Workspace) {
        self.guest.started(workspace);
    }

    /// Whether guest code was ended half-way, so that its memory may be half-changed.
    pub(crate) fn unwound(&self) -> bool {
        self.guest.unwound()
    }

    /// Calls the export at index `at`, whose type the arguments and the wanted kind fit, and gives its result to `keep`.
    pub(crate) fn call<R>(
        &mut self,
        at: usize,
        args: &[Value<'_>],
        kind: Kind,
        keep: impl FnOnce(Value<'_>) -> R,
    ) -> Result<R> {
        let function = self.function(at);
        let ty = &self.guest.plugin.exports[at].ty;
        let result = ty.results().first().filter(|_| kind != Kind::None).map(|ty| (*ty, kind));
        self.guest.call(function, args, ty.params(), result, keep)
    }

    /// Asks the plugin for its own listing. The string is static: it is read where it is, and not freed.
    pub(crate) fn signatures(&mut self, at: usize) -> Result<Vec<Signature>> {
        const CONTEXT: &str = "\"wasp_signatures\"";
        let function = self.function(at);
        let ty = &self.guest.plugin.exports[at].ty;
        if *ty != FunctionType::new([], [Type::I32]) {
            let message = format!("{CONTEXT} is exported as {}, not as () -> i32", type_text(ty));
            return Err(Error::new(ErrorKind::Abi, message));
        }
        let mut slots = [RawValue::default()];
        self.guest.enter(function, &mut slots).map_err(|error| error.in_context(CONTEXT))?;
        let text = self
            .guest
            .text(number::pointer(&slots[0]))
            .map_err(|error| error.in_context(CONTEXT))?;
        signature::parse(text).map_err(|line| {
            Error::new(
                ErrorKind::Abi,
                format!("{CONTEXT} has a line that is no signature: {line:?}"),
            )
        })
    }

    fn function(&mut self, at: usize) -> entry::Function {
        if let Some(function) = self.functions[at] {
            return function;
        }
        let name = &self.guest.plugin.exports[at].name;
        let export = self.instance.exports.get_function(name).expect("the module exports it");
        *self.functions[at].insert(entry::Function::new(&mut self.store, export))
    }
}
