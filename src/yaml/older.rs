//! Where kubectl, PyYAML and everything else that is built on libyaml (YAML 1.1) read a text otherwise than a parser of
//! YAML 1.2. The parser gets a copy of the text that means the same to it and has every byte at the same offset, so
//! that all places hold for the file itself.
//!
//! What else differs is in `tests/readers.rs`, which compares meshlift with libyaml on generated files.

use super::syntax::{BLANK, Style, Syntax, any_holds};
use crate::finding::Span;
use memchr::memmem;
use std::borrow::Cow;

const BYTE_ORDER_MARK: &str = "\u{feff}";
const NEXT_LINE: &str = "\u{85}";
/// What U+2028 and U+2029 have in common in UTF-8.
const SEPARATOR_HEAD: &[u8] = &[0xE2, 0x80];

/// The text as the parser has to see it.
///
/// * U+0085 ends a line: it becomes CR LF, which has as many bytes. In JSON, which kubectl reads as JSON, it is text.
/// * A byte order mark after a `---` line begins a document, as in files that were concatenated; kubectl cuts files at
///   these lines (but for one that begins the file) before it reads them.
pub(super) fn as_yaml_1_1(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    let is_json = text.trim_start_matches(BYTE_ORDER_MARK).trim_start_matches(BLANK).starts_with('{');
    if !is_json && memmem::find(text.as_bytes(), NEXT_LINE.as_bytes()).is_some() {
        text = Cow::Owned(text.replace(NEXT_LINE, "\r\n"));
    }
    let marks: Vec<usize> = memmem::find_iter(text.as_bytes(), BYTE_ORDER_MARK.as_bytes()).collect();
    for at in marks {
        if follows_a_mark(text.get(..at).unwrap_or_default()) {
            text.to_mut().replace_range(at..at + BYTE_ORDER_MARK.len(), "\n\n\n");
        }
    }
    text
}

/// True when a text ends with a `---` line.
fn follows_a_mark(before: &str) -> bool {
    let Some(before) = before.strip_suffix('\n') else { return false };
    let Some((_, line)) = before.rsplit_once('\n') else { return false };
    line.strip_prefix("---").is_some_and(|rest| {
        let rest = rest.trim_matches(BLANK);
        rest.is_empty() || rest.starts_with('#')
    })
}

/// The text with spaces for the tabs that begin the line of `at` and the lines after it. To libyaml they are white
/// space inside `[]` and `{}`, like spaces.
pub(super) fn with_spaces_for_tabs(text: &str, at: usize) -> String {
    let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
    let mut out = text.get(..start).unwrap_or_default().to_owned();
    let mut lines = text.get(start..).unwrap_or_default().split_inclusive('\n');
    for line in lines.by_ref() {
        let rest = line.trim_start_matches([' ', '\t']);
        let blank = line.get(..line.len() - rest.len()).unwrap_or_default();
        out.push_str(&blank.replace('\t', " "));
        out.push_str(rest);
        if !blank.contains('\t') {
            break;
        }
    }
    out.extend(lines);
    out
}

/// True when a text leaves a `[` or `{` open, outside of quotes and comments.
pub(super) fn leaves_flow_open(text: &str) -> bool {
    let mut depth = 0usize;
    let mut before = ' ';
    let mut quote = None;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let begins = matches!(before, ' ' | '\t' | '\n' | '\r' | '[' | '{' | ',' | ':' | '-');
        match (quote, letter) {
            (Some('"'), '\\') => drop(letters.next()),
            (Some(end), letter) if end == letter => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') if begins => quote = Some(letter),
            (None, '#') if before.is_whitespace() => drop(letters.by_ref().find(|letter| *letter == '\n')),
            (None, '[' | '{') if begins => depth += 1,
            (None, ']' | '}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        before = letter;
    }
    depth > 0
}

/// The places where U+2028 or U+2029 ends a line for kubectl, while more follows on the line. In quotes that changes
/// nothing but the blanks around it.
pub(super) fn line_separators(syntax: &Syntax) -> Vec<Span> {
    let bytes = syntax.text.as_bytes();
    let ends_line = |at: usize| {
        let rest = syntax.slice(Span { start: at + 3, end: syntax.line_end(at) }).trim_matches(BLANK);
        rest.is_empty() || rest.starts_with('#')
    };
    let separators: Vec<usize> = memmem::find_iter(bytes, SEPARATOR_HEAD)
        .filter(|at| matches!(bytes.get(at + 2), Some(0xA8 | 0xA9)) && !ends_line(*at))
        .collect();
    if separators.is_empty() {
        return Vec::new();
    }
    let quoted = syntax.scalars_in(&[Style::Quoted]);
    let outside = separators.into_iter().filter(|at| !any_holds(&quoted, *at));
    outside.map(|at| Span { start: at, end: at + 3 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_has_every_byte_at_its_place() {
        for (text, expected) in [
            ("a: 1\n", "a: 1\n"),
            ("\u{feff}a: 1\n", "\u{feff}a: 1\n"),
            ("a: 'b\u{85}c'\n", "a: 'b\r\nc'\n"),
            ("{\"a\": \"b\u{85}c\"}\n", "{\"a\": \"b\u{85}c\"}\n"),
            ("a: 1\n--- # b\n\u{feff}b: 2\n", "a: 1\n--- # b\n\n\n\nb: 2\n"),
            ("---\n\u{feff}b: 2\n", "---\n\u{feff}b: 2\n"),
            ("a: \u{feff}b\n", "a: \u{feff}b\n"),
        ] {
            assert_eq!(as_yaml_1_1(text), expected);
            assert_eq!(as_yaml_1_1(text).len(), text.len());
        }
    }

    #[test]
    fn brackets_count_where_they_are_indicators() {
        for open in ["- {\n", " [a, {b: c}, ", "{'}'", "x: [\"]\\\"]\", # ]\n"] {
            assert!(leaves_flow_open(open), "{open}");
        }
        for closed in ["", "- {}\n", "a[b: c\n", "'['", "# [\n", "\"\\\"[\"", "]"] {
            assert!(!leaves_flow_open(closed), "{closed}");
        }
    }

    #[test]
    fn tabs_become_spaces_until_a_line_has_none() {
        assert_eq!(with_spaces_for_tabs("a: [\n\tb,\n \tc\n]\n\td\n", 6), "a: [\n b,\n  c\n]\n\td\n");
    }
}
