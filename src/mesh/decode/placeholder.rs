//! Placeholders that some other program would have filled in: `$(NAME)` of kustomize, `${NAME}` and `$NAME` of envsubst,
//! `{{ name }}` in quotes, `<NAME>` of somebody who meant to edit the file. The object that the cluster holds has another
//! text there, so nothing may be concluded from this one.
//!
//! Only fields that decide about access are looked at, and regular expressions may hold `$` and `<` of their own.

use super::kind::Kind;
use super::node::Node;
use super::problems::Problems;
use crate::finding::catalogue::mesh as codes;
use crate::finding::{Finding, Severity};
use serde_json::Value;

/// Reports the first placeholder in a field with a meaning, which puts the object out.
pub(super) fn check(kind: Kind, root: &Node<'_>, problems: &mut Problems) {
    let Some((node, text)) = fields(kind, root).into_iter().find_map(|field| first_below(&field, Text::Plain)) else {
        return;
    };
    let (filler, remedy) = who_fills_in(&text);
    let message = format!(
        "`{}` holds the placeholder `{text}`, which {filler} fills in; what the cluster has there is not in this file.",
        node.path()
    );
    // An old object is refused; another one is left alone, but nothing may be concluded from it.
    let severity = if kind.is_legacy() { Severity::Error } else { Severity::Warning };
    problems.out(Finding::new(codes::TEMPLATED_FIELD, message).severity(severity).at(node.place()).remedy(remedy));
}

/// Who replaces a placeholder of this form, and what to do about it.
fn who_fills_in(text: &str) -> (&'static str, &'static str) {
    if text.starts_with("$(") {
        let remedy = "Give meshlift the rendered objects (`kustomize build FOLDER | meshlift -`), or dump them from the cluster.";
        ("kustomize", remedy)
    } else if text.starts_with('$') {
        let remedy = "Fill in the values first (`envsubst < FILE | meshlift -`), or dump the objects from the cluster.";
        ("envsubst or a script", remedy)
    } else if text.starts_with('{') {
        (
            "a template engine",
            "Render the file first and give meshlift the result, or dump the objects from the cluster.",
        )
    } else {
        ("a person", "Write what the cluster has there, or dump the objects from the cluster.")
    }
}

/// The parts of an object that decide about access.
fn fields<'a>(kind: Kind, root: &Node<'a>) -> Vec<Node<'a>> {
    let at = |path: &[&str]| path.iter().try_fold(root.clone(), |node, key| node.key(key));
    let mut found: Vec<Option<Node<'a>>> = vec![at(&["metadata", "name"]), at(&["metadata", "namespace"])];
    match kind {
        Kind::Namespace => found.push(at(&["metadata", "labels"])),
        Kind::Service => found.extend([at(&["spec", "selector"]), at(&["spec", "ports"])]),
        Kind::Workload => found.extend(pods(root)),
        Kind::DestinationRule => found.push(at(&["spec", "host"])),
        Kind::Sidecar => found.push(at(&["spec", "workloadSelector"])),
        Kind::ServiceEntry => found.push(at(&["spec", "hosts"])),
        _ => found.push(at(&["spec"])),
    }
    found.into_iter().flatten().collect()
}

/// Labels, service account and ports of the pods of a workload.
fn pods<'a>(root: &Node<'a>) -> Vec<Option<Node<'a>>> {
    let kind = root.value().get("kind").and_then(Value::as_str).unwrap_or_default();
    let Some(template) = super::core::pod_template(root, kind) else { return Vec::new() };
    let spec = template.key("spec");
    let of_spec = |key: &str| spec.as_ref().and_then(|spec| spec.key(key));
    let mut found = vec![
        template.key("metadata").and_then(|metadata| metadata.key("labels")),
        of_spec("serviceAccountName"),
        of_spec("serviceAccount"),
    ];
    let containers = of_spec("containers").map(|containers| containers.children()).unwrap_or_default();
    found.extend(containers.into_iter().map(|(_, container)| container.key("ports")));
    found
}

/// What the text of a field may be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Text {
    Plain,
    /// A regular expression, where `$` and `<` have a meaning of their own.
    Regex,
}

/// The first placeholder at or below a node: in keys, too, where constraints and labels have them.
fn first_below<'a>(node: &Node<'a>, text: Text) -> Option<(Node<'a>, String)> {
    if let Some(value) = node.value().as_str() {
        return placeholder(value, text).map(|found| (node.clone(), found.to_owned()));
    }
    node.children().into_iter().find_map(|(key, child)| {
        let of_child = if key.is_some_and(|key| key == "regex") { Text::Regex } else { text };
        let in_key = key.and_then(|key| placeholder(key, Text::Plain)).map(|found| (child.clone(), found.to_owned()));
        in_key.or_else(|| first_below(&child, of_child))
    })
}

/// The first whole placeholder in a text.
fn placeholder(value: &str, text: Text) -> Option<&str> {
    let bytes = value.as_bytes();
    value.char_indices().filter(|(_, letter)| matches!(letter, '$' | '{' | '<')).find_map(|(at, _)| {
        let rest = value.get(at..)?;
        let before = at.checked_sub(1).and_then(|before| bytes.get(before)).copied();
        let length = match text {
            Text::Plain => enclosed(rest, "$(", ")", is_name)
                .or_else(|| enclosed(rest, "${", "}", is_name))
                .or_else(|| enclosed(rest, "{{", "}}", |inside| !inside.is_empty()))
                .or_else(|| enclosed(rest, "<", ">", is_name))
                .or_else(|| variable(rest, before)),
            Text::Regex => enclosed(rest, "${", "}", is_upper_name)
                .or_else(|| enclosed(rest, "{{", "}}", |inside| !inside.is_empty())),
        }?;
        rest.get(..length)
    })
}

/// The length of a placeholder between two marks.
fn enclosed(text: &str, open: &str, close: &str, fits: impl Fn(&str) -> bool) -> Option<usize> {
    let inside = text.strip_prefix(open)?;
    let end = inside.find(close)?;
    fits(inside.get(..end)?.trim()).then_some(open.len() + end + close.len())
}

/// The length of `$NAME` as a word of its own: in capital letters, as `$metadata` of OData is a path.
fn variable(text: &str, before: Option<u8>) -> Option<usize> {
    let name = text.strip_prefix('$')?;
    let length = name.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
    let separate = before.is_none_or(|byte| !byte.is_ascii_alphanumeric());
    (length > 1 && separate && is_upper_name(name.get(..length)?)).then_some(1 + length)
}

/// `NAME`, `name`, `objref.name`, `your-name`.
fn is_name(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-. :".contains(&byte))
}

fn is_upper_name(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_ascii_uppercase() || letter == '_')
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_placeholders_are_seen() {
        for (value, found) in [
            ("$(NAMESPACE)", "$(NAMESPACE)"),
            ("cluster.local/ns/${NS}/sa/web", "${NS}"),
            ("${NS:-default}", "${NS:-default}"),
            ("$HOST", "$HOST"),
            ("$USER_NS.svc", "$USER_NS"),
            ("<NAMESPACE>", "<NAMESPACE>"),
            ("ns/<your-namespace>/sa/*", "<your-namespace>"),
            ("{{ .Values.ns }}", "{{ .Values.ns }}"),
            ("web-{{X}}", "{{X}}"),
        ] {
            assert_eq!(placeholder(value, Text::Plain), Some(found), "{value}");
        }
    }

    #[test]
    fn other_signs_are_no_placeholders() {
        for value in
            ["/api/$metadata", "/a$", "US$A1", "$", "$1", "a<b", "<>", "{a}", "{*}", "{{}}", "< 5 >", "$()", "*"]
        {
            assert_eq!(placeholder(value, Text::Plain), None, "{value}");
        }
        for value in ["^/a$(b)", "/v[0-9]+$", "(?P<name>a)", "a{2}$VAR", "^[^<>]*$"] {
            assert_eq!(placeholder(value, Text::Regex), None, "{value}");
        }
        assert_eq!(placeholder("/${VERSION}/.*", Text::Regex), Some("${VERSION}"));
    }
}
