//! Calls of a plugin's functions: on JavaScript's own thread, the way that has to be short, and what a worker takes along.

use crate::failure::failure;
use crate::frame::{self, Frame};
use crate::handle::Held;
use crate::instance::{Owned, Slot};
use crate::value::{Given, ROOM, Room, Sent, Taken, kind};
use napi::bindgen_prelude::{FromNapiValue, FunctionCallContext, ToNapiValue};
use napi::{Env, JsError, JsValue, Status, check_status, sys};
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use wasp_core::{Error, ErrorKind, Function, Kind, Value};

/// Which function.
enum Target {
    /// The one at this place in the plugin's list.
    Listed(u32),
    /// One that is not in the list, if there is such a thing.
    Named(String),
}

impl FromNapiValue for Target {
    unsafe fn from_napi_value(env: sys::napi_env, raw: sys::napi_value) -> napi::Result<Self> {
        let mut at = 0;
        // SAFETY: the caller's promise.
        match unsafe { sys::napi_get_value_uint32(env, raw, &mut at) } {
            sys::Status::napi_ok => Ok(Self::Listed(at)),
            // SAFETY: the caller's promise.
            _ => unsafe { String::from_napi_value(env, raw) }.map(Self::Named),
        }
    }
}

impl Target {
    fn find<'a>(&'a self, slot: &'a Slot) -> (&'a str, Option<&'a Function>) {
        match self {
            Self::Named(name) => (name, slot.functions.iter().find(|known| known.name == *name)),
            Self::Listed(at) => match slot.functions.get(*at as usize) {
                Some(function) => (&function.name, Some(function)),
                None => ("", None),
            },
        }
    }
}

/// Calls a function of `slot`'s instance, and gives its result to `keep`. Without a kind of the result the plugin should
/// know it.
fn run<R>(
    slot: &Slot,
    target: &Target,
    args: &[Given<'_>],
    result: Option<Kind>,
    keep: impl FnOnce(Value<'_>) -> R,
) -> Result<R, Error> {
    let (name, function) = target.find(slot);
    let result = match result {
        Some(kind) => kind,
        None => declared(name, function)?,
    };
    let mut few = [Value::None; FEW];
    let mut many = Vec::new();
    let values = if args.len() <= FEW {
        &mut few[..args.len()]
    } else {
        many.resize(args.len(), Value::None);
        &mut many[..]
    };
    for (at, (value, arg)) in values.iter_mut().zip(args).enumerate() {
        let expected = || function?.params.get(at).copied();
        *value = arg.value(expected).map_err(|what| {
            let message = format!("function {name:?}: argument {} is {what}", at + 1);
            Error::from_host(ErrorKind::Signature, message)
        })?;
    }
    slot.enter(|instance| instance.call(name, values, result).map(keep))
}

/// The kind of a function's result, where there is no doubt about it.
fn declared(name: &str, function: Option<&Function>) -> Result<Kind, Error> {
    match function {
        Some(function) if function.declared || function.result != Kind::I32 => Ok(function.result),
        Some(_) => {
            let message = format!(
                "function {name:?} gives an i32, and its plugin doesn't say what it stands for: \
                 pass 'i32', 'string', 'bytes' or 'none' as the kind of the result"
            );
            Err(Error::from_host(ErrorKind::Invalid, message))
        }
        // The call tells.
        None => Ok(Kind::None),
    }
}

/// The kind of a result by its number; -1 leaves it to the plugin.
///
/// # Safety
/// `raw` is a value of `env`.
unsafe fn wanted(env: sys::napi_env, raw: sys::napi_value) -> napi::Result<Option<Kind>> {
    let mut number = 0;
    // SAFETY: the caller's promise.
    check_status!(unsafe { sys::napi_get_value_int32(env, raw, &mut number) })?;
    Ok(u32::try_from(number).ok().map(kind))
}

/// What a worker is to call.
pub(crate) struct Call {
    target: Target,
    args: Vec<Given<'static>>,
    result: Option<Kind>,
}

impl Call {
    /// From the arguments that begin at number `at`: function, kind, and those of the function.
    pub(crate) fn read(context: &FunctionCallContext<'_>, at: usize) -> napi::Result<Self> {
        let args =
            (at + 2..context.length()).map(|at| context.get(at)).collect::<napi::Result<_>>()?;
        let result: i32 = context.get(at + 1)?;
        let result = u32::try_from(result).ok().map(kind);
        Ok(Self { target: context.get(at)?, args, result })
    }

    pub(crate) fn made(&self, slot: &Slot) -> Result<Sent, Error> {
        run(slot, &self.target, &self.args, self.result, Sent::new)
    }
}

/// What comes before the arguments of the function: instance, function, kind and callbacks.
const HEAD: usize = 4;
/// Functions with more arguments than this cost an allocation or two.
const FEW: usize = 4;

/// `call(instance, function, kind, callbacks, ...args)`
///
/// Without the general wrapping of the other functions here, which would cost as much again as the call.
///
/// # Safety
/// Node-API calls it.
pub(crate) unsafe extern "C" fn call(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    // SAFETY: the caller's promise.
    let outcome = catch_unwind(AssertUnwindSafe(|| unsafe { enter(env, info) }));
    let error = match outcome {
        Ok(Ok(value)) => return value,
        Ok(Err(error)) => error,
        Err(_) => napi::Error::new(Status::GenericFailure, "wasp panicked: please report it"),
    };
    // SAFETY: the environment of the call that runs.
    unsafe { JsError::from(error).throw_into(env) };
    ptr::null_mut()
}

/// # Safety
/// Node-API's promises for a function that it calls.
unsafe fn enter(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> napi::Result<sys::napi_value> {
    let read = |list: &mut [sys::napi_value]| {
        let mut count = list.len();
        let (count_at, list) = (&raw mut count, list.as_mut_ptr());
        let none = ptr::null_mut();
        // SAFETY: the caller's promise; the list is as long as `count` says, and `count` is what was given afterwards.
        let status =
            unsafe { sys::napi_get_cb_info(env, info, count_at, list, none, ptr::null_mut()) };
        check_status!(status).map(|()| count)
    };
    let mut few = [ptr::null_mut(); HEAD + FEW];
    let mut many = Vec::new();
    let count = read(&mut few)?;
    let given = if count <= few.len() {
        &few[..count]
    } else {
        many.resize(count, ptr::null_mut());
        read(&mut many)?;
        &many[..]
    };
    let [owned, target, result, callbacks, given @ ..] = given else {
        return Err(napi::Error::new(Status::InvalidArg, "a call without a function"));
    };

    let mut room = [MaybeUninit::uninit(); ROOM];
    let mut room: Room<'_> = &mut room;
    let mut few = [const { Given::Nothing }; FEW];
    let mut many = Vec::new();
    // SAFETY: all of them are values of this environment, for the call that runs.
    unsafe {
        let owned = Held::<Owned>::from_napi_value(env, *owned)?;
        let target = Target::from_napi_value(env, *target)?;
        let result = wanted(env, *result)?;
        let args = if given.len() <= FEW {
            for (arg, raw) in few.iter_mut().zip(given) {
                *arg = Given::read(env, *raw, &mut room)?;
            }
            &few[..given.len()]
        } else {
            for raw in given {
                many.push(Given::read(env, *raw, &mut room)?);
            }
            &many[..]
        };
        let frame = Frame::Here { env, callbacks: *callbacks };
        let keep = |value: Value<'_>| ToNapiValue::to_napi_value(env, Taken(value));
        match frame::within(&frame, || run(&owned.0, &target, args, result, keep)) {
            Ok(value) => value,
            Err(error) => failure(&Env::from_raw(env), &error).map(|object| object.raw()),
        }
    }
}
