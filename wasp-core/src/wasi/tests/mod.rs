mod compare;
mod listing;
mod native;

use super::Streams;
use super::file::MAX_HANDLES;
use super::stdio::terminal;
use super::*;
use crate::base::error::{ErrorKind, Result};
use crate::base::log::{Level, Log};
use crate::config::engine_options::Stdio;
use crate::config::plugin_config::Volume;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, IoSlice};
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};
use wasi_common::snapshots::preview_1::types::Errno;

const READ: u64 = 1 << 1;
const WRITE: u64 = 1 << 6;
const CREATE: u64 = 1;
const DIRECTORY: u64 = 2;
const EXCLUSIVE: u64 = 4;
const TRUNCATE: u64 = 8;
const APPEND: u64 = 1;
const NONBLOCK: u64 = 4;
const FOLLOW: u64 = 1;

const PREVIEW_1: &str = "wasi_snapshot_preview1";
const PREVIEW_0: &str = "wasi_unstable";

/// A new directory, removed when it is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("wasp-wasi-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn dir(&self, name: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(&path).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A call of a function on paths, as [`Guest::on`] takes it.
type Change<'a> = (&'a str, &'a [Option<u64>], &'a [&'a str]);

/// What a guest could change of a file: mode, links, time, content.
type State = (u32, u64, SystemTime, Option<Vec<u8>>);

/// The state of everything below a directory.
fn snapshot(root: &Path) -> BTreeMap<PathBuf, State> {
    let mut found = BTreeMap::new();
    let mut rest = vec![root.to_owned()];
    while let Some(path) = rest.pop() {
        let meta = fs::symlink_metadata(&path).unwrap();
        if meta.is_dir() {
            rest.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        let content = if meta.is_file() { Some(fs::read(&path).unwrap()) } else { None };
        found.insert(path, (meta.mode(), meta.nlink(), meta.modified().unwrap(), content));
    }
    found
}

fn volume(guest: &str, host: &Path, read_only: bool) -> Volume {
    Volume { guest: guest.into(), host: host.into(), read_only }
}

fn streams(stdio: Stdio, log: Log) -> Streams {
    Streams::new("tester", stdio, [true; 3], log)
}

fn settings(volumes: &[Volume]) -> Settings {
    Settings::new("tester", &[], volumes, streams(Stdio::None, Log::default())).unwrap()
}

/// A guest that is nothing but its memory.
struct Guest {
    context: Context,
    memory: Vec<u8>,
    module: &'static str,
    top: usize,
}

impl Guest {
    fn new(settings: &Settings, workspace: &Workspace) -> Self {
        let context = Context::new(settings, workspace, None).unwrap();
        Self { context, memory: vec![0; 1 << 16], module: PREVIEW_1, top: 16 }
    }

    /// With one volume at descriptor 3.
    fn with(host: &Path, read_only: bool) -> Self {
        Self::new(&settings(&[volume("/data", host, read_only)]), &Workspace::None)
    }

    fn put(&mut self, bytes: &[u8]) -> u64 {
        if self.top + bytes.len() + 8 > self.memory.len() {
            self.top = 16;
        }
        let at = self.top;
        self.memory[at..at + bytes.len()].copy_from_slice(bytes);
        self.top = (at + bytes.len() + 7) & !7;
        at as u64
    }

    fn space(&mut self, len: usize) -> u64 {
        self.put(&vec![0; len])
    }

    fn u32(&self, at: u64) -> u32 {
        u32::from_le_bytes(self.memory[at as usize..][..4].try_into().unwrap())
    }

    fn u64(&self, at: u64) -> u64 {
        u64::from_le_bytes(self.memory[at as usize..][..8].try_into().unwrap())
    }

    fn raw(&mut self, name: &str, args: &[u64]) -> Result<u64, Stop> {
        function(self.module, name).unwrap().call(&mut self.context, &mut self.memory, args)
    }

    fn call(&mut self, name: &str, args: &[u64]) -> Result<(), Errno> {
        match Errno::try_from(self.raw(name, args).unwrap() as i32).unwrap() {
            Errno::Success => Ok(()),
            errno => Err(errno),
        }
    }

    /// Calls a function whose only strings are paths, given in place: `None` stands for the next of them.
    fn on(&mut self, name: &str, args: &[Option<u64>], paths: &[&str]) -> Result<(), Errno> {
        let mut paths = paths.iter();
        let mut raw = Vec::new();
        for arg in args {
            match arg {
                Some(number) => raw.push(*number),
                None => {
                    let path = paths.next().unwrap();
                    raw.extend([self.put(path.as_bytes()), path.len() as u64]);
                }
            }
        }
        self.call(name, &raw)
    }

    fn open_with(
        &mut self,
        fd: u64,
        path: &str,
        lookup: u64,
        oflags: u64,
        rights: u64,
        fdflags: u64,
    ) -> Result<u64, Errno> {
        let out = self.space(4);
        let args = [fd, lookup].map(Some).into_iter().chain([None]);
        let args: Vec<_> = args.chain([oflags, rights, 0, fdflags, out].map(Some)).collect();
        self.on("path_open", &args, &[path])?;
        Ok(self.u32(out).into())
    }

    /// The flags of an open file, as `fd_fdstat_get` tells them.
    fn flags(&mut self, fd: u64) -> u64 {
        let out = self.space(24);
        self.call("fd_fdstat_get", &[fd, out]).unwrap();
        (self.u32(out) >> 16).into()
    }

    fn open(&mut self, fd: u64, path: &str, oflags: u64, rights: u64) -> Result<u64, Errno> {
        self.open_with(fd, path, FOLLOW, oflags, rights, 0)
    }

    fn write(&mut self, fd: u64, parts: &[&[u8]]) -> Result<u64, Errno> {
        let list: Vec<u8> = parts
            .iter()
            .flat_map(|part| [self.put(part) as u32, part.len() as u32])
            .flat_map(u32::to_le_bytes)
            .collect();
        let (iovs, out) = (self.put(&list), self.space(4));
        self.call("fd_write", &[fd, iovs, parts.len() as u64, out])?;
        Ok(self.u32(out).into())
    }

    fn read(&mut self, fd: u64) -> Result<Vec<u8>, Errno> {
        let buf = self.space(256);
        let iov = self.put(&[(buf as u32).to_le_bytes(), 256u32.to_le_bytes()].concat());
        let out = self.space(4);
        self.call("fd_read", &[fd, iov, 1, out])?;
        Ok(self.memory[buf as usize..][..self.u32(out) as usize].to_vec())
    }

    /// The names in a directory, sorted.
    fn list(&mut self, fd: u64) -> Result<Vec<String>, Errno> {
        let (buf, used) = (self.space(4096), self.space(4));
        self.call("fd_readdir", &[fd, buf, 4096, 0, used])?;
        let mut names = Vec::new();
        let end = buf + u64::from(self.u32(used));
        let mut at = buf;
        while at < end {
            let len = self.u32(at + 16) as usize;
            names.push(String::from_utf8(self.memory[at as usize + 24..][..len].to_vec()).unwrap());
            at += 24 + len as u64;
        }
        names.sort();
        Ok(names)
    }

    /// The guest path of a preopened directory.
    fn preopen(&mut self, fd: u64) -> Result<String, Errno> {
        let prestat = self.space(8);
        self.call("fd_prestat_get", &[fd, prestat])?;
        assert_eq!(self.u32(prestat), 0);
        let len = self.u32(prestat + 4);
        let name = self.space(len as usize);
        self.call("fd_prestat_dir_name", &[fd, name, len.into()])?;
        Ok(String::from_utf8(self.memory[name as usize..][..len as usize].to_vec()).unwrap())
    }

    fn clock(&mut self, id: u64) -> u64 {
        let out = self.space(8);
        self.call("clock_time_get", &[id, 0, out]).unwrap();
        self.u64(out)
    }

    /// Subscriptions to one relative time each, or to a file where the clock is `None`.
    fn poll(&mut self, subscriptions: &[(Option<u64>, u64)]) -> Result<Vec<u64>, Errno> {
        let mut list = Vec::new();
        for (index, (clock, value)) in (100u64..).zip(subscriptions) {
            let mut one = [0u8; 48];
            one[..8].copy_from_slice(&index.to_le_bytes());
            match clock {
                Some(id) => {
                    one[16..20].copy_from_slice(&(*id as u32).to_le_bytes());
                    one[24..32].copy_from_slice(&value.to_le_bytes());
                }
                None => {
                    one[8] = if *value == 0 { 1 } else { 2 };
                    one[16..20].copy_from_slice(&(*value as u32).to_le_bytes());
                }
            }
            list.extend(one);
        }
        let events = self.space(32 * subscriptions.len());
        let (list, out) = (self.put(&list), self.space(4));
        self.call("poll_oneoff", &[list, events, subscriptions.len() as u64, out])?;
        Ok((0..self.u32(out)).map(|index| self.u64(events + u64::from(index) * 32)).collect())
    }
}

#[test]
fn knows_its_own_functions() {
    assert!(is_wasi(PREVIEW_1) && is_wasi(PREVIEW_0) && !is_wasi("env"));
    let seek = function(PREVIEW_1, "fd_seek").unwrap();
    use wasmer_types::Type::{I32, I64};
    assert_eq!(
        (seek.name, seek.params, seek.results),
        ("fd_seek", &[I32, I64, I32, I32][..], &[I32][..])
    );
    assert!(function(PREVIEW_1, "proc_exit").unwrap().results.is_empty());
    assert!(function(PREVIEW_1, "fd_seek64").is_none());
    assert!(function("env", "fd_seek").is_none());
    fn sendable<T: Send>() {}
    sendable::<Context>();
    sendable::<&Settings>();
}

#[test]
fn gives_the_plugins_environment_and_nothing_of_the_hosts() {
    let environment = [("LANG".to_owned(), "de".to_owned()), ("EMPTY".to_owned(), String::new())];
    let settings =
        Settings::new("tester", &environment, &[], streams(Stdio::None, Log::default())).unwrap();
    let mut guest = Guest::new(&settings, &Workspace::None);
    for (name, expected) in [("environ", &b"LANG=de\0EMPTY=\0"[..]), ("args", b"tester\0")] {
        let (count, size) = (guest.space(4), guest.space(4));
        guest.call(&format!("{name}_sizes_get"), &[count, size]).unwrap();
        assert_eq!(guest.u32(count) as usize, expected.iter().filter(|byte| **byte == 0).count());
        assert_eq!(guest.u32(size) as usize, expected.len());
        let (list, text) = (guest.space(8), guest.space(64));
        guest.call(&format!("{name}_get"), &[list, text]).unwrap();
        assert_eq!(u64::from(guest.u32(list)), text);
        assert_eq!(&guest.memory[text as usize..][..expected.len()], expected);
    }
}

#[test]
fn refuses_settings_that_make_no_sense() {
    let scratch = Scratch::new();
    let host = &scratch.0;
    let message = |environment: &[(&str, &str)], volumes: &[Volume]| {
        let environment: Vec<_> =
            environment.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        match Settings::new("tester", &environment, volumes, streams(Stdio::None, Log::default())) {
            Ok(_) => panic!("accepted"),
            Err(error) => (error.kind(), error.to_string()),
        }
    };
    let invalid = |text: &str| (ErrorKind::Invalid, text.to_owned());
    assert_eq!(message(&[("", "x")], &[]), invalid("environment variable \"\" has no name"));
    assert_eq!(
        message(&[("a=b", "x")], &[]),
        invalid("environment variable \"a=b\" has a \"=\" in its name")
    );
    assert_eq!(
        message(&[("a", "x\0")], &[]),
        invalid("environment variable \"a\" has a NUL inside")
    );
    let one = |guest: &str| message(&[], &[volume(guest, host, false)]);
    assert_eq!(one("data"), invalid("volume \"data\" is not absolute"));
    assert_eq!(one(""), invalid("volume \"\" is not absolute"));
    assert_eq!(one("/a/../b"), invalid("volume \"/a/../b\" has a \"..\" inside"));
    assert_eq!(one("/a\0"), invalid("volume \"/a\\0\" has a NUL inside"));
    let place = "is where the instance's own directory stands";
    assert_eq!(one("//workspace/."), invalid(&format!("volume \"//workspace/.\" {place}")));
    let twice = [volume("/a", host, false), volume("/a/", host, true)];
    assert_eq!(message(&[], &twice), invalid("volume \"/a\" is given twice"));

    let missing = host.join("missing");
    let text = format!("volume \"/a\" at {missing:?}: No such file or directory");
    assert_eq!(message(&[], &[volume("/a", &missing, true)]), (ErrorKind::Io, text));
    let file = host.join("file");
    fs::write(&file, "").unwrap();
    let text = format!("volume \"/a\" at {file:?}: Not a directory");
    assert_eq!(message(&[], &[volume("/a", &file, true)]), (ErrorKind::Io, text));

    let error = Workspace::at(&missing).unwrap_err();
    assert_eq!(error.to_string(), format!("workspace {missing:?}: No such file or directory"));
    let error = Workspace::at(&file).unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string()),
        (ErrorKind::Io, format!("workspace {file:?}: not a directory"))
    );
}

#[test]
fn reports_a_workspace_that_went_away() {
    let scratch = Scratch::new();
    let path = scratch.dir("work");
    let workspace = Workspace::at(&path).unwrap();
    fs::remove_dir(&path).unwrap();
    let Err(error) = Context::new(&settings(&[]), &workspace, None) else { panic!("opened") };
    assert_eq!(error.to_string(), format!("workspace {path:?}: No such file or directory"));
}

#[test]
fn keeps_the_descriptors_whatever_stands_at_the_workspace() {
    let scratch = Scratch::new();
    let (one, two) = (scratch.dir("one"), scratch.dir("two"));
    fs::write(one.join("file"), "text").unwrap();
    let settings = settings(&[volume("/two/", &two, false), volume("/one", &one, true)]);

    let mut guest = Guest::new(&settings, &Workspace::at(&scratch.dir("work")).unwrap());
    let names = [3, 4, 5, 6].map(|fd| guest.preopen(fd));
    assert_eq!(
        names,
        [Ok("/two".into()), Ok("/one".into()), Ok("/workspace".into()), Err(Errno::Badf)]
    );
    assert_eq!(guest.open(4, "file", 0, READ), Ok(6));

    let mut guest = Guest::new(&settings, &Workspace::Starting);
    let names = [3, 4, 5, 6].map(|fd| guest.preopen(fd));
    assert_eq!(
        names,
        [Ok("/two".into()), Ok("/one".into()), Ok("/workspace".into()), Err(Errno::Badf)]
    );
    assert_eq!(guest.open(4, "file", 0, READ), Ok(6));

    let mut guest = Guest::new(&settings, &Workspace::None);
    let names = [3, 4, 5, 6].map(|fd| guest.preopen(fd));
    assert_eq!(names, [Ok("/two".into()), Ok("/one".into()), Err(Errno::Badf), Err(Errno::Badf)]);
    assert_eq!(guest.open(5, "file", 0, READ), Err(Errno::Badf));
    assert_eq!(guest.list(5), Err(Errno::Badf));
    assert_eq!(guest.open(4, "file", 0, READ), Ok(6), "the workspace's number stays free");
}

#[test]
fn shows_an_empty_workspace_while_starting() {
    let scratch = Scratch::new();
    fs::write(scratch.0.join("file"), "text").unwrap();
    let mut guest =
        Guest::new(&settings(&[volume("/data", &scratch.0, false)]), &Workspace::Starting);
    assert_eq!(guest.list(4).unwrap(), [".", ".."]);
    let again = guest.open(4, "./.", DIRECTORY, READ).unwrap();
    assert_eq!(guest.list(again).unwrap(), [".", ".."]);
    let stat = guest.space(64);
    guest.call("fd_filestat_get", &[4, stat]).unwrap();
    assert_eq!(guest.memory[stat as usize + 16], 3, "a directory");
    guest.on("path_filestat_get", &[Some(4), Some(0), None, Some(stat)], &["."]).unwrap();

    for path in ["file", "..", "../data/file", "/data/file", ""] {
        assert_eq!(guest.open(4, path, 0, READ), Err(Errno::Noent), "{path}");
        let args = [Some(4), Some(0), None, Some(stat)];
        assert_eq!(guest.on("path_filestat_get", &args, &[path]), Err(Errno::Noent), "{path}");
    }
    assert_eq!(guest.open(4, "new", CREATE, WRITE), Err(Errno::Rofs));
    let fd = Some(4);
    let changes: &[Change] = &[
        ("path_create_directory", &[fd, None], &["new"]),
        ("path_symlink", &[None, fd, None], &["file", "new"]),
        ("path_unlink_file", &[fd, None], &["new"]),
        ("path_remove_directory", &[fd, None], &["new"]),
        ("path_rename", &[fd, None, fd, None], &["new", "newer"]),
        ("path_rename", &[Some(3), None, fd, None], &["file", "new"]),
        ("path_link", &[Some(3), Some(0), None, fd, None], &["file", "new"]),
        ("path_link", &[fd, Some(0), None, Some(3), None], &["file", "new"]),
        ("path_filestat_set_times", &[fd, Some(0), None, Some(0), Some(0), Some(5)], &["."]),
    ];
    for &(name, args, paths) in changes {
        assert_eq!(guest.on(name, args, paths), Err(Errno::Rofs), "{name}");
    }
}

#[test]
fn writes_and_reads_in_the_workspace() {
    let scratch = Scratch::new();
    let workspace = Workspace::at(&scratch.0).unwrap();
    let mut guest = Guest::new(&settings(&[]), &workspace);
    guest.on("path_create_directory", &[Some(3), None], &["sub"]).unwrap();
    let file = guest.open(3, "sub/note.txt", CREATE | EXCLUSIVE, READ | WRITE).unwrap();
    assert_eq!(guest.write(file, &[b"Gr", b"", "üße".as_bytes()]), Ok(7));
    assert_eq!(fs::read_to_string(scratch.0.join("sub/note.txt")).unwrap(), "Grüße");
    let position = guest.space(8);
    guest.call("fd_seek", &[file, 2, 0, position]).unwrap();
    assert_eq!(guest.read(file).unwrap(), "üße".as_bytes());
    guest.call("fd_fdstat_set_flags", &[file, APPEND]).unwrap();
    guest.call("fd_filestat_set_size", &[file, 2]).unwrap();
    assert_eq!(guest.write(file, &[b"as"]), Ok(2));
    guest.call("fd_close", &[file]).unwrap();
    assert_eq!(guest.read(file), Err(Errno::Badf));
    assert_eq!(fs::read(scratch.0.join("sub/note.txt")).unwrap(), b"Gras");

    let sub = guest.open(3, "sub", DIRECTORY, READ).unwrap();
    assert_eq!(guest.list(sub).unwrap(), [".", "..", "note.txt"]);
    let file = guest.open(sub, "note.txt", TRUNCATE, READ | WRITE).unwrap();
    assert_eq!(guest.read(file).unwrap(), b"");
    assert_eq!(guest.open(3, "sub/note.txt", CREATE | EXCLUSIVE, WRITE), Err(Errno::Exist));
}

#[test]
fn renames_and_links_between_writable_directories() {
    let scratch = Scratch::new();
    let (one, two) = (scratch.dir("one"), scratch.dir("two"));
    fs::write(one.join("file"), "text").unwrap();
    let settings = settings(&[volume("/one", &one, false)]);
    let mut guest = Guest::new(&settings, &Workspace::at(&two).unwrap());
    guest.on("path_link", &[Some(3), Some(0), None, Some(4), None], &["file", "linked"]).unwrap();
    guest.on("path_rename", &[Some(3), None, Some(4), None], &["file", "moved"]).unwrap();
    assert_eq!(guest.list(3).unwrap(), [".", ".."]);
    assert_eq!(guest.list(4).unwrap(), [".", "..", "linked", "moved"]);
    fs::create_dir(one.join("sub")).unwrap();
    let sub = guest.open(3, "sub", DIRECTORY, READ).unwrap();
    guest.on("path_rename", &[Some(4), None, Some(sub), None], &["moved", "back"]).unwrap();
    assert_eq!(fs::read(one.join("sub/back")).unwrap(), b"text");
    guest.on("path_symlink", &[None, Some(3), None], &["sub/back", "link"]).unwrap();
    let file = guest.open(3, "link", 0, READ).unwrap();
    assert_eq!(guest.read(file).unwrap(), b"text");
    let (buf, used) = (guest.space(32), guest.space(4));
    guest
        .on("path_readlink", &[Some(3), None, Some(buf), Some(32), Some(used)], &["link"])
        .unwrap();
    assert_eq!(&guest.memory[buf as usize..][..8], b"sub/back");
    guest.on("path_unlink_file", &[Some(3), None], &["link"]).unwrap();
    guest.on("path_unlink_file", &[Some(3), None], &["sub/back"]).unwrap();
    guest.on("path_remove_directory", &[Some(3), None], &["sub"]).unwrap();
    assert_eq!(guest.list(3).unwrap(), [".", ".."]);
}

/// A read-only volume at 3, its directory `sub` opened from there at 5, its file `file` opened at 6, a writable
/// volume with a file `other` at 4.
fn read_only_guest(scratch: &Scratch) -> (PathBuf, Guest) {
    let (ro, rw) = (scratch.dir("ro"), scratch.dir("rw"));
    scratch.dir("ro/sub/empty");
    fs::write(ro.join("file"), "precious").unwrap();
    fs::write(ro.join("sub/file"), "precious too").unwrap();
    symlink("file", ro.join("link")).unwrap();
    fs::write(rw.join("other"), "mine").unwrap();
    let settings = settings(&[volume("/ro", &ro, true), volume("/rw", &rw, false)]);
    let mut guest = Guest::new(&settings, &Workspace::Starting);
    guest.call("fd_close", &[5]).unwrap();
    let sub = guest.open(3, "sub", DIRECTORY, READ).unwrap();
    let file = guest.open(3, "file", 0, READ).unwrap();
    assert_eq!((sub, file), (6, 7));
    (ro, guest)
}

#[test]
fn reads_a_read_only_volume() {
    let scratch = Scratch::new();
    let (_, mut guest) = read_only_guest(&scratch);
    assert_eq!(guest.read(7).unwrap(), b"precious");
    assert_eq!(guest.list(6).unwrap(), [".", "..", "empty", "file"]);
    let file = guest.open(6, "file", 0, READ).unwrap();
    assert_eq!(guest.read(file).unwrap(), b"precious too");
    let file = guest.open(3, "link", 0, READ).unwrap();
    assert_eq!(guest.read(file).unwrap(), b"precious");
}

#[test]
fn opens_nothing_for_writing_in_a_read_only_volume() {
    let scratch = Scratch::new();
    let (ro, mut guest) = read_only_guest(&scratch);
    let before = snapshot(&ro);
    for (fd, path) in [
        (3, "file"),
        (3, "link"),
        (3, "new"),
        (3, "sub/file"),
        (6, "file"),
        (6, "new"),
        (6, "empty"),
    ] {
        for (oflags, rights, fdflags) in [
            (0, WRITE, 0),
            (0, READ | WRITE, 0),
            (CREATE, READ, 0),
            (CREATE | EXCLUSIVE, READ, 0),
            (CREATE | TRUNCATE, WRITE, 0),
            (TRUNCATE, READ, 0),
            (TRUNCATE, 0, 0),
        ] {
            let opened = guest.open_with(fd, path, FOLLOW, oflags, rights, fdflags);
            assert_eq!(opened, Err(Errno::Rofs), "{path} {oflags} {rights} {fdflags}");
        }
    }
    assert_eq!(snapshot(&ro), before);
}

#[test]
fn changes_nothing_in_a_read_only_volume() {
    let scratch = Scratch::new();
    let (ro, mut guest) = read_only_guest(&scratch);
    let before = snapshot(&scratch.0);
    let zero = Some(0);
    let ro_dirs = [(3, "sub/file", "sub/empty"), (6, "file", "empty")];
    for (fd, file, dir) in ro_dirs {
        let (fd, rw) = (Some(fd), Some(4));
        let changes: &[Change] = &[
            ("path_create_directory", &[fd, None], &["new"]),
            ("path_symlink", &[None, fd, None], &["file", "new"]),
            ("path_unlink_file", &[fd, None], &[file]),
            ("path_remove_directory", &[fd, None], &[dir]),
            ("path_rename", &[fd, None, fd, None], &[file, "new"]),
            ("path_rename", &[fd, None, rw, None], &[file, "new"]),
            ("path_rename", &[rw, None, fd, None], &["other", file]),
            ("path_link", &[fd, zero, None, fd, None], &[file, "new"]),
            ("path_link", &[fd, zero, None, rw, None], &[file, "new"]),
            ("path_link", &[rw, zero, None, fd, None], &["other", "new"]),
            ("path_filestat_set_times", &[fd, Some(FOLLOW), None, zero, zero, Some(5)], &[file]),
            ("path_filestat_set_times", &[fd, zero, None, zero, zero, Some(5)], &["."]),
        ];
        for &(name, args, paths) in changes {
            assert_eq!(guest.on(name, args, paths), Err(Errno::Rofs), "{name} {paths:?}");
        }
        assert_eq!(guest.call("fd_filestat_set_times", &[fd.unwrap(), 0, 0, 5]), Err(Errno::Rofs));
    }
    let iov = guest.put(&[16u32.to_le_bytes(), 4u32.to_le_bytes()].concat());
    let out = guest.space(8);
    assert_eq!(guest.call("fd_filestat_set_times", &[7, 0, 0, 5]), Err(Errno::Rofs));
    assert_eq!(guest.call("fd_filestat_set_size", &[7, 0]), Err(Errno::Rofs));
    assert_eq!(guest.call("fd_fdstat_set_flags", &[7, APPEND]), Err(Errno::Rofs));
    assert_eq!(guest.call("fd_allocate", &[7, 0, 100]), Err(Errno::Notsup));
    assert_eq!(guest.call("fd_write", &[7, iov, 1, out]), Err(Errno::Badf));
    assert_eq!(guest.call("fd_pwrite", &[7, iov, 1, 0, out]), Err(Errno::Badf));
    // Rights are not kept, so none can be asked for.
    assert_eq!(guest.call("fd_fdstat_set_rights", &[7, READ | WRITE, 0]), Err(Errno::Notsup));
    assert_eq!(guest.call("fd_write", &[7, iov, 1, out]), Err(Errno::Badf));
    // Nor does moving the directory to another number.
    guest.call("fd_renumber", &[3, 4]).unwrap();
    assert_eq!(guest.on("path_unlink_file", &[Some(4), None], &["file"]), Err(Errno::Rofs));
    assert_eq!(snapshot(&scratch.0), before);
    drop(ro);
}

/// `inside/` with links that lead to `outside/`, which holds a file `secret` and an empty directory `hollow`.
fn links(scratch: &Scratch) -> (PathBuf, PathBuf) {
    let (inside, outside) = (scratch.0.join("inside"), scratch.0.join("outside"));
    let _ = fs::remove_dir_all(&inside);
    scratch.dir("inside/sub");
    scratch.dir("outside/hollow");
    fs::write(outside.join("secret"), "secret").unwrap();
    fs::write(inside.join("file"), "mine").unwrap();
    for (link, target) in [
        ("dir", "../outside"),
        ("slash", "../outside/"),
        ("secret", "../outside/secret"),
        ("hollow", "../outside/hollow"),
        ("missing", "../outside/missing"),
        ("chain", "dir/"),
        ("up", ".."),
        ("sub/up", "../.."),
    ] {
        symlink(target, inside.join(link)).unwrap();
    }
    symlink(&outside, inside.join("absolute")).unwrap();
    symlink(outside.join("secret"), inside.join("absolute_secret")).unwrap();
    (inside, outside)
}

#[test]
fn opens_nothing_outside_a_directory() {
    let scratch = Scratch::new();
    let (inside, outside) = links(&scratch);
    let before = snapshot(&outside);
    let absolute = outside.to_str().unwrap();
    let absolute_secret = format!("{absolute}/secret");
    let bases = [
        "..",
        "../outside",
        "../outside/secret",
        "sub/../../outside/secret",
        "../inside/file",
        absolute,
        &absolute_secret,
        "/",
        "/etc/passwd",
        "dir",
        "dir/secret",
        "slash",
        "slash/secret",
        "chain",
        "chain/secret",
        "secret",
        "hollow",
        "missing",
        "dir/missing",
        "up",
        "up/outside/secret",
        "sub/up/outside/secret",
        "absolute",
        "absolute/secret",
        "absolute_secret",
    ];
    let mut guest = Guest::with(&inside, false);
    let stat = guest.space(64);
    for base in bases {
        for end in ["", "/", "//", "/.", "/./", "/hollow/..", "/hollow/../"] {
            let path = format!("{base}{end}");
            for lookup in [0, FOLLOW] {
                for oflags in
                    [0, DIRECTORY, CREATE, CREATE | EXCLUSIVE, CREATE | TRUNCATE, TRUNCATE]
                {
                    for rights in [READ, WRITE, READ | WRITE, 0] {
                        let opened = guest.open_with(3, &path, lookup, oflags, rights, 0);
                        assert!(opened.is_err(), "{path} {lookup} {oflags} {rights}");
                    }
                }
            }
            let follow = [Some(3), Some(FOLLOW), None, Some(stat)];
            assert!(guest.on("path_filestat_get", &follow, &[&path]).is_err(), "{path}");
            let times = [Some(3), Some(FOLLOW), None, Some(0), Some(0), Some(5)];
            assert!(guest.on("path_filestat_set_times", &times, &[&path]).is_err(), "{path}");
        }
    }
    assert_eq!(guest.open(3, "../inside/file", 0, READ), Err(Errno::Perm));
    assert_eq!(guest.open(3, &absolute_secret, 0, READ), Err(Errno::Perm));
    assert_eq!(guest.open(3, "secret", 0, READ), Err(Errno::Perm));
    assert_eq!(snapshot(&outside), before);
}

#[test]
fn changes_nothing_outside_a_directory() {
    let scratch = Scratch::new();
    let (inside, outside) = links(&scratch);
    let before = snapshot(&outside);
    let absolute = outside.to_str().unwrap();
    let places = [
        "..",
        "../outside",
        absolute,
        "dir",
        "slash",
        "chain",
        "absolute",
        "up/outside",
        "sub/up/outside",
    ];
    let zero = Some(0);
    for place in places {
        for end in [
            "/",
            "/new",
            "/new/",
            "/secret",
            "/secret/",
            "/hollow",
            "/hollow/",
            "/hollow/.",
            "/.",
            "",
        ] {
            let path = &format!("{place}{end}");
            let changes: &[Change] = &[
                ("path_create_directory", &[Some(3), None], &[path]),
                ("path_symlink", &[None, Some(3), None], &["file", path]),
                ("path_unlink_file", &[Some(3), None], &[path]),
                ("path_remove_directory", &[Some(3), None], &[path]),
                ("path_rename", &[Some(3), None, Some(3), None], &["file", path]),
                ("path_rename", &[Some(3), None, Some(3), None], &["sub", path]),
                ("path_rename", &[Some(3), None, Some(3), None], &[path, "taken"]),
                ("path_link", &[Some(3), zero, None, Some(3), None], &["file", path]),
                ("path_link", &[Some(3), zero, None, Some(3), None], &[path, "taken"]),
                (
                    "path_filestat_set_times",
                    &[Some(3), Some(FOLLOW), None, zero, zero, Some(5)],
                    &[path],
                ),
                ("path_filestat_set_times", &[Some(3), zero, None, zero, zero, Some(5)], &[path]),
            ];
            for &(name, args, paths) in changes {
                // What the links themselves suffer is not the point: they are the guest's to remove.
                links(&scratch);
                let mut guest = Guest::with(&inside, false);
                let _ = guest.on(name, args, paths);
                for taken in ["taken", "taken/secret"] {
                    let opened = guest.open(3, taken, 0, READ);
                    assert!(
                        opened.is_err() || guest.read(opened.unwrap()) != Ok(b"secret".into()),
                        "{name} {path}"
                    );
                }
                let mut after = snapshot(&outside);
                // Setting the scene writes the file again.
                after.get_mut(&outside.join("secret")).unwrap().2 =
                    before[&outside.join("secret")].2;
                assert_eq!(after, before, "{name} {path}");
            }
        }
    }
}

#[test]
fn follows_no_link_of_the_guests_own_making_outside() {
    let scratch = Scratch::new();
    let (inside, outside) = links(&scratch);
    let mut guest = Guest::with(&inside, false);
    let absolute = outside.to_str().unwrap();
    assert_eq!(
        guest.on("path_symlink", &[None, Some(3), None], &[absolute, "mine"]),
        Err(Errno::Perm)
    );
    for target in
        ["../outside", "../outside/", "./../outside/.", "sub/../../outside", "sub/up/outside/"]
    {
        let _ = fs::remove_file(inside.join("mine"));
        let _ = guest.on("path_symlink", &[None, Some(3), None], &[target, "mine"]);
        for path in ["mine", "mine/", "mine/.", "mine/secret", "mine/secret/", "sub/../mine/secret"]
        {
            for lookup in [0, FOLLOW] {
                for oflags in [0, DIRECTORY, CREATE] {
                    assert!(
                        guest.open_with(3, path, lookup, oflags, READ, 0).is_err(),
                        "{target} {path}"
                    );
                }
            }
        }
    }
}

#[test]
fn allows_only_so_many_open_files() {
    let scratch = Scratch::new();
    fs::write(scratch.0.join("file"), "text").unwrap();
    let volumes = [volume("/data", &scratch.0, true)];
    for workspace in [Workspace::Starting, Workspace::at(&scratch.0).unwrap()] {
        let mut guest = Guest::new(&settings(&volumes), &workspace);
        for _ in 2..MAX_HANDLES {
            guest.open(3, "file", 0, READ).unwrap();
        }
        assert_eq!(guest.open(3, "file", 0, READ), Err(Errno::Mfile));
        assert_eq!(guest.open(4, ".", DIRECTORY, READ), Err(Errno::Mfile));
        guest.call("fd_close", &[100]).unwrap();
        guest.open(4, ".", DIRECTORY, READ).unwrap();
        assert_eq!(guest.open(3, "file", 0, READ), Err(Errno::Mfile));
    }
}

#[test]
fn refuses_long_lists_and_paths() {
    let scratch = Scratch::new();
    let mut guest = Guest::with(&scratch.0, false);
    guest.memory.resize(1 << 20, 0);
    for name in ["fd_read", "fd_write"] {
        assert_eq!(guest.call(name, &[0, 0, 1025, 0]), Err(Errno::Inval), "{name}");
    }
    for name in ["fd_pread", "fd_pwrite"] {
        assert_eq!(guest.call(name, &[0, 0, 1025, 0, 0]), Err(Errno::Inval), "{name}");
    }
    assert_eq!(guest.call("poll_oneoff", &[0, 0, 1025, 0]), Err(Errno::Inval));
    let long = "a/".repeat(2049);
    assert_eq!(guest.open(3, &long, CREATE, WRITE), Err(Errno::Nametoolong));
    assert_eq!(
        guest.on("path_symlink", &[None, Some(3), None], &[&long, "link"]),
        Err(Errno::Nametoolong)
    );
    assert_eq!(guest.call("path_unlink_file", &[3, 0xffff_0000, 4097]), Err(Errno::Nametoolong));
    assert_eq!(guest.open(3, "nul\0inside", CREATE, WRITE), Err(Errno::Inval));
    let bytes = guest.put(b"\xff");
    assert_eq!(guest.call("path_unlink_file", &[3, bytes, 1]), Err(Errno::Ilseq));
}

#[test]
#[cfg(target_os = "linux")] // where a file may have such a name
fn lists_a_directory_with_a_name_that_is_no_text() {
    use std::os::unix::ffi::OsStrExt;
    let scratch = Scratch::new();
    for name in [&b"a"[..], b"\xff", b"b"] {
        fs::write(scratch.0.join(std::ffi::OsStr::from_bytes(name)), "").unwrap();
    }
    assert_eq!(Guest::with(&scratch.0, true).list(3).unwrap(), [".", "..", "a", "b"]);
}

#[test]
fn shows_files_from_before_1970() {
    let scratch = Scratch::new();
    let old = SystemTime::UNIX_EPOCH - Duration::from_secs(1000);
    fs::File::create(scratch.0.join("old")).unwrap().set_modified(old).unwrap();
    let mut guest = Guest::with(&scratch.0, true);
    let stat = guest.put(&[0xff; 64]);
    guest.on("path_filestat_get", &[Some(3), Some(0), None, Some(stat)], &["old"]).unwrap();
    assert_eq!(guest.u64(stat + 48), 0);
    let file = guest.open(3, "old", 0, READ).unwrap();
    guest.call("fd_filestat_get", &[file, stat]).unwrap();
    assert_eq!(guest.u64(stat + 48), 0);
}

#[test]
fn lays_out_the_older_generation_in_its_own_way() {
    let scratch = Scratch::new();
    fs::write(scratch.0.join("file"), "0123456789").unwrap();
    let mut guest = Guest::with(&scratch.0, true);
    let file = guest.open(3, "file", 0, READ).unwrap();
    // (module, size of a filestat, offsets of its link count and size, numbers of "set", "cur", "end")
    for (module, bytes, nlink, size, whence) in
        [(PREVIEW_1, 64, 24, 32, [0, 1, 2]), (PREVIEW_0, 56, 20, 24, [2, 0, 1])]
    {
        guest.module = module;
        let stat = guest.put(&[0xaa; 72]);
        guest.call("fd_filestat_get", &[file, stat]).unwrap();
        assert_eq!(
            (guest.memory[stat as usize + 16], guest.u32(stat + nlink), guest.u64(stat + size)),
            (4, 1, 10)
        );
        assert_ne!(guest.memory[stat as usize + bytes - 1], 0xaa);
        assert_eq!(guest.memory[stat as usize + bytes], 0xaa);

        let position = guest.space(8);
        for (whence, offset, expected) in
            [(whence[0], 4, 4), (whence[1], 3, 7), (whence[2], -1i64, 9)]
        {
            guest.call("fd_seek", &[file, offset as u64, whence, position]).unwrap();
            assert_eq!(guest.u64(position), expected);
        }
        assert_eq!(guest.read(file).unwrap(), b"9");
        assert_eq!(guest.call("fd_seek", &[file, 0, 3, position]), Err(Errno::Inval));
    }
}

#[test]
fn ends_by_proc_exit_with_any_code() {
    for module in [PREVIEW_1, PREVIEW_0] {
        let mut guest = Guest::new(&settings(&[]), &Workspace::None);
        guest.module = module;
        for (raw, code) in [(0, 0), (3, 3), (200, 200), (0xffff_ffff, -1), (u64::MAX, -1)] {
            assert_eq!(guest.raw("proc_exit", &[raw]), Err(Stop::Exit(code)));
        }
        assert_eq!(guest.call("proc_raise", &[6]), Err(Errno::Notsup));
        assert!(matches!(guest.raw("proc_exit", &[]), Err(Stop::Fault(_))));
    }
}

#[test]
fn has_no_sockets() {
    for module in [PREVIEW_1, PREVIEW_0] {
        let mut guest = Guest::new(&settings(&[]), &Workspace::None);
        guest.module = module;
        for (name, count) in
            [("sock_accept", 3), ("sock_recv", 6), ("sock_send", 5), ("sock_shutdown", 2)]
        {
            assert_eq!(guest.call(name, &vec![0; count]), Err(Errno::Notsock), "{name}");
        }
    }
}

#[test]
fn has_one_monotonic_clock() {
    let settings = settings(&[]);
    let mut one = Guest::new(&settings, &Workspace::None);
    let first = one.clock(1);
    let mut two = Guest::new(&settings, &Workspace::None);
    let second = two.clock(1);
    assert!(0 < first && first < second && second < one.clock(1));
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos() as u64;
    assert!(one.clock(0).abs_diff(now) < 1_000_000_000);
    let resolution = one.space(8);
    one.call("clock_res_get", &[1, resolution]).unwrap();
    assert!(one.u64(resolution) > 0);
    assert_eq!(one.call("clock_time_get", &[7, 0, resolution]), Err(Errno::Inval));
}

#[test]
fn fills_memory_with_random_bytes() {
    let settings = settings(&[]);
    let random = || {
        let mut guest = Guest::new(&settings, &Workspace::None);
        let buf = guest.space(16);
        guest.call("random_get", &[buf, 16]).unwrap();
        [guest.u64(buf), guest.u64(buf + 8)]
    };
    let (one, two) = (random(), random());
    assert_ne!(one, two);
    assert_ne!(one, [0; 2]);
}

#[test]
fn sleeps_until_interrupted() {
    let mut guest = Guest::new(&settings(&[]), &Workspace::None);
    let start = Instant::now();
    assert_eq!(guest.poll(&[(Some(1), 12_000_000)]), Ok(vec![100]));
    assert_eq!(guest.poll(&[(Some(1), u64::MAX / 2), (Some(0), 12_000_000)]), Ok(vec![101]));
    assert!(start.elapsed() >= Duration::from_millis(24));
    assert_eq!(guest.poll(&[]), Err(Errno::Inval));

    let stop = Arc::new(AtomicBool::new(false));
    let asked = stop.clone();
    guest.context.interrupt_sleep(move || asked.load(Ordering::Relaxed));
    let start = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(20));
            stop.store(true, Ordering::Relaxed);
        });
        assert_eq!(guest.poll(&[(Some(1), u64::MAX)]), Err(Errno::Intr));
    });
    assert!(start.elapsed() < Duration::from_secs(10));
    assert_eq!(
        guest.poll(&[(Some(1), 1_000_000_000_000), (Some(1), 1_000_000_000_000)]),
        Err(Errno::Intr)
    );
    // What is ready at once needs no sleep: a file, and streams that never block.
    assert_eq!(
        guest.poll(&[(None, 0), (None, 1), (Some(1), 1_000_000_000_000)]),
        Ok(vec![100, 101])
    );
    let scratch = Scratch::new();
    let mut guest = Guest::new(&settings(&[]), &Workspace::at(&scratch.0).unwrap());
    let file = guest.open(3, "file", CREATE, WRITE).unwrap();
    assert_eq!(guest.poll(&[(None, file), (Some(1), 1_000_000_000_000)]), Ok(vec![100]));
}

#[test]
fn answers_bad_pointers_with_an_errno() {
    let scratch = Scratch::new();
    for module in [PREVIEW_1, PREVIEW_0] {
        let mut guest = Guest::with(&scratch.0, false);
        guest.module = module;
        let end = guest.memory.len() as u64;
        let path = guest.put(b"file");
        let far = 0xffff_fff0;
        assert_eq!(guest.call("clock_time_get", &[1, 0, far]), Err(Errno::Fault));
        assert_eq!(guest.call("clock_time_get", &[1, 0, end - 4]), Err(Errno::Fault));
        assert_eq!(guest.call("random_get", &[0, end + 1]), Err(Errno::Fault));
        assert_eq!(guest.call("random_get", &[far, 0xffff_ffff]), Err(Errno::Fault));
        assert_eq!(guest.call("fd_write", &[1, far, 1, 0]), Err(Errno::Fault));
        assert_eq!(guest.call("fd_write", &[1, end - 8, 2, 0]), Err(Errno::Fault));
        let iov = guest.put(&[16u32.to_le_bytes(), u32::MAX.to_le_bytes()].concat());
        assert_eq!(guest.call("fd_write", &[1, iov, 1, 0]), Err(Errno::Fault));
        assert_eq!(guest.call("fd_read", &[0, iov, 1, 0]), Err(Errno::Fault));
        assert_eq!(guest.call("path_open", &[3, 0, far, 8, 0, 0, 0, 0, 0]), Err(Errno::Fault));
        assert_eq!(
            guest.call("path_open", &[3, 0, path, 4, 1, READ, 0, 0, far]),
            Err(Errno::Fault)
        );
        assert_eq!(guest.call("poll_oneoff", &[far, 0, 1, 0]), Err(Errno::Fault));
        assert_eq!(
            guest.call("path_open", &[3, 0, path, 4, 0xffff, 0, 0, 0, 0]),
            Err(Errno::Inval)
        );
        assert_eq!(guest.call("clock_time_get", &[1, 0, 3]), Err(Errno::Fault), "not aligned");
    }
}

/// Every function with arguments that are sometimes sensible: whatever comes out, it is an answer.
#[test]
fn survives_arguments_at_random() {
    let scratch = Scratch::new();
    let (inside, outside) = links(&scratch);
    let before = snapshot(&outside);
    let settings = settings(&[volume("/ro", &outside, true), volume("/rw", &inside, false)]);
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let texts = [
        "file",
        "sub",
        "dir/secret",
        "../outside/secret",
        ".",
        "new",
        "sub/new",
        "secret",
        "hollow/",
    ];
    for round in 0..400 {
        let mut guest = Guest::new(&settings, &Workspace::None);
        guest.module = if round % 2 == 0 { PREVIEW_1 } else { PREVIEW_0 };
        guest.context.interrupt_sleep(|| true);
        for byte in &mut guest.memory {
            *byte = if random() % 4 == 0 { random() as u8 } else { 0 };
        }
        for _ in 0..60 {
            let index = random() as usize % functions::all(guest.module).unwrap().count();
            let Function { name, params, .. } =
                functions::all(guest.module).unwrap().nth(index).unwrap();
            let mut args: Vec<u64> = params
                .iter()
                .map(|_| match random() % 8 {
                    0 => random(),
                    1 => 0xffff_ffff - random() % 16,
                    2 => random() % 0x1_0010,
                    3 => 0,
                    4 => random() % 8,
                    _ => 3 + random() % 4,
                })
                .collect();
            if name.starts_with("path_") && random() % 4 != 0 {
                let text = texts[(random() % texts.len() as u64) as usize];
                let at = guest.put(text.as_bytes());
                let first = if *name == "path_symlink" { 0 } else { 1 };
                let first = first
                    + usize::from(matches!(*name, "path_open" | "path_filestat_get" | "path_link"));
                args[first] = at;
                args[first + 1] = text.len() as u64;
            }
            match guest.raw(name, &args) {
                Ok(errno) => assert!(errno < 77, "{name} {args:?}"),
                Err(Stop::Exit(_)) => assert_eq!(*name, "proc_exit"),
                Err(Stop::Fault(message)) => panic!("{name} {args:?}: {message}"),
            }
        }
    }
    assert_eq!(snapshot(&outside), before);
}

type Lines = Arc<Mutex<Vec<(Level, String)>>>;

fn logging(level: Level) -> (Lines, Settings) {
    let lines = Lines::default();
    let sink = lines.clone();
    let log = Log::new(level, move |record| {
        let fields: Vec<_> =
            record.fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        sink.lock()
            .unwrap()
            .push((record.level, format!("{}: {}", record.message, fields.join(" "))));
    });
    (lines, Settings::new("tester", &[], &[], streams(Stdio::Log, log)).unwrap())
}

#[test]
fn gives_lines_to_the_log() {
    let (lines, settings) = logging(Level::Info);
    let mut guest = Guest::new(&settings, &Workspace::None);
    assert_eq!(guest.write(1, &[b"one\ntw", b"o", b"\n"]), Ok(8));
    assert_eq!(guest.write(1, &[b"three\r\n\nunfin"]), Ok(13));
    assert_eq!(guest.write(2, &[b"bad \xff\n"]), Ok(6));
    assert_eq!(guest.write(1, &[b"ished"]), Ok(5));
    assert_eq!(guest.read(0), Ok(vec![]), "there is no input");
    drop(guest);
    let out = |text: &str| {
        (Level::Info, format!("StdOut.Write from Wasm module: plugin=tester message={text}"))
    };
    let err = |text: &str| {
        (Level::Error, format!("StdErr.Write from Wasm module: plugin=tester message={text}"))
    };
    let expected =
        [out("one"), out("two"), out("three"), out(""), err("bad \u{fffd}"), out("unfinished")];
    assert_eq!(*lines.lock().unwrap(), expected);
}

#[test]
fn gives_only_wanted_lines_to_the_log() {
    let (lines, settings) = logging(Level::Error);
    let mut guest = Guest::new(&settings, &Workspace::None);
    assert_eq!(guest.write(1, &[b"one\n"]), Ok(4));
    assert_eq!(guest.write(2, &[b"two\n"]), Ok(4));
    drop(guest);
    assert_eq!(lines.lock().unwrap().len(), 1);
}

#[test]
fn gives_long_lines_to_the_log_in_pieces() {
    let (lines, settings) = logging(Level::Info);
    let mut guest = Guest::new(&settings, &Workspace::None);
    guest.memory.resize(1 << 22, 0);
    let text = format!("{}ä{}\n", "a".repeat(65535), "b".repeat(1000));
    assert_eq!(guest.write(1, &[text.as_bytes()]), Ok(text.len() as u64));
    let exact = format!("{}\n", "c".repeat(65536));
    assert_eq!(guest.write(1, &[exact.as_bytes()]), Ok(65537));
    let most = vec![b'd'; 3 << 20];
    assert_eq!(guest.write(1, &[&most]), Ok(1 << 20), "the guest comes again for the rest");
    drop(guest);
    let lengths: Vec<_> = lines
        .lock()
        .unwrap()
        .iter()
        .map(|(_, text)| text.split('=').next_back().unwrap().len())
        .collect();
    assert_eq!(lengths[..3], [65535, 1002, 65536]);
    assert_eq!(lengths[3..], [65536; 16]);
}

#[test]
fn shows_terminals_no_control_characters() {
    static SHOWN: Mutex<Vec<u8>> = Mutex::new(Vec::new());
    struct Screen;
    impl io::Write for Screen {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            SHOWN.lock().unwrap().extend_from_slice(text);
            Ok(text.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let terminal = terminal(|| Screen);
    let write = |bytes: &[u8]| {
        let written =
            wiggle::run_in_dummy_executor(terminal.write_vectored(&[IoSlice::new(bytes)]));
        assert_eq!(written.unwrap().unwrap(), bytes.len() as u64);
        String::from_utf8(std::mem::take(&mut *SHOWN.lock().unwrap())).unwrap()
    };
    assert_eq!(write(b"a\tb\r\n"), "a\tb\r\n");
    assert_eq!(write(b"\x1b[2J\x07\x7f\0"), "\u{fffd}[2J\u{fffd}\u{fffd}\u{fffd}");
    assert_eq!(write("\u{9b}31m ü €".as_bytes()), "\u{fffd}31m ü €");
    assert_eq!([write(b"\xe2"), write(b"\x82"), write(b"\xac!")], ["", "", "€!"]);
    assert_eq!([write(b"\xc2"), write(b"\x9b31m")], ["", "\u{fffd}31m"]);
    assert_eq!([write(b"\xc2"), write(b"a")], ["", "\u{fffd}a"]);
    assert_eq!(write(b"\xff\xf8"), "\u{fffd}\u{fffd}");
}

/// Opening one waits in the kernel for whoever has the other end, where no time limit reaches.
#[test]
fn opens_no_pipe_that_lies_in_a_volume() {
    let scratch = Scratch::new();
    let path = std::ffi::CString::new(scratch.0.join("pipe").to_str().unwrap()).unwrap();
    // SAFETY: the path ends in a NUL.
    assert_eq!(unsafe { libc::mkfifo(path.as_ptr(), 0o600) }, 0);
    symlink("pipe", scratch.0.join("link")).unwrap();
    // Should the guest be let in after all, it finds somebody there, so that the test fails and doesn't hang.
    let other = fs::File::options().read(true).write(true).open(scratch.0.join("pipe")).unwrap();
    for read_only in [false, true] {
        let mut guest = Guest::with(&scratch.0, read_only);
        for path in ["pipe", "link"] {
            assert_eq!(guest.open(3, path, 0, READ), Err(Errno::Nxio), "{path}");
        }
    }
    let mut guest = Guest::with(&scratch.0, false);
    assert_eq!(guest.open(3, "pipe", 0, WRITE), Err(Errno::Nxio));
    assert_eq!(guest.open(3, "pipe", CREATE, READ | WRITE), Err(Errno::Nxio));
    assert_eq!(guest.open_with(3, "link", 0, 0, READ, 0), Err(Errno::Loop));
    drop(other);
}

/// The finding: a pipe that takes a file's place between the look at it and its opening.
#[test]
fn opens_no_pipe_that_takes_a_files_place() {
    let scratch = Scratch::new();
    let name = |name: &str| {
        std::ffi::CString::new(scratch.0.join(name).to_str().unwrap().as_bytes()).unwrap()
    };
    fs::write(scratch.0.join("place"), "file").unwrap();
    // SAFETY: the path ends in a NUL.
    assert_eq!(unsafe { libc::mkfifo(name("other").as_ptr(), 0o600) }, 0);
    /// Ends the other thread when the test fails, too.
    struct Done<'a>(&'a std::sync::atomic::AtomicBool);
    impl Drop for Done<'_> {
        fn drop(&mut self) {
            self.0.store(true, std::sync::atomic::Ordering::Relaxed);
        }
    }
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _done = Done(&done);
        scope.spawn(|| {
            let (place, other) = (name("place"), name("other"));
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                // SAFETY: the paths end in a NUL.
                unsafe {
                    let (here, exchange) = (libc::AT_FDCWD, libc::RENAME_EXCHANGE);
                    libc::renameat2(here, place.as_ptr(), here, other.as_ptr(), exchange);
                }
            }
        });
        let mut guest = Guest::with(&scratch.0, false);
        let mut opened = [0, 0];
        while opened.iter().any(|count| *count < 100) {
            // To read, a pipe would wait for a writer; to write, for a reader.
            let outcome = guest.open(3, "place", 0, if opened[0] % 2 == 0 { READ } else { WRITE });
            match outcome {
                Ok(fd) => {
                    guest.call("fd_close", &[fd]).unwrap();
                    opened[0] += 1;
                }
                Err(error) => {
                    assert_eq!(error, Errno::Nxio);
                    opened[1] += 1;
                }
            }
        }
    });
}

/// A file that is opened keeps what the guest asked for, and nothing of how it was opened.
#[test]
fn opened_files_wait_unless_they_are_asked_not_to() {
    let scratch = Scratch::new();
    fs::write(scratch.0.join("file"), "file").unwrap();
    let mut guest = Guest::with(&scratch.0, false);
    for flags in [0, 1, 4, 5] {
        let fd = guest.open_with(3, "file", 1, 0, READ | WRITE, flags).unwrap();
        assert_eq!(guest.flags(fd), flags, "{flags}");
    }
}

/// They may be files of the host's that no volume shows.
#[test]
fn leaves_the_times_of_the_standard_streams_alone() {
    for stdio in [Stdio::Inherit, Stdio::Output, Stdio::Log, Stdio::None] {
        let settings = Settings::new("tester", &[], &[], streams(stdio, Log::default())).unwrap();
        let mut guest = Guest::new(&settings, &Workspace::None);
        for fd in 0..3 {
            let changed = guest.call("fd_filestat_set_times", &[fd, 1, 1, 1 | 4]);
            assert_eq!(changed, Err(Errno::Badf), "{fd}");
        }
    }
}
