//! The memory that every instance of a plugin starts from: a file in memory, written once.
//!
//! Instances map it privately (copy-on-write): a page that a guest writes to becomes its own, the others are shared by all
//! instances of the plugin. In front of the memory the file has one page more, the sentinel's, which is mapped below each
//! instance's memory in the same mapping. wasp alone writes to the file's page, by a shared mapping, and looks through an
//! instance's: as long as what it wrote shows, nobody has populated that instance's mapping, which would have given the
//! instance a page of its own there too. `dirty_pages` says what that is good for.

use crate::sys::descriptor::above_stdio;
use crate::sys::mmap::{check, map};
use crate::sys::pagemap::{self, PAGE};
use crate::sys::signals::without_file_size_signal;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering, compiler_fence};

/// The memory that every instance of a plugin starts from.
#[derive(Debug)]
pub(crate) struct Image {
    file: File,
    identity: (u64, u64),
    /// The whole file, mapped read-only, to copy from.
    bytes: NonNull<u8>,
    len: usize,
    sentinel: Option<Sentinel>,
}

// SAFETY: the mapping of the memory is read-only, and nobody can write to that part of the file; the sentinel's is used by
// atomic accesses only.
unsafe impl Send for Image {}
// SAFETY: reads of a read-only mapping don't race, and atomic accesses don't either.
unsafe impl Sync for Image {}

impl Image {
    /// Makes an image with the content of `memory`, which is whole pages and was made from the image `base`, or of zeros.
    pub(crate) fn new(memory: &[u8], base: Option<&Self>) -> io::Result<Self> {
        let file = above_stdio(file_in_memory()?)?;
        // RLIMIT_FSIZE counts files in memory too.
        without_file_size_signal(|| {
            file.set_len((PAGE + memory.len()) as u64)?;
            write_pages(&file, memory, base)
        })?;
        let sentinel = Sentinel::new(&file).filter(|_| seal(&file, Seal::FutureWrites).is_ok());
        if sentinel.is_none() {
            seal(&file, Seal::Writes)?;
        }
        let len = memory.len();
        let (access, private) = (libc::PROT_READ, libc::MAP_PRIVATE);
        // SAFETY: a new mapping, at a place that the kernel chooses.
        let bytes = unsafe { map(ptr::null_mut(), PAGE + len, access, private, file.as_raw_fd()) }?;
        let identity = identity(&file)?;
        Ok(Self { file, identity, bytes, len, sentinel })
    }

    /// Returns the memory's length in bytes.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Returns how many bytes of memory its file takes: pages that are all zeros take none.
    pub(crate) fn memory_used(&self) -> u64 {
        self.file.metadata().map_or(0, |meta| meta.blocks() * 512)
    }

    /// Adds where pages of the memory are that may not be zeros; false where the kernel can't say.
    fn pages(&self, found: &mut Vec<usize>) -> bool {
        let Ok(file) = self.descriptor() else { return false };
        let seek = |from: usize, to: i32| -> Option<usize> {
            let from = libc::off_t::try_from(from).ok()?;
            // SAFETY: a call about our own descriptor, whose position nobody uses.
            usize::try_from(unsafe { libc::lseek(file, from, to) }).ok()
        };
        let mut at = PAGE;
        while at < PAGE + self.len {
            let Some(data) = seek(at, libc::SEEK_DATA) else {
                // There is none any more, or such a question is unknown.
                return io::Error::last_os_error().raw_os_error() == Some(libc::ENXIO);
            };
            let Some(hole) = seek(data, libc::SEEK_HOLE) else { return false };
            found.extend((data..hole).step_by(PAGE).map(|at| at - PAGE));
            at = hole;
        }
        true
    }

    /// Returns where the memory can be read.
    pub(crate) fn bytes(&self) -> NonNull<u8> {
        // SAFETY: the mapping has one page more.
        unsafe { self.bytes.add(PAGE) }
    }

    /// Returns the descriptor of its file: the sentinel's page, then the memory.
    ///
    /// # Errors
    /// If it is another file's: a host that becomes a daemon closes all descriptors, and the next files get their numbers.
    pub(crate) fn descriptor(&self) -> io::Result<i32> {
        if identity(&self.file)? == self.identity {
            Ok(self.file.as_raw_fd())
        } else {
            Err(io::Error::other("the host has closed the descriptor of the snapshot"))
        }
    }

    /// Returns the sentinel; none where the kernel can't keep the rest of the file from being written to.
    pub(crate) fn sentinel(&self) -> Option<&Sentinel> {
        self.sentinel.as_ref()
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        // SAFETY: `new` mapped it, and nothing borrows from it.
        unsafe { libc::munmap(self.bytes.as_ptr().cast(), PAGE + self.len) };
    }
}

fn identity(file: &File) -> io::Result<(u64, u64)> {
    let meta = file.metadata()?;
    Ok((meta.dev(), meta.ino()))
}

/// The page of an image's file that wasp writes to.
///
/// Its first word counts, for all processes that share the image by a fork, the blocks of numbers that were given out; the
/// other words that begin a cache line are slots, which instances share.
#[derive(Debug)]
pub(crate) struct Sentinel {
    page: NonNull<u8>,
    next_slot: AtomicUsize,
}

const CACHE_LINE: usize = 64;
const SLOTS: usize = PAGE / CACHE_LINE - 1;

/// How many numbers are in a block.
const BLOCK: u64 = 1 << 24;

/// What one instance writes to the sentinel: to its slot, and numbers that were never there before.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// From the start of the page.
    offset: usize,
    next: u64,
    end: u64,
}

impl Sentinel {
    /// Maps the page. None where the kernel doesn't know the seal that this needs.
    fn new(file: &File) -> Option<Self> {
        if !cfg!(target_os = "linux") {
            return None;
        }
        let access = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping, at a place that the kernel chooses.
        let page =
            unsafe { map(ptr::null_mut(), PAGE, access, libc::MAP_SHARED, file.as_raw_fd()) }
                .ok()?;
        Some(Self { page, next_slot: AtomicUsize::new(0) })
    }

    /// Returns a watch for another instance.
    pub(crate) fn watch(&self) -> Watch {
        let slot = 1 + self.next_slot.fetch_add(1, Ordering::Relaxed) % SLOTS;
        Watch { offset: slot * CACHE_LINE, next: 0, end: 0 }
    }

    /// Returns whether what is written to the page shows in `view`, the page as one instance maps it. If not, that instance has
    /// a page of its own there: its mapping was populated.
    ///
    /// # Safety
    /// `view` must be a mapping of this sentinel's page.
    #[inline]
    pub(crate) unsafe fn shows_in(&self, view: NonNull<u8>, watch: &mut Watch) -> bool {
        // More than once, since an instance that shares the slot may write at the same moment.
        (0..4).any(|_| {
            if watch.next == watch.end {
                self.take_block(watch);
            }
            watch.next += 1;
            // SAFETY: both are mappings of the page, which this function asks of `view`; the offset is within it and aligned.
            let (slot, seen) = unsafe {
                (self.word(watch.offset), view.add(watch.offset).cast::<AtomicU64>().as_ref())
            };
            slot.store(watch.next, Ordering::Relaxed);
            // One place in memory at two addresses, which the compiler doesn't know; a processor does.
            compiler_fence(Ordering::SeqCst);
            seen.load(Ordering::Relaxed) == watch.next
        })
    }

    /// Makes the next numbers of `watch` such as no process has ever written: after a fork two would go on with the same.
    #[cold]
    pub(crate) fn take_block(&self, watch: &mut Watch) {
        // SAFETY: the first word of the page.
        let block = unsafe { self.word(0) }.fetch_add(1, Ordering::Relaxed);
        watch.next = block * BLOCK;
        watch.end = watch.next + BLOCK - 1;
    }

    /// # Safety
    /// `offset` must be of an aligned word of the page.
    unsafe fn word(&self, offset: usize) -> &AtomicU64 {
        // SAFETY: within the page, which is mapped as long as this lives, and aligned, as this function asks.
        unsafe { self.page.add(offset).cast().as_ref() }
    }
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        // SAFETY: `new` mapped it, and nothing borrows from it.
        unsafe { libc::munmap(self.page.as_ptr().cast(), PAGE) };
    }
}

/// Writes the pages of `memory` that are not all zeros to an image's file, which begins with holes. `base` is the image that the memory
/// was made from.
fn write_pages(file: &File, memory: &[u8], base: Option<&Image>) -> io::Result<()> {
    let start = memory.as_ptr() as u64;
    let mut pages = Vec::new();
    let known = pagemap::private_pages(start..start + memory.len() as u64, usize::MAX, |page| {
        pages.push((page - start) as usize);
    });
    if !known || !base.is_none_or(|base| base.pages(&mut pages)) {
        pages = (0..memory.len()).step_by(PAGE).collect();
    }
    pages.sort_unstable();
    pages.dedup();
    pages.retain(|at| memory[*at..*at + PAGE].iter().any(|byte| *byte != 0));
    for run in pages.chunk_by(|one, next| one + PAGE == *next) {
        let run = run[0]..run[0] + run.len() * PAGE;
        file.write_all_at(&memory[run.clone()], (PAGE + run.start) as u64)?;
    }
    Ok(())
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

/// Which writes to a file are over.
#[derive(Clone, Copy)]
enum Seal {
    Writes,
    /// All but those through a mapping that is there already, since Linux 5.1.
    FutureWrites,
}

/// Makes sure that nobody writes to an image again, not even this process, and that nobody changes its size.
#[cfg(target_os = "linux")]
fn seal(file: &File, what: Seal) -> io::Result<()> {
    let writes = match what {
        Seal::Writes => libc::F_SEAL_WRITE,
        Seal::FutureWrites => libc::F_SEAL_FUTURE_WRITE,
    };
    let seals = libc::F_SEAL_SHRINK | libc::F_SEAL_GROW | writes | libc::F_SEAL_SEAL;
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
fn seal(_: &File, _: Seal) -> io::Result<()> {
    Ok(())
}
