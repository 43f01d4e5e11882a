//! The names in a module that traces show.

use std::borrow::Cow;

/// Names of functions longer than this are left out of traces.
const LONGEST_NAME: usize = 1024;

/// Makes the name section one that nobody knows where it holds a long name: each frame of a trace has a copy of its
/// function's name and the module's, and there can be many thousands.
pub(crate) fn hide_long_names(wasm: &mut Cow<'_, [u8]>) {
    let mut hidden = Vec::new();
    let mut rest = wasm.get(8..).unwrap_or_default();
    while let Some((&id, after)) = rest.split_first() {
        let Some((section, after)) = sized(after) else { break };
        if id == 0
            && let Some((b"name", names)) = sized(section)
            && has_long_name(names).unwrap_or(true)
        {
            // Its offset, from what is left of the module.
            hidden.push(wasm.len() - after.len() - names.len() - 1);
        }
        rest = after;
    }
    for at in hidden {
        wasm.to_mut()[at] = b'_';
    }
}

/// Whether a name section holds a long name of the module or of a function; none if it is damaged.
fn has_long_name(mut names: &[u8]) -> Option<bool> {
    while let Some((&id, rest)) = names.split_first() {
        let (mut content, rest) = sized(rest)?;
        match id {
            0 if sized(content)?.0.len() > LONGEST_NAME => return Some(true),
            1 => {
                let (count, mut entries) = unsigned(content)?;
                for _ in 0..count {
                    (content, entries) = sized(unsigned(entries)?.1)?;
                    if content.len() > LONGEST_NAME {
                        return Some(true);
                    }
                }
            }
            _ => {}
        }
        names = rest;
    }
    Some(false)
}

/// A length and so many bytes, and what comes after.
fn sized(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (size, rest) = unsigned(bytes)?;
    rest.split_at_checked(size)
}

/// A number of up to five bytes, seven bits in each, and what comes after.
fn unsigned(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let end = bytes.iter().take(5).position(|byte| *byte < 0x80)? + 1;
    let (digits, rest) = bytes.split_at(end);
    let number = digits.iter().rev().fold(0, |sum, byte| sum << 7 | usize::from(byte & 0x7F));
    Some((number, rest))
}
