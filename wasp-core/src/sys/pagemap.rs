//! Which pages of this process are its own, by the `PAGEMAP_SCAN` ioctl of Linux 6.7
//! (Documentation/admin-guide/mm/pagemap.rst).

use crate::sys::descriptor::above_stdio;
use crate::sys::process::PerProcess;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::fd::AsRawFd;
use std::sync::OnceLock;

/// The unit that the kernel shares and copies.
pub(crate) const PAGE: usize = 4096;

const FILE: u64 = 1 << 2;
const PRESENT: u64 = 1 << 3;
const SWAPPED: u64 = 1 << 4;

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Region {
    start: u64,
    end: u64,
    categories: u64,
}

#[repr(C)]
struct Scan {
    size: u64,
    flags: u64,
    start: u64,
    end: u64,
    walk_end: u64,
    regions: u64,
    region_count: u64,
    max_pages: u64,
    inverted: u64,
    all_of: u64,
    any_of: u64,
    returned: u64,
}

/// `_IOWR('f', 16, struct pm_scan_arg)`
const PAGEMAP_SCAN: libc::c_ulong = 0xc060_6610;

/// Gives the address of each page in `range` that is private, present or swapped out, to `found`; false where the
/// kernel can't say, or when there are more than `most`.
pub(crate) fn private_pages(range: Range<u64>, most: usize, mut found: impl FnMut(u64)) -> bool {
    with_file(|file| {
        let mut regions = [Region::default(); 64];
        let mut start = range.start;
        let mut count = 0;
        while start < range.end {
            let mut scan = Scan {
                size: size_of::<Scan>() as u64,
                flags: 0,
                start,
                end: range.end,
                walk_end: 0,
                regions: regions.as_mut_ptr() as u64,
                region_count: regions.len() as u64,
                max_pages: 0,
                inverted: FILE,
                all_of: FILE,
                any_of: PRESENT | SWAPPED,
                returned: PRESENT | SWAPPED,
            };
            // SAFETY: the argument is laid out as the kernel's, and its regions are writable.
            let filled = unsafe { libc::ioctl(file.as_raw_fd(), PAGEMAP_SCAN as _, &raw mut scan) };
            let filled = usize::try_from(filled).map_err(|_| io::Error::last_os_error())?;
            let Some(regions) = regions.get(..filled) else { return Ok(false) };
            for region in regions {
                for address in (region.start..region.end).step_by(PAGE) {
                    count += 1;
                    if count > most {
                        return Ok(false);
                    }
                    found(address);
                }
            }
            if scan.walk_end <= start {
                return Ok(false);
            }
            start = scan.walk_end;
        }
        Ok(true)
    })
}

/// Has `look` look into this process's file.
fn with_file(mut look: impl FnMut(&File) -> io::Result<bool>) -> bool {
    // A child of a fork has a file of its own: its parent's tells of the parent.
    static PAGEMAP: PerProcess<OnceLock<File>> = PerProcess::new();
    let known = PAGEMAP.get(OnceLock::new);
    if let Some(file) = known.get() {
        match look(file) {
            Ok(told) => return told,
            // The host has closed all descriptors, as daemons do, and the number may be another file's by now.
            Err(error) if matches!(error.raw_os_error(), Some(libc::EBADF | libc::ENOTTY)) => {}
            Err(_) => return false,
        }
    }
    let open = || above_stdio(File::open("/proc/self/pagemap")?);
    let Ok(file) = open() else { return false };
    let told = look(&file).unwrap_or(false);
    if told {
        // Another thread may have been first.
        let _ = known.set(file);
    }
    told
}
