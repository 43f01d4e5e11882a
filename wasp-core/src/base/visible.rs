//! Text of a guest's, made fit to be shown: on one line, and harmless to a terminal.

use std::borrow::Cow;

/// Returns `text` with what would end its line, drive a terminal or turn its direction escaped as in a Rust string: `\n`, `\u{1b}`.
pub fn visible(text: &str) -> Cow<'_, str> {
    visible_but(text, |_| false)
}

/// The same for a line of a log: tabs stay.
pub(crate) fn visible_line(text: &str) -> Cow<'_, str> {
    visible_but(text, |char| char == '\t')
}

/// Returns what [`visible`] does, for text of several lines: their ends and tabs stay.
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    visible_but(text, |char| matches!(char, '\t' | '\n'))
}

fn visible_but(text: &str, stays: impl Fn(char) -> bool) -> Cow<'_, str> {
    let shown = |char| stays(char) || !acts(char);
    if text.chars().all(shown) {
        return text.into();
    }
    let mut line = String::with_capacity(text.len() + 16);
    for char in text.chars() {
        if shown(char) {
            line.push(char);
        } else {
            line.extend(char.escape_default());
        }
    }
    line.into()
}

/// Whether showing a character does more than that: control characters, separators of lines, and what turns the direction of the
/// text behind it (<https://trojansource.codes>).
fn acts(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
        || matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_acts_is_escaped() {
        for text in ["", "Grüße, 世界 🎉 👩\u{200d}🚀", r#"a "quoted" \ path"#, "e\u{301}"]
        {
            assert!(matches!(visible(text), Cow::Borrowed(same) if same == text), "{text}");
        }
        assert_eq!(visible("a\r\nb\tc\0"), r"a\r\nb\tc\u{0}");
        assert_eq!(visible("\u{1b}[31mred\u{9b}0m\u{7f}"), r"\u{1b}[31mred\u{9b}0m\u{7f}");
        assert_eq!(visible("a\u{202e}b\u{2028}"), r"a\u{202e}b\u{2028}");
        assert_eq!(visible_line("a\tb\r"), "a\tb\\r");
        // What was escaped stays as it is.
        assert_eq!(visible(&visible("\n")), "\\n");
    }
}
