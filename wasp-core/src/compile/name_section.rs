//! The names in a module that traces show.

use std::borrow::Cow;
use wasmer::sys::wasmparser::{
    BinaryReaderError, KnownCustom, Name, NameSectionReader, Parser, Payload,
};

/// A module with a longer name than this, of itself or of a function, shows no names in traces.
const LONGEST_NAME: usize = 1024;

/// Renames each name section that holds a long name, so that wasmer doesn't read it: each frame of a trace has a copy of its
/// function's name and the module's, and there can be many thousands.
pub(crate) fn hide_long_names(wasm: &mut Cow<'_, [u8]>) {
    let mut hidden = Vec::new();
    // A module that ends in an error here is refused by the compiler.
    for payload in Parser::new(0).parse_all(wasm).map_while(Result::ok) {
        let Payload::CustomSection(section) = payload else { continue };
        if let KnownCustom::Name(names) = section.as_known()
            && has_long_name(names).unwrap_or(true)
        {
            // The last letter of the section's own name stands before its data.
            hidden.push(section.data_offset() as usize - 1);
        }
    }
    for offset in hidden {
        wasm.to_mut()[offset] = b'_';
    }
}

/// Returns whether a name section holds a long name of the module or of a function.
fn has_long_name(names: NameSectionReader<'_>) -> Result<bool, BinaryReaderError> {
    for name in names {
        match name? {
            Name::Module { name, .. } if name.len() > LONGEST_NAME => return Ok(true),
            Name::Function(functions) => {
                for function in functions {
                    if function?.name.len() > LONGEST_NAME {
                        return Ok(true);
                    }
                }
            }
            _ => {}
        }
    }
    Ok(false)
}
