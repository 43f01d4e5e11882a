//! Typed calls of the plugin kinds, written by `wasp bindgen`: don't change it by hand.

use wasp_core::{Config, Engine, Error, ErrorKind, Instance, Kind, Value};

const SIGNATURES: [(&str, &[Kind], Kind); 6] = [
    ("numbers", &[Kind::I64, Kind::F32, Kind::F64, Kind::I32], Kind::F64),
    ("raw-json", &[Kind::Json], Kind::Json),
    ("class", &[Kind::I64], Kind::I64),
    ("float", &[Kind::F32], Kind::F32),
    ("nothing", &[], Kind::None),
    ("size", &[Kind::Bytes, Kind::String], Kind::I32),
];

/// Registers the plugin, as [`Engine::register`] does, and checks that it still offers what this was written for.
///
/// # Errors
/// Those of `register`, and [`ErrorKind::Signature`], which names the difference; then no plugin of that name is registered.
pub fn register(engine: &Engine, name: &str, wasm: &[u8], config: &Config) -> Result<(), Error> {
    engine.register(name, wasm, config)?;
    check(engine, name).inspect_err(|_| drop(engine.unregister(name)))
}

fn check(engine: &Engine, name: &str) -> Result<(), Error> {
    let offered = engine.plugin(name)?.functions;
    for (function, params, result) in SIGNATURES {
        let known = offered.iter().find(|known| known.name == function);
        if known.is_some_and(|known| known.params == params && known.result == result) {
            continue;
        }
        let kinds: Vec<&str> = params.iter().map(|kind| kind.name()).collect();
        let wanted = format!("{function}({}) {result}", kinds.join(", "));
        let difference = match known {
            Some(known) => format!("offers {known}, and this was written for {wanted}"),
            None => format!("offers no function {wanted}, for which this was written"),
        };
        let message = format!("plugin {name:?} {difference}: write it anew by wasp bindgen");
        return Err(Error::from_host(ErrorKind::Signature, message));
    }
    Ok(())
}

/// The plugin's functions, called in one instance.
pub struct Kinds {
    /// The instance.
    pub instance: Instance,
}

impl Kinds {
    /// Calls the plugin's functions in this instance.
    pub fn new(instance: Instance) -> Self {
        Self { instance }
    }

    /// Adds "all" * / of them.
    ///
    /// # Errors
    /// Those of [`Instance::call`].
    pub fn numbers(&mut self, a: i64, b: f32, func_: f64, n3d: i32) -> Result<f64, Error> {
        self.instance.call("numbers", &[a.into(), b.into(), func_.into(), n3d.into()], Kind::F64)?.try_into()
    }

    /// Calls the plugin's function `raw-json`.
    ///
    /// # Errors
    /// Those of [`Instance::call`].
    pub fn raw_json(&mut self, arg1: &str) -> Result<String, Error> {
        match self.instance.call("raw-json", &[Value::Json(arg1)], Kind::Json)? {
            Value::Json(text) => Ok(text.to_owned()),
            _ => Ok(String::new()),
        }
    }

    /// Calls the plugin's function `class`.
    ///
    /// # Errors
    /// Those of [`Instance::call`].
    pub fn class_(&mut self, arg1: i64) -> Result<i64, Error> {
        self.instance.call("class", &[arg1.into()], Kind::I64)?.try_into()
    }

    /// Calls the plugin's function `float`.
    ///
    /// # Errors
    /// Those of [`Instance::call`].
    pub fn float_(&mut self, value_: f32) -> Result<f32, Error> {
        self.instance.call("float", &[value_.into()], Kind::F32)?.try_into()
    }

    /// Calls the plugin's function `nothing`.
    ///
    /// # Errors
    /// Those of [`Instance::call`].
    pub fn nothing(&mut self) -> Result<(), Error> {
        self.instance.call("nothing", &[], Kind::None)?;
        Ok(())
    }

    /// Calls the plugin's function `size`.
    ///
    /// # Errors
    /// Those of [`Instance::call`].
    pub fn size_(&mut self, args_: &[u8], p_: &str) -> Result<i32, Error> {
        self.instance.call("size", &[args_.into(), p_.into()], Kind::I32)?.try_into()
    }
}
