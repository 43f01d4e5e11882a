//! The WASI state of one instance, and what every instance of one plugin sees of the host.

use crate::base::error::{Error, ErrorKind, Result};
use crate::config::plugin_config::Volume;
use crate::wasi::capture::Capture;
use crate::wasi::dir::{Folder, Opened};
use crate::wasi::empty_dir::Empty;
use crate::wasi::file::OpenFiles;
use crate::wasi::stderr_tail::Tail;
use crate::wasi::stdio::Streams;
use crate::wasi::time::{self, Interrupted, Sleep};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use wasi_common::sync::{ambient_authority, random_ctx};
use wasi_common::{Table, WasiCtx};

/// Where an instance's own directory stands.
const WORKSPACE: &str = "/workspace";

/// What every instance of one plugin sees of the host: made once, at registration.
pub(crate) struct Settings {
    plugin: String,
    args: Vec<String>,
    environment: Vec<(String, String)>,
    volumes: Vec<Mount>,
    streams: Streams,
}

/// A volume, opened.
struct Mount {
    guest: PathBuf,
    dir: Opened,
    read_only: bool,
}

impl Settings {
    /// Checks the environment and opens the volumes.
    pub(crate) fn new(
        plugin: &str,
        environment: &[(String, String)],
        volumes: &[Volume],
        streams: Streams,
    ) -> Result<Self> {
        for (name, value) in environment {
            check_variable(name, value)?;
        }
        let mut mounts = Vec::<Mount>::with_capacity(volumes.len());
        for volume in volumes {
            let guest = guest_path(&volume.guest)?;
            if mounts.iter().any(|mount| mount.guest == guest) {
                return Err(invalid(format!("volume {guest:?} is given twice")));
            }
            let Volume { host, read_only, .. } = volume;
            let dir = open(host)
                .map_err(|error| Error::io(format!("volume {guest:?} at {host:?}"), error))?;
            mounts.push(Mount { guest, dir, read_only: *read_only });
        }
        Ok(Self {
            plugin: plugin.to_owned(),
            args: Vec::new(),
            environment: environment.to_vec(),
            volumes: mounts,
            streams,
        })
    }

    /// Sets what follows the plugin's name on its command line.
    pub(crate) fn with_args(self, args: &[String]) -> Result<Self> {
        for (number, arg) in (1..).zip(args) {
            if arg.contains('\0') {
                return Err(invalid(format!("argument {number}, {arg:?}, has a NUL inside")));
            }
        }
        Ok(Self { args: args.to_vec(), ..self })
    }
}

fn check_variable(name: &str, value: &str) -> Result<()> {
    let fault = match name {
        "" => "has no name",
        _ if name.contains('=') => "has a \"=\" in its name",
        _ if name.contains('\0') || value.contains('\0') => "has a NUL inside",
        _ => return Ok(()),
    };
    Err(invalid(format!("environment variable {name:?} {fault}")))
}

/// The one way to write `path`: `/a/b`, whatever slashes and dots the host wrote.
fn guest_path(path: &str) -> Result<PathBuf> {
    let clean: PathBuf = Path::new(path).components().collect();
    let fault = match () {
        _ if !clean.is_absolute() => "is not absolute",
        _ if path.contains('\0') => "has a NUL inside",
        _ if clean.components().any(|part| part == Component::ParentDir) => "has a \"..\" inside",
        _ if clean == Path::new(WORKSPACE) => "is where the instance's own directory stands",
        _ => return Ok(clean),
    };
    Err(invalid(format!("volume {path:?} {fault}")))
}

/// What stands at `/workspace`.
#[derive(Clone, Debug)]
pub(crate) enum Workspace {
    /// During start-up: an empty read-only directory, so that a runtime that lists its directories finds it.
    Starting,
    /// Nothing: its descriptor is not open.
    None,
    /// A directory of the host.
    At(PathBuf),
}

impl Workspace {
    /// The host's directory `path`, which must exist.
    pub(crate) fn at(path: &Path) -> Result<Self> {
        let unusable = |error| Error::io(format_args!("workspace {path:?}"), error);
        // It is opened later: by then the host's current directory may be another one.
        let absolute = std::path::absolute(path).map_err(unusable)?;
        if !std::fs::metadata(&absolute).map_err(unusable)?.is_dir() {
            return Err(unusable(io::ErrorKind::NotADirectory.into()));
        }
        Ok(Self::At(absolute))
    }
}

/// The WASI state of one instance, made at its first WASI call.
pub(crate) struct Context {
    /// Never cloned: `fd_fdstat_set_flags` works only on the one handle to it.
    pub(super) wasi: WasiCtx,
    interrupted: Arc<Interrupted>,
    open_files: OpenFiles,
    stderr: Arc<Tail>,
}

impl Context {
    /// Opens the workspace; the volumes are open already.
    pub(crate) fn new(
        settings: &Settings,
        workspace: &Workspace,
        capture: Option<&Capture>,
    ) -> Result<Self> {
        let interrupted = Arc::new(Interrupted::new());
        let sleep = Box::new(Sleep(interrupted.clone()));
        let mut wasi = WasiCtx::new(random_ctx(), time::clocks(), sleep, Table::new());
        let too_long = |error: wasi_common::StringArrayError| invalid(error.to_string());
        for arg in std::iter::once(&settings.plugin).chain(&settings.args) {
            wasi.push_arg(arg).map_err(too_long)?;
        }
        for (name, value) in &settings.environment {
            wasi.push_env(name, value).map_err(too_long)?;
        }
        let stderr = Arc::<Tail>::default();
        settings.streams.connect(&wasi, &interrupted, &stderr, capture);

        let open_files = OpenFiles::default();
        for Mount { guest, dir, read_only } in &settings.volumes {
            let folder = Folder::new(dir.clone(), *read_only, open_files.preopened());
            wasi.push_dir(Box::new(folder), guest.clone()).map_err(full)?;
        }
        match workspace {
            Workspace::Starting => wasi
                .push_dir(Box::new(Empty(open_files.preopened())), WORKSPACE.into())
                .map_err(full)?,
            Workspace::At(path) => {
                let dir =
                    open(path).map_err(|error| Error::io(format!("workspace {path:?}"), error))?;
                let folder = Folder::new(dir, false, open_files.preopened());
                wasi.push_dir(Box::new(folder), WORKSPACE.into()).map_err(full)?
            }
            Workspace::None => {
                // The next file that the guest opens must not get the number that start-up saw as `/workspace`.
                let fd = wasi.table().push(Arc::new(())).map_err(full)?;
                wasi.table().delete::<()>(fd);
                fd
            }
        };
        Ok(Self { wasi, interrupted, open_files, stderr })
    }

    /// Returns the name of a file or directory that the guest has open, if there is one.
    pub(crate) fn open_file(&self) -> Option<String> {
        self.open_files.first_of_guest()
    }

    /// Forgets what the guest wrote to its standard error.
    pub(crate) fn forget_stderr(&self) {
        self.stderr.forget();
    }

    /// Returns the end of what the guest wrote to its standard error since then, if it wrote anything but white space.
    pub(crate) fn stderr(&self) -> Option<String> {
        self.stderr.text()
    }

    /// Has `ask` asked while the guest sleeps: once it says yes the sleep ends, with EINTR.
    pub(crate) fn interrupt_sleep(&mut self, ask: impl Fn() -> bool + Send + Sync + 'static) {
        let _ = self.interrupted.set(Box::new(ask));
    }
}

fn open(path: &Path) -> io::Result<Opened> {
    Opened::new(wasi_common::sync::Dir::open_ambient_dir(path, ambient_authority())?)
}

/// The table of descriptors has no number left, which can't be.
fn full(error: wasi_common::Error) -> Error {
    Error::new(ErrorKind::Internal, error.to_string())
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::Invalid, message)
}
