//! Fewer data segments: Go's linker writes one for every few bytes that aren't zeros, 30,000 in a module of 2 MB, and whoever loads
//! the compiled module pays for each.

use std::borrow::Cow;
use wasmer::sys::wasmparser::{BinaryReader, Data, DataKind, DataSectionReader, Operator};

/// Segments are joined over at most so many zeros, which every instance's memory has there anyway.
const WIDEST_GAP: u64 = 256;

/// When so many segments can't be joined, no others are: each is looked at for every one that comes after it.
const MOST_APART: usize = 64;

/// The numbers of sections (WebAssembly 2.0, section 5.5.2).
const DATA: u8 = 11;
const DATA_COUNT: u8 = 12;

/// The magic number and the version.
const PREAMBLE: usize = 8;

/// An active segment of the first memory.
struct Segment<'a> {
    offset: u64,
    bytes: Cow<'a, [u8]>,
}

impl Segment<'_> {
    fn end(&self) -> u64 {
        self.offset + self.bytes.len() as u64
    }
}

/// Returns a module that does the same as `wasm`, a valid one, with neighbouring data segments joined. Code stands where it stood.
pub(super) fn joined(wasm: &[u8]) -> Cow<'_, [u8]> {
    try_joined(wasm).map_or(Cow::Borrowed(wasm), Cow::Owned)
}

/// Returns the joined module; none if nothing can be joined.
fn try_joined(wasm: &[u8]) -> Option<Vec<u8>> {
    let mut start = PREAMBLE;
    while start < wasm.len() {
        let mut size = BinaryReader::new(&wasm[start + 1..], 0);
        let length = size.read_var_u32().ok()? as usize;
        let contents = start + 1 + size.original_position() as usize;
        match wasm[start] {
            // Instructions may name segments by their numbers.
            DATA_COUNT => return None,
            DATA => {
                let section = join(&wasm[contents..contents + length])?;
                let mut module = wasm[..start].to_vec();
                module.push(DATA);
                push_u32(&mut module, section.len().try_into().ok()?);
                module.extend_from_slice(&section);
                module.extend_from_slice(&wasm[contents + length..]);
                return Some(module);
            }
            _ => start = contents + length,
        }
    }
    None
}

/// Returns a data section's contents with fewer segments; none if it has what must stay, or nothing to join.
fn join(contents: &[u8]) -> Option<Vec<u8>> {
    let reader = DataSectionReader::new(BinaryReader::new(contents, 0)).ok()?;
    let before = reader.count();
    let mut segments: Vec<Segment<'_>> = Vec::new();
    for data in reader {
        let next = active(&data.ok()?)?;
        let count = segments.len();
        if let Some((last, earlier)) = segments.split_last_mut() {
            let gap = last.end()..next.offset;
            // What an earlier one wrote isn't zeros.
            let is_free = |one: &Segment<'_>| one.end() <= gap.start || gap.end <= one.offset;
            if gap.start <= gap.end
                && gap.end - gap.start <= WIDEST_GAP
                && count <= MOST_APART
                && earlier.iter().all(is_free)
            {
                let bytes = last.bytes.to_mut();
                bytes.resize(bytes.len() + (gap.end - gap.start) as usize, 0);
                bytes.extend_from_slice(&next.bytes);
                continue;
            }
        }
        segments.push(next);
    }
    if segments.len() as u64 == u64::from(before) {
        return None;
    }
    let mut section = Vec::with_capacity(contents.len());
    push_u32(&mut section, segments.len().try_into().ok()?);
    for Segment { offset, bytes } in &segments {
        // Active, in the first memory: `i32.const offset; end`.
        section.extend([0, 0x41]);
        push_i32(&mut section, u32::try_from(*offset).ok()? as i32);
        section.push(0x0b);
        push_u32(&mut section, bytes.len().try_into().ok()?);
        section.extend_from_slice(bytes);
    }
    Some(section)
}

/// Returns `data` as what can be joined, if it is that.
fn active<'a>(data: &Data<'a>) -> Option<Segment<'a>> {
    let DataKind::Active { memory_index: 0, offset_expr } = &data.kind else { return None };
    let mut operators = offset_expr.get_operators_reader();
    let Operator::I32Const { value } = operators.read().ok()? else { return None };
    let Operator::End = operators.read().ok()? else { return None };
    Some(Segment { offset: u64::from(value as u32), bytes: data.data.into() })
}

/// Appends `value` in LEB128 without a sign.
fn push_u32(bytes: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// Appends `value` in LEB128 with a sign.
fn push_i32(bytes: &mut Vec<u8>, mut value: i32) {
    while !(-0x40..0x40).contains(&value) {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8 & 0x7f);
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmer::sys::wasmparser::{Parser, Payload, Validator};

    /// The segments of a module, as their offsets and bytes.
    fn segments(wasm: &[u8]) -> Vec<(u64, Vec<u8>)> {
        let mut found = Vec::new();
        for payload in Parser::new(0).parse_all(wasm) {
            if let Payload::DataSection(reader) = payload.unwrap() {
                for data in reader {
                    let Segment { offset, bytes } = active(&data.unwrap()).unwrap();
                    found.push((offset, bytes.into_owned()));
                }
            }
        }
        found
    }

    fn module(fields: &str) -> Vec<u8> {
        let code = r#"(func (export "f") (param i32) (result i32) (i32.load8_u (local.get 0)))"#;
        let wat = format!(
            "(module (memory (export \"memory\") 40000) {code} {fields} (@custom \"x\" \"yz\"))"
        );
        wasmer::wat2wasm(wat.as_bytes()).unwrap().into_owned()
    }

    #[test]
    fn neighbours_are_joined() {
        let wasm = module(
            r#"(data (i32.const 8) "ab") (data (i32.const 10) "c") (data (i32.const 20) "d") (data (i32.const 277) "e")
               (data (i32.const 535) "f") (data (i32.const -2000000000) "g") (data (i32.const -1999999744) "h")"#,
        );
        let joined = joined(&wasm);
        Validator::new().validate_all(&joined).unwrap();
        let mut first = b"abc".to_vec();
        first.resize(12, 0);
        first.push(b'd');
        first.resize(269, 0);
        first.push(b'e');
        let mut last = b"g".to_vec();
        last.resize(256, 0);
        last.push(b'h');
        let expected = [(8, first), (535, b"f".to_vec()), (2_294_967_296, last)];
        assert_eq!(segments(&joined), expected);
        // What stands around the section is as it was.
        assert!(joined.ends_with(b"\x01xyz"));
        let code = |wasm: &[u8]| wasm.windows(4).position(|bytes| bytes == [0x2d, 0, 0, 0x0b]);
        assert_eq!(code(&joined), code(&wasm));
    }

    #[test]
    fn neighbours_behind_others_are_joined() {
        let wasm = module(
            r#"(data (i32.const 100) "ab") (data (i32.const 102) "c") (data (i32.const 8) "d") (data (i32.const 10) "e")
               (data (i32.const 103) "f") (data (i32.const 105) "g") (data (i32.const 101) "h")
               (data (i32.const 106) "i")"#,
        );
        let joined = joined(&wasm);
        Validator::new().validate_all(&joined).unwrap();
        let expected = [
            (100, b"abc".to_vec()),
            (8, b"d\0e".to_vec()),
            (103, b"f\0g".to_vec()),
            (101, b"h".to_vec()),
            (106, b"i".to_vec()),
        ];
        assert_eq!(segments(&joined), expected);
    }

    #[test]
    fn what_must_stay_stays() {
        for fields in [
            "",
            r#"(data (i32.const 8) "ab")"#,
            r#"(data (i32.const 8) "ab") (data (i32.const 1000) "c")"#,
            // A later one lies over an earlier one, before it, or with it between.
            r#"(data (i32.const 8) "ab") (data (i32.const 9) "c")"#,
            r#"(data (i32.const 20) "d") (data (i32.const 8) "ab")"#,
            r#"(data (i32.const 20) "d") (data (i32.const 8) "ab") (data (i32.const 30) "c")"#,
            r#"(data (i32.const 8) "ab") (data (i32.const 10) "c") (data "passive")"#,
            r#"(data (i32.const 8) "ab") (data (i32.const 10) "c") (func (data.drop 1))"#,
            r#"(data (i32.const 8) "ab") (data (memory $m) (i32.const 10) "c") (memory $first 1) (memory $m 1)"#,
            r#"(import "a" "b" (global $g i32)) (data (i32.const 8) "ab") (data (global.get $g) "c")"#,
            r#"(data (i32.const 8) "ab") (data (i32.add (i32.const 5) (i32.const 5)) "c")"#,
        ] {
            // Imports come first.
            let wat = format!("(module {fields} (memory 1))");
            let wasm = wasmer::wat2wasm(wat.as_bytes()).unwrap();
            assert!(matches!(joined(&wasm), Cow::Borrowed(_)), "{fields}");
        }
    }
}
