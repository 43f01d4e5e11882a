//! Which instruction each piece of machine code was made of, in a third of the bytes that wasmer's artifact takes for it: otherwise
//! two fifths of that are this.

use wasmer_compiler::types::function::CompiledFunctionFrameInfo;
use wasmer_types::LocalFunctionIndex;
use wasmer_types::entity::{EntityRef, PrimaryMap};

/// So many pieces are read one after the other to find the last of them.
const IN_BLOCK: usize = 64;

/// A block in the table: its function, the offset of its first piece's code in the function and of its instruction in the module,
/// and where it ends, of 32 bits each.
const ENTRY: usize = 16;

/// Takes the maps of all functions. Returns a table of blocks, and what is in these: for each piece of code how far it is from the end
/// of the one before, how long it is, and how far its instruction is from that of the one before.
pub(super) fn take(
    functions: &mut PrimaryMap<LocalFunctionIndex, CompiledFunctionFrameInfo>,
) -> (Vec<u8>, Vec<u8>) {
    let (mut table, mut pieces) = (Vec::new(), Vec::new());
    for (function, info) in functions {
        for block in std::mem::take(&mut info.address_map.instructions).chunks(IN_BLOCK) {
            let (first_code, first_source) = (block[0].code_offset as u32, block[0].srcloc.bits());
            let (mut code, mut source) = (first_code, first_source);
            for piece in block {
                let (start, length) = (piece.code_offset as u32, piece.code_len as u32);
                push(&mut pieces, start.wrapping_sub(code));
                push(&mut pieces, length);
                let step = piece.srcloc.bits().wrapping_sub(source) as i32;
                // Small steps back are small numbers too.
                push(&mut pieces, (step << 1 ^ step >> 31) as u32);
                (code, source) = (start.wrapping_add(length), piece.srcloc.bits());
            }
            let end = pieces.len() as u32;
            let entry = [function.index() as u32, first_code, first_source, end];
            table.extend(entry.into_iter().flat_map(u32::to_le_bytes));
        }
    }
    (table, pieces)
}

/// Returns the offset in the module of the instruction that the code at `position` of a function was made of, as wasmer would find it.
pub(super) fn find(table: &[u8], pieces: &[u8], function: u32, position: u32) -> Option<u32> {
    let (blocks, _) = table.as_chunks::<ENTRY>();
    let number = |block: &[u8; ENTRY], at: usize| {
        u32::from_le_bytes([block[at], block[at + 1], block[at + 2], block[at + 3]])
    };
    let is_before =
        |block: &[u8; ENTRY]| (number(block, 0), number(block, 4)) <= (function, position);
    let place = blocks.partition_point(is_before).checked_sub(1)?;
    let block = &blocks[place];
    if number(block, 0) != function {
        return None;
    }
    let start = place.checked_sub(1).map_or(0, |before| number(&blocks[before], 12));
    let mut rest = pieces.get(start as usize..number(block, 12) as usize)?;
    let (mut code, mut source) = (number(block, 4), number(block, 8));
    let mut found = None;
    while !rest.is_empty() {
        let (start, length) = (code.wrapping_add(pull(&mut rest)?), pull(&mut rest)?);
        let step = pull(&mut rest)?;
        if start > position {
            break;
        }
        source = source.wrapping_add((step >> 1) ^ (step & 1).wrapping_neg());
        code = start.wrapping_add(length);
        found = (start == position || position < code).then_some(source);
    }
    found
}

/// Appends `number` in LEB128.
fn push(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Takes the number at the front.
fn pull(bytes: &mut &[u8]) -> Option<u32> {
    let mut number = 0;
    for shift in (0..32).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u32::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmer_compiler::types::address_map::{FunctionAddressMap, InstructionAddressMap};
    use wasmer_types::SourceLoc;

    /// The pieces of a function that have an end before the next one's start, none, or a large one, and go to and fro in the module.
    fn function(count: usize) -> FunctionAddressMap {
        let mut code_offset = count % 3;
        let piece = |number: usize| {
            let code_len = if number.is_multiple_of(50) { 300 } else { 1 + number % 5 };
            let srcloc = match number % 7 {
                0 => SourceLoc::default(),
                other => SourceLoc::new((number * 40_503 % 5000 + other) as u32),
            };
            let piece = InstructionAddressMap { srcloc, code_offset, code_len };
            code_offset += code_len + number % 4;
            piece
        };
        FunctionAddressMap { instructions: (0..count).map(piece).collect(), ..Default::default() }
    }

    /// What wasmer finds (`GlobalFrameInfo::lookup_frame_info`).
    fn expected(map: &FunctionAddressMap, position: usize) -> Option<u32> {
        let pieces = &map.instructions;
        let place = match pieces.binary_search_by_key(&position, |piece| piece.code_offset) {
            Ok(place) => place,
            Err(after) => after.checked_sub(1)?,
        };
        let InstructionAddressMap { srcloc, code_offset, code_len } = pieces[place];
        (code_offset == position || position < code_offset + code_len).then(|| srcloc.bits())
    }

    #[test]
    fn all_code_is_found() {
        let maps = [5, 0, 64, 1, 0, 65, 1000, 0].map(function);
        let info = |map: &FunctionAddressMap| CompiledFunctionFrameInfo {
            address_map: map.clone(),
            ..Default::default()
        };
        let mut functions = maps.iter().map(info).collect();
        let (table, pieces) = take(&mut functions);
        assert!(functions.values().all(|info| info.address_map.instructions.is_empty()));
        for (function, map) in maps.iter().enumerate() {
            for position in 0..12_000 {
                let found = find(&table, &pieces, function as u32, position);
                assert_eq!(found, expected(map, position as usize), "{function} {position}");
            }
        }
        assert_eq!(find(&table, &pieces, 8, 3), None);
        assert_eq!(find(&[], &[], 0, 0), None);
        // Whatever is read, nothing panics.
        for length in 0..pieces.len().min(300) {
            find(&table, &pieces[..length], 6, 200);
            find(&table[..length], &pieces, 2, 100);
        }
    }
}
