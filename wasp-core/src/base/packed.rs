//! Packed values: how arguments and results pass between the host and a script runtime (section 7 of the guest ABI).

use crate::base::text;
use crate::base::value::{Kind, Value};

/// The kind of an error in the answer of a callback.
const ERROR: u8 = 255;

/// Begins a block of so many values behind what `block` has.
pub(crate) fn begin(count: usize, block: &mut Vec<u8>) {
    block.extend_from_slice(&(count as u32).to_le_bytes());
}

/// Puts the next value behind what `block` has.
///
/// # Errors
/// The length of a value that is longer than a plugin's memory.
pub(crate) fn push(value: &Value<'_>, block: &mut Vec<u8>) -> Result<(), usize> {
    block.push(value.kind() as u8);
    match value {
        Value::None => {}
        Value::I32(number) => block.extend_from_slice(&number.to_le_bytes()),
        Value::I64(number) => block.extend_from_slice(&number.to_le_bytes()),
        Value::F32(number) => block.extend_from_slice(&number.to_le_bytes()),
        Value::F64(number) => block.extend_from_slice(&number.to_le_bytes()),
        Value::String(text) | Value::Json(text) => push_data(text.as_bytes(), block)?,
        Value::Bytes(bytes) => push_data(bytes, block)?,
    }
    Ok(())
}

/// Makes the answer of a callback that the script can catch as an exception which says `message`.
pub(crate) fn pack_error(message: &str) -> Vec<u8> {
    let mut block = Vec::new();
    begin(1, &mut block);
    block.push(ERROR);
    // A message is never that long.
    let _ = push_data(message.as_bytes(), &mut block);
    block
}

fn push_data(data: &[u8], block: &mut Vec<u8>) -> Result<(), usize> {
    let length = u32::try_from(data.len()).map_err(|_| data.len())?;
    block.extend_from_slice(&length.to_le_bytes());
    block.extend_from_slice(data);
    Ok(())
}

/// Reads packed values one by one. The guest made them, so everything is checked.
pub(crate) struct Unpacker<'a> {
    rest: &'a [u8],
    count: usize,
}

impl<'a> Unpacker<'a> {
    /// Begins to read `block`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn new(block: &'a [u8]) -> Result<Self, &'static str> {
        let (count, rest) = block.split_first_chunk().ok_or("there is no count")?;
        let count = u32::from_le_bytes(*count) as usize;
        // Each takes a byte at least: a count is no reason to make room for more.
        if count > rest.len() {
            return Err("there are fewer values than their count says");
        }
        Ok(Self { rest, count })
    }

    /// Returns how many values are left.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], &'static str> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or("it ends within a value")?;
        self.rest = rest;
        Ok(*bytes)
    }

    fn data(&mut self) -> Result<&'a [u8], &'static str> {
        let length = u32::from_le_bytes(self.take()?) as usize;
        let (data, rest) = self.rest.split_at_checked(length).ok_or("it ends within a value")?;
        self.rest = rest;
        Ok(data)
    }

    fn text(&mut self) -> Result<&'a str, &'static str> {
        text::utf8(self.data()?).map_err(|_| "it has text that is not UTF-8")
    }

    /// Reads the next value.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn next(&mut self) -> Result<Value<'a>, &'static str> {
        const NONE: u8 = Kind::None as u8;
        const I32: u8 = Kind::I32 as u8;
        const I64: u8 = Kind::I64 as u8;
        const F32: u8 = Kind::F32 as u8;
        const F64: u8 = Kind::F64 as u8;
        const STRING: u8 = Kind::String as u8;
        const BYTES: u8 = Kind::Bytes as u8;
        const JSON: u8 = Kind::Json as u8;
        self.count = self.count.checked_sub(1).ok_or("it has no value")?;
        let [kind] = self.take()?;
        Ok(match kind {
            NONE => Value::None,
            I32 => Value::I32(i32::from_le_bytes(self.take()?)),
            I64 => Value::I64(i64::from_le_bytes(self.take()?)),
            F32 => Value::F32(f32::from_le_bytes(self.take()?)),
            F64 => Value::F64(f64::from_le_bytes(self.take()?)),
            STRING => Value::String(self.text()?),
            BYTES => Value::Bytes(self.data()?),
            JSON => Value::Json(self.text()?),
            _ => return Err("it has a value of an unknown kind"),
        })
    }
}

/// Reads a block with one value.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn unpack_one(block: &[u8]) -> Result<Value<'_>, &'static str> {
    let mut values = Unpacker::new(block)?;
    let value = values.next()?;
    if values.count() == 0 { Ok(value) } else { Err("it has more than one value") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_as_they_were() {
        let values = [
            Value::None,
            Value::I32(-1),
            Value::I64(i64::MIN),
            Value::F32(1.5),
            Value::F64(-0.25),
            Value::String("a\0\u{e9}"),
            Value::Bytes(b"\xff"),
            Value::Json("[]"),
        ];
        let mut block = Vec::new();
        begin(values.len(), &mut block);
        values.iter().for_each(|value| push(value, &mut block).unwrap());
        let mut read = Unpacker::new(&block).unwrap();
        assert_eq!(read.count(), values.len());
        for value in values {
            assert_eq!(read.next(), Ok(value));
        }
        assert!(read.next().is_err());
        // Cut anywhere, it is refused.
        for end in 0..block.len() {
            let Ok(mut read) = Unpacker::new(&block[..end]) else { continue };
            assert!((0..values.len()).any(|_| read.next().is_err()), "{end}");
        }
    }

    #[test]
    fn damaged_blocks_are_refused() {
        let one = |bytes: &[u8]| unpack_one(bytes).map(|_| ());
        assert!(one(b"").is_err());
        assert!(one(b"\0\0\0\0").is_err());
        assert!(one(b"\xff\xff\xff\xff\0").is_err());
        assert!(one(b"\x01\0\0\0\x09").is_err());
        assert!(one(b"\x01\0\0\0\xff\0\0\0\0").is_err());
        assert!(one(b"\x01\0\0\0\x05\xff\xff\xff\xffa").is_err());
        assert!(one(b"\x01\0\0\0\x05\x01\0\0\0\xff").is_err());
        assert!(one(b"\x02\0\0\0\0\0").is_err());
        assert_eq!(one(b"\x01\0\0\0\0"), Ok(()));
    }
}
