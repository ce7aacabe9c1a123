//! Is this file a Go template (Helm) rather than manifests?
//!
//! `{{` alone proves nothing: dashboards, alert annotations and `--format` arguments hold it as text. In a document
//! that reads as YAML every `{{` stands in a scalar (in flow style it would be a mapping as a key, which has no
//! meaning in JSON), and it is text unless it decides what meshlift reads:
//!
//! * anywhere in an object of an `istio.io` group;
//! * in `apiVersion`, `kind` or `metadata` (except annotations) of any object;
//! * in labels, selectors, ports and service accounts of the built-in kinds the mesh consists of.
//!
//! In a document that does not read as YAML, an action counts unless it stands in a comment or in quotes on its line;
//! when all of them do, the document is reported as broken and not as a template. One counting action makes the whole
//! file a template, because the others may depend on it.

use super::syntax::{Id, Kind, Syntax};
use crate::finding::{Place, Span};
use serde_json::Value;

const OPEN: &str = "{{";

/// The first action that makes the file a template. `values` are the meanings of the documents.
pub(super) fn first_action(syntax: &Syntax, values: &[Option<Value>]) -> Option<Place> {
    memchr::memmem::find(syntax.text.as_bytes(), OPEN.as_bytes())?;
    syntax.documents.iter().zip(values).find_map(|(document, value)| {
        let at = match (document.root, value) {
            _ if !syntax.slice(document.segment).contains(OPEN) => None,
            (Some(root), Some(value)) => {
                let scope = Scope::of(value);
                in_node(syntax, root, &mut Vec::new(), scope)
            }
            _ => in_broken(syntax, document.segment),
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

/// The first action of a document that does not read as YAML, outside comments and outside quotes on its line.
fn in_broken(syntax: &Syntax, segment: Span) -> Option<usize> {
    let text = syntax.slice(segment);
    memchr::memmem::find_iter(text.as_bytes(), OPEN.as_bytes()).map(|offset| segment.start + offset).find(|at| {
        let before = syntax.slice(Span { start: syntax.line_start(*at), end: *at });
        let commented = before.trim_start().starts_with('#') || before.contains(" #");
        let quoted = before.matches('"').count() % 2 == 1 || before.matches('\'').count() % 2 == 1;
        !commented && !quoted
    })
}
