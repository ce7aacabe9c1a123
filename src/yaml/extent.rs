//! Where a node's bytes begin and end, in the places where the parser's own spans leave something out.

use super::syntax::{BLANK, Syntax};
use crate::finding::Span;

/// The bytes of a scalar, and where content ends after it.
pub(super) struct Extent {
    pub node: Span,
    pub content_end: usize,
}

/// The extent of a scalar that the parser reports at `span`, after content that ended at `after`. The parser leaves out
/// tags and block headers and counts trailing blank lines in.
pub(super) fn of_scalar(syntax: &Syntax, after: usize, span: Span, tag: Option<Span>, is_block: bool) -> Extent {
    let mut node = Span { start: span.start, end: span.start + syntax.slice(span).trim_end_matches(BLANK).len() };
    let header = if is_block { block_header(syntax, after, span.start) } else { None };
    match (header, tag) {
        (Some(header), _) => {
            // The parser places an empty text at the next token, which may be the mark of the next document.
            let end = if node.start == node.end { header.end } else { node.end };
            node = Span { start: header.start, end };
        }
        (None, None) if node.start == node.end => {
            return Extent { node: span, content_end: after_missing(syntax, span.start) };
        }
        // The parser places the empty text of `!!str` at the next token.
        (None, Some(tag)) if span.start == span.end => node = tag,
        (None, _) => {}
    }
    if let Some(tag) = tag {
        node = Span { start: node.start.min(tag.start), end: node.end.max(tag.end) };
    }
    Extent { node, content_end: node.end }
}

/// Where content ends when the value at `at` is missing: after the `:` or `-` that announces it.
fn after_missing(syntax: &Syntax, at: usize) -> usize {
    let rest = syntax.text.get(at..).unwrap_or_default();
    let spaces = rest.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    if rest.get(spaces..).is_some_and(|rest| rest.starts_with(':')) {
        return at + spaces + 1;
    }
    // The parser places the missing value at the next token, with blank lines and comments before it.
    let mut end = at;
    loop {
        let before = syntax.text.get(..end).unwrap_or_default();
        let line_start = syntax.line_start(end.saturating_sub(1));
        let line = before.get(line_start..).unwrap_or_default();
        let comment = if line.trim_start_matches(BLANK).starts_with('#') { Some(0) } else { line.find(" #") };
        let content = line.get(..comment.unwrap_or(line.len())).unwrap_or_default().trim_end_matches(BLANK);
        if content.ends_with(['-', ':', '?']) {
            return line_start + content.len();
        }
        if !content.trim_start_matches(BLANK).is_empty() || line_start == 0 {
            return if before.ends_with(BLANK) { 0 } else { at };
        }
        end = line_start;
    }
}

/// The `|` or `>` header of a block scalar whose text begins at `at`: on the last line before it that ends in one.
fn block_header(syntax: &Syntax, after: usize, at: usize) -> Option<Span> {
    let mut line_end = syntax.line_start(at);
    while line_end > after {
        let line_start = syntax.line_start(line_end - 1);
        let from = line_start.max(after);
        let line = syntax.text.get(from..line_end)?;
        let header = line.match_indices(['|', '>']).find_map(|(offset, _)| {
            let before = line.get(..offset)?;
            let separated = before.is_empty() && from == line_start || before.ends_with([' ', '\t', ':', '-']);
            let rest = line.get(offset + 1..)?;
            let tail = rest.trim_start_matches(|letter: char| matches!(letter, '-' | '+' | '1'..='9'));
            let comment = tail.starts_with([' ', '\t']) && tail.trim_start_matches(BLANK).starts_with('#');
            let end = from + offset + 1 + rest.len() - tail.len();
            (separated && (comment || tail.trim_matches(BLANK).is_empty()))
                .then_some(Span { start: from + offset, end })
        });
        if header.is_some() {
            return header;
        }
        line_end = line_start;
    }
    None
}

/// A block sequence at its parent key's own indentation is reported from after its first dash.
pub(super) fn including_dash(syntax: &Syntax, span: Span) -> Span {
    let at_dash = syntax.text.get(span.start..).is_some_and(|rest| rest.starts_with('-'));
    match syntax.text.get(..span.start).unwrap_or_default().trim_end_matches(BLANK).strip_suffix('-') {
        Some(lead) if !at_dash => Span { start: lead.len(), end: span.end },
        _ => span,
    }
}
