//! How `lib/instance.js` packs what it knows of a call into one number, since each number that is asked for costs as much
//! as its use. From the lowest bits: the kind of the result, the types of the first arguments, and the place of the function
//! in its plugin's list. JavaScript reads the shifts from here.

use crate::value::kind;
use napi::Env;
use napi::bindgen_prelude::Object;
use wasp_core::Kind;

/// How many arguments such a call may have.
pub(crate) const TYPES: usize = 4;

/// The type of an argument: a string, a number, or another one, which is 0.
pub(crate) const TEXT: u32 = 1;
pub(crate) const NUMBER: u32 = 2;

/// Instead of the kind of a result: the plugin should know it.
const UNSAID: u32 = 15;

const KIND_BITS: u32 = 4;
const TYPE_BITS: u32 = 2;
/// Where the place begins.
const PLACE: u32 = KIND_BITS + TYPE_BITS * TYPES as u32;
/// How many places there are: JavaScript shifts signed numbers of 32 bits.
const PLACES: u32 = 1 << (31 - PLACE);

/// A packed call.
#[derive(Clone, Copy)]
pub(crate) struct Packed(pub u32);

impl Packed {
    /// Returns the kind of the result; none where the plugin should know it.
    #[inline(always)]
    pub(crate) fn result(self) -> Option<Kind> {
        result_kind(self.0 & ((1 << KIND_BITS) - 1))
    }

    /// Returns the type of argument number `index`, from 0.
    #[inline(always)]
    pub(crate) fn arg_type(self, index: usize) -> u32 {
        self.0 >> (KIND_BITS + TYPE_BITS * index as u32) & ((1 << TYPE_BITS) - 1)
    }

    /// Returns the place of the function in its plugin's list.
    #[inline(always)]
    pub(crate) fn place(self) -> u32 {
        self.0 >> PLACE
    }
}

/// Returns the kind of a result by its number; none where the plugin should know it.
#[inline(always)]
pub(crate) fn result_kind(number: u32) -> Option<Kind> {
    (number != UNSAID).then(|| kind(number))
}

/// Makes the object that tells JavaScript all of that.
pub(crate) fn layout(env: &Env) -> napi::Result<Object<'_>> {
    let mut layout = Object::new(env)?;
    layout.set("UNSAID", UNSAID)?;
    layout.set("TEXT", TEXT)?;
    layout.set("NUMBER", NUMBER)?;
    layout.set("PLACE", PLACE)?;
    layout.set("PLACES", PLACES)?;
    let shifts = (0..TYPES as u32).map(|index| KIND_BITS + TYPE_BITS * index);
    layout.set("TYPES", shifts.collect::<Vec<_>>())?;
    Ok(layout)
}
