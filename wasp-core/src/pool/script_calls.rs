//! Calls of a script runtime: what loads a script, and what calls its functions (section 7 of the guest ABI).

use crate::base::abi_names::LOAD;
use crate::base::error::{Error, ErrorKind, Frame, Result};
use crate::base::packed;
use crate::base::slots::Slots;
use crate::base::value::{Kind, Value};
use crate::pool::wasm_instance::WasmInstance;
use std::time::Duration;

/// Room for packed arguments of at most so many bytes is kept.
const WORTH_KEEPING: usize = 4096;

impl WasmInstance {
    /// Loads the script, if it is one's, into its runtime.
    pub(super) fn load_script(&mut self) -> Result<()> {
        let plugin = self.plugin();
        let Some(script) = &plugin.script else { return Ok(()) };
        // What start-up left may be what other scripts begin with, too: its random numbers, say.
        self.resume_at_next_call();
        let args = [Value::String(&script.source), Value::String(&script.callbacks)];
        let loaded = self.call(script.load, &args, Kind::None, &mut Slots::default());
        loaded.map_err(|error| match error.kind() {
            ErrorKind::Guest => match error.trace().first().and_then(place) {
                Some(place) => error.after(format_args!(" ({place})")),
                None => error,
            },
            _ => error.in_context(format_args!("its {LOAD:?}")),
        })
    }

    /// Calls the function `index` of its script, whose answer can be [`read`](Self::invoked) afterwards.
    pub(crate) fn invoke(
        &mut self,
        timeout: Option<Duration>,
        index: usize,
        args: &[Value<'_>],
    ) -> Result<()> {
        let plugin = self.plugin();
        let Some(script) = &plugin.script else { return Err(no_script()) };
        let mut block = std::mem::take(self.packed_room());
        block.clear();
        let outcome = plugin.functions()[index].pack(args, &mut block).and_then(|()| {
            let args = [Value::I32(index as i32), Value::Bytes(&block)];
            let slots = &mut Slots::default();
            self.call_within(timeout, script.invoke, &args, Kind::Bytes, slots)
        });
        block.shrink_to(WORTH_KEEPING);
        *self.packed_room() = block;
        outcome
    }

    /// Returns what the last function of its script answered, there until the next call.
    pub(crate) fn invoked(&self) -> Result<Value<'_>> {
        let Value::Bytes(block) = self.read(Kind::Bytes)? else { return Err(no_script()) };
        packed::unpack_one(block).map_err(|what| {
            Error::new(ErrorKind::Abi, format!("its packed answer is damaged: {what}"))
        })
    }
}

/// `greeter.js:3:9`
fn place(frame: &Frame) -> Option<String> {
    let mut place = frame.file.clone()?;
    for number in [frame.line, frame.column].into_iter().map_while(|number| number) {
        place = format!("{place}:{number}");
    }
    Some(place)
}

#[cold]
fn no_script() -> Error {
    Error::new(ErrorKind::Internal, "the plugin is no script")
}
