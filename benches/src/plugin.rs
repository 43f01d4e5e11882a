//! What is loaded.

use crate::contender::Contender;
use sides::Language;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plugin {
    /// The example plugin in C.
    C,
    /// The example plugin in Go: 2.4 MB, with Go's runtime and collector.
    Go,
    Echo,
    Add,
    Speed,
    /// One of Extism, for wasp too.
    Extism,
    /// A function `hello` and nothing else.
    Hello(Language),
    /// A script of a kilobyte, with a function `hello`.
    Kilobyte(Language),
    /// What costs an interpreter time.
    Compute(Language),
}

use Language::{JavaScript, Lua, PocketPy};
use Plugin as P;

impl Plugin {
    /// Those that are passed to a child by name.
    pub const ALL: [P; 8] = [
        P::C,
        P::Go,
        P::Hello(JavaScript),
        P::Hello(Lua),
        P::Hello(PocketPy),
        P::Kilobyte(JavaScript),
        P::Kilobyte(Lua),
        P::Kilobyte(PocketPy),
    ];

    pub fn name(self) -> &'static str {
        match self {
            P::C => "C",
            P::Go => "Go",
            P::Echo => "echo",
            P::Add => "add",
            P::Speed => "speed",
            P::Extism => "extism",
            P::Hello(JavaScript) => "hello.js",
            P::Hello(Lua) => "hello.lua",
            P::Hello(PocketPy) => "hello.py",
            P::Kilobyte(JavaScript) => "kilobyte.js",
            P::Kilobyte(Lua) => "kilobyte.lua",
            P::Kilobyte(PocketPy) => "kilobyte.py",
            P::Compute(JavaScript) => "compute.js",
            P::Compute(Lua) => "compute.lua",
            P::Compute(PocketPy) => "compute.py",
        }
    }

    /// The language of a script.
    pub fn language(self) -> Option<Language> {
        match self {
            P::Hello(language) | P::Kilobyte(language) | P::Compute(language) => Some(language),
            P::C | P::Go | P::Echo | P::Add | P::Speed | P::Extism => None,
        }
    }

    /// WebAssembly, or the text of a script.
    pub fn code(self, contender: Contender) -> Vec<u8> {
        let text: &[u8] = match (contender, self) {
            (Contender::Extism, _) | (_, P::Extism) => include_bytes!("../plugins/extism.wat"),
            (_, P::C) => return read("build/plugins/c.wasm"),
            (_, P::Go) => return read("build/plugins/go.wasm"),
            (_, P::Echo) => include_bytes!("../plugins/echo.wat"),
            (_, P::Add) => include_bytes!("../plugins/add.wat"),
            (_, P::Speed) => include_bytes!("../plugins/speed.wat"),
            (_, P::Hello(_) | P::Kilobyte(_) | P::Compute(_)) => {
                return read(&format!("benches/scripts/{}", self.name()));
            }
        };
        ::wasmer::wat2wasm(text).expect("WebAssembly's text format").into_owned()
    }
}

/// The program runs at the root of the repository.
fn read(path: &str) -> Vec<u8> {
    std::fs::read(path)
        .unwrap_or_else(|error| panic!("{path:?}: {error}; `make plugins` builds what is missing"))
}
