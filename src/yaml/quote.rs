//! How a scalar is written so that kubectl reads it back.

use super::scalar::{is_not_json, resolve_plain};
use crate::finding::is_hidden;
use serde_json::Value;

/// A scalar on one line.
pub(super) fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => string(text),
        // JSON is YAML; collections do not come here.
        other => json(other),
    }
}

/// A string on one line: bare where that is safe, in double quotes where it needs no escapes, in single quotes where
/// double ones would, and escaped where nothing else will do.
pub(super) fn string(text: &str) -> String {
    if is_plain(text) {
        text.to_owned()
    } else if text.chars().any(must_escape) {
        escaped(text)
    } else if text.contains(['"', '\\']) {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        format!("\"{text}\"")
    }
}

/// True when the bare text, in block style, is this string and nothing else: to kubectl and to the YAML 1.1 and 1.2
/// readers that other tools use.
fn is_plain(text: &str) -> bool {
    let Some(first) = text.chars().next() else { return false };
    let is_text = resolve_plain(text).is_string() && !is_not_json(text) && !looks_like_a_time(text);
    let special = matches!(text, "<<" | "=") || text.starts_with("---") || text.starts_with("...");
    let indicator = "-?:,[]{}#&*!|>'\"%@`".contains(first);
    // `-x` and `:x` would do, but only people who know the grammar by heart see it.
    let hazard = text.contains(": ") || text.ends_with(':') || text.contains(" #") || text.contains("{{");
    let padded = text.starts_with(' ') || text.ends_with(' ');
    is_text && !special && !indicator && !hazard && !padded && !text.chars().any(must_escape)
}

/// Dates and base 60 numbers: strings to kubectl, but not to every reader of YAML 1.1.
fn looks_like_a_time(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let starts_with_digit = unsigned.starts_with(|letter: char| letter.is_ascii_digit());
    let sexagesimal =
        text.contains(':') && unsigned.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.' | b'_'));
    let bytes = text.as_bytes();
    let date = bytes.len() >= 8
        && bytes.iter().take(4).all(u8::is_ascii_digit)
        && bytes.get(4) == Some(&b'-')
        && bytes.get(5).is_some_and(u8::is_ascii_digit);
    starts_with_digit && (sexagesimal || date)
}

/// Line breaks of any YAML version, what its readers refuse or lose, and what people do not see.
pub(super) fn must_escape(letter: char) -> bool {
    is_hidden(letter) || matches!(letter, '\u{fffe}' | '\u{ffff}')
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            letter if must_escape(letter) => out.push_str(&unicode_escape(letter)),
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}

fn unicode_escape(letter: char) -> String {
    match u32::from(letter) {
        basic @ ..=0xffff => format!("\\u{basic:04x}"),
        // YAML knows no surrogates.
        beyond => format!("\\U{beyond:08x}"),
    }
}

/// A value as JSON on one line that is also valid in flow style YAML.
pub(super) fn json(value: &Value) -> String {
    escape_json(&value.to_string())
}

/// Escapes, in JSON text, the characters that JSON allows in strings and YAML does not.
pub(super) fn escape_json(json: &str) -> String {
    // Beyond the basic plane JSON wants surrogates, and YAML does not know them: there is no escape for both.
    let escapes = |letter| must_escape(letter) && !matches!(letter, '\n' | '\t' | '\u{10000}'..);
    if !json.chars().any(escapes) {
        return json.to_owned();
    }
    json.chars().fold(String::with_capacity(json.len() + 8), |mut out, letter| {
        if escapes(letter) {
            out.push_str(&unicode_escape(letter));
        } else {
            out.push(letter);
        }
        out
    })
}

/// The header (`|` or `|-`) under which a string of several lines can stand as a literal block. `None` where a block
/// would change it, or could not be told from what stands around it.
pub(super) fn block_header(text: &str) -> Option<&'static str> {
    let safe_lines = text.split('\n').all(|line| {
        !line.starts_with('\t') && !line.chars().any(|letter| must_escape(letter) && letter != '\t')
            // A line of blanks is content to one reader and nothing to another.
            && (line.is_empty() || !line.trim().is_empty())
    });
    let starts_well = !text.starts_with([' ', '\n']);
    match text.strip_suffix('\n') {
        _ if !text.contains('\n') || !safe_lines || !starts_well => None,
        // Further line breaks at the end would merge with the blank lines that follow in the file.
        Some(body) if body.is_empty() || body.ends_with('\n') => None,
        Some(_) => Some("|"),
        None => Some("|-"),
    }
}
