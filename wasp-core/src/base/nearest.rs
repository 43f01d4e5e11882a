//! The known name that may have been meant by an unknown one.

/// Longer names aren't compared: that takes time and memory by the product of both lengths, and one may be a guest's.
const LONGEST: usize = 128;

/// Returns how far `known` is from `name`, if it is near enough to be what was meant.
pub(crate) fn distance(name: &str, known: &str) -> Option<usize> {
    let most = 1 + name.len() / 5;
    if name.len().abs_diff(known.len()) > 4 * most || name.len().max(known.len()) > LONGEST {
        return None;
    }
    let distance = strsim::damerau_levenshtein(&name.to_lowercase(), &known.to_lowercase());
    // Something must be the same: any two names of one letter are as near.
    (distance <= most && distance < name.chars().count().max(1)).then_some(distance)
}

/// Returns the one of the `known` names that may have been meant by `name`, if one is near it. For bindings, whose options have names.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = |known: &'a str| distance(name, known).map(|distance| (distance, known));
    known.into_iter().filter_map(near).min().map(|(_, known)| known)
}

/// Says which of the `known` names may have been meant by `name`, for the end of a message; nothing where none is near.
pub fn hint<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, known).map(|known| format!(" ({known:?} is there)")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_is_found() {
        let known = ["hello", "help", "sum", "größe", "y"];
        for (name, near) in [
            ("hallo", Some("hello")),
            ("Hello", Some("hello")),
            ("smu", Some("sum")),
            ("sun", Some("sum")),
            ("grosse", None),
            ("große", Some("größe")),
            ("goodbye", None),
            ("", None),
            ("x", None),
        ] {
            assert_eq!(nearest(name, known), near, "{name}");
        }
        assert_eq!(hint("hallo", known), " (\"hello\" is there)");
        assert_eq!(hint("goodbye", known), "");
        // Of two that are as near, the first by name.
        assert_eq!(nearest("ac", ["ab", "aa"]), Some("aa"));
    }

    /// A table of both lengths would have ten thousand million places.
    #[test]
    fn long_names_are_not_compared() {
        let (one, other) = ("a".repeat(100_000), "b".repeat(100_000));
        assert_eq!(nearest(&one, [other.as_str(), "a"]), None);
        assert_eq!(nearest("a", [other.as_str()]), None);
    }
}
