//! A registered plugin: a compiled module, checked against what its Config gives it.

pub(crate) mod export;
pub(crate) mod extism;
pub(crate) mod import;
pub(crate) mod info;
pub(crate) mod listing;
pub(crate) mod script;
mod trace;

use crate::base::abi_names::{HIDDEN, LOAD, SIGNATURES};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::log::{Level, Log};
use crate::base::nearest::hint;
use crate::compile::modules::{Modules, Ready};
use crate::compile::{self, Binary, Known, Source, Unoptimised, Unpacked, machine_code};
use crate::config::engine_options::Options;
use crate::config::limits::Limits;
use crate::config::plugin_config::{Config, WarmUp};
use crate::plugin::export::{Export, Function};
use crate::plugin::extism::Extism;
use crate::plugin::import::{Import, ImportTarget};
use crate::plugin::info::PluginInfo;
use crate::plugin::listing::Signature;
use crate::plugin::script::Script;
use crate::sys::first_writes;
use crate::sys::watchdog::Watchdog;
use crate::vm::bounds::Bounds;
use crate::vm::exceptions;
use crate::vm::tunables::{self, restorable};
use crate::wasi;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use wasmer::{ExternType, Module};
use wasmer_types::ModuleInfo;

/// Everything that the instances of a plugin share.
#[derive(Clone)]
pub(crate) struct Plugin {
    pub name: String,
    pub log: Log,
    pub limits: Limits,
    /// Where its compiled functions are.
    pub code: Range<usize>,
    pub wasi: Arc<wasi::Settings>,
    pub engine: wasmer::Engine,
    pub module: Module,
    pub imports: Vec<Import>,
    pub exports: Vec<Export>,
    /// Whether a reset of memory and globals brings an instance back to its start.
    pub restorable: bool,
    /// Whether its start-up sees nothing that its Config gives it.
    starts_plain: bool,
    /// Whether its code catches references to exceptions.
    pub exception_references: bool,
    /// Whether the processor's witness of page faults is used.
    pub witness: bool,
    by_name: HashMap<String, usize>,
    listing: OnceLock<Vec<Function>>,
    /// The calls that are made after start-up.
    pub warm_ups: Vec<WarmUp>,
    /// The size of what it was registered from.
    size: usize,
    /// The script that it runs, if it is one.
    pub script: Option<Arc<Script>>,
    /// What it is given as a plugin of Extism, if it is one.
    pub extism: Option<Arc<Extism>>,
    /// What scripts are compiled from, if it is their runtime and not compiled ahead of time.
    binary: Option<Arc<Binary<'static>>>,
    /// What other plugins of the same bytes share with it.
    ready: Arc<Ready>,
}

impl Plugin {
    /// Compiles or loads `source` and checks it against `config`. Returns the module too, if it is to be compiled again.
    pub(crate) fn new(
        name: &str,
        source: Source<'_>,
        config: &Config,
        options: &Options,
        known: &Modules,
    ) -> Result<(Self, Option<Unoptimised>)> {
        check_limits(&config.limits)?;
        import::check_callbacks(config)?;
        if config.limits.timeout.is_some() {
            Watchdog::get()?;
        }
        let size = source.size();
        let Unpacked { known: source, script: packed, module: given } = source.unpacked()?;
        let resolved = OnceCell::new();
        let check = |info: &ModuleInfo| {
            if resolved.get().is_none() {
                exceptions::check(info)?;
                tunables::check_start(info, &config.limits)?;
                let _ = resolved.set(import::resolve(info, config)?);
            }
            Ok(())
        };
        let (ready, unoptimised) =
            source.compiled(options, Bounds::within(&config.limits), known, &check)?;
        let engine = compile::engine_within(&ready, &config.limits);
        let module = ready.compiled.module.clone();
        // One that was compiled before is checked now.
        check(module.info())?;
        let imports = resolved.into_inner().unwrap_or_default();
        import::log_unused(config, &imports, &options.log);
        import::log_missing(&imports, &options.log);
        let code = machine_code::code(&module);
        let mut exports: Vec<Export> = module
            .exports()
            .functions()
            .map(|export| Export::new(export.name(), export.ty()))
            .collect();
        export::check_abi(&exports)?;
        let extism = Extism::new(&imports, config).map(Arc::new);
        if extism.is_some() {
            extism::declare(&mut exports);
        }
        let is_runtime = exports.iter().any(|export| export.name == LOAD);
        let packed = packed.map_or_else(|| ready.packed_script(), |script| Ok(Some(script)))?;
        let binary = given.filter(|_| is_runtime).map(|module| Arc::new(module.into_owned()));
        let by_name = exports
            .iter()
            .enumerate()
            .map(|(index, export)| (export.name.clone(), index))
            .collect();
        let restorable =
            config.snapshot && restorable(module.info()) && !ready.compiled.seen.unrestorable;
        let streams =
            wasi::Streams::new(name, options.stdio, options.open_streams, options.log.clone());
        let wasi = wasi::Settings::new(name, &config.environment, &config.volumes, streams)?
            .with_args(&config.args)?;
        let mut plugin = Self {
            name: name.to_owned(),
            restorable,
            starts_plain: config.args.is_empty()
                && config.environment.is_empty()
                && config.volumes.is_empty(),
            exception_references: ready.compiled.seen.exception_references,
            witness: !options.kernel_fault_counts && !first_writes::environment_asks_kernel(),
            log: options.log.clone(),
            limits: config.limits,
            code,
            wasi: Arc::new(wasi),
            engine,
            module,
            imports,
            exports,
            by_name,
            listing: OnceLock::new(),
            warm_ups: config.warm_ups.clone(),
            size,
            script: None,
            extism,
            binary,
            ready,
        };
        if let Some(script) = packed {
            plugin.carry(&script.language, &script.source, config)?;
        }
        Ok((plugin, unoptimised))
    }

    /// Makes it the plugin of a script that its module runs.
    fn carry(&mut self, language: &str, source: &str, config: &Config) -> Result<()> {
        let find = |name: &str| self.find_hidden(name);
        let script = Script::new(find, language, source, &config.callbacks)?;
        self.script = Some(Arc::new(script));
        Ok(())
    }

    /// Makes the plugin of a script that `runtime` runs.
    pub(crate) fn of_script(
        name: &str,
        runtime: &Self,
        script: &str,
        config: &Config,
        options: &Options,
        known: &Modules,
    ) -> Result<(Self, Option<Unoptimised>)> {
        if runtime.script.is_some() {
            let message = format!("{:?} is a script itself, no script runtime", runtime.name);
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        let source = match &runtime.binary {
            Some(binary) => Known::Binary(binary.borrowed()),
            None => Known::Ready(Arc::clone(&runtime.ready)),
        };
        let (mut plugin, unoptimised) =
            Self::new(name, Source::Known(source), config, options, known)?;
        plugin.size = script.len();
        plugin.carry(&runtime.name, script, config)?;
        Ok((plugin, unoptimised))
    }

    /// Returns whether this script's plugin may begin with what the start-up of `runtime` left, because its own would leave the same.
    pub(crate) fn starts_as(&self, runtime: &Self) -> bool {
        let calls_back = |import: &Import| match &import.target {
            ImportTarget::ScriptCallback(callbacks) => !callbacks.is_empty(),
            target => target.callback().is_some(),
        };
        self.restorable
            && self.starts_plain
            && runtime.starts_plain
            && runtime.warm_ups.is_empty()
            && !runtime.imports.iter().any(calls_back)
    }

    /// Returns the same plugin with code of its module by another compiler.
    pub(crate) fn with_code(&self, ready: Arc<Ready>) -> Self {
        let module = ready.compiled.module.clone();
        Self {
            code: machine_code::code(&module),
            engine: compile::engine_within(&ready, &self.limits),
            module,
            ready,
            ..self.clone()
        }
    }

    /// Takes what its start-up told: its own listing of its functions.
    pub(crate) fn finish(&self, signatures: Vec<Signature>) -> Result<()> {
        if let Some(script) = &self.script {
            self.listing.get_or_init(|| script.declare(signatures));
            return Ok(());
        }
        let places = signatures.iter().map(|signature| self.place(signature));
        let places = places.collect::<Result<Vec<usize>>>()?;
        // Of a function that is declared twice, the last line counts.
        for (index, signature) in places.into_iter().zip(signatures).rev() {
            self.exports[index].declared.get_or_init(|| signature);
        }
        self.log_idle_main();
        self.listing.get_or_init(|| self.exports.iter().filter_map(Export::listed).collect());
        if self.by_name.contains_key("allocate") && !self.by_name.contains_key("deallocate") {
            let message =
                "Plugin exports no deallocate, the memory of its arguments is never freed";
            self.log.write(Level::Debug, message, &[("name", &self.name)]);
        }
        Ok(())
    }

    /// Tells operators of a `main` that they may wait for in vain: a program, which compilers make where they know of no WASI.
    fn log_idle_main(&self) {
        let has = |name: &str| self.by_name.contains_key(name);
        if self.extism.is_none() && has("main") && !has("_start") && !has("_initialize") {
            let message = "Plugin exports \"main\", which only runs if the host calls it; \"_start\" and \"_initialize\" run at registration";
            self.log.write(Level::Info, message, &[("name", &self.name)]);
        }
    }

    /// Where the function that `signature` declares stands in `exports`.
    fn place(&self, signature: &Signature) -> Result<usize> {
        let name = &signature.name;
        let refuse = |what: &str| {
            let message = format!("\"{SIGNATURES}\" declares {name:?}, {what}");
            Err(Error::new(ErrorKind::Signature, message))
        };
        let Some(&index) = self.by_name.get(name) else {
            return refuse("which is not an exported function");
        };
        let ty = &self.exports[index].ty;
        if !signature.fits(ty) {
            return refuse(&format!(
                "which does not fit its WebAssembly type {}",
                export::type_text(ty)
            ));
        }
        Ok(index)
    }

    /// Where the exported function `name` stands in `exports`, also if wasp itself exports it.
    pub(crate) fn find_hidden(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// Returns whether it exports `name`, a function that start-up can call.
    pub(crate) fn starts_by(&self, name: &str) -> bool {
        self.find_hidden(name).is_some_and(|index| {
            let ty = &self.exports[index].ty;
            ty.params().is_empty() && ty.results().is_empty()
        })
    }

    /// Where the exported function `name` stands in `exports`.
    pub(crate) fn find(&self, name: &str) -> Result<usize> {
        match self.by_name.get(name) {
            Some(index) if !name.starts_with(HIDDEN) => Ok(*index),
            _ => Err(self.not_found(name)),
        }
    }

    /// The same for a name that may not be text.
    pub(crate) fn find_bytes(&self, name: &[u8]) -> Result<usize> {
        self.find(utf8(name)?)
    }

    /// The number of the script's function `name`, which may not be text.
    pub(crate) fn find_in(&self, script: &Script, name: &[u8]) -> Result<usize> {
        let name = utf8(name)?;
        script.find(name).ok_or_else(|| self.not_found(name))
    }

    #[cold]
    fn not_found(&self, name: &str) -> Error {
        let is_known = |known: &str| known == name && !known.starts_with(HIDDEN);
        let mut exports = self.module.exports().filter(|export| is_known(export.name()));
        // What the runtime of a script exports is nothing of the script's.
        let other =
            exports.next().filter(|_| self.script.is_none()).map(|export| match export.ty() {
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
            None => {
                let near = hint(name, self.functions().iter().map(|known| &*known.name));
                format!("plugin {plugin:?} exports no function {name:?}{near}")
            }
        };
        Error::new(ErrorKind::FunctionNotFound, message).with_function(name)
    }

    /// Tells what it offers and needs; `snapshot` is the memory that its snapshot takes.
    pub(crate) fn info(&self, snapshot: u64) -> PluginInfo {
        let imports: HashMap<(String, String), &ImportTarget> = self
            .module
            .imports()
            .map(|import| (import.module().to_owned(), import.name().to_owned()))
            .zip(self.imports.iter().map(|import| &import.target))
            .collect();
        let target = |module: &str, name: &str| {
            imports.get(&(module.to_owned(), name.to_owned())).map(|target| (*target).clone())
        };
        let mut info = PluginInfo::new(self.module.info(), &self.exports, target, self.size);
        if let Some(script) = &self.script {
            info.functions = self.functions().to_vec();
            info.language = Some(script.language.clone());
        }
        info.memory_used = snapshot + self.code.len() as u64;
        info
    }

    /// Returns what tells its machine code from that of plugins of other modules, and how many bytes it has.
    pub(crate) fn code_size(&self) -> (usize, u64) {
        (Arc::as_ptr(&self.ready) as usize, self.code.len() as u64)
    }

    /// The functions that the plugin offers.
    pub(crate) fn functions(&self) -> &[Function] {
        self.listing.get().map_or(&[], Vec::as_slice)
    }
}

fn utf8(name: &[u8]) -> Result<&str> {
    std::str::from_utf8(name).map_err(|_| {
        let message =
            format!("the function's name {:?} is not UTF-8", name.escape_ascii().to_string());
        Error::new(ErrorKind::Invalid, message)
    })
}

fn check_limits(limits: &Limits) -> Result<()> {
    let stack = limits.stack_bytes;
    if !(64 << 10..=wasmer_vm::MAX_STACK_SIZE).contains(&stack) {
        let message = format!("a stack limit of {stack} bytes is not between 64 KiB and 100 MiB");
        return Err(Error::new(ErrorKind::Invalid, message));
    }
    Ok(())
}
