//! Blocks of the host's memory, which a guest reads and writes by 64-bit offsets.

use std::collections::BTreeSet;

/// Where the first block begins: 0 is no block.
const START: usize = 16;
/// What blocks are aligned to.
const ALIGN: u64 = 8;
/// What is known of a block counts as so many bytes, since a guest may have many that are empty otherwise.
const OVERHEAD: u64 = 64;
/// Memory is counted in these, as linear memory is.
const PAGE: u64 = 64 << 10;
/// Room for so many blocks is kept.
const WORTH_KEEPING: usize = 1024;

/// The blocks of one instance. Whatever a guest passes, nothing outside of them is read or written.
#[derive(Default)]
pub(crate) struct Blocks {
    /// All blocks, one after the other. It is as long as they are, and grows by zeros: nothing of an earlier call, or of another owner,
    /// is in it.
    bytes: Vec<u8>,
    /// In the order of their offsets.
    blocks: Vec<Block>,
    /// The freed ones, by their sizes and where they stand in `blocks`.
    free: BTreeSet<(u64, usize)>,
    /// How many pages were asked for.
    pages: u64,
}

struct Block {
    offset: u64,
    /// What there is room for.
    size: u64,
    /// What was asked for; none where it is free.
    used: Option<u64>,
}

impl Blocks {
    /// Makes a block of `length` bytes and returns its offset, or 0 where there is no memory for it or it would be empty. `take` asks
    /// for pages of the instance's memory.
    pub(crate) fn allocate(&mut self, length: u64, take: impl FnOnce(u64) -> bool) -> u64 {
        self.add(length, take, |bytes, end| bytes.resize(end, 0))
    }

    /// The same for a block with `data` in it.
    pub(crate) fn allocate_with(&mut self, data: &[u8], take: impl FnOnce(u64) -> bool) -> u64 {
        let mut filled = false;
        let offset = self.add(data.len() as u64, take, |bytes, end| {
            bytes.extend_from_slice(data);
            bytes.resize(end, 0);
            filled = true;
        });
        if !filled && let Some(place) = self.range_mut(offset, data.len()) {
            place.copy_from_slice(data);
        }
        offset
    }

    fn add(
        &mut self,
        length: u64,
        take: impl FnOnce(u64) -> bool,
        fill: impl FnOnce(&mut Vec<u8>, usize),
    ) -> u64 {
        if length == 0 {
            return 0;
        }
        let offset = self.bytes.len().max(START);
        let size = length.checked_next_multiple_of(ALIGN);
        let Some((size, end)) =
            size.and_then(|size| Some((size, (offset as u64).checked_add(size)?)))
        else {
            return 0;
        };
        if end > self.pages * PAGE
            && let Some(offset) = self.reuse(length)
        {
            return offset;
        }
        let Some(counted) = (self.blocks.len() as u64 + 1)
            .checked_mul(OVERHEAD)
            .and_then(|all| all.checked_add(end))
        else {
            return 0;
        };
        let pages = counted.div_ceil(PAGE);
        if pages > self.pages {
            if !take(pages - self.pages) {
                return 0;
            }
            self.pages = pages;
        }
        let Ok(end) = usize::try_from(end) else { return 0 };
        let more = end - self.bytes.len();
        // Room for more than that is welcome, and may be too much.
        if self.bytes.try_reserve(more).is_err() && self.bytes.try_reserve_exact(more).is_err() {
            return 0;
        }
        self.bytes.resize(offset, 0);
        fill(&mut self.bytes, end);
        self.blocks.push(Block { offset: offset as u64, size, used: Some(length) });
        offset as u64
    }

    /// Takes a freed block that is large enough, and not much larger.
    fn reuse(&mut self, length: u64) -> Option<u64> {
        let (size, index) = *self.free.range((length, 0)..).next()?;
        if size > length.saturating_mul(2).saturating_add(128) {
            return None;
        }
        self.free.remove(&(size, index));
        let block = &mut self.blocks[index];
        block.used = Some(length);
        Some(block.offset)
    }

    /// Frees the block at `offset`, if there is one.
    pub(crate) fn free(&mut self, offset: u64) {
        let Some(index) = self.find(offset) else { return };
        let block = &mut self.blocks[index];
        if block.used.take().is_some() {
            self.free.insert((block.size, index));
        }
    }

    /// Returns the length of the block at `offset`; 0 where there is none.
    pub(crate) fn length(&self, offset: u64) -> u64 {
        self.find(offset).and_then(|index| self.blocks[index].used).unwrap_or_default()
    }

    /// Returns where the block at `offset` stands, freed or not.
    fn find(&self, offset: u64) -> Option<usize> {
        // The newest is asked for most.
        match self.blocks.last() {
            Some(last) if last.offset == offset => Some(self.blocks.len() - 1),
            _ => self.blocks.binary_search_by_key(&offset, |block| block.offset).ok(),
        }
    }

    /// Returns what is in the block at `offset`: nothing for 0, and none where there is no block.
    pub(crate) fn data(&self, offset: u64) -> Option<&[u8]> {
        if offset == 0 {
            return Some(&[]);
        }
        match self.length(offset) {
            0 => None,
            length => self.range(offset, length),
        }
    }

    /// Returns `length` bytes from `offset` on, if they are all within blocks.
    pub(crate) fn range(&self, offset: u64, length: u64) -> Option<&[u8]> {
        let (offset, length) = (usize::try_from(offset).ok()?, usize::try_from(length).ok()?);
        self.bytes.get(offset..)?.get(..length)
    }

    fn range_mut(&mut self, offset: u64, length: usize) -> Option<&mut [u8]> {
        self.bytes.get_mut(usize::try_from(offset).ok()?..)?.get_mut(..length)
    }

    /// Returns `N` bytes from `offset` on; zeros where they aren't all within blocks.
    #[inline(always)]
    pub(crate) fn load<const N: usize>(&self, offset: u64) -> [u8; N] {
        let rest = usize::try_from(offset).ok().and_then(|offset| self.bytes.get(offset..));
        rest.and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; N])
    }

    /// Writes `bytes` from `offset` on, if there is room for all within blocks.
    #[inline(always)]
    pub(crate) fn store<const N: usize>(&mut self, offset: u64, bytes: [u8; N]) {
        let rest = usize::try_from(offset).ok().and_then(|offset| self.bytes.get_mut(offset..));
        if let Some(place) = rest.and_then(|rest| rest.first_chunk_mut()) {
            *place = bytes;
        }
    }

    /// Returns how many bytes the blocks take, in whole pages.
    pub(crate) fn len(&self) -> u64 {
        (self.bytes.len() as u64).next_multiple_of(PAGE)
    }

    /// Returns whether `data` is in the memory of the blocks.
    pub(crate) fn has(&self, data: &[u8]) -> bool {
        self.bytes.as_ptr_range().contains(&data.as_ptr())
    }

    /// Forgets all blocks. Their memory is kept for the next ones.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.blocks.clear();
        self.blocks.shrink_to(WORTH_KEEPING);
        self.free.clear();
    }

    /// Forgets all blocks, and returns how many pages had been asked for. At most so many bytes of their memory are kept.
    pub(crate) fn release(&mut self, most: usize) -> u64 {
        self.clear();
        if self.bytes.capacity() > most {
            self.bytes = Vec::new();
        }
        std::mem::take(&mut self.pages)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn yes(_: u64) -> bool {
        true
    }

    #[test]
    fn nothing_outside_of_the_blocks_is_read_or_written() {
        let mut blocks = Blocks::default();
        assert_eq!(blocks.load::<8>(0), [0; 8]);
        let offset = blocks.allocate_with(b"12345678", yes);
        assert_eq!((blocks.length(offset), blocks.load(offset)), (8, *b"12345678"));
        for hostile in [offset + 1, offset + 8, u64::MAX, u64::MAX - 7, 1 << 32, 1 << 63] {
            assert_eq!(blocks.load::<8>(hostile), [0; 8], "{hostile}");
            blocks.store(hostile, [1; 8]);
            assert_eq!((blocks.length(hostile), blocks.data(hostile)), (0, None));
            blocks.free(hostile);
        }
        assert_eq!(blocks.data(offset), Some(&b"12345678"[..]));
        assert_eq!(blocks.range(offset, u64::MAX), None);
        assert_eq!(blocks.range(u64::MAX, 1), None);
        for length in [u64::MAX, u64::MAX - 7, u64::MAX - 100, 1 << 63, 1 << 62] {
            assert_eq!(blocks.allocate(length, |pages| pages < 1 << 20), 0);
        }
        assert_eq!(blocks.allocate(1 << 62, yes), 0);
    }

    #[test]
    fn what_was_there_is_never_seen_again() {
        let mut blocks = Blocks::default();
        let offset = blocks.allocate_with(&[7; 4096], yes);
        blocks.clear();
        assert_eq!((blocks.load::<8>(offset), blocks.length(offset)), ([0; 8], 0));
        let again = blocks.allocate(4096, yes);
        assert_eq!(blocks.data(again), Some(&[0; 4096][..]));
    }

    #[test]
    fn freed_blocks_are_used_again_before_memory_grows() {
        let mut blocks = Blocks::default();
        let first = blocks.allocate(40_000, yes);
        blocks.free(first);
        blocks.free(first);
        let second = blocks.allocate(10, yes);
        assert_ne!(first, second);
        assert_eq!(blocks.allocate_with(&[1; 39_999], yes), first);
        assert_eq!(blocks.data(first), Some(&[1; 39_999][..]));
        assert_ne!(blocks.allocate(39_999, yes), first);
    }

    #[test]
    fn many_small_blocks_count_too() {
        let mut blocks = Blocks::default();
        let mut left = 16;
        let mut count = 0;
        while blocks.allocate(1, |pages| {
            let granted = pages <= left;
            left -= if granted { pages } else { 0 };
            granted
        }) != 0
        {
            count += 1;
        }
        assert_eq!((left, count), (0, (16 * PAGE - 16) / (OVERHEAD + ALIGN)));
        assert_eq!(blocks.release(0), 16);
        assert_eq!(blocks.bytes.capacity(), 0);
    }
}
