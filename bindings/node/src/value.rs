//! Values between JavaScript and wasp.

use napi::bindgen_prelude::{BigInt, BufferSlice, FromNapiValue, ToNapiValue};
use napi::{Env, ValueType, check_status, sys};
use std::borrow::Cow;
use std::mem::{self, MaybeUninit};
use std::ptr;
use wasp_core::{Kind, Value};

/// What JavaScript passes, copied.
pub(crate) enum Given<'a> {
    Nothing,
    Number(f64),
    Boolean(bool),
    BigInt(i64),
    String(Cow<'a, str>),
    Bytes(Cow<'a, [u8]>),
    /// What has no kind, in words.
    Other(&'static str),
}

/// Where text and bytes that are short are copied to, without an allocation: what is left of it.
pub(crate) type Room<'a> = &'a mut [MaybeUninit<u8>];

/// The bytes of a room that is on the stack.
pub(crate) const ROOM: usize = 1024;

/// What a callback of `index.js` answers where it threw.
pub(crate) const THREW: &str = "a symbol";

/// A promise where nobody waits for it.
pub(crate) const PROMISE: &str = "a promise, which only callAsync waits for";

/// The largest number that JavaScript counts to without leaving one out.
const MAX_SAFE: f64 = 9_007_199_254_740_991.0;

impl FromNapiValue for Given<'static> {
    unsafe fn from_napi_value(env: sys::napi_env, raw: sys::napi_value) -> napi::Result<Self> {
        // SAFETY: the caller's promise.
        unsafe { Given::read(env, raw, &mut Room::default()) }
    }
}

impl<'a> Given<'a> {
    /// Reads a value, by way of `room` where it is short.
    ///
    /// # Safety
    /// `raw` is a value of `env`, which is that of the call that runs.
    pub(crate) unsafe fn read(
        env: sys::napi_env,
        raw: sys::napi_value,
        room: &mut Room<'a>,
    ) -> napi::Result<Self> {
        let mut ty = 0;
        // SAFETY: the caller's promise, and each function is only asked about a value of its type.
        unsafe {
            check_status!(sys::napi_typeof(env, raw, &mut ty))?;
            Ok(match ValueType::from(ty) {
                ValueType::Undefined => Given::Nothing,
                ValueType::Number => Given::Number(f64::from_napi_value(env, raw)?),
                ValueType::Boolean => Given::Boolean(bool::from_napi_value(env, raw)?),
                ValueType::String => Given::String(match short_text(env, raw, room) {
                    Some(text) => Cow::Borrowed(text),
                    None => Cow::Owned(long_text(env, raw)?),
                }),
                ValueType::BigInt => {
                    let (mut number, mut whole) = (0, false);
                    check_status!(sys::napi_get_value_bigint_int64(
                        env,
                        raw,
                        &mut number,
                        &mut whole
                    ))?;
                    match whole {
                        true => Given::BigInt(number),
                        false => Given::Other("a BigInt of more than 64 bits"),
                    }
                }
                ValueType::Object => bytes(env, raw, room)?,
                ValueType::Null => Given::Other("null"),
                ValueType::Symbol => Given::Other(THREW),
                ValueType::Function => Given::Other("a function"),
                _ => Given::Other("of an unknown type"),
            })
        }
    }

    /// The value for wasp. `expected` gives the kind that it goes to, where one is known; it is asked only if that
    /// matters. What can't pass is the error, in words that follow "argument 1 is".
    pub(crate) fn value(
        &self,
        expected: impl FnOnce() -> Option<Kind>,
    ) -> Result<Value<'_>, &'static str> {
        Ok(match self {
            Given::Nothing => return Err("undefined"),
            Given::Other(what) => return Err(what),
            Given::Boolean(truth) => Value::I32((*truth).into()),
            Given::BigInt(number) => Value::I64(*number),
            Given::String(text) => Value::String(text),
            Given::Bytes(bytes) => Value::Bytes(bytes),
            Given::Number(number) => return number_value(*number, expected),
        })
    }
}

/// The same for a number.
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
    if number.abs() <= MAX_SAFE && f64::from(number as f32) == number {
        return Ok(Value::F64(number));
    }
    Ok(match expected() {
        // As JavaScript itself rounds them.
        Some(Kind::F32) => Value::F32(number as f32),
        Some(Kind::I64) if number.abs() > MAX_SAFE => {
            return Err("a number that is not a safe integer: use a BigInt");
        }
        _ => Value::F64(number),
    })
}

/// A string as UTF-8, if it is short; half of a surrogate pair becomes U+FFFD, since UTF-8 has no such thing.
///
/// # Safety
/// `raw` is a string of `env`.
#[inline]
pub(crate) unsafe fn short_text<'a>(
    env: sys::napi_env,
    raw: sys::napi_value,
    room: &mut Room<'a>,
) -> Option<&'a str> {
    // In UTF-16: V8 takes twice as long to write UTF-8.
    let mut units = [const { MaybeUninit::<u16>::uninit() }; 256];
    let mut len = 0;
    // SAFETY: the caller's promise; the place is as long as it says, with the NUL.
    let status = unsafe {
        let start = units.as_mut_ptr().cast();
        sys::napi_get_value_string_utf16(env, raw, start, units.len(), &mut len)
    };
    // A unit is three bytes at most.
    if status != sys::Status::napi_ok || len + 1 >= units.len() || 3 * len > room.len() {
        return None;
    }
    // SAFETY: V8 has written this much.
    let units = unsafe { &*(ptr::from_ref(&units[..len]) as *const [u16]) };
    let mut ascii = true;
    for (byte, unit) in room.iter_mut().zip(units) {
        byte.write(*unit as u8);
        ascii &= *unit < 0x80;
    }
    let used = if ascii { len } else { encode(units, room) };
    let (used, rest) = mem::take(room).split_at_mut(used);
    *room = rest;
    // SAFETY: this much was written, which is ASCII or whole characters.
    Some(unsafe { str::from_utf8_unchecked(&*(ptr::from_mut(used) as *const [u8])) })
}

/// The same for a string of any length.
///
/// # Safety
/// `raw` is a string of `env`.
unsafe fn long_text(env: sys::napi_env, raw: sys::napi_value) -> napi::Result<String> {
    let (mut len, nowhere) = (0, ptr::null_mut());
    // SAFETY: the caller's promise; without a place it only tells how many units there are.
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

/// Writes UTF-8 for `units`, for which there is room, and tells how much.
#[cold]
fn encode(units: &[u16], room: &mut [MaybeUninit<u8>]) -> usize {
    let mut used = 0;
    for character in char::decode_utf16(units.iter().copied()) {
        let mut buffer = [0; 4];
        let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
        for byte in character.encode_utf8(&mut buffer).bytes() {
            room[used].write(byte);
            used += 1;
        }
    }
    used
}

/// The bytes of a typed array, a Buffer, a DataView or an ArrayBuffer.
///
/// # Safety
/// `raw` is an object of `env`.
unsafe fn bytes<'a>(
    env: sys::napi_env,
    raw: sys::napi_value,
    room: &mut Room<'a>,
) -> napi::Result<Given<'a>> {
    let (mut data, mut len) = (ptr::null_mut(), 0);
    let (mut buffer, mut offset) = (raw, 0);
    let mut is = false;
    // SAFETY: the caller's promise; each function that tells the place is only asked about a value of its type. Nobody
    // else runs between its answer and the copy, but for threads that write to shared memory meanwhile: those get
    // a copy of either state, as from any reader in JavaScript.
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
            len *= match ty {
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
                _ => return Ok(Given::Other("a typed array of an unknown type")),
            };
        } else {
            check_status!(sys::napi_is_arraybuffer(env, raw, &mut is))?;
            if is {
                check_status!(sys::napi_get_arraybuffer_info(env, raw, &mut data, &mut len))?;
            } else {
                check_status!(sys::napi_is_dataview(env, raw, &mut is))?;
                if !is {
                    return Ok(Given::Other(if promised(env, raw)? {
                        PROMISE
                    } else {
                        "an object, but no Buffer, typed array, DataView or ArrayBuffer"
                    }));
                }
                check_status!(sys::napi_get_dataview_info(
                    env,
                    raw,
                    &mut len,
                    &mut data,
                    &mut buffer,
                    &mut offset
                ))?;
            }
        }
        if len == 0 {
            check_status!(sys::napi_is_detached_arraybuffer(env, buffer, &mut is))?;
            return Ok(match is {
                true => Given::Other("over an ArrayBuffer that is detached"),
                false => Given::Bytes(Cow::Borrowed(&[])),
            });
        }
        let data = data.cast::<u8>().cast_const();
        Ok(Given::Bytes(if len <= room.len() {
            let (used, rest) = mem::take(room).split_at_mut(len);
            *room = rest;
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

/// Whether a value is a promise.
///
/// # Safety
/// `raw` is a value of `env`.
pub(crate) unsafe fn promised(env: sys::napi_env, raw: sys::napi_value) -> napi::Result<bool> {
    let mut is = false;
    // SAFETY: the caller's promise.
    check_status!(unsafe { sys::napi_is_promise(env, raw, &mut is) })?;
    Ok(is)
}

/// A value for JavaScript.
pub(crate) struct Taken<'a>(pub Value<'a>);

impl ToNapiValue for Taken<'_> {
    unsafe fn to_napi_value(env: sys::napi_env, value: Self) -> napi::Result<sys::napi_value> {
        // SAFETY: the caller's promise.
        unsafe {
            match value.0 {
                Value::None => ToNapiValue::to_napi_value(env, ()),
                Value::I32(number) => ToNapiValue::to_napi_value(env, number),
                Value::I64(number) => ToNapiValue::to_napi_value(env, BigInt::from(number)),
                Value::F32(number) => ToNapiValue::to_napi_value(env, f64::from(number)),
                Value::F64(number) => ToNapiValue::to_napi_value(env, number),
                Value::String(text) => {
                    let mut made = ptr::null_mut();
                    check_status!(make_text(env, text, &mut made)).map(|()| made)
                }
                Value::Bytes(bytes) => {
                    let buffer = BufferSlice::copy_from(&Env::from_raw(env), bytes)?;
                    ToNapiValue::to_napi_value(env, buffer)
                }
            }
        }
    }
}

/// Makes a string, and tells the status.
///
/// # Safety
/// `env` is the environment of the call that runs.
#[inline]
pub(crate) unsafe fn make_text(
    env: sys::napi_env,
    text: &str,
    made: &mut sys::napi_value,
) -> sys::napi_status {
    let (start, len) = (text.as_ptr().cast(), text.len() as isize);
    // SAFETY: the caller's promise; the text is as long as that.
    unsafe {
        // A byte a character is how JavaScript keeps ASCII, and UTF-8 has to be looked through.
        match text.is_ascii() {
            true => sys::napi_create_string_latin1(env, start, len, made),
            false => sys::napi_create_string_utf8(env, start, len, made),
        }
    }
}

/// A value on its way between threads.
pub(crate) enum Sent {
    Number(Value<'static>),
    String(String),
    Bytes(Vec<u8>),
}

impl Sent {
    pub(crate) fn new(value: Value<'_>) -> Self {
        match value {
            Value::String(text) => Sent::String(text.to_owned()),
            Value::Bytes(bytes) => Sent::Bytes(bytes.to_vec()),
            Value::None => Sent::Number(Value::None),
            Value::I32(number) => Sent::Number(Value::I32(number)),
            Value::I64(number) => Sent::Number(Value::I64(number)),
            Value::F32(number) => Sent::Number(Value::F32(number)),
            Value::F64(number) => Sent::Number(Value::F64(number)),
        }
    }

    pub(crate) fn value(&self) -> Value<'_> {
        match self {
            Sent::Number(value) => *value,
            Sent::String(text) => Value::String(text),
            Sent::Bytes(bytes) => Value::Bytes(bytes),
        }
    }
}

impl ToNapiValue for Sent {
    unsafe fn to_napi_value(env: sys::napi_env, sent: Self) -> napi::Result<sys::napi_value> {
        // SAFETY: the caller's promise.
        unsafe { ToNapiValue::to_napi_value(env, Taken(sent.value())) }
    }
}

/// The kind for its number, which is the core's.
pub(crate) fn kind(number: u32) -> Kind {
    match number {
        1 => Kind::I32,
        2 => Kind::I64,
        3 => Kind::F32,
        4 => Kind::F64,
        5 => Kind::String,
        6 => Kind::Bytes,
        _ => Kind::None,
    }
}
