//! `Option`, which passes as JSON: no string and no number can say that there is none.

use crate::blocks::text;
use crate::failure::raise_error;
use crate::pass::{FromHost, Pass, ToHost};
use std::fmt::Write;
use std::str::Chars;

/// What an `Option` that comes from the host may hold.
pub trait FromJson: Sized {
    /// Reads a value, or says what it is instead: `is 5, which is no string`.
    fn from_json(text: &str) -> Result<Self, String>;
}

/// What an `Option` that goes to the host may hold.
pub trait ToJson {
    /// Writes the value, or says why it can't be.
    fn to_json(&self) -> Result<String, String>;
}

impl<T> Pass for Option<T> {
    const KIND: &'static str = "json";
    type Raw = usize;
}

impl<T: FromJson> FromHost for Option<T> {
    unsafe fn from_host(raw: usize) -> Result<Self, String> {
        read(text(raw)?)
    }
}

impl<T: ToJson> ToHost for Option<T> {
    fn to_host(self) -> usize {
        hand_over(self.map_or_else(|| Ok("null".to_owned()), |value| value.to_json()))
    }
}

/// Hands the text over, or makes the call fail.
pub(crate) fn hand_over(json: Result<String, String>) -> usize {
    json.unwrap_or_else(|reason| {
        raise_error(&reason);
        "null".to_owned()
    })
    .to_host()
}

fn read<T: FromJson>(text: &str) -> Result<Option<T>, String> {
    match text.trim_matches(&[' ', '\t', '\n', '\r'][..]) {
        "null" => Ok(None),
        value => T::from_json(value).map(Some),
    }
}

/// Says that the text is no such value; its beginning is enough.
fn refused(text: &str, accepted: &str) -> String {
    let mut shown: String = text.chars().take(40).collect();
    if shown.len() < text.len() {
        shown += "...";
    }
    format!("is {}, which is no {}", shown, accepted)
}

macro_rules! numbers {
    ($($type:ident),*) => {
        $(
            impl FromJson for $type {
                fn from_json(text: &str) -> Result<$type, String> {
                    // Rust reads more than JSON has: +1, inf.
                    let digits = text.strip_prefix('-').unwrap_or(text);
                    match text.parse() {
                        Ok(number) if digits.starts_with(|first: char| first.is_ascii_digit()) => Ok(number),
                        _ => Err(refused(text, concat!(stringify!($type), " or null"))),
                    }
                }
            }
        )*
    };
}

numbers!(i8, u8, i16, u16, i32, u32, i64, u64, isize, usize, f32, f64);

macro_rules! as_displayed {
    ($($type:ty),*) => {
        $(
            impl ToJson for $type {
                fn to_json(&self) -> Result<String, String> {
                    Ok(self.to_string())
                }
            }
        )*
    };
}

as_displayed!(bool, i8, u8, i16, u16, i32, u32, i64, u64, isize, usize);

macro_rules! finite {
    ($($type:ty),*) => {
        $(
            impl ToJson for $type {
                fn to_json(&self) -> Result<String, String> {
                    if self.is_finite() {
                        Ok(format!("{:?}", self))
                    } else {
                        Err(format!("{} can't be written as JSON", self))
                    }
                }
            }
        )*
    };
}

finite!(f32, f64);

impl FromJson for bool {
    fn from_json(text: &str) -> Result<bool, String> {
        text.parse().map_err(|_| refused(text, "bool or null"))
    }
}

impl FromJson for String {
    fn from_json(text: &str) -> Result<String, String> {
        let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        quoted.and_then(unescaped).ok_or_else(|| refused(text, "string or null"))
    }
}

impl ToJson for String {
    fn to_json(&self) -> Result<String, String> {
        self.as_str().to_json()
    }
}

impl ToJson for &str {
    fn to_json(&self) -> Result<String, String> {
        let mut text = String::with_capacity(self.len() + 2);
        text.push('"');
        for char in self.chars() {
            match char {
                '"' | '\\' => text.extend(['\\', char]),
                '\0'..='\x1f' => write!(text, "\\u{:04x}", u32::from(char)).unwrap_or_default(),
                _ => text.push(char),
            }
        }
        text.push('"');
        Ok(text)
    }
}

/// Returns the text that is meant by what stands between quotes.
fn unescaped(quoted: &str) -> Option<String> {
    let mut text = String::with_capacity(quoted.len());
    let mut chars = quoted.chars();
    while let Some(char) = chars.next() {
        text.push(match char {
            '\\' => escape(&mut chars)?,
            '"' | '\0'..='\x1f' => return None,
            _ => char,
        });
    }
    Some(text)
}

fn escape(chars: &mut Chars<'_>) -> Option<char> {
    Some(match chars.next()? {
        'b' => '\x08',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => {
            let first = unit(chars)?;
            // Half of a pair; the other one follows.
            let second = if (0xd800..0xdc00).contains(&first) {
                if (chars.next()?, chars.next()?) != ('\\', 'u') {
                    return None;
                }
                Some(unit(chars)?)
            } else {
                None
            };
            char::decode_utf16([first].into_iter().chain(second)).next()?.ok()?
        }
        char @ ('"' | '\\' | '/') => char,
        _ => return None,
    })
}

/// Four hexadecimal digits.
fn unit(chars: &mut Chars<'_>) -> Option<u16> {
    (0..4).try_fold(0, |unit, _| Some(unit << 4 | chars.next()?.to_digit(16)? as u16))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back() {
        let written = Some("a\"\\\n\u{1f600}ü").map(|text| text.to_json().unwrap()).unwrap();
        assert_eq!(written, "\"a\\\"\\\\\\u000a\u{1f600}ü\"");
        assert_eq!(read(&written), Ok(Some("a\"\\\n\u{1f600}ü".to_owned())));
        assert_eq!(read::<String>(" null\n"), Ok(None));
        assert_eq!(read(r#""\u00fc\ud83d\ude00\/\t""#), Ok(Some("ü\u{1f600}/\t".to_owned())));
        assert_eq!(read(" -5 "), Ok(Some(-5_i32)));
        assert_eq!(read(&u64::MAX.to_json().unwrap()), Ok(Some(u64::MAX)));
        assert_eq!(read("1.5e3"), Ok(Some(1500.0)));
        assert_eq!(0.1_f64.to_json(), Ok("0.1".to_owned()));
        assert_eq!(read("true"), Ok(Some(true)));
        unsafe {
            assert_eq!(Option::<bool>::from_host(None::<bool>.to_host()), Ok(None));
            assert_eq!(Option::from_host(Some("").to_host()), Ok(Some(String::new())));
        }
    }

    #[test]
    fn other_values_are_refused() {
        let strings = [
            "5",
            "",
            "\"",
            "\"a",
            "\"a\"b\"",
            "\"\\x\"",
            "\"\\\"",
            "\"\\ud800\"",
            "\"\\ud800\\u0041\"",
            "\"\\u00+1\"",
            "\"\n\"",
            "nul",
        ];
        for text in strings {
            assert!(
                read::<String>(text).unwrap_err().ends_with("which is no string or null"),
                "{}",
                text
            );
        }
        for text in ["+1", "1.5", "\"1\"", "4294967296", "", "-"] {
            assert!(read::<u32>(text).is_err() && read::<i32>(text).is_err(), "{}", text);
        }
        for text in ["inf", "-inf", "nan", ".5", "+1", "1,5"] {
            assert!(read::<f64>(text).is_err(), "{}", text);
        }
        assert_eq!(read::<bool>("1"), Err("is 1, which is no bool or null".to_owned()));
        assert_eq!(f32::INFINITY.to_json(), Err("inf can't be written as JSON".to_owned()));
        let long = read::<u8>(&"9".repeat(50)).unwrap_err();
        assert_eq!(long, format!("is {}..., which is no u8 or null", "9".repeat(40)));
    }
}
