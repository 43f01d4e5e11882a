//! The listing of the functions: section 6 of the guest ABI.

use crate::pass::ToHost;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A function's name, its arguments' names and kinds, its result's kind, and its comment.
pub type Signature<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str, &'a str);

/// What `export!` says of each module that it lists. Where a module lacks it: write `modules NAME;` at the head of the plugin's `export!`.
pub trait ListedInExport {}

/// Asks for it, when it is compiled.
pub fn is_listed<M: ListedInExport>() {}

/// Returns the listing as a string that is made once and never freed.
pub fn signatures(modules: &[&[Signature<'_>]]) -> usize {
    static LISTING: AtomicUsize = AtomicUsize::new(0);
    if LISTING.load(Ordering::Relaxed) == 0 {
        let text: String = modules.iter().map(|functions| listing(functions)).collect();
        LISTING.store(text.to_host(), Ordering::Relaxed);
    }
    LISTING.load(Ordering::Relaxed)
}

fn listing(functions: &[Signature<'_>]) -> String {
    // A raw identifier is exported without what makes it one.
    let plain = |name: &str| name.trim_start_matches("r#").to_owned();
    let mut text = String::new();
    for (name, args, result, docs) in functions {
        let args = args.iter().map(|(arg, kind)| format!("{}: {}", plain(arg), kind));
        let args: Vec<String> = args.collect();
        text += format!("{}({}) {}", plain(name), args.join(", "), result).trim_end();
        // The first paragraph, on one line.
        let docs = docs.lines().map(str::trim).take_while(|line| !line.is_empty());
        let docs: Vec<&str> = docs.collect();
        if !docs.is_empty() {
            text += " # ";
            text += &docs.join(" ");
        }
        text += "\n";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_a_line() {
        let args: &[(&str, &str)] = &[("a", "i32"), ("r#type", "string")];
        let functions = [
            ("r#mod", args, "json", " Does it,\n  twice.\n\n At length.\n"),
            ("fail", &[], "", ""),
        ];
        assert_eq!(
            listing(&functions),
            "mod(a: i32, type: string) json # Does it, twice.\nfail()\n"
        );
    }
}
