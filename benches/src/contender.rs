//! Who takes part.

use crate::extism::{self, Extism};
use crate::plugin::Plugin;
use crate::wasmer::Wasmer;
use interpreters::{Lua, Native, PocketPy, QuickJs};
use libloading::Library;
use sides::{Bench, Face, Language, Variant, face};
use std::path::Path;
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
    /// The interpreter of a script's language, in native code.
    NativeQuickJs,
    NativeLua,
    NativePocketPy,
}

use Contender as C;

impl Contender {
    pub const ALL: [C; 15] = [
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
        C::NativeQuickJs,
        C::NativeLua,
        C::NativePocketPy,
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
            C::NativeQuickJs => "native quickjs-ng",
            C::NativeLua => "native Lua",
            C::NativePocketPy => "native pocketpy",
        }
    }

    /// Whether what it needs is there.
    pub fn is_here(self) -> bool {
        self.find_face(None).is_some()
    }

    pub fn open(self, plugin: Plugin) -> Bench {
        let face = self.find_face(plugin.language()).expect("a library that is there");
        let (name, plugin_name) = (self.name().replace(' ', "-"), plugin.name());
        let directory = Path::new("build/bench").join(format!("{name}-{plugin_name}"));
        // What an earlier run kept may be of another version.
        let _ = std::fs::remove_dir_all(&directory);
        Bench::open(face, self.variant(), &plugin.code(self), &directory)
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
            C::Wasp
            | C::Wasmtime
            | C::Wasmer
            | C::Extism
            | C::NativeQuickJs
            | C::NativeLua
            | C::NativePocketPy => Variant::Usual,
        }
    }

    fn find_face(self, language: Option<Language>) -> Option<Face> {
        match self {
            C::Wasp | C::WaspSinglepass | C::WaspTiered | C::WaspChecked => {
                let library = beside("libside_wasp.so", &WASP)?;
                language.map_or_else(|| side(library), |language| script_side(library, language))
            }
            C::Wasmer | C::WasmerSinglepass => Some(face::<Wasmer>()),
            C::Wasmtime
            | C::WasmtimePooled
            | C::WasmtimeByName
            | C::WasmtimeEpoch
            | C::WasmtimeWizer => side(beside("libpeer_wasmtime.so", &WASMTIME)?),
            C::Extism => extism::version().map(|_| face::<Extism>()),
            C::NativeQuickJs => Some(face::<Native<QuickJs>>()),
            C::NativeLua => Some(face::<Native<Lua>>()),
            C::NativePocketPy => Some(face::<Native<PocketPy>>()),
        }
    }
}

static WASP: OnceLock<Option<Library>> = OnceLock::new();
static WASMTIME: OnceLock<Option<Library>> = OnceLock::new();

/// The library `file` beside this program.
fn beside(file: &str, opened: &'static OnceLock<Option<Library>>) -> Option<&'static Library> {
    let open = || {
        let program = std::env::current_exe().ok()?;
        // SAFETY: `make bench` puts it there, built from a directory of this one.
        unsafe { Library::new(program.with_file_name(file)).ok() }
    };
    opened.get_or_init(open).as_ref()
}

fn side(library: &Library) -> Option<Face> {
    // SAFETY: the libraries' `side` has this type.
    Some(unsafe { library.get::<extern "C" fn() -> Face>(b"side\0").ok()?() })
}

fn script_side(library: &Library, language: Language) -> Option<Face> {
    type ScriptSide = extern "C" fn(Language) -> Face;
    // SAFETY: the `script_side` of wasp's library has this type.
    Some(unsafe { library.get::<ScriptSide>(b"script_side\0").ok()?(language) })
}
