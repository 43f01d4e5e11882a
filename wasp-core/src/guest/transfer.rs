//! How strings and bytes come to a guest and back (sections 3.2 and 3.5 of the guest ABI). Every pointer and length is the
//! guest's word, so every bound is checked.

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::log::Level;
use crate::base::slots;
use crate::base::text;
use crate::base::value::{Kind, Value};
use crate::guest::allocations::Block;
use crate::guest::guest_state::{Guest, abi};
use crate::vm::turn::HostTurn;
use std::fmt;
use wasmer::Type;
use wasmer_types::RawValue;

impl Guest {
    /// Turns a value of the host into a slot of type `ty`, by way of guest memory where it is a block (section 3.2).
    #[inline]
    pub(crate) fn lower(
        &self,
        value: &Value<'_>,
        kind: Kind,
        ty: Type,
        slot: &mut RawValue,
        turn: &mut HostTurn,
    ) -> Result<()> {
        // What most arguments are. Only the part of a slot that counts is written: whoever reads it as a whole right
        // afterwards would wait for the processor.
        if let (Value::I32(number), Type::I32, Kind::I32) = (value, ty, kind) {
            slot.i32 = *number;
            return Ok(());
        }
        self.lower_any(value, kind, ty, slot, turn)
    }

    fn lower_any(
        &self,
        value: &Value<'_>,
        kind: Kind,
        ty: Type,
        slot: &mut RawValue,
        turn: &mut HostTurn,
    ) -> Result<()> {
        match (value, ty) {
            (Value::I64(number), Type::I64) => {
                slot.i64 = *number;
                return Ok(());
            }
            (Value::F64(number), Type::F64) => {
                slot.f64 = *number;
                return Ok(());
            }
            _ => {}
        }
        if kind.is_block() {
            let size = block_size(value, kind)?;
            let pointer = self.allocate(size, kind, turn)?;
            self.write_block(value, pointer, size, turn)?;
            slot.u32 = pointer;
            return Ok(());
        }
        let refuse = || mismatch(value, kind);
        let wanted = slots::kind(ty).ok_or_else(refuse)?;
        let fitting = slots::lower(*value, wanted).ok_or_else(|| {
            let message = format!("{} does not fit {wanted}", slots::DisplayValues(&[*value]));
            Error::new(ErrorKind::Signature, message)
        })?;
        *slot = slots::to_slot(fitting).ok_or_else(refuse)?;
        Ok(())
    }

    /// Writes a string or bytes into the block of `size` bytes that the guest has allocated at `pointer` for it, which is freed after
    /// the call.
    pub(crate) fn write_block(
        &self,
        value: &Value<'_>,
        pointer: u32,
        size: u32,
        turn: &mut HostTurn,
    ) -> Result<()> {
        self.fill_block(value, pointer, size, turn)?;
        self.allocations.track(Block { pointer, size })
    }

    /// The same for a block that is the guest's own from now on.
    #[inline(always)]
    pub(crate) fn fill_block(
        &self,
        value: &Value<'_>,
        pointer: u32,
        size: u32,
        turn: &mut HostTurn,
    ) -> Result<()> {
        let memory = self.memory_for(value.kind())?.bytes_mut(turn);
        let bytes = memory.len();
        let block =
            memory.get_mut(pointer as usize..).and_then(|rest| rest.get_mut(..size as usize));
        let Some(block) = block.filter(|_| pointer != 0) else {
            return Err(abi(format!(
                "\"allocate\" answered {pointer:#x} for {size} bytes, which is not in its memory of {bytes} bytes"
            )));
        };
        match value {
            Value::String(text) | Value::Json(text) => {
                let (place, end) = block.split_at_mut(text.len());
                text::copy(place, text.as_bytes());
                end[0] = 0;
            }
            Value::Bytes(data) => {
                let (length, place) = block.split_at_mut(4);
                // `block_size` has checked that it fits.
                length.copy_from_slice(&(data.len() as u32).to_le_bytes());
                text::copy(place, data);
            }
            _ => return Ok(()),
        }
        self.plugin.log.write(
            Level::Debug,
            "Allocated memory in host",
            &[("size", &size), ("addr", &pointer)],
        );
        Ok(())
    }

    /// Turns a slot into a string or bytes for the host, which stay in guest memory (section 3.5).
    pub(crate) fn lift<'a>(
        &self,
        slot: &RawValue,
        kind: Kind,
        turn: &'a HostTurn,
    ) -> Result<Value<'a>> {
        let pointer = slots::pointer(slot);
        let data = self.claim(pointer, kind, turn)?;
        self.decode(pointer, data, kind)
    }

    /// Finds what is in a block that the guest hands over, and that must be freed.
    #[inline(always)]
    pub(crate) fn claim<'a>(
        &self,
        pointer: u32,
        kind: Kind,
        turn: &'a HostTurn,
    ) -> Result<&'a [u8]> {
        let data = match kind {
            Kind::Bytes => self.data(pointer, turn)?,
            _ => self.characters(pointer, turn)?,
        };
        self.allocations.track(Block::of(pointer, data, kind))?;
        Ok(data)
    }

    /// The value in a block that was taken.
    #[inline(always)]
    pub(crate) fn decode<'a>(&self, pointer: u32, data: &'a [u8], kind: Kind) -> Result<Value<'a>> {
        let log = &self.plugin.log;
        if kind != Kind::Bytes {
            let text = utf8(data, pointer)?;
            let fields: [(&str, &dyn fmt::Display); 2] = [("addr", &pointer), ("result", &text)];
            log.write(Level::Debug, "Got string from memory", &fields);
            Ok(of_text(text, kind))
        } else {
            let fields: [(&str, &dyn fmt::Display); 2] =
                [("addr", &pointer), ("size", &data.len())];
            log.write(Level::Debug, "Got bytes from memory", &fields);
            Ok(Value::Bytes(data))
        }
    }

    /// The value in a block that was lent after a call.
    pub(crate) fn lent<'a>(
        &self,
        block: Block,
        kind: Kind,
        turn: &'a HostTurn,
    ) -> Result<Value<'a>> {
        let Block { pointer, size } = block;
        let rest = self.memory_at(pointer, kind, turn)?;
        let Some(data) = rest.get(..size as usize) else {
            return Err(abi(format!("the {kind} at {pointer:#x} is outside its memory")));
        };
        // Looked at only now: freeing the call's other blocks was the guest's last chance to write to it.
        match kind {
            Kind::Bytes => Ok(Value::Bytes(&data[4..])),
            _ => Ok(of_text(utf8(&data[..data.len() - 1], pointer)?, kind)),
        }
    }

    /// The string at `pointer`, up to its NUL.
    pub(crate) fn text<'a>(&self, pointer: u32, turn: &'a HostTurn) -> Result<&'a str> {
        utf8(self.characters(pointer, turn)?, pointer)
    }

    /// The same before anybody knows that it is UTF-8.
    #[inline(always)]
    fn characters<'a>(&self, pointer: u32, turn: &'a HostTurn) -> Result<&'a [u8]> {
        let rest = self.memory_at(pointer, Kind::String, turn)?;
        text::until_nul(rest)
            .ok_or_else(|| abi(format!("the string at {pointer:#x} has no end inside memory")))
    }

    /// The bytes at `pointer`, after their length.
    #[inline(always)]
    pub(crate) fn data<'a>(&self, pointer: u32, turn: &'a HostTurn) -> Result<&'a [u8]> {
        let rest = self.memory_at(pointer, Kind::Bytes, turn)?;
        let Some((length, data)) = rest.split_first_chunk::<4>() else {
            return Err(abi(format!("the bytes at {pointer:#x} have no room for their length")));
        };
        let length = u32::from_le_bytes(*length);
        data.get(..length as usize).ok_or_else(|| {
            abi(format!("the bytes at {pointer:#x} have length {length}, beyond the end of memory"))
        })
    }

    #[inline(always)]
    fn memory_at<'a>(&self, pointer: u32, kind: Kind, turn: &'a HostTurn) -> Result<&'a [u8]> {
        let bytes = self.memory_for(kind)?.bytes(turn);
        if pointer == 0 {
            return Err(abi(format!("a null pointer where {kind} should be")));
        }
        bytes.get(pointer as usize..).filter(|rest| !rest.is_empty()).ok_or_else(|| {
            let size = bytes.len();
            abi(format!("the {kind} pointer {pointer:#x} is outside its memory of {size} bytes"))
        })
    }
}

/// The size of the block that `value` needs to pass as `kind`.
pub(crate) fn block_size(value: &Value<'_>, kind: Kind) -> Result<u32> {
    let (length, extra) = match value {
        Value::String(text) | Value::Json(text) if kind == value.kind() => {
            if text::has_nul(text.as_bytes()) {
                let message =
                    format!("a {kind} with a NUL inside can't be passed to a plugin; bytes can");
                return Err(Error::new(ErrorKind::Invalid, message));
            }
            (text.len(), 1)
        }
        Value::Bytes(data) if kind == Kind::Bytes => (data.len(), 4),
        _ => return Err(mismatch(value, kind)),
    };
    u32::try_from(length + extra).map_err(|_| {
        let message = format!("{length} bytes are more than a plugin's memory can hold");
        Error::new(ErrorKind::Invalid, message)
    })
}

/// The value of a text that travels as `kind`.
fn of_text(text: &str, kind: Kind) -> Value<'_> {
    if kind == Kind::Json { Value::Json(text) } else { Value::String(text) }
}

fn mismatch(value: &Value<'_>, kind: Kind) -> Error {
    Error::new(ErrorKind::Signature, format!("{} is not {kind}", value.kind()))
}

#[inline(always)]
fn utf8(data: &[u8], pointer: u32) -> Result<&str> {
    text::utf8(data).map_err(|_| abi(format!("the string at {pointer:#x} is not UTF-8")))
}
