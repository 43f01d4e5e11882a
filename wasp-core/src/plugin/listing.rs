//! The optional listing that a plugin gives of its functions (section 6 of the guest ABI).

use crate::base::value::Kind;

/// One line of the listing.
#[derive(Debug, PartialEq)]
pub(crate) struct Signature {
    pub name: String,
    pub params: Vec<Kind>,
    pub result: Kind,
}

/// Reads `name(kind, kind) kind`, one function a line, `#` starts a comment. The error is the line that is wrong.
pub(crate) fn parse(listing: &str) -> Result<Vec<Signature>, &str> {
    listing
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim())
        .filter(|line| !line.is_empty())
        .map(|line| parse_line(line).ok_or(line))
        .collect()
}

fn parse_line(line: &str) -> Option<Signature> {
    // A function's name may hold anything, so the parameters start at the last parenthesis.
    let (name, rest) = line.rsplit_once('(')?;
    let (params, result) = rest.split_once(')')?;
    let params = match params.trim() {
        "" => Vec::new(),
        list => list.split(',').map(|kind| parse_kind(kind.trim())).collect::<Option<_>>()?,
    };
    let result = match result.trim() {
        "" => Kind::None,
        kind => parse_kind(kind)?,
    };
    Some(Signature { name: name.trim().to_owned(), params, result })
}

fn parse_kind(name: &str) -> Option<Kind> {
    [Kind::I32, Kind::I64, Kind::F32, Kind::F64, Kind::String, Kind::Bytes]
        .into_iter()
        .find(|kind| kind.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_is_read_line_by_line() {
        let listing = "# mine\nhello(string) string\n\n  sum( i32 ,i64)i32 # adds\nfail()\nodd(name(f32) bytes\n";
        let signature = |name: &str, params: &[Kind], result| Signature {
            name: name.to_owned(),
            params: params.to_vec(),
            result,
        };
        assert_eq!(
            parse(listing).unwrap(),
            [
                signature("hello", &[Kind::String], Kind::String),
                signature("sum", &[Kind::I32, Kind::I64], Kind::I32),
                signature("fail", &[], Kind::None),
                signature("odd(name", &[Kind::F32], Kind::Bytes),
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
            "f() i32 i32",
        ] {
            assert_eq!(parse(&format!("ok()\n{line}\n")), Err(line));
        }
    }
}
