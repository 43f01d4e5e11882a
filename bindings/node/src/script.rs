//! Scripts: a source text, and the runtime that runs it.

use crate::info;
use crate::value::JsArg;
use napi::bindgen_prelude::Object;
use napi::{Error as NodeError, Status};
use parking_lot::Mutex;
use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use wasp_core::{Config, Engine, Error, ErrorKind, Options};

/// The script runtimes of one engine, each compiled when the first script needs it.
pub(crate) struct Runtimes {
    /// What is kept of them; plugins are in forks of it.
    engine: OnceLock<Engine>,
    options: Options,
    /// Held while one is compiled, for which the others of its language wait.
    adding: Mutex<()>,
}

impl Runtimes {
    pub(crate) fn new(options: Options) -> Self {
        Self { engine: OnceLock::new(), options, adding: Mutex::default() }
    }

    /// Returns the engine that has those which were needed so far, if any was.
    pub(crate) fn engine(&self) -> Option<&Engine> {
        self.engine.get()
    }

    /// Returns an engine of its own that has the runtime `name`, which the file `path` holds.
    fn fork_with(&self, name: &str, path: &str) -> Result<Engine, Error> {
        let engine = self.engine.get_or_init(|| Engine::with_options(self.options.clone()));
        let adding = self.adding.lock();
        if !engine.has(name) {
            engine.register_file(name, path, &Config::new())?;
        }
        drop(adding);
        Ok(engine.fork())
    }
}

/// What `lib/scripts.js` says of a script besides its source.
pub(crate) struct Script {
    /// The name of its runtime.
    runtime: String,
    /// The file that the runtime is in.
    path: String,
    /// A string is its text rather than the path to that.
    is_text: bool,
}

impl Script {
    pub(crate) fn read(given: &Object<'_>) -> napi::Result<Self> {
        let missing = || NodeError::new(Status::InvalidArg, "half of a script");
        Ok(Self {
            runtime: given.get("runtime")?.ok_or_else(missing)?,
            path: given.get("path")?.ok_or_else(missing)?,
            is_text: given.get("isText")?.ok_or_else(missing)?,
        })
    }

    /// Registers the plugin `name`, alone in the engine that is returned.
    pub(crate) fn register(
        &self,
        name: &str,
        source: &JsArg<'_>,
        config: &Config,
        runtimes: &Arc<Runtimes>,
    ) -> Result<Engine, Error> {
        let text = self.text(name, source)?;
        let engine = runtimes.fork_with(&self.runtime, &self.path)?;
        engine.register_script(name, &self.runtime, &text, config)?;
        for other in engine.plugins().iter().filter(|other| *other != name) {
            engine.unregister(other)?;
        }
        Ok(engine)
    }

    fn text<'a>(&self, name: &str, source: &'a JsArg<'_>) -> Result<Cow<'a, str>, Error> {
        let fail = |kind, what: &dyn std::fmt::Display| {
            Error::from_host(kind, format!("plugin {name:?}: {what}"))
        };
        let bytes =
            match source {
                JsArg::String(text) if self.is_text => return Ok(Cow::Borrowed(text)),
                JsArg::String(path) => Cow::Owned(std::fs::read(&**path).map_err(|error| {
                    fail(ErrorKind::Io, &format_args!("file {path:?}: {error}"))
                })?),
                JsArg::Bytes(bytes) => Cow::Borrowed(&**bytes),
                other => {
                    let what = info::what(other);
                    let what =
                        format_args!("its source is neither text, a path nor bytes, it is {what}");
                    return Err(fail(ErrorKind::Invalid, &what));
                }
            };
        let text = match bytes {
            Cow::Borrowed(bytes) => str::from_utf8(bytes).map(Cow::Borrowed).ok(),
            Cow::Owned(bytes) => String::from_utf8(bytes).map(Cow::Owned).ok(),
        };
        let text = text.ok_or_else(|| fail(ErrorKind::Invalid, &"its source is not UTF-8"))?;
        // Some editors begin a file with a mark, which is none of the script's.
        Ok(match text.strip_prefix('\u{feff}') {
            Some(rest) => Cow::Owned(rest.to_owned()),
            None => text,
        })
    }
}
