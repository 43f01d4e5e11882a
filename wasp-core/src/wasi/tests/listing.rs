//! What a listing asks of the host: each entry once, however the guest reads it, and no more of them kept than one read needs.

use crate::wasi::listing::Listing;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use wasi_common::Error;
use wasi_common::dir::ReaddirEntity;
use wasi_common::file::FileType;
use wasi_common::snapshots::preview_1::types::Errno;

type Entry = Result<ReaddirEntity, Error>;

fn named(number: usize) -> Entry {
    let (next, name) = (0.into(), format!("file {number}"));
    Ok(ReaddirEntity { next, inode: number as u64, name, filetype: FileType::RegularFile })
}

/// The host's side of a listing, which counts what is asked of it.
#[derive(Clone, Default)]
struct Host {
    asked: Arc<AtomicUsize>,
    open: Arc<()>,
}

impl Host {
    fn entries(
        &self,
        all: impl Iterator<Item = Entry> + Send + 'static,
    ) -> crate::wasi::listing::Entries {
        let host = self.clone();
        Box::new(all.inspect(move |_| {
            let _open = &host.open;
            host.asked.fetch_add(1, Ordering::Relaxed);
        }))
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    fn is_open(&self) -> bool {
        Arc::strong_count(&self.open) > 1
    }
}

/// Reads `count` entries from `cookie` on, as one call does: the inodes, and the cookie of what follows.
fn read(listing: &Listing, cookie: u64, count: usize) -> (Vec<u64>, u64) {
    let entries: Vec<_> = listing.from(cookie.into()).take(count).map(Result::unwrap).collect();
    let next = entries.last().map_or(cookie, |entry| entry.next.into());
    (entries.iter().map(|entry| entry.inode).collect(), next)
}

#[test]
fn each_entry_is_asked_for_once() {
    const ALL: usize = 10_000;
    let (listing, host) = (Listing::default(), Host::default());
    assert!(listing.is_to_begin(0.into()));
    listing.begin(host.entries((0..ALL).map(named)));
    let (mut cookie, mut seen) = (0, Vec::new());
    loop {
        assert!(cookie == 0 || !listing.is_to_begin(cookie.into()));
        // The third doesn't fit any more, and comes again.
        let (inodes, _) = read(&listing, cookie, 3);
        let whole = &inodes[..inodes.len().min(2)];
        if whole.is_empty() {
            break;
        }
        seen.extend_from_slice(whole);
        cookie += whole.len() as u64;
        assert!(host.asked() <= seen.len() + 1, "read ahead");
    }
    assert_eq!(seen, (0..ALL as u64).collect::<Vec<_>>());
    assert_eq!(host.asked(), ALL);
}

#[test]
fn a_listing_that_is_read_holds_nothing_of_the_host() {
    let (listing, host) = (Listing::default(), Host::default());
    listing.begin(host.entries((0..3).map(named)));
    assert_eq!(read(&listing, 0, 2).0, [0, 1]);
    assert!(host.is_open());
    assert_eq!(read(&listing, 2, 100), (vec![2], 3));
    assert!(!host.is_open());
    assert!(read(&listing, 3, 100).0.is_empty());
}

#[test]
fn what_the_guest_has_is_forgotten() {
    let (listing, host) = (Listing::default(), Host::default());
    listing.begin(host.entries((0..100).map(named)));
    let (_, cookie) = read(&listing, 0, 50);
    assert!(!listing.is_to_begin(1.into()));
    let _ = read(&listing, cookie, 1);
    // Only from the start could it be given again.
    assert!(listing.is_to_begin(49.into()) && !listing.is_to_begin(50.into()));
    listing.begin(host.entries((0..100).map(named)));
    assert_eq!(read(&listing, 49, 2), (vec![49, 50], 51));
    assert!(read(&listing, u64::MAX, 2).0.is_empty());
}

#[test]
fn entries_that_cannot_be_told_are_passed_over() {
    let (listing, host) = (Listing::default(), Host::default());
    let faults = [Errno::Ilseq, Errno::Noent].map(|errno| Err(errno.into()));
    listing.begin(host.entries(faults.into_iter().chain([named(7)])));
    assert_eq!(read(&listing, 0, 9), (vec![7], 1));
    listing.begin(host.entries([Err(Errno::Io.into()), named(7)].into_iter()));
    assert!(listing.from(0.into()).next().unwrap().is_err());
}
