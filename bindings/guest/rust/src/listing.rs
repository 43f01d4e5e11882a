//! The listing of the functions: section 6 of the guest ABI. It is made when the plugin is compiled, so that a host reads it without starting
//! the plugin.

/// A function's name, its arguments' names and kinds, its result's kind, and its comment.
pub type Signature<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str, &'a str);

/// What `export!` says of each module that it lists. Where a module lacks it: write `modules NAME;` at the head of the plugin's `export!`.
pub trait ListedInExport {}

/// Asks for it, when it is compiled.
pub fn is_listed<M: ListedInExport>() {}

/// A listing, and the NUL behind it. Of one that is longer than `N` bytes only the length is right.
pub struct Listing<const N: usize> {
    text: [u8; N],
    length: usize,
}

impl<const N: usize> Listing<N> {
    /// Makes that of these functions.
    pub const fn new(modules: &[&[Signature<'_>]]) -> Self {
        let mut listing = Self { text: [0; N], length: 0 };
        let mut module = 0;
        while module < modules.len() {
            let mut function = 0;
            while function < modules[module].len() {
                listing = listing.function(&modules[module][function]);
                function += 1;
            }
            module += 1;
        }
        listing.push("\0")
    }

    /// Returns its length in bytes.
    pub const fn length(&self) -> usize {
        self.length
    }

    /// Returns where it is.
    pub const fn address(&self) -> *const u8 {
        self.text.as_ptr()
    }

    const fn function(self, (name, args, result, docs): &Signature<'_>) -> Self {
        let mut listing = self.identifier(name).push("(");
        let mut at = 0;
        while at < args.len() {
            listing = listing.push(if at > 0 { ", " } else { "" });
            listing = listing.identifier(args[at].0).push(": ").push(args[at].1);
            at += 1;
        }
        let space = if result.is_empty() { "" } else { " " };
        listing.push(")").push(space).push(result).paragraph(docs).push("\n")
    }

    /// Adds a name. A raw identifier is exported without what makes it one.
    const fn identifier(self, name: &str) -> Self {
        let raw = name.len() > 2 && name.as_bytes()[0] == b'r' && name.as_bytes()[1] == b'#';
        self.bytes(name.as_bytes(), if raw { 2 } else { 0 }, name.len())
    }

    /// Adds the first paragraph of a comment, on one line.
    const fn paragraph(self, docs: &str) -> Self {
        let docs = docs.as_bytes();
        let (mut listing, mut start) = (self, 0);
        while start < docs.len() {
            let mut end = start;
            while end < docs.len() && docs[end] != b'\n' {
                end += 1;
            }
            let (mut first, mut last) = (start, end);
            while first < last && docs[first].is_ascii_whitespace() {
                first += 1;
            }
            while last > first && docs[last - 1].is_ascii_whitespace() {
                last -= 1;
            }
            if first == last {
                break;
            }
            listing = listing.push(if start == 0 { " # " } else { " " }).bytes(docs, first, last);
            start = end + 1;
        }
        listing
    }

    const fn push(self, text: &str) -> Self {
        self.bytes(text.as_bytes(), 0, text.len())
    }

    const fn bytes(mut self, bytes: &[u8], from: usize, to: usize) -> Self {
        let mut at = from;
        while at < to {
            if self.length < N {
                self.text[self.length] = bytes[at];
            }
            self.length += 1;
            at += 1;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARGS: &[(&str, &str)] = &[("a", "i32"), ("r#type", "string")];
    const MODULES: &[&[Signature<'static>]] = &[
        &[("r#mod", ARGS, "json", " Does it,\n  twice.\n\n At length.\n"), ("fail", &[], "", "")],
        &[("more", &[], "i32", "")],
    ];

    #[test]
    fn a_function_is_a_line() {
        const LENGTH: usize = Listing::<0>::new(MODULES).length();
        static LISTING: Listing<LENGTH> = Listing::new(MODULES);
        let expected = "mod(a: i32, type: string) json # Does it, twice.\nfail()\nmore() i32\n\0";
        assert_eq!(std::str::from_utf8(&LISTING.text), Ok(expected));
    }
}
