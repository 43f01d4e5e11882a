//! The blocks of guest memory that a call handed over: which must be freed, and when (section 3.6 of the guest ABI).

use crate::base::error::{Error, ErrorKind, Result};
use crate::base::value::Kind;
use std::cell::{Cell, RefCell};
use std::ops::Range;

/// How many blocks one call may have handed over before they are looked through for doubles. A guest that keeps half of
/// them alive at once is told so: the list is host memory.
const MOST_TRACKED: usize = 1 << 21;

/// A block of guest memory that the host gave or got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    pub pointer: u32,
    pub size: u32,
}

impl Block {
    /// The block at `pointer` that has `data` as its value.
    pub(crate) fn of(pointer: u32, data: &[u8], kind: Kind) -> Self {
        let extra = if kind == Kind::Bytes { 4 } else { 1 };
        Self { pointer, size: data.len() as u32 + extra }
    }

    fn range(self) -> Range<u64> {
        u64::from(self.pointer)..u64::from(self.pointer) + u64::from(self.size)
    }
}

/// The blocks of one call, and the one that the call before has left with the host.
#[derive(Default)]
pub(crate) struct Allocations {
    tracked: RefCell<Vec<Block>>,
    /// Whether they are being freed, each by guest code: what that hands over stays with the guest.
    freeing: Cell<bool>,
    lent: Cell<Option<Block>>,
}

impl Allocations {
    /// Notes a block to be freed when the outermost call ends.
    ///
    /// # Errors
    /// [`ErrorKind::Resource`] if there are too many.
    #[inline]
    pub(crate) fn track(&self, block: Block) -> Result<()> {
        if self.freeing.get() {
            return Ok(());
        }
        let mut tracked = self.tracked.borrow_mut();
        if tracked.len() >= MOST_TRACKED {
            make_room(&mut tracked)?;
        }
        tracked.push(block);
        Ok(())
    }

    /// Keeps a block that was tracked last back for the host to read. False if another one has a part of it: that one's end
    /// might change it.
    pub(crate) fn lend(&self, block: Block) -> bool {
        let mut tracked = self.tracked.borrow_mut();
        let range = block.range();
        let apart = |other: &Block| {
            let other = other.range();
            other.end <= range.start || range.end <= other.start
        };
        let Some((last, others)) = tracked.split_last() else { return false };
        if *last != block || !others.iter().all(apart) {
            return false;
        }
        tracked.pop();
        self.lent.set(Some(block));
        true
    }

    /// The block that the host reads: the last call's result, if that was lent.
    pub(crate) fn lent(&self) -> Option<Block> {
        self.lent.get()
    }

    /// The block that the host was reading until now.
    pub(crate) fn take_lent(&self) -> Option<Block> {
        // Asked at each call: the look is cheaper than the exchange.
        if self.lent().is_some() { self.lent.take() } else { None }
    }

    /// Whether nothing is tracked.
    pub(crate) fn is_empty(&self) -> bool {
        self.tracked.borrow().is_empty()
    }

    /// Leaves one block for each pointer, and says how many that are. Until all are [cleared](Self::clear), no more are
    /// noted.
    pub(crate) fn begin_freeing(&self) -> usize {
        self.freeing.set(true);
        let mut tracked = self.tracked.borrow_mut();
        dedup_by_pointer(&mut tracked);
        tracked.len()
    }

    /// The block at `at`.
    pub(crate) fn get(&self, index: usize) -> Block {
        self.tracked.borrow()[index]
    }

    /// Nothing is tracked any more. Keeps the room for the next call, but not what one huge call needed.
    pub(crate) fn clear(&self) {
        self.freeing.set(false);
        let mut tracked = self.tracked.borrow_mut();
        tracked.clear();
        if tracked.capacity() > 64 {
            tracked.shrink_to(64);
        }
    }

    /// The same, and nothing is lent.
    pub(crate) fn forget(&self) {
        self.clear();
        self.lent.set(None);
    }
}

#[cold]
fn make_room(tracked: &mut Vec<Block>) -> Result<()> {
    dedup_by_pointer(tracked);
    if tracked.len() > MOST_TRACKED / 2 {
        let message = format!("one call handed over more than {} blocks", MOST_TRACKED / 2);
        return Err(Error::new(ErrorKind::Resource, message));
    }
    Ok(())
}

/// Leaves one block for each pointer: the first, which has the size that it was allocated with.
fn dedup_by_pointer(blocks: &mut Vec<Block>) {
    match blocks.len() {
        0 | 1 => {}
        2..=8 => {
            let mut index = 1;
            while index < blocks.len() {
                if blocks[..index].iter().any(|known| known.pointer == blocks[index].pointer) {
                    blocks.remove(index);
                } else {
                    index += 1;
                }
            }
        }
        _ => {
            blocks.sort_by_key(|block| block.pointer);
            blocks.dedup_by_key(|block| block.pointer);
        }
    }
}
