//! Which pages of an instance's memory differ from the image that it starts from, and how they go back to it.
//!
//! Tenants share recycled memory, so what a reset believes is what keeps them apart. All of the argument is here:
//!
//! 1. The memory is a private mapping of the image. A page of it differs from the image only if the mapping has a page of its
//!    own there, a *private* one, which a first write makes. [`DirtyPages`] lists the private pages, and a reset copies the
//!    image over all of them. So a reset is right if the list has every private page that was written to.
//! 2. The kernel lists all private pages (`pagemap`). That is right at any time, and costs a microsecond. A reset does without
//!    it when nothing can have made a page private since the last look:
//!    - Guest code, the host's copies into guest memory and WASI run on the thread of the call, and make a page private by a
//!      page fault on that thread, or by one that the kernel takes for it. [`first_writes`] counts both.
//!    - If another thread made a call since the last reset, or if this is another process, the count says nothing:
//!      [`entered`](DirtyPages::entered) notes that, and so does anything that gives out a way to write to guest memory
//!      ([`strayed`](DirtyPages::strayed)).
//!    - Other threads, and the kernel for them, can make all pages of a mapping private without a change (`mlockall`,
//!      `MADV_POPULATE_WRITE`); a guest then writes to them without a fault. That makes the page below the memory private too,
//!      which belongs to the same mapping, and the image's [sentinel](Sentinel) shows it. It is looked at first, at every reset,
//!      and then all pages are given back to the image.
//! 3. What can't be told is taken for the worst: a system call that fails, a filter that answers for the kernel, an older
//!    kernel or another system. Then all pages are given back to the image, which needs no list; if that fails too, the reset
//!    fails, and the instance isn't used again.
//! 4. The witness of `first_writes` is itself watched: every few thousand resets the kernel is asked although nothing seems to
//!    have happened. A private page that isn't on the list ends its use.
//!
//! Outside of this are a debugger, or a host, that writes into the mapping or makes a *part* of it private: `mlock`, pinning, or
//! `io_uring` buffers on a borrowed result. The documentation asks hosts not to do that.
//!
//! [`first_writes`]: crate::sys::first_writes

use crate::sys::first_writes::{self, Faults};
use crate::sys::mapping::Mapping;
use crate::sys::mem_image::{Image, Watch};
use crate::sys::pagemap::{self, PAGE};
use crate::sys::process;
use std::io;
use std::ops::Range;
use std::{mem, ptr, slice};

/// How often all private pages are looked at although nothing seems to have happened: once in so many resets.
const RESETS_BETWEEN_AUDITS: u32 = 4096;

/// The list is checked against what was really written after so many resets and so many copied pages.
const RESETS_BETWEEN_CHECKS: u32 = 64;
const COPIES_BETWEEN_CHECKS: usize = 4096;

/// No thread's number.
const STRAYED: u64 = 0;

/// The private pages of one instance's memory.
#[derive(Debug)]
pub(crate) struct DirtyPages {
    /// In ascending order, by their indices.
    runs: Vec<Range<u32>>,
    count: usize,
    /// The count of faults when they were last looked for; none where the next reset must look.
    seen: Option<Faults>,
    /// The thread that the count is of, or `STRAYED` where another one was in the instance since then.
    thread: u64,
    watch: Option<Watch>,
    resets_since_audit: u32,
    resets_since_check: u32,
    copies_since_check: usize,
}

/// How the pages of an image are watched and kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy {
    /// Whether the processor's witness of page faults is used.
    pub witness: bool,
    /// How many pages of its own a mapping may keep when it is reset.
    pub most_private: usize,
}

/// What a reset found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Nothing,
    /// The witness has missed a first write, and isn't used any more in this process.
    BadWitness,
}

impl DirtyPages {
    pub(crate) fn new(image: Option<&Image>) -> Self {
        Self {
            runs: Vec::new(),
            count: 0,
            seen: None,
            thread: STRAYED,
            watch: image.and_then(Image::sentinel).map(|sentinel| sentinel.watch()),
            resets_since_audit: 0,
            resets_since_check: 0,
            copies_since_check: 0,
        }
    }

    /// Notes that the calling thread is about to make a call.
    #[inline]
    pub(crate) fn entered(&mut self) {
        if self.thread != process::thread() {
            self.strayed();
        }
    }

    /// Notes that something else than the thread that resets the memory may write to it.
    pub(crate) fn strayed(&mut self) {
        self.thread = STRAYED;
    }

    /// Makes the memory equal to `image`, which is in place.
    ///
    /// # Errors
    /// The memory may then be anything, and parts of it may give no access.
    ///
    /// # Safety
    /// Nobody may hold a reference into the memory.
    #[inline]
    pub(crate) unsafe fn restore(
        &mut self,
        mapping: &Mapping,
        image: &Image,
        policy: Policy,
    ) -> io::Result<Found> {
        if image.len() == 0 {
            return Ok(Found::Nothing);
        }
        let here = process::thread();
        let strayed = mem::replace(&mut self.thread, here) != here;
        // First: reading it for the first time is a fault.
        if !self.sentinel_shows(mapping, image, strayed) {
            // SAFETY: nobody holds a reference into the memory, as this function asks.
            return unsafe { self.replace(mapping, image) };
        }
        // Asked before the look: a fault in between only makes the next reset look again.
        let faults = first_writes::faults(policy.witness);
        let known = !strayed && faults.is_some() && self.seen == faults;
        self.resets_since_audit += 1;
        let mut found = Found::Nothing;
        if !known || self.resets_since_audit > RESETS_BETWEEN_AUDITS {
            self.resets_since_audit = 0;
            let before = self.count;
            if !self.look(mapping, image, policy.most_private) {
                // SAFETY: nobody holds a reference into the memory, as this function asks.
                return unsafe { self.drop_all(mapping, image) };
            }
            if known && self.count > before {
                first_writes::distrust_witness();
                found = Found::BadWitness;
            }
            self.seen = faults;
        }
        if self.is_check_due() && self.is_mostly_unchanged(mapping, image) {
            // SAFETY: nobody holds a reference into the memory, as this function asks.
            return unsafe { self.drop_all(mapping, image) };
        }
        // SAFETY: nobody holds a reference into the memory, as this function asks.
        unsafe { self.copy_back(mapping, image) };
        Ok(found)
    }

    /// Whether the image's sentinel shows in the mapping. True without a sentinel, where kernels are older than what tells of
    /// private pages, so that nothing is believed anyway.
    #[inline]
    fn sentinel_shows(&mut self, mapping: &Mapping, image: &Image, strayed: bool) -> bool {
        let Some(sentinel) = image.sentinel() else {
            self.seen = None;
            return true;
        };
        let watch = self.watch.get_or_insert_with(|| sentinel.watch());
        if strayed {
            // This may be a child of a fork, whose parent goes on with the numbers of before.
            sentinel.take_block(watch);
        }
        // SAFETY: the image is in place, so its sentinel is there.
        unsafe { sentinel.shows_in(mapping.sentinel(), watch) }
    }

    /// Lists the private pages. False where the kernel can't say, or if they are more than `most`.
    fn look(&mut self, mapping: &Mapping, image: &Image, most: usize) -> bool {
        let start = mapping.base().as_ptr() as u64;
        let runs = &mut self.runs;
        let mut count = 0;
        runs.clear();
        let known = pagemap::private_pages(start..start + image.len() as u64, most, |address| {
            let page = ((address - start) / PAGE as u64) as u32;
            count += 1;
            match runs.last_mut() {
                Some(last) if last.end == page => last.end += 1,
                _ => runs.push(page..page + 1),
            }
        });
        self.count = count;
        known
    }

    fn is_check_due(&mut self) -> bool {
        self.resets_since_check += 1;
        self.copies_since_check += self.count;
        let due = self.resets_since_check >= RESETS_BETWEEN_CHECKS
            && self.copies_since_check >= COPIES_BETWEEN_CHECKS;
        if due {
            (self.resets_since_check, self.copies_since_check) = (0, 0);
        }
        due
    }

    /// Whether less than half of the private pages differ from the image. One call that wrote to many would else slow down all
    /// later ones: whether a private page was written to again can't be seen otherwise.
    fn is_mostly_unchanged(&self, mapping: &Mapping, image: &Image) -> bool {
        let pages = self.runs.iter().cloned().flatten();
        let changed = pages.filter(|page| {
            let at = *page as usize * PAGE;
            // SAFETY: both are at least as long as the image, which is whole pages; nobody writes meanwhile.
            let [own, shared] = unsafe {
                [mapping.base(), image.bytes()]
                    .map(|base| slice::from_raw_parts(base.add(at).as_ptr(), PAGE))
            };
            own != shared
        });
        changed.count() * 2 < self.count
    }

    /// Copies the image over the private pages.
    ///
    /// # Safety
    /// Nobody may hold a reference into the memory.
    #[inline]
    unsafe fn copy_back(&self, mapping: &Mapping, image: &Image) {
        for run in &self.runs {
            let (at, len) = (run.start as usize * PAGE, run.len() * PAGE);
            // SAFETY: both are at least as long as the image, which is whole pages; nobody else looks, as this function asks.
            unsafe {
                let (from, to) = (image.bytes().add(at), mapping.base().add(at));
                ptr::copy_nonoverlapping(from.as_ptr(), to.as_ptr(), len);
            }
        }
    }

    /// Gives every page back to the image.
    ///
    /// # Safety
    /// Nobody may hold a reference into the memory.
    #[cold]
    unsafe fn drop_all(&mut self, mapping: &Mapping, image: &Image) -> io::Result<Found> {
        self.forget();
        // SAFETY: nobody holds a reference into the memory, as this function asks, and the image is in place.
        unsafe { mapping.drop_pages(image).or_else(|_| mapping.replace(image)) }?;
        Ok(Found::Nothing)
    }

    /// Gives every page back to the image when the mapping was populated. By a new mapping: whoever populates the old one right
    /// now doesn't go on in the new one.
    ///
    /// # Safety
    /// Nobody may hold a reference into the memory.
    #[cold]
    unsafe fn replace(&mut self, mapping: &Mapping, image: &Image) -> io::Result<Found> {
        self.forget();
        // SAFETY: nobody holds a reference into the memory, as this function asks.
        unsafe { mapping.replace(image) }?;
        // In a host that locks all of its memory (`MCL_FUTURE`) the new one was populated too.
        if !self.sentinel_shows(mapping, image, false) {
            // SAFETY: as above. If the kernel can't, the next reset comes here again.
            let _ = unsafe { mapping.drop_pages(image) };
        }
        Ok(Found::Nothing)
    }

    fn forget(&mut self) {
        self.runs.clear();
        self.count = 0;
        self.seen = None;
    }
}
