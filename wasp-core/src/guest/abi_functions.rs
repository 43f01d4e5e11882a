//! The host functions of the guest ABI itself (section 3.4): how a guest reports an error, or gives up.

use crate::base::error::{Error, ErrorKind};
use crate::base::log::Level;
use crate::base::value::Kind;
use crate::guest::allocations::Block;
use crate::guest::guest_state::Guest;
use crate::vm::turn::HostTurn;

impl Guest {
    /// `env.raise_error`: the call fails with this text when the guest returns (section 3.4).
    pub(crate) fn raise_error(&self, pointer: u32, turn: &HostTurn) -> Result<(), Error> {
        let context = "host function \"env\".\"raise_error\"";
        let text = self.text(pointer, turn).map_err(|error| error.in_context(context))?.to_owned();
        self.allocations.track(Block::of(pointer, text.as_bytes(), Kind::String))?;
        self.plugin.log.write(Level::Debug, "Error raised by plugin", &[("error", &text)]);
        self.state.raise(text);
        Ok(())
    }

    /// `env.abort`, as AssemblyScript calls it.
    pub(crate) fn abort(&self, [message, file, line, column]: [u32; 4], turn: &HostTurn) -> Error {
        let (message, file) = (self.utf16(message, turn), self.utf16(file, turn));
        let mut text = String::from("the plugin aborted");
        if !message.is_empty() {
            text = format!("{text}: {message}");
        }
        if !file.is_empty() {
            text = format!("{text}, at {file}:{line}:{column}");
        }
        Error::new(ErrorKind::Abort, text)
    }

    /// An AssemblyScript string: UTF-16, its length in bytes in the four bytes before it. Empty where it can't be read:
    /// the guest is dying, and half of a message is better than none.
    fn utf16(&self, pointer: u32, turn: &HostTurn) -> String {
        let bytes = self.memory().map(|memory| memory.bytes(turn)).unwrap_or_default();
        let text = (pointer as usize).checked_sub(4).and_then(|start| {
            let (length, text) = bytes.get(start..)?.split_first_chunk::<4>()?;
            // A message is for people: a page of it is enough.
            text.get(..(u32::from_le_bytes(*length) as usize).min(4096))
        });
        let units = text
            .unwrap_or_default()
            .chunks_exact(2)
            .map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
        char::decode_utf16(units)
            .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
            // The message is one line.
            .map(|unit| if unit.is_control() { ' ' } else { unit })
            .collect()
    }
}
