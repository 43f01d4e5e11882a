//! The names of functions as their authors wrote them.

use std::borrow::Cow;
use std::fmt::{self, Write};

/// The longest name that a trace shows. A mangled name can refer to its own parts, so that a short one stands for a very long one.
const LONGEST: usize = 1024;

/// The longest mangled name of C++ that is read: its reader tries one way after the other, so a name that is made for that takes it a
/// time which grows fast with its length: of 700 bytes some were found that take 24 ms.
const LONGEST_MANGLED_CPP: usize = 512;

/// How deep the parts of a C++ name may be nested, which its reader follows with the host's stack.
const DEEPEST: u32 = 64;

/// Returns `name` demangled, if it is the mangled name of a function of Rust or C++ (the Itanium ABI, section 5.1).
pub(crate) fn demangled(name: &str) -> Cow<'_, str> {
    rust(name).or_else(|| cpp(name)).map_or(Cow::Borrowed(name), Cow::Owned)
}

fn rust(name: &str) -> Option<String> {
    let name = rustc_demangle::try_demangle(name).ok()?;
    let mut text = Bounded::default();
    // Without the hash that ends it.
    write!(text, "{name:#}").ok()?;
    Some(text.0)
}

fn cpp(name: &str) -> Option<String> {
    let mangled = name.strip_prefix("__").map_or(name, |_| &name[1..]);
    if !mangled.starts_with("_Z") || mangled.len() > LONGEST_MANGLED_CPP {
        return None;
    }
    let parsing = cpp_demangle::ParseOptions::default().recursion_limit(DEEPEST);
    let showing = cpp_demangle::DemangleOptions::new().recursion_limit(DEEPEST);
    let symbol = cpp_demangle::Symbol::new_with_options(mangled, &parsing).ok()?;
    let mut text = Bounded::default();
    symbol.structured_demangle(&mut text, &showing).ok()?;
    Some(text.0)
}

/// Text that refuses to grow beyond the longest name.
#[derive(Default)]
struct Bounded(String);

impl Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.0.len() + text.len() > LONGEST {
            return Err(fmt::Error);
        }
        self.0.push_str(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_rust_and_of_cpp() {
        for (mangled, name) in [
            ("_ZN5greet5hello17h05af221e174051e9E", "greet::hello"),
            ("_RNvCskwGfYPst2Cb_3foo16example_function", "foo::example_function"),
            (
                "_ZN4wasp5greet5HelloERKNSt3__212basic_stringIcEE",
                "wasp::greet::Hello(std::__2::basic_string<char> const&)",
            ),
            ("_Z3addii", "add(int, int)"),
        ] {
            assert_eq!(demangled(mangled), name);
        }
        for name in [
            "",
            "hello",
            "_Z",
            "__Z",
            "_ZN",
            "_R",
            "main.hello",
            "runtime.gopanic",
            "~lib/rt/__new",
        ] {
            assert_eq!(demangled(name), name);
        }
    }

    /// Each template argument is the pair of the one before with itself.
    #[test]
    fn a_name_that_stands_for_a_very_long_one_stays_as_it_is() {
        let mut bomb = String::from("_Z1fI1AIiiE");
        for index in 0..40 {
            let last = char::from_digit(index % 36, 36).unwrap().to_ascii_uppercase();
            bomb.push_str(&format!("1BIS{last}_S{last}_E"));
        }
        bomb.push_str("Evv");
        assert!(demangled(&bomb).len() <= LONGEST);
        let nested = format!("_Z1f{}i", "P".repeat(100_000));
        assert_eq!(demangled(&nested), nested);
        let nested = format!("_R{}", "N".repeat(100_000));
        assert_eq!(demangled(&nested), nested);
    }
}
