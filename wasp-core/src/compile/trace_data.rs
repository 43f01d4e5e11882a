//! What traces need of a module besides its code, kept beside the artifact: wasmer copies all that is within each time it loads
//! one, name by name, and most plugins never have a trace.

use bytes::Bytes;
use wasmer_types::entity::EntityRef;
use wasmer_types::{FunctionIndex, ModuleInfo};

/// The custom sections that lines are read from.
const SECTIONS: [&str; 3] = [".debug_line", ".debug_str", ".debug_line_str"];

/// Each of the sections, then a table of functions that have names, sorted, then these names. A section and the table begin with
/// their lengths, in bytes; the table has each function's number and where its name ends.
#[derive(Default)]
pub(crate) struct TraceData(Bytes);

impl TraceData {
    /// Reads what [`take`](Self::take) made.
    pub(super) fn new(bytes: Bytes) -> Self {
        Self(bytes)
    }

    /// Takes names and custom sections out of a module. Those that no trace needs are gone.
    pub(super) fn take(module: &mut ModuleInfo) -> Vec<u8> {
        let mut bytes = Vec::new();
        for name in SECTIONS {
            push(&mut bytes, custom_section(module, name).unwrap_or_default());
        }
        module.custom_sections.clear();
        module.custom_sections_data.clear();
        let mut names: Vec<_> = std::mem::take(&mut module.function_names).into_iter().collect();
        names.sort_unstable();
        let (mut table, mut text) = (Vec::new(), Vec::new());
        for (function, name) in names {
            text.extend_from_slice(name.as_bytes());
            table.extend(function.as_u32().to_le_bytes());
            table.extend((text.len() as u32).to_le_bytes());
        }
        push(&mut bytes, &table);
        bytes.extend(text);
        bytes
    }

    /// Returns a custom section, unless it is empty.
    pub(super) fn custom_section(&self, name: &str) -> Option<&[u8]> {
        let index = SECTIONS.iter().position(|one| *one == name)?;
        let (section, _) = self.part(index)?;
        (!section.is_empty()).then_some(section)
    }

    /// Returns the name of a function, if it has one.
    pub(super) fn function_name(&self, function: u32) -> Option<&str> {
        let (table, text) = self.part(SECTIONS.len())?;
        let (entries, _) = table.as_chunks::<8>();
        let number = |entry: &[u8; 8]| u64::from_le_bytes(*entry) as u32;
        let end = |entry: &[u8; 8]| (u64::from_le_bytes(*entry) >> 32) as usize;
        let place = entries.binary_search_by_key(&function, number).ok()?;
        let start = place.checked_sub(1).map_or(0, |before| end(&entries[before]));
        std::str::from_utf8(text.get(start..end(&entries[place]))?).ok()
    }

    /// Returns the part with this number, and what comes after it.
    fn part(&self, number: usize) -> Option<(&[u8], &[u8])> {
        let mut rest = &self.0[..];
        for _ in 0..number {
            (_, rest) = split(rest)?;
        }
        split(rest)
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
