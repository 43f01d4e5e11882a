//! What a module imports, and what each import leads to.

use crate::base::error::{self, Error, ErrorKind, Result};
use crate::base::log::{Level, Log};
use crate::base::nearest::distance;
use crate::base::slots;
use crate::base::value::Kind;
use crate::config::callback::Callback;
use crate::config::plugin_config::Config;
use crate::extism::functions as extism;
use crate::plugin::export::type_text;
use crate::wasi;
use std::fmt::{self, Write};
use std::sync::Arc;
use wasmer::{ExternType, FunctionType, Type};
use wasmer_types::ModuleInfo;

/// The one import that asks by addresses.
const DOOR: (&str, &str) = ("host", "call");

/// An import of the module, in the module's order, and what it leads to.
#[derive(Clone)]
pub(crate) struct Import {
    pub ty: FunctionType,
    pub target: ImportTarget,
}

/// What an import leads to.
#[derive(Clone)]
pub(crate) enum ImportTarget {
    Callback(Arc<Callback>),
    Wasi(&'static wasi::Function),
    RaiseError,
    Abort,
    /// Any of these callbacks, as a script asks for it by name.
    ScriptCallback(Arc<[Arc<Callback>]>),
    /// A callback that takes and gives bytes, by their addresses (section 9 of the guest ABI).
    Door(Arc<Callback>),
    /// What emscripten tells its host: the memory has grown. There is nothing to do.
    NotifyGrowth,
    /// A function of Extism.
    Extism(extism::Function),
    /// Extism's HTTP requests, which this callback makes.
    ExtismHttp(Arc<Callback>),
    /// A callback for a plugin of Extism, to which strings and bytes travel as offsets of blocks.
    ExtismCallback(Arc<Callback>),
    /// Nothing: a trap when it is called.
    Missing(Arc<MissingImport>),
}

/// An import that nothing provides, and that may be missing.
pub(crate) struct MissingImport {
    ty: FunctionType,
    /// What it is, and why it is missing.
    problem: String,
}

impl MissingImport {
    /// Returns the error of a call of it.
    #[cold]
    pub(crate) fn called(&self) -> Error {
        Error::new(ErrorKind::Trap, format!("it called the missing import {}", self.problem))
    }
}

impl ImportTarget {
    /// What the import `module`.`name` leads to, if anything does. A callback of the Config comes first.
    pub(crate) fn find(callbacks: &[Arc<Callback>], module: &str, name: &str) -> Option<Self> {
        if let Some(found) =
            callbacks.iter().find(|known| known.module == module && known.name == name)
        {
            return Some(ImportTarget::Callback(Arc::clone(found)));
        }
        match (module, name) {
            ("env", "raise_error") => Some(ImportTarget::RaiseError),
            ("env", "abort") => Some(ImportTarget::Abort),
            ("env", "emscripten_notify_memory_growth") => Some(ImportTarget::NotifyGrowth),
            ("wasp", "callback") => Some(ImportTarget::ScriptCallback(callbacks.into())),
            (extism::MODULE, _) => extism::Function::find(name).map(ImportTarget::Extism),
            _ => wasi::function(module, name).map(ImportTarget::Wasi),
        }
    }

    /// Returns the callback of the Config that it is, however its arguments travel; none for any of several, and for what is wasp's own.
    pub(crate) fn callback(&self) -> Option<&Arc<Callback>> {
        match self {
            ImportTarget::Callback(callback)
            | ImportTarget::Door(callback)
            | ImportTarget::ExtismHttp(callback)
            | ImportTarget::ExtismCallback(callback) => Some(callback),
            _ => None,
        }
    }

    /// What it is to an import of the type `ty`: the callback for what asks by addresses may take and give bytes.
    fn for_type(self, ty: &FunctionType) -> Self {
        match self {
            ImportTarget::Callback(callback)
                if matches!(*callback.params, [Kind::Bytes])
                    && callback.result == Kind::Bytes
                    && (&*callback.module, &*callback.name) == DOOR
                    && ty.params() == [Type::I32; 4] =>
            {
                ImportTarget::Door(callback)
            }
            other => other,
        }
    }

    /// The WebAssembly type that an import of it must have.
    pub(crate) fn ty(&self) -> FunctionType {
        match self {
            ImportTarget::Callback(callback) => {
                let params: Vec<Type> =
                    callback.params.iter().filter_map(|kind| slots::wasm_type(*kind)).collect();
                FunctionType::new(params, slots::wasm_type(callback.result).as_slice())
            }
            ImportTarget::Wasi(function) => FunctionType::new(function.params, function.results),
            ImportTarget::Extism(function) => function.ty(),
            ImportTarget::ExtismHttp(_) => extism::Function::HttpRequest.ty(),
            ImportTarget::ExtismCallback(callback) => handle_type(callback),
            ImportTarget::RaiseError | ImportTarget::NotifyGrowth => {
                FunctionType::new([Type::I32], [])
            }
            ImportTarget::Abort => FunctionType::new([Type::I32; 4], []),
            ImportTarget::ScriptCallback(_) => FunctionType::new([Type::I32; 3], [Type::I32]),
            ImportTarget::Door(_) => FunctionType::new([Type::I32; 4], [Type::I32]),
            ImportTarget::Missing(missing) => missing.ty.clone(),
        }
    }
}

impl fmt::Display for ImportTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ImportTarget::Callback(callback)
            | ImportTarget::Door(callback)
            | ImportTarget::ExtismHttp(callback)
            | ImportTarget::ExtismCallback(callback) => callback.fmt(f),
            ImportTarget::Extism(function) => {
                write!(f, "host function {:?}.{:?}", extism::MODULE, function.name())
            }
            ImportTarget::Wasi(function) => write!(f, "WASI function {:?}", function.name),
            ImportTarget::RaiseError => f.write_str("host function \"env\".\"raise_error\""),
            ImportTarget::Abort => f.write_str("host function \"env\".\"abort\""),
            ImportTarget::ScriptCallback(_) => f.write_str("host function \"wasp\".\"callback\""),
            ImportTarget::NotifyGrowth => {
                f.write_str("host function \"env\".\"emscripten_notify_memory_growth\"")
            }
            ImportTarget::Missing(missing) => write!(f, "missing import {}", missing.problem),
        }
    }
}

/// Refuses callbacks that no import can lead to, whatever the module.
pub(crate) fn check_callbacks(config: &Config) -> Result<()> {
    for callback in &config.callbacks {
        let no_param = |kind: &Kind| matches!(kind, Kind::None | Kind::Any);
        if let Some(at) = callback.params.iter().position(no_param) {
            let kind = callback.params[at];
            let message = format!(
                "{callback}: parameter {} is {kind}, which is only a result; i32, i64, f32, f64, string, bytes and json are parameters",
                at + 1
            );
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        if callback.result == Kind::Any {
            let message = format!(
                "{callback}: its result is any, which only scripts have; i32, i64, f32, f64, string, bytes, json and none are results"
            );
            return Err(Error::new(ErrorKind::Invalid, message));
        }
    }
    Ok(())
}

/// Finds every import, or reports all that are missing or differ in one error.
pub(crate) fn resolve(module: &ModuleInfo, config: &Config) -> Result<Vec<Import>> {
    let mut imports = Vec::new();
    let mut problems = String::new();
    let mut missing = Vec::new();
    let is_extism = module.imports().any(|import| import.module() == extism::MODULE);
    for import in module.imports() {
        let (from, name) = (import.module(), import.name());
        let problem = match import.ty() {
            ExternType::Function(ty) => match find_for(config, from, name, ty, is_extism)? {
                Some(target) if target.ty() == *ty => {
                    imports.push(Import { ty: ty.clone(), target });
                    continue;
                }
                Some(target) => format!(
                    "{from:?}.{name:?} as {}, while the {target} is {}",
                    type_text(ty),
                    type_text(&target.ty())
                ),
                None => {
                    let problem = missing_problem(from, name, ty, config);
                    if config.trap_missing_imports {
                        let missing = MissingImport { ty: ty.clone(), problem };
                        let target = ImportTarget::Missing(Arc::new(missing));
                        imports.push(Import { ty: ty.clone(), target });
                        continue;
                    }
                    problem
                }
            },
            ExternType::Memory(_) => {
                format!("memory {from:?}.{name:?}, but only functions can be imported")
            }
            ExternType::Table(_) => {
                format!("table {from:?}.{name:?}, but only functions can be imported")
            }
            ExternType::Global(_) => {
                format!("global {from:?}.{name:?}, but only functions can be imported")
            }
            ExternType::Tag(_) => {
                format!("tag {from:?}.{name:?}, but only functions can be imported")
            }
        };
        missing.push(error::Import { module: from.to_owned(), name: name.to_owned() });
        let _ =
            write!(problems, "{}{problem}", if problems.is_empty() { "it imports " } else { "; " });
    }
    if problems.is_empty() {
        Ok(imports)
    } else {
        Err(Error::new(ErrorKind::ImportNotFound, problems).with_imports(missing))
    }
}

/// Finds what an import of type `ty` leads to; where the module is one of Extism, strings and bytes may be 64 bits.
fn find_for(
    config: &Config,
    from: &str,
    name: &str,
    ty: &FunctionType,
    is_extism: bool,
) -> Result<Option<ImportTarget>> {
    match ImportTarget::find(&config.callbacks, from, name) {
        Some(ImportTarget::Callback(callback)) if is_extism => {
            target_of_callback(callback, ty).map(Some)
        }
        found => Ok(found.map(|target| target.for_type(ty))),
    }
}

/// Returns the type of a callback to which strings, bytes and JSON travel as offsets of blocks.
fn handle_type(callback: &Callback) -> FunctionType {
    let ty = |kind: &Kind| if kind.is_block() { Some(Type::I64) } else { slots::wasm_type(*kind) };
    let params: Vec<Type> = callback.params.iter().filter_map(ty).collect();
    FunctionType::new(params, ty(&callback.result).as_slice())
}

/// Returns what an import of type `ty` of a module of Extism's leads to, for which there is a callback.
///
/// # Errors
/// [`ErrorKind::Invalid`] for a callback for HTTP requests of other kinds.
fn target_of_callback(callback: Arc<Callback>, ty: &FunctionType) -> Result<ImportTarget> {
    let has_handles = handle_type(&callback) == *ty;
    let is_plain = ImportTarget::Callback(Arc::clone(&callback)).ty() == *ty;
    let is_http =
        callback.module == extism::MODULE && callback.name == extism::Function::HttpRequest.name();
    if is_http && !is_plain {
        let fits = matches!(*callback.params, [Kind::Json | Kind::String, Kind::Bytes])
            && callback.result.is_block();
        if !fits {
            let message = format!(
                "{callback} has other kinds than HTTP requests: it takes json and bytes, the request and its body, and answers with json or bytes"
            );
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        return Ok(ImportTarget::ExtismHttp(callback));
    }
    Ok(if has_handles && !is_plain {
        ImportTarget::ExtismCallback(callback)
    } else {
        ImportTarget::Callback(callback)
    })
}

/// Says what a function is that nothing provides, and why.
fn missing_problem(from: &str, name: &str, ty: &FunctionType, config: &Config) -> String {
    let ty = type_text(ty);
    if wasi::is_wasi(from) {
        let near = near_miss(name, wasi::names(from).map(|known| (from, known)));
        return format!("{from:?}.{name:?} as {ty}, which WASI preview 1 doesn't have{near}");
    }
    if from == extism::MODULE {
        let near = near_miss(name, extism::names().map(|known| (from, known)));
        return format!("{from:?}.{name:?} as {ty}, which Extism doesn't have{near}");
    }
    let offered = config.callbacks.iter().map(|known| (&*known.module, &*known.name));
    let near = near_miss(name, offered);
    let hint = if near.is_empty() && is_assemblyscripts(from, name) {
        " (AssemblyScript's own: compile with --transform wasp-guest, which asks WASI instead)"
    } else {
        ""
    };
    format!("{from:?}.{name:?} as {ty}, which no callback provides{near}{hint}")
}

/// Returns whether AssemblyScript's standard library asks a browser for it.
fn is_assemblyscripts(from: &str, name: &str) -> bool {
    let objects = ["console.", "Date.", "performance.", "crypto.", "process."];
    from == "env"
        && (matches!(name, "trace" | "seed")
            || objects.iter().any(|object| name.starts_with(object)))
}

/// Says which of the names that are offered may have been meant by `name`, if one is near it.
fn near_miss<'a>(name: &str, offered: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    // The same name in another module is the nearest.
    let close = |(module, known): (&'a str, &'a str)| {
        distance(name, known).map(|distance| (distance, module, known))
    };
    match offered.filter_map(close).min() {
        Some((_, module, known)) => format!(" ({module:?}.{known:?} is there)"),
        None => String::new(),
    }
}

/// Tells the log of imports that are missing and traps.
pub(crate) fn log_missing(imports: &[Import], log: &Log) {
    for import in imports {
        if let ImportTarget::Missing(missing) = &import.target {
            log.write(Level::Debug, "Import is missing", &[("import", &missing.problem)]);
        }
    }
}

/// Tells the log of callbacks that the module doesn't import: they may have been meant for an import of another name.
pub(crate) fn log_unused(config: &Config, imports: &[Import], log: &Log) {
    let is_used = |callback: &Arc<Callback>| {
        imports.iter().any(|import| {
            matches!(import.target, ImportTarget::ScriptCallback(_))
                || import.target.callback().is_some_and(|used| Arc::ptr_eq(used, callback))
        })
    };
    for callback in config.callbacks.iter().filter(|callback| !is_used(callback)) {
        let fields: [(&str, &dyn fmt::Display); 2] =
            [("namespace", &callback.module), ("name", &callback.name)];
        log.write(Level::Debug, "Callback is not imported", &fields);
    }
}
