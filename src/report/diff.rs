//! A diff that pairs each old object with what it became, wherever either of them stands.
//!
//! It reads like a unified diff, but its unit is the object, not the file: a merge shows all old objects in its header,
//! and an object that became several shows them all.

use super::model::{Conversion, Report};
use super::paint::{self, paint};
use super::{Style, gate};
use similar::{Algorithm, ChangeTag, DiffOp, InlineChangeOptions, TextDiff};
use std::fmt::Write as _;

/// Unchanged lines shown around a change.
const CONTEXT: usize = 3;

/// Every conversion that changes text, in the report's order; empty when there is none.
pub fn render(report: &Report, style: &Style) -> String {
    report.conversions.iter().map(|conversion| pair(conversion, style)).collect()
}

/// One conversion; empty when old and new text are the same.
pub(super) fn pair(conversion: &Conversion, style: &Style) -> String {
    let old = joined(conversion.from.iter().map(|old| old.text.as_str()));
    let new = joined(conversion.to.iter().map(|new| new.text.as_str()));
    if old == new {
        return String::new();
    }
    let diff = TextDiff::configure().algorithm(Algorithm::Myers).diff_lines(&old, &new);
    let (old_line, new_line) = first_lines(conversion);
    let mut text = header(conversion, style);
    for hunk in diff.grouped_ops(CONTEXT) {
        text += &paint(style, paint::HUNK, &hunk_header(&hunk, old_line, new_line));
        text.push('\n');
        for op in &hunk {
            write_lines(&mut text, &diff, op, style);
        }
    }
    text
}

/// The texts as one stream of documents, each ending with a newline, with `\n` line ends: a paired diff is about
/// objects, and the line ends of a file are kept by the splice.
fn joined<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let texts: Vec<String> =
        texts.map(|text| text.replace("\r\n", "\n").trim_end_matches('\n').to_owned() + "\n").collect();
    texts.join("---\n")
}

/// The file lines at which the old and the new text begin; 1 where several objects stand in one text.
fn first_lines(conversion: &Conversion) -> (usize, usize) {
    let old = match conversion.from.as_slice() {
        [only] => only.line,
        _ => 1,
    };
    let new = match conversion.to.as_slice() {
        [only] => only.line,
        _ => 1,
    };
    (old, new)
}

fn header(conversion: &Conversion, style: &Style) -> String {
    let mut text = String::new();
    let mut line = |colour: anstyle::Style, content: String| {
        text += &paint(style, colour.bold(), &gate::line(&content));
        text.push('\n');
    };
    for old in &conversion.from {
        line(paint::REMOVED, format!("--- {}:{} {}", old.file, old.line, old.object));
    }
    for new in &conversion.to {
        line(paint::ADDED, format!("+++ {}:{} {}", new.file, new.line, new.object));
    }
    if conversion.to.is_empty() {
        let why = conversion.inert.as_deref().unwrap_or("it had no effect");
        line(paint::ADDED, format!("+++ nothing: {why}"));
    }
    text
}

/// "@@ -12,4 +12,9 @@". A side can only be empty when its whole text is, and is then "0,0" as in `diff -u`.
fn hunk_header(hunk: &[DiffOp], old_line: usize, new_line: usize) -> String {
    let side = |ranges: &mut dyn Iterator<Item = std::ops::Range<usize>>, first: usize| {
        let (start, end) =
            ranges.fold((usize::MAX, 0), |(start, end), range| (start.min(range.start), end.max(range.end)));
        match end.saturating_sub(start) {
            0 => "0,0".to_owned(),
            length => format!("{},{length}", first + start),
        }
    };
    let old = side(&mut hunk.iter().map(DiffOp::old_range), old_line);
    let new = side(&mut hunk.iter().map(DiffOp::new_range), new_line);
    format!("@@ -{old} +{new} @@")
}

/// The lines of one operation. In colour, the words that changed within a line stand out.
fn write_lines<'a>(text: &mut String, diff: &TextDiff<'a, 'a, str>, op: &DiffOp, style: &Style) {
    if !style.color {
        for change in diff.iter_changes(op) {
            let _ = writeln!(text, "{}{}", change.tag(), printable(change.value()));
        }
        return;
    }
    let options = *InlineChangeOptions::new().algorithm(Algorithm::Myers);
    for change in diff.iter_inline_changes_with_options(op, options) {
        let colour = match change.tag() {
            ChangeTag::Delete => paint::REMOVED,
            ChangeTag::Insert => paint::ADDED,
            ChangeTag::Equal => paint::PLAIN,
        };
        *text += &paint(style, colour, &change.tag().to_string());
        for (emphasised, part) in change.iter_strings_lossy() {
            let colour = if emphasised { colour.bold().underline() } else { colour };
            let part = printable(&part).into_owned();
            if !part.is_empty() {
                *text += &paint(style, colour, &part);
            }
        }
        text.push('\n');
    }
}

/// A line without its end, safe for a terminal.
fn printable(line: &str) -> std::borrow::Cow<'_, str> {
    gate::line(line.strip_suffix('\n').unwrap_or(line))
}
