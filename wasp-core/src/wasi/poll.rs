//! `poll_oneoff` with absolute times of the real-time clock, which wasi-common doesn't take.
//!
//! Each becomes the time that is left, of the monotonic clock. The real-time clock may be set meanwhile; then the guest wakes at
//! another time than it asked for, as it may with any sleep that is not the kernel's.

use std::time::{SystemTime, UNIX_EPOCH};

/// Where the parts of a subscription are in memory: the generations differ.
pub(super) struct Layout {
    size: usize,
    id: usize,
    timeout: usize,
    flags: usize,
}

pub(super) const PREVIEW_1: Layout = Layout { size: 48, id: 16, timeout: 24, flags: 40 };
pub(super) const PREVIEW_0: Layout = Layout { size: 56, id: 24, timeout: 32, flags: 48 };

/// Where a subscription says what it is of, and what it says for a clock.
const TAG: usize = 8;
const CLOCK: u8 = 0;

const REALTIME: u32 = 0;
const MONOTONIC: u32 = 1;
const ABSOLUTE: u16 = 1;

const EVENT: usize = 32;

/// A memory of our own that has the subscriptions, and room for the events.
pub(super) struct Translated {
    pub memory: Vec<u8>,
    /// Where the guest has the events, and their number.
    events: usize,
    ready: usize,
    count: usize,
    layout: &'static Layout,
}

impl Translated {
    /// Returns the translation of a call with these arguments, if it has times to be translated. What isn't in memory, wasi-common finds.
    pub(super) fn of(layout: &'static Layout, memory: &[u8], args: &[u64]) -> Option<Self> {
        let &[list, events, count, ready] = args else { return None };
        let at = |address: u64| address as u32 as usize;
        let (list, events, count, ready) = (at(list), at(events), at(count), at(ready));
        let list = memory.get(list..list.checked_add(count.checked_mul(layout.size)?)?)?;
        memory.get(events..events.checked_add(count * EVENT)?)?;
        memory.get(ready..ready.checked_add(4)?)?;
        let mut memory = list.to_vec();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
        let now = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        let mut any = false;
        for one in memory.chunks_exact_mut(layout.size) {
            any |= layout.translate(one, now);
        }
        memory.resize(memory.len() + count * EVENT + 4, 0);
        any.then_some(Self { memory, events, ready, count, layout })
    }

    /// Returns the arguments of the call in our memory.
    pub(super) fn args(&self) -> [u64; 4] {
        let events = self.count * self.layout.size;
        [0, events as u64, self.count as u64, (events + self.count * EVENT) as u64]
    }

    /// Gives the guest what came of it.
    pub(super) fn finish(&self, memory: &mut [u8]) {
        let (events, ready) =
            self.memory[self.count * self.layout.size..].split_at(self.count * EVENT);
        let number = u32::from_le_bytes([ready[0], ready[1], ready[2], ready[3]]) as usize;
        let events = &events[..number.min(self.count) * EVENT];
        memory[self.events..self.events + events.len()].copy_from_slice(events);
        memory[self.ready..self.ready + 4].copy_from_slice(ready);
    }
}

impl Layout {
    /// Translates a subscription, and returns whether there was something to do.
    fn translate(&self, one: &mut [u8], now: u64) -> bool {
        let (Some(id), Some(timeout), Some(flags)) = (
            one.get(self.id..).and_then(|rest| rest.first_chunk().copied()).map(u32::from_le_bytes),
            one.get(self.timeout..)
                .and_then(|rest| rest.first_chunk().copied())
                .map(u64::from_le_bytes),
            one.get(self.flags..)
                .and_then(|rest| rest.first_chunk().copied())
                .map(u16::from_le_bytes),
        ) else {
            return false;
        };
        let is_one = one[TAG] == CLOCK && id == REALTIME && flags == ABSOLUTE;
        if is_one {
            one[self.id..self.id + 4].copy_from_slice(&MONOTONIC.to_le_bytes());
            one[self.timeout..self.timeout + 8]
                .copy_from_slice(&timeout.saturating_sub(now).to_le_bytes());
            one[self.flags..self.flags + 2].copy_from_slice(&0_u16.to_le_bytes());
        }
        is_one
    }
}
