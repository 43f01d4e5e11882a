//! What an engine holds, and what plugins and modules offer and need.

use crate::argument::handle;
use crate::engine::wasp_engine;
use crate::error::{guard, shield, wasp_error};
use crate::function::{Listing, wasp_function};
use crate::slice::{first, wasp_slice};
use crate::value::wasp_kind;
use std::path::Path;
use wasp_core::{Engine, Kind, PluginImport, PluginInfo};

/// Names, sorted. The caller owns them and frees them with `wasp_names_free`.
#[repr(C)]
pub struct wasp_names {
    pub names: *const wasp_slice,
    pub count: usize,
}

/// The names, and what they point to.
#[repr(C)]
struct OwnedNames {
    // First: a pointer to it is one to all of this.
    shown: wasp_names,
    _slices: Vec<wasp_slice>,
    _texts: Vec<String>,
}

/// What provides an import: a WASP_PROVIDER constant.
pub type wasp_provider = u32;
/// Nothing does: only a callback can.
pub const WASP_PROVIDER_MISSING: wasp_provider = 0;
/// A callback of the plugin's config.
pub const WASP_PROVIDER_CALLBACK: wasp_provider = 1;
/// WASI.
pub const WASP_PROVIDER_WASI: wasp_provider = 2;
/// The guest ABI, such as `raise_error`.
pub const WASP_PROVIDER_ABI: wasp_provider = 3;

/// Something that a module imports.
///
/// `type_text` is its WebAssembly type, as in errors: `(i32, i32) -> i32`; what is no function begins with what it is: `memory`, `table`,
/// `global` or `tag`. If `can_be_callback`, a callback can have its type, and `params` and `result` are its kinds: those of the callback
/// that provides it, and else as its type has them, where WASP_I32 may stand for a string or bytes.
#[repr(C)]
pub struct wasp_plugin_import {
    pub module: wasp_slice,
    pub name: wasp_slice,
    pub type_text: wasp_slice,
    pub provider: wasp_provider,
    pub can_be_callback: bool,
    pub params: *const wasp_kind,
    pub param_count: usize,
    pub result: wasp_kind,
}

/// What a plugin, or a module that may become one, offers and needs. The caller owns it and frees it with `wasp_plugin_info_free`. It
/// never changes, so any thread may read it. Later versions may append fields.
#[repr(C)]
pub struct wasp_plugin_info {
    /// Its functions, in the module's order, without those of the guest ABI.
    pub functions: *const wasp_function,
    pub function_count: usize,
    /// What it imports, in the module's order.
    pub imports: *const wasp_plugin_import,
    pub import_count: usize,
    /// Whether it imports functions of WASI.
    pub wasi: bool,
    /// The linear memory that an instance begins with, in bytes, over all memories.
    pub memory_min: u64,
    /// The linear memory that it may have by its own declaration, in bytes; UINT64_MAX where it declares no maximum.
    pub memory_max: u64,
    /// The size of the module in bytes, in the format that it was given in.
    pub size: u64,
    /// How many bytes of the host's memory a registered plugin takes: its machine code, which plugins of the same module share,
    /// and its snapshot. Its instances come on top.
    pub memory_used: u64,
    /// The language of the script that it is, or the name of its runtime; empty where it is no script.
    pub language: wasp_slice,
}

/// The info, and what it points to.
#[repr(C)]
struct OwnedInfo {
    // First: a pointer to it is one to all of this.
    shown: wasp_plugin_info,
    _listing: Listing,
    _imports: Vec<wasp_plugin_import>,
    _params: Vec<Vec<wasp_kind>>,
    _info: PluginInfo,
}

impl OwnedInfo {
    fn new(info: PluginInfo) -> Box<Self> {
        let tags = |import: &PluginImport| -> Vec<wasp_kind> {
            import.params.iter().flatten().map(|kind: &Kind| *kind as wasp_kind).collect()
        };
        let params: Vec<Vec<wasp_kind>> = info.imports.iter().map(tags).collect();
        let text = |text: &str| wasp_slice::of(text.as_bytes());
        let imports = info.imports.iter().zip(&params).map(|(import, params)| wasp_plugin_import {
            module: text(&import.module),
            name: text(&import.name),
            type_text: text(&import.ty),
            provider: import.provider as wasp_provider,
            can_be_callback: import.params.is_some(),
            params: first(params),
            param_count: params.len(),
            result: import.result as wasp_kind,
        });
        let imports: Vec<wasp_plugin_import> = imports.collect();
        let listing = Listing::new(&info.functions);
        let functions = listing.functions();
        let shown = wasp_plugin_info {
            functions: first(functions),
            function_count: functions.len(),
            imports: first(&imports),
            import_count: imports.len(),
            wasi: info.wasi,
            memory_min: info.memory_min,
            memory_max: info.memory_max.unwrap_or(u64::MAX),
            size: info.size,
            memory_used: info.memory_used,
            language: text(info.language.as_deref().unwrap_or_default()),
        };
        // Moving these leaves what they point to where it is.
        Box::new(Self { shown, _listing: listing, _imports: imports, _params: params, _info: info })
    }
}

/// Tells the names of the plugins that are registered.
///
/// On success the caller owns `*names` and releases them with `wasp_names_free`.
///
/// Errors: WASP_ERROR_INVALID.
#[unsafe(no_mangle)]
pub extern "C" fn wasp_engine_plugins(
    engine: Option<&wasp_engine>,
    names: Option<&mut *mut wasp_names>,
) -> Option<Box<wasp_error>> {
    guard(|| {
        let texts = handle(engine, "engine")?.0.plugins();
        let place = handle(names, "place for the names")?;
        let slices: Vec<wasp_slice> =
            texts.iter().map(|name| wasp_slice::of(name.as_bytes())).collect();
        let shown = wasp_names { names: first(&slices), count: slices.len() };
        *place =
            Box::into_raw(Box::new(OwnedNames { shown, _slices: slices, _texts: texts })).cast();
        Ok(())
    })
}

/// Releases names; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasp_names_free(names: *mut wasp_names) {
    if !names.is_null() {
        // SAFETY: `wasp_engine_plugins` made it, and nobody uses it any more, the header's promise.
        shield((), || drop(unsafe { Box::from_raw(names.cast::<OwnedNames>()) }));
    }
}

/// Returns whether a plugin is registered as `name`; false for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasp_engine_has(engine: Option<&wasp_engine>, name: wasp_slice) -> bool {
    shield(false, || {
        // SAFETY: slices are readable, the header's promise.
        let name = unsafe { name.text("the plugin's name") };
        engine.zip(name.ok()).is_some_and(|(engine, name)| engine.0.has(name))
    })
}

/// Returns how many bytes of the host's memory the plugins take: their machine code, once for each module, and their snapshots. Instances
/// come on top. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn wasp_engine_memory_used(engine: Option<&wasp_engine>) -> u64 {
    shield(0, || engine.map_or(0, |engine| engine.0.memory_used()))
}

/// Tells what the plugin `name` offers and needs, and what it takes.
///
/// On success the caller owns `*info` and releases it with `wasp_plugin_info_free`.
///
/// Errors: WASP_ERROR_INVALID and PLUGIN_NOT_FOUND.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasp_engine_plugin(
    engine: Option<&wasp_engine>,
    name: wasp_slice,
    info: Option<&mut *mut wasp_plugin_info>,
) -> Option<Box<wasp_error>> {
    guard(|| {
        let engine = handle(engine, "engine")?;
        // SAFETY: slices are readable, the header's promise.
        let name = unsafe { name.text("the plugin's name") }?;
        give(handle(info, "place for the info")?, engine.0.plugin(name)?);
        Ok(())
    })
}

/// Tells what `wasm`, a module in WebAssembly's binary or its text format, offers and needs. Nothing of it is compiled, and nothing of it
/// runs: it may be anybody's, and its imports may be missing.
///
/// The kinds of its functions are those that it declares, where its `wasp_signatures` returns a constant. On success the caller owns
/// `*info` and releases it with `wasp_plugin_info_free`.
///
/// Errors: WASP_ERROR_INVALID, and COMPILE for bytes that are no valid module.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasp_inspect(
    wasm: wasp_slice,
    info: Option<&mut *mut wasp_plugin_info>,
) -> Option<Box<wasp_error>> {
    guard(|| {
        // SAFETY: slices are readable, the header's promise.
        let wasm = unsafe { wasm.bytes("the module") }?;
        give(handle(info, "place for the info")?, Engine::inspect(wasm)?);
        Ok(())
    })
}

/// Tells what the module in the file `path` offers and needs, as `wasp_inspect` does.
///
/// Errors: WASP_ERROR_IO if the file can't be read, and those of `wasp_inspect`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasp_inspect_file(
    path: wasp_slice,
    info: Option<&mut *mut wasp_plugin_info>,
) -> Option<Box<wasp_error>> {
    guard(|| {
        // SAFETY: slices are readable, the header's promise.
        let path = unsafe { path.text("the path") }?;
        give(handle(info, "place for the info")?, Engine::inspect_file(Path::new(path))?);
        Ok(())
    })
}

/// Releases an info; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasp_plugin_info_free(info: *mut wasp_plugin_info) {
    if !info.is_null() {
        // SAFETY: `give` made it, and nobody uses it any more, the header's promise.
        shield((), || drop(unsafe { Box::from_raw(info.cast::<OwnedInfo>()) }));
    }
}

fn give(place: &mut *mut wasp_plugin_info, info: PluginInfo) {
    *place = Box::into_raw(OwnedInfo::new(info)).cast();
}
