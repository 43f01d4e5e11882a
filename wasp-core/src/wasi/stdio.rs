//! Where a guest's standard streams lead.

use crate::base::log::{Level, Log};
use crate::base::visible::visible_line;
use crate::config::engine_options::Stdio;
use crate::sys::descriptor;
use crate::wasi::capture::Capture;
use crate::wasi::stderr_tail::Tail;
use crate::wasi::time::{Interrupted, Sleep};
use crate::wasi::written::{Sink, Written};
use parking_lot::Mutex;
use std::any::Any;
use std::io::{self, IoSlice, IsTerminal, Write};
use std::sync::Arc;
use wasi_common::file::{FdFlags, FileType, WasiFile};
use wasi_common::pipe::WritePipe;
use wasi_common::sync::stdio;
use wasi_common::{Error, WasiCtx};

/// The longest line that goes to the log in one piece.
const MAX_LINE: usize = 64 * 1024;

/// What the streams of every instance of one plugin are.
pub(crate) struct Streams {
    plugin: Arc<str>,
    stdio: Stdio,
    log: Log,
    /// Which of the process's streams are inherited.
    open: [bool; 3],
    /// Whether the process's output and error output are terminals.
    terminals: [bool; 2],
}

impl Streams {
    /// Says what the streams of `plugin` are. Those that were not `open` when its engine was made are not inherited: by now
    /// their numbers may be other files'.
    pub(crate) fn new(plugin: &str, stdio: Stdio, open: [bool; 3], log: Log) -> Self {
        let terminals = [io::stdout().is_terminal(), io::stderr().is_terminal()];
        Self { plugin: plugin.into(), stdio, log, open, terminals }
    }

    /// Puts them into a new context, which has an empty input and drops its outputs.
    pub(super) fn connect(
        &self,
        wasi: &WasiCtx,
        interrupted: &Arc<Interrupted>,
        stderr: &Arc<Tail>,
        capture: Option<&Capture>,
    ) {
        let set_stderr = |file| wasi.set_stderr(stderr.behind(file));
        if let Some(capture) = capture {
            let [out, err] = capture.streams();
            wasi.set_stdout(out);
            return set_stderr(err);
        }
        match self.stdio {
            Stdio::None => set_stderr(nowhere()),
            Stdio::Log => {
                wasi.set_stdout(self.lines(Level::Info, "StdOut.Write from Wasm module"));
                set_stderr(self.lines(Level::Error, "StdErr.Write from Wasm module"));
            }
            Stdio::Inherit | Stdio::Output => {
                let ([input, out, err], [out_terminal, err_terminal]) = (self.open, self.terminals);
                if input && self.stdio == Stdio::Inherit {
                    wasi.set_stdin(Box::new(Input(stdio::stdin(), Sleep(interrupted.clone()))));
                }
                if out {
                    let shown = out_terminal;
                    wasi.set_stdout(if shown {
                        terminal(io::stdout)
                    } else {
                        output(stdio::stdout())
                    });
                }
                set_stderr(match (err, err_terminal) {
                    (false, _) => nowhere(),
                    (true, true) => terminal(io::stderr),
                    (true, false) => output(stdio::stderr()),
                });
            }
        }
    }

    fn lines(&self, level: Level, message: &'static str) -> Box<dyn WasiFile> {
        let Self { plugin, log, .. } = self;
        Box::new(Written(Lines {
            plugin: plugin.clone(),
            log: log.clone(),
            level,
            message,
            line: Mutex::default(),
        }))
    }
}

/// An output that drops what is written to it.
fn nowhere() -> Box<dyn WasiFile> {
    Box::new(WritePipe::new(io::sink()))
}

/// The process's input, whose reader can be interrupted while nothing comes.
struct Input(stdio::Stdin, Sleep);

#[wiggle::async_trait]
impl WasiFile for Input {
    fn as_any(&self) -> &dyn Any {
        self
    }

    #[cfg(unix)]
    fn pollable(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        // One that the host has closed meanwhile is ready: a read says that it is.
        descriptor::is_open(0).then(|| self.0.pollable()).flatten()
    }

    fn isatty(&self) -> bool {
        self.0.isatty()
    }

    async fn get_filetype(&self) -> Result<FileType, Error> {
        self.0.get_filetype().await
    }

    async fn get_filestat(&self) -> Result<wasi_common::file::Filestat, Error> {
        self.0.get_filestat().await
    }

    fn num_ready_bytes(&self) -> Result<u64, Error> {
        // Of what doesn't say, such as /dev/null, a read returns at once.
        Ok(self.0.num_ready_bytes().unwrap_or_default())
    }

    async fn read_vectored<'a>(&self, bufs: &mut [io::IoSliceMut<'a>]) -> Result<u64, Error> {
        self.1.wait(None, || Ok(descriptor::is_readable(0)))?;
        self.0.read_vectored(bufs).await
    }
}

/// One of the process's outputs, to write to and for nothing else: it may be a file, whose times are not the guest's.
struct Output<W>(W);

fn output<W: WasiFile + 'static>(output: W) -> Box<dyn WasiFile> {
    Box::new(Output(output))
}

#[wiggle::async_trait]
impl<W: WasiFile + 'static> WasiFile for Output<W> {
    fn as_any(&self) -> &dyn Any {
        self
    }

    #[cfg(unix)]
    fn pollable(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        self.0.pollable()
    }

    fn isatty(&self) -> bool {
        self.0.isatty()
    }

    async fn get_filetype(&self) -> Result<FileType, Error> {
        self.0.get_filetype().await
    }

    async fn get_fdflags(&self) -> Result<FdFlags, Error> {
        self.0.get_fdflags().await
    }

    async fn seek(&self, position: io::SeekFrom) -> Result<u64, Error> {
        self.0.seek(position).await
    }

    async fn write_vectored<'a>(&self, bufs: &[IoSlice<'a>]) -> Result<u64, Error> {
        self.0.write_vectored(bufs).await
    }

    async fn write_vectored_at<'a>(&self, bufs: &[IoSlice<'a>], offset: u64) -> Result<u64, Error> {
        self.0.write_vectored_at(bufs, offset).await
    }
}

/// A stream whose lines go to the log.
struct Lines {
    plugin: Arc<str>,
    log: Log,
    level: Level,
    message: &'static str,
    line: Mutex<Vec<u8>>,
}

impl Lines {
    fn add(&self, line: &mut Vec<u8>, bytes: &[u8]) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (mut text, ends) = match part.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (part, false),
            };
            while !text.is_empty() {
                if line.len() == MAX_LINE {
                    let rest = line.split_off(line.len() - unfinished(line));
                    self.tell(line);
                    *line = rest;
                }
                let (head, tail) = text.split_at(text.len().min(MAX_LINE - line.len()));
                line.extend_from_slice(head);
                text = tail;
            }
            if ends {
                self.tell(line.strip_suffix(b"\r").unwrap_or(line));
                line.clear();
            }
        }
    }

    fn tell(&self, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let text = visible_line(&text);
        self.log.write(self.level, self.message, &[("plugin", &self.plugin), ("message", &text)]);
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        let line = std::mem::take(self.line.get_mut());
        if !line.is_empty() {
            self.tell(&line);
        }
    }
}

impl Sink for Lines {
    fn write<'a>(&self, parts: impl Iterator<Item = &'a [u8]>) -> io::Result<()> {
        if self.log.enabled(self.level) {
            let mut line = self.line.lock();
            parts.for_each(|bytes| self.add(&mut line, bytes));
        }
        Ok(())
    }
}

/// An output that somebody looks at. Guest text must not drive the terminal: of the control characters only tabs and
/// line ends get through.
struct Terminal<W> {
    output: fn() -> W,
    /// The start of a character whose end is still to come.
    held: Mutex<Vec<u8>>,
}

pub(super) fn terminal<W: Write + 'static>(output: fn() -> W) -> Box<dyn WasiFile> {
    Box::new(Written(Terminal { output, held: Mutex::default() }))
}

impl<W: Write + 'static> Sink for Terminal<W> {
    fn write<'a>(&self, parts: impl Iterator<Item = &'a [u8]>) -> io::Result<()> {
        let mut held = self.held.lock();
        parts.for_each(|bytes| held.extend_from_slice(bytes));
        let whole = held.len() - unfinished(&held);
        let rest = held.split_off(whole);
        let text = std::mem::replace(&mut *held, rest);
        let mut output = (self.output)();
        output.write_all(harmless(&text).as_bytes())?;
        output.flush()
    }
}

/// How many bytes at the end of `text` start a UTF-8 character without finishing it.
fn unfinished(text: &[u8]) -> usize {
    let start = text.len() - text.len().min(3);
    let Some(lead) = text[start..].iter().rposition(|byte| !(0x80..0xc0).contains(byte)) else {
        return 0;
    };
    let tail = &text[start + lead..];
    match std::str::from_utf8(tail) {
        Err(error) if error.valid_up_to() == 0 && error.error_len().is_none() => tail.len(),
        _ => 0,
    }
}

/// `text` without what moves a terminal's cursor, recolours it or makes it answer.
fn harmless(text: &[u8]) -> String {
    let shown = |c: char| if c.is_control() && !"\t\r\n".contains(c) { '\u{fffd}' } else { c };
    String::from_utf8_lossy(text).chars().map(shown).collect()
}
