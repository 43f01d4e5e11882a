//! wasp, through the API of its crate.

use sides::{Face, Instance, Side, Variant, face};
use std::path::Path;
use wasp_core::{Compiler, Config, Engine, Kind, Options, Value};

/// The way in.
#[unsafe(no_mangle)]
pub extern "C" fn side() -> Face {
    // SAFETY: this library has a wasmer of its own, as those of the bindings have.
    unsafe { wasp_core::assume_sole_use_of_wasmer() };
    face::<Wasp>()
}

struct Wasp(Variant);

struct WaspInstance(wasp_core::Instance);

const NAME: &str = "plugin";

impl Side for Wasp {
    type Plugin = Engine;
    type Instance = WaspInstance;

    fn new(variant: Variant) -> Self {
        Self(variant)
    }

    fn compile(&self, wasm: &[u8]) -> Engine {
        self.register(self.options(), wasm)
    }

    /// The cache fills itself.
    fn save(&self, wasm: &[u8], at: &Path) {
        self.load(wasm, at);
    }

    fn load(&self, wasm: &[u8], at: &Path) -> Engine {
        let mut options = self.options();
        options.cache_directory = Some(at.to_owned());
        self.register(options, wasm)
    }

    fn instance(&self, engine: &Engine) -> WaspInstance {
        WaspInstance(engine.instance(NAME, None).expect("an instance"))
    }
}

impl Wasp {
    fn options(&self) -> Options {
        let mut options = Options::default();
        if self.0 == Variant::Singlepass {
            options.compiler = Compiler::Singlepass;
        }
        options
    }

    fn register(&self, options: Options, wasm: &[u8]) -> Engine {
        let mut config = config();
        if self.0 == Variant::Checked {
            config.memory_limit(16 << 20);
        }
        let engine = Engine::with_options(options);
        engine.register(NAME, wasm, &config).expect("a plugin");
        engine
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

    fn number(&mut self, function: &'static str, n: i32) -> i32 {
        self.call(function, &[n.into()], Kind::I32)
    }
}
