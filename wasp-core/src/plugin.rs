//! A registered plugin: a compiled module, checked against what its Config gives it.

use crate::compile::{self, Source};
use crate::config::{Config, Limits};
use crate::engine::Options;
use crate::error::{self, Error, ErrorKind, Result};
use crate::host::Target;
use crate::instrument::{HIDDEN, START};
use crate::interrupt;
use crate::log::{Level, Log};
use crate::memory;
use crate::number;
use crate::signature::Signature;
use crate::value::Kind;
use crate::wasi;
use std::collections::HashMap;
use std::fmt::Write;
use std::ops::Range;
use std::sync::OnceLock;
use wasmer::{ExternType, FunctionType, Module, Type};

/// Exports that the guest ABI asks for: not functions that the plugin offers.
const ABI_NAMES: [&str; 6] =
    ["allocate", "deallocate", "get_string_size", "_initialize", "_start", SIGNATURES];
pub(crate) const SIGNATURES: &str = "wasp_signatures";

/// Everything that the instances of a plugin share.
pub(crate) struct Plugin {
    pub name: String,
    pub log: Log,
    pub limits: Limits,
    /// Where its compiled functions are.
    pub code: Range<usize>,
    pub wasi: wasi::Settings,
    pub engine: wasmer::Engine,
    pub module: Module,
    pub imports: Vec<Import>,
    pub exports: Vec<Export>,
    /// Whether a reset of memory and globals brings an instance back to its start.
    pub restorable: bool,
    by_name: HashMap<String, usize>,
    listing: OnceLock<Vec<Function>>,
}

/// An import of the module, in the module's order, and what it leads to.
pub(crate) struct Import {
    pub ty: FunctionType,
    pub target: Target,
}

/// An exported function.
pub(crate) struct Export {
    pub name: String,
    pub ty: FunctionType,
    /// Known when start-up has run.
    declared: OnceLock<(Vec<Kind>, Kind)>,
}

/// A function that a plugin offers, as its listing shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Function {
    /// The name to call it by.
    pub name: String,
    /// What it takes. Where the plugin declares no signature, an [`Kind::I32`] may stand for a string or bytes.
    pub params: Vec<Kind>,
    /// What it gives, with the same doubt.
    pub result: Kind,
    /// Whether the plugin declares the kinds itself, so that there is no doubt.
    pub declared: bool,
}

impl Plugin {
    /// Compiles or loads `source` and checks it against `config`.
    pub(crate) fn new(
        name: &str,
        source: Source<'_>,
        config: &Config,
        options: &Options,
    ) -> Result<Self> {
        check_limits(&config.limits)?;
        if config.limits.timeout.is_some() {
            interrupt::prepare()?;
        }
        let (engine, compiled) = source.compiled(&config.limits, options)?;
        let module = compiled.module;
        let code = compile::code(&module);
        let imports = resolve(&module, config)?;
        let exports: Vec<Export> = module
            .exports()
            .functions()
            .map(|export| Export {
                name: export.name().to_owned(),
                ty: export.ty().clone(),
                declared: OnceLock::new(),
            })
            .collect();
        check_abi(&exports)?;
        let by_name =
            exports.iter().enumerate().map(|(at, export)| (export.name.clone(), at)).collect();
        let restorable =
            config.snapshot && memory::restorable(module.info()) && !compiled.unrestorable;
        Ok(Self {
            name: name.to_owned(),
            restorable,
            log: options.log.clone(),
            limits: config.limits,
            code,
            wasi: wasi::Settings::new(
                name,
                &config.environment,
                &config.volumes,
                options.stdio,
                options.log.clone(),
            )?,
            engine,
            module,
            imports,
            exports,
            by_name,
            listing: OnceLock::new(),
        })
    }

    /// Takes what its start-up told: its own listing of its functions.
    pub(crate) fn finish(&self, signatures: Vec<Signature>) -> Result<()> {
        let places = signatures.iter().map(|signature| self.place(signature));
        let places = places.collect::<Result<Vec<usize>>>()?;
        // Of a function that is declared twice, the last line counts.
        for (at, Signature { params, result, .. }) in places.into_iter().zip(signatures).rev() {
            self.exports[at].declared.get_or_init(|| (params, result));
        }
        self.listing.get_or_init(|| self.exports.iter().filter_map(Export::listed).collect());
        if self.by_name.contains_key("allocate") && !self.by_name.contains_key("deallocate") {
            let message =
                "Plugin exports no deallocate, the memory of its arguments is never freed";
            self.log.write(Level::Debug, message, &[("name", &self.name)]);
        }
        Ok(())
    }

    /// Where the function that `signature` declares stands in `exports`.
    fn place(&self, signature: &Signature) -> Result<usize> {
        let Signature { name, params, result } = signature;
        let refuse = |what: &str| {
            let message = format!("\"{SIGNATURES}\" declares {name:?}, {what}");
            Err(Error::new(ErrorKind::Signature, message))
        };
        let Some(&at) = self.by_name.get(name) else {
            return refuse("which is not an exported function");
        };
        let ty = &self.exports[at].ty;
        let types = |kinds: &[Kind]| {
            kinds.iter().filter_map(|kind| number::wasm_type(*kind)).collect::<Vec<_>>()
        };
        if types(params) != ty.params() || types(&[*result]) != ty.results() {
            return refuse(&format!("which does not fit its WebAssembly type {}", type_text(ty)));
        }
        Ok(at)
    }

    /// Where the exported function `name` stands in `exports`, also if wasp itself exports it.
    pub(crate) fn find_hidden(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// Where the exported function `name` stands in `exports`.
    pub(crate) fn find(&self, name: &str) -> Result<usize> {
        match self.by_name.get(name) {
            Some(at) if !name.starts_with(HIDDEN) => Ok(*at),
            _ => Err(self.not_found(name)),
        }
    }

    fn not_found(&self, name: &str) -> Error {
        let mut exports = self.module.exports().filter(|export| !export.name().starts_with(HIDDEN));
        let other = exports.find(|export| export.name() == name).map(|export| match export.ty() {
            ExternType::Memory(_) => "a memory",
            ExternType::Global(_) => "a global",
            ExternType::Table(_) => "a table",
            _ => "something else",
        });
        let plugin = &self.name;
        let message = match other {
            Some(other) => {
                format!("plugin {plugin:?} exports {name:?} as {other}, not as a function")
            }
            None => format!("plugin {plugin:?} exports no function {name:?}"),
        };
        Error::new(ErrorKind::FunctionNotFound, message).with_function(name)
    }

    /// The functions that the plugin offers.
    pub(crate) fn functions(&self) -> &[Function] {
        self.listing.get().map_or(&[], Vec::as_slice)
    }
}

impl Export {
    /// The kinds that the plugin itself declares, if it does.
    pub(crate) fn declared(&self) -> Option<&(Vec<Kind>, Kind)> {
        self.declared.get()
    }

    /// Its line in the listing, unless it belongs to the ABI or can't be called with plain values.
    fn listed(&self) -> Option<Function> {
        if ABI_NAMES.contains(&self.name.as_str()) || self.name.starts_with(HIDDEN) {
            return None;
        }
        let (params, result) = match self.declared() {
            Some((params, result)) => (params.clone(), *result),
            None => {
                let params =
                    self.ty.params().iter().map(|ty| number::kind(*ty)).collect::<Option<_>>()?;
                let result = match self.ty.results() {
                    [] => Kind::None,
                    [ty] => number::kind(*ty)?,
                    _ => return None,
                };
                (params, result)
            }
        };
        let declared = self.declared().is_some();
        Some(Function { name: self.name.clone(), params, result, declared })
    }
}

fn check_limits(limits: &Limits) -> Result<()> {
    let stack = limits.stack_bytes;
    if !(64 << 10..=wasmer_vm::MAX_STACK_SIZE).contains(&stack) {
        let message = format!("a stack limit of {stack} bytes is not between 64 KiB and 100 MiB");
        return Err(Error::new(ErrorKind::Invalid, message));
    }
    Ok(())
}

/// Refuses functions of the ABI that are not what the ABI says.
fn check_abi(exports: &[Export]) -> Result<()> {
    let allocate = ("allocate", FunctionType::new([Type::I32], [Type::I32]));
    let deallocate = ("deallocate", FunctionType::new([Type::I32, Type::I32], []));
    let initialize = ("_initialize", FunctionType::new([], []));
    let start = ("_start", FunctionType::new([], []));
    let signatures = (SIGNATURES, FunctionType::new([], [Type::I32]));
    // wasp's own, of which a compiled file may say anything.
    let hidden = (START, FunctionType::new([], []));
    for (name, ty) in [allocate, deallocate, initialize, start, signatures, hidden] {
        if let Some(export) = exports.iter().find(|export| export.name == name && export.ty != ty) {
            let (is, should) = (type_text(&export.ty), type_text(&ty));
            let message = format!("{name:?} is exported as {is}, not as {should}");
            return Err(Error::new(ErrorKind::Abi, message));
        }
    }
    Ok(())
}

/// Finds every import, or reports all that are missing or differ in one error.
fn resolve(module: &Module, config: &Config) -> Result<Vec<Import>> {
    let mut imports = Vec::new();
    let mut problems = String::new();
    let mut missing = Vec::new();
    for import in module.imports() {
        let (from, name) = (import.module(), import.name());
        let problem = match import.ty() {
            ExternType::Function(ty) => match Target::find(&config.callbacks, from, name) {
                Some(target) if target.ty() == *ty => {
                    imports.push(Import { ty: ty.clone(), target });
                    continue;
                }
                Some(target) => format!(
                    "{from:?}.{name:?} as {}, while the {target} is {}",
                    type_text(ty),
                    type_text(&target.ty())
                ),
                None if wasi::is_wasi(from) => {
                    format!("{from:?}.{name:?}, which WASI preview 1 doesn't have")
                }
                None => format!("{from:?}.{name:?}, which no callback provides"),
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

/// `(i32, i64) -> i32`
pub(crate) fn type_text(ty: &FunctionType) -> String {
    let list = |types: &[wasmer::Type]| {
        types.iter().map(|ty| type_name(*ty)).collect::<Vec<_>>().join(", ")
    };
    match ty.results() {
        [one] => format!("({}) -> {}", list(ty.params()), list(&[*one])),
        results => format!("({}) -> ({})", list(ty.params()), list(results)),
    }
}

/// `i32`, `externref`
pub(crate) fn type_name(ty: Type) -> String {
    ty.to_string().to_lowercase()
}
