//! Names that a language can have, made of those that plugins give.

/// Words that some of the languages keep for themselves, and names that what is written uses.
const KEPT: &str = "\
    abstract and any args as assert async auto await become bool box break byte bytes case catch chan char class
    const constructor continue crate def default defer del delete do double dyn elif else enum err error except
    export extends extern fallthrough false final finally float fn for from func function global go goto if impl
    import in info inline instance int interface is lambda let long loop macro map match mod move mut new none
    nonlocal not null or p package pass plugin priv pub raise range ref register result return select self short
    signed size sizeof static str string struct super switch this throw trait true try type typeof union unsafe
    unsized use using value var virtual void volatile wasm wasp where while with yield";

/// Returns `name` in words of lower case: `readFile` and `read-file` are `read_file`. Where nothing is left of it, it is `other`.
pub fn snake(name: &str, other: &str) -> String {
    let mut words = String::new();
    let mut before = '_';
    for char in name.chars() {
        let starts_word =
            char.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit());
        let ends_word = !char.is_ascii_alphanumeric() || starts_word;
        if ends_word && !words.ends_with('_') && !words.is_empty() {
            words.push('_');
        }
        if char.is_ascii_alphanumeric() {
            words.push(char.to_ascii_lowercase());
        }
        before = char;
    }
    let words = words.trim_matches('_');
    match words.chars().next() {
        None => other.to_owned(),
        Some(first) if first.is_ascii_digit() => format!("n{words}"),
        Some(_) if KEPT.split_whitespace().any(|kept| kept == words) => format!("{words}_"),
        Some(_) => words.to_owned(),
    }
}

/// Returns `name` with a number where it is taken, and takes it.
pub fn unique(name: String, taken: &mut Vec<String>) -> String {
    let mut free = name.clone();
    let mut number = 2;
    while taken.contains(&free) {
        free = format!("{name}{number}");
        number += 1;
    }
    taken.push(free.clone());
    free
}

/// Returns words of lower case as `ReadFile`.
pub fn pascal(words: &str) -> String {
    let mut name = String::new();
    for word in words.split('_') {
        let mut chars = word.chars();
        name.extend(chars.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(chars.as_str());
    }
    name
}

/// Returns words of lower case as `readFile`.
pub fn camel(words: &str) -> String {
    let name = pascal(words);
    let first = name.chars().next().map(|first| first.to_ascii_lowercase());
    let kept = if words.ends_with('_') { "_" } else { "" };
    format!("{}{}{kept}", first.unwrap_or_default(), name.get(1..).unwrap_or_default())
}

/// Writes a literal in double quotes, in which what is no plain letter is an escape: a name of the plugin's may turn the direction of
/// what stands behind it.
pub fn literal(text: &str, escape: impl Fn(u32) -> String) -> String {
    let mut literal = String::from("\"");
    for char in text.chars() {
        match char {
            '"' | '\\' => literal.extend(['\\', char]),
            ' '..='~' => literal.push(char),
            _ if char.is_alphanumeric() => literal.push(char),
            _ => literal.push_str(&escape(char.into())),
        }
    }
    literal.push('"');
    literal
}

/// Writes an escape as Python and Go have it.
pub fn long_escape(char: u32) -> String {
    if char < 0x10000 { format!("\\u{char:04x}") } else { format!("\\U{char:08x}") }
}

/// Returns text that goes into a comment which ends with its line, or with `*/` or `"""`.
pub fn comment(text: &str) -> String {
    wasp_core::visible(text).replace("*/", "* /").replace('\\', "/").replace("\"\"\"", "\"\"'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made() {
        assert_eq!(snake("hello", "x"), "hello");
        assert_eq!(snake("readFile", "x"), "read_file");
        assert_eq!(snake("read-file.v2", "x"), "read_file_v2");
        assert_eq!(snake("HTTPGet", "x"), "httpget");
        assert_eq!(snake("class", "x"), "class_");
        assert_eq!(snake("3d", "x"), "n3d");
        assert_eq!(snake("世界", "x"), "x");
        assert_eq!(snake("_a_", "x"), "a");
        assert_eq!(pascal("read_file"), "ReadFile");
        assert_eq!(camel("read_file"), "readFile");
        assert_eq!(camel("class_"), "class_");
        let mut taken = Vec::new();
        let names = ["a", "a", "a"].map(|name| unique(name.to_owned(), &mut taken));
        assert_eq!(names, ["a", "a2", "a3"]);
        assert_eq!(literal("a\"\\\u{202e}ü\u{1f600}", long_escape), r#""a\"\\\u202eü\U0001f600""#);
        assert_eq!(comment("a */ \"\"\" \\n"), "a * / \"\"' /n");
    }
}
