//! One object of a file: its JSON meaning, and where every part of it stands.

use super::comments::Comments;
use super::names;
use super::pointer;
use super::syntax::{Id, Kind, Syntax};
use super::{Notes, Slot};
use crate::finding::{Place, Span};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// One object as written: its JSON meaning and where every part of it stands. Cheap to clone.
#[derive(Clone)]
pub struct Manifest {
    inner: Arc<Inner>,
}

struct Inner {
    syntax: Arc<Syntax>,
    slot: Slot,
    root: Id,
    region: Span,
    value: Value,
    comments: OnceLock<Comments>,
    source: OnceLock<String>,
}

impl Manifest {
    pub(super) fn new(syntax: Arc<Syntax>, slot: Slot, root: Id, region: Span, value: Value) -> Manifest {
        let (comments, source) = (OnceLock::new(), OnceLock::new());
        Manifest { inner: Arc::new(Inner { syntax, slot, root, region, value, comments, source }) }
    }

    /// The file.
    pub fn file(&self) -> &Arc<str> {
        &self.inner.syntax.path
    }

    /// Which object of the file.
    pub fn slot(&self) -> Slot {
        self.inner.slot
    }

    /// What kubectl reads. Always an object.
    pub fn value(&self) -> &Value {
        &self.inner.value
    }

    /// The place of the value at a JSON pointer (`""` is the object itself); the nearest existing ancestor's place
    /// when there is no such value. snake_case and camelCase spellings of a key find each other.
    pub fn place(&self, pointer: &str) -> Place {
        let (key, value) = self.find(pointer);
        let span = self.inner.syntax.span(value);
        // A missing value (`key:`) has no bytes of its own.
        let span = if span.start == span.end { key.map_or(span, |key| self.inner.syntax.span(key)) } else { span };
        self.inner.syntax.place(span)
    }

    /// The value at a JSON pointer as the file has it, with its quotes; that of the nearest existing ancestor when there
    /// is no such value.
    pub fn written(&self, pointer: &str) -> &str {
        let (_, value) = self.find(pointer);
        self.inner.syntax.slice(self.inner.syntax.span(value))
    }

    /// The text at a JSON pointer. A value that should be text and is not (`name: 123`) stands for itself as it is
    /// written; `None` for everything else.
    pub fn text(&self, pointer: &str) -> Option<&str> {
        match self.value().pointer(pointer)? {
            Value::String(text) => Some(text),
            Value::Bool(_) | Value::Number(_) => Some(self.written(pointer)),
            _ => None,
        }
    }

    /// Like [`Manifest::place`], but the place of the key that introduces the value.
    pub fn key_place(&self, pointer: &str) -> Place {
        let (key, value) = self.find(pointer);
        self.inner.syntax.place(self.inner.syntax.span(key.unwrap_or(value)))
    }

    /// The comments written beside the entry at `pointer` (a map entry or a list item).
    pub fn notes(&self, pointer: &str) -> Notes {
        self.comments().notes(pointer)
    }

    /// Comments inside the object before its first key; those above the object are never touched by a rewrite.
    pub fn leading_comments(&self) -> Vec<String> {
        self.comments().leading()
    }

    /// Every comment inside the object that belongs to none of the claimed pointers, in source order. A pointer claims
    /// everything below it; the pointer `""` claims all.
    pub fn unclaimed_comments(&self, claimed: &[&str]) -> Vec<String> {
        self.comments().unclaimed(claimed)
    }

    /// The source text of the object without its leading comments, for diffs: dedented, with `\n` line endings.
    pub fn source(&self) -> &str {
        self.inner.source.get_or_init(|| dedented(&self.inner.syntax, self.inner.region))
    }

    fn comments(&self) -> &Comments {
        self.inner.comments.get_or_init(|| Comments::of(&self.inner.syntax, self.inner.root, self.inner.region))
    }

    /// The key and the value at a pointer, or at its nearest existing ancestor. The value is the node as written
    /// there: an alias, not what it stands for.
    fn find(&self, pointer: &str) -> (Option<Id>, Id) {
        let mut found = (None, self.inner.root);
        for token in pointer::tokens(pointer) {
            match child(&self.inner.syntax, found.1, &token, 0) {
                Some(next) => found = next,
                None => break,
            }
        }
        found
    }
}

impl fmt::Debug for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Manifest({:?} {:?})", self.place(""), self.slot())
    }
}

/// The entry of a collection that a pointer token names.
pub(super) fn child(syntax: &Syntax, id: Id, token: &str, depth: usize) -> Option<(Option<Id>, Id)> {
    let id = syntax.target_id(id)?;
    match &syntax.node(id)?.kind {
        Kind::Seq { items, .. } => {
            let item = items.get(token.parse::<usize>().ok()?)?;
            Some((None, *item))
        }
        Kind::Map { entries, .. } => {
            let own = match syntax.names(id) {
                Some(names) => names.find(token),
                None => names::find(syntax, entries, token),
            };
            match own {
                Some((key, value)) => Some((Some(key), value)),
                None => merged_child(syntax, id, entries, token, depth),
            }
        }
        Kind::Scalar { .. } | Kind::Alias(_) => None,
    }
}

/// The entry that merge keys bring in under this name. Merges nest only a few levels in practice.
fn merged_child(syntax: &Syntax, id: Id, entries: &[(Id, Id)], token: &str, depth: usize) -> Option<(Option<Id>, Id)> {
    const MERGE_DEPTH: usize = 8;
    if depth > MERGE_DEPTH {
        return None;
    }
    let merges = match syntax.names(id) {
        Some(names) => Cow::Borrowed(names.merges()),
        None => Cow::Owned(names::merges(syntax, entries)),
    };
    merges.iter().find_map(|source| match &syntax.target(*source)?.kind {
        Kind::Map { .. } => child(syntax, *source, token, depth + 1),
        Kind::Seq { items, .. } => items.iter().find_map(|item| child(syntax, *item, token, depth + 1)),
        Kind::Scalar { .. } | Kind::Alias(_) => None,
    })
}

/// The text of a region, shifted to column one.
fn dedented(syntax: &Syntax, region: Span) -> String {
    let indent = region.start - syntax.line_start(region.start);
    let mut lines = syntax.slice(region).lines();
    let mut out = String::with_capacity(region.end - region.start + 1);
    for (number, line) in lines.by_ref().enumerate() {
        let blank = line.bytes().take(indent).take_while(|byte| *byte == b' ').count();
        out.push_str(if number == 0 { line } else { line.get(blank..).unwrap_or_default() });
        out.push('\n');
    }
    out
}
