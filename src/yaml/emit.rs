//! Block style text for new objects, as Kubernetes people write it: two spaces, dashes at their key's own column.

use super::quote;
use super::{Notes, Tree};
use serde_json::Value;

/// Longer keys must be announced by `?`: readers look for the `:` of a bare key within 1,024 characters.
const LONGEST_SIMPLE_KEY: usize = 1000;

/// Block style text of a tree that kubectl reads back as the same values. Ends with a newline.
pub fn emit(tree: &Tree) -> String {
    let mut out = String::new();
    block(tree, 0, true, &mut out);
    out
}

/// The value a tree stands for.
pub fn value_of(tree: &Tree) -> Value {
    match tree {
        Tree::Scalar(value) => value.clone(),
        Tree::Seq(items) => Value::Array(items.iter().map(|(_, item)| value_of(item)).collect()),
        Tree::Map(entries) => {
            Value::Object(entries.iter().map(|(_, key, value)| (key.clone(), value_of(value))).collect())
        }
    }
}

/// A list item whose dash stands at `column`, with its comments above. Ends with a newline; its first line is
/// indented too.
pub(super) fn item(notes: &Notes, tree: &Tree, column: usize, out: &mut String) {
    item_comments(notes, tree, column, out);
    indent(column, out);
    item_after_comments(notes, tree, column, out);
}

fn item_after_comments(notes: &Notes, tree: &Tree, column: usize, out: &mut String) {
    out.push_str("- ");
    if is_inline(tree) {
        inline(tree, column, notes.side.as_deref(), out);
    } else {
        block(tree, column + 2, false, out);
    }
}

/// What stands above an item's dash: its own comments, and those of whatever begins on the dash's line.
fn item_comments(notes: &Notes, tree: &Tree, column: usize, out: &mut String) {
    head(&notes.head, column, out);
    if is_inline(tree) {
        return;
    }
    // Beside the dash it would be read as the comment of the entry before.
    head(notes.side.as_slice(), column, out);
    match tree {
        Tree::Map(entries) => {
            if let Some((notes, _, _)) = entries.first() {
                head(&notes.head, column, out);
            }
        }
        Tree::Seq(items) => {
            if let Some((notes, tree)) = items.first() {
                item_comments(notes, tree, column, out);
            }
        }
        Tree::Scalar(_) => {}
    }
}

/// True for what fits beside its key or dash.
fn is_inline(tree: &Tree) -> bool {
    match tree {
        Tree::Scalar(Value::Array(items)) => items.is_empty(),
        Tree::Scalar(Value::Object(map)) => map.is_empty(),
        Tree::Scalar(_) => true,
        Tree::Seq(items) => items.is_empty(),
        Tree::Map(entries) => entries.is_empty(),
    }
}

/// Writes a tree at a column. Unless it is `fresh`, its first line is already begun, comments included.
fn block(tree: &Tree, column: usize, fresh: bool, out: &mut String) {
    match tree {
        Tree::Map(entries) if !entries.is_empty() => {
            for (position, (notes, key, value)) in entries.iter().enumerate() {
                if position > 0 || fresh {
                    head(&notes.head, column, out);
                    indent(column, out);
                }
                entry(notes, key, value, column, out);
            }
        }
        Tree::Seq(items) if !items.is_empty() => {
            for (position, (notes, tree)) in items.iter().enumerate() {
                if position > 0 || fresh {
                    item(notes, tree, column, out);
                } else {
                    item_after_comments(notes, tree, column, out);
                }
            }
        }
        // A collection that came in as a plain value.
        Tree::Scalar(value @ (Value::Array(_) | Value::Object(_))) if !is_inline(tree) => {
            block(&Tree::from(value.clone()), column, fresh, out);
        }
        scalar => {
            if fresh {
                indent(column, out);
            }
            inline(scalar, column, None, out);
        }
    }
}

fn entry(notes: &Notes, key: &str, value: &Tree, column: usize, out: &mut String) {
    let name = quote::string(key);
    if name.chars().count() > LONGEST_SIMPLE_KEY {
        out.push_str("? ");
        out.push_str(&name);
        out.push('\n');
        indent(column, out);
    } else {
        out.push_str(&name);
    }
    out.push(':');
    if is_inline(value) {
        out.push(' ');
        inline(value, column, notes.side.as_deref(), out);
        return;
    }
    side(notes.side.as_deref(), out);
    let is_list = matches!(value, Tree::Seq(_) | Tree::Scalar(Value::Array(_)));
    block(value, if is_list { column } else { column + 2 }, true, out);
}

/// Writes what fits beside its key, or a literal block below it, with the comment of the line.
fn inline(tree: &Tree, column: usize, comment: Option<&str>, out: &mut String) {
    let text = match tree {
        Tree::Seq(_) => "[]".to_owned(),
        Tree::Map(_) => "{}".to_owned(),
        Tree::Scalar(Value::String(text)) => {
            if let Some(header) = quote::block_header(text) {
                out.push_str(header);
                side(comment, out);
                for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
                    if !line.is_empty() {
                        indent(column + 2, out);
                        out.push_str(line);
                    }
                    out.push('\n');
                }
                return;
            }
            quote::string(text)
        }
        Tree::Scalar(value) => quote::scalar(value),
    };
    out.push_str(&text);
    side(comment, out);
}

fn indent(column: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', column));
}

/// Comment lines of their own.
pub(super) fn head(comments: &[String], column: usize, out: &mut String) {
    for line in comments.iter().flat_map(|comment| comment.split('\n')) {
        indent(column, out);
        out.push_str(&comment_text(line));
        out.push('\n');
    }
}

/// The end of a line, with its comment.
fn side(comment: Option<&str>, out: &mut String) {
    if let Some(comment) = comment {
        out.push(' ');
        out.push_str(&comment_text(comment));
    }
    out.push('\n');
}

/// A comment that cannot be anything else: one line, begun by `#`, without characters YAML forbids.
pub(super) fn comment_text(comment: &str) -> String {
    let mut clean = String::with_capacity(comment.len());
    for letter in comment.trim().chars() {
        match letter {
            letter if letter.is_control() => clean.push(' '),
            // A comment has no escapes, but a reader sees what was there.
            letter if quote::must_escape(letter) => clean.extend(letter.escape_unicode()),
            letter => clean.push(letter),
        }
    }
    if clean.starts_with('#') { clean } else { format!("# {clean}").trim_end().to_owned() }
}

/// True when the tree's last line is part of a literal block, which needs its line break.
pub(super) fn ends_in_block(tree: &Tree) -> bool {
    match tree {
        Tree::Scalar(Value::String(text)) => quote::block_header(text).is_some(),
        Tree::Scalar(value @ (Value::Array(_) | Value::Object(_))) if !is_inline(tree) => {
            ends_in_block(&Tree::from(value.clone()))
        }
        Tree::Scalar(_) => false,
        Tree::Seq(items) => items.last().is_some_and(|(_, item)| ends_in_block(item)),
        Tree::Map(entries) => entries.last().is_some_and(|(_, _, value)| ends_in_block(value)),
    }
}
