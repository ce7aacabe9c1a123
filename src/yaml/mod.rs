//! YAML as kubectl reads it, with byte spans: the only module that knows a YAML crate.
//!
//! A file is parsed into a [`Stream`] whose documents tile its bytes; files are changed by splicing bytes
//! ([`rewrite`]), never by emitting them again. See `design.md` §4.

use crate::finding::{Finding, Place};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A parsed file. Parsing never fails: what cannot be read becomes a finding, and the rest of the file is still there.
#[derive(Debug)]
pub struct Stream {
    /// Path as shown to the user.
    pub path: Arc<str>,
    /// The file's text.
    pub text: Arc<str>,
    /// What could not be read, located.
    pub findings: Vec<Finding>,
}

/// Which object of a stream: a document, or an item of a document that is a `List`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// Index of the document in the stream.
    pub document: usize,
    /// Index in `items` when the document is a List.
    pub item: Option<usize>,
}

/// One object as written: its JSON meaning and where every part of it stands.
#[derive(Clone, Debug)]
pub struct Manifest {}

impl Stream {
    /// Parses a file. `path` is used for places only.
    pub fn parse(_path: &str, _text: Arc<str>) -> Stream {
        todo!()
    }

    /// The objects of the stream in order: documents, and the items of `List` documents.
    pub fn manifests(&self) -> Vec<Manifest> {
        todo!()
    }
}

impl Manifest {
    /// The file.
    pub fn file(&self) -> &Arc<str> {
        todo!()
    }
    /// Which object of the file.
    pub fn slot(&self) -> Slot {
        todo!()
    }
    /// What kubectl reads. Always an object for manifests that have a `kind`.
    pub fn value(&self) -> &Value {
        todo!()
    }
    /// The place of the value at a JSON pointer (`""` is the object itself); the nearest existing ancestor's place
    /// when there is no such value. snake_case and camelCase spellings of a key find each other.
    pub fn place(&self, _pointer: &str) -> Place {
        todo!()
    }
    /// Like [`Manifest::place`], but the place of the key that introduces the value.
    pub fn key_place(&self, _pointer: &str) -> Place {
        todo!()
    }
    /// The comments written beside the entry at `pointer` (a map entry or a list item).
    pub fn notes(&self, _pointer: &str) -> Notes {
        todo!()
    }
    /// The source text of the object without its leading comments, for diffs.
    pub fn source(&self) -> &str {
        todo!()
    }
}

/// Comments that belong to an entry.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Notes {
    /// Lines above it, each with its `#`.
    pub head: Vec<String>,
    /// The comment after it on the same line, with its `#`.
    pub side: Option<String>,
}

/// A YAML value to be written, with comments.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    /// A scalar (string, number, boolean, null).
    Scalar(Value),
    /// A list.
    Seq(Vec<(Notes, Tree)>),
    /// A mapping, in order.
    Map(Vec<(Notes, String, Tree)>),
}

/// What a slot becomes.
#[derive(Clone, Debug, PartialEq)]
pub enum Replacement {
    /// These objects, as documents of their own (or list items, where the slot is one). Not empty.
    Objects(Vec<Tree>),
    /// Only these comment lines (without `#`). In JSON, where comments do not exist, the object is removed.
    Comment(Vec<String>),
}

/// The file's text with some slots replaced; every byte outside the bodies of the replaced slots stays.
/// Leading comments of a replaced document stay above its first object.
pub fn rewrite(_stream: &Stream, _changes: &BTreeMap<Slot, Replacement>) -> String {
    todo!()
}

/// Block style text of a tree that kubectl reads back as the same values. Ends with a newline.
pub fn emit(_tree: &Tree) -> String {
    todo!()
}

impl From<Value> for Tree {
    fn from(value: Value) -> Tree {
        match value {
            Value::Array(items) => Tree::Seq(items.into_iter().map(|v| (Notes::default(), v.into())).collect()),
            Value::Object(map) => Tree::Map(map.into_iter().map(|(k, v)| (Notes::default(), k, v.into())).collect()),
            scalar => Tree::Scalar(scalar),
        }
    }
}
