//! Calls of a plugin's functions: on JavaScript's own thread, the way that has to be short, and what a worker takes along.

use crate::failure::{Outcome, failure};
use crate::frame::{self, Frame};
use crate::handle::Held;
use crate::owned::InstanceHandle;
use crate::packing::{NUMBER, Packed, TEXT, TYPES, result_kind};
use crate::to_js::{OwnedValue, ToJs, make_text};
use crate::value::{JsArg, SCRATCH, Scratch, number_value, short_text};
use napi::bindgen_prelude::{FromNapiValue, FunctionCallContext, ToNapiValue};
use napi::{Env, JsError, JsValue, Status, sys};
use std::array;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::time::Duration;
use wasp_core::{Error, ErrorKind, Function, Functions, Instance, Kind, Limits, Value};

/// A function as it is called.
struct Callee<'a> {
    name: &'a str,
    /// Nothing where the plugin has no such function: the call tells.
    function: Option<&'a Function>,
    of_script: bool,
}

impl<'a> Callee<'a> {
    /// The one of that name, if there is such a thing.
    fn named(functions: &'a Functions, name: &'a str) -> Self {
        let function = functions.iter().find(|known| known.name == name);
        Self { name, function, of_script: functions.are_script() }
    }

    /// The one at that place in the plugin's list.
    fn listed(functions: &'a Functions, place: u32) -> Self {
        let function = functions.get(place as usize);
        let name = function.map_or("", |function| &*function.name);
        Self { name, function, of_script: functions.are_script() }
    }

    /// The kind of parameter number `at`, from 0. How many there are is a script's own affair.
    fn param(&self, at: usize) -> Option<Kind> {
        let declared = self.function?.params.get(at).copied();
        declared.or(self.of_script.then_some(Kind::Any))
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
        timeout: Option<Duration>,
        keep: impl FnOnce(Value<'_>),
    ) -> Result<(), Error> {
        let result = match result {
            Some(kind) => kind,
            None => declared(self.name, self.function)?,
        };
        instance.call_named_within(timeout, self.name.as_bytes(), values, result).map(keep)
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
    args: Vec<JsArg<'static>>,
    result: Option<Kind>,
    timeout: Option<Duration>,
}

impl Call {
    /// From the arguments that begin at number `at`: name, kind, timeout, and those of the function.
    pub(crate) fn read(context: &FunctionCallContext<'_>, at: usize) -> napi::Result<Self> {
        let args =
            (at + 3..context.length()).map(|at| context.get(at)).collect::<napi::Result<_>>()?;
        let (name, result) = (context.get(at)?, result_kind(context.get(at + 1)?));
        Ok(Self { name, args, result, timeout: timeout(context, at + 2)? })
    }

    pub(crate) fn made(
        &self,
        functions: &Functions,
        instance: &mut Instance,
    ) -> Result<OwnedValue, Error> {
        let callee = Callee::named(functions, &self.name);
        let values = self.args.iter().enumerate().map(|(at, arg)| {
            arg.value(|| callee.param(at)).map_err(|what| callee.refuse(at, what))
        });
        let values = values.collect::<Result<Vec<_>, _>>()?;
        let mut owned_value = OwnedValue::Number(Value::None);
        let keep = |value: Value<'_>| owned_value = OwnedValue::new(value);
        callee.call(instance, &values, self.result, self.timeout, keep)?;
        Ok(owned_value)
    }
}

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
    // SAFETY: Node-API calls this function, with the information of the call.
    let outcome = catch_unwind(AssertUnwindSafe(|| unsafe { call_packed(env, info, &mut made) }));
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
/// Node-API calls the function that `info` is of, in `env`.
unsafe fn call_packed(
    env: sys::napi_env,
    info: sys::napi_callback_info,
    made: &mut sys::napi_value,
) -> Result<(), Box<napi::Error>> {
    let mut list = [ptr::null_mut(); HEAD + TYPES];
    let mut count = list.len();
    // SAFETY: `info` is of the call that runs in `env`; the list is as long as `count` says, which is how much there was
    // afterwards.
    sound(unsafe {
        let (start, none) = (list.as_mut_ptr(), ptr::null_mut());
        sys::napi_get_cb_info(env, info, &mut count, start, none, ptr::null_mut())
    })?;
    let Some([owned, packed, callbacks, given @ ..]) = list.get(..count) else {
        return sound(sys::Status::napi_invalid_arg);
    };

    let mut scratch = [MaybeUninit::uninit(); SCRATCH];
    let mut scratch: Scratch<'_> = &mut scratch;
    let mut rare = Vec::new();
    // One by one: a repeated value is read whole right after it was written in part, and the processor waits for that.
    let mut values: [_; TYPES] = array::from_fn(|_| Value::None);
    // SAFETY: all of them are values of `env`, for the call that runs.
    unsafe {
        let owned = Held::<InstanceHandle>::from_napi_value(env, *owned)?;
        let mut number = 0;
        sound(sys::napi_get_value_uint32(env, *packed, &mut number))?;
        let packed = Packed(number);
        let callee = Callee::listed(&owned.functions, packed.place());
        let read = read_args(env, given, packed, &callee, &mut scratch, &mut values, &mut rare);
        if let Err(refused) = read? {
            return fail(env, &refused, made);
        }
        for (index, arg) in &rare {
            match arg.value(|| callee.param(*index)) {
                Ok(value) => values[*index] = value,
                Err(what) => return fail(env, &callee.refuse(*index, what), made),
            }
        }
        let values = &values[..given.len()];
        let frame = Frame::OnThread { env, callbacks: *callbacks };
        let mut status = sys::Status::napi_ok;
        let keep = |value: Value<'_>| match value {
            Value::String(text) => status = make_text(env, text, made),
            other => match ToNapiValue::to_napi_value(env, ToJs(other)) {
                Ok(value) => *made = value,
                Err(error) => status = error.status.into(),
            },
        };
        let result = packed.result();
        let call = |instance: &mut Instance| callee.call(instance, values, result, None, keep);
        match frame::within(&frame, || owned.enter(call)) {
            Ok(()) => sound(status),
            Err(error) => fail(env, &error, made),
        }
    }
}

/// Reads short strings and numbers into `values`, and the other arguments into `rare`, with their index. The inner error is
/// an argument that the plugin can't have.
///
/// # Safety
/// `given` are values of `env`, for the call that runs.
#[inline(always)]
unsafe fn read_args<'a>(
    env: sys::napi_env,
    given: &[sys::napi_value],
    packed: Packed,
    callee: &Callee<'_>,
    scratch: &mut Scratch<'a>,
    values: &mut [Value<'a>; TYPES],
    rare: &mut Vec<(usize, JsArg<'a>)>,
) -> Result<Result<(), Error>, Box<napi::Error>> {
    for (index, (value, raw)) in values.iter_mut().zip(given).enumerate() {
        // SAFETY: the value is of `env`, as this function asks, and each is read as what JavaScript says that it is.
        unsafe {
            match packed.arg_type(index) {
                TEXT => {
                    if let Some(text) = short_text(env, *raw, scratch) {
                        *value = Value::String(text);
                        continue;
                    }
                }
                NUMBER => {
                    let mut number = 0.0;
                    sound(sys::napi_get_value_double(env, *raw, &mut number))?;
                    match number_value(number, || callee.param(index)) {
                        Ok(number) => *value = number,
                        Err(what) => return Ok(Err(callee.refuse(index, what))),
                    }
                    continue;
                }
                _ => {}
            }
            rare.push((index, JsArg::read(env, *raw, scratch)?));
        }
    }
    Ok(Ok(()))
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

/// Returns the time limit of one call, from milliseconds; none for 0, as JavaScript's half has it where there is none.
fn timeout(context: &FunctionCallContext<'_>, at: usize) -> napi::Result<Option<Duration>> {
    let milliseconds: f64 = context.get(at)?;
    Ok(Limits::timeout_from_secs(milliseconds / 1000.0))
}

/// `callNamed(instance, name, kind, callbacks, args, timeout)`: any number of arguments, any name, and a time limit.
pub(crate) fn named(context: FunctionCallContext<'_>) -> napi::Result<Outcome<OwnedValue>> {
    let owned: Held<'_, InstanceHandle> = context.get(0)?;
    let (name, result, args) = (context.get(1)?, result_kind(context.get(2)?), context.get(4)?);
    let call = Call { name, args, result, timeout: timeout(&context, 5)? };
    let made = |instance: &mut Instance| call.made(&owned.functions, instance);
    Ok(Outcome(frame::on_thread(&context, 3, || owned.enter(made))?))
}
