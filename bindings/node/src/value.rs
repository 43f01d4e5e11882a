//! Values that JavaScript passes.

use napi::bindgen_prelude::FromNapiValue;
use napi::{ValueType, check_status, sys};
use std::borrow::Cow;
use std::ffi::c_void;
use std::mem::{self, MaybeUninit};
use std::ptr;
use wasp_core::{Kind, Value};

/// A value that JavaScript passes, copied.
pub(crate) enum JsArg<'a> {
    Nothing,
    Number(f64),
    Boolean(bool),
    BigInt(i64),
    /// More than an i64 has with its sign.
    LargeBigInt(u64),
    String(Cow<'a, str>),
    Bytes(Cow<'a, [u8]>),
    /// A string alone in an array: what `lib/json.js` makes of a value that passes as JSON. It makes one of every array, where
    /// JSON passes; where it doesn't, an array is like any [object](OBJECT).
    Json(String),
    Null,
    /// What has no kind, in words.
    Other(&'static str),
}

/// What is left of the space on the stack that short text and bytes are copied to, without an allocation.
pub(crate) type Scratch<'a> = &'a mut [MaybeUninit<u8>];

/// The size of that space in bytes.
pub(crate) const SCRATCH: usize = 1024;

/// What a callback of `index.js` answers where it threw.
pub(crate) const THREW: &str = "a symbol";

/// A promise where nobody waits for it.
pub(crate) const PROMISE: &str = "a promise, which only callAsync waits for";

/// An object that has no kind.
pub(crate) const OBJECT: &str = "an object, but no Buffer, typed array, DataView or ArrayBuffer";

/// The largest number that JavaScript counts to without leaving one out.
const MAX_SAFE: f64 = 9_007_199_254_740_991.0;

impl FromNapiValue for JsArg<'static> {
    unsafe fn from_napi_value(env: sys::napi_env, raw: sys::napi_value) -> napi::Result<Self> {
        // SAFETY: the value and `env` are of the call that runs, as this function asks.
        unsafe { JsArg::read(env, raw, &mut Scratch::default()) }
    }
}

impl<'a> JsArg<'a> {
    /// Reads a value, using `scratch` where it is short.
    ///
    /// # Safety
    /// `raw` is a value of `env`, which is that of the call that runs.
    pub(crate) unsafe fn read(
        env: sys::napi_env,
        raw: sys::napi_value,
        scratch: &mut Scratch<'a>,
    ) -> napi::Result<Self> {
        let mut ty = 0;
        // SAFETY: `raw` is a value of `env`, as this function asks, and each function is only asked about a value of its type.
        unsafe {
            check_status!(sys::napi_typeof(env, raw, &mut ty))?;
            Ok(match ValueType::from(ty) {
                ValueType::Undefined => JsArg::Nothing,
                ValueType::Number => JsArg::Number(f64::from_napi_value(env, raw)?),
                ValueType::Boolean => JsArg::Boolean(bool::from_napi_value(env, raw)?),
                ValueType::String => JsArg::String(match short_text(env, raw, scratch) {
                    Some(text) => Cow::Borrowed(text),
                    None => Cow::Owned(long_text(env, raw)?),
                }),
                ValueType::BigInt => big_int(env, raw)?,
                ValueType::Object => bytes(env, raw, scratch)?,
                ValueType::Null => JsArg::Null,
                ValueType::Symbol => JsArg::Other(THREW),
                ValueType::Function => JsArg::Other("a function"),
                _ => JsArg::Other("of an unknown type"),
            })
        }
    }

    /// Returns the value for wasp. `expected` returns the kind that it goes to, where one is known; it is asked only if that
    /// matters. What can't pass is the error, in words that follow "argument 1 is".
    pub(crate) fn value(
        &self,
        expected: impl FnOnce() -> Option<Kind>,
    ) -> Result<Value<'_>, &'static str> {
        Ok(match self {
            JsArg::Nothing => match expected() {
                Some(Kind::Any) => Value::None,
                _ => return Err("undefined"),
            },
            JsArg::Null => match expected() {
                Some(Kind::Any) => Value::None,
                Some(Kind::Json) => Value::Json("null"),
                _ => return Err("null"),
            },
            JsArg::Other(what) => return Err(what),
            JsArg::Boolean(truth) => match expected() {
                Some(Kind::Json | Kind::Any) => Value::Json(if *truth { "true" } else { "false" }),
                _ => Value::I32((*truth).into()),
            },
            JsArg::Json(text) => Value::Json(text),
            JsArg::BigInt(number) => Value::I64(*number),
            JsArg::LargeBigInt(number) => match expected() {
                Some(Kind::I64) => Value::from(*number),
                Some(Kind::F32 | Kind::F64) => Value::F64(*number as f64),
                _ => return Err("a BigInt that does not fit i64"),
            },
            JsArg::String(text) => Value::String(text),
            JsArg::Bytes(bytes) => Value::Bytes(bytes),
            JsArg::Number(number) => return number_value(*number, expected),
        })
    }
}

/// Returns the value of a number for wasp, as [`JsArg::value`] does.
#[inline(always)]
pub(crate) fn number_value(
    number: f64,
    expected: impl FnOnce() -> Option<Kind>,
) -> Result<Value<'static>, &'static str> {
    let int = number as i32;
    // A negative zero is none of those.
    if f64::from(int).to_bits() == number.to_bits() {
        return Ok(Value::I32(int));
    }
    if number.abs() > MAX_SAFE && expected() == Some(Kind::I64) {
        return Err("a number that is not a safe integer: use a BigInt");
    }
    Ok(Value::F64(number))
}

/// Reads a BigInt.
///
/// # Safety
/// `raw` is one, of `env`.
unsafe fn big_int(env: sys::napi_env, raw: sys::napi_value) -> napi::Result<JsArg<'static>> {
    let (mut signed, mut unsigned, mut whole) = (0, 0, false);
    // SAFETY: `raw` is a BigInt of `env`, as this function asks.
    unsafe {
        check_status!(sys::napi_get_value_bigint_int64(env, raw, &mut signed, &mut whole))?;
        if whole {
            return Ok(JsArg::BigInt(signed));
        }
        check_status!(sys::napi_get_value_bigint_uint64(env, raw, &mut unsigned, &mut whole))?;
    }
    Ok(match whole {
        true => JsArg::LargeBigInt(unsigned),
        false => JsArg::Other("a BigInt of more than 64 bits"),
    })
}

/// Copies a string as UTF-8, if it is short; half of a surrogate pair becomes U+FFFD, since UTF-8 has no such thing.
///
/// # Safety
/// `raw` is a string of `env`.
#[inline]
pub(crate) unsafe fn short_text<'a>(
    env: sys::napi_env,
    raw: sys::napi_value,
    scratch: &mut Scratch<'a>,
) -> Option<&'a str> {
    // In UTF-16: V8 takes twice as long to write UTF-8.
    let mut units = [const { MaybeUninit::<u16>::uninit() }; 256];
    let mut len = 0;
    // SAFETY: `raw` is a string of `env`, as this function asks; the place is as long as it says, with the NUL.
    let status = unsafe {
        let start = units.as_mut_ptr().cast();
        sys::napi_get_value_string_utf16(env, raw, start, units.len(), &mut len)
    };
    // A unit is three bytes at most.
    if status != sys::Status::napi_ok || len + 1 >= units.len() || 3 * len > scratch.len() {
        return None;
    }
    // SAFETY: V8 has written this much.
    let units = unsafe { &*(ptr::from_ref(&units[..len]) as *const [u16]) };
    let mut ascii = true;
    for (byte, unit) in scratch.iter_mut().zip(units) {
        byte.write(*unit as u8);
        ascii &= *unit < 0x80;
    }
    let used = if ascii { len } else { encode(units, scratch) };
    let (used, rest) = mem::take(scratch).split_at_mut(used);
    *scratch = rest;
    // SAFETY: this much was written, which is ASCII or whole characters.
    Some(unsafe { str::from_utf8_unchecked(&*(ptr::from_mut(used) as *const [u8])) })
}

/// Copies a string of any length as UTF-8.
///
/// # Safety
/// `raw` is a string of `env`.
unsafe fn long_text(env: sys::napi_env, raw: sys::napi_value) -> napi::Result<String> {
    let (mut len, nowhere) = (0, ptr::null_mut());
    // SAFETY: `raw` is a string of `env`, as this function asks; without a place it only tells how many units there are.
    check_status!(unsafe { sys::napi_get_value_string_utf16(env, raw, nowhere, 0, &mut len) })?;
    let mut units = Vec::<u16>::with_capacity(len + 1);
    // SAFETY: the place is as long as it says, and V8 has written that much.
    unsafe {
        let (start, size) = (units.as_mut_ptr().cast(), len + 1);
        check_status!(sys::napi_get_value_string_utf16(env, raw, start, size, &mut len))?;
        units.set_len(len);
    }
    if units.iter().fold(0, |all, unit| all | unit) < 0x80 {
        let bytes = units.iter().map(|unit| *unit as u8).collect();
        // SAFETY: it is ASCII.
        return Ok(unsafe { String::from_utf8_unchecked(bytes) });
    }
    Ok(String::from_utf16_lossy(&units))
}

/// Writes UTF-8 for `units`, for which there is room, and returns how much.
#[cold]
fn encode(units: &[u16], scratch: &mut [MaybeUninit<u8>]) -> usize {
    let mut used = 0;
    for character in char::decode_utf16(units.iter().copied()) {
        let mut buffer = [0; 4];
        let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
        for byte in character.encode_utf8(&mut buffer).bytes() {
            scratch[used].write(byte);
            used += 1;
        }
    }
    used
}

/// Reads the JSON text that an object stands for, if it does.
///
/// # Safety
/// `raw` is an object of `env`.
unsafe fn json(env: sys::napi_env, raw: sys::napi_value) -> napi::Result<Option<String>> {
    let (mut is, mut len, mut ty, mut text) = (false, 0, 0, ptr::null_mut());
    // SAFETY: `raw` is an object of `env`, as this function asks; each function is only asked about a value of its type.
    unsafe {
        check_status!(sys::napi_is_array(env, raw, &mut is))?;
        if is {
            check_status!(sys::napi_get_array_length(env, raw, &mut len))?;
        }
        if len != 1 {
            return Ok(None);
        }
        check_status!(sys::napi_get_element(env, raw, 0, &mut text))?;
        check_status!(sys::napi_typeof(env, text, &mut ty))?;
        if ty != sys::ValueType::napi_string {
            return Ok(None);
        }
        long_text(env, text).map(Some)
    }
}

/// Where the bytes of an object are.
struct View {
    data: *mut c_void,
    len: usize,
    /// The ArrayBuffer that they are in.
    buffer: sys::napi_value,
}

/// Copies the bytes of a typed array, a Buffer, a DataView or an ArrayBuffer.
///
/// # Safety
/// `raw` is an object of `env`.
unsafe fn bytes<'a>(
    env: sys::napi_env,
    raw: sys::napi_value,
    scratch: &mut Scratch<'a>,
) -> napi::Result<JsArg<'a>> {
    // SAFETY: `raw` is an object of `env`, as this function asks. Nothing else runs between the look at the view and the
    // copy, but for threads that write to shared memory meanwhile: those get a copy of either state, as from any reader in
    // JavaScript.
    unsafe {
        let View { data, len, buffer } = match view(env, raw)? {
            Ok(view) => view,
            Err(OBJECT) => return Ok(json(env, raw)?.map_or(JsArg::Other(OBJECT), JsArg::Json)),
            Err(what) => return Ok(JsArg::Other(what)),
        };
        if len == 0 {
            let mut detached = false;
            check_status!(sys::napi_is_detached_arraybuffer(env, buffer, &mut detached))?;
            return Ok(match detached {
                true => JsArg::Other("over an ArrayBuffer that is detached"),
                false => JsArg::Bytes(Cow::Borrowed(&[])),
            });
        }
        let data = data.cast::<u8>().cast_const();
        Ok(JsArg::Bytes(if len <= scratch.len() {
            let (used, rest) = mem::take(scratch).split_at_mut(len);
            *scratch = rest;
            ptr::copy_nonoverlapping(data, used.as_mut_ptr().cast(), len);
            Cow::Borrowed(&*(ptr::from_mut(used) as *const [u8]))
        } else {
            let mut copy = Vec::with_capacity(len);
            ptr::copy_nonoverlapping(data, copy.as_mut_ptr(), len);
            copy.set_len(len);
            Cow::Owned(copy)
        }))
    }
}

/// Finds the bytes of an object. The inner error says what it is, if it has none.
///
/// # Safety
/// `raw` is an object of `env`.
unsafe fn view(
    env: sys::napi_env,
    raw: sys::napi_value,
) -> napi::Result<Result<View, &'static str>> {
    let (mut data, mut len) = (ptr::null_mut(), 0);
    let (mut buffer, mut offset) = (raw, 0);
    let mut is = false;
    // SAFETY: `raw` is an object of `env`, as this function asks; each function that tells where bytes are is only asked
    // about a value of its type.
    unsafe {
        check_status!(sys::napi_is_typedarray(env, raw, &mut is))?;
        if is {
            let mut ty = 0;
            check_status!(sys::napi_get_typedarray_info(
                env,
                raw,
                &mut ty,
                &mut len,
                &mut data,
                &mut buffer,
                &mut offset
            ))?;
            let Some(size) = element_size(ty) else {
                return Ok(Err("a typed array of an unknown type"));
            };
            return Ok(Ok(View { data, len: len * size, buffer }));
        }
        check_status!(sys::napi_is_arraybuffer(env, raw, &mut is))?;
        if is {
            check_status!(sys::napi_get_arraybuffer_info(env, raw, &mut data, &mut len))?;
            return Ok(Ok(View { data, len, buffer }));
        }
        check_status!(sys::napi_is_dataview(env, raw, &mut is))?;
        if is {
            check_status!(sys::napi_get_dataview_info(
                env,
                raw,
                &mut len,
                &mut data,
                &mut buffer,
                &mut offset
            ))?;
            return Ok(Ok(View { data, len, buffer }));
        }
        Ok(Err(match promised(env, raw)? {
            true => PROMISE,
            false => OBJECT,
        }))
    }
}

/// Returns the size in bytes of an element of a typed array.
fn element_size(ty: sys::napi_typedarray_type) -> Option<usize> {
    Some(match ty {
        sys::TypedarrayType::int8_array
        | sys::TypedarrayType::uint8_array
        | sys::TypedarrayType::uint8_clamped_array => 1,
        sys::TypedarrayType::int16_array | sys::TypedarrayType::uint16_array => 2,
        sys::TypedarrayType::int32_array
        | sys::TypedarrayType::uint32_array
        | sys::TypedarrayType::float32_array => 4,
        sys::TypedarrayType::float64_array
        | sys::TypedarrayType::bigint64_array
        | sys::TypedarrayType::biguint64_array => 8,
        _ => return None,
    })
}

/// Returns whether a value is a promise.
///
/// # Safety
/// `raw` is a value of `env`.
pub(crate) unsafe fn promised(env: sys::napi_env, raw: sys::napi_value) -> napi::Result<bool> {
    let mut is = false;
    // SAFETY: the value and `env` are of the call that runs, as this function asks.
    check_status!(unsafe { sys::napi_is_promise(env, raw, &mut is) })?;
    Ok(is)
}

/// Returns the kind of that number, which is the core's.
pub(crate) fn kind(number: u32) -> Kind {
    match number {
        1 => Kind::I32,
        2 => Kind::I64,
        3 => Kind::F32,
        4 => Kind::F64,
        5 => Kind::String,
        6 => Kind::Bytes,
        7 => Kind::Json,
        8 => Kind::Any,
        _ => Kind::None,
    }
}
