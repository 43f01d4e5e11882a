//! What a plugin offers and needs, as a host is told.

use crate::base::abi_names::ABI_NAMES;
use crate::base::value::Kind;
use crate::base::visible::visible;
use crate::compile::Outline;
use crate::extism::functions;
use crate::plugin::export::{Export, Function, type_name, type_text};
use crate::plugin::extism;
use crate::plugin::import::ImportTarget;
use crate::plugin::listing::{self, Signature};
use crate::wasi;
use std::collections::HashMap;
use std::fmt;
use wasmer::ExternType;
use wasmer_types::ModuleInfo;

/// What a plugin, or a module that may become one, offers and needs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PluginInfo {
    /// The functions that it offers, in the module's order, without those that belong to the guest ABI.
    pub functions: Vec<Function>,
    /// The language of the script that it is, or the name of its runtime; none where it is no script. The functions of a module that
    /// carries a script along are known when it is registered, and aren't listed before.
    pub language: Option<String>,
    /// The names of the functions of the guest ABI that the module exports, such as `allocate`.
    pub abi: Vec<String>,
    /// What it imports, in the module's order.
    pub imports: Vec<PluginImport>,
    /// Whether it imports functions of WASI.
    pub wasi: bool,
    /// The linear memory that an instance begins with, in bytes, over all memories.
    pub memory_min: u64,
    /// The linear memory that it may have by its own declaration, in bytes; none where it declares no maximum.
    pub memory_max: Option<u64>,
    /// The size of the module in bytes, in the format that it was given in.
    pub size: u64,
    /// How many bytes of the host's memory a registered plugin takes: its machine code, which plugins of the same module share,
    /// and its snapshot. Its instances come on top.
    pub memory_used: u64,
}

/// Something that a module imports.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PluginImport {
    /// The module, or namespace, that it is imported from.
    pub module: String,
    /// Its name there.
    pub name: String,
    /// Its WebAssembly type, as in errors: `(i32, i32) -> i32`. What is no function begins with what it is: `memory`, `table`,
    /// `global` or `tag`.
    pub ty: String,
    /// The kinds of a function's parameters: those of the callback that provides it, and else as its type has them, where an
    /// [`Kind::I32`] may stand for a string or bytes. None where no callback can have that type.
    pub params: Option<Vec<Kind>>,
    /// The kind of its result, with the same doubt.
    pub result: Kind,
    /// What provides it.
    pub provider: Provider,
}

/// What provides an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum Provider {
    /// Nothing does: only a callback can.
    Missing = 0,
    /// A callback of the plugin's Config.
    Callback = 1,
    /// WASI.
    Wasi = 2,
    /// The guest ABI, such as `raise_error`, or what Extism has.
    Abi = 3,
}

impl Provider {
    /// Returns its name in lower case: what bindings show.
    pub fn name(self) -> &'static str {
        match self {
            Provider::Missing => "missing",
            Provider::Callback => "callback",
            Provider::Wasi => "wasi",
            Provider::Abi => "abi",
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Shows it as errors do: `"env"."call_me" as (i32) -> i32`. It is one line, and harmless to a terminal.
impl fmt::Display for PluginImport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { module, name, ty, .. } = self;
        f.write_str(&visible(&format!("{module:?}.{name:?} as {ty}")))
    }
}

impl PluginInfo {
    /// Tells of a module that isn't registered: nothing of it is compiled, and nothing of it runs.
    pub(crate) fn of_module(outline: &Outline, size: usize) -> Self {
        let Outline { info, listing, language } = outline;
        let mut exports: Vec<Export> = info
            .exports()
            .functions()
            .map(|export| Export::new(export.name(), export.ty()))
            .collect();
        // What a registration would refuse says nothing about any function.
        let listing = listing.as_deref().filter(|text| text.len() <= listing::most(exports.len()));
        let listing = listing.and_then(|text| listing::parse(text).ok());
        declare(&mut exports, listing.unwrap_or_default());
        if info.imports().any(|import| import.module() == functions::MODULE) {
            extism::declare(&mut exports);
        }
        let target = |module: &str, name: &str| ImportTarget::find(&[], module, name);
        let mut told = Self::new(info, &exports, target, size);
        if language.is_some() {
            told.functions.clear();
            told.language.clone_from(language);
        }
        told
    }

    /// Tells of a module with these exports, whose imports lead to what `target` finds.
    pub(crate) fn new(
        info: &ModuleInfo,
        exports: &[Export],
        target: impl Fn(&str, &str) -> Option<ImportTarget>,
        size: usize,
    ) -> Self {
        let imports: Vec<PluginImport> = info
            .imports()
            .map(|import| {
                let (module, name) = (import.module(), import.name());
                PluginImport::new(module, name, import.ty(), || target(module, name))
            })
            .collect();
        let memories = || info.memories.values();
        let maximum = |memory: &wasmer::MemoryType| Some(memory.maximum?.bytes().0 as u64);
        Self {
            functions: exports.iter().filter_map(Export::listed).collect(),
            language: None,
            abi: exports
                .iter()
                .map(|export| &export.name)
                .filter(|name| is_abi(name))
                .cloned()
                .collect(),
            wasi: imports.iter().any(|import| wasi::is_wasi(&import.module)),
            imports,
            memory_min: memories().map(|memory| memory.minimum.bytes().0 as u64).sum(),
            memory_max: memories().map(maximum).sum(),
            size: size as u64,
            memory_used: 0,
        }
    }
}

fn is_abi(name: &str) -> bool {
    ABI_NAMES.contains(&name)
}

/// Notes what `listing` declares, unless a line of it doesn't fit.
fn declare(exports: &mut [Export], listing: Vec<Signature>) {
    let by_name: HashMap<&str, usize> =
        exports.iter().enumerate().map(|(index, export)| (&*export.name, index)).collect();
    let place = |line: &Signature| {
        let index = *by_name.get(&*line.name)?;
        line.fits(&exports[index].ty).then_some(index)
    };
    let Some(places) = listing.iter().map(place).collect::<Option<Vec<usize>>>() else { return };
    // Of a function that is declared twice, the last line counts.
    for (index, line) in places.into_iter().zip(listing).rev() {
        exports[index].declared.get_or_init(|| line);
    }
}

impl PluginImport {
    fn new(
        module: &str,
        name: &str,
        ty: &ExternType,
        target: impl FnOnce() -> Option<ImportTarget>,
    ) -> Self {
        let (module, name) = (module.to_owned(), name.to_owned());
        let ExternType::Function(ty) = ty else {
            let (params, result, provider) = (None, Kind::None, Provider::Missing);
            return Self { module, name, ty: other_text(ty), params, result, provider };
        };
        // One of another type is none: a registration refuses it.
        let target = target().filter(|target| target.ty() == *ty);
        let provider = match &target {
            None | Some(ImportTarget::Missing(_)) => Provider::Missing,
            Some(target) if target.callback().is_some() => Provider::Callback,
            Some(ImportTarget::Wasi(_)) => Provider::Wasi,
            Some(_) => Provider::Abi,
        };
        let signature = match target.as_ref().and_then(ImportTarget::callback) {
            Some(callback) => Some(Signature::of_kinds(callback.params.to_vec(), callback.result)),
            None => Signature::plain(ty),
        };
        let (params, result) = match signature {
            Some(Signature { params, result, .. }) => (Some(params), result),
            None => (None, Kind::None),
        };
        Self { module, name, ty: type_text(ty), params, result, provider }
    }
}

/// The type of what is no function.
fn other_text(ty: &ExternType) -> String {
    match ty {
        ExternType::Function(ty) => type_text(ty),
        ExternType::Memory(ty) => {
            let most = ty.maximum.map(|most| format!(" to {}", most.0)).unwrap_or_default();
            format!("memory of {}{most} pages", ty.minimum.0)
        }
        ExternType::Table(ty) => {
            let most = ty.maximum.map(|most| format!(" to {most}")).unwrap_or_default();
            format!("table of {}{most} {}", ty.minimum, type_name(ty.ty))
        }
        ExternType::Global(ty) => {
            let mutable = if ty.mutability.is_mutable() { "mutable " } else { "" };
            format!("global of {mutable}{}", type_name(ty.ty))
        }
        ExternType::Tag(ty) => {
            let params: Vec<String> = ty.params.iter().map(|ty| type_name(*ty)).collect();
            format!("tag of ({})", params.join(", "))
        }
    }
}
