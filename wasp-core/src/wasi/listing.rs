//! The entries of a directory, as a guest reads them in parts.
//!
//! A cookie is how many entries come before the next one. They are read from the host once for each descriptor, as long as the guest
//! goes on: so they are all seen, and once, whatever is deleted meanwhile (POSIX, `readdir`), and in time that is linear.

use super::file::caught;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use wasi_common::Error;
use wasi_common::dir::{ReaddirCursor, ReaddirEntity};
use wasi_common::file::FileType;
use wasi_common::snapshots::preview_1::types::Errno;

pub(super) type Entries = Box<dyn Iterator<Item = Result<ReaddirEntity, Error>> + Send>;

/// What one descriptor's guest has read of its directory.
#[derive(Clone, Default)]
pub(super) struct Listing(Arc<Mutex<Option<Window>>>);

/// The entries that the guest may ask for again, and those that are still to come.
struct Window {
    rest: Entries,
    /// The cookie of the first that is kept.
    first: u64,
    kept: VecDeque<Entry>,
}

#[derive(Clone)]
struct Entry {
    inode: u64,
    name: String,
    filetype: FileType,
}

impl Listing {
    /// Returns whether the directory is to be read from its start: for the first cookie, and where the guest goes back to what it has
    /// seen.
    pub(super) fn is_to_begin(&self, cursor: ReaddirCursor) -> bool {
        let cursor = u64::from(cursor);
        cursor == 0 || self.0.lock().as_ref().is_none_or(|window| cursor < window.first)
    }

    /// Takes the entries of the directory from its start.
    pub(super) fn begin(&self, entries: Entries) {
        *self.0.lock() = Some(Window { rest: entries, first: 0, kept: VecDeque::new() });
    }

    /// Returns the entries from `cursor` on.
    pub(super) fn from(&self, cursor: ReaddirCursor) -> Entries {
        let (listing, mut at, mut failed) = (self.clone(), u64::from(cursor), false);
        listing.forget_before(at);
        Box::new(std::iter::from_fn(move || {
            let entry = if failed { None } else { listing.entry(at) };
            at += 1;
            failed = matches!(entry, Some(Err(_)));
            Some(entry?.map(|Entry { inode, name, filetype }| ReaddirEntity {
                next: at.into(),
                inode,
                name,
                filetype,
            }))
        }))
    }

    /// Forgets what comes before `cursor`: the guest has it.
    fn forget_before(&self, cursor: u64) {
        if let Some(window) = &mut *self.0.lock() {
            while window.first < cursor && window.kept.pop_front().is_some() {
                window.first += 1;
            }
        }
    }

    /// Returns the entry with so many before it.
    fn entry(&self, at: u64) -> Option<Result<Entry, Error>> {
        let mut window = self.0.lock();
        let window = window.as_mut()?;
        loop {
            let index = usize::try_from(at.checked_sub(window.first)?).ok()?;
            if let Some(entry) = window.kept.get(index) {
                return Some(Ok(entry.clone()));
            }
            let Some(entry) = caught(|| window.rest.next().transpose()).transpose() else {
                // A guest may keep the directory open, and the host has a limit of what is open.
                window.rest = Box::new(std::iter::empty());
                return None;
            };
            match entry {
                Ok(ReaddirEntity { inode, name, filetype, .. }) => {
                    window.kept.push_back(Entry { inode, name, filetype });
                }
                // A name that is no text, or a file that is gone by now, must not end the list.
                Err(error) if is_skipped(&error) => {}
                Err(error) => return Some(Err(error)),
            }
            // A cookie from before a rewind: what comes before it is read past, and not kept.
            if index >= window.kept.len() && window.kept.len() > 1 {
                window.kept.pop_front();
                window.first += 1;
            }
        }
    }
}

fn is_skipped(error: &Error) -> bool {
    matches!(error.downcast_ref(), Some(Errno::Ilseq | Errno::Noent))
}
