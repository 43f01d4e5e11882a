//! Instances as C uses them.

use crate::argument::{alive, handle, invalid};
use crate::engine::wasp_engine;
use crate::error::{guard, listed, shield, wasp_error};
use crate::function::{Listing, wasp_function};
use crate::slice::{array, wasp_slice};
use crate::value::{kind, wasp_kind, wasp_value};
use std::cell::UnsafeCell;
use std::mem::ManuallyDrop;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;
use wasp_core::{Error, Functions, Instance, Interrupter, Kind, Turnstile, Value};

/// One sandbox: a plugin with linear memory of its own.
///
/// May move between threads, but runs one call at a time: a second one is WASP_ERROR_BUSY. Instances run in parallel.
pub struct wasp_instance {
    turnstile: Turnstile,
    /// Only touched by whoever is behind the turnstile.
    instance: UnsafeCell<Instance>,
    interrupter: Interrupter,
    functions: Functions,
    /// Made when somebody asks.
    listing: OnceLock<Listing>,
}

// SAFETY: an Instance is Send, and the turnstile lets one thread at a time to it.
unsafe impl Sync for wasp_instance {}

impl wasp_instance {
    /// Runs `body` in the instance, unless somebody is in it.
    ///
    /// # Safety
    /// `this` came from `wasp_instance_new` and was not freed before this call.
    pub(crate) unsafe fn enter<R>(
        this: *const Self,
        body: impl FnOnce(&mut Instance) -> Result<R, Error>,
    ) -> Result<R, Error> {
        /// Lets the next one in, also when a panic comes through.
        struct Leave(*const wasp_instance);
        impl Leave {
            /// Returns whether the instance was freed meanwhile: then the call's end is its end.
            fn leave(&self) -> bool {
                // SAFETY: this call is in, and it is the one that frees it if it is told so.
                unsafe {
                    let freed = Turnstile::leave(&raw const (*self.0).turnstile);
                    if freed {
                        drop(Box::from_raw(self.0.cast_mut()));
                    }
                    freed
                }
            }
        }
        impl Drop for Leave {
            fn drop(&mut self) {
                self.leave();
            }
        }

        // SAFETY: the handle is alive, the header's promise.
        if !unsafe { (*this).turnstile.enter() } {
            return Err(Error::instance_busy());
        }
        let leave = Leave(this);
        // SAFETY: nobody else is behind the turnstile.
        let outcome = body(unsafe { &mut *(*this).instance.get() });
        if ManuallyDrop::new(leave).leave() {
            return Err(invalid("the instance was freed while its call ran"));
        }
        outcome
    }
}

/// Makes an instance of the plugin `plugin`. `workspace` is the host's directory that it sees as `/workspace`, empty for
/// none.
///
/// On success the caller owns `*instance` and releases it with `wasp_instance_free`.
///
/// Errors: WASP_ERROR_INVALID, PLUGIN_NOT_FOUND, IO if the workspace isn't a directory, and RESOURCE if there is no memory
/// for another instance. Without a snapshot, also those of `wasp_call` for the plugin's start-up.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasp_instance_new(
    engine: *mut wasp_engine,
    plugin: wasp_slice,
    workspace: wasp_slice,
    instance: Option<&mut *mut wasp_instance>,
) -> Option<Box<wasp_error>> {
    guard(|| {
        // SAFETY: the handle is NULL or alive, the header's promise.
        let engine = unsafe { alive(engine, "engine") }?;
        let place = handle(instance, "place for the instance")?;
        // SAFETY: slices and arrays are readable, the header's promise.
        let (plugin, workspace) =
            unsafe { (plugin.text("the plugin's name")?, workspace.text("the workspace")?) };
        let workspace = Some(workspace).filter(|path| !path.is_empty()).map(Path::new);
        let instance = engine.0.instance(plugin, workspace)?;
        *place = Box::into_raw(Box::new(wasp_instance {
            turnstile: Turnstile::new(),
            interrupter: instance.interrupter(),
            functions: Functions::of(&instance),
            listing: OnceLock::new(),
            instance: UnsafeCell::new(instance),
        }));
        Ok(())
    })
}

/// Releases an instance; NULL is allowed.
///
/// One that runs a call, as in a callback of its own, is freed when that call ends, which then fails with
/// WASP_ERROR_INVALID.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasp_instance_free(instance: *mut wasp_instance) {
    if instance.is_null() {
        return;
    }
    shield((), || {
        // SAFETY: the handle is alive, the header's promise.
        if unsafe { (*instance).turnstile.close() } {
            // SAFETY: no call is in it, and none begins after it is freed, the header's promise.
            drop(unsafe { Box::from_raw(instance) });
        }
    });
}

/// Calls the plugin's function `function` with `arg_count` arguments at `args`.
///
/// `result_kind` is the kind of result that the caller expects, since a WebAssembly signature says i32 for a string too.
/// WASP_NONE ignores the result, and then `result` may be NULL. Numbers become the type that the function has if they fit
/// exactly. Text and bytes in `result` are borrowed from the instance until its next call, reset or free. `result` may be one
/// of the arguments.
///
/// Errors, before any guest code runs: WASP_ERROR_INVALID, FUNCTION_NOT_FOUND, SIGNATURE, BUSY, POISONED, and RESOURCE if
/// there is no stack for the call. GUEST if the plugin reports an error itself, and ABI if it breaks the guest ABI. After
/// TRAP, ABORT, EXIT, CALLBACK, TIMEOUT and CANCELLED the guest was stopped half-way: every later call fails with
/// WASP_ERROR_POISONED until `wasp_instance_reset`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasp_call(
    instance: *mut wasp_instance,
    function: wasp_slice,
    args: *const wasp_value,
    arg_count: usize,
    result_kind: wasp_kind,
    result: *mut wasp_value,
) -> Option<Box<wasp_error>> {
    // SAFETY: the header's promises.
    guard(|| unsafe { call(instance, function, args, arg_count, result_kind, result, None) })
}

/// Calls the plugin's function `function`, as `wasp_call` does, for at most `timeout_ns` nanoseconds, callbacks and sleeps included. It is
/// never longer than the plugin's own limit, `timeout_ns` of its `wasp_limits`: the shorter one counts.
///
/// Errors: those of `wasp_call`, and WASP_ERROR_INVALID for a `timeout_ns` of 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasp_call_within(
    instance: *mut wasp_instance,
    function: wasp_slice,
    args: *const wasp_value,
    arg_count: usize,
    result_kind: wasp_kind,
    result: *mut wasp_value,
    timeout_ns: u64,
) -> Option<Box<wasp_error>> {
    let timeout = Some(Duration::from_nanos(timeout_ns));
    // SAFETY: the header's promises.
    guard(|| unsafe { call(instance, function, args, arg_count, result_kind, result, timeout) })
}

/// Makes a call. Inlined, so that one without a time limit of its own doesn't ask for it.
///
/// # Safety
/// As the header says of `wasp_call`.
#[inline(always)]
unsafe fn call(
    instance: *mut wasp_instance,
    function: wasp_slice,
    args: *const wasp_value,
    arg_count: usize,
    result_kind: wasp_kind,
    result: *mut wasp_value,
    timeout: Option<Duration>,
) -> Result<(), Error> {
    let instance = handle((!instance.is_null()).then_some(instance), "instance")?;
    // SAFETY: slices and arrays are readable, the header's promise.
    let (function, args) =
        unsafe { (function.bytes("the function's name")?, array(args, arg_count, "arguments")?) };
    let wanted = kind(result_kind, "the result")?;
    if wanted != Kind::None && result.is_null() {
        return Err(invalid("the place for the result is NULL"));
    }
    // No allocation for few arguments.
    let (mut few, mut many) = ([Value::None; 8], Vec::new());
    let values = match few.get_mut(..args.len()) {
        Some(values) => values,
        None => {
            many.resize(args.len(), Value::None);
            &mut many[..]
        }
    };
    for (index, (value, arg)) in values.iter_mut().zip(args).enumerate() {
        // SAFETY: the member that the argument's kind names is set, the header's promise.
        unsafe { arg.read("an argument", value) }
            .map_err(|error| invalid(format!("argument {}: {error}", index + 1)))?;
    }
    let put = |value: Value<'_>| {
        if !result.is_null() {
            // SAFETY: it points to a value that may be written to, the header's promise. Only now: it may be one of the
            // arguments.
            unsafe { wasp_value::write(result, value) };
        }
    };
    let call = |instance: &mut Instance| {
        if values.iter().any(|value| is_lent(instance, value)) {
            return with_copies(values, |values| {
                instance.call_named_within(timeout, function, values, wanted).map(put)
            });
        }
        instance.call_named_within(timeout, function, values, wanted).map(put)
    };
    // SAFETY: the handle is alive, the header's promise.
    unsafe { wasp_instance::enter(instance, call) }
}

/// Returns whether the value is in the last result of `instance`, which lent it.
fn is_lent(instance: &Instance, value: &Value<'_>) -> bool {
    match value {
        Value::String(text) | Value::Json(text) => instance.lends(text.as_bytes()),
        Value::Bytes(data) => instance.lends(data),
        _ => false,
    }
}

/// Runs `body` with copies of the values: a result of the last call is freed when the next one begins, and may be an
/// argument of it.
#[cold]
fn with_copies<R>(values: &[Value<'_>], body: impl FnOnce(&[Value<'_>]) -> R) -> R {
    let owned: Vec<Vec<u8>> = values
        .iter()
        .map(|value| match value {
            Value::String(text) | Value::Json(text) => text.as_bytes().to_vec(),
            Value::Bytes(data) => data.to_vec(),
            _ => Vec::new(),
        })
        .collect();
    let copies: Vec<Value<'_>> = values
        .iter()
        .zip(&owned)
        .map(|(value, data)| match value {
            // It was text, so the copy is.
            Value::String(_) => Value::String(std::str::from_utf8(data).unwrap_or_default()),
            Value::Json(_) => Value::Json(std::str::from_utf8(data).unwrap_or_default()),
            Value::Bytes(_) => Value::Bytes(data),
            other => *other,
        })
        .collect();
    body(&copies)
}

/// Brings an instance back to the state of a new one with the same workspace. Results borrowed from it are gone.
///
/// Errors: WASP_ERROR_INVALID, BUSY, and those of `wasp_instance_new`; the instance then stays as it was.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasp_instance_reset(
    instance: *mut wasp_instance,
) -> Option<Box<wasp_error>> {
    guard(|| {
        let instance = handle((!instance.is_null()).then_some(instance), "instance")?;
        // SAFETY: the handle is alive, the header's promise.
        unsafe { wasp_instance::enter(instance, Instance::reset) }
    })
}

/// Ends the call that the instance runs, from any thread: it fails with WASP_ERROR_CANCELLED. When none runs, nothing
/// happens, also not to the next one. NULL is allowed. A signal handler may call this.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasp_instance_interrupt(instance: *mut wasp_instance) {
    shield((), || {
        // SAFETY: the handle is NULL or alive, the header's promise.
        if let Some(instance) = unsafe { instance.as_ref() } {
            instance.interrupter.interrupt();
        }
    });
}

/// Returns the functions that the instance's plugin offers, in the module's order, without those of the guest ABI; NULL if
/// there are none.
///
/// They are valid as long as the instance, and may be read while a call runs. `count` receives their number; it may be
/// NULL.
#[unsafe(no_mangle)]
pub extern "C" fn wasp_instance_functions(
    instance: Option<&wasp_instance>,
    count: Option<&mut usize>,
) -> *const wasp_function {
    let listing =
        instance.map(|instance| instance.listing.get_or_init(|| Listing::new(&instance.functions)));
    listed(listing.map_or(&[], Listing::functions), count)
}
