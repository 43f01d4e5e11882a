//! What traces need of a module besides its code, kept beside the artifact: wasmer copies all that is within each time it loads
//! one, name by name, and most plugins never have a trace.

use crate::compile::{address_maps, packed_script};
use bytes::Bytes;
use wasmer_compiler::types::function::CompiledFunctionFrameInfo;
use wasmer_types::entity::{EntityRef, PrimaryMap};
use wasmer_types::{FunctionIndex, LocalFunctionIndex, ModuleInfo};

/// What wasmer knows of the code of functions.
type FrameInfos = PrimaryMap<LocalFunctionIndex, CompiledFunctionFrameInfo>;

/// The custom sections that lines are read from, and that of a script.
const SECTIONS: [&str; 4] =
    [".debug_line", ".debug_str", ".debug_line_str", packed_script::SECTION];

/// The sections, both parts of the address maps, a table of functions that have names, sorted, and these names. Each begins with its
/// length. The table has each function's number and where its name ends.
#[derive(Default)]
pub(crate) struct TraceData(Bytes);

impl TraceData {
    /// Reads what [`take`](Self::take) made.
    pub(super) fn new(bytes: Bytes) -> Self {
        Self(bytes)
    }

    /// Takes names, custom sections and address maps out of a module. All other sections are gone.
    pub(super) fn take(module: &mut ModuleInfo, functions: &mut FrameInfos) -> Vec<u8> {
        let mut bytes = Vec::new();
        for name in SECTIONS {
            push(&mut bytes, custom_section(module, name).unwrap_or_default());
        }
        module.custom_sections.clear();
        module.custom_sections_data.clear();
        let (table, pieces) = address_maps::take(functions);
        push(&mut bytes, &table);
        push(&mut bytes, &pieces);
        let mut names: Vec<_> = std::mem::take(&mut module.function_names).into_iter().collect();
        names.sort_unstable();
        let (mut table, mut text) = (Vec::new(), Vec::new());
        for (function, name) in names {
            text.extend_from_slice(name.as_bytes());
            table.extend(function.as_u32().to_le_bytes());
            table.extend((text.len() as u32).to_le_bytes());
        }
        push(&mut bytes, &table);
        push(&mut bytes, &text);
        bytes
    }

    /// Returns a custom section, unless it is empty.
    pub(super) fn custom_section(&self, name: &str) -> Option<&[u8]> {
        let index = SECTIONS.iter().position(|one| *one == name)?;
        self.part(index).filter(|section| !section.is_empty())
    }

    /// Returns the offset in the module of the instruction that the code at `position` of a function was made of, if it was.
    pub(super) fn instruction(&self, function: LocalFunctionIndex, position: u32) -> Option<u32> {
        let (table, pieces) = (self.part(SECTIONS.len())?, self.part(SECTIONS.len() + 1)?);
        address_maps::find(table, pieces, function.as_u32(), position)
    }

    /// Returns the name of a function, if it has one.
    pub(super) fn function_name(&self, function: u32) -> Option<&str> {
        let (table, text) = (self.part(SECTIONS.len() + 2)?, self.part(SECTIONS.len() + 3)?);
        let (entries, _) = table.as_chunks::<8>();
        let number = |entry: &[u8; 8]| u64::from_le_bytes(*entry) as u32;
        let end = |entry: &[u8; 8]| (u64::from_le_bytes(*entry) >> 32) as usize;
        let place = entries.binary_search_by_key(&function, number).ok()?;
        let start = place.checked_sub(1).map_or(0, |before| end(&entries[before]));
        std::str::from_utf8(text.get(start..end(&entries[place]))?).ok()
    }

    /// Returns the part with this number.
    fn part(&self, number: usize) -> Option<&[u8]> {
        let (mut part, mut rest) = split(&self.0)?;
        for _ in 0..number {
            (part, rest) = split(rest)?;
        }
        Some(part)
    }
}

/// Returns a custom section of `module`, unless it is empty.
pub(super) fn custom_section<'a>(module: &'a ModuleInfo, name: &str) -> Option<&'a [u8]> {
    let index = module.custom_sections.get(name)?;
    let bytes = module.custom_sections_data.get(*index)?;
    (!bytes.is_empty()).then_some(bytes)
}

/// Returns the name of a function of `module`, if it has one.
pub(super) fn function_name(module: &ModuleInfo, function: u32) -> Option<&str> {
    module.function_names.get(&FunctionIndex::new(function as usize)).map(String::as_str)
}

fn push(bytes: &mut Vec<u8>, part: &[u8]) {
    bytes.extend((part.len() as u64).to_le_bytes());
    bytes.extend_from_slice(part);
}

fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)
}
