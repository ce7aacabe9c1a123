//! A parsed file: its documents, the objects in them, and what could not be read.

use super::manifest::Manifest;
use super::syntax::{Document, Id, Kind, Syntax};
use super::template::TemplateLanguage;
use super::{Slot, parse, template, value};
use crate::finding::catalogue::input;
use crate::finding::{Finding, Place, Span};
use rayon::prelude::*;
use serde_json::Value;
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
    pub(super) syntax: Arc<Syntax>,
    manifests: Vec<Manifest>,
    template: Option<(TemplateLanguage, Place)>,
}

impl Stream {
    /// Parses a file. `path` is used for places only.
    pub fn parse(path: &str, text: Arc<str>) -> Stream {
        let (mut syntax, mut findings) = parse::parse(path, text.clone());
        let read = |document: &Document| document.root.map(|root| value::value_of(&syntax, root));
        let read: Vec<_> = syntax.documents.par_iter().map(read).collect();
        let mut values = Vec::with_capacity(read.len());
        for (document, read) in syntax.documents.iter_mut().zip(read) {
            values.push(match read {
                Some(Ok(value)) => Some(value),
                Some(Err(finding)) => {
                    findings.push(*finding);
                    // A document without a meaning is as opaque as one that does not parse.
                    document.root = None;
                    None
                }
                None => None,
            });
        }
        let template = template::first_mark(&syntax, &values, &findings);
        let syntax = Arc::new(syntax);
        let mut manifests = Vec::new();
        if template.is_some() {
            findings.clear();
        } else {
            for (document, value) in values.into_iter().enumerate() {
                let Some(value @ Value::Object(_)) = value else { continue };
                objects(&syntax, document, value, &mut manifests, &mut findings);
            }
        }
        crate::finding::sort(&mut findings);
        Stream { path: syntax.path.clone(), text, findings, syntax, manifests, template }
    }

    /// The objects of the stream in order: documents, and the items of `List` documents. A document that is not a
    /// mapping is no object.
    pub fn manifests(&self) -> Vec<Manifest> {
        self.manifests.clone()
    }

    /// The first template action (`{{ ... }}` of Helm, `#@` of ytt) that makes this file a template rather than
    /// manifests. A template has no manifests and no findings here. What counts is explained in the `template` module.
    pub fn is_template(&self) -> Option<Place> {
        self.template.as_ref().map(|(_, place)| place.clone())
    }

    /// What renders the file, when it is a template.
    pub fn template_language(&self) -> Option<TemplateLanguage> {
        self.template.as_ref().map(|(language, _)| *language)
    }

    /// The byte ranges of the documents; they tile the file, unless it holds none.
    pub fn segments(&self) -> Vec<Span> {
        self.syntax.documents.iter().map(|document| document.segment).collect()
    }
}

/// The objects of one document.
fn objects(
    syntax: &Arc<Syntax>,
    document: usize,
    mut value: Value,
    manifests: &mut Vec<Manifest>,
    findings: &mut Vec<Finding>,
) {
    let Some(root) = syntax.documents.get(document).and_then(|document| document.root) else { return };
    if !is_list(&value) {
        let slot = Slot { document, item: None };
        manifests.push(Manifest::new(syntax.clone(), slot, root, block_region(syntax, root), value));
        return;
    }
    let Some((items, flow)) = items_of(syntax, root) else { return };
    let values = value.get_mut("items").and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default();
    for (index, (id, value)) in items.iter().zip(values).enumerate() {
        if !value.is_object() {
            continue;
        }
        if is_list(&value) {
            let message = "A List stands inside a List; meshlift reads the items of the outer one only.";
            findings.push(Finding::new(input::NESTED_LIST, message).at(syntax.place(syntax.span(*id))));
            continue;
        }
        let region = if flow { syntax.span(*id) } else { block_region(syntax, *id) };
        let slot = Slot { document, item: Some(index) };
        manifests.push(Manifest::new(syntax.clone(), slot, *id, region, value));
    }
}

/// kubectl's rule: a kind that ends in `List` with an array of `items`.
fn is_list(value: &Value) -> bool {
    value.get("kind").and_then(Value::as_str).is_some_and(|kind| kind.ends_with("List"))
        && value.get("apiVersion").is_some_and(Value::is_string)
        && value.get("items").is_some_and(Value::is_array)
}

/// The nodes of a List's items, and whether they stand in a flow sequence.
pub(super) fn items_of(syntax: &Syntax, root: Id) -> Option<(&[Id], bool)> {
    let Kind::Map { entries, flow: flow_root } = &syntax.target(root)?.kind else { return None };
    let (_, items) = entries.iter().find(|(key, _)| syntax.key(*key).as_deref() == Some("items"))?;
    match &syntax.target(*items)?.kind {
        Kind::Seq { items, flow } => Some((items, *flow || *flow_root)),
        _ => None,
    }
}

/// A node's bytes up to the end of its last line, with the comment that may stand there, without the line break.
pub(super) fn block_region(syntax: &Syntax, id: Id) -> Span {
    let span = syntax.span(id);
    let last = span.end.saturating_sub(1).max(span.start);
    let line = Span { start: span.end, end: syntax.line_end(last).max(span.end) };
    let rest = syntax.slice(line);
    Span { start: span.start, end: line.start + rest.trim_end_matches(['\n', '\r']).len() }
}
