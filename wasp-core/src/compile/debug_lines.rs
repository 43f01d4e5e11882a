//! The source lines of a module's instructions, by the line number programs of its DWARF (DWARF 5, section 6.2; "DWARF for
//! WebAssembly" says where they lie in a module and that their addresses count from the code section's contents).
//!
//! The module may be hostile, so nothing here depends on what its DWARF promises: the programs are run one row after the other, no
//! table is built of them, and nothing calls itself. That is why this reads neither units nor inlined functions, for which
//! `addr2line` follows the nesting of the module's own tree with the host's stack.

use gimli::{AttributeValue, ColumnType, DebugLine, DebugLineOffset, EndianSlice, LittleEndian};
use gimli::{LineProgramHeader, LineRow};
use parking_lot::Mutex;
use std::borrow::Cow;
use std::collections::HashMap;

type Slice<'a> = EndianSlice<'a, LittleEndian>;

/// Returns a custom section by its name, unless it is empty.
type Sections<'a, 'b> = &'b dyn Fn(&str) -> Option<&'a [u8]>;

/// A section with more line number programs than this isn't read: it would take a tenth of a second.
const LARGEST_SECTION: usize = 16 << 20;

/// A program with a longer header than this is left out: what it lists takes many times its size.
const LARGEST_HEADER: u32 = 512 << 10;

/// The longest name of a file.
const LONGEST_NAME: usize = 1024;

/// How many answers are kept.
const MOST_KNOWN: usize = 4096;

/// Where an instruction is in its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SourceLine {
    pub file: String,
    /// From 1; none where the instruction is of no line.
    pub line: Option<u32>,
    /// From 1; none where it isn't known.
    pub column: Option<u32>,
}

/// What is known of a module's instructions, by their offsets in it: a plugin that fails does so at the same few again.
#[derive(Default)]
pub(crate) struct DebugLines(Mutex<HashMap<u32, Option<SourceLine>>>);

impl DebugLines {
    /// Returns where each of the instructions at `offsets` of the module with these `sections` is in its source, whose code
    /// begins at `code_offset`.
    pub(super) fn find(
        &self,
        sections: Sections<'_, '_>,
        code_offset: u32,
        offsets: &[u32],
    ) -> Vec<Option<SourceLine>> {
        let Some(lines) = sections(".debug_line") else { return vec![None; offsets.len()] };
        // A child of a fork may find it taken for ever.
        let mut known = self.0.try_lock();
        let mut wanted: Vec<u32> = offsets.to_vec();
        if let Some(known) = &mut known {
            if known.len() > MOST_KNOWN {
                known.clear();
            }
            wanted.retain(|offset| !known.contains_key(offset));
        }
        let mut found: HashMap<u32, SourceLine> = HashMap::new();
        if !wanted.is_empty() {
            let addresses = wanted.iter().filter_map(|offset| offset.checked_sub(code_offset));
            let mut search = Search::new(sections, addresses.map(u64::from));
            search.run(lines);
            let place = |(address, line)| (address as u32 + code_offset, line);
            found = search.found.into_iter().map(place).collect();
        }
        let mut answer = |offset: &u32| match &mut known {
            Some(known) => {
                known.entry(*offset).or_insert_with(|| found.get(offset).cloned()).clone()
            }
            None => found.get(offset).cloned(),
        };
        offsets.iter().map(&mut answer).collect()
    }
}

/// A search for the lines of some addresses in all line number programs.
struct Search<'a> {
    strings: Slice<'a>,
    line_strings: Slice<'a>,
    /// Those without a line yet, sorted.
    wanted: Vec<u64>,
    found: HashMap<u64, SourceLine>,
}

impl<'a> Search<'a> {
    fn new(sections: Sections<'a, '_>, addresses: impl Iterator<Item = u64>) -> Self {
        let text = |name| Slice::new(sections(name).unwrap_or_default(), LittleEndian);
        let mut wanted: Vec<u64> = addresses.collect();
        wanted.sort_unstable();
        wanted.dedup();
        let (strings, line_strings) = (text(".debug_str"), text(".debug_line_str"));
        Self { strings, line_strings, wanted, found: HashMap::new() }
    }

    /// Runs the programs of `section`, as far as they can be read.
    fn run(&mut self, section: &'a [u8]) {
        if section.len() > LARGEST_SECTION {
            return;
        }
        let mut start = 0;
        while let Some(length) = program_length(section, start) {
            if self.wanted.is_empty() {
                return;
            }
            if header_length(section, start).is_some_and(|length| length <= LARGEST_HEADER) {
                // Up to what can't be read, its lines are right.
                let _ = self.run_program(section, start);
            }
            start += length;
        }
    }

    fn run_program(&mut self, section: &'a [u8], start: usize) -> gimli::Result<()> {
        let program = DebugLine::new(section, LittleEndian);
        let program = program.program(DebugLineOffset(start), 4, None, None)?;
        let mut rows = program.rows();
        let mut before: Option<LineRow> = None;
        let mut is_dead = false;
        while let Some((header, row)) = rows.next_row()? {
            match &before {
                // The code of a function that the linker left out is at no address.
                None => is_dead = row.address() == 0 || row.address() >= 0xffff_fffe,
                Some(before) if !is_dead => self.note(header, before, row.address()),
                Some(_) => {}
            }
            if self.wanted.is_empty() {
                return Ok(());
            }
            before = (!row.end_sequence()).then_some(*row);
        }
        Ok(())
    }

    /// Notes the line of the addresses from `row` up to `end`.
    fn note(&mut self, header: &LineProgramHeader<Slice<'a>>, row: &LineRow, end: u64) {
        let first = self.wanted.partition_point(|address| *address < row.address());
        let count = self.wanted[first..].iter().take_while(|address| **address < end).count();
        if count == 0 {
            return;
        }
        let addresses: Vec<_> = self.wanted.drain(first..first + count).collect();
        // One whose file can't be read has no line: looked for again at each row, it could take hours.
        let Some(file) = self.file(header, row.file_index()) else { return };
        let number = |number: u64| u32::try_from(number).ok();
        let line = row.line().and_then(|line| number(line.get()));
        let column = match row.column() {
            ColumnType::LeftEdge => None,
            ColumnType::Column(column) => number(column.get()),
        };
        for address in addresses {
            let column = line.and(column);
            self.found.insert(address, SourceLine { file: file.clone(), line, column });
        }
    }

    /// Returns the name of a file, without the directory that the compiler ran in.
    fn file(&self, header: &LineProgramHeader<Slice<'a>>, index: u64) -> Option<String> {
        let file = header.file(index)?;
        let name = self.text(file.path_name())?;
        let directory = match file.directory_index() {
            0 => None,
            _ => file.directory(header).and_then(|directory| self.text(directory)),
        };
        let name = match directory {
            Some(directory) if !name.starts_with('/') => format!("{directory}/{name}"),
            _ => name.into_owned(),
        };
        (name.len() <= LONGEST_NAME).then_some(name)
    }

    fn text(&self, value: AttributeValue<Slice<'a>>) -> Option<Cow<'a, str>> {
        let start = |section: Slice<'a>, offset: usize| {
            let (_, text) = section.slice().split_at_checked(offset)?;
            // A section may be large, and have no NUL at all.
            text[..text.len().min(LONGEST_NAME + 1)].split(|byte| *byte == 0).next()
        };
        let bytes = match value {
            AttributeValue::String(text) => text.slice(),
            AttributeValue::DebugStrRef(offset) => start(self.strings, offset.0)?,
            AttributeValue::DebugLineStrRef(offset) => start(self.line_strings, offset.0)?,
            _ => return None,
        };
        (bytes.len() <= LONGEST_NAME).then(|| String::from_utf8_lossy(bytes))
    }
}

/// Returns how long the program at `start` is with its length, which in a module is of 32 bits.
fn program_length(section: &[u8], start: usize) -> Option<usize> {
    let length = u32_at(section, start)?;
    (length < 0xffff_fff0).then_some(length as usize + 4)
}

/// Returns how long the header of the program at `start` is.
fn header_length(section: &[u8], start: usize) -> Option<u32> {
    // From version 5 on, two bytes about addresses come first.
    let version = *section.get(start + 4)?;
    u32_at(section, start + if version >= 5 { 8 } else { 6 })
}

fn u32_at(section: &[u8], offset: usize) -> Option<u32> {
    section.get(offset..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}
