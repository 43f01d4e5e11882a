//! What a plugin is given, as C says it.

use crate::argument::{handle, invalid};
use crate::error::shield;
use crate::slice::{array, wasp_slice};
use crate::value::{kind, wasp_kind, wasp_value};
use smallvec::SmallVec;
use std::ffi::c_void;
use std::time::Duration;
use wasp_core::{Caller, Config, Error, Kind, Limits, Value};

/// Frees what a `user_data` pointer owns. Called exactly once, on any thread.
pub type wasp_free_fn = Option<unsafe extern "C" fn(user_data: *mut c_void)>;

/// A host function. It runs on the thread that called `wasp_call`, before that returns; where several instances run, on
/// several threads at once. `args` are borrowed until it returns. It answers through `caller`, which is gone when it
/// returns. It may use other instances; its own is busy. It must return: no longjmp, no exception.
pub type wasp_callback_fn = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        caller: &mut wasp_caller,
        args: *const wasp_value,
        arg_count: usize,
    ),
>;

/// A pointer of the host with what frees it.
pub(crate) struct UserData {
    pub pointer: *mut c_void,
    free: wasp_free_fn,
}

// SAFETY: the header says that callbacks and their user data are used from any thread, and the host agreed.
unsafe impl Send for UserData {}
// SAFETY: the host agreed to calls from several threads at once.
unsafe impl Sync for UserData {}

impl UserData {
    pub(crate) fn new(pointer: *mut c_void, free: wasp_free_fn) -> Self {
        Self { pointer, free }
    }
}

impl Drop for UserData {
    fn drop(&mut self) {
        if let Some(free) = self.free {
            // SAFETY: the host gave the pointer and the function for each other, and this runs once.
            unsafe { free(self.pointer) }
        }
    }
}

/// What a plugin is given: callbacks, environment, volumes, limits. Used by one thread at a time. `wasp_engine_register`
/// copies it, so it can be changed, used again and freed at any time.
///
/// The functions that fill it don't fail: what is wrong with an argument is the error of the registration.
pub struct wasp_config {
    pub(crate) config: Config,
    pub(crate) fault: Option<String>,
}

/// How a callback answers. Only there while the callback runs, and only for it.
pub struct wasp_caller {
    /// Made by `register`'s closure for the time of one callback.
    caller: *mut Caller<'static>,
    failure: Option<String>,
}

/// What one instance may use at most. Set `size` to `sizeof(wasp_limits)`; 0 in any other field is its default.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct wasp_limits {
    /// `sizeof(wasp_limits)`
    pub size: usize,
    /// Linear memory in bytes, in whole pages of 64 KiB. The default is 4 GiB. Beyond it the guest's `memory.grow`
    /// gives -1.
    pub memory_bytes: u64,
    /// The time that a call may take, and start-up at registration, in nanoseconds, callbacks and sleeps included. The
    /// default is no limit. A guest is stopped where it enters a function or begins a loop anew.
    pub timeout_ns: u64,
    /// The stack of guest code in bytes, from 64 KiB to 100 MiB. The default is 1 MiB. Stacks are pooled by thread, so a
    /// call may find a larger one.
    pub stack_bytes: u64,
    /// Elements over all tables. The default is 1,000,000.
    pub table_elements: u64,
    /// How many released instances of the plugin are kept ready for `wasp_instance_new`. The default is 64.
    pub idle_instances: u64,
}

impl wasp_config {
    fn apply(this: Option<&mut Self>, change: impl FnOnce(&mut Config) -> Result<(), Error>) {
        // Without a config there is nowhere to keep the fault: registering with NULL is a plugin that is given nothing.
        let Some(this) = this else { return };
        let outcome = shield(Err(invalid("wasp panicked")), || change(&mut this.config));
        if let Err(error) = outcome {
            this.fault.get_or_insert(error.to_string());
        }
    }
}

/// A config that gives a plugin nothing. Yours, to be freed with `wasp_config_free`.
#[unsafe(no_mangle)]
pub extern "C" fn wasp_config_new() -> Box<wasp_config> {
    Box::new(wasp_config { config: Config::new(), fault: None })
}

/// Frees a config. NULL is allowed. Callbacks live on in the plugins that were registered with it.
#[unsafe(no_mangle)]
pub extern "C" fn wasp_config_free(config: Option<Box<wasp_config>>) {
    shield((), || drop(config));
}

/// Sets an environment variable of the plugin. The host's own environment is never visible.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasp_config_set_env(
    config: Option<&mut wasp_config>,
    name: wasp_slice,
    value: wasp_slice,
) {
    wasp_config::apply(config, |config| {
        // SAFETY: slices and arrays are readable, the header's promise.
        let (name, value) =
            unsafe { (name.text("a variable's name")?, value.text("a variable's value")?) };
        config.env(name, value);
        Ok(())
    });
}

/// Shows the host's directory `host_path` to the plugin as `guest_path`, an absolute path. It must exist when the plugin
/// is registered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasp_config_add_volume(
    config: Option<&mut wasp_config>,
    guest_path: wasp_slice,
    host_path: wasp_slice,
    read_only: bool,
) {
    wasp_config::apply(config, |config| {
        // SAFETY: slices and arrays are readable, the header's promise.
        let (guest, host) = unsafe {
            (guest_path.text("a volume's guest path")?, host_path.text("a volume's host path")?)
        };
        config.volume(guest, host, read_only);
        Ok(())
    });
}

/// Offers the host function `module`.`name` to the plugin; the same name again replaces it. `user_data` is passed to the
/// callback, and `free`, unless NULL, is called with it once nothing can call the callback any more: when the config, the
/// plugins that were registered with it and their instances are gone.
#[unsafe(no_mangle)]
#[allow(clippy::too_many_arguments)]
pub unsafe extern "C" fn wasp_config_add_callback(
    config: Option<&mut wasp_config>,
    module: wasp_slice,
    name: wasp_slice,
    params: *const wasp_kind,
    param_count: usize,
    result: wasp_kind,
    callback: wasp_callback_fn,
    user_data: *mut c_void,
    free: wasp_free_fn,
) {
    // Owned at once, so that it is freed on every way out.
    let user_data = UserData::new(user_data, free);
    wasp_config::apply(config, |config| {
        // SAFETY: slices and arrays are readable, the header's promise.
        let (module, name) =
            unsafe { (module.text("a callback's module")?, name.text("a callback's name")?) };
        let what = format!("callback {module:?}.{name:?}");
        let callback = callback.ok_or_else(|| invalid(format!("{what} is NULL")))?;
        // SAFETY: slices and arrays are readable, the header's promise.
        let tags = unsafe { array(params, param_count, "parameter kinds") }?;
        let params = tags
            .iter()
            .map(|tag| match kind(*tag, &what)? {
                Kind::None => Err(invalid(format!("{what} has a parameter of no kind"))),
                kind => Ok(kind),
            })
            .collect::<Result<Vec<_>, _>>()?;
        let result = kind(result, &what)?;
        config.callback(module, name, &params, result, move |caller, args| {
            run(callback, &user_data, caller, args)
        });
        Ok(())
    });
}

fn run(
    callback: unsafe extern "C" fn(*mut c_void, &mut wasp_caller, *const wasp_value, usize),
    user_data: &UserData,
    caller: &mut Caller<'_>,
    args: &[Value<'_>],
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let values: SmallVec<[wasp_value; 8]> = args.iter().map(|arg| wasp_value::new(*arg)).collect();
    let mut c_caller = wasp_caller { caller: (&raw mut *caller).cast(), failure: None };
    // SAFETY: the host's function, used as the header says.
    unsafe { callback(user_data.pointer, &mut c_caller, values.as_ptr(), values.len()) };
    match c_caller.failure {
        Some(message) => Err(message.into()),
        None => Ok(()),
    }
}

/// Sets the callback's result, which is copied at once; the last one counts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasp_caller_set_result(
    caller: Option<&mut wasp_caller>,
    value: wasp_value,
) {
    let Some(caller) = caller else { return };
    shield((), || {
        // SAFETY: the member that the value's kind names is set, the header's promise.
        match unsafe { value.read("its answer") } {
            // SAFETY: `run` made the pointer from a caller that lives as long as this one.
            Ok(value) => unsafe { (*caller.caller).set_result(value) },
            Err(error) => caller.failure = Some(error.to_string()),
        }
    });
}

/// Makes the callback fail: when it returns, the guest is unwound and the call gives WASP_ERROR_CALLBACK with this
/// message, which is copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasp_caller_fail(caller: Option<&mut wasp_caller>, message: wasp_slice) {
    let Some(caller) = caller else { return };
    shield((), || {
        // SAFETY: slices and arrays are readable, the header's promise.
        let bytes = unsafe { message.bytes("the message") }.unwrap_or_default();
        caller.failure = Some(String::from_utf8_lossy(bytes).into_owned());
    });
}

/// How many nanoseconds the call that this callback belongs to may still take; UINT64_MAX where it has no limit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasp_caller_remaining(caller: Option<&wasp_caller>) -> u64 {
    // SAFETY: `run` made the pointer from a caller that lives as long as this one.
    let remaining = caller.and_then(|caller| unsafe { (*caller.caller).remaining() });
    remaining.map_or(u64::MAX, |left| u64::try_from(left.as_nanos()).unwrap_or(u64::MAX))
}

/// Whether instances start from a snapshot of what the plugin's start-up left, which is the default, or each runs
/// start-up itself. With a snapshot, what start-up drew at random or read off a clock is the same for all instances.
#[unsafe(no_mangle)]
pub extern "C" fn wasp_config_set_snapshot(config: Option<&mut wasp_config>, snapshot: bool) {
    wasp_config::apply(config, |config| {
        config.snapshot(snapshot);
        Ok(())
    });
}

/// Sets what one instance may use at most. The limits are copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasp_config_set_limits(
    config: Option<&mut wasp_config>,
    limits: *const wasp_limits,
) {
    wasp_config::apply(config, |config| {
        let nothing = wasp_limits {
            size: 0,
            memory_bytes: 0,
            timeout_ns: 0,
            stack_bytes: 0,
            table_elements: 0,
            idle_instances: 0,
        };
        // SAFETY: the struct has the size that it says, the header's promise; zeros are a valid `wasp_limits`.
        let (given, rest) = unsafe {
            sized(
                handle((!limits.is_null()).then_some(limits), "wasp_limits")?,
                nothing,
                "wasp_limits",
            )
        }?;
        rest?;
        let mut limits = Limits::default();
        if given.memory_bytes != 0 {
            limits.memory_bytes = given.memory_bytes;
        }
        if given.stack_bytes != 0 {
            limits.stack_bytes = usize::try_from(given.stack_bytes).unwrap_or(usize::MAX);
        }
        if given.table_elements != 0 {
            limits.table_elements = u32::try_from(given.table_elements).unwrap_or(u32::MAX);
        }
        if given.timeout_ns != 0 {
            limits.timeout = Some(Duration::from_nanos(given.timeout_ns));
        }
        if given.idle_instances != 0 {
            limits.idle_instances = usize::try_from(given.idle_instances).unwrap_or(usize::MAX);
        }
        config.limits(limits);
        Ok(())
    });
}

/// Reads a struct that begins with its own size, as the caller's header has it: `zeros` with what the caller knows of
/// it, and whether the rest, which this library doesn't know, is zero.
///
/// # Safety
/// `given` points to a `usize` and to as many bytes as that says; `T` is plain data that begins with a `usize`.
pub(crate) unsafe fn sized<T: Copy>(
    given: *const T,
    zeros: T,
    what: &str,
) -> Result<(T, Result<(), Error>), Error> {
    let mut read = zeros;
    // SAFETY: `given` points to as many bytes as it says, as this function asks, and no more than `T` has are copied.
    let beyond = unsafe {
        let size = given.cast::<usize>().read_unaligned();
        if size < size_of::<usize>() || size > 1 << 16 {
            return Err(invalid(format!(
                "{what} has size {size}, and sizeof({what}) is {}",
                size_of::<T>()
            )));
        }
        let known = size.min(size_of::<T>());
        std::ptr::copy_nonoverlapping(given.cast::<u8>(), (&raw mut read).cast(), known);
        std::slice::from_raw_parts(given.cast::<u8>().add(known), size - known)
    };
    let rest = if beyond.iter().any(|byte| *byte != 0) {
        Err(invalid(format!("{what} sets a field that this version of wasp doesn't know")))
    } else {
        Ok(())
    };
    Ok((read, rest))
}
