//! The optional listing that a plugin gives of its functions (section 6 of the guest ABI).

use crate::base::slots;
use crate::base::value::Kind;
use crate::base::visible::visible;
use wasmer::FunctionType;

/// How many bytes a plugin's listing may have, and how many more for each export.
const LISTING: usize = 64 << 10;
const LINE: usize = 256;

/// The kinds that a listing may name. The last one is a script's only: no WebAssembly type fits it.
const KINDS: [Kind; 8] =
    [Kind::I32, Kind::I64, Kind::F32, Kind::F64, Kind::String, Kind::Bytes, Kind::Json, Kind::Any];

/// Returns how many bytes the listing of a plugin with so many exports may have: lines become several times their size here.
pub(crate) fn most(exports: usize) -> usize {
    LISTING + LINE * exports
}

/// Returns how many bytes the listing of a script of so many bytes may have.
pub(crate) fn most_of_script(source: usize) -> usize {
    LISTING + 4 * source
}

/// One line of the listing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Signature {
    pub name: String,
    pub params: Vec<Kind>,
    /// As many as `params`; empty where a parameter has no name.
    pub param_names: Vec<String>,
    pub result: Kind,
    /// The comment behind it.
    pub docs: String,
}

impl Signature {
    /// Returns the one that a WebAssembly type has on its face; none where plain values can't have it. It has no name.
    pub(crate) fn plain(ty: &FunctionType) -> Option<Self> {
        let params = ty.params().iter().map(|ty| slots::kind(*ty)).collect::<Option<Vec<_>>>()?;
        let result = match ty.results() {
            [] => Kind::None,
            [ty] => slots::kind(*ty)?,
            _ => return None,
        };
        Some(Self::of_kinds(params, result))
    }

    /// Returns one without names.
    pub(crate) fn of_kinds(params: Vec<Kind>, result: Kind) -> Self {
        let param_names = vec![String::new(); params.len()];
        Self { params, param_names, result, ..Self::default() }
    }

    /// Checks that a function of type `ty` can have it.
    pub(crate) fn fits(&self, ty: &FunctionType) -> bool {
        let types = |kinds: &[Kind]| {
            kinds.iter().filter_map(|kind| slots::wasm_type(*kind)).collect::<Vec<_>>()
        };
        types(&self.params) == ty.params() && types(&[self.result]) == ty.results()
    }
}

/// Reads `name(kind, name: kind) kind # comment`, one function a line. The error is the line that is wrong.
pub(crate) fn parse(listing: &str) -> Result<Vec<Signature>, &str> {
    listing
        .lines()
        .map(|line| line.split_once('#').unwrap_or((line, "")))
        .map(|(line, comment)| (line.trim(), comment.trim()))
        .filter(|(line, _)| !line.is_empty())
        .map(|(line, comment)| parse_line(line, comment).ok_or(line))
        .collect()
}

fn parse_line(line: &str, comment: &str) -> Option<Signature> {
    // A function's name may hold anything, so the parameters start at the last parenthesis.
    let (name, rest) = line.rsplit_once('(')?;
    let (list, result) = rest.split_once(')')?;
    let mut signature = Signature { name: name.trim().to_owned(), ..Signature::default() };
    let list = Some(list.trim()).filter(|list| !list.is_empty());
    for param in list.into_iter().flat_map(|list| list.split(',')) {
        let (name, kind) = match param.split_once(':') {
            Some((name, _)) if name.trim().is_empty() => return None,
            Some((name, kind)) => (name.trim(), kind),
            None => ("", param),
        };
        signature.params.push(parse_kind(kind.trim())?);
        signature.param_names.push(visible(name).into_owned());
    }
    signature.result = match result.trim() {
        "" => Kind::None,
        kind => parse_kind(kind)?,
    };
    signature.docs = visible(comment).into_owned();
    Some(signature)
}

fn parse_kind(name: &str) -> Option<Kind> {
    KINDS.into_iter().find(|kind| kind.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_is_read_line_by_line() {
        let listing = "# mine\nhello(string) string\n\n  sum( a:i32 ,i64)i32 #  Adds # both\u{1b} \nfail()#\nodd(name(x y : f32) bytes\n";
        let signature = |name: &str, params: &[(&str, Kind)], result| Signature {
            name: name.to_owned(),
            params: params.iter().map(|(_, kind)| *kind).collect(),
            param_names: params.iter().map(|(name, _)| (*name).to_owned()).collect(),
            result,
            docs: String::new(),
        };
        let adds = Signature {
            docs: "Adds # both\\u{1b}".to_owned(),
            ..signature("sum", &[("a", Kind::I32), ("", Kind::I64)], Kind::I32)
        };
        assert_eq!(
            parse(listing).unwrap(),
            [
                signature("hello", &[("", Kind::String)], Kind::String),
                adds,
                signature("fail", &[], Kind::None),
                signature("odd(name", &[("x y", Kind::F32)], Kind::Bytes),
            ]
        );
    }

    #[test]
    fn a_wrong_line_is_named() {
        for line in [
            "hello",
            "hello(",
            "hello(string",
            "hello(str) string",
            "hello(i32,) i32",
            "hello(: i32) i32",
            "hello(a: b: i32) i32",
            "hello(a:) i32",
            "f() i32 i32",
        ] {
            assert_eq!(parse(&format!("ok()\n{line}\n")), Err(line));
        }
    }
}
