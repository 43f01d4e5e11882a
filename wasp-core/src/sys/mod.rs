//! What wasp asks of the operating system: mappings, signals, threads and processes.

pub(crate) mod background;
pub(crate) mod descriptor;
pub(crate) mod dirty_pages;
pub(crate) mod executable;
pub(crate) mod fence;
pub(crate) mod first_writes;
pub(crate) mod guest_zone;
pub(crate) mod host_stack;
pub(crate) mod interrupt;
pub(crate) mod mapping;
pub(crate) mod mem_image;
pub(crate) mod mmap;
#[cfg_attr(not(target_os = "linux"), path = "pagemap_none.rs")]
pub(crate) mod pagemap;
pub(crate) mod process;
pub(crate) mod signal_stack;
pub(crate) mod signals;
pub(crate) mod trace_lock;
pub(crate) mod turnstile;
pub(crate) mod unwinding;
pub(crate) mod valgrind;
pub(crate) mod watchdog;
