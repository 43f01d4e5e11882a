//! What a plugin is given, as C says it.

use crate::argument::{handle, invalid, sized};
use crate::caller::{run_callback, wasp_callback_fn};
use crate::error::shield;
use crate::slice::{array, wasp_slice};
use crate::user_data::{UserData, wasp_free_fn};
use crate::value::{kind, wasp_kind, wasp_value};
use std::ffi::c_void;
use std::time::Duration;
use wasp_core::{Config, Error, Kind, Limits, Value};

/// What a plugin is given: callbacks, environment, volumes, limits.
///
/// Used by one thread at a time. `wasp_engine_register` copies it, so it can be changed, used again and freed at any time.
/// The functions that fill it don't fail: a wrong argument is the error of the registration.
pub struct wasp_config {
    pub(crate) config: Config,
    pub(crate) fault: Option<String>,
}

/// Limits of one instance. Start from `WASP_LIMITS_INIT`; 0 in any field but `size` means its default.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct wasp_limits {
    /// `sizeof(wasp_limits)`
    pub size: usize,
    /// Linear memory in bytes, in whole pages of 64 KiB. The default is 4 GiB. Beyond it the guest's `memory.grow`
    /// returns -1. With 16 MiB or less, an instance reserves that and 16 MiB of address space, else 8 GiB.
    pub memory_bytes: u64,
    /// The time that a call may take, and start-up at registration, in nanoseconds, callbacks and sleeps included. The
    /// default is no limit. A guest is stopped at its next function entry or loop iteration.
    pub timeout_ns: u64,
    /// The stack of guest code in bytes, from 64 KiB to 100 MiB. The default is 1 MiB. Stacks are pooled by thread, so a
    /// call may find a larger one.
    pub stack_bytes: u64,
    /// Elements over all tables. The default is 1,000,000.
    pub table_elements: u64,
    /// How many released instances of the plugin are kept ready for `wasp_instance_new`. The default is 64.
    pub idle_instances: u64,
    /// How many bytes of its memory, of those that it wrote to, an instance may keep for the next call when it is reset; more
    /// are dropped, and cost a page fault each when they are used again. The default is 4 MiB.
    pub idle_memory_bytes: u64,
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

/// Makes a config that gives a plugin nothing.
///
/// The caller owns it and releases it with `wasp_config_free`.
#[unsafe(no_mangle)]
pub extern "C" fn wasp_config_new() -> Box<wasp_config> {
    Box::new(wasp_config { config: Config::new(), fault: None })
}

/// Releases a config; NULL is allowed. Its callbacks live on in the plugins that were registered with it.
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

/// Sets a config entry of a plugin of Extism, which reads it by its key; other plugins have none. An entry of that key is replaced.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasp_config_set_entry(
    config: Option<&mut wasp_config>,
    key: wasp_slice,
    value: wasp_slice,
) {
    wasp_config::apply(config, |config| {
        // SAFETY: slices and arrays are readable, the header's promise.
        let (key, value) =
            unsafe { (key.text("a config entry's key")?, value.text("a config entry's value")?) };
        config.config_set(key, value);
        Ok(())
    });
}

/// Adds an argument to the plugin's command line, after its name, which is always the first, and the arguments added before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasp_config_add_arg(config: Option<&mut wasp_config>, arg: wasp_slice) {
    wasp_config::apply(config, |config| {
        // SAFETY: slices and arrays are readable, the header's promise.
        let arg = unsafe { arg.text("an argument") }?;
        config.arg(arg);
        Ok(())
    });
}

/// Shows the host's directory `host_path` to the plugin as `guest_path`, an absolute path.
///
/// The directory must exist when the plugin is registered, or that is WASP_ERROR_IO.
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

/// Offers the host function `module`.`name` to the plugin. A callback of the same name is replaced.
///
/// `params` are the kinds of its parameters and `result` the kind of its result, WASP_NONE for none. `user_data` is passed
/// to the callback; `free`, unless NULL, is called with it once nothing can call the callback any more: when the config,
/// the plugins that were registered with it and their instances are gone.
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
            run_callback(callback, &user_data, caller, args)
        });
        Ok(())
    });
}

/// Has the plugin's function `function` called with `arg_count` arguments at `args`, which are copied, once, after start-up and before
/// the snapshot: every instance starts from what the call left. Several are made in their order; what a call returns is ignored.
///
/// An error in one is the registration's, and so is a file that it leaves open: a snapshot has no descriptors. Each has the time
/// limit of a call. Without a snapshot, each instance makes the calls itself.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasp_config_add_warm_up(
    config: Option<&mut wasp_config>,
    function: wasp_slice,
    args: *const wasp_value,
    arg_count: usize,
) {
    wasp_config::apply(config, |config| {
        // SAFETY: slices and arrays are readable, the header's promise.
        let (function, args) = unsafe {
            (function.text("a warm-up's function")?, array(args, arg_count, "arguments")?)
        };
        let mut values = vec![Value::None; args.len()];
        for (value, arg) in values.iter_mut().zip(args) {
            // SAFETY: the member that the argument's kind names is set, the header's promise.
            unsafe { arg.read("an argument of a warm-up", value) }?;
        }
        config.warm_up(function, &values);
        Ok(())
    });
}

/// Chooses whether instances start from a snapshot of what the plugin's start-up left, which is the default, or run
/// start-up themselves.
///
/// With a snapshot, random numbers and clock readings taken during start-up are the same for all instances.
#[unsafe(no_mangle)]
pub extern "C" fn wasp_config_set_snapshot(config: Option<&mut wasp_config>, snapshot: bool) {
    wasp_config::apply(config, |config| {
        config.snapshot(snapshot);
        Ok(())
    });
}

/// Chooses whether a function that the module imports and nothing provides is a trap when it is called, or, which is the default, an error
/// of the registration. One that is provided with another type stays that error, and so does what is no function.
#[unsafe(no_mangle)]
pub extern "C" fn wasp_config_set_trap_missing_imports(
    config: Option<&mut wasp_config>,
    trap: bool,
) {
    wasp_config::apply(config, |config| {
        config.trap_missing_imports(trap);
        Ok(())
    });
}

/// Sets the limits of each instance. They are copied.
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
            idle_memory_bytes: 0,
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
        if given.idle_memory_bytes != 0 {
            limits.idle_memory_bytes =
                usize::try_from(given.idle_memory_bytes).unwrap_or(usize::MAX);
        }
        config.limits(limits);
        Ok(())
    });
}
