//! YAML as kubectl reads it, with byte spans: the only module that knows a YAML crate.
//!
//! A file is parsed into a [`Stream`] whose documents tile its bytes; files are changed by splicing bytes
//! ([`mod@rewrite`]), never by emitting them again. See `inside/design.md` §4.

mod comments;
mod emit;
mod extent;
mod json;
mod manifest;
mod names;
mod older;
mod parse;
mod pointer;
mod quote;
mod rewrite;
mod scalar;
mod stream;
mod syntax;
mod template;
mod typed;
mod value;

pub use emit::{emit, value_of};
pub use manifest::Manifest;
pub use rewrite::rewrite;
pub use scalar::resolve_plain;
pub use stream::Stream;
pub use template::TemplateLanguage;
pub use typed::{Misread, Typed, typed};

use serde_json::Value;

/// Which object of a stream: a document, or an item of a document that is a `List`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// Index of the document in the stream.
    pub document: usize,
    /// Index in `items` when the document is a List.
    pub item: Option<usize>,
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

impl From<Value> for Tree {
    fn from(value: Value) -> Tree {
        match value {
            Value::Array(items) => Tree::Seq(items.into_iter().map(|v| (Notes::default(), v.into())).collect()),
            Value::Object(map) => Tree::Map(map.into_iter().map(|(k, v)| (Notes::default(), k, v.into())).collect()),
            scalar => Tree::Scalar(scalar),
        }
    }
}

#[cfg(test)]
mod tests;
