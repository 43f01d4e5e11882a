//! A script that its runtime's module carries along, in a custom section (section 7 of the guest ABI).

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::text;
use crate::config::language;
use std::ops::Range;
use wasmer::sys::wasmparser::{BinaryReader, Parser, Payload};

/// The custom section that has the script.
pub(crate) const SECTION: &str = "wasp.script";

/// A script and its language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PackedScript {
    pub language: String,
    pub source: String,
}

impl PackedScript {
    /// Reads the contents of a section: the language, with its length in front, and the text, which ends with the section.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for anything else.
    pub(crate) fn read(section: &[u8]) -> Result<Self> {
        let mut reader = BinaryReader::new(section, 0);
        let language = match reader.read_string() {
            Ok(language) if language::is_name(language) => language.to_owned(),
            Ok(language) => {
                let shown: String = language.chars().take(64).collect();
                return Err(refused(format!(
                    "names {shown:?} as its language, and a language is 1 to 64 letters, digits, '-' and '_' of ASCII"
                )));
            }
            Err(_) => return Err(refused("has no name of a language at its start")),
        };
        let source = &section[reader.original_position() as usize..];
        let Ok(source) = std::str::from_utf8(source) else {
            return Err(refused("has a text that is not UTF-8"));
        };
        if text::has_nul(source.as_bytes()) {
            return Err(refused("has a text with a NUL inside"));
        }
        Ok(Self { language, source: source.to_owned() })
    }

    /// Returns the contents of a section that [`read`](Self::read) reads.
    fn write(&self) -> Vec<u8> {
        let mut section = Vec::with_capacity(self.language.len() + self.source.len() + 5);
        push_length(self.language.len(), &mut section);
        section.extend_from_slice(self.language.as_bytes());
        section.extend_from_slice(self.source.as_bytes());
        section
    }
}

/// Returns the script in `wasm`, a module in the binary format; none where it has none.
///
/// # Errors
/// Those of [`split`].
pub(crate) fn of_module(wasm: &[u8]) -> Result<Option<PackedScript>> {
    find(wasm)?.map(|(_, data)| PackedScript::read(&wasm[data])).transpose()
}

/// Returns the script in `wasm`, a module in the binary format, and the module without it, whose machine code other scripts share; none
/// where it has none.
///
/// # Errors
/// [`ErrorKind::Invalid`] for a section that is no script, and for several.
pub(crate) fn split(wasm: &[u8]) -> Result<Option<(PackedScript, Vec<u8>)>> {
    let Some((place, data)) = find(wasm)? else { return Ok(None) };
    let script = PackedScript::read(&wasm[data])?;
    Ok(Some((script, [&wasm[..place.start], &wasm[place.end..]].concat())))
}

/// Returns `wasm`, a module in the binary format, with the script at its end.
///
/// # Errors
/// [`ErrorKind::Invalid`] where it has one already, or this can be none.
pub(crate) fn join(wasm: &[u8], language: &str, source: &str) -> Result<Vec<u8>> {
    if find(wasm)?.is_some() {
        let message =
            format!("the module has a section {SECTION:?} already, and carries one script");
        return Err(Error::new(ErrorKind::Invalid, message));
    }
    let script = PackedScript { language: language.to_owned(), source: source.to_owned() };
    let contents = script.write();
    PackedScript::read(&contents)?;
    let mut section = Vec::with_capacity(contents.len() + SECTION.len() + 8);
    push_length(SECTION.len(), &mut section);
    section.extend_from_slice(SECTION.as_bytes());
    section.extend(contents);
    let mut module = wasm.to_vec();
    module.push(0);
    push_length(section.len(), &mut module);
    module.extend(section);
    Ok(module)
}

/// Finds the section: where it is as a whole, and where its contents are.
fn find(wasm: &[u8]) -> Result<Option<(Range<usize>, Range<usize>)>> {
    let mut found = None;
    let mut end = 8;
    // A module that ends in an error here is refused by the compiler.
    for payload in Parser::new(0).parse_all(wasm).map_while(Result::ok) {
        if let Payload::CustomSection(section) = &payload
            && section.name() == SECTION
        {
            if found.is_some() {
                let message =
                    format!("the module has several sections {SECTION:?}, and carries one script");
                return Err(Error::new(ErrorKind::Invalid, message));
            }
            let data = section.data_offset() as usize;
            let range = end..data + section.data().len();
            found = Some((range, data..data + section.data().len()));
        }
        if let Some((_, range)) = payload.as_section() {
            end = range.end as usize;
        }
    }
    Ok(found)
}

/// Appends a length in LEB128.
fn push_length(mut length: usize, to: &mut Vec<u8>) {
    while length > 0x7F {
        to.push(length as u8 | 0x80);
        length >>= 7;
    }
    to.push(length as u8);
}

fn refused(what: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Invalid, format!("the section {SECTION:?} {what}"))
}
