//! wasp, through the API of its crate.

mod script;

use script::{JavaScript, Lua, PocketPy, Script};
use sides::{Face, Instance, Language, Side, Variant, face};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use wasp_core::{Compiler, Config, Engine, Kind, Level, Log, Options, Value};

/// The way in.
#[unsafe(no_mangle)]
pub extern "C" fn side() -> Face {
    // SAFETY: this library has a wasmer of its own, as those of the bindings have.
    unsafe { wasp_core::assume_sole_use_of_wasmer() };
    face::<Wasp>()
}

/// The same for scripts.
#[unsafe(no_mangle)]
pub extern "C" fn script_side(language: Language) -> Face {
    side();
    match language {
        Language::JavaScript => face::<Script<JavaScript>>(),
        Language::Lua => face::<Script<Lua>>(),
        Language::PocketPy => face::<Script<PocketPy>>(),
    }
}

struct Wasp(Variant);

/// An engine with the plugin, and whether that runs the code that it will have from now on.
struct WaspPlugin {
    engine: Engine,
    settled: Arc<(Mutex<bool>, Condvar)>,
}

struct WaspInstance(wasp_core::Instance);

const NAME: &str = "plugin";

impl Side for Wasp {
    type Plugin = WaspPlugin;
    type Instance = WaspInstance;

    fn new(variant: Variant) -> Self {
        Self(variant)
    }

    fn compile(&self, wasm: &[u8]) -> WaspPlugin {
        self.register(self.options(), wasm)
    }

    fn settle(&self, plugin: &WaspPlugin) {
        let (settled, changed) = &*plugin.settled;
        let settled = settled.lock().expect("a thread that doesn't panic");
        drop(changed.wait_while(settled, |settled| !*settled));
    }

    /// The cache fills itself.
    fn save(&self, wasm: &[u8], at: &Path) {
        self.load(wasm, at);
    }

    fn load(&self, wasm: &[u8], at: &Path) -> WaspPlugin {
        let mut options = self.options();
        options.cache_directory = Some(at.to_owned());
        self.register(options, wasm)
    }

    fn instance(&self, plugin: &WaspPlugin) -> WaspInstance {
        WaspInstance(plugin.engine.instance(NAME, None).expect("an instance"))
    }
}

impl Wasp {
    fn options(&self) -> Options {
        let mut options = Options::default();
        options.compiler = compiler(self.0);
        options
    }

    fn register(&self, mut options: Options, wasm: &[u8]) -> WaspPlugin {
        let settled = Arc::new((Mutex::new(self.0 != Variant::Tiered), Condvar::new()));
        if self.0 == Variant::Tiered {
            let settled = Arc::clone(&settled);
            options.log = Log::new(Level::Debug, move |record| {
                if record.message == "Plugin optimised" {
                    *settled.0.lock().expect("a thread that doesn't panic") = true;
                    settled.1.notify_all();
                }
            });
        }
        let mut config = config();
        if self.0 == Variant::Checked {
            config.memory_limit(16 << 20);
        }
        let engine = Engine::with_options(options);
        engine.register(NAME, wasm, &config).expect("a plugin");
        WaspPlugin { engine, settled }
    }
}

fn compiler(variant: Variant) -> Compiler {
    match variant {
        Variant::Singlepass => Compiler::Singlepass,
        Variant::Tiered => Compiler::Tiered,
        _ => Compiler::Cranelift,
    }
}

/// With the callbacks that the plugins ask for.
fn config() -> Config {
    let mut config = Config::new();
    config
        .callback("env", "call_me", &[Kind::String], Kind::String, |caller, args| {
            let name: &str = args[0].try_into()?;
            caller.set_result(Value::String(&format!("Hello {name}")));
            Ok(())
        })
        .callback("env", "add", &[Kind::I32, Kind::I32], Kind::I32, |caller, args| {
            let (a, b): (i32, i32) = (args[0].try_into()?, args[1].try_into()?);
            caller.set_result(Value::I32(a.wrapping_add(b)));
            Ok(())
        })
        .callback("extism:host/user", "add", &[Kind::I32, Kind::I32], Kind::I32, |caller, args| {
            let (a, b): (i32, i32) = (args[0].try_into()?, args[1].try_into()?);
            caller.set_result(Value::I32(a.wrapping_add(b)));
            Ok(())
        })
        .callback("extism:host/user", "call_me", &[Kind::String], Kind::String, |caller, args| {
            let name: &str = args[0].try_into()?;
            caller.set_result(Value::String(&format!("Hello {name}")));
            Ok(())
        });
    config
}

impl WaspInstance {
    fn call<'a, T: TryFrom<Value<'a>, Error = wasp_core::Error>>(
        &'a mut self,
        name: &str,
        args: &[Value<'_>],
        kind: Kind,
    ) -> T {
        self.0.call(name, args, kind).and_then(T::try_from).expect("an answer")
    }
}

impl Instance for WaspInstance {
    fn sum(&mut self, a: i32, b: i32) -> i32 {
        self.call("sum", &[a.into(), b.into()], Kind::I32)
    }

    fn hello(&mut self, name: &str) -> &str {
        self.call("hello", &[name.into()], Kind::String)
    }

    fn callback(&mut self) -> &str {
        self.call("callback", &[], Kind::String)
    }

    fn echo(&mut self, data: &[u8]) -> &[u8] {
        self.call("echo", &[data.into()], Kind::Bytes)
    }

    fn vowels(&mut self, text: &str) -> &str {
        self.call("count_vowels", &[text.into()], Kind::String)
    }

    fn number(&mut self, function: &'static str, n: i32) -> i32 {
        self.call(function, &[n.into()], Kind::I32)
    }
}
