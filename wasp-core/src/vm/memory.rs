//! Linear memories: how they grow, how the host looks into them, and how they go back to the snapshot.
//!
//! One of the modules that hold `unsafe`: what it hands out points into the instance that owns it.

use crate::sys::dirty_pages::{DirtyPages, Found, Policy};
use crate::sys::mapping::Mapping;
use crate::sys::mem_image::Image;
use crate::vm::turn::HostTurn;
use std::cell::{Cell, RefCell};
use std::io;
use std::ops::Range;
use std::ptr::NonNull;
use std::slice;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use wasmer::{MemoryError, MemoryStyle, MemoryType, Pages, WASM_PAGE_SIZE};
use wasmer_vm::{LinearMemory, VMMemoryDefinition};

/// A linear memory of an instance.
#[derive(Clone, Debug)]
pub(crate) struct Memory(Arc<Linear>);

impl Memory {
    /// Maps a memory of type `ty` from `image`, or as zeros, and writes where it is to `definition`.
    pub(super) fn new(
        ty: MemoryType,
        style: MemoryStyle,
        definition: NonNull<VMMemoryDefinition>,
        budget: &Arc<Budget>,
        image: Option<&Arc<Image>>,
    ) -> io::Result<Self> {
        Ok(Self(Arc::new(Linear::new(ty, style, definition, budget, image)?)))
    }

    /// Ends the time in which active segments are skipped since the image has them.
    pub(super) fn instantiated(&self) {
        self.0.has_segments.set(false);
    }

    /// Notes that this thread makes a call.
    #[inline]
    pub(crate) fn entered(&self) {
        self.0.dirty.borrow_mut().entered();
    }

    /// Brings the memory back to `image`, from which it was made.
    ///
    /// # Errors
    /// The memory is then empty until this succeeds.
    #[inline]
    pub(super) fn restore(
        &self,
        image: &Image,
        policy: Policy,
        _: &mut HostTurn,
    ) -> io::Result<Found> {
        // SAFETY: the borrow of the turn says that nobody is in the instance or holds a slice of it.
        unsafe { self.0.restore(image, policy) }
    }

    /// Returns all of the memory as it is now.
    #[inline]
    pub(crate) fn bytes<'a>(&self, _: &'a HostTurn) -> &'a [u8] {
        // SAFETY: the definition lives as long as the instance; its base and length describe mapped, readable memory, which
        // compiled code relies on too. The borrow of the turn says that the instance is alive and that nobody writes.
        unsafe {
            let definition = self.0.definition.as_ref();
            slice::from_raw_parts(definition.base, definition.current_length)
        }
    }

    /// Returns all of the memory as it is now, to write to.
    #[inline]
    pub(crate) fn bytes_mut<'a>(&self, _: &'a mut HostTurn) -> &'a mut [u8] {
        // SAFETY: the definition lives as long as the instance; its base and length describe mapped, writable memory. The borrow
        // of the turn says that the instance is alive and that nobody else looks.
        unsafe {
            let definition = self.0.definition.as_ref();
            slice::from_raw_parts_mut(definition.base, definition.current_length)
        }
    }

    /// Returns its length in bytes.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Copies from `address` on until `into` is full. Panics if that is not in the memory.
    ///
    /// # Safety
    /// Guest code of the instance waits, or none runs, and this thread alone uses the instance.
    pub(crate) unsafe fn copy_out(&self, address: usize, into: &mut [u8]) {
        let place = self.place(address, into.len());
        // SAFETY: the place is mapped, readable memory, nobody writes to it, as this function asks, and `into` is not of it.
        unsafe { place.copy_to_nonoverlapping(into.as_mut_ptr(), into.len()) };
    }

    /// Copies `data` to `address` and returns true, unless the place touches `lent`, addresses of this process. Panics if it is not
    /// in the memory.
    ///
    /// # Safety
    /// As for [`copy_out`](Self::copy_out), and all slices of the memory that anybody has are in `lent`. `data` may be one.
    pub(crate) unsafe fn copy_in(&self, address: usize, data: &[u8], lent: &Range<usize>) -> bool {
        let place = self.place(address, data.len());
        let (start, end) = (place as usize, place as usize + data.len());
        if !data.is_empty() && start < lent.end && end > lent.start {
            return false;
        }
        // SAFETY: the place is mapped, writable memory, and nobody has a slice of it, as was checked.
        unsafe { place.copy_from(data.as_ptr(), data.len()) };
        true
    }

    /// Returns where `count` bytes from `address` on are.
    fn place(&self, address: usize, count: usize) -> *mut u8 {
        let fits = address.checked_add(count).is_some_and(|end| end <= self.len());
        assert!(fits, "the range was checked");
        // SAFETY: the definition lives as long as the instance, and so does whoever asks; the range is within the memory.
        unsafe { self.0.definition.as_ref().base.add(address) }
    }

    /// Notes that something else than this thread may write to the memory.
    pub(super) fn strayed(&self) {
        self.0.dirty.borrow_mut().strayed();
    }

    /// Makes an image of the memory as it is now, from which it begins afterwards. `base` is the one that it was made from.
    pub(super) fn take_image(
        &self,
        base: Option<&Image>,
        turn: &mut HostTurn,
    ) -> io::Result<Image> {
        let image = Image::new(self.bytes(turn), base)?;
        let linear = &*self.0;
        if image.len() > 0 {
            // SAFETY: the borrow of the turn says that nobody has a slice of it; the memory stays as it is.
            unsafe { linear.mapping.replace(&image) }?;
        }
        linear.dirty.replace(DirtyPages::new(Some(&image)));
        linear.from_image.set(true);
        Ok(image)
    }
}

/// The pages that the memories of one instance may still grow by.
#[derive(Debug)]
pub(crate) struct Budget {
    pages_left: AtomicU64,
    /// Why growing a memory was refused: 0, or one more than the pages of the maximum that the memory itself declares, or
    /// [`BY_LIMIT`].
    refused: AtomicU64,
}

/// Growing was refused by the limit of the instance.
const BY_LIMIT: u64 = u64::MAX;

/// Why growing a memory was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The limit of the instance was met, or what a memory can have at all.
    Limit,
    /// The memory itself declares that it has at most so many pages.
    OwnMaximum(u64),
}

impl Budget {
    pub(super) fn new(pages: u64) -> Self {
        Self { pages_left: AtomicU64::new(pages), refused: AtomicU64::new(0) }
    }

    /// Takes `pages`, if they are there.
    pub(super) fn take(&self, pages: u64) -> bool {
        // One thread at a time is in an instance.
        let left = self.pages_left.load(Ordering::Relaxed).checked_sub(pages);
        let taken = left.inspect(|left| self.pages_left.store(*left, Ordering::Relaxed));
        taken.is_some()
    }

    /// Takes `pages` for memory of the host's that counts as the guest's, or notes that they were refused.
    pub(crate) fn take_or_refuse(&self, pages: u64) -> bool {
        let taken = self.take(pages);
        if !taken {
            self.refused.store(BY_LIMIT, Ordering::Relaxed);
        }
        taken
    }

    /// Takes `pages` back.
    pub(crate) fn give(&self, pages: u64) {
        self.pages_left.fetch_add(pages, Ordering::Relaxed);
    }

    /// The most pages that a memory of this type can come to have.
    fn most(&self, ty: &MemoryType) -> Pages {
        let most = u64::from(ty.minimum.0) + self.pages_left.load(Ordering::Relaxed);
        let declared = declared_maximum(ty);
        u32::try_from(most).map_or(declared, |most| declared.min(Pages(most)))
    }

    /// Returns why growing was refused the last time, if it was since this was asked.
    #[inline]
    pub(crate) fn take_refused(&self) -> Option<Refusal> {
        // Asked at each call: the load is cheaper than the swap.
        if self.refused.load(Ordering::Relaxed) == 0 {
            return None;
        }
        Some(match self.refused.swap(0, Ordering::Relaxed) {
            BY_LIMIT => Refusal::Limit,
            pages => Refusal::OwnMaximum(pages - 1),
        })
    }
}

/// A linear memory that grows as long as its instance's budget lasts, and never moves.
#[derive(Debug)]
struct Linear {
    ty: MemoryType,
    style: MemoryStyle,
    definition: NonNull<VMMemoryDefinition>,
    budget: Arc<Budget>,
    from_image: Cell<bool>,
    /// Whether the active segments that its instance is being made with are there already: the image has them.
    has_segments: Cell<bool>,
    mapping: Mapping,
    dirty: RefCell<DirtyPages>,
}

// SAFETY: the definition belongs to the instance, as this does; one thread at a time is in an instance.
unsafe impl Send for Linear {}
// SAFETY: shared only between the instance's store and its parts, which one thread at a time uses: the cells too.
unsafe impl Sync for Linear {}

impl Linear {
    fn new(
        ty: MemoryType,
        style: MemoryStyle,
        definition: NonNull<VMMemoryDefinition>,
        budget: &Arc<Budget>,
        image: Option<&Arc<Image>>,
    ) -> io::Result<Self> {
        let guard = usize::try_from(style.offset_guard_size()).map_err(io::Error::other)?;
        let minimum = ty.minimum.bytes().0;
        let bound = match style {
            MemoryStyle::Static => MemoryStyle::static_bound().bytes().0,
            MemoryStyle::Dynamic { .. } => budget.most(&ty).bytes().0,
        };
        let reserved = bound + guard;
        let len = image.map_or(minimum, |image| image.len());
        let mapping =
            Mapping::new(reserved, len, image.map(|image| &**image)).map_err(|error| {
                let message = format!("{error}, where {reserved} bytes were asked for");
                io::Error::new(error.kind(), message)
            })?;
        let current = VMMemoryDefinition { base: mapping.base().as_ptr(), current_length: len };
        // SAFETY: the location is wasmer's own, for this memory, which nobody uses yet.
        unsafe { definition.write(current) };
        // What start-up grew by is taken already.
        budget.take(((len - minimum) / WASM_PAGE_SIZE) as u64);
        let budget = Arc::clone(budget);
        let from_image = Cell::new(image.is_some());
        let has_segments = Cell::new(image.is_some());
        let dirty = RefCell::new(DirtyPages::new(image.map(|image| &**image)));
        Ok(Self { ty, style, definition, budget, from_image, has_segments, mapping, dirty })
    }

    fn len(&self) -> usize {
        // SAFETY: the definition lives as long as the instance, and so does whoever asks.
        unsafe { self.definition.as_ref() }.current_length
    }

    fn set_len(&self, len: usize) {
        // SAFETY: the definition lives as long as the instance, in which only the one runs that calls this.
        unsafe { (*self.definition.as_ptr()).current_length = len };
    }

    /// # Safety
    /// Nobody may be in the instance or hold a slice of the memory.
    #[inline]
    unsafe fn restore(&self, image: &Image, policy: Policy) -> io::Result<Found> {
        if !self.from_image.get() {
            return Err(io::Error::other("the memory was not made from an image"));
        }
        let len = self.len();
        let mut dirty = self.dirty.borrow_mut();
        // SAFETY: nobody is in the instance or holds a slice, as this function asks.
        let restored = unsafe {
            match len.checked_sub(image.len()) {
                Some(0) => dirty.restore(&self.mapping, image, policy),
                Some(_) => self.shrink(&mut dirty, len, image, policy),
                // What is left of a reset that failed.
                None => self.mapping.renew(image).map(|()| {
                    *dirty = DirtyPages::new(Some(image));
                    self.set_len(image.len());
                    Found::Nothing
                }),
            }
        };
        if restored.is_err() {
            // Whatever is mapped now, nobody looks at it.
            self.set_len(0);
        }
        restored
    }

    /// The same for a memory that has grown.
    ///
    /// # Safety
    /// Nobody may be in the instance or hold a slice of the memory.
    unsafe fn shrink(
        &self,
        dirty: &mut DirtyPages,
        len: usize,
        image: &Image,
        policy: Policy,
    ) -> io::Result<Found> {
        // Whether this succeeds or not, the memory is no longer what it had grown to.
        self.set_len(image.len());
        let grown = (len - image.len()) / WASM_PAGE_SIZE;
        self.budget.give(grown as u64);
        // SAFETY: nobody is in the instance or holds a slice, as this function asks.
        unsafe {
            self.mapping.close(image.len(), len)?;
            dirty.restore(&self.mapping, image, policy)
        }
    }
}

/// The most pages that a memory may have by its type.
fn declared_maximum(ty: &MemoryType) -> Pages {
    ty.maximum.unwrap_or(Pages::max_value()).min(Pages::max_value())
}

impl LinearMemory for Memory {
    fn ty(&self) -> MemoryType {
        MemoryType { minimum: self.size(), ..self.0.ty }
    }

    fn size(&self) -> Pages {
        Pages((self.0.len() / WASM_PAGE_SIZE) as u32)
    }

    fn style(&self) -> MemoryStyle {
        self.0.style
    }

    fn grow(&mut self, delta: Pages) -> Result<Pages, MemoryError> {
        let linear = &*self.0;
        let current = self.size();
        let refuse = || MemoryError::CouldNotGrow { current, attempted_delta: delta };
        let new = current.0.checked_add(delta.0).ok_or_else(refuse)?;
        if new > declared_maximum(&linear.ty).0 {
            let reason = linear.ty.maximum.map_or(BY_LIMIT, |own| u64::from(own.0) + 1);
            linear.budget.refused.store(reason, Ordering::Relaxed);
            return Err(refuse());
        }
        if !linear.budget.take(delta.0.into()) {
            linear.budget.refused.store(BY_LIMIT, Ordering::Relaxed);
            return Err(refuse());
        }
        let (from, to) = (current.bytes().0, Pages(new).bytes().0);
        linear.mapping.open(from, to).map_err(|error| {
            linear.budget.give(delta.0.into());
            MemoryError::Region(error.to_string())
        })?;
        linear.set_len(to);
        Ok(current)
    }

    fn vmmemory(&self) -> NonNull<VMMemoryDefinition> {
        self.0.definition
    }

    fn try_clone(&self) -> Result<Box<dyn LinearMemory + Send + Sync + 'static>, MemoryError> {
        Err(MemoryError::UnsupportedOperation { message: "memories are never shared".into() })
    }

    unsafe fn initialize_with_data(
        &self,
        start: usize,
        data: &[u8],
    ) -> Result<(), wasmer_vm::Trap> {
        // `memory.init` comes here too, later.
        if self.0.has_segments.get() {
            return Ok(());
        }
        // SAFETY: an instance that is being made runs no code, a guest waits for its `memory.init`, and nobody else has
        // the memory.
        unsafe { wasmer_vm::initialize_memory_with_data(self.0.definition.as_ref(), start, data) }
    }

    fn copy(&self) -> Result<Box<dyn LinearMemory + Send + Sync + 'static>, MemoryError> {
        Err(MemoryError::UnsupportedOperation { message: "memories are never copied".into() })
    }
}
