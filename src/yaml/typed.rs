//! A file whose shape meshlift itself defines (settings, mappings), read into a Rust type.
//!
//! Such files come from strangers as manifests do, so they go through the same reader: no code of another language, the
//! same limits on nesting and aliases.

use super::{parse, pointer, syntax, value};
use crate::finding::{Place, Span};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};
use std::fmt;

/// Why a file has no meaning for the type, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Misread {
    /// The key or value that does not fit.
    pub place: Place,
    /// What is wrong with it, without a full stop.
    pub message: String,
}

impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at line {} column {}", self.message, self.place.line, self.place.column)
    }
}

/// A value, and where its parts stand.
#[derive(Debug)]
pub struct Typed<T> {
    /// The value.
    pub value: T,
    syntax: syntax::Syntax,
    root: syntax::Id,
}

impl<T> Typed<T> {
    /// The place of the value at a JSON pointer, or of its nearest ancestor that exists.
    pub fn place(&self, pointer: &str) -> Place {
        place(&self.syntax, self.root, pointer, Part::Value)
    }
}

/// Reads the one document of a file; `None` when it holds nothing but comments. `path` is used for places only.
///
/// # Errors
/// The first thing that is wrong: with the YAML, with the number of documents, or with a key or value.
pub fn typed<T: DeserializeOwned>(path: &str, text: &str) -> Result<Option<Typed<T>>, Misread> {
    let (syntax, findings) = parse::parse(path, text.into());
    if let Some(finding) = findings.into_iter().next() {
        let place = finding.place.unwrap_or_else(|| Place::start_of(path));
        return Err(Misread { place, message: finding.message.trim_end_matches('.').to_owned() });
    }
    let mut read: Option<(syntax::Id, Value)> = None;
    for document in &syntax.documents {
        let Some(root) = document.root else { continue };
        let value = value::value_for_meshlift(&syntax, root).map_err(|finding| Misread {
            place: finding.place.unwrap_or_else(|| Place::start_of(path)),
            message: finding.message.trim_end_matches('.').to_owned(),
        })?;
        if value.is_null() {
            continue;
        }
        if read.is_some() {
            let message = "a second document, where only one is read".to_owned();
            return Err(Misread { place: syntax.place(syntax.span(root)), message });
        }
        read = Some((root, value));
    }
    let Some((root, value)) = read else { return Ok(None) };
    if !value.is_object() {
        let message = "expected names with values (`name: value`)".to_owned();
        return Err(Misread { place: syntax.place(syntax.span(root)), message });
    }
    match serde_path_to_error::deserialize(value) {
        Ok(value) => Ok(Some(Typed { value, syntax, root })),
        Err(error) => {
            let pointer = pointer_of(error.path());
            let message = error.inner().to_string();
            // An unknown name is wrong itself; of any other entry it is the value.
            let part = if message.starts_with("unknown field") { Part::Key } else { Part::Value };
            Err(Misread { place: place(&syntax, root, &pointer, part), message: named(&pointer, message, part) })
        }
    }
}

/// Which part of an entry is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Key,
    Value,
}

/// The message with the name of the setting that it is about, where it does not name it itself.
fn named(pointer: &str, message: String, part: Part) -> String {
    match pointer.rsplit('/').next() {
        Some(name) if part == Part::Value && !name.is_empty() => format!("`{name}`: {message}"),
        _ => message,
    }
}

fn pointer_of(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        let token = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => key.clone(),
            Segment::Enum { variant } => variant.clone(),
            Segment::Unknown => break,
        };
        pointer.push('/');
        pointer.push_str(&token.replace('~', "~0").replace('/', "~1"));
    }
    pointer
}

fn place(syntax: &syntax::Syntax, root: syntax::Id, pointer: &str, part: Part) -> Place {
    let mut found = (None, root);
    for token in pointer::tokens(pointer) {
        match super::manifest::child(syntax, found.1, &token, 0) {
            Some(next) => found = next,
            None => break,
        }
    }
    let span: Span = match (part, found.0) {
        (Part::Key, Some(key)) => syntax.span(key),
        _ => syntax.span(found.1),
    };
    syntax.place(span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields, default)]
    struct Shape {
        name: String,
        list: Vec<Inner>,
    }

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields, default)]
    struct Inner {
        port: u16,
    }

    fn check(text: &str, expected: &str) {
        let read = typed::<Shape>("s.yaml", text);
        let told = match &read {
            Ok(None) => "nothing".to_owned(),
            Ok(Some(typed)) => format!("{:?}", typed.value),
            Err(misread) => misread.to_string(),
        };
        assert_eq!(told, expected, "{text}");
    }

    #[test]
    fn what_does_not_fit_is_named_with_its_place() {
        check("name: a\nlist:\n- port: 1\n", "Shape { name: \"a\", list: [Inner { port: 1 }] }");
        check("name: a\nnam: b\n", "unknown field `nam`, expected `name` or `list` at line 2 column 1");
        check("list:\n- port: 1\n- prt: 2\n", "unknown field `prt`, expected `port` at line 3 column 3");
        check("list:\n- port: x\n", "`port`: invalid type: string \"x\", expected u16 at line 2 column 9");
        check("name: 1.4\n", "`name`: invalid type: floating point `1.4`, expected a string at line 1 column 7");
    }

    #[test]
    fn a_file_without_content_is_nothing() {
        for text in ["", "# only a comment\n", "---\n", "---\n# a\n---\n", "\u{FEFF}# a\n"] {
            check(text, "nothing");
        }
    }

    #[test]
    fn a_file_of_another_shape_is_a_mistake() {
        for text in ["- a\n", "just text\n", "42\n"] {
            check(text, "expected names with values (`name: value`) at line 1 column 1");
        }
    }

    #[test]
    fn words_that_only_kubectl_takes_for_booleans_are_words() {
        check("name: on\n", "Shape { name: \"on\", list: [] }");
        check("name: y\n", "Shape { name: \"y\", list: [] }");
        check("name: true\n", "`name`: invalid type: boolean `true`, expected a string at line 1 column 7");
    }

    #[test]
    fn a_second_document_is_a_mistake() {
        check("name: a\n---\nname: b\n", "a second document, where only one is read at line 3 column 1");
    }

    #[test]
    fn broken_yaml_is_located() {
        let misread = typed::<Shape>("s.yaml", "name: [a\n").map(|_| ()).unwrap_err();
        assert!(misread.place.line >= 1 && !misread.message.is_empty(), "{misread}");
    }
}
