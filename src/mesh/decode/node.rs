//! A value inside a manifest that knows where it stands, with the readings of proto3 JSON (`meaning/rbac.md` §1.1).
//!
//! Field names are given in lowerCamelCase. [`Node::field`] also finds the original proto name (snake_case), as every
//! Istio kind allows; [`Node::key`] does not, as Kubernetes' own kinds do not.

use super::problems::Problems;
use crate::api::Labels;
use crate::finding::Place;
use crate::finding::catalogue::mesh::{BOOLEAN_MODE, NUMERIC_ENUM};
use crate::yaml::Manifest;
use serde_json::{Map, Value};

/// A value and its place.
#[derive(Clone)]
pub(crate) struct Node<'a> {
    manifest: &'a Manifest,
    pointer: String,
    value: &'a Value,
}

impl<'a> Node<'a> {
    /// The whole object.
    pub(crate) fn root(manifest: &'a Manifest) -> Node<'a> {
        Node { manifest, pointer: String::new(), value: manifest.value() }
    }

    /// The object's `spec`. Absent and null are an empty one; reports other types.
    pub(crate) fn spec(&self, problems: &mut Problems) -> Node<'a> {
        let empty = || self.child("spec", &Value::Null);
        self.key("spec").filter(|spec| spec.map(problems).is_some()).unwrap_or_else(empty)
    }

    /// Where the value is.
    pub(crate) fn place(&self) -> Place {
        self.manifest.place(&self.pointer)
    }

    /// The place of the value at a JSON pointer relative to this one.
    pub(crate) fn place_of(&self, relative: &str) -> Place {
        self.manifest.place(&format!("{}{relative}", self.pointer))
    }

    /// The value.
    pub(crate) fn value(&self) -> &'a Value {
        self.value
    }

    /// What stands in the file.
    pub(crate) fn written(&self) -> &'a str {
        self.manifest.written(&self.pointer)
    }

    /// The entries of a map with their keys, or the elements of a list.
    pub(crate) fn children(&self) -> Vec<(Option<&'a str>, Node<'a>)> {
        match self.value {
            Value::Object(map) => map.iter().map(|(key, value)| (Some(key.as_str()), self.child(key, value))).collect(),
            Value::Array(items) => {
                items.iter().enumerate().map(|(index, item)| (None, self.child(&index.to_string(), item))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The path as people write it: `spec.rules[0].paths`.
    pub(crate) fn path(&self) -> String {
        let mut path = String::new();
        for segment in self.pointer.split('/').skip(1) {
            if segment.bytes().all(|b| b.is_ascii_digit()) {
                path.push_str(&format!("[{segment}]"));
            } else {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(&segment.replace("~1", "/").replace("~0", "~"));
            }
        }
        path
    }

    /// Reports that this value is not what its field takes.
    pub(crate) fn expected(&self, what: &str, problems: &mut Problems) {
        problems.undecodable(self.place(), format!("`{}` must be {what}, but is {}.", self.path(), shown(self.value)));
    }

    fn child(&self, segment: &str, value: &'a Value) -> Node<'a> {
        let escaped = segment.replace('~', "~0").replace('/', "~1");
        Node { manifest: self.manifest, pointer: format!("{}/{escaped}", self.pointer), value }
    }

    /// The value as a map; reports anything else.
    pub(crate) fn map(&self, problems: &mut Problems) -> Option<&'a Map<String, Value>> {
        let map = self.value.as_object();
        if map.is_none() {
            self.expected("a mapping", problems);
        }
        map
    }

    /// The entry under exactly this key, also when it is null.
    pub(crate) fn raw_key(&self, key: &str) -> Option<Node<'a>> {
        #[cfg(test)]
        asked::note(&self.pointer, key);
        self.value.get(key).map(|value| self.child(key, value))
    }

    /// The entry under exactly this key; null is absent.
    pub(crate) fn key(&self, key: &str) -> Option<Node<'a>> {
        self.raw_key(key).filter(|node| !node.value.is_null())
    }

    /// A field by its camelCase or its proto name, also when it is null. When both are written the camelCase one wins.
    pub(crate) fn raw_field(&self, camel: &str) -> Option<Node<'a>> {
        self.raw_key(camel).or_else(|| self.raw_key(&snake_case(camel)))
    }

    /// A field by its camelCase or its proto name; null is absent.
    pub(crate) fn field(&self, camel: &str) -> Option<Node<'a>> {
        self.raw_field(camel).filter(|node| !node.value.is_null())
    }

    /// A field that holds a message; reports any other type. `None` when absent.
    pub(crate) fn message(&self, camel: &str, problems: &mut Problems) -> Option<Node<'a>> {
        let node = self.field(camel)?;
        node.map(problems).map(|_| node)
    }

    /// The elements of this list, also the null ones; reports a value that is no list.
    pub(crate) fn elements(&self, problems: &mut Problems) -> Vec<Node<'a>> {
        match self.value {
            Value::Array(items) => {
                items.iter().enumerate().map(|(index, item)| self.child(&index.to_string(), item)).collect()
            }
            _ => {
                self.expected("a list", problems);
                Vec::new()
            }
        }
    }

    /// The elements of a list of messages, also the null ones. Absent is empty; elements of other types are reported.
    pub(crate) fn nullable_messages(&self, camel: &str, problems: &mut Problems) -> Vec<Node<'a>> {
        let mut elements = self.field(camel).map(|list| list.elements(problems)).unwrap_or_default();
        elements.retain(|element| element.value.is_null() || element.map(problems).is_some());
        elements
    }

    /// The elements of a list of messages. Absent is empty; null elements and those of other types are reported.
    pub(crate) fn messages(&self, camel: &str, problems: &mut Problems) -> Vec<Node<'a>> {
        let mut elements = self.field(camel).map(|list| list.elements(problems)).unwrap_or_default();
        elements.retain(|element| element.map(problems).is_some());
        elements
    }

    /// The value as text; reports any other type (numbers and booleans are not text, as in proto JSON).
    pub(crate) fn as_text(&self, problems: &mut Problems) -> Option<&'a str> {
        let text = self.value.as_str();
        if text.is_none() {
            self.expected("a string", problems);
        }
        text
    }

    /// A text field; empty when absent.
    pub(crate) fn text(&self, camel: &str, problems: &mut Problems) -> String {
        self.field(camel).and_then(|node| node.as_text(problems)).unwrap_or_default().to_owned()
    }

    /// A list of text; empty when absent.
    pub(crate) fn texts(&self, camel: &str, problems: &mut Problems) -> Vec<String> {
        self.placed_texts(camel, problems).into_iter().map(|(text, _)| text).collect()
    }

    /// A list of text with the place of each element.
    pub(crate) fn placed_texts(&self, camel: &str, problems: &mut Problems) -> Vec<(String, Place)> {
        let elements = self.field(camel).map(|list| list.elements(problems)).unwrap_or_default();
        elements.iter().filter_map(|e| Some((e.as_text(problems)?.to_owned(), e.place()))).collect()
    }

    /// A boolean field; false when absent.
    pub(crate) fn boolean(&self, camel: &str, problems: &mut Problems) -> bool {
        let Some(node) = self.field(camel) else { return false };
        let value = node.value.as_bool();
        if value.is_none() {
            node.expected("true or false", problems);
        }
        value.unwrap_or_default()
    }

    /// The value as a whole number, which may be quoted; reports anything else.
    pub(crate) fn integer(&self, problems: &mut Problems) -> Option<i64> {
        let number = match self.value {
            Value::Number(number) => number.as_i64().or_else(|| number.as_f64().and_then(whole)),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        if number.is_none() {
            self.expected("a whole number", problems);
        }
        number
    }

    /// The value as a port; reports numbers outside 1 to 65535 as invalid.
    pub(crate) fn port(&self, problems: &mut Problems) -> Option<u16> {
        let number = self.integer(problems)?;
        let port = u16::try_from(number).ok().filter(|port| *port != 0);
        if port.is_none() {
            problems.invalid(self.place(), format!("`{}` is {number}, but ports go from 1 to 65535.", self.path()));
        }
        port
    }

    /// A list of ports; empty when absent.
    pub(crate) fn ports(&self, camel: &str, problems: &mut Problems) -> Vec<u16> {
        let elements = self.field(camel).map(|list| list.elements(problems)).unwrap_or_default();
        elements.iter().filter_map(|element| element.port(problems)).collect()
    }

    /// A map from text to text, in source order; empty when absent.
    pub(crate) fn pairs(&self, camel: &str, problems: &mut Problems) -> Vec<(String, String)> {
        let Some(node) = self.field(camel) else { return Vec::new() };
        let Some(map) = node.map(problems) else { return Vec::new() };
        let entry = |(key, value): (&String, &'a Value)| {
            Some((key.clone(), node.child(key, value).as_text(problems)?.to_owned()))
        };
        map.iter().filter_map(entry).collect()
    }

    /// Labels; empty when absent.
    pub(crate) fn labels(&self, camel: &str, problems: &mut Problems) -> Labels {
        self.pairs(camel, problems).into_iter().collect()
    }

    /// An enum field as an index into `words`, 0 when absent. Words are exact; the number of a word is accepted with
    /// a warning.
    pub(crate) fn choice(&self, camel: &str, words: &[&str], problems: &mut Problems) -> usize {
        self.field(camel).and_then(|node| node.as_choice(words, problems)).unwrap_or_default()
    }

    /// An enum field whose words 0 and 1 are `OFF` and `ON`: without quotes kubectl reads those as booleans, which are
    /// accepted with a warning (E04).
    pub(crate) fn switch(&self, camel: &str, words: &[&str], problems: &mut Problems) -> usize {
        let Some(node) = self.field(camel) else { return 0 };
        let Value::Bool(on) = node.value else { return node.as_choice(words, problems).unwrap_or_default() };
        let index = usize::from(*on);
        let word = words.get(index).copied().unwrap_or_default();
        let message =
            format!("`{}` is written without quotes, so YAML reads a boolean; taken as '{word}'.", node.path());
        problems.note(BOOLEAN_MODE, node.place(), message);
        index
    }

    fn as_choice(&self, words: &[&str], problems: &mut Problems) -> Option<usize> {
        let by_number = |number: i64| usize::try_from(number).ok().filter(|index| *index < words.len());
        let found = match self.value {
            Value::String(text) => words.iter().position(|word| word == text),
            Value::Number(number) => number.as_i64().and_then(by_number),
            _ => None,
        };
        match found {
            None => self.expected(&format!("one of {}", words.join(", ")), problems),
            Some(index) if self.value.is_number() => {
                let word = words.get(index).copied().unwrap_or_default();
                problems.note(NUMERIC_ENUM, self.place(), format!("`{}` is {index}, which means {word}.", self.path()));
            }
            Some(_) => {}
        }
        found
    }
}

/// The original proto name of a field.
fn snake_case(camel: &str) -> String {
    let mut snake = String::with_capacity(camel.len() + 4);
    for c in camel.chars() {
        if c.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

/// A float that is a whole number small enough to be exact.
fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9.0e15).then_some(number as i64)
}

/// A value as a message shows it: short, and naming its type where that is the surprise.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(b) => format!("the boolean {b}"),
        Value::Number(n) => format!("the number {n}"),
        Value::String(s) => format!("\"{s}\""),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a mapping".to_owned(),
    }
}

/// Which fields are asked for, for the test that holds them against what Rust declares (`api::legacy::fields`).
#[cfg(test)]
pub(crate) mod asked {
    use std::cell::RefCell;
    use std::collections::BTreeSet;

    thread_local! {
        static PATHS: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
    }

    pub(super) fn note(pointer: &str, key: &str) {
        let segment = |segment: &str| match segment.parse::<usize>() {
            Ok(_) => "[*]".to_owned(),
            Err(_) => format!(".{segment}"),
        };
        let path: String = pointer.split('/').skip(1).chain([key]).map(segment).collect();
        PATHS.with_borrow_mut(|paths| paths.insert(path.trim_start_matches('.').to_owned()));
    }

    /// The paths that were asked for on this thread, as `api::legacy::fields` writes them.
    pub(crate) fn take() -> BTreeSet<String> {
        PATHS.take()
    }
}
