//! The functions that a plugin exports, and whether a call fits them.

use crate::base::abi_names::{
    ABI_NAMES, CONSTRUCTORS, HIDDEN, INVOKE, LOAD, RESUME, SIGNATURES, START,
};
use crate::base::error::{Error, ErrorKind, Result};
use crate::base::json;
use crate::base::slots;
use crate::base::value::{Kind, OwnedValue, Value};
use crate::base::visible::visible;
use crate::plugin::listing::Signature;
use std::fmt;
use std::sync::OnceLock;
use wasmer::{FunctionType, Type};

/// An exported function.
#[derive(Clone)]
pub(crate) struct Export {
    pub name: String,
    pub ty: FunctionType,
    /// Known when start-up has run.
    pub declared: OnceLock<Signature>,
    /// Whether it is called as Extism does: its input and its output are no part of its type.
    pub extism: bool,
}

/// A function that a plugin offers, as its listing shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Function {
    /// The name to call it by.
    pub name: String,
    /// Its parameters. Where the plugin declares no signature, an [`Kind::I32`] may stand for a string or bytes.
    pub params: Vec<Kind>,
    /// The names of its parameters, as many as these; empty where the plugin declares none. Control characters are escaped.
    pub param_names: Vec<String>,
    /// Its result, with the same doubt.
    pub result: Kind,
    /// Whether the plugin declares the kinds itself, so that there is no doubt.
    pub declared: bool,
    /// What the plugin says about it, on one line; empty where it says nothing.
    pub docs: String,
}

impl Function {
    /// Returns the function that a script declares.
    pub(crate) fn of_script(signature: Signature) -> Self {
        let Signature { name, params, param_names, result, docs } = signature;
        Self { name, params, param_names, result, declared: true, docs }
    }

    /// Returns the kind of the result where there is no doubt about it: the plugin declares it, or it is no i32, which
    /// may stand for a string or bytes.
    pub fn certain_result(&self) -> Option<Kind> {
        (self.declared || self.result != Kind::I32).then_some(self.result)
    }
}

/// Shows it as a line of a plugin's own listing: `hello(name: string) string`. It is one line, and harmless to a terminal.
impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", visible(&self.name))?;
        for (index, (kind, name)) in self.params.iter().zip(&self.param_names).enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            let colon = if name.is_empty() { "" } else { ": " };
            write!(f, "{comma}{name}{colon}{kind}")?;
        }
        match self.result {
            Kind::None => f.write_str(")"),
            kind => write!(f, ") {kind}"),
        }
    }
}

impl Export {
    /// The export without a declaration, of which the module itself tells.
    pub(crate) fn new(name: &str, ty: &FunctionType) -> Self {
        Self { name: name.to_owned(), ty: ty.clone(), declared: OnceLock::new(), extism: false }
    }

    /// Returns whether its type is that of `allocate`.
    pub(crate) fn is_allocator(&self) -> bool {
        self.ty == allocator_type()
    }

    /// What the plugin itself declares, if it does.
    pub(crate) fn declared(&self) -> Option<&Signature> {
        self.declared.get()
    }

    /// Its line in the listing, unless it belongs to the ABI or can't be called with plain values.
    pub(crate) fn listed(&self) -> Option<Function> {
        let name = self.name.as_str();
        let is_abi = ABI_NAMES.contains(&name) || (self.extism && name == CONSTRUCTORS);
        if is_abi || name.starts_with(HIDDEN) {
            return None;
        }
        let signature = match self.declared() {
            Some(signature) => signature.clone(),
            None => Signature::plain(&self.ty)?,
        };
        let declared = self.declared().is_some();
        Some(Function {
            declared,
            ..Function::of_script(Signature { name: self.name.clone(), ..signature })
        })
    }

    /// Returns the arguments with the JSON of those that are declared as JSON and are none yet; none where nothing is to be done.
    #[inline]
    pub(crate) fn encoded(&self, args: &[Value<'_>]) -> Option<Vec<OwnedValue>> {
        let declared = self.declared()?;
        if declared.params.contains(&Kind::Json) { encoded(&declared.params, args) } else { None }
    }

    /// Refuses arguments and an expected result that can't fit, before any guest code runs.
    pub(crate) fn check(&self, args: &[Value<'_>], result: Kind) -> Result<()> {
        let params = self.ty.params();
        if args.len() != params.len() {
            let (takes, given) = (params.len(), args.len());
            let s = if takes == 1 { "" } else { "s" };
            return Err(misfit(format!("it takes {takes} argument{s}, not {given}")));
        }
        let declared = self.declared().is_some();
        for (index, (arg, ty)) in args.iter().zip(params).enumerate() {
            // What most arguments are.
            if declared || !matches!((arg, ty), (Value::I32(_), Type::I32)) {
                self.check_arg(index, arg, *ty)?;
            }
        }
        if declared || !matches!((result, self.ty.results()), (Kind::I32, [Type::I32])) {
            self.check_result(result)?;
        }
        Ok(())
    }

    fn check_arg(&self, index: usize, arg: &Value<'_>, ty: Type) -> Result<()> {
        let declared = self.declared().map(|signature| signature.params[index]);
        let number = index + 1;
        let Some(kind) = declared.or_else(|| slots::kind(ty)) else {
            return Err(misfit(format!(
                "argument {number} is of type {}, which has no plain value",
                type_name(ty)
            )));
        };
        let fits = match arg.kind() {
            same if same == kind => true,
            // What is no JSON itself is passed as the JSON of it.
            _ if kind == Kind::Json => json::encode(*arg).is_some(),
            Kind::String | Kind::Bytes | Kind::Json => declared.is_none() && kind == Kind::I32,
            _ => slots::lower(*arg, kind).is_some(),
        };
        if fits {
            return Ok(());
        }
        let value = slots::DisplayValues(std::slice::from_ref(arg));
        let given = arg.kind();
        Err(misfit(format!("argument {number} is {given} {value}, which does not fit {kind}")))
    }

    fn check_result(&self, expected: Kind) -> Result<()> {
        let actual = self.result_kind()?;
        let fits = match (expected, actual) {
            (Kind::None | Kind::Any, _) => true,
            (_, Kind::None) => false,
            _ if expected.is_block() && self.declared().is_some() => expected == actual,
            _ if expected.is_block() => actual == Kind::I32,
            _ if actual.is_block() => false,
            (_, _) => true,
        };
        if fits { Ok(()) } else { Err(misfit(format!("its result is {actual}, not {expected}"))) }
    }

    /// Returns the kind of the result: as the plugin declares it, else as its WebAssembly type is on its face.
    pub(crate) fn result_kind(&self) -> Result<Kind> {
        match self.ty.results() {
            [] => Ok(Kind::None),
            [ty] => {
                let declared = self.declared().map(|signature| signature.result);
                declared.or_else(|| slots::kind(*ty)).ok_or_else(|| {
                    let ty = type_name(*ty);
                    misfit(format!("its result is of type {ty}, which has no plain value"))
                })
            }
            many => Err(misfit(format!(
                "it gives {} results, and a plugin's function gives at most one",
                many.len()
            ))),
        }
    }
}

fn encoded(params: &[Kind], args: &[Value<'_>]) -> Option<Vec<OwnedValue>> {
    let mut values: Vec<OwnedValue> = args.iter().map(|arg| OwnedValue::from(*arg)).collect();
    let mut changed = false;
    for ((value, arg), kind) in values.iter_mut().zip(args).zip(params) {
        if *kind == Kind::Json
            && arg.kind() != Kind::Json
            && let Some(text) = json::encode(*arg)
        {
            *value = OwnedValue::Json(text);
            changed = true;
        }
    }
    changed.then_some(values)
}

#[cold]
fn misfit(message: String) -> Error {
    Error::new(ErrorKind::Signature, message)
}

fn allocator_type() -> FunctionType {
    FunctionType::new([Type::I32], [Type::I32])
}

/// Refuses functions of the ABI that are not what the ABI says.
pub(crate) fn check_abi(exports: &[Export]) -> Result<()> {
    let allocate = ("allocate", allocator_type());
    let deallocate = ("deallocate", FunctionType::new([Type::I32, Type::I32], []));
    let initialize = ("_initialize", FunctionType::new([], []));
    let start = ("_start", FunctionType::new([], []));
    let signatures = (SIGNATURES, FunctionType::new([], [Type::I32]));
    let load = (LOAD, FunctionType::new([Type::I32, Type::I32], []));
    let invoke = (INVOKE, FunctionType::new([Type::I32, Type::I32], [Type::I32]));
    let resume = (RESUME, FunctionType::new([], []));
    // wasp's own, of which a compiled file may say anything.
    let hidden = (START, FunctionType::new([], []));
    let all = [allocate, deallocate, initialize, start, signatures, load, invoke, resume, hidden];
    for (name, ty) in all {
        if let Some(export) = exports.iter().find(|export| export.name == name && export.ty != ty) {
            let (is, should) = (type_text(&export.ty), type_text(&ty));
            let message = format!("{name:?} is exported as {is}, not as {should}");
            return Err(Error::new(ErrorKind::Abi, message));
        }
    }
    Ok(())
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
