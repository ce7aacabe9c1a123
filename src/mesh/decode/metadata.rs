//! What makes an object its own: name, namespace, labels, annotations. Kubernetes takes nothing but text there, and
//! without quotes `y`, `on` and `123` are no text.

use super::node::Node;
use super::problems::Problems;
use serde_json::Value;

/// Reports values of another type than text, which put the object out: kubectl refuses to apply it.
pub(super) fn check(root: &Node<'_>, problems: &mut Problems) {
    let Some(metadata) = root.key("metadata").filter(|metadata| metadata.value().is_object()) else { return };
    for field in ["name", "namespace"] {
        check_text(metadata.key(field), problems);
    }
    for field in ["labels", "annotations"] {
        let Some(map) = metadata.key(field) else { continue };
        for key in map.value().as_object().into_iter().flat_map(|entries| entries.keys()) {
            check_text(map.key(key), problems);
        }
    }
}

fn check_text(node: Option<Node<'_>>, problems: &mut Problems) {
    let Some(node) = node.filter(|node| !node.value().is_string()) else { return };
    let written = node.written();
    let what = match node.value() {
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        _ => return node.expected("text", problems),
    };
    let message = format!(
        "`{}` must be text, but `{written}` without quotes is {what}, and kubectl refuses the object; write `\"{written}\"`.",
        node.path()
    );
    problems.undecodable(node.place(), message);
}
