//! A mapping file as a table for people: what becomes of every field, and why (`meshlift mapping show`).

use super::format::{CopyText, EntriesText, FormText};
use super::rule::{Action, Mapping, Spot};
use super::schema::Schema;
use super::selector::{Part, Selector, Target};
use crate::yaml::{Manifest, Stream};

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The old field, as people write it below `spec`: `rules[*].paths`; for a key, with its table.
    pub field: String,
    /// What becomes of it.
    pub becomes: String,
    /// The comment that stands above it in the file, as one paragraph; empty where that of the decision before goes on.
    pub why: String,
    /// The line of the file.
    pub line: usize,
}

/// Every decision, in the order of the file.
pub fn decisions(mapping: &Mapping, path: &str, text: &str) -> Vec<Decision> {
    let document = Stream::parse(path, text.into()).manifests().into_iter().next();
    let at = |pointer: &str, field: String, becomes: String| Decision {
        field,
        becomes,
        why: document.as_ref().map(|document| comment(document, pointer)).unwrap_or_default(),
        line: document.as_ref().map_or(0, |document| document.place(pointer).line),
    };
    let schema = &mapping.schema;
    let of_rules = mapping.rules.iter().map(|rule| {
        let (field, becomes) = match &rule.action {
            Action::Copy(copy) => (sources(copy, schema), copied(copy, schema)),
            Action::Entries(entries) => {
                (key(schema, entries.table, entries.text.matching.text()), condition(&entries.text))
            }
            Action::Set(set) => ("always".to_owned(), format!("{}: {}", written(&set.to, schema), set.value)),
            Action::Refuse { at, code, because } => (spot(at, schema), format!("refused as `{code}`: {because}")),
            Action::Drop { at, because } => (spot(at, schema), format!("left out: {because}")),
        };
        at(&rule.at, field, becomes)
    });
    let of_rust = mapping
        .handled
        .iter()
        .map(|(selector, pointer)| at(pointer, named(selector, schema), of_converter(selector, schema)));
    of_rules.chain(of_rust).collect()
}

/// What the converter makes of the fields at or below a path, each thing once.
fn of_converter(selector: &Selector, schema: &Schema) -> String {
    let mut said: Vec<&str> = Vec::new();
    for leaf in schema.named(selector).leaves.iter().filter_map(|index| schema.leaves.get(*index)) {
        if !said.contains(&leaf.becomes) {
            said.push(leaf.becomes);
        }
    }
    said.join("; ")
}

/// What the file says about the kinds as a whole: the paragraphs of the comment at its start, without the line that is
/// for editors.
pub fn about(text: &str) -> Vec<String> {
    let comment = text.lines().take_while(|line| line.starts_with('#')).map(without_hash);
    let lines: Vec<&str> = comment.filter(|line| !line.starts_with("yaml-language-server:")).collect();
    let paragraphs = lines.split(|line| line.is_empty()).map(|lines| lines.join(" "));
    paragraphs.filter(|paragraph| !paragraph.is_empty()).collect()
}

/// The lines above an entry of the file, without their `#`.
fn comment(document: &Manifest, pointer: &str) -> String {
    let notes = document.notes(pointer);
    let lines = notes.head.iter().map(|line| without_hash(line));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

fn without_hash(line: &str) -> &str {
    line.trim_start_matches('#').trim()
}

/// A field as people write it below `spec`.
fn named(selector: &Selector, schema: &Schema) -> String {
    let parts = selector.parts();
    match parts.split_last() {
        Some((Part::Name(name), path)) if schema.tables.iter().any(|table| table.parts == path) => {
            format!("{}: {}", below_spec(path), key_name(name))
        }
        _ => below_spec(parts),
    }
}

fn below_spec(parts: &[Part]) -> String {
    let text = super::schema::text(parts);
    text.strip_prefix("$.spec.").unwrap_or(&text).to_owned()
}

fn key(schema: &Schema, table: usize, key: &str) -> String {
    let path = schema.tables.get(table).map(|table| below_spec(&table.parts)).unwrap_or_default();
    format!("{path}: {}", key_name(key))
}

/// A family of keys as people say it.
fn key_name(key: &str) -> &str {
    if key == crate::api::legacy::keys::UNKNOWN { "any other key" } else { key }
}

fn spot(at: &Spot, schema: &Schema) -> String {
    match at {
        Spot::Field(selector) => named(selector, schema),
        Spot::Key(table, pattern) => key(schema, *table, pattern.text()),
        Spot::Family(table, family) => key(schema, *table, family),
    }
}

fn sources(copy: &CopyText, schema: &Schema) -> String {
    let first = named(&copy.from, schema);
    match &copy.or {
        Some(second) => format!("{first} or {}", named(second, schema)),
        None => first,
    }
}

/// A place in the new object: `operation.paths`.
fn written(to: &Target, schema: &Schema) -> String {
    format!("{}{}", schema.fields.stands_in, to.names.join("."))
}

fn copied(copy: &CopyText, schema: &Schema) -> String {
    let mut parts = vec![match &copy.key {
        Some(key) => format!("a condition on {key}"),
        None => written(&copy.to, schema),
    }];
    match copy.form {
        Some(FormText::Text) => parts.push("numbers as text".to_owned()),
        Some(FormText::Name) => parts.push("each as {name: ...}".to_owned()),
        None => {}
    }
    parts.extend(copy.empty.as_ref().map(|empty| format!("an empty text as `{empty}`")));
    if let (Some(relaxation), Some(exact)) = (copy.relaxation, &copy.exact) {
        parts.push(format!("with the relaxation {}; exactly: a condition on {exact}", relaxation.name()));
    }
    parts.join(", ")
}

fn condition(entries: &EntriesText) -> String {
    let mut parts = vec![match &entries.key {
        Some(key) => format!("a condition on {key}"),
        None => "a condition with the same key".to_owned(),
    }];
    parts.extend(entries.legacy.as_ref().map(|legacy| format!("proved as if the old key were {legacy}")));
    parts.extend(entries.empty.as_ref().map(|empty| format!("an empty text as `{empty}`")));
    parts.extend(entries.always.as_ref().map(|always| format!("none if a value is `{always}`")));
    parts.join(", ")
}
