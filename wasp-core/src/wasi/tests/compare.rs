//! The same operations on the same tree, by a guest and by the host itself: results, errno and what is left must be the same.

use super::*;
use std::ffi::CString;
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsRawFd, FromRawFd};

/// One operation on paths that start at the tree's root.
#[derive(Clone, Copy, Debug)]
enum Op<'a> {
    Open { path: &'a str, follow: bool, oflags: u64, access: u64, fdflags: u64 },
    Stat { path: &'a str, follow: bool },
    MakeDir(&'a str),
    RemoveDir(&'a str),
    Unlink(&'a str),
    ReadLink(&'a str),
    Symlink(&'a str),
    Rename(&'a str, &'a str),
    Link(&'a str, &'a str),
}
use Op::*;

impl Op<'_> {
    fn only_reads(&self) -> bool {
        match self {
            Open { oflags, access, .. } => oflags & (CREATE | TRUNCATE) == 0 && access & WRITE == 0,
            Stat { .. } | ReadLink(_) => true,
            _ => false,
        }
    }
}

/// What an operation answers: what kind of thing it has found, or where a link leads.
type Answer = Result<String, Errno>;

/// Every kind of thing by every kind of name.
const PATHS: &[&str] = &[
    "",
    ".",
    "./",
    "dir/..",
    "dir/.",
    "file",
    "file/",
    "file/.",
    "file/x",
    "./file",
    "dir",
    "dir/",
    "dir//",
    "dir/../file",
    "dir/inner",
    "dir/inner/",
    "empty",
    "empty/",
    "to file",
    "to file/",
    "to dir",
    "to dir/",
    "to dir/inner",
    "to dir/../file",
    "dangling",
    "dangling/",
    "dangling/x",
    "loop",
    "loop/",
    "missing",
    "missing/",
    "missing/x",
    "missing/../file",
];

/// Names that lead out, and are refused whatever is there.
const OUTSIDE: &[&str] = &[
    "..",
    "../",
    "../x",
    "dir/../..",
    "dir/../../x",
    "/",
    "/etc",
    "out/x",
    "absolute/x",
    "to parent/../x",
];

fn tree() -> Scratch {
    let scratch = Scratch::new();
    scratch.dir("root/dir");
    scratch.dir("root/empty");
    let at = |name: &str| scratch.0.join("root").join(name);
    fs::write(at("file"), "text").unwrap();
    fs::write(at("dir/inner"), "inner text").unwrap();
    let links = [("file", "to file"), ("dir", "to dir"), ("missing", "dangling"), ("loop", "loop")];
    for (target, name) in links {
        symlink(target, at(name)).unwrap();
    }
    scratch
}

/// What is below a directory: kinds, contents, and where links lead.
fn content(root: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut rest = vec![root.to_owned()];
    while let Some(path) = rest.pop() {
        let meta = fs::symlink_metadata(&path).unwrap();
        let what = if meta.is_dir() {
            rest.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            "a directory".to_owned()
        } else if meta.is_symlink() {
            format!("to {:?}", fs::read_link(&path).unwrap())
        } else {
            format!("{} links, {:?}", meta.nlink(), fs::read_to_string(&path).unwrap())
        };
        found.insert(path.strip_prefix(root).unwrap().to_owned(), what);
    }
    found
}

fn of_host(error: &io::Error) -> Errno {
    match error.raw_os_error().unwrap() {
        libc::EBADF => Errno::Badf,
        libc::EBUSY => Errno::Busy,
        libc::EEXIST => Errno::Exist,
        libc::EINVAL => Errno::Inval,
        libc::EISDIR => Errno::Isdir,
        libc::ELOOP => Errno::Loop,
        libc::ENOENT => Errno::Noent,
        libc::ENOTDIR => Errno::Notdir,
        libc::ENOTEMPTY => Errno::Notempty,
        libc::EPERM => Errno::Perm,
        number => panic!("the host has {number}"),
    }
}

fn natively(root: &File, op: Op<'_>) -> Answer {
    let c = |path: &str| CString::new(path).unwrap();
    let root = root.as_raw_fd();
    let checked = |result: libc::c_int| {
        if result < 0 { Err(of_host(&io::Error::last_os_error())) } else { Ok(result) }
    };
    let done = |result| checked(result).map(|_| String::new());
    // SAFETY: an open directory, and strings that end in a NUL.
    unsafe {
        match op {
            Open { path, follow, oflags, access, fdflags } => {
                let fd = checked(libc::openat(
                    root,
                    c(path).as_ptr(),
                    host_flags(follow, oflags, access, fdflags),
                    0o600,
                ))?;
                // SAFETY: just opened, and nobody else's.
                let mut file = File::from_raw_fd(fd);
                if access & WRITE != 0 && file.metadata().unwrap().is_file() {
                    file.write_all(b"+").unwrap();
                }
                Ok(kind(&file.metadata().unwrap()))
            }
            Stat { path, follow } => {
                // Whole structures are the other tests'.
                let mut stat: libc::stat = std::mem::zeroed();
                let flags = if follow { 0 } else { libc::AT_SYMLINK_NOFOLLOW };
                checked(libc::fstatat(root, c(path).as_ptr(), &mut stat, flags))?;
                Ok(match stat.st_mode & libc::S_IFMT {
                    libc::S_IFDIR => "directory",
                    libc::S_IFLNK => "link",
                    _ => "file",
                }
                .to_owned())
            }
            MakeDir(path) => done(libc::mkdirat(root, c(path).as_ptr(), 0o700)),
            RemoveDir(path) => done(libc::unlinkat(root, c(path).as_ptr(), libc::AT_REMOVEDIR)),
            Unlink(path) => done(libc::unlinkat(root, c(path).as_ptr(), 0)),
            ReadLink(path) => {
                let mut text = [0_u8; 64];
                let len = libc::readlinkat(root, c(path).as_ptr(), text.as_mut_ptr().cast(), 64);
                let len = checked(len as libc::c_int)?;
                Ok(String::from_utf8(text[..len as usize].to_vec()).unwrap())
            }
            Symlink(path) => done(libc::symlinkat(c"target".as_ptr(), root, c(path).as_ptr())),
            Rename(from, to) => done(libc::renameat(root, c(from).as_ptr(), root, c(to).as_ptr())),
            Link(from, to) => done(libc::linkat(root, c(from).as_ptr(), root, c(to).as_ptr(), 0)),
        }
    }
}

fn host_flags(follow: bool, oflags: u64, access: u64, fdflags: u64) -> libc::c_int {
    let mut flags = match (access & READ != 0, access & WRITE != 0) {
        (true, true) => libc::O_RDWR,
        (false, true) => libc::O_WRONLY,
        _ => libc::O_RDONLY,
    };
    for (is_set, flag) in [
        (!follow, libc::O_NOFOLLOW),
        (oflags & CREATE != 0, libc::O_CREAT),
        (oflags & DIRECTORY != 0, libc::O_DIRECTORY),
        (oflags & EXCLUSIVE != 0, libc::O_EXCL),
        (oflags & TRUNCATE != 0, libc::O_TRUNC),
        (fdflags & APPEND != 0, libc::O_APPEND),
        (fdflags & NONBLOCK != 0, libc::O_NONBLOCK),
    ] {
        flags |= if is_set { flag } else { 0 };
    }
    flags | libc::O_CLOEXEC
}

fn kind(meta: &fs::Metadata) -> String {
    if meta.is_dir() { "directory" } else { "file" }.to_owned()
}

fn by_guest(guest: &mut Guest, op: Op<'_>) -> Answer {
    let out = guest.space(64);
    let done = |result: Result<(), Errno>| result.map(|()| String::new());
    let kinds = |kind: u8| match kind {
        3 => "directory".to_owned(),
        7 => "link".to_owned(),
        4 => "file".to_owned(),
        other => panic!("kind {other}"),
    };
    match op {
        Open { path, follow, oflags, access, fdflags } => {
            let fd = guest.open_with(3, path, follow.into(), oflags, access, fdflags)?;
            guest.call("fd_filestat_get", &[fd, out]).unwrap();
            let kind = guest.memory[out as usize + 16];
            if access & WRITE != 0 && kind == 4 {
                assert_eq!(guest.write(fd, &[b"+"]), Ok(1));
            }
            guest.call("fd_close", &[fd]).unwrap();
            Ok(kinds(kind))
        }
        Stat { path, follow } => {
            let args = [Some(3), Some(follow.into()), None, Some(out)];
            guest.on("path_filestat_get", &args, &[path])?;
            Ok(kinds(guest.memory[out as usize + 16]))
        }
        MakeDir(path) => done(guest.on("path_create_directory", &[Some(3), None], &[path])),
        RemoveDir(path) => done(guest.on("path_remove_directory", &[Some(3), None], &[path])),
        Unlink(path) => done(guest.on("path_unlink_file", &[Some(3), None], &[path])),
        ReadLink(path) => {
            let used = guest.space(4);
            let args = [Some(3), None, Some(out), Some(64), Some(used)];
            guest.on("path_readlink", &args, &[path])?;
            let text = &guest.memory[out as usize..][..guest.u32(used) as usize];
            Ok(String::from_utf8(text.to_vec()).unwrap())
        }
        Symlink(path) => done(guest.on("path_symlink", &[None, Some(3), None], &["target", path])),
        Rename(from, to) => {
            done(guest.on("path_rename", &[Some(3), None, Some(3), None], &[from, to]))
        }
        Link(from, to) => {
            let args = [Some(3), Some(0), None, Some(3), None];
            done(guest.on("path_link", &args, &[from, to]))
        }
    }
}

/// Three trees that are the same: one for the host, one for a guest, and one for a guest that may only read. Making them takes longer
/// than an operation, so they are used as long as they are as they were.
struct Trees {
    native: Scratch,
    writable: (Scratch, Guest),
    read_only: (Scratch, Guest),
    content: BTreeMap<PathBuf, String>,
}

impl Trees {
    fn new() -> Self {
        let with = |read_only| {
            let tree = tree();
            let guest = Guest::with(&tree.0.join("root"), read_only);
            (tree, guest)
        };
        let native = tree();
        let content = content(&native.0.join("root"));
        Self { native, writable: with(false), read_only: with(true), content }
    }

    /// Runs an operation everywhere, and returns how the guest's outcome differs from the host's.
    fn difference(&mut self, op: Op<'_>) -> Option<String> {
        let root = self.native.0.join("root");
        let expected = natively(&File::open(&root).unwrap(), op);
        let expected_left = content(&root);
        let got = by_guest(&mut self.writable.1, op);
        let left = content(&self.writable.0.0.join("root"));
        let got_read_only = by_guest(&mut self.read_only.1, op);
        let left_read_only = content(&self.read_only.0.0.join("root"));

        let changes = expected_left != self.content;
        let refused = match &got_read_only {
            Err(Errno::Rofs) => !op.only_reads(),
            got => *got == expected && !changes,
        };
        let difference = if got != expected {
            Some(format!("{op:?}: {got:?}, and natively {expected:?}"))
        } else if left != expected_left {
            Some(format!("{op:?}: leaves {left:?}, and natively {expected_left:?}"))
        } else if !refused || left_read_only != self.content {
            Some(format!("{op:?}: {got_read_only:?} where it may only read, else {expected:?}"))
        } else {
            None
        };
        if changes || difference.is_some() {
            *self = Self::new();
        }
        difference
    }
}

fn compare<'a>(ops: impl Iterator<Item = Op<'a>>) {
    let mut trees = Trees::new();
    let different: Vec<_> = ops.filter_map(|op| trees.difference(op)).collect();
    assert!(different.is_empty(), "{} differ:\n{}", different.len(), different.join("\n"));
}

#[test]
fn files_are_opened_as_the_host_does() {
    let mut ops = Vec::new();
    for &path in PATHS {
        for flags in 0..16 * 3 * 2 * 2 {
            let (oflags, access) = (flags % 16, [READ, WRITE, READ | WRITE][flags / 16 % 3]);
            let (fdflags, follow) = ([0, APPEND | NONBLOCK][flags / 48 % 2], flags / 96 == 0);
            let oflags = oflags as u64;
            // Undefined, and another thing in each version of Linux.
            let undefined = oflags & CREATE == 0 && oflags & EXCLUSIVE != 0
                || oflags & DIRECTORY != 0 && oflags & (CREATE | TRUNCATE) != 0;
            if !undefined {
                ops.push(Open { path, follow, oflags, access, fdflags });
            }
        }
    }
    compare(ops.into_iter());
}

#[test]
fn paths_lead_where_the_hosts_do() {
    compare(PATHS.iter().flat_map(|path| {
        [
            Stat { path, follow: true },
            Stat { path, follow: false },
            MakeDir(path),
            RemoveDir(path),
            Unlink(path),
            ReadLink(path),
            Symlink(path),
        ]
    }));
}

#[test]
fn things_are_moved_as_the_host_does() {
    compare(PATHS.iter().flat_map(|from| PATHS.iter().map(move |to| Rename(from, to))));
}

#[test]
fn things_are_linked_as_the_host_does() {
    compare(PATHS.iter().flat_map(|from| PATHS.iter().map(move |to| Link(from, to))));
}

#[test]
fn what_leads_out_is_refused() {
    let scratch = tree();
    fs::write(scratch.0.join("x"), "outside").unwrap();
    let root = scratch.0.join("root");
    symlink("..", root.join("out")).unwrap();
    symlink(&scratch.0, root.join("absolute")).unwrap();
    symlink("dir/..", root.join("to parent")).unwrap();
    let (before, outside) = (content(&root), content(&scratch.0));
    let mut guest = Guest::with(&root, false);
    let open = |path, oflags, access| Open { path, follow: true, oflags, access, fdflags: 0 };
    for path in OUTSIDE {
        let ops = [
            open(path, 0, READ),
            open(path, CREATE | TRUNCATE, WRITE),
            Stat { path, follow: true },
            Stat { path, follow: false },
            MakeDir(path),
            RemoveDir(path),
            Unlink(path),
            ReadLink(path),
            Symlink(path),
            Rename(path, "new"),
            Rename("file", path),
            Link(path, "new"),
            Link("file", path),
        ];
        for op in ops {
            assert_eq!(by_guest(&mut guest, op), Err(Errno::Perm), "{op:?}");
        }
    }
    assert_eq!((content(&root), content(&scratch.0)), (before, outside));
}
