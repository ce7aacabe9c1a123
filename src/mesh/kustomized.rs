//! Old objects in a base of kustomize: what reaches the cluster is what the kustomizations that refer to the base make
//! of it, and the file alone does not say that. Until renderings are built, such objects are refused where it matters.

use super::decode::folder_of;
use crate::finding::catalogue::mesh as codes;
use crate::finding::{Finding, ObjectRef};
use std::collections::BTreeSet;

/// A kustomization that refers to a file from another folder, directly or through other kustomizations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlay {
    /// The path of the kustomization, as shown.
    pub shown: String,
    /// What it has to do with the file.
    pub role: OverlayRole,
    /// Its `namespace:`, which replaces that of every object.
    pub namespace: Option<String>,
    /// Its other fields that change names, selectors or any value: `namePrefix`, `patches` and their like, in the order
    /// of the file.
    pub fields: Vec<String>,
}

/// What a kustomization does with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverlayRole {
    /// The objects of the file are among its resources.
    Renders,
    /// The file holds a patch that it applies.
    Patches,
}

/// How many kustomizations a message names.
const NAMED: usize = 3;

/// The finding that refuses an object of a base, with the object in the namespace that all its overlays give it, or in
/// none (which is everywhere) when they differ; `None` when they change nothing that matters.
pub(super) fn refusal(object: &ObjectRef, overlays: &[Overlay]) -> Option<(ObjectRef, Finding)> {
    let changes: Vec<(&Overlay, String)> =
        overlays.iter().filter_map(|overlay| Some((overlay, change(object, overlay)?))).collect();
    let (first, _) = changes.first()?;
    let rendered = rendered(object, overlays);
    let remedy = format!(
        "Convert what is rendered, with `kustomize build {} | meshlift -`, and carry the result over.",
        Some(folder_of(&first.shown)).filter(|folder| !folder.is_empty()).unwrap_or(".")
    );
    let more = changes.len().saturating_sub(NAMED);
    let rest = if more > 0 { format!(", and {more} more do") } else { String::new() };
    let named: Vec<&str> = changes.iter().take(NAMED).map(|(_, change)| change.as_str()).collect();
    let message = format!("{rendered} does not reach the cluster as it stands here: {}{rest}.", named.join(", "));
    let finding = Finding::new(codes::KUSTOMIZE_BASE, message).on(rendered.clone());
    Some((rendered, finding.remedy(remedy)))
}

/// What an overlay changes about an object, as part of a sentence; `None` when nothing that matters.
fn change(object: &ObjectRef, overlay: &Overlay) -> Option<String> {
    if overlay.role == OverlayRole::Patches {
        return Some(format!("{} applies it as a patch", overlay.shown));
    }
    // An object without a namespace (cluster-scoped) has none to replace.
    let moved = |namespace: &&String| !object.namespace.is_empty() && object.namespace != **namespace;
    let namespace = overlay.namespace.as_ref().filter(moved).map(|namespace| format!("`namespace: {namespace}`"));
    let fields = overlay.fields.iter().map(|field| format!("`{field}`"));
    let changes: Vec<String> = namespace.into_iter().chain(fields).collect();
    (!changes.is_empty()).then(|| format!("{} renders it with {}", overlay.shown, changes.join(" and ")))
}

fn rendered(object: &ObjectRef, overlays: &[Overlay]) -> ObjectRef {
    let of = |overlay: &Overlay| overlay.namespace.clone().unwrap_or_else(|| object.namespace.clone());
    let namespaces: BTreeSet<String> = overlays.iter().map(of).collect();
    let namespace = match namespaces.first() {
        _ if object.namespace.is_empty() => "",
        Some(only) if namespaces.len() == 1 => only,
        _ => "",
    };
    ObjectRef::new(&object.kind, namespace, &object.name)
}
