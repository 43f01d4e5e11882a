//! The functions of WASI: their names and WebAssembly types, and the way from raw arguments into `wasi-common`.

use super::context::Context;
use super::poll::{self, Layout, Translated};
use std::io;
use wasi_common::WasiCtx;
use wasi_common::snapshots::preview_0::wasi_unstable;
use wasi_common::snapshots::preview_1::{types::Errno, wasi_snapshot_preview1};
use wasmer_types::Type;
use wiggle::{GuestError, GuestMemory, anyhow, run_in_dummy_executor};

/// Why a call doesn't return to the guest.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The guest called `proc_exit`.
    Exit(i32),
    /// The message of a trap.
    Fault(String),
}

type Run = fn(&mut WasiCtx, &mut GuestMemory<'_>, &[u64]) -> Result<Errno, Stop>;

/// One function that a module may import.
pub(crate) struct Function {
    pub name: &'static str,
    pub params: &'static [Type],
    pub results: &'static [Type],
    run: Run,
    /// How `poll_oneoff` finds its subscriptions.
    layout: &'static Layout,
}

impl Function {
    /// Runs it over the guest's whole linear memory: one raw value for each parameter, an i32 in the low half; the
    /// answer is the raw result, 0 where there is none.
    pub(crate) fn call(
        &self,
        context: &mut Context,
        memory: &mut [u8],
        args: &[u64],
    ) -> Result<u64, Stop> {
        if args.len() != self.params.len() {
            return Err(Stop::Fault(format!(
                "{} takes {} arguments",
                self.name,
                self.params.len()
            )));
        }
        if self.asks_for_cpu_time(args) {
            return Ok(Errno::Inval as u64);
        }
        let wasi = &mut context.wasi;
        let translated = (self.name == "poll_oneoff")
            .then(|| Translated::of(self.layout, memory, args))
            .flatten();
        let errno = match translated {
            None => (self.run)(wasi, &mut GuestMemory::Unshared(memory), args)?,
            Some(mut translated) => {
                let args = translated.args();
                let errno =
                    (self.run)(wasi, &mut GuestMemory::Unshared(&mut translated.memory), &args)?;
                if errno == Errno::Success {
                    translated.finish(memory);
                }
                errno
            }
        };
        Ok(self.as_posix(wasi, args, errno) as u64)
    }

    /// Whether it asks a clock of the processor's time, which a guest has none of: POSIX has EINVAL for that, not EBADF.
    fn asks_for_cpu_time(&self, args: &[u64]) -> bool {
        let is_clock = matches!(self.name, "clock_time_get" | "clock_res_get");
        is_clock && matches!(args.first().map(|id| *id as u32), Some(2 | 3))
    }

    /// Returns the errno that POSIX has where wasi-common has another.
    fn as_posix(&self, wasi: &WasiCtx, args: &[u64], errno: Errno) -> Errno {
        let stream = args.first().is_some_and(|fd| (*fd as u32) < 3);
        match (self.name, errno) {
            ("fd_seek" | "fd_tell", Errno::Badf) if stream => {
                if wasi.table().contains_key(args[0] as u32) { Errno::Spipe } else { errno }
            }
            _ => errno,
        }
    }
}

/// How many random bytes are made between two looks whether the call is to be stopped: a fraction of a millisecond.
const RANDOM_AT_ONCE: usize = 64 << 10;

impl Function {
    /// Whether it may write beyond the size that a file may have.
    pub(crate) fn may_grow_file(&self) -> bool {
        matches!(self.name, "fd_write" | "fd_pwrite" | "fd_allocate" | "fd_filestat_set_size")
    }

    /// Whether it is `random_get`, which is to be called [in parts](Self::call_in_parts): three gigabytes take ten seconds.
    pub(crate) fn is_random(&self) -> bool {
        self.name == "random_get"
    }

    /// Calls `random_get`, and stops where `is_stopped` says so.
    pub(crate) fn call_in_parts(
        &self,
        context: &mut Context,
        memory: &mut [u8],
        args: &[u64],
        is_stopped: &dyn Fn() -> bool,
    ) -> Result<u64, Stop> {
        let &[start, len] = args else { return self.call(context, memory, args) };
        let (start, len) = (start as u32 as usize, len as u32 as usize);
        // What isn't in memory is an error of the whole.
        let Some(end) = start.checked_add(len).filter(|end| *end <= memory.len()) else {
            return self.call(context, memory, args);
        };
        for at in (start..end).step_by(RANDOM_AT_ONCE) {
            if is_stopped() {
                return Err(Stop::Fault("interrupted".to_owned()));
            }
            let part = RANDOM_AT_ONCE.min(end - at);
            let errno = self.call(context, memory, &[at as u64, part as u64])?;
            if errno != Errno::Success as u64 {
                return Ok(errno);
            }
        }
        Ok(Errno::Success as u64)
    }
}

/// Whether `module` is a name of WASI's.
pub(crate) fn is_wasi(module: &str) -> bool {
    all(module).is_some()
}

/// The function that a module means by an import, if it is one of WASI's.
pub(crate) fn function(module: &str, name: &str) -> Option<&'static Function> {
    all(module)?.find(|function| function.name == name)
}

/// The names of WASI's functions in `module`.
pub(crate) fn names(module: &str) -> impl Iterator<Item = &'static str> {
    all(module).into_iter().flatten().map(|function| function.name)
}

/// The functions of the generation of WASI that `module` names.
pub(super) fn all(module: &str) -> Option<impl Iterator<Item = &'static Function>> {
    let generation = match module {
        "wasi_snapshot_preview1" => PREVIEW_1,
        "wasi_unstable" => PREVIEW_0,
        _ => return None,
    };
    Some(generation.iter().chain(OURS))
}

/// Functions that are the same in both generations and that wasi-common has no good answer for.
static OURS: &[Function] = &[
    // wasi-common takes a code from 126 on for a trap.
    Function {
        name: "proc_exit",
        params: &[Type::I32],
        results: &[],
        run: |_, _, args| Err(Stop::Exit(args[0] as i32)),
        layout: &poll::PREVIEW_1,
    },
    refusal("proc_raise", &[Type::I32], |_, _, _| Ok(Errno::Notsup)),
    // There are no sockets.
    refusal("sock_accept", &[Type::I32; 3], |wasi, _, args| open_or(wasi, args, Errno::Notsock)),
    refusal("sock_recv", &[Type::I32; 6], |wasi, _, args| open_or(wasi, args, Errno::Notsock)),
    refusal("sock_send", &[Type::I32; 5], |wasi, _, args| open_or(wasi, args, Errno::Notsock)),
    refusal("sock_shutdown", &[Type::I32; 2], |wasi, _, args| open_or(wasi, args, Errno::Notsock)),
    // wasi-common says yes, and drops none.
    refusal("fd_fdstat_set_rights", &[Type::I32, Type::I64, Type::I64], |wasi, _, args| {
        open_or(wasi, args, Errno::Notsup)
    }),
];

/// EBADF for a descriptor, the first argument, that isn't open, else `errno`.
fn open_or(wasi: &mut WasiCtx, args: &[u64], errno: Errno) -> Result<Errno, Stop> {
    Ok(if wasi.table().contains_key(args[0] as u32) { errno } else { Errno::Badf })
}

const fn refusal(name: &'static str, params: &'static [Type], run: Run) -> Function {
    Function { name, params, results: &[Type::I32], run, layout: &poll::PREVIEW_1 }
}

/// How many buffers or subscriptions one call may list, as on Linux. wasi-common makes several times the list's size in
/// host memory, and a list may overlap itself.
const MAX_LIST: u32 = 1024;

/// How long a path may be, as on Linux.
const MAX_PATH: u32 = 4096;

/// One function for each line. The types: besides wasm's own, `list` is a length up to [`MAX_LIST`] and `path` one up to
/// [`MAX_PATH`].
macro_rules! functions {
    ($generation:ident $layout:ident: $($name:ident($($arg:ident: $kind:ident),*);)*) => {
        &[$(Function {
            name: stringify!($name),
            params: &[$(functions!(@type $kind)),*],
            results: &[Type::I32],
            run: |wasi, memory, args| {
                let &[$($arg),*] = args else { return Ok(Errno::Inval) };
                $(let $arg = functions!(@value $kind $arg);)*
                errno(run_in_dummy_executor($generation::$name(wasi, memory, $($arg),*)).flatten())
            },
            layout: &poll::$layout,
        }),*]
    };
    (@type i64) => { Type::I64 };
    (@type $kind:ident) => { Type::I32 };
    (@value i32 $raw:ident) => { $raw as i32 };
    (@value i64 $raw:ident) => { $raw as i64 };
    (@value list $raw:ident) => { if $raw as u32 > MAX_LIST { return Ok(Errno::Inval) } else { $raw as i32 } };
    (@value path $raw:ident) => { if $raw as u32 > MAX_PATH { return Ok(Errno::Nametoolong) } else { $raw as i32 } };
}

/// The two generations have the same functions; what differs is how some structures lie in memory.
macro_rules! generation {
    ($generation:ident, $layout:ident) => {
        functions! { $generation $layout:
            args_get(argv: i32, argv_buf: i32);
            args_sizes_get(count: i32, size: i32);
            clock_res_get(id: i32, resolution: i32);
            clock_time_get(id: i32, precision: i64, time: i32);
            environ_get(environ: i32, environ_buf: i32);
            environ_sizes_get(count: i32, size: i32);
            fd_advise(fd: i32, offset: i64, len: i64, advice: i32);
            fd_allocate(fd: i32, offset: i64, len: i64);
            fd_close(fd: i32);
            fd_datasync(fd: i32);
            fd_fdstat_get(fd: i32, stat: i32);
            fd_fdstat_set_flags(fd: i32, flags: i32);
            fd_filestat_get(fd: i32, stat: i32);
            fd_filestat_set_size(fd: i32, size: i64);
            fd_filestat_set_times(fd: i32, atime: i64, mtime: i64, flags: i32);
            fd_pread(fd: i32, iovs: i32, iovs_len: list, offset: i64, read: i32);
            fd_prestat_dir_name(fd: i32, path: i32, path_len: i32);
            fd_prestat_get(fd: i32, prestat: i32);
            fd_pwrite(fd: i32, iovs: i32, iovs_len: list, offset: i64, written: i32);
            fd_read(fd: i32, iovs: i32, iovs_len: list, read: i32);
            fd_readdir(fd: i32, buf: i32, buf_len: i32, cookie: i64, used: i32);
            fd_renumber(from: i32, to: i32);
            fd_seek(fd: i32, offset: i64, whence: i32, position: i32);
            fd_sync(fd: i32);
            fd_tell(fd: i32, position: i32);
            fd_write(fd: i32, iovs: i32, iovs_len: list, written: i32);
            path_create_directory(fd: i32, path: i32, path_len: path);
            path_filestat_get(fd: i32, flags: i32, path: i32, path_len: path, stat: i32);
            path_filestat_set_times(
                fd: i32, flags: i32, path: i32, path_len: path, atime: i64, mtime: i64, times: i32
            );
            path_link(
                old_fd: i32, old_flags: i32, old_path: i32, old_len: path, new_fd: i32, new_path: i32, new_len: path
            );
            path_open(
                fd: i32, dirflags: i32, path: i32, path_len: path, oflags: i32, base: i64, inheriting: i64,
                fdflags: i32, opened: i32
            );
            path_readlink(fd: i32, path: i32, path_len: path, buf: i32, buf_len: i32, used: i32);
            path_remove_directory(fd: i32, path: i32, path_len: path);
            path_rename(old_fd: i32, old_path: i32, old_len: path, new_fd: i32, new_path: i32, new_len: path);
            path_symlink(old_path: i32, old_len: path, fd: i32, new_path: i32, new_len: path);
            path_unlink_file(fd: i32, path: i32, path_len: path);
            poll_oneoff(subscriptions: i32, events: i32, count: list, ready: i32);
            random_get(buf: i32, buf_len: i32);
            sched_yield();
        }
    };
}

static PREVIEW_1: &[Function] = generation!(wasi_snapshot_preview1, PREVIEW_1);
static PREVIEW_0: &[Function] = generation!(wasi_unstable, PREVIEW_0);

/// The errno that a guest gets. wasi-common makes traps of bad pointers and rare errors of the host; a guest that asks
/// for the impossible is better told so.
fn errno(result: anyhow::Result<i32>) -> Result<Errno, Stop> {
    let error = match result {
        Ok(number) => {
            return Errno::try_from(number).map_err(|error| Stop::Fault(error.to_string()));
        }
        Err(error) => error,
    };
    if let Some(error) = error.downcast_ref() {
        Ok(of_guest(error))
    } else if let Some(error) = error.downcast_ref() {
        Ok(of_host(error))
    } else {
        Err(Stop::Fault(format!("{error:#}")))
    }
}

fn of_guest(error: &GuestError) -> Errno {
    match error {
        GuestError::InFunc { err, .. } => of_guest(err),
        GuestError::InvalidUtf8(_) => Errno::Ilseq,
        GuestError::InvalidFlagValue(_) | GuestError::InvalidEnumValue(_) => Errno::Inval,
        GuestError::TryFromIntError(_) => Errno::Inval,
        _ => Errno::Fault,
    }
}

/// What wasi-common doesn't translate itself.
fn of_host(error: &io::Error) -> Errno {
    match error.kind() {
        io::ErrorKind::CrossesDevices => Errno::Xdev,
        io::ErrorKind::ExecutableFileBusy => Errno::Txtbsy,
        io::ErrorKind::Interrupted => Errno::Intr,
        io::ErrorKind::IsADirectory => Errno::Isdir,
        io::ErrorKind::NotADirectory => Errno::Notdir,
        io::ErrorKind::OutOfMemory => Errno::Nomem,
        io::ErrorKind::ReadOnlyFilesystem => Errno::Rofs,
        io::ErrorKind::Unsupported => Errno::Notsup,
        _ => Errno::Io,
    }
}
