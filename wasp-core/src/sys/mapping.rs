//! The address space of one linear memory.
//!
//! A [`Mapping`] reserves all that the memory may grow to, and its guard, so that it never moves; what the guest has is
//! readable and writable, the rest gives no access. One page below its base belongs to it too: see `mem_image`.

use crate::sys::mem_image::Image;
use crate::sys::mmap::{check, map};
use crate::sys::pagemap::PAGE;
use std::io;
use std::ptr::{self, NonNull};

/// The address space of one linear memory.
#[derive(Debug)]
pub(crate) struct Mapping {
    /// Where the guest's memory begins; the page below it is mapped too.
    base: NonNull<u8>,
    reserved: usize,
}

// SAFETY: the memory belongs to the mapping; who may touch it is its owner's to say.
unsafe impl Send for Mapping {}
// SAFETY: `&Mapping` hands out no access but its base address.
unsafe impl Sync for Mapping {}

const NO_ACCESS: i32 = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;

impl Mapping {
    /// Reserves `reserved` bytes and makes the first `len` accessible: zeros, or the image where there is one.
    pub(crate) fn new(reserved: usize, len: usize, image: Option<&Image>) -> io::Result<Self> {
        // SAFETY: a new mapping, at a place that the kernel chooses.
        let start =
            unsafe { map(ptr::null_mut(), PAGE + reserved, libc::PROT_NONE, NO_ACCESS, -1) }?;
        // SAFETY: within the new mapping.
        let mapping = Self { base: unsafe { start.add(PAGE) }, reserved };
        match image {
            Some(image) if image.len() > 0 => mapping.place(image)?,
            _ => mapping.open(0, len)?,
        }
        Ok(mapping)
    }

    /// Returns where the guest's memory begins.
    pub(crate) fn base(&self) -> NonNull<u8> {
        self.base
    }

    /// Returns where the page below the guest's memory begins, which has the image's sentinel while an image is placed.
    pub(crate) fn sentinel(&self) -> NonNull<u8> {
        // SAFETY: `new` has mapped the page.
        unsafe { self.base.sub(PAGE) }
    }

    /// Makes the bytes from `from` to `to`, which gave no access so far, accessible. They are zeros.
    pub(crate) fn open(&self, from: usize, to: usize) -> io::Result<()> {
        debug_assert!(from <= to && to <= self.reserved);
        if from == to {
            return Ok(());
        }
        let access = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: within our own reservation.
        check(unsafe { libc::mprotect(self.base.add(from).as_ptr().cast(), to - from, access) })
    }

    /// Takes away the bytes from `from` to `to`: they give no access, and are zeros when they are opened again.
    ///
    /// # Safety
    /// Nobody may hold a reference into them.
    pub(crate) unsafe fn close(&self, from: usize, to: usize) -> io::Result<()> {
        debug_assert!(from <= to && to <= self.reserved);
        if from == to {
            return Ok(());
        }
        let flags = NO_ACCESS | libc::MAP_FIXED;
        // SAFETY: within our own reservation, into which nobody holds a reference, as this function asks.
        unsafe { map(self.base.add(from).as_ptr(), to - from, libc::PROT_NONE, flags, -1) }?;
        Ok(())
    }

    /// Maps `image` over the beginning, and its sentinel below that.
    ///
    /// # Safety
    /// Nobody may hold a reference into the memory.
    pub(crate) unsafe fn replace(&self, image: &Image) -> io::Result<()> {
        self.place(image)
    }

    /// Makes the mapping anew after something that failed: nothing is left of what it had.
    ///
    /// # Safety
    /// Nobody may hold a reference into the memory.
    pub(crate) unsafe fn renew(&self, image: &Image) -> io::Result<()> {
        // SAFETY: nobody holds a reference into the memory, as this function asks.
        unsafe { self.close(0, self.reserved) }?;
        self.place(image)
    }

    fn place(&self, image: &Image) -> io::Result<()> {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let private = libc::MAP_PRIVATE | libc::MAP_FIXED | libc::MAP_NORESERVE;
        let (start, len) = (self.sentinel().as_ptr(), PAGE + image.len());
        // SAFETY: over our own reservation, which is longer, and into which nobody holds a reference.
        unsafe { map(start, len, access, private, image.descriptor()?) }?;
        // A huge page would be written to without a fault for each of its parts.
        #[cfg(target_os = "linux")]
        // SAFETY: advice about our own mapping.
        check(unsafe { libc::madvise(start.cast(), len, libc::MADV_NOHUGEPAGE) }).or_else(
            // Kernels without huge pages don't know the advice.
            |error| if error.raw_os_error() == Some(libc::EINVAL) { Ok(()) } else { Err(error) },
        )?;
        Ok(())
    }

    /// Drops all pages of the image that are this mapping's own, the sentinel's included, so that the image's are back.
    ///
    /// # Safety
    /// Nobody may hold a reference into the memory, and `image` must be in place.
    #[cfg(target_os = "linux")]
    pub(crate) unsafe fn drop_pages(&self, image: &Image) -> io::Result<()> {
        /// For locked memory, since Linux 5.18.
        const MADV_DONTNEED_LOCKED: i32 = 24;
        let (start, len) = (self.sentinel().as_ptr().cast(), PAGE + image.len());
        let drop_by = |advice| {
            // SAFETY: our own private mapping of the image, into which nobody holds a reference, as this function asks.
            check(unsafe { libc::madvise(start, len, advice) })
        };
        drop_by(libc::MADV_DONTNEED).or_else(|_| drop_by(MADV_DONTNEED_LOCKED))
    }

    /// Drops all pages of the image that are this mapping's own. The advice of other systems may keep them.
    ///
    /// # Safety
    /// Nobody may hold a reference into the memory.
    #[cfg(not(target_os = "linux"))]
    pub(crate) unsafe fn drop_pages(&self, image: &Image) -> io::Result<()> {
        self.place(image)
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: `new` mapped it; the instance that used it is gone.
        unsafe { libc::munmap(self.sentinel().as_ptr().cast(), PAGE + self.reserved) };
    }
}
