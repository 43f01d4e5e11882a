//! What programs expect as on Linux, and wasi-common does otherwise.

use super::*;

/// The entries of a directory as wasi-libc reads them: in buffers, from the last whole entry's cookie on.
fn list(guest: &mut Guest, fd: u64, size: usize, mut each: impl FnMut(&mut Guest, &str)) -> usize {
    let (mut cookie, mut count) = (0, 0);
    loop {
        let (buf, out) = (guest.space(size), guest.space(4));
        guest.call("fd_readdir", &[fd, buf, size as u64, cookie, out]).unwrap();
        let used = guest.u32(out) as usize;
        let bytes = guest.memory[buf as usize..][..used].to_vec();
        let mut at = 0;
        while let Some(head) = bytes.get(at..at + 24) {
            let len = u32::from_le_bytes(head[16..20].try_into().unwrap()) as usize;
            let Some(name) = bytes.get(at + 24..at + 24 + len) else { break };
            cookie = u64::from_le_bytes(head[..8].try_into().unwrap());
            at += 24 + len;
            count += 1;
            each(guest, std::str::from_utf8(name).unwrap());
        }
        if used < size {
            return count;
        }
    }
}

#[test]
fn deleting_while_listing_leaves_nothing() {
    let scratch = Scratch::new();
    for number in 0..10_000 {
        fs::write(scratch.0.join(format!("file {number}")), "").unwrap();
    }
    let mut guest = Guest::with(&scratch.0, false);
    let fd = guest.open(3, ".", DIRECTORY, READ).unwrap();
    let mut deleted = 0;
    list(&mut guest, fd, 1024, |guest, name| {
        if !name.starts_with('.') {
            guest.on("path_unlink_file", &[Some(3), None], &[name]).unwrap();
            deleted += 1;
        }
    });
    assert_eq!((deleted, fs::read_dir(&scratch.0).unwrap().count()), (10_000, 0));
}

#[test]
fn a_listing_goes_back_and_begins_anew() {
    let scratch = Scratch::new();
    for name in ["a", "b", "c", "d", "e"] {
        fs::write(scratch.0.join(name), "").unwrap();
    }
    let mut guest = Guest::with(&scratch.0, false);
    let fd = guest.open(3, ".", DIRECTORY, READ).unwrap();
    let mut first = Vec::new();
    // One at a time: what doesn't fit comes again.
    assert_eq!(list(&mut guest, fd, 30, |_, name| first.push(name.to_owned())), 7);
    assert_eq!(first[..2], [".", ".."]);
    fs::write(scratch.0.join("f"), "").unwrap();
    let mut second = Vec::new();
    list(&mut guest, fd, 4096, |_, name| second.push(name.to_owned()));
    assert_eq!(second.len(), 8);
    // A cookie from before.
    let (buf, out) = (guest.space(4096), guest.space(4));
    guest.call("fd_readdir", &[fd, buf, 4096, 2, out]).unwrap();
    assert_eq!(guest.u64(buf), 3);
    guest.call("fd_readdir", &[fd, buf, 4096, 8, out]).unwrap();
    assert_eq!(guest.u32(out), 0);
    guest.call("fd_readdir", &[fd, buf, 4096, u64::MAX, out]).unwrap();
    assert_eq!(guest.u32(out), 0);
}

#[test]
fn files_are_opened_as_linux_does() {
    let scratch = Scratch::new();
    let file = scratch.0.join("file");
    let mut guest = Guest::with(&scratch.0, false);
    let mut content = |oflags, rights, fdflags, write: bool| {
        fs::write(&file, "old").unwrap();
        let fd = guest.open_with(3, "file", FOLLOW, oflags, rights, fdflags)?;
        if write {
            guest.write(fd, &[b"+"])?;
        }
        guest.call("fd_close", &[fd]).unwrap();
        Ok(fs::read_to_string(&file).unwrap())
    };
    // Both flags count.
    assert_eq!(content(0, WRITE, APPEND | NONBLOCK, true), Ok("old+".into()));
    assert_eq!(content(CREATE, WRITE, APPEND | NONBLOCK, true), Ok("old+".into()));
    assert_eq!(content(CREATE | TRUNCATE, WRITE, APPEND, true), Ok("+".into()));
    assert_eq!(content(TRUNCATE, WRITE, APPEND, true), Ok("+".into()));
    assert_eq!(content(TRUNCATE, READ | WRITE, APPEND, true), Ok("+".into()));
    // As on Linux, where it is undefined by POSIX.
    assert_eq!(content(TRUNCATE, READ, 0, false), Ok("".into()));
    assert_eq!(content(TRUNCATE | CREATE, READ, 0, false), Ok("".into()));
    assert_eq!(content(TRUNCATE, READ, 0, true), Err(Errno::Badf));
}

#[test]
fn flags_that_are_set_later_are_kept() {
    let scratch = Scratch::new();
    fs::write(scratch.0.join("file"), "old").unwrap();
    let mut guest = Guest::with(&scratch.0, false);
    let fd = guest.open(3, "file", 0, WRITE).unwrap();
    guest.call("fd_fdstat_set_flags", &[fd, APPEND | NONBLOCK]).unwrap();
    assert_eq!(guest.flags(fd), APPEND | NONBLOCK);
    guest.write(fd, &[b"+"]).unwrap();
    assert_eq!(fs::read_to_string(scratch.0.join("file")).unwrap(), "old+");
}

#[test]
fn paths_end_in_slashes_as_on_linux() {
    let scratch = Scratch::new();
    scratch.dir("dir/sub");
    fs::write(scratch.0.join("file"), "").unwrap();
    symlink("dir", scratch.0.join("link")).unwrap();
    symlink("file", scratch.0.join("to file")).unwrap();
    let mut guest = Guest::with(&scratch.0, false);
    let rename = [Some(3), None, Some(3), None];
    assert_eq!(guest.on("path_rename", &rename, &["file", "new/"]), Err(Errno::Notdir));
    assert_eq!(guest.on("path_rename", &rename, &["file/", "new"]), Err(Errno::Notdir));
    assert!(scratch.0.join("file").exists());
    guest.on("path_rename", &rename, &["dir/sub/", "dir/other/"]).unwrap();
    guest.on("path_remove_directory", &[Some(3), None], &["dir/other/"]).unwrap();
    assert_eq!(guest.on("path_remove_directory", &[Some(3), None], &["file/"]), Err(Errno::Notdir));
    assert_eq!(guest.on("path_unlink_file", &[Some(3), None], &["file/"]), Err(Errno::Notdir));
    guest.on("path_create_directory", &[Some(3), None], &["made/"]).unwrap();
    // What a link leads to, where its name ends in a slash.
    let out = guest.space(64);
    let mut kind = |path: &str| {
        let stat = [Some(3), Some(0), None, Some(out)];
        guest.on("path_filestat_get", &stat, &[path]).map(|()| guest.memory[out as usize + 16])
    };
    const DIR: u8 = 3;
    const LINK: u8 = 7;
    assert_eq!((kind("link"), kind("link/")), (Ok(LINK), Ok(DIR)));
    assert_eq!((kind("to file/"), kind("file/")), (Err(Errno::Notdir), Err(Errno::Notdir)));
}

#[test]
fn sockets_that_are_not_open() {
    let scratch = Scratch::new();
    let mut guest = Guest::with(&scratch.0, false);
    for (fd, errno) in [
        (0, Errno::Notsock),
        (3, Errno::Notsock),
        (77, Errno::Badf),
        (u64::from(u32::MAX), Errno::Badf),
    ] {
        assert_eq!(guest.call("sock_shutdown", &[fd, 0]), Err(errno), "{fd}");
        assert_eq!(guest.call("sock_recv", &[fd, 0, 0, 0, 0, 0]), Err(errno), "{fd}");
        assert_eq!(guest.call("sock_send", &[fd, 0, 0, 0, 0]), Err(errno), "{fd}");
        assert_eq!(guest.call("sock_accept", &[fd, 0, 0]), Err(errno), "{fd}");
    }
}

#[test]
fn rights_are_not_dropped_silently() {
    let scratch = Scratch::new();
    fs::write(scratch.0.join("file"), "").unwrap();
    let mut guest = Guest::with(&scratch.0, false);
    let fd = guest.open(3, "file", 0, READ | WRITE).unwrap();
    assert_eq!(guest.call("fd_fdstat_set_rights", &[fd, READ, 0]), Err(Errno::Notsup));
    assert_eq!(guest.call("fd_fdstat_set_rights", &[77, READ, 0]), Err(Errno::Badf));
}

#[test]
fn times_of_any_size() {
    let scratch = Scratch::new();
    fs::write(scratch.0.join("file"), "").unwrap();
    let mut guest = Guest::with(&scratch.0, false);
    let fd = guest.open(3, "file", 0, READ | WRITE).unwrap();
    const BOTH: u64 = 1 | 4;
    for time in [0, 1, 1 << 62, i64::MAX as u64, i64::MIN as u64, u64::MAX] {
        // Not all file systems have all of these.
        let _ = guest.call("fd_filestat_set_times", &[fd, time, time, BOTH]);
        let set = [Some(3), Some(FOLLOW), None, Some(time), Some(time), Some(BOTH)];
        let _ = guest.on("path_filestat_set_times", &set, &["file"]);
        let out = guest.space(64);
        guest.call("fd_filestat_get", &[fd, out]).unwrap();
    }
    // What the host itself has set.
    let host = fs::File::options().write(true).open(scratch.0.join("file")).unwrap();
    for seconds in [i64::MIN, -1, i64::MAX] {
        let times = [libc::timespec { tv_sec: seconds, tv_nsec: 0 }; 2];
        // SAFETY: an open file, and two times.
        unsafe { libc::futimens(std::os::fd::AsRawFd::as_raw_fd(&host), times.as_ptr()) };
        let out = guest.space(64);
        guest.call("fd_filestat_get", &[fd, out]).unwrap();
        for follow in [FOLLOW, 0] {
            let args = [Some(3), Some(follow), None, Some(out)];
            let stat = guest.on("path_filestat_get", &args, &["file"]);
            // Only on file systems that have such a time, which /tmp may not be.
            assert!(stat.is_ok() || seconds == i64::MIN && stat == Err(Errno::Overflow));
        }
        let list = guest.list(3);
        assert!(list.is_ok() || seconds == i64::MIN && list == Err(Errno::Overflow));
    }
}

#[test]
fn what_is_no_file_has_no_position() {
    for stdio in [Stdio::Inherit, Stdio::Output, Stdio::Log, Stdio::None] {
        let settings = Settings::new("tester", &[], &[], streams(stdio, Log::default())).unwrap();
        let mut guest = Guest::new(&settings, &Workspace::None);
        let out = guest.space(8);
        for fd in 0..3 {
            // The tests' own streams may be files.
            if stdio == Stdio::Log || stdio == Stdio::None {
                assert_eq!(
                    guest.call("fd_seek", &[fd, 0, 0, out]),
                    Err(Errno::Spipe),
                    "{stdio:?} {fd}"
                );
                assert_eq!(guest.call("fd_tell", &[fd, out]), Err(Errno::Spipe), "{stdio:?} {fd}");
            }
        }
        assert_eq!(guest.call("fd_seek", &[77, 0, 0, out]), Err(Errno::Badf));
    }
}

/// One subscription to an absolute time of a clock, in the layout of a generation.
fn until(guest: &mut Guest, clock: u32, time: u64) -> Result<u32, Errno> {
    let (size, id) = if guest.module == PREVIEW_1 { (48, 16) } else { (56, 24) };
    let mut one = vec![0; size];
    one[..8].copy_from_slice(&77_u64.to_le_bytes());
    one[id..id + 4].copy_from_slice(&clock.to_le_bytes());
    one[id + 8..id + 16].copy_from_slice(&time.to_le_bytes());
    one[id + 24..id + 26].copy_from_slice(&1_u16.to_le_bytes());
    let (list, events, out) = (guest.put(&one), guest.space(32), guest.space(4));
    guest.call("poll_oneoff", &[list, events, 1, out])?;
    assert_eq!((guest.u64(events), guest.u64(list)), (77, 77));
    Ok(guest.u32(out))
}

#[test]
fn a_guest_sleeps_until_a_time_of_day() {
    for module in [PREVIEW_1, PREVIEW_0] {
        let mut guest = Guest::new(&settings(&[]), &Workspace::None);
        guest.module = module;
        let now = guest.clock(0);
        assert_eq!(until(&mut guest, 0, 0), Ok(1));
        assert_eq!(until(&mut guest, 0, now + 30_000_000), Ok(1));
        assert!(guest.clock(0) >= now + 30_000_000);
        let out = guest.space(8);
        for clock in [2, 3] {
            assert_eq!(guest.call("clock_time_get", &[clock, 0, out]), Err(Errno::Inval));
            assert_eq!(guest.call("clock_res_get", &[clock, out]), Err(Errno::Inval));
            assert_eq!(until(&mut guest, clock as u32, 0), Err(Errno::Inval));
        }
        assert_eq!(guest.call("poll_oneoff", &[1 << 16, 64, 1, 128]), Err(Errno::Fault));
    }
}

#[test]
fn what_is_only_read_may_be_opened_to_append() {
    let scratch = Scratch::new();
    fs::write(scratch.0.join("file"), "old").unwrap();
    for read_only in [true, false] {
        let mut guest = Guest::with(&scratch.0, read_only);
        let fd = guest.open_with(3, "file", FOLLOW, 0, READ, APPEND).unwrap();
        assert_eq!((guest.flags(fd), guest.read(fd)), (APPEND, Ok(b"old".to_vec())));
        assert_eq!(guest.write(fd, &[b"new"]), Err(Errno::Badf));
        guest.open_with(3, ".", FOLLOW, DIRECTORY, READ, APPEND).unwrap();
    }
}
