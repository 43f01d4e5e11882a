//! Who takes part.

use crate::extism::{self, Extism};
use crate::wasmer::Wasmer;
use libloading::Library;
use sides::{Bench, Face, Variant, face};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contender {
    Wasp,
    WaspSinglepass,
    WaspTiered,
    WaspChecked,
    Wasmtime,
    WasmtimePooled,
    WasmtimeByName,
    WasmtimeEpoch,
    WasmtimeWizer,
    Wasmer,
    WasmerSinglepass,
    Extism,
}

use Contender as C;

impl Contender {
    pub const ALL: [C; 12] = [
        C::Wasp,
        C::WaspSinglepass,
        C::WaspTiered,
        C::WaspChecked,
        C::Wasmtime,
        C::WasmtimePooled,
        C::WasmtimeByName,
        C::WasmtimeEpoch,
        C::WasmtimeWizer,
        C::Wasmer,
        C::WasmerSinglepass,
        C::Extism,
    ];

    pub fn name(self) -> &'static str {
        match self {
            C::Wasp => "wasp",
            C::WaspSinglepass => "wasp Singlepass",
            C::WaspTiered => "wasp Tiered",
            C::WaspChecked => "wasp, 16 MiB",
            C::Wasmtime => "wasmtime",
            C::WasmtimePooled => "wasmtime pooled",
            C::WasmtimeByName => "wasmtime by name",
            C::WasmtimeEpoch => "wasmtime epochs",
            C::WasmtimeWizer => "wasmtime Wizer",
            C::Wasmer => "wasmer",
            C::WasmerSinglepass => "wasmer Singlepass",
            C::Extism => "libextism",
        }
    }

    /// Whether what it needs is there.
    pub fn is_here(self) -> bool {
        self.find_face().is_some()
    }

    pub fn open(self, plugin: Plugin) -> Bench {
        let face = self.find_face().expect("a library that is there");
        let (name, plugin_name) = (self.name().replace(' ', "-"), plugin.name());
        let directory = Path::new("build/bench").join(format!("{name}-{plugin_name}"));
        // What an earlier run kept may be of another version.
        let _ = std::fs::remove_dir_all(&directory);
        Bench::open(face, self.variant(), &plugin.wasm(self), &directory)
    }

    fn variant(self) -> Variant {
        match self {
            C::WaspSinglepass | C::WasmerSinglepass => Variant::Singlepass,
            C::WaspTiered => Variant::Tiered,
            C::WaspChecked => Variant::Checked,
            C::WasmtimePooled => Variant::Pooled,
            C::WasmtimeByName => Variant::ByName,
            C::WasmtimeEpoch => Variant::PooledEpoch,
            C::WasmtimeWizer => Variant::PooledSnapshot,
            C::Wasp | C::Wasmtime | C::Wasmer | C::Extism => Variant::Usual,
        }
    }

    fn find_face(self) -> Option<Face> {
        match self {
            C::Wasp | C::WaspSinglepass | C::WaspTiered | C::WaspChecked => {
                beside("libside_wasp.so", &WASP)
            }
            C::Wasmer | C::WasmerSinglepass => Some(face::<Wasmer>()),
            C::Wasmtime
            | C::WasmtimePooled
            | C::WasmtimeByName
            | C::WasmtimeEpoch
            | C::WasmtimeWizer => beside("libpeer_wasmtime.so", &WASMTIME),
            C::Extism => extism::version().map(|_| face::<Extism>()),
        }
    }
}

type Opened = OnceLock<Option<(Library, Face)>>;
static WASP: Opened = OnceLock::new();
static WASMTIME: Opened = OnceLock::new();

/// The side in the library `file` beside this program.
fn beside(file: &str, opened: &'static Opened) -> Option<Face> {
    let open = || {
        let program = std::env::current_exe().ok()?;
        // SAFETY: `make bench` puts it there, built from a directory of this one, whose `side` has this type.
        unsafe {
            let library = Library::new(program.with_file_name(file)).ok()?;
            let face = library.get::<extern "C" fn() -> Face>(b"side\0").ok()?();
            Some((library, face))
        }
    };
    opened.get_or_init(open).as_ref().map(|(_, face)| *face)
}

/// What is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plugin {
    /// The example plugin in C.
    C,
    /// The example plugin in Go: 2.4 MB, with Go's runtime and collector.
    Go,
    Echo,
    Add,
    Speed,
}

impl Plugin {
    pub const ALL: [Plugin; 5] = [Plugin::C, Plugin::Go, Plugin::Echo, Plugin::Add, Plugin::Speed];

    pub fn name(self) -> &'static str {
        match self {
            Plugin::C => "C",
            Plugin::Go => "Go",
            Plugin::Echo => "echo",
            Plugin::Add => "add",
            Plugin::Speed => "speed",
        }
    }

    fn wasm(self, contender: Contender) -> Vec<u8> {
        let text: &[u8] = match (contender, self) {
            (C::Extism, _) => include_bytes!("../plugins/extism.wat"),
            (_, Plugin::C) => return read("c.wasm"),
            (_, Plugin::Go) => return read("go.wasm"),
            (_, Plugin::Echo) => include_bytes!("../plugins/echo.wat"),
            (_, Plugin::Add) => include_bytes!("../plugins/add.wat"),
            (_, Plugin::Speed) => include_bytes!("../plugins/speed.wat"),
        };
        ::wasmer::wat2wasm(text).expect("WebAssembly's text format").into_owned()
    }
}

/// An example plugin; the program runs at the root of the repository.
fn read(name: &str) -> Vec<u8> {
    let path = PathBuf::from("build/plugins").join(name);
    std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{path:?}: {error}; `make plugins` builds it"))
}
