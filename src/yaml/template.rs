//! Is this file a template (Helm, ytt) rather than manifests?
//!
//! ytt writes its directives into comments (`#@ load`, `key: #@ value`), so its files read as YAML and are none.
//!
//! Helm's `{{` alone proves nothing: dashboards, alert annotations and `--format` arguments hold it as text. In a
//! document that reads as YAML it is text in quotes and in block scalars. In a plain scalar it is text too, unless it
//! decides what meshlift reads:
//!
//! * anywhere in an object of an `istio.io` group;
//! * in `apiVersion`, `kind` or `metadata` (except annotations) of any object;
//! * in labels, selectors, ports and service accounts of the built-in kinds the mesh consists of.
//!
//! A document that does not read as YAML is a template when an action can be what breaks it: one that stands before the
//! end of the line after the error, outside of comments, of quotes on its line, and of the quoted and block scalars that
//! were read. Otherwise the document is reported as broken. One counting action makes the whole file a template, because
//! the others may depend on it.

use super::syntax::{Document, Id, Kind, Style, Syntax, any_holds};
use crate::finding::{Finding, Place, Span};
use serde_json::Value;

const OPEN: &str = "{{";
/// Begins a comment that is a directive of ytt.
const YTT: &str = "#@";

/// What renders a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateLanguage {
    /// Go templates, as in Helm charts.
    Go,
    /// Carvel ytt.
    Ytt,
}

/// What makes the file a template, and where it is first seen. `values` are the meanings of the documents, `findings`
/// what could not be read.
pub(super) fn first_mark(
    syntax: &Syntax,
    values: &[Option<Value>],
    findings: &[Finding],
) -> Option<(TemplateLanguage, Place)> {
    let directive = syntax.comments.iter().find(|comment| syntax.slice(**comment).starts_with(YTT));
    if let Some(comment) = directive {
        return Some((TemplateLanguage::Ytt, syntax.place(*comment)));
    }
    Some((TemplateLanguage::Go, first_action(syntax, values, findings)?))
}

/// The first action between braces that makes the file a template.
fn first_action(syntax: &Syntax, values: &[Option<Value>], findings: &[Finding]) -> Option<Place> {
    memchr::memmem::find(syntax.text.as_bytes(), OPEN.as_bytes())?;
    let broken = Broken::new(syntax, findings);
    syntax.documents.iter().zip(values).find_map(|(document, value)| {
        let at = match (document.root, value) {
            _ if !syntax.slice(document.segment).contains(OPEN) => None,
            (Some(root), Some(value)) => {
                let scope = Scope::of(value);
                in_node(syntax, root, &mut Vec::new(), scope)
            }
            _ => broken.first_action(document),
        }?;
        Some(syntax.place(Span { start: at, end: at + OPEN.len() }))
    })
}

/// How much of an object meshlift reads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// All of it: Istio's own kinds.
    Whole,
    /// What identifies and selects: Services, workloads.
    Mesh,
    /// Its name only.
    Name,
    /// A List: what its items say.
    List,
}

impl Scope {
    fn of(value: &Value) -> Scope {
        if value.get("items").is_some_and(Value::is_array) {
            return Scope::List;
        }
        let version = value.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
        let group = version.split_once('/').map_or("", |(group, _)| group);
        match group {
            group if group.ends_with("istio.io") => Scope::Whole,
            "" | "apps" | "batch" | "extensions" => Scope::Mesh,
            _ => Scope::Name,
        }
    }

    /// True when text at this path decides what meshlift reads.
    fn reads(self, path: &[String]) -> bool {
        let path = if self == Scope::List { path.get(2..).unwrap_or_default() } else { path };
        let at = |depth: usize| path.get(depth).map(String::as_str).unwrap_or_default();
        let names_it = matches!(at(0), "apiVersion" | "kind") || at(0) == "metadata" && at(1) != "annotations";
        let selects = || {
            at(0) == "spec"
                && path.iter().any(|token| {
                    matches!(
                        token.as_str(),
                        "labels" | "matchLabels" | "selector" | "ports" | "serviceAccountName" | "serviceAccount"
                    )
                })
        };
        match self {
            Scope::Whole => true,
            Scope::Mesh | Scope::List => names_it || selects(),
            Scope::Name => names_it,
        }
    }
}

/// The first counting action below a node that reads as YAML.
fn in_node(syntax: &Syntax, id: Id, path: &mut Vec<String>, scope: Scope) -> Option<usize> {
    let node = syntax.node(id)?;
    let inside = syntax.slice(node.span);
    let offset = inside.find(OPEN)?;
    match &node.kind {
        Kind::Alias(_) => None,
        Kind::Scalar { style: Style::Quoted | Style::Block, .. } => None,
        Kind::Scalar { .. } => scope.reads(path).then_some(node.span.start + offset),
        Kind::Seq { items, .. } => items.iter().enumerate().find_map(|(index, item)| {
            // Each item of a List is judged by its own group.
            let own = if scope == Scope::List && path.len() == 1 { item_scope(syntax, *item) } else { None };
            match own {
                Some(own) => in_node(syntax, *item, &mut Vec::new(), own),
                None => within(path, index.to_string(), |path| in_node(syntax, *item, path, scope)),
            }
        }),
        Kind::Map { entries, .. } => entries.iter().find_map(|(key, value)| {
            let token = syntax.key(*key).unwrap_or_default().into_owned();
            within(path, token, |path| {
                in_node(syntax, *key, path, scope).or_else(|| in_node(syntax, *value, path, scope))
            })
        }),
    }
}

fn within<T>(path: &mut Vec<String>, token: String, then: impl FnOnce(&mut Vec<String>) -> T) -> T {
    path.push(token);
    let result = then(path);
    path.pop();
    result
}

fn item_scope(syntax: &Syntax, item: Id) -> Option<Scope> {
    let Kind::Map { entries, .. } = &syntax.target(item)?.kind else { return None };
    let (_, version) = entries.iter().find(|(key, _)| syntax.key(*key).as_deref() == Some("apiVersion"))?;
    let Kind::Scalar { text, .. } = &syntax.target(*version)?.kind else { return None };
    Some(Scope::of(&serde_json::json!({ "apiVersion": syntax.scalar(text) })))
}

/// What tells the first action that can be what breaks a document.
struct Broken<'s> {
    syntax: &'s Syntax,
    /// Where something could not be read, in source order.
    errors: Vec<usize>,
    /// The quoted and block scalars that were read.
    texts: Vec<Span>,
}

impl Broken<'_> {
    fn new<'s>(syntax: &'s Syntax, findings: &[Finding]) -> Broken<'s> {
        let mut errors: Vec<usize> =
            findings.iter().filter_map(|finding| Some(finding.place.as_ref()?.span.start)).collect();
        errors.sort_unstable();
        Broken { syntax, errors, texts: syntax.scalars_in(&[Style::Quoted, Style::Block]) }
    }

    fn first_action(&self, document: &Document) -> Option<usize> {
        let (syntax, Span { start, end }) = (self.syntax, document.segment);
        let error = self.errors.get(self.errors.partition_point(|at| *at < start)).filter(|at| **at <= end);
        // The parser may stop at the line before the action, where it looks for the end of a value.
        let limit = error.map_or(end, |at| syntax.line_end(syntax.line_end(*at)));
        let text = syntax.slice(Span { start, end: limit.min(end) });
        let mut line = Line::default();
        memchr::memmem::find_iter(text.as_bytes(), OPEN.as_bytes()).map(|offset| start + offset).find(|at| {
            line.go_on(syntax, *at);
            !line.commented && !line.in_quotes() && !any_holds(&self.texts, *at)
        })
    }
}

/// A line as far as it was looked at: every byte once, however many actions stand on it.
#[derive(Default)]
struct Line {
    start: usize,
    end: usize,
    single_quotes: usize,
    double_quotes: usize,
    commented: bool,
}

impl Line {
    /// Goes on to `at`, on this line or a later one.
    fn go_on(&mut self, syntax: &Syntax, at: usize) {
        let start = syntax.line_start(at);
        if start != self.start || self.end == 0 {
            let commented = syntax.slice(Span { start, end: at }).trim_start().starts_with('#');
            *self = Line { start, end: start, commented, ..Line::default() };
        }
        let more = syntax.slice(Span { start: self.end, end: at });
        self.single_quotes += more.matches('\'').count();
        self.double_quotes += more.matches('"').count();
        self.commented |= more.contains(" #");
        self.end = at;
    }

    fn in_quotes(&self) -> bool {
        self.single_quotes % 2 == 1 || self.double_quotes % 2 == 1
    }
}
