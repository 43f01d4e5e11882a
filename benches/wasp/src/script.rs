//! Scripts in wasp, by the runtimes that `make runtimes` builds.

use crate::{NAME, WaspInstance, compiler};
use sides::{Side, Variant};
use std::marker::PhantomData;
use std::path::Path;
use wasp_core::{Config, Engine, Options};

/// The program runs at the root of the repository.
const RUNTIMES: &str = "build/runtimes";

/// A language of scripts.
pub(crate) trait Runtime: Send + Sync + 'static {
    const NAME: &str;
}

pub(crate) struct JavaScript;
pub(crate) struct Lua;
pub(crate) struct PocketPy;

impl Runtime for JavaScript {
    const NAME: &str = "javascript";
}

impl Runtime for Lua {
    const NAME: &str = "lua";
}

impl Runtime for PocketPy {
    const NAME: &str = "pocketpy";
}

pub(crate) struct Script<R> {
    variant: Variant,
    runtime: PhantomData<R>,
}

impl<R: Runtime> Script<R> {
    fn register(&self, engine: Engine, source: &[u8]) -> Engine {
        let source = std::str::from_utf8(source).expect("a script that is UTF-8");
        engine.register_script(NAME, R::NAME, source, &Config::new()).expect("a script");
        engine
    }

    fn engine(&self, cache: Option<&Path>) -> Engine {
        let mut options = Options::default();
        options.compiler = compiler(self.variant);
        options.runtime_directory = Some(RUNTIMES.into());
        options.cache_directory = cache.map(Path::to_owned);
        Engine::with_options(options)
    }
}

impl<R: Runtime> Side for Script<R> {
    /// With the script.
    type Plugin = Engine;
    type Instance = WaspInstance;

    fn new(variant: Variant) -> Self {
        Self { variant, runtime: PhantomData }
    }

    fn compile(&self, source: &[u8]) -> Engine {
        self.register(self.engine(None), source)
    }

    /// The new engine has the runtime and what it was compiled to.
    fn compile_another(&self, source: &[u8], earlier: &Engine) -> Engine {
        self.register(earlier.fork(), source)
    }

    /// The cache fills itself.
    fn save(&self, source: &[u8], at: &Path) {
        self.load(source, at);
    }

    fn load(&self, source: &[u8], at: &Path) -> Engine {
        self.register(self.engine(Some(at)), source)
    }

    fn instance(&self, engine: &Engine) -> WaspInstance {
        WaspInstance(engine.instance(NAME, None).expect("an instance"))
    }
}
