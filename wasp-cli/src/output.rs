//! What a command prints: text for people, in colour on a terminal only, or JSON for machines.

use crate::failure::{Failure, Outcome};
use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};
use std::fmt;
use std::io::{self, IsTerminal, Write};

/// Names and headings.
pub const BOLD: Style = Style::new().bold();
/// What is beside the point.
pub const DIM: Style = Style::new().dimmed();
/// What went well.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// What is doubtful.
pub const DOUBTFUL: Style = AnsiColor::Yellow.on_default();
/// What went wrong.
pub const BAD: Style = AnsiColor::Red.on_default().bold();

/// Where a command's results go.
pub struct Output {
    pub json: bool,
}

impl Output {
    /// Makes one for people or for machines.
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    /// Prints a line of text, whose colours only a terminal sees.
    pub fn line(&self, line: impl fmt::Display) -> Outcome {
        written(writeln!(anstream::stdout().lock(), "{line}"))
    }

    /// Prints JSON as the whole of the results.
    pub fn value(&self, value: &Value) -> Outcome {
        written(writeln!(io::stdout().lock(), "{value:#}"))
    }

    /// Prints text that is a plugin's: as it is, but harmless where a terminal would act on it.
    pub fn text(&self, text: &str) -> Outcome {
        let mut stdout = io::stdout().lock();
        written(if stdout.is_terminal() {
            writeln!(stdout, "{}", wasp_core::visible_lines(text))
        } else {
            writeln!(stdout, "{text}")
        })
    }

    /// Prints bytes that are a plugin's: as they are, and readable on a terminal.
    pub fn bytes(&self, bytes: &[u8]) -> Outcome {
        let mut stdout = io::stdout().lock();
        written(if stdout.is_terminal() {
            writeln!(stdout, "{}", bytes.escape_ascii())
        } else {
            stdout.write_all(bytes).and_then(|()| stdout.flush())
        })
    }

    /// Tells people something that is none of the results.
    pub fn note(&self, note: impl fmt::Display) {
        if !self.json {
            let _ = writeln!(anstream::stderr().lock(), "{DIM}{note}{DIM:#}");
        }
    }

    /// Says what takes a while, on a terminal only, until the result is dropped.
    pub fn progress(&self, what: impl fmt::Display) -> Progress {
        // Where colours are, the line can be erased, too.
        let stderr = io::stderr();
        let choice = anstream::AutoStream::choice(&stderr);
        let is_shown = !self.json && stderr.is_terminal() && choice != anstream::ColorChoice::Never;
        if is_shown {
            let what = wasp_core::visible(&what.to_string()).into_owned();
            let _ = write!(anstream::stderr().lock(), "{DIM}{what} ...{DIM:#}");
        }
        Progress { is_shown }
    }

    /// Tells of a failure, and returns the exit code that stands for it.
    pub fn fail(&self, failure: &Failure) -> u8 {
        let Failure { code, kind, message, trace, stderr } = failure;
        if message.is_empty() {
        } else if self.json {
            let error =
                json!({ "kind": kind, "message": message, "trace": trace, "stderr": stderr });
            let _ = writeln!(io::stdout().lock(), "{:#}", json!({ "error": error }));
        } else {
            let mut to = anstream::stderr().lock();
            let _ = writeln!(to, "{BAD}wasp:{BAD:#} {message}");
            for frame in trace {
                let _ = writeln!(to, "{DIM}    at {frame}{DIM:#}");
            }
        }
        *code
    }
}

/// A line that goes when its work is done.
pub struct Progress {
    is_shown: bool,
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_shown {
            // Back to its beginning, and erase it.
            let _ = write!(io::stderr().lock(), "\r\u{1b}[K");
        }
    }
}

fn written(outcome: io::Result<()>) -> Outcome {
    outcome.map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::broken_pipe(),
        _ => Failure::unusable(format_args!("the standard output can't be written to: {error}")),
    })
}

/// Shows a number of bytes as people read it: `1.8 MB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    let mut number = bytes as f64;
    let mut unit = "bytes";
    for larger in UNITS {
        if number < 1000.0 {
            break;
        }
        number /= 1000.0;
        unit = larger;
    }
    if unit == "bytes" || number >= 100.0 {
        format!("{number:.0} {unit}")
    } else {
        format!("{number:.1} {unit}")
    }
}

/// Shows a length of time as people read it: `12 ms`.
pub fn time(seconds: f64) -> String {
    match seconds {
        _ if seconds < 1e-6 => format!("{:.1} ns", seconds * 1e9),
        _ if seconds < 1e-3 => format!("{:.1} µs", seconds * 1e6),
        _ if seconds < 1.0 => format!("{:.1} ms", seconds * 1e3),
        _ => format!("{seconds:.2} s"),
    }
}
