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

/// What a `wasp_value` holds: the member that its kind names, `slice` for strings and bytes.
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
    #[inline(always)]
    pub(crate) fn new(value: Value<'_>) -> Self {
        let kind = value.kind() as wasp_kind;
        let of = match value {
            Value::None => wasp_value_of { i64: 0 },
            Value::I32(i32) => wasp_value_of { i32 },
            Value::I64(i64) => wasp_value_of { i64 },
            Value::F32(f32) => wasp_value_of { f32 },
            Value::F64(f64) => wasp_value_of { f64 },
            Value::String(text) => wasp_value_of { slice: wasp_slice::of(text.as_bytes()) },
            Value::Bytes(bytes) => wasp_value_of { slice: wasp_slice::of(bytes) },
        };
        Self { kind, of }
    }

    /// The value; `what` names it in the error.
    ///
    /// # Safety
    /// The member that `kind` names is set, and a slice is as [`wasp_slice::bytes`] asks.
    #[inline(always)]
    pub(crate) unsafe fn read<'a>(self, what: &str) -> Result<Value<'a>, Error> {
        // SAFETY: the member that the kind names is set and its slice readable, as this function asks; every bit pattern is a
        // number.
        unsafe {
            Ok(match kind(self.kind, what)? {
                Kind::None => Value::None,
                Kind::I32 => Value::I32(self.of.i32),
                Kind::I64 => Value::I64(self.of.i64),
                Kind::F32 => Value::F32(self.of.f32),
                Kind::F64 => Value::F64(self.of.f64),
                Kind::String => Value::String(self.of.slice.text(what)?),
                Kind::Bytes => Value::Bytes(self.of.slice.bytes(what)?),
            })
        }
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
        other => return Err(invalid(format!("{what} has the unknown kind {other}"))),
    })
}
