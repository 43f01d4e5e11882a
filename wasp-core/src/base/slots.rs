//! Numbers between host and guest: WebAssembly types, the slots of a call, and conversions.

use crate::base::value::{Kind, Value};
use crate::base::visible::visible;
use std::fmt;
use wasmer::Type;
use wasmer_types::RawValue;

/// The slots of a call: its arguments first, then its result. There is no allocation for few of them.
#[derive(Default)]
pub(crate) struct Slots {
    few: [RawValue; 8],
    many: Vec<RawValue>,
}

impl Slots {
    /// The slots of a call with so many arguments. The result takes the first one, also where there are none.
    #[inline]
    pub(crate) fn of_call(&mut self, args: usize) -> &mut [RawValue] {
        if args <= self.few.len() {
            return &mut self.few[..args.max(1)];
        }
        self.many.resize(args, RawValue::default());
        &mut self.many
    }

    /// The one that the result is in.
    #[inline]
    pub(crate) fn first(&self) -> &RawValue {
        self.many.first().unwrap_or(&self.few[0])
    }
}

/// The WebAssembly type that a value of `kind` travels as; none for no value.
#[inline]
pub(crate) fn wasm_type(kind: Kind) -> Option<Type> {
    match kind {
        Kind::None | Kind::Any => None,
        Kind::I32 | Kind::String | Kind::Bytes | Kind::Json => Some(Type::I32),
        Kind::I64 => Some(Type::I64),
        Kind::F32 => Some(Type::F32),
        Kind::F64 => Some(Type::F64),
    }
}

/// The kind that a WebAssembly type is on its face; none for vectors and references.
#[inline]
pub(crate) fn kind(ty: Type) -> Option<Kind> {
    match ty {
        Type::I32 => Some(Kind::I32),
        Type::I64 => Some(Kind::I64),
        Type::F32 => Some(Kind::F32),
        Type::F64 => Some(Kind::F64),
        _ => None,
    }
}

/// Returns the number as one of kind `to` for the guest, where it goes: docs/numbers.md has the rules. WebAssembly's integers have
/// no sign, so one that fits without a sign has the same bits with one.
pub(crate) fn lower(value: Value<'_>, to: Kind) -> Option<Value<'static>> {
    match to {
        Kind::I32 => {
            let number = integer(value)?;
            let unsigned = || u32::try_from(number).ok().map(u32::cast_signed);
            i32::try_from(number).ok().or_else(unsigned).map(Value::I32)
        }
        Kind::I64 => {
            let number = integer(value)?;
            let unsigned = || u64::try_from(number).ok().map(u64::cast_signed);
            i64::try_from(number).ok().or_else(unsigned).map(Value::I64)
        }
        _ => lift(value, to),
    }
}

/// Returns the number of the guest's as one of kind `to`, where it has the same value, or is the nearest float.
pub(crate) fn lift(value: Value<'_>, to: Kind) -> Option<Value<'static>> {
    match to {
        Kind::I32 => i32::try_from(integer(value)?).ok().map(Value::I32),
        Kind::I64 => i64::try_from(integer(value)?).ok().map(Value::I64),
        Kind::F32 => float32(value).map(Value::F32),
        Kind::F64 => float64(value).map(Value::F64),
        Kind::None | Kind::String | Kind::Bytes | Kind::Json | Kind::Any => None,
    }
}

fn integer(value: Value<'_>) -> Option<i128> {
    match value {
        Value::I32(number) => Some(number.into()),
        Value::I64(number) => Some(number.into()),
        Value::F32(number) => whole(number.into()),
        Value::F64(number) => whole(number),
        Value::None | Value::String(_) | Value::Bytes(_) | Value::Json(_) => None,
    }
}

fn whole(number: f64) -> Option<i128> {
    const TOO_BIG: f64 = 18_446_744_073_709_551_616.0; // 2^64
    ((-TOO_BIG..TOO_BIG).contains(&number) && number.trunc() == number).then_some(number as i128)
}

/// Returns the nearest f32, unless a finite number would become an infinite one.
fn float32(value: Value<'_>) -> Option<f32> {
    match value {
        Value::I32(number) => Some(number as f32),
        // Not by way of an f64, which would round twice.
        Value::I64(number) => Some(number as f32),
        Value::F32(number) => Some(number),
        Value::F64(number) => {
            let nearest = number as f32;
            (nearest.is_finite() || !number.is_finite()).then_some(nearest)
        }
        Value::None | Value::String(_) | Value::Bytes(_) | Value::Json(_) => None,
    }
}

fn float64(value: Value<'_>) -> Option<f64> {
    match value {
        Value::I32(number) => Some(number.into()),
        Value::I64(number) => Some(number as f64),
        Value::F32(number) => Some(number.into()),
        Value::F64(number) => Some(number),
        Value::None | Value::String(_) | Value::Bytes(_) | Value::Json(_) => None,
    }
}

/// The slot for a number; nothing for a value that isn't one.
pub(crate) fn to_slot(value: Value<'_>) -> Option<RawValue> {
    match value {
        Value::I32(number) => Some(number.into()),
        Value::I64(number) => Some(number.into()),
        Value::F32(number) => Some(number.into()),
        Value::F64(number) => Some(number.into()),
        Value::None | Value::String(_) | Value::Bytes(_) | Value::Json(_) => None,
    }
}

/// The number in a slot of type `ty`; no value for vectors and references.
#[inline]
pub(crate) fn from_slot(slot: &RawValue, ty: Type) -> Value<'static> {
    // SAFETY: every bit pattern is a value of each of these types.
    unsafe {
        match ty {
            Type::I32 => Value::I32(slot.i32),
            Type::I64 => Value::I64(slot.i64),
            Type::F32 => Value::F32(slot.f32),
            Type::F64 => Value::F64(slot.f64),
            _ => Value::None,
        }
    }
}

/// Sets `value` to the number of `kind` in a slot, if it is one.
///
/// In place: a value made elsewhere and moved here is written in parts and read as a whole, for which the processor waits.
#[inline(always)]
pub(crate) fn read(slot: &RawValue, kind: Kind, value: &mut Value<'_>) {
    // SAFETY: every bit pattern is a value of each of these types.
    unsafe {
        match kind {
            Kind::I32 => *value = Value::I32(slot.i32),
            Kind::I64 => *value = Value::I64(slot.i64),
            Kind::F32 => *value = Value::F32(slot.f32),
            Kind::F64 => *value = Value::F64(slot.f64),
            Kind::None | Kind::String | Kind::Bytes | Kind::Json | Kind::Any => {}
        }
    }
}

/// The pointer in an i32 slot. Pointers are unsigned.
pub(crate) fn pointer(slot: &RawValue) -> u32 {
    // SAFETY: every bit pattern is a u32.
    unsafe { slot.u32 }
}

/// The bits in a slot of type `ty`, zero-extended.
pub(crate) fn raw(slot: &RawValue, ty: Type) -> u64 {
    match ty {
        Type::I32 | Type::F32 => pointer(slot).into(),
        // SAFETY: every bit pattern is a u64.
        _ => unsafe { slot.u64 },
    }
}

/// The slot of type `ty` for `bits`.
pub(crate) fn from_raw(bits: u64, ty: Type) -> RawValue {
    match ty {
        Type::I32 | Type::F32 => RawValue::from(bits as u32 as i32),
        _ => RawValue::from(bits as i64),
    }
}

/// Values as a log line shows them.
pub(crate) struct DisplayValues<'a>(pub &'a [Value<'a>]);

impl fmt::Display for DisplayValues<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (index, value) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            match value {
                Value::None => f.write_str("none"),
                Value::I32(number) => number.fmt(f),
                Value::I64(number) => number.fmt(f),
                Value::F32(number) if is_long((*number).into()) => write!(f, "{number:e}"),
                Value::F64(number) if is_long(*number) => write!(f, "{number:e}"),
                Value::F32(number) => number.fmt(f),
                Value::F64(number) => number.fmt(f),
                Value::String(text) => write!(f, "{text:?}"),
                Value::Json(text) => f.write_str(&visible(text)),
                Value::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
            }?;
        }
        f.write_str("]")
    }
}

/// Whether a number has very many digits before or behind its point.
fn is_long(number: f64) -> bool {
    number.is_finite() && number != 0.0 && !(1e-7..1e21).contains(&number.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_guest_gives_keeps_its_value() {
        let fits = |value, to, wanted| assert_eq!(lift(value, to), Some(wanted));
        fits(Value::I64(3), Kind::I32, Value::I32(3));
        fits(Value::F64(3.0), Kind::I32, Value::I32(3));
        fits(Value::F64(-0.0), Kind::I64, Value::I64(0));
        fits(Value::I64(i64::from(i32::MIN)), Kind::I32, Value::I32(i32::MIN));
        fits(Value::F64(-9_223_372_036_854_775_808.0), Kind::I64, Value::I64(i64::MIN));
        fits(Value::I32(-1), Kind::I64, Value::I64(-1));
        let refused = |value, to| assert_eq!(lift(value, to), None);
        refused(Value::I64(1 << 31), Kind::I32);
        refused(Value::F64(9_223_372_036_854_775_808.0), Kind::I64);
        refused(Value::F64(3.5), Kind::I32);
        refused(Value::I32(3), Kind::String);
        refused(Value::String("3"), Kind::I32);
    }
}
