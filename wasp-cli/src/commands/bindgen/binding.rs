//! What is written in each language: functions with names that it can have.

use crate::commands::bindgen::name::{snake, unique};
use wasp_core::{Function, Kind};

/// The functions of a plugin.
pub struct Binding {
    /// The plugin's name, in words of lower case: `my_plugin`.
    pub name: String,
    /// The name that it is registered under where the host gives no other.
    pub plugin: String,
    pub functions: Vec<Bound>,
}

/// A function.
pub struct Bound {
    /// The name that the plugin knows it by.
    pub name: String,
    /// The same in words of lower case, like no other function's.
    pub ident: String,
    pub params: Vec<Param>,
    pub result: Kind,
    /// What the plugin says about it, on one line.
    pub docs: String,
    /// As a plugin lists it, without names: what must fit.
    pub signature: String,
}

/// A parameter.
pub struct Param {
    /// Its name, in words of lower case.
    pub ident: String,
    pub kind: Kind,
}

impl Binding {
    /// Finds names for everything.
    pub fn new(plugin: &str, functions: Vec<Function>) -> Self {
        let mut taken = Vec::new();
        let functions = functions
            .into_iter()
            .map(|known| {
                let ident = unique(snake(&known.name, "function"), &mut taken);
                Bound::new(known, ident)
            })
            .collect();
        Self { name: snake(plugin, "plugin"), plugin: plugin.to_owned(), functions }
    }
}

impl Bound {
    fn new(known: Function, ident: String) -> Self {
        let mut taken = Vec::new();
        let signature = signature(&known.params, known.result);
        let name = |index: usize| known.param_names.get(index).map_or("", String::as_str);
        let params = known.params.iter().enumerate().map(|(index, kind)| {
            let ident = unique(snake(name(index), &format!("arg{}", index + 1)), &mut taken);
            Param { ident, kind: *kind }
        });
        let params = params.collect();
        Self { ident, params, signature, name: known.name, result: known.result, docs: known.docs }
    }
}

/// Writes `(string, i32) bytes`.
pub fn signature(params: &[Kind], result: Kind) -> String {
    let params: Vec<&str> = params.iter().map(|kind| kind.name()).collect();
    match result {
        Kind::None => format!("({})", params.join(", ")),
        kind => format!("({}) {kind}", params.join(", ")),
    }
}
