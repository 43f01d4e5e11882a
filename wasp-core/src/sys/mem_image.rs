//! Linear memory that starts from an image, copy-on-write, and goes back to it.
//!
//! One of the rooms that hold `unsafe`: it maps memory by hand. The story:
//!
//! - A [`Mapping`] reserves all that 32-bit WebAssembly can address and its guard, so that it never moves; what the guest
//!   has is readable and writable, the rest gives no access.
//! - An [`Image`] is a file in memory, written once. Mappings of it are private: a page that the guest writes to becomes
//!   its own, the others are shared by all instances of the plugin.
//! - [`Mapping::restore`] makes the memory equal to the image again. This is what keeps tenants apart, so it is strict:
//!   a page that was once found written to is copied back at every reset until all are dropped together, and new ones
//!   are looked for whenever the thread took a page fault since the last look, or another thread made a call. A page
//!   can't get written to for the first time without a fault on the thread that does it: guest code and WASI run on the
//!   thread of the call.

use crate::sys::pagemap::{self, PAGE};
use crate::sys::process::thread;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::fs::FileExt;
use std::ptr::{self, NonNull};
#[cfg(not(target_os = "linux"))]
use std::sync::atomic::{AtomicU64, Ordering};

/// With more written pages than this, dropping them all and faulting them in again is cheaper than copying them back.
const MANY_PAGES: usize = 128;

/// The memory that every instance of a plugin starts from.
#[derive(Debug)]
pub(crate) struct Image {
    file: File,
    /// The same for copying from, mapped read-only.
    bytes: NonNull<u8>,
    len: usize,
}

// SAFETY: the mapping is read-only, and nobody can write to the file.
unsafe impl Send for Image {}
// SAFETY: reads of a read-only mapping don't race.
unsafe impl Sync for Image {}

impl Image {
    /// An image with the content of `memory`, which is whole pages.
    pub(crate) fn new(memory: &[u8]) -> io::Result<Self> {
        let file = file_in_memory()?;
        file.set_len(memory.len() as u64)?;
        // Pages of zeros stay holes: an untouched heap costs nothing, and isn't even looked at where the kernel can say
        // what was touched.
        let start = memory.as_ptr() as u64;
        let mut touched = Vec::new();
        let known =
            pagemap::private_pages(start..start + memory.len() as u64, usize::MAX, |page| {
                touched.push((page - start) as usize);
            });
        if !known {
            touched = (0..memory.len()).step_by(PAGE).collect();
        }
        for at in touched {
            let page = &memory[at..at + PAGE];
            if page.iter().any(|byte| *byte != 0) {
                file.write_all_at(page, at as u64)?;
            }
        }
        seal(&file)?;
        let len = memory.len();
        // A mapping can't be empty.
        // SAFETY: a new mapping, at a place that the kernel chooses.
        let bytes = unsafe {
            map(
                ptr::null_mut(),
                len.max(PAGE),
                libc::PROT_READ,
                libc::MAP_PRIVATE,
                file.as_raw_fd(),
            )
        }?;
        Ok(Self { file, bytes, len })
    }

    /// Its length in bytes.
    pub(crate) fn len(&self) -> usize {
        self.len
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        // SAFETY: `new` mapped it, and nothing borrows from it.
        unsafe { libc::munmap(self.bytes.as_ptr().cast(), self.len.max(PAGE)) };
    }
}

/// The address space of one linear memory.
#[derive(Debug)]
pub(crate) struct Mapping {
    base: NonNull<u8>,
    reserved: usize,
    written: DirtyPages,
}

// SAFETY: the memory belongs to the mapping; who may touch it is its owner's to say.
unsafe impl Send for Mapping {}
// SAFETY: `&Mapping` hands out no access but its base address.
unsafe impl Sync for Mapping {}

/// The pages of a mapping that may differ from its image.
#[derive(Debug, Default)]
struct DirtyPages {
    /// Their indices, in no order.
    pages: Vec<u32>,
    /// What [`faults`] said when they were last looked for.
    seen: Option<Faults>,
    /// How many resets they were copied back at.
    resets: u32,
}

/// After this many resets the written pages are learned anew: one call that wrote to many would else slow all later
/// ones.
const RESETS_BETWEEN_DROPS: u32 = 4096;

impl Mapping {
    /// Reserves `reserved` bytes and makes the first `len` accessible: zeros, or the image where there is one.
    pub(crate) fn new(reserved: usize, len: usize, image: Option<&Image>) -> io::Result<Self> {
        let none = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        // SAFETY: a new mapping, at a place that the kernel chooses.
        let base = unsafe { map(ptr::null_mut(), reserved, libc::PROT_NONE, none, -1) }?;
        let mapping = Self { base, reserved, written: DirtyPages::default() };
        match image {
            Some(image) if image.len > 0 => mapping.place(image)?,
            _ => mapping.open(0, len)?,
        }
        Ok(mapping)
    }

    /// Where it begins.
    pub(crate) fn base(&self) -> NonNull<u8> {
        self.base
    }

    /// Makes the bytes from `from` to `to`, which gave no access so far, accessible. They are zeros.
    pub(crate) fn open(&self, from: usize, to: usize) -> io::Result<()> {
        debug_assert!(from <= to && to <= self.reserved);
        if from == to {
            return Ok(());
        }
        // SAFETY: within our own reservation.
        check(unsafe {
            libc::mprotect(
                self.base.as_ptr().add(from).cast(),
                to - from,
                libc::PROT_READ | libc::PROT_WRITE,
            )
        })
    }

    /// Puts `image`, which was made of what is accessible, in its place, as if it had been there from the start.
    ///
    /// # Safety
    /// Nobody may hold a reference into the memory.
    pub(crate) unsafe fn adopt(&mut self, image: &Image) -> io::Result<()> {
        self.written = DirtyPages::default();
        if image.len > 0 { self.place(image) } else { Ok(()) }
    }

    /// Makes the first `len` bytes equal to `image`, from which it was made, and the rest inaccessible. `strayed` says
    /// that another thread than this may have written to it since this one last did that.
    ///
    /// # Safety
    /// Nobody may hold a reference into the memory.
    pub(crate) unsafe fn restore(
        &mut self,
        len: usize,
        image: &Image,
        strayed: bool,
    ) -> io::Result<()> {
        if len > image.len {
            let none =
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_FIXED;
            // SAFETY: within our own reservation; a fresh mapping drops what was there, so that the next one to grow
            // finds zeros.
            unsafe {
                map(self.base.as_ptr().add(image.len), len - image.len, libc::PROT_NONE, none, -1)
            }?;
        }
        if image.len == 0 {
            return Ok(());
        }
        let known = !strayed && self.written.seen == Some(faults());
        if !known && !self.look_for_written(image) {
            return self.drop_written(image);
        }
        self.written.resets += 1;
        if self.written.resets > RESETS_BETWEEN_DROPS {
            return self.drop_written(image);
        }
        for page in &self.written.pages {
            let at = *page as usize * PAGE;
            // SAFETY: both are at least `image.len` long, which is whole pages; nobody else looks, as promised.
            unsafe {
                ptr::copy_nonoverlapping(
                    image.bytes.as_ptr().add(at),
                    self.base.as_ptr().add(at),
                    PAGE,
                );
            }
        }
        Ok(())
    }

    /// Adds the pages that were written to since the last look. False where the kernel can't say.
    fn look_for_written(&mut self, image: &Image) -> bool {
        // Taken before the look: a fault in between only makes the next reset look again.
        let faults = faults();
        let range = self.base.as_ptr() as u64..self.base.as_ptr() as u64 + image.len as u64;
        let resets = self.written.resets;
        let mut pages = std::mem::take(&mut self.written.pages);
        // Whatever was found before is still private, so the look finds it again.
        pages.clear();
        let found = pagemap::private_pages(range.clone(), MANY_PAGES, |address| {
            pages.push(((address - range.start) / PAGE as u64) as u32);
        });
        self.written = DirtyPages { pages, seen: found.then_some(faults), resets };
        found
    }

    /// Gives every page back to the image.
    fn drop_written(&mut self, image: &Image) -> io::Result<()> {
        self.written =
            DirtyPages { pages: std::mem::take(&mut self.written.pages), ..DirtyPages::default() };
        self.written.pages.clear();
        // SAFETY: our own mapping of the image, private: dropping its pages brings back the file's.
        #[cfg(target_os = "linux")]
        return check(unsafe {
            libc::madvise(self.base.as_ptr().cast(), image.len, libc::MADV_DONTNEED)
        });
        // Elsewhere the advice may keep the pages.
        #[cfg(not(target_os = "linux"))]
        self.place(image)
    }

    /// Maps the image over the beginning.
    fn place(&self, image: &Image) -> io::Result<()> {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let private = libc::MAP_PRIVATE | libc::MAP_FIXED | libc::MAP_NORESERVE;
        let (base, file) = (self.base.as_ptr(), image.file.as_raw_fd());
        // SAFETY: over our own reservation, which is longer, and into which nobody holds a reference.
        unsafe { map(base, image.len, access, private, file) }?;
        // A huge page would be written to without a fault of its own for each of its parts.
        #[cfg(target_os = "linux")]
        // SAFETY: advice about our own mapping.
        check(unsafe { libc::madvise(base.cast(), image.len, libc::MADV_NOHUGEPAGE) }).or_else(
            // Kernels without huge pages don't know the advice.
            |error| if error.raw_os_error() == Some(libc::EINVAL) { Ok(()) } else { Err(error) },
        )?;
        Ok(())
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: `new` mapped it; the instance that used it is gone.
        unsafe { libc::munmap(self.base.as_ptr().cast(), self.reserved) };
    }
}

/// # Safety
/// With `MAP_FIXED`, the range must belong to a mapping of ours that nobody uses.
unsafe fn map(
    at: *mut u8,
    len: usize,
    access: i32,
    flags: i32,
    file: i32,
) -> io::Result<NonNull<u8>> {
    // SAFETY: with `MAP_FIXED` the range is of an unused mapping of ours, as this function asks; a mapping elsewhere touches nothing.
    let base = unsafe { libc::mmap(at.cast(), len, access, flags, file, 0) };
    if base == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    NonNull::new(base.cast()).ok_or_else(|| io::Error::other("mapped at zero"))
}

fn check(outcome: i32) -> io::Result<()> {
    if outcome == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// A count that moves whenever the calling thread takes a page fault, and that no other thread shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Faults {
    thread: u64,
    count: i64,
}

fn faults() -> Faults {
    #[cfg(target_os = "linux")]
    const WHO: i32 = libc::RUSAGE_THREAD;
    #[cfg(not(target_os = "linux"))]
    const WHO: i32 = libc::RUSAGE_SELF;
    // SAFETY: plain data that the kernel fills.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(WHO, &mut usage);
        usage
    };
    // A page of the image that was swapped out comes back by a major fault.
    Faults { thread: thread(), count: usage.ru_minflt + usage.ru_majflt }
}

#[cfg(target_os = "linux")]
fn file_in_memory() -> io::Result<File> {
    // SAFETY: a new descriptor, which the File owns.
    unsafe {
        let file =
            libc::memfd_create(c"wasp-image".as_ptr(), libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING);
        check(if file < 0 { file } else { 0 })?;
        Ok(File::from_raw_fd(file))
    }
}

/// Nobody, not even this process, writes to an image again.
#[cfg(target_os = "linux")]
fn seal(file: &File) -> io::Result<()> {
    let seals = libc::F_SEAL_SHRINK | libc::F_SEAL_GROW | libc::F_SEAL_WRITE | libc::F_SEAL_SEAL;
    // SAFETY: a flag of our own descriptor.
    check(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_ADD_SEALS, seals) })
}

#[cfg(not(target_os = "linux"))]
fn file_in_memory() -> io::Result<File> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("wasp-image-{}-{count}", std::process::id()));
    let file = File::options().read(true).write(true).create_new(true).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

#[cfg(not(target_os = "linux"))]
fn seal(_: &File) -> io::Result<()> {
    Ok(())
}
