//! Calls of a plugin's functions: on JavaScript's own thread, the way that has to be short, and what a worker takes along.

use crate::engine::here;
use crate::failure::{Outcome, failure};
use crate::frame::{self, Frame};
use crate::handle::Held;
use crate::instance::Owned;
use crate::value::{Given, ROOM, Room, Sent, Taken, kind, make_text, number_value, short_text};
use napi::bindgen_prelude::{FromNapiValue, FunctionCallContext, ToNapiValue};
use napi::{Env, JsError, JsValue, Status, sys};
use std::array;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use wasp_core::{Error, ErrorKind, Function, Instance, Kind, Value};

/// A function as it is called.
struct Callee<'a> {
    name: &'a str,
    /// Nothing where the plugin has no such function: the call tells.
    function: Option<&'a Function>,
}

impl<'a> Callee<'a> {
    /// The one of that name, if there is such a thing.
    fn named(functions: &'a [Function], name: &'a str) -> Self {
        Self { name, function: functions.iter().find(|known| known.name == name) }
    }

    /// The one at that place in the plugin's list.
    fn listed(functions: &'a [Function], place: u32) -> Self {
        let function = functions.get(place as usize);
        Self { name: function.map_or("", |function| &function.name), function }
    }

    /// The kind of parameter number `at`, from 0.
    fn param(&self, at: usize) -> Option<Kind> {
        self.function?.params.get(at).copied()
    }

    #[cold]
    fn refuse(&self, at: usize, what: &str) -> Error {
        let message = format!("function {:?}: argument {} is {what}", self.name, at + 1);
        Error::from_host(ErrorKind::Signature, message)
    }

    /// Calls it in `instance`, and gives its result to `keep`. Without a kind of the result the plugin should know it.
    #[inline]
    fn call(
        &self,
        instance: &mut Instance,
        values: &[Value<'_>],
        result: Option<Kind>,
        keep: impl FnOnce(Value<'_>),
    ) -> Result<(), Error> {
        let result = match result {
            Some(kind) => kind,
            None => declared(self.name, self.function)?,
        };
        instance.call(self.name, values, result).map(keep)
    }
}

/// The kind of a function's result, where there is no doubt about it.
fn declared(name: &str, function: Option<&Function>) -> Result<Kind, Error> {
    match function {
        Some(function) => function.certain_result().ok_or_else(|| {
            let message = format!(
                "function {name:?} gives an i32, and its plugin doesn't say what it stands for: \
                 pass 'i32', 'string', 'bytes' or 'none' as the kind of the result"
            );
            Error::from_host(ErrorKind::Invalid, message)
        }),
        // The call tells.
        None => Ok(Kind::None),
    }
}

/// What a worker is to call.
pub(crate) struct Call {
    name: String,
    args: Vec<Given<'static>>,
    result: Option<Kind>,
}

impl Call {
    /// From the arguments that begin at number `at`: name, kind, and those of the function.
    pub(crate) fn read(context: &FunctionCallContext<'_>, at: usize) -> napi::Result<Self> {
        let args =
            (at + 2..context.length()).map(|at| context.get(at)).collect::<napi::Result<_>>()?;
        Ok(Self { name: context.get(at)?, args, result: wanted(context.get(at + 1)?) })
    }

    pub(crate) fn made(
        &self,
        functions: &[Function],
        instance: &mut Instance,
    ) -> Result<Sent, Error> {
        let callee = Callee::named(functions, &self.name);
        let values = self.args.iter().enumerate().map(|(at, arg)| {
            arg.value(|| callee.param(at)).map_err(|what| callee.refuse(at, what))
        });
        let values = values.collect::<Result<Vec<_>, _>>()?;
        let mut sent = Sent::Number(Value::None);
        callee.call(instance, &values, self.result, |value| sent = Sent::new(value))?;
        Ok(sent)
    }
}

/// The kind of a result by its number, where it is said.
fn wanted(number: u32) -> Option<Kind> {
    (number != UNSAID).then(|| kind(number))
}

/// Instead of the kind of a result: the plugin should know.
const UNSAID: u32 = 7;

// `lib/instance.js` packs what it knows into one number, since each one that is asked for costs as much as its use. From
// the lowest bits: the kind of the result, the types of the first arguments, and the place of the function in the list.
const KIND_BITS: u32 = 3;
const TYPE_BITS: u32 = 2;
const TYPES: usize = 4;
const TEXT: u32 = 1;
const NUMBER: u32 = 2;

/// What comes before the arguments of the function: instance, the number above, and callbacks.
const HEAD: usize = 3;

/// `call(instance, packed, callbacks, ...args)`, with no more than four of those.
///
/// Without the general wrapping of the other functions here, which would cost as much again as the call.
///
/// # Safety
/// Node-API calls it.
pub(crate) unsafe extern "C" fn call(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    let mut made = ptr::null_mut();
    // SAFETY: the caller's promise.
    let outcome = catch_unwind(AssertUnwindSafe(|| unsafe { enter(env, info, &mut made) }));
    let error = match outcome {
        Ok(Ok(())) => return made,
        Ok(Err(error)) => *error,
        Err(payload) => {
            napi::Error::new(Status::GenericFailure, Error::panicked(&*payload).to_string())
        }
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
    made: &mut sys::napi_value,
) -> Result<(), Box<napi::Error>> {
    let mut list = [ptr::null_mut(); HEAD + TYPES];
    let mut count = list.len();
    // SAFETY: the caller's promise; the list is as long as `count` says, which is how much there was afterwards.
    sound(unsafe {
        let (start, none) = (list.as_mut_ptr(), ptr::null_mut());
        sys::napi_get_cb_info(env, info, &mut count, start, none, ptr::null_mut())
    })?;
    let Some([owned, packed, callbacks, given @ ..]) = list.get(..count) else {
        return sound(sys::Status::napi_invalid_arg);
    };

    let mut room = [MaybeUninit::uninit(); ROOM];
    let mut room: Room<'_> = &mut room;
    let mut rare = Vec::new();
    // One by one: a repeated value is read whole right after it was written in part, and the processor waits for that.
    let mut values: [_; TYPES] = array::from_fn(|_| Value::None);
    // SAFETY: all of them are values of this environment, for the call that runs.
    unsafe {
        let owned = Held::<Owned>::from_napi_value(env, *owned)?;
        let mut types = 0;
        sound(sys::napi_get_value_uint32(env, *packed, &mut types))?;
        let result = wanted(types & ((1 << KIND_BITS) - 1));
        types >>= KIND_BITS;
        let callee = Callee::listed(&owned.functions, types >> (TYPE_BITS * TYPES as u32));
        for (at, (value, raw)) in values.iter_mut().zip(given).enumerate() {
            let ty = types & ((1 << TYPE_BITS) - 1);
            types >>= TYPE_BITS;
            if ty == TEXT {
                if let Some(text) = short_text(env, *raw, &mut room) {
                    *value = Value::String(text);
                    continue;
                }
            } else if ty == NUMBER {
                let mut number = 0.0;
                sound(sys::napi_get_value_double(env, *raw, &mut number))?;
                match number_value(number, || callee.param(at)) {
                    Ok(number) => *value = number,
                    Err(what) => return fail(env, &callee.refuse(at, what), made),
                }
                continue;
            }
            rare.push((at, Given::read(env, *raw, &mut room)?));
        }
        for (at, arg) in &rare {
            match arg.value(|| callee.param(*at)) {
                Ok(value) => values[*at] = value,
                Err(what) => return fail(env, &callee.refuse(*at, what), made),
            }
        }
        let values = &values[..given.len()];
        let frame = Frame::Here { env, callbacks: *callbacks };
        let mut status = sys::Status::napi_ok;
        let keep = |value: Value<'_>| match value {
            Value::String(text) => status = make_text(env, text, made),
            other => match ToNapiValue::to_napi_value(env, Taken(other)) {
                Ok(value) => *made = value,
                Err(error) => status = error.status.into(),
            },
        };
        let call = |instance: &mut Instance| callee.call(instance, values, result, keep);
        match frame::within(&frame, || owned.enter(call)) {
            Ok(()) => sound(status),
            Err(error) => fail(env, &error, made),
        }
    }
}

/// What Node-API says, as a result; its errors are kept out of the way.
#[inline]
fn sound(status: sys::napi_status) -> Result<(), Box<napi::Error>> {
    #[cold]
    fn unsound(status: sys::napi_status) -> Box<napi::Error> {
        Box::new(napi::Error::new(Status::from(status), "Node-API refused a call"))
    }
    if status == sys::Status::napi_ok { Ok(()) } else { Err(unsound(status)) }
}

#[cold]
fn fail(
    env: sys::napi_env,
    error: &Error,
    made: &mut sys::napi_value,
) -> Result<(), Box<napi::Error>> {
    *made = failure(&Env::from_raw(env), error)?.raw();
    Ok(())
}

/// `callNamed(instance, name, kind, callbacks, args)`: any number of arguments, and any name.
pub(crate) fn named(context: FunctionCallContext<'_>) -> napi::Result<Outcome<Sent>> {
    let owned: Held<'_, Owned> = context.get(0)?;
    let (name, result, args) = (context.get(1)?, wanted(context.get(2)?), context.get(4)?);
    let call = Call { name, args, result };
    let made = |instance: &mut Instance| call.made(&owned.functions, instance);
    Ok(Outcome(here(&context, 3, || owned.enter(made))?))
}
