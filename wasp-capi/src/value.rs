//! Values as C passes them.

use crate::argument::invalid;
use crate::slice::wasp_slice;
use wasp_core::{Error, Kind, Value};

/// The kind of a value: one of the constants below.
pub type wasp_kind = u32;
/// No value: a function without a result, or a result that is ignored.
pub const WASP_NONE: wasp_kind = 0;
pub const WASP_I32: wasp_kind = 1;
pub const WASP_I64: wasp_kind = 2;
pub const WASP_F32: wasp_kind = 3;
pub const WASP_F64: wasp_kind = 4;
/// UTF-8 text without a NUL inside.
pub const WASP_STRING: wasp_kind = 5;
/// Any bytes.
pub const WASP_BYTES: wasp_kind = 6;
/// A JSON text, which wasp doesn't check. Where a plugin declares json, a string or a number is passed as the JSON of it.
pub const WASP_JSON: wasp_kind = 7;
/// The wish for a result of whatever kind it is: no value is of this kind. In listings it is what scripts take and return.
pub const WASP_ANY: wasp_kind = 8;

/// What a `wasp_value` holds: the member that its kind names, `slice` for strings, bytes and json.
#[repr(C)]
#[derive(Clone, Copy)]
pub union wasp_value_of {
    pub i32: i32,
    pub i64: i64,
    pub f32: f32,
    pub f64: f64,
    pub slice: wasp_slice,
}

/// An argument or a result.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct wasp_value {
    pub kind: wasp_kind,
    pub of: wasp_value_of,
}

impl wasp_value {
    /// Sets what `place` points to, member by member: a value that is made elsewhere and moved is written in parts and read as a
    /// whole, for which the processor waits.
    ///
    /// # Safety
    /// It points to a value that may be written to.
    #[inline(always)]
    pub(crate) unsafe fn write(place: *mut Self, value: Value<'_>) {
        // SAFETY: `place` may be written to, as this function asks. No reference is made: it may be uninitialised.
        unsafe {
            (&raw mut (*place).kind).write(value.kind() as wasp_kind);
            let of = &raw mut (*place).of;
            match value {
                Value::None => of.cast::<i64>().write(0),
                Value::I32(number) => of.cast::<i32>().write(number),
                Value::I64(number) => of.cast::<i64>().write(number),
                Value::F32(number) => of.cast::<f32>().write(number),
                Value::F64(number) => of.cast::<f64>().write(number),
                Value::String(text) | Value::Json(text) => {
                    of.cast::<wasp_slice>().write(wasp_slice::of(text.as_bytes()))
                }
                Value::Bytes(bytes) => of.cast::<wasp_slice>().write(wasp_slice::of(bytes)),
            }
        }
    }

    /// Sets `value` to this one, in place for the same reason as [`write`](Self::write); `what` names it in the error.
    ///
    /// # Safety
    /// The member that `kind` names is set, and a slice is as [`wasp_slice::bytes`] asks.
    #[inline(always)]
    pub(crate) unsafe fn read<'a>(&self, what: &str, value: &mut Value<'a>) -> Result<(), Error> {
        // SAFETY: the member that the kind names is set and its slice readable, as this function asks; every bit pattern is a
        // number.
        unsafe {
            match self.kind {
                WASP_NONE => *value = Value::None,
                WASP_I32 => *value = Value::I32(self.of.i32),
                WASP_I64 => *value = Value::I64(self.of.i64),
                WASP_F32 => *value = Value::F32(self.of.f32),
                WASP_F64 => *value = Value::F64(self.of.f64),
                WASP_STRING => *value = Value::String(self.of.slice.text(what)?),
                WASP_BYTES => *value = Value::Bytes(self.of.slice.bytes(what)?),
                WASP_JSON => *value = Value::Json(self.of.slice.text(what)?),
                other => return Err(unknown_kind(other, what)),
            }
        }
        Ok(())
    }
}

/// The kind that `tag` stands for; `what` names the thing that has it in the error.
#[inline(always)]
pub(crate) fn kind(tag: wasp_kind, what: &str) -> Result<Kind, Error> {
    Ok(match tag {
        WASP_NONE => Kind::None,
        WASP_I32 => Kind::I32,
        WASP_I64 => Kind::I64,
        WASP_F32 => Kind::F32,
        WASP_F64 => Kind::F64,
        WASP_STRING => Kind::String,
        WASP_BYTES => Kind::Bytes,
        WASP_JSON => Kind::Json,
        WASP_ANY => Kind::Any,
        other => return Err(unknown_kind(other, what)),
    })
}

#[cold]
fn unknown_kind(tag: wasp_kind, what: &str) -> Error {
    invalid(format!("{what} has the unknown kind {tag}"))
}
