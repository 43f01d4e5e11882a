//! Scripts: plugins that are a script runtime and a source text (section 7 of the guest ABI).

use crate::base::abi_names::{HIDDEN, INVOKE, LOAD, SIGNATURES};
use crate::base::error::{Error, ErrorKind, Frame, Result};
use crate::base::packed;
use crate::base::slots;
use crate::base::value::{Kind, Value};
use crate::base::visible::visible;
use crate::base::{json, text};
use crate::config::callback::Callback;
use crate::plugin::export::Function;
use crate::plugin::listing::Signature;
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Arc, OnceLock};

/// A script, as each instance of its plugin loads it.
pub(crate) struct Script {
    /// The language, or the name of its runtime.
    pub language: String,
    pub source: String,
    /// The callbacks that it may import, one a line.
    pub callbacks: String,
    /// Where [`LOAD`] and [`INVOKE`] stand in the exports of its runtime.
    pub load: usize,
    pub invoke: usize,
    /// Where each function stands in its listing: known when it was loaded.
    by_name: OnceLock<HashMap<String, usize>>,
}

impl Script {
    /// Makes the script of a plugin whose runtime's exports are found by `find`.
    pub(crate) fn new(
        find: impl Fn(&str) -> Option<usize>,
        language: &str,
        source: &str,
        callbacks: &[Arc<Callback>],
    ) -> Result<Self> {
        let export = |name| {
            find(name).ok_or_else(|| {
                let message =
                    format!("its runtime exports no function {name:?}, as script runtimes do");
                Error::new(ErrorKind::Invalid, message)
            })
        };
        let (load, invoke) = (export(LOAD)?, export(INVOKE)?);
        export(SIGNATURES)?;
        if text::has_nul(source.as_bytes()) {
            return Err(Error::new(ErrorKind::Invalid, "its source has a NUL inside"));
        }
        // Some editors begin a file with a mark, which is none of the script's.
        let source = source.strip_prefix('\u{feff}').unwrap_or(source).to_owned();
        let callbacks = listing(callbacks);
        let language = language.strip_prefix(HIDDEN).unwrap_or(language).to_owned();
        Ok(Self { language, source, callbacks, load, invoke, by_name: OnceLock::new() })
    }

    /// Takes what the script declares, in the order in which its functions are numbered.
    pub(crate) fn declare(&self, signatures: Vec<Signature>) -> Vec<Function> {
        let functions: Vec<Function> = signatures.into_iter().map(Function::of_script).collect();
        self.by_name.get_or_init(|| {
            functions.iter().enumerate().map(|(at, known)| (known.name.clone(), at)).collect()
        });
        functions
    }

    /// Returns the number of the function `name`.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.by_name.get()?.get(name).copied()
    }
}

/// Lists callbacks for the runtime: `module.name(kind, kind) kind`.
fn listing(callbacks: &[Arc<Callback>]) -> String {
    let mut lines = String::new();
    for callback in callbacks {
        let Callback { module, name, params, result, .. } = &**callback;
        // One that no line can have can't be imported by name; asked for, it is still found.
        if [module, name]
            .into_iter()
            .any(|part| part.contains(['(', '#']) || visible(part) != **part)
        {
            continue;
        }
        let params: Vec<&str> = params.iter().map(|kind| kind.name()).collect();
        let _ = write!(lines, "{module}.{name}({})", params.join(", "));
        let _ = match result {
            Kind::None => writeln!(lines),
            kind => writeln!(lines, " {kind}"),
        };
    }
    lines
}

impl Function {
    /// Packs the arguments of a call of a script's function, which may have declared kinds. How many there are is the script's affair.
    pub(crate) fn pack(&self, args: &[Value<'_>], block: &mut Vec<u8>) -> Result<()> {
        packed::begin(args.len(), block);
        for (index, arg) in args.iter().enumerate() {
            let room = &mut String::new();
            let kind = self.params.get(index).copied().unwrap_or(Kind::Any);
            let fitting = match kind {
                Kind::I32 | Kind::I64 => slots::lower(*arg, kind),
                _ => json::convert(*arg, kind, room),
            };
            let value = fitting.ok_or_else(|| misfit(index, arg, kind))?;
            packed::push(&value, block).map_err(|length| {
                let message = format!("{length} bytes are more than a plugin's memory can hold");
                Error::new(ErrorKind::Invalid, message)
            })?;
        }
        Ok(())
    }
}

#[cold]
fn misfit(index: usize, arg: &Value<'_>, kind: Kind) -> Error {
    let value = slots::DisplayValues(std::slice::from_ref(arg));
    let (number, given) = (index + 1, arg.kind());
    let message = format!("argument {number} is {given} {value}, which does not fit {kind}");
    Error::new(ErrorKind::Signature, message)
}

/// Returns the error for what a script raised: its first line is the message, each further one a frame of the script's stack.
pub(crate) fn exception(raised: &str) -> Error {
    /// So many frames are enough, as in a trap's trace.
    const MOST: usize = 64;
    let mut lines = raised.lines();
    let message = lines.next().unwrap_or_default();
    let frames = lines.map(str::trim).filter(|line| !line.is_empty()).take(MOST).map(frame);
    Error::new(ErrorKind::Guest, message).with_trace(frames.collect())
}

/// Reads `function (file:line:column)` or `function (file:line)`; anything else is a function's name.
fn frame(line: &str) -> Frame {
    let shown = |text: &str| Some(visible(text).into_owned()).filter(|text| !text.is_empty());
    let Some((function, place)) =
        line.strip_suffix(')').and_then(|line| line.rsplit_once('(')).filter(|_| line.len() < 4096)
    else {
        let short: String = line.chars().take(256).collect();
        return Frame { function: shown(&short), ..Frame::default() };
    };
    let mut file = place;
    let mut numbers = Vec::new();
    while numbers.len() < 2
        && let Some((rest, number)) = file.rsplit_once(':')
        && let Ok(number) = number.parse::<u32>()
    {
        file = rest;
        numbers.push(number);
    }
    Frame {
        function: shown(function.trim_end()),
        file: shown(file),
        line: numbers.pop(),
        column: numbers.pop(),
        ..Frame::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_has_the_frames_of_the_script() {
        let error = exception(
            "TypeError: x is no function\nhello (greeter.js:2:9)\n f (a:b.lua:7)\nnative\n",
        );
        assert_eq!(error.to_string(), "TypeError: x is no function");
        let shown: Vec<String> = error.trace().iter().map(Frame::to_string).collect();
        assert_eq!(shown[0], "hello (greeter.js:2:9)");
        assert_eq!(shown[1], "f (a:b.lua:7)");
        assert_eq!(error.trace()[2].function.as_deref(), Some("native"));
    }
}
