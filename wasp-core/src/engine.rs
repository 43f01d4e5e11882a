//! The engine: plugins by name.

use crate::base::abi_names::{HIDDEN, INVOKE, LOAD, SIGNATURES};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::log::Level;
use crate::base::nearest::hint;
use crate::compile::cache;
use crate::compile::modules::{Modules, Ready};
use crate::compile::packed_script;
use crate::compile::{self, Known, Source, Unoptimised};
use crate::config::engine_options::Options;
use crate::config::language;
use crate::config::plugin_config::Config;
use crate::instance::Instance;
use crate::plugin::Plugin;
use crate::plugin::info::PluginInfo;
use crate::pool::Pool;
use crate::sys::{background, descriptor, fence, trace_lock};
use crate::wasi::Workspace;
use arc_swap::ArcSwap;
use rustc_hash::FxHashMap;
use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Weak};

/// Holds plugins by name and makes instances of them.
///
/// It may be used from any thread at once. Clones share everything; instances keep what they need alive.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

type Plugins = FxHashMap<String, Arc<Pool>>;

impl Default for Engine {
    fn default() -> Self {
        Self::with_options(Options::default())
    }
}

struct Inner {
    options: Options,
    modules: Arc<Modules>,
    /// Looked into at each new instance, from many threads: a lock would be one more thing that all of them write to.
    plugins: ArcSwap<Plugins>,
}

impl Engine {
    /// Makes an engine with default options and no plugins.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes an engine with these options and no plugins.
    pub fn with_options(mut options: Options) -> Self {
        fence::prepare();
        trace_lock::hold_at_forks();
        options.open_streams = [0, 1, 2].map(descriptor::is_open);
        let directory = &mut options.runtime_directory;
        *directory = directory.take().or_else(|| std::env::var_os("WASP_RUNTIMES").map(Into::into));
        Self(Arc::new(Inner { options, modules: Arc::default(), plugins: ArcSwap::default() }))
    }

    /// Makes an engine with the same options and the plugins that this one has now, whose code and snapshots both share. What either
    /// registers or forgets from then on is its own.
    pub fn fork(&self) -> Self {
        let Inner { options, modules, plugins } = &*self.0;
        let (options, modules) = (options.clone(), Arc::clone(modules));
        let plugins = ArcSwap::new(plugins.load_full());
        Self(Arc::new(Inner { options, modules, plugins }))
    }

    /// Registers the plugin `name`: compiles `wasm`, WebAssembly in its binary or its text format, checks it against
    /// `config`, and runs its start-up. A module that [carries a script](Self::pack_script) becomes the plugin of that script.
    ///
    /// A plugin of that name is replaced for new instances; existing ones keep the old one. On failure nothing changes.
    ///
    /// # Errors
    /// [`ErrorKind::Compile`]; [`ErrorKind::ImportNotFound`], which names all imports that no callback provides or that have
    /// another type; [`ErrorKind::Io`] if a volume doesn't exist; [`ErrorKind::Resource`] if the module starts beyond its
    /// limits; and whatever ends the plugin's start-up.
    pub fn register(&self, name: &str, wasm: &[u8], config: &Config) -> Result<()> {
        self.register_source(name, Source::Wasm(wasm), config)
    }

    fn register_source(&self, name: &str, source: Source<'_>, config: &Config) -> Result<()> {
        let Inner { options, modules, .. } = &*self.0;
        self.register_plugin(name, None, || Plugin::new(name, source, config, options, modules))
    }

    fn register_plugin(
        &self,
        name: &str,
        runtime: Option<&Pool>,
        make: impl FnOnce() -> Result<(Plugin, Option<Unoptimised>)>,
    ) -> Result<()> {
        let context = |error: Error| error.in_context(format_args!("plugin {name:?}"));
        let (plugin, unoptimised) = make().map_err(context)?;
        let plugin = Arc::new(plugin);
        let start = || match runtime {
            Some(runtime) => Pool::of_script(&plugin, runtime),
            None => Pool::new(&plugin),
        };
        let pool = self.with_room(start).map_err(context)?;
        let pool = Arc::new(pool);
        self.0.options.log.write(Level::Debug, "Plugin registered", &[("name", &name)]);
        self.change(|plugins| drop(plugins.insert(name.to_owned(), Arc::clone(&pool))));
        if let Some(unoptimised) = unoptimised {
            self.0.optimise_later(&pool, unoptimised);
        }
        Ok(())
    }

    /// Compiles `wasm` ahead of time, for [`register_compiled`](Self::register_compiled) in this process or another
    /// one, with the same version of wasp, the same compiler and a processor of the same kind.
    ///
    /// # Errors
    /// [`ErrorKind::Compile`]
    pub fn compile(&self, wasm: &[u8]) -> Result<Vec<u8>> {
        compile::to_bytes(wasm, &self.0.options, &self.0.modules)
    }

    /// Compiles the module in a file ahead of time, as [`compile`](Self::compile) does.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] if the file can't be read, and [`ErrorKind::Compile`].
    pub fn compile_file(&self, path: impl AsRef<Path>) -> Result<Vec<u8>> {
        let (what, wasm) = read_module(path.as_ref())?;
        self.compile(&wasm).map_err(|error| error.in_context(what))
    }

    /// Registers the plugin `name` from what [`compile`](Self::compile) returned, as [`register`](Self::register) does.
    ///
    /// # Errors
    /// [`ErrorKind::Compile`] if the bytes are damaged or made by another version, compiler or processor, and those of
    /// `register`.
    ///
    /// # Safety
    /// The bytes run as code, outside every sandbox. A hash finds damage, but not malice: their author must be trusted as
    /// much as this program.
    #[allow(unsafe_code)] // What it loads runs as code.
    pub unsafe fn register_compiled(
        &self,
        name: &str,
        compiled: &[u8],
        config: &Config,
    ) -> Result<()> {
        self.register_source(name, Source::Known(Known::Compiled(compiled.to_vec())), config)
    }

    /// Registers the plugin `name` from a file: a module, or a script, whose ending chooses its runtime, `javascript` for `.js` and
    /// `.mjs`, `lua` for `.lua`.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] if the file can't be read; those of [`register`](Self::register), or for a script those of
    /// [`register_script`](Self::register_script); and [`ErrorKind::Invalid`] for `.py` and `.ts`, with what to do instead.
    pub fn register_file(&self, name: &str, path: impl AsRef<Path>, config: &Config) -> Result<()> {
        let path = path.as_ref();
        let context = |error: Error| error.in_context(format_args!("plugin {name:?}"));
        let runtime = language::of_file(path).map_err(context)?;
        let bytes = read(name, path)?;
        let Some(runtime) = runtime else { return self.register(name, &bytes, config) };
        let source = String::from_utf8(bytes).map_err(|_| {
            let message = format!("the script in file {path:?} is not UTF-8");
            context(Error::new(ErrorKind::Invalid, message))
        })?;
        self.register_script(name, runtime, &source, config)
    }

    /// Compiles `wasm` ahead of time, as [`compile`](Self::compile) does, into the file `path`. Other processes see all of it
    /// or nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Compile`] and [`ErrorKind::Io`]
    pub fn compile_to_file(&self, wasm: &[u8], path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        cache::write(path, &self.compile(wasm)?)
            .map_err(|error| Error::io(format_args!("file {path:?}"), error))
    }

    /// Registers the plugin `name` from a file that [`compile_to_file`](Self::compile_to_file) wrote.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] if the file can't be read, and those of `register_compiled`.
    ///
    /// # Safety
    /// The file runs as code, outside every sandbox: its author must be trusted as much as this program.
    #[allow(unsafe_code)] // What it loads runs as code.
    pub unsafe fn register_compiled_file(
        &self,
        name: &str,
        path: impl AsRef<Path>,
        config: &Config,
    ) -> Result<()> {
        let compiled = read(name, path.as_ref())?;
        self.register_source(name, Source::Known(Known::Compiled(compiled)), config)
    }

    /// Registers the script `source` as the plugin `name`: `runtime` is the plugin that runs scripts of its language, registered before,
    /// or the name of one of the runtimes in [`Options::runtime_directory`], such as `javascript`.
    ///
    /// The script is loaded once, and every instance starts from what that left. Its functions are called like those of any plugin;
    /// those whose kinds it doesn't declare take and return [any](crate::Kind::Any) value. It gets what `config` has, and nothing of what
    /// the runtime was registered with. The runtime's module isn't compiled again.
    ///
    /// # Errors
    /// [`ErrorKind::PluginNotFound`] for the runtime; [`ErrorKind::Invalid`] if it is no script runtime, or the source has a NUL inside;
    /// [`ErrorKind::Guest`] for what the script throws while it is loaded, such as a syntax error, with its place; and those of
    /// [`register`](Self::register).
    pub fn register_script(
        &self,
        name: &str,
        runtime: &str,
        source: &str,
        config: &Config,
    ) -> Result<()> {
        let pool = self
            .runtime(runtime)
            .map_err(|error| error.in_context(format_args!("plugin {name:?}")))?;
        let Inner { options, modules, .. } = &*self.0;
        self.register_plugin(name, Some(&pool), || {
            Plugin::of_script(name, pool.plugin(), source, config, options, modules)
        })
    }

    /// Returns the script runtime `name`: a plugin that the host has registered, or one of those that come with wasp.
    fn runtime(&self, name: &str) -> Result<Arc<Pool>> {
        let given = |name: &str| self.0.plugins.load().get(name).cloned();
        // Under a name of wasp's own, so that it is in nobody's way.
        let own = format!("{HIDDEN}{name}");
        if let Some(pool) = given(name).or_else(|| given(&own)) {
            return Ok(pool);
        }
        let directory = self.0.options.runtime_directory.as_ref();
        let path = directory
            .filter(|_| language::is_name(name))
            .map(|path| path.join(format!("{name}.wasm")));
        let Some(path) = path.filter(|path| path.exists()) else {
            return Err(self.no_runtime(name));
        };
        let mut config = Config::new();
        // Its instances are the scripts'.
        config.limits.idle_instances = 0;
        self.register(&own, &read(name, &path)?, &config)?;
        given(&own).ok_or_else(|| self.no_runtime(name))
    }

    #[cold]
    fn no_runtime(&self, name: &str) -> Error {
        let place = match &self.0.options.runtime_directory {
            Some(directory) => format!("{directory:?} has no {:?}", format!("{name}.wasm")),
            None => "the engine's options name no directory of runtimes".to_owned(),
        };
        let message = format!(
            "there is no script runtime {name:?}: no such plugin is registered, and {place}"
        );
        Error::new(ErrorKind::PluginNotFound, message)
    }

    /// Forgets the plugin `name`. Existing instances keep what they need.
    ///
    /// # Errors
    /// [`ErrorKind::PluginNotFound`]
    pub fn unregister(&self, name: &str) -> Result<()> {
        let before = self.change(|plugins| drop(plugins.remove(name)));
        if before.contains_key(name) { Ok(()) } else { Err(not_found(&before, name)) }
    }

    /// Returns the names of the plugins that are registered, sorted, without the runtimes that wasp has loaded itself.
    pub fn plugins(&self) -> Vec<String> {
        let plugins = self.0.plugins.load();
        let names = plugins.keys().filter(|name| !name.starts_with(HIDDEN));
        let mut names: Vec<String> = names.cloned().collect();
        names.sort_unstable();
        names
    }

    /// Returns whether a plugin is registered as `name`.
    pub fn has(&self, name: &str) -> bool {
        self.0.plugins.load().contains_key(name)
    }

    /// Tells what the plugin `name` offers and needs, and what it takes.
    ///
    /// # Errors
    /// [`ErrorKind::PluginNotFound`]
    pub fn plugin(&self, name: &str) -> Result<PluginInfo> {
        let plugins = self.0.plugins.load();
        Ok(plugins.get(name).ok_or_else(|| not_found(&plugins, name))?.info())
    }

    /// Returns how many bytes of the host's memory the plugins take: their machine code, once for each module, and their snapshots.
    /// Instances come on top.
    pub fn memory_used(&self) -> u64 {
        Self::memory_used_by([self])
    }

    /// Returns what [`memory_used`](Self::memory_used) does, for several engines: what [forks](Self::fork) share counts once.
    pub fn memory_used_by<'a>(engines: impl IntoIterator<Item = &'a Self>) -> u64 {
        let mut codes = HashMap::new();
        let mut snapshots = HashMap::new();
        for engine in engines {
            for pool in engine.0.plugins.load().values() {
                let (code, size, snapshot) = pool.sizes();
                codes.insert(code, size);
                snapshots.insert(Arc::as_ptr(pool), snapshot);
            }
        }
        codes.values().sum::<u64>() + snapshots.values().sum::<u64>()
    }

    /// Tells what `wasm`, a module in WebAssembly's binary or its text format, offers and needs. Nothing of it is compiled, and nothing
    /// of it runs: it may be anybody's, and its imports may be missing.
    ///
    /// The kinds of its functions are those that it declares, where its `wasp_signatures` returns a constant; which
    /// functions a [registered plugin](Self::plugin) declares is always known.
    ///
    /// # Errors
    /// [`ErrorKind::Compile`] for bytes that are no valid module.
    pub fn inspect(wasm: &[u8]) -> Result<PluginInfo> {
        Ok(PluginInfo::of_module(&compile::inspect(wasm)?, wasm.len()))
    }

    /// Returns the names of the proposals beyond the first version of WebAssembly that `wasm` uses, a module as for
    /// [`inspect`](Self::inspect): those of docs/proposals.md, in its order.
    ///
    /// # Errors
    /// Those of `inspect`, which also name a proposal that no plugin may use.
    pub fn proposals(wasm: &[u8]) -> Result<Vec<&'static str>> {
        compile::inspect(wasm)?;
        compile::proposals::used(wasm)
    }

    /// Returns `runtime`, the module of a script runtime, in which the script `source` is packed: a plugin like any other, which is
    /// registered, compiled and shipped as one module. `language` is for people and tools.
    ///
    /// # Errors
    /// [`ErrorKind::Compile`] for bytes that are no valid module; [`ErrorKind::Invalid`] if it is no script runtime or carries a script
    /// already, or `language` is no name, or `source` has a NUL inside.
    pub fn pack_script(runtime: &[u8], language: &str, source: &str) -> Result<Vec<u8>> {
        let outline = compile::inspect(runtime)?;
        for name in [LOAD, INVOKE, SIGNATURES] {
            if !outline.info.exports().functions().any(|export| export.name() == name) {
                let message =
                    format!("the module exports no function {name:?}, as script runtimes do");
                return Err(Error::new(ErrorKind::Invalid, message));
            }
        }
        packed_script::join(&compile::Binary::read(runtime)?.bytes, language, source)
    }

    /// Tells what the module in a file offers and needs, as [`inspect`](Self::inspect) does.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] if the file can't be read, and those of `inspect`.
    pub fn inspect_file(path: impl AsRef<Path>) -> Result<PluginInfo> {
        let (what, wasm) = read_module(path.as_ref())?;
        Self::inspect(&wasm).map_err(|error| error.in_context(what))
    }

    /// Makes an instance of the plugin `name`, which sees the host's directory `workspace` as `/workspace`.
    ///
    /// # Errors
    /// [`ErrorKind::PluginNotFound`]; [`ErrorKind::Io`] if the workspace isn't a directory; [`ErrorKind::Resource`] if
    /// there is no memory for another instance.
    pub fn instance(&self, name: &str, workspace: Option<&Path>) -> Result<Instance> {
        let plugins = self.0.plugins.load();
        let pool = plugins.get(name).ok_or_else(|| not_found(&plugins, name))?;
        let workspace = match workspace {
            Some(path) => Workspace::at(path)
                .map_err(|error| error.in_context(format_args!("plugin {name:?}")))?,
            None => Workspace::None,
        };
        self.with_room(|| Instance::new(pool.shard(), workspace.clone()))
    }

    /// Runs `make`, and once more where the machine has no room for it but idle instances of plugins can be freed: they hold
    /// address space for owners that may never come.
    #[inline]
    fn with_room<R>(&self, make: impl Fn() -> Result<R>) -> Result<R> {
        match make() {
            Err(error) if error.kind() == ErrorKind::Resource && self.free_idle() => make(),
            outcome => outcome,
        }
    }

    /// Frees the idle instances of all plugins. Returns whether there were any.
    #[cold]
    fn free_idle(&self) -> bool {
        let freed: usize = self.0.plugins.load().values().map(|pool| pool.free_idle()).sum();
        let log = &self.0.options.log;
        log.write(Level::Debug, "Idle instances freed to make room", &[("count", &freed)]);
        freed > 0
    }

    /// Changes the registry atomically, and returns what it was before.
    fn change(&self, change: impl Fn(&mut Plugins)) -> Arc<Plugins> {
        self.0.plugins.rcu(|plugins| {
            let mut plugins = Plugins::clone(plugins);
            change(&mut plugins);
            plugins
        })
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("plugins", &self.plugins())
            .field("compiler", &self.0.options.compiler)
            .finish_non_exhaustive()
    }
}

impl Inner {
    /// Starts to compile the module of `pool` again in the background, for new instances.
    fn optimise_later(self: &Arc<Self>, pool: &Arc<Pool>, unoptimised: Unoptimised) {
        // The job keeps neither the engine alive nor what its host gave it.
        let (engine, weak_pool) = (Arc::downgrade(self), Arc::downgrade(pool));
        let (mut options, modules) = (self.options.clone(), Arc::clone(&self.modules));
        options.log = options.log.weak();
        let job = move || {
            // Nobody makes instances of it any more.
            if weak_pool.strong_count() == 0 {
                return;
            }
            let compiled = unoptimised.optimised(&options, &modules);
            if !background::process_is_exiting() {
                Self::optimised(&engine, &weak_pool, compiled);
            }
        };
        if let Err(error) = background::spawn(job) {
            self.not_optimised(pool, &format!("there is no thread to compile on: {error}"));
        }
    }

    /// Replaces `pool` by one with the new code, unless it isn't registered any more.
    fn optimised(engine: &Weak<Self>, pool: &Weak<Pool>, compiled: Result<Arc<Ready>>) {
        let (Some(engine), Some(pool)) = (engine.upgrade(), pool.upgrade()) else { return };
        let new = match compiled {
            Ok(ready) => Arc::new(pool.with_code(ready)),
            Err(error) => return engine.not_optimised(&pool, &error),
        };
        let name = pool.name();
        let is_there = |plugins: &Plugins| {
            plugins.get(name).is_some_and(|registered| Arc::ptr_eq(registered, &pool))
        };
        let before = engine.plugins.rcu(|plugins| {
            let mut plugins = Arc::clone(plugins);
            if is_there(&plugins) {
                Arc::make_mut(&mut plugins).insert(name.to_owned(), Arc::clone(&new));
            }
            plugins
        });
        if is_there(&before) {
            engine.options.log.write(Level::Debug, "Plugin optimised", &[("name", &name)]);
        }
    }

    fn not_optimised(&self, pool: &Pool, error: &dyn std::fmt::Display) {
        let fields: [(&str, &dyn std::fmt::Display); 2] =
            [("name", &pool.name()), ("error", error)];
        self.options.log.write(Level::Error, "Plugin not optimised", &fields);
    }
}

/// Reads a file that a module is in; the text is what errors call it.
fn read_module(path: &Path) -> Result<(String, Vec<u8>)> {
    let what = format!("file {path:?}");
    let wasm = std::fs::read(path).map_err(|error| Error::io(&what, error))?;
    Ok((what, wasm))
}

fn read(name: &str, path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path)
        .map_err(|error| Error::io(format_args!("plugin {name:?}: file {path:?}"), error))
}

#[cold]
fn not_found(plugins: &Plugins, name: &str) -> Error {
    let near = hint(name, plugins.keys().map(String::as_str));
    Error::new(ErrorKind::PluginNotFound, format!("no plugin is registered as {name:?}{near}"))
}
