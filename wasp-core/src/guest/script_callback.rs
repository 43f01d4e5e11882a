//! `wasp.callback`: how a script calls the callbacks of its plugin's Config, by their names (section 7 of the guest ABI).

use crate::base::error::Result;
use crate::base::json;
use crate::base::nearest::hint;
use crate::base::packed::{self, Unpacker};
use crate::base::slots;
use crate::base::value::{Kind, Value};
use crate::config::callback::{Answer, Callback};
use crate::guest::guest_state::{Guest, abi};
use crate::guest::transfer::block_size;
use crate::vm::turn::HostTurn;
use smallvec::SmallVec;
use std::sync::Arc;
use wasmer_types::RawValue;

/// The host function's name in errors.
const CONTEXT: &str = "host function \"wasp\".\"callback\"";

/// Calls the callback that the first two arguments name, with what is packed in the third one. Sets `block` to the size of the packed
/// answer, which the guest keeps until [`place_answer`] puts it into guest memory.
pub(super) fn run(
    callbacks: &[Arc<Callback>],
    guest: &Guest,
    slots: &[RawValue],
    turn: &HostTurn,
    block: &mut u32,
) -> Result<()> {
    let [module, name, args] = [0, 1, 2].map(|at| slots::pointer(&slots[at]));
    let text = |pointer| guest.text(pointer, turn).map_err(|error| error.in_context(CONTEXT));
    let (module, name) = (text(module)?, text(name)?);
    let args = guest.data(args, turn).map_err(|error| error.in_context(CONTEXT))?;
    let known = callbacks.iter().find(|known| known.module == module && known.name == name);
    let answer = match known {
        Some(callback) => call(callback, guest, args)?,
        None => {
            let names = callbacks.iter().filter(|known| known.module == module);
            let near = hint(name, names.map(|known| known.name.as_str()));
            packed::pack_error(&format!("no callback provides {module:?}.{name:?}{near}"))
        }
    };
    let answer = Answer::Data(answer);
    *block = block_size(&answer.value(), Kind::Bytes)?;
    guest.keep_answer(answer)
}

/// Puts the packed answer into a block of the guest's, which owns it.
pub(super) fn place_answer(
    guest: &Guest,
    size: u32,
    slots: &mut [RawValue],
    turn: &mut HostTurn,
) -> Result<()> {
    let pointer = guest.allocate(size, Kind::Bytes, turn)?;
    slots[0].u32 = pointer;
    let Some(answer) = guest.take_answer() else { return Ok(()) };
    guest.fill_block(&answer.value(), pointer, size, turn)
}

/// Calls `callback` with packed arguments, and returns its packed answer: an error that the script can catch, where they don't fit.
fn call(callback: &Callback, guest: &Guest, args: &[u8]) -> Result<Vec<u8>> {
    let damaged = |what| abi(format!("{CONTEXT}: its packed arguments are damaged: {what}"));
    let mut values = Unpacker::new(args).map_err(damaged)?;
    let (takes, given) = (callback.params.len(), values.count());
    if takes != given {
        let s = if takes == 1 { "" } else { "s" };
        let message = format!("{callback} takes {takes} argument{s}, not {given}");
        return Ok(packed::pack_error(&message));
    }
    // Where arguments that become JSON are.
    let mut rooms: SmallVec<[String; 4]> = callback.params.iter().map(|_| String::new()).collect();
    let mut fitting: SmallVec<[Value<'_>; 4]> = SmallVec::new();
    for (kind, room) in callback.params.iter().zip(&mut rooms) {
        let value = values.next().map_err(damaged)?;
        match json::convert(value, *kind, room) {
            Some(value) => fitting.push(value),
            None => {
                let shown = slots::DisplayValues(std::slice::from_ref(&value));
                let (number, given) = (fitting.len() + 1, value.kind());
                let message = format!(
                    "{callback}: argument {number} is {given} {shown}, which does not fit {kind}"
                );
                return Ok(packed::pack_error(&message));
            }
        }
    }
    let answer = callback.answer(&fitting, guest, args.as_ptr_range())?;
    pack_answer(callback, &answer)
}

fn pack_answer(callback: &Callback, answer: &Answer) -> Result<Vec<u8>> {
    let room = &mut String::new();
    let value = answer.value();
    let value = json::convert(value, callback.result, room).ok_or_else(|| {
        let shown = slots::DisplayValues(std::slice::from_ref(&value));
        callback.refuse_answer(format!("{shown} does not fit {}", callback.result))
    })?;
    let mut block = Vec::new();
    packed::begin(1, &mut block);
    packed::push(&value, &mut block).map_err(|length| {
        let message = format!("{length} bytes are more than a plugin's memory can hold");
        callback.refuse_answer(message)
    })?;
    Ok(block)
}
