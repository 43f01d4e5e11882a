//! Instances as their owners see them.

mod extism;
mod script;

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::log::{Level, Log};
use crate::base::slots::{self, Slots};
use crate::base::value::{Kind, OwnedValue, Value};
use crate::plugin::Plugin;
use crate::plugin::export::Function;
use crate::pool::Shard;
use crate::pool::lease::Lease;
use crate::sys::interrupt::Interrupter;
use crate::wasi::{Capture, Workspace};
use crossbeam_utils::CachePadded;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// One sandbox: a plugin with linear memory of its own.
///
/// It may move between threads; instances run in parallel. It keeps what it needs alive: its engine may be dropped first.
/// What it wrote is gone when it is dropped.
pub struct Instance {
    lease: Lease,
    workspace: Workspace,
    /// What ended guest code half-way, if something did.
    poison: Option<String>,
    /// Who keeps what it prints.
    capture: Option<Capture>,
    /// The last result of a script that was wanted as JSON and was none.
    json: String,
    /// Whether what ended it was the exit of an Extism plugin that was done: the next call begins with a reset.
    exited: bool,
}

impl Instance {
    pub(crate) fn new(shard: &Arc<CachePadded<Shard>>, workspace: Workspace) -> Result<Self> {
        let mut lease = Lease::new(shard)?;
        lease.instance.open_for(&workspace);
        Ok(Self {
            lease,
            workspace,
            poison: None,
            capture: None,
            json: String::new(),
            exited: false,
        })
    }

    /// Calls the plugin's function `name`.
    ///
    /// `result` is the kind that the caller expects, since a WebAssembly signature says `i32` for a string too;
    /// [`Kind::None`] ignores the result. Numbers become the type that the function has if they fit exactly. Text and
    /// bytes in the result are borrowed until the instance is used again.
    ///
    /// # Errors
    /// [`ErrorKind::FunctionNotFound`], [`ErrorKind::Signature`] and [`ErrorKind::Invalid`] before any guest code runs;
    /// [`ErrorKind::Guest`] if the plugin raised an error; [`ErrorKind::Abi`] if it broke the ABI. After
    /// [`ErrorKind::Trap`], [`ErrorKind::Abort`], [`ErrorKind::Exit`], [`ErrorKind::Callback`], [`ErrorKind::Timeout`] and
    /// [`ErrorKind::Cancelled`] the guest was stopped half-way, and every later call fails with [`ErrorKind::Poisoned`] until [`reset`](Self::reset).
    #[inline]
    pub fn call(&mut self, name: &str, args: &[Value<'_>], result: Kind) -> Result<Value<'_>> {
        self.call_named(name.as_bytes(), args, result)
    }

    /// Calls the plugin's function `name`, as [`call`](Self::call) does, for at most `timeout`, callbacks and sleeps included. It is
    /// never longer than the plugin's own limit, [`Limits::timeout`](crate::Limits::timeout): the shorter one counts.
    ///
    /// # Errors
    /// Those of `call`, and [`ErrorKind::Invalid`] for no time at all.
    pub fn call_within(
        &mut self,
        timeout: Duration,
        name: &str,
        args: &[Value<'_>],
        result: Kind,
    ) -> Result<Value<'_>> {
        self.call_named_within(Some(timeout), name.as_bytes(), args, result)
    }

    /// The same for a name that isn't known to be UTF-8, and for calls without a `timeout` of their own: for bindings.
    ///
    /// # Errors
    /// Those of `call_within` and [`call_named`](Self::call_named).
    #[inline]
    pub fn call_named_within(
        &mut self,
        timeout: Option<Duration>,
        name: &[u8],
        args: &[Value<'_>],
        result: Kind,
    ) -> Result<Value<'_>> {
        match timeout {
            None => self.call_named(name, args, result),
            Some(timeout) => self.call_limited(timeout, name, args, result),
        }
    }

    // Never a part of its callers, whose calls without a limit stay short.
    #[inline(never)]
    fn call_limited(
        &mut self,
        timeout: Duration,
        name: &[u8],
        args: &[Value<'_>],
        result: Kind,
    ) -> Result<Value<'_>> {
        if timeout.is_zero() {
            let message =
                "a timeout of 0 is no time at all: leave it out for the plugin's own limit";
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        self.call_as_given(Some(timeout), name, args, result)
    }

    /// Calls the plugin's function whose name is these bytes, as [`call`](Self::call) does: for bindings, whose text isn't known to be
    /// UTF-8.
    ///
    /// # Errors
    /// Those of `call`, and [`ErrorKind::Invalid`] if it isn't UTF-8.
    pub fn call_named(
        &mut self,
        name: &[u8],
        args: &[Value<'_>],
        result: Kind,
    ) -> Result<Value<'_>> {
        self.call_as_given(None, name, args, result)
    }

    // Once for calls with a time limit of their own and once for those without, which don't ask.
    #[inline(always)]
    fn call_as_given(
        &mut self,
        timeout: Option<Duration>,
        name: &[u8],
        args: &[Value<'_>],
        result: Kind,
    ) -> Result<Value<'_>> {
        let plugin = &*self.lease.shard.plugin;
        if let Some(script) = &plugin.script {
            let index = plugin.find_in(script, name)?;
            return self.call_script(timeout, index, args, result);
        }
        let index = self.lease.instance.find(name)?;
        let export = &plugin.exports[index];
        if export.extism {
            return self.call_extism(timeout, index, args, result);
        }
        if let Some(encoded) = export.encoded(args) {
            return self.call_encoded(timeout, name, &encoded, result);
        }
        let context = |error| in_context(plugin, &export.name, error);
        if let Some(cause) = &self.poison {
            return Err(context(poisoned(cause)));
        }
        export.check(args, result).map_err(context)?;
        let result = if result == Kind::Any { export.result_kind()? } else { result };
        // A string that is ignored is freed all the same where the plugin declares that it is one.
        let lifted = match (result, export.declared()) {
            (Kind::None, Some(declared)) => declared.result,
            _ => result,
        };

        let log = &plugin.log;
        let started = log.enabled(Level::Debug).then(|| log_call(log, &export.name, args));
        let mut slots = Slots::default();
        let instance = &mut self.lease.instance;
        if let Err(error) = instance.call_within(timeout, index, args, lifted, &mut slots) {
            let name = export.name.clone();
            return Err(self.failed(&name, error));
        }
        let value = match result {
            Kind::None if !matches!(lifted, Kind::String | Kind::Json) => Value::None,
            Kind::None | Kind::String | Kind::Bytes | Kind::Json => {
                // Text that was lent is checked only now.
                let value = self.lease.instance.read(lifted).map_err(|error| {
                    let error = context(error);
                    log_failure(log, &export.name, &error);
                    error
                })?;
                if result == Kind::None { Value::None } else { value }
            }
            kind => {
                let number =
                    export.ty.results().first().map(|ty| slots::from_slot(slots.first(), *ty));
                match number {
                    Some(number) if number.kind() == kind => number,
                    number => fit(number.unwrap_or_default(), kind).map_err(context)?,
                }
            }
        };
        if let Some(started) = started {
            log_result(log, &export.name, value, started);
        }
        Ok(value)
    }

    /// The same with arguments that were made JSON.
    #[cold]
    #[inline(never)]
    fn call_encoded(
        &mut self,
        timeout: Option<Duration>,
        name: &[u8],
        args: &[OwnedValue],
        result: Kind,
    ) -> Result<Value<'_>> {
        let args: Vec<Value<'_>> = args.iter().map(OwnedValue::value).collect();
        self.call_named_within(timeout, name, &args, result)
    }

    /// Records a call that failed in the guest, and puts its error in context.
    #[cold]
    fn failed(&mut self, name: &str, error: Error) -> Error {
        let plugin = &*self.lease.shard.plugin;
        let error = in_context(plugin, name, error);
        if self.lease.instance.is_poisoned() {
            self.poison = Some(error.to_string());
        }
        log_failure(&plugin.log, name, &error);
        error
    }

    /// Brings the instance back to the state of a new one with the same workspace.
    ///
    /// # Errors
    /// As for [`Engine::instance`](crate::Engine::instance); the instance must then be reset again before it is called.
    pub fn reset(&mut self) -> Result<()> {
        if let Err(error) = self.lease.shard.reset(&mut self.lease.instance) {
            if self.lease.instance.is_poisoned() {
                self.poison = Some(error.to_string());
            }
            return Err(error);
        }
        self.lease.instance.open_for(&self.workspace);
        if let Some(capture) = &self.capture {
            self.lease.instance.capture(capture.clone());
        }
        self.poison = None;
        self.exited = false;
        Ok(())
    }

    /// Keeps what the plugin prints from now on, at most `most` bytes of both its streams together, also after a reset. It goes nowhere
    /// else then. When there is more, the call is stopped, and fails with [`ErrorKind::Cancelled`]. Files that the plugin has open are closed.
    pub fn capture_output(&mut self, most: usize) -> Capture {
        let capture = Capture::new(self.interrupter(), most);
        self.lease.instance.capture(capture.clone());
        self.capture = Some(capture.clone());
        capture
    }

    /// Returns the size of its memory in bytes; 0 where the plugin exports none.
    pub fn memory_size(&self) -> usize {
        self.lease.instance.memory().map_or(0, <[u8]>::len)
    }

    /// Returns how many bytes of its memory are its own: those of the pages that it has written to, whereas all others are shared
    /// with the plugin's snapshot. It is the whole [`memory_size`](Self::memory_size) where the kernel can't say, as before Linux 6.7.
    pub fn memory_used(&self) -> usize {
        self.lease.instance.memory_used()
    }

    /// Returns its memory as it is, for modules whose functions take and give addresses; none where the plugin exports none.
    pub fn memory(&self) -> Option<&[u8]> {
        self.lease.instance.memory()
    }

    /// Returns its memory to write to. The next reset then looks at each page of it, since another thread, or the kernel, may write
    /// through the slice; [`write`](Self::write) costs nothing later.
    pub fn memory_mut(&mut self) -> Option<&mut [u8]> {
        self.lease.instance.memory_mut()
    }

    /// Returns a copy of `length` bytes of its memory, from `address` on.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if they are not in the memory.
    pub fn read(&self, address: u32, length: usize) -> Result<Vec<u8>> {
        let bytes = self.lease.instance.range(address, length);
        bytes.map(<[u8]>::to_vec).map_err(|error| self.named(error))
    }

    /// Copies bytes of its memory, from `address` on, until `into` is full.
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    pub fn read_into(&self, address: u32, into: &mut [u8]) -> Result<()> {
        let bytes = self.lease.instance.range(address, into.len());
        into.copy_from_slice(bytes.map_err(|error| self.named(error))?);
        Ok(())
    }

    /// Copies `data` into its memory, to `address`.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if that is not in the memory.
    pub fn write(&mut self, address: u32, data: &[u8]) -> Result<()> {
        let written = self.lease.instance.write(address, data);
        written.map_err(|error| self.named(error))
    }

    fn named(&self, error: Error) -> Error {
        error.in_context(format_args!("plugin {:?}", self.plugin()))
    }

    /// Returns whether `data` is part of the last result, which the next call frees before it reads its arguments. For
    /// bindings to languages in which a borrowed result can be passed on all the same.
    pub fn lends(&self, data: &[u8]) -> bool {
        self.lease.instance.lends(data)
    }

    /// Returns a handle that stops the call that this instance runs, from another thread.
    pub fn interrupter(&self) -> Interrupter {
        self.lease.instance.interrupter()
    }

    /// Returns the functions that the plugin offers, in the module's order, without those that belong to the guest ABI.
    pub fn functions(&self) -> &[Function] {
        self.lease.shard.plugin.functions()
    }

    /// Returns the name of its plugin.
    pub fn plugin(&self) -> &str {
        &self.lease.shard.plugin.name
    }

    /// Returns what ended its guest half-way, if something did: it must be reset before it is called again.
    pub fn poison(&self) -> Option<&str> {
        self.poison.as_deref()
    }
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instance")
            .field("plugin", &self.plugin())
            .field("memory_size", &self.memory_size())
            .field("poison", &self.poison)
            .finish_non_exhaustive()
    }
}

/// Returns the result `number` as one of `kind`.
fn fit(number: Value<'_>, kind: Kind) -> Result<Value<'static>> {
    slots::lift(number, kind).ok_or_else(|| misfit(number, kind))
}

#[cold]
fn misfit(result: Value<'_>, kind: Kind) -> Error {
    let message = format!("its result {} does not fit {kind}", slots::DisplayValues(&[result]));
    Error::new(ErrorKind::Signature, message)
}

#[cold]
fn poisoned(cause: &str) -> Error {
    let message = format!("the instance was stopped half-way and must be reset first ({cause})");
    Error::new(ErrorKind::Poisoned, message)
}

/// Logs that a call begins, and returns when.
#[cold]
fn log_call(log: &Log, function: &str, args: &[Value<'_>]) -> Instant {
    let args = slots::DisplayValues(args);
    log.write(Level::Debug, "Calling function", &[("name", &function), ("inputParam", &args)]);
    Instant::now()
}

#[cold]
fn log_result(log: &Log, function: &str, value: Value<'_>, started: Instant) {
    log.write(
        Level::Debug,
        "Called function",
        &[
            ("name", &function),
            ("response", &slots::DisplayValues(&[value])),
            ("time taken", &format_args!("{:?}", started.elapsed())),
        ],
    );
}

fn log_failure(log: &Log, function: &str, error: &Error) {
    let fields: [(&str, &dyn std::fmt::Display); 2] = [("name", &function), ("error", error)];
    log.write(Level::Error, "Calling function failed", &fields);
}

fn in_context(plugin: &Plugin, function: &str, error: Error) -> Error {
    let error = match error.kind() {
        // The plugin's own words stand alone.
        ErrorKind::Guest => error,
        _ => error.in_context(format_args!("plugin {:?}, function {function:?}", plugin.name)),
    };
    error.with_function(function)
}

/// What [`Instance::functions`] returns, kept apart from the instance: for bindings that list while a call runs.
#[derive(Clone)]
pub struct Functions(Arc<CachePadded<Shard>>);

impl Functions {
    /// Returns the functions of the instance's plugin.
    pub fn of(instance: &Instance) -> Self {
        Self(Arc::clone(&instance.lease.shard))
    }

    /// Returns the name of the instance's plugin.
    pub fn plugin(&self) -> &str {
        &self.0.plugin.name
    }

    /// Returns whether they are a script's, whose parameters are of any kind where it says nothing.
    pub fn are_script(&self) -> bool {
        self.0.plugin.script.is_some()
    }
}

impl Deref for Functions {
    type Target = [Function];

    fn deref(&self) -> &[Function] {
        self.0.plugin.functions()
    }
}
