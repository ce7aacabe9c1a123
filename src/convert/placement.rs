//! Where new objects stand and what they carry over from the old ones: names, labels, annotations, comments.
//!
//! New objects stand where the first of their old objects stood; old objects that became part of another object, or
//! had no effect, leave a comment that says so, because kustomizations and scripts list their files by name.

use super::plan::Plan;
use super::{Draft, NewKind};
use crate::api::{Labels, ManifestId, namespace};
use crate::finding::catalogue::mtls;
use crate::finding::{Code, ObjectRef};
use crate::mesh::{Input, Version, World};
use crate::yaml::{Manifest, Notes, Replacement, Slot, Tree};
use rayon::prelude::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The served version of `security.istio.io` to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiVersion {
    /// `v1`.
    V1,
    /// `v1beta1`.
    V1Beta1,
}

impl ApiVersion {
    /// `v1` where the target serves it for this kind (`meaning/authn.md` §3.1), else `v1beta1`.
    pub fn newest_for(kind: NewKind, target: Version) -> ApiVersion {
        let since = match kind {
            NewKind::Peer => 22,
            NewKind::Request | NewKind::Authorization => 17,
        };
        if target.at_least(since) { ApiVersion::V1 } else { ApiVersion::V1Beta1 }
    }

    fn text(self) -> &'static str {
        match self {
            ApiVersion::V1 => "security.istio.io/v1",
            ApiVersion::V1Beta1 => "security.istio.io/v1beta1",
        }
    }
}

impl NewKind {
    /// The kind as written in a manifest.
    pub fn word(self) -> &'static str {
        match self {
            NewKind::Peer => "PeerAuthentication",
            NewKind::Request => "RequestAuthentication",
            NewKind::Authorization => "AuthorizationPolicy",
        }
    }
}

/// How objects are written.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// `--api-version`; `None` chooses per kind and target.
    pub api_version: Option<ApiVersion>,
    /// `--to`.
    pub target: Version,
}

/// A new object, ready to be written.
#[derive(Clone, Debug)]
pub struct Placed {
    /// Kind, namespace, name.
    pub object: ObjectRef,
    /// The old objects it comes from; the first is its home.
    pub from: Vec<ManifestId>,
    /// The object as it stands in the home's file.
    pub tree: Tree,
    /// True when its home is in the inventory: it is converted there, and only counts in the proof.
    pub elsewhere: bool,
    /// When it has to be applied, relative to the others (`meaning/authn.md` §2.5, `meaning/rbac.md` §6.13).
    apply_rank: u8,
}

impl Placed {
    /// The object with its namespace spelled out, for a stream that no kustomization completes; without one where nobody
    /// named it.
    pub fn standalone(&self) -> Tree {
        let mut tree = self.tree.clone();
        if !namespace::is_unnamed(&self.object.namespace)
            && let Some(Tree::Map(metadata)) = entry_mut(&mut tree, "metadata")
            && !metadata.iter().any(|(_, key, _)| key == "namespace")
        {
            let after_name = metadata.iter().position(|(_, key, _)| key == "name").map_or(metadata.len(), |at| at + 1);
            let namespace = Tree::Scalar(self.object.namespace.as_str().into());
            metadata.insert(after_name, (Notes::default(), "namespace".to_owned(), namespace));
        }
        tree
    }
}

fn entry_mut<'t>(tree: &'t mut Tree, key: &str) -> Option<&'t mut Tree> {
    let Tree::Map(entries) = tree else { return None };
    entries.iter_mut().find(|(_, name, _)| name == key).map(|(_, _, value)| value)
}

/// What happens to every file.
#[derive(Clone, Debug, Default)]
pub struct Placement {
    /// New objects, in home order.
    pub placed: Vec<Placed>,
    /// File to the replacements in it.
    pub changes: BTreeMap<Arc<str>, BTreeMap<Slot, Replacement>>,
}

impl Placement {
    /// The objects that this run writes.
    pub fn written(&self) -> impl Iterator<Item = &Placed> {
        self.placed.iter().filter(|placed| !placed.elsewhere)
    }

    /// The new objects in an order that is safe to apply from top to bottom: exceptions before the general rule,
    /// grants before the default deny.
    pub fn in_apply_order(&self) -> Vec<&Placed> {
        let mut objects: Vec<&Placed> = self.written().collect();
        objects.sort_by_key(|placed| {
            (placed.apply_rank, &placed.object.namespace, &placed.object.kind, &placed.object.name)
        });
        objects
    }
}

/// Places the drafts of a plan.
pub fn place(plan: &Plan, world: &World, style: Style) -> Placement {
    let manifests = &world.manifests;
    let namespaces = effective_namespaces(world);
    let environments = world.environments.iter();
    let roots: BTreeSet<&str> = environments.map(|one| one.mesh.settings.root_namespace.as_str()).collect();
    let placed = |draft: &Draft| {
        let home_id = draft.from.first()?;
        let home = manifests.get(home_id.0)?;
        let name_namespace =
            !namespace::is_unnamed(&draft.namespace) && !lives_in(&draft.namespace, *home_id, home, &namespaces);
        Some(Placed {
            object: ObjectRef::new(draft.kind.word(), &draft.namespace, &draft.name),
            from: draft.from.clone(),
            tree: object_tree(draft, &home.manifest, style, name_namespace),
            elsewhere: home.inventory,
            apply_rank: apply_rank(draft, &roots),
        })
    };
    let placed = plan.drafts.par_iter().filter_map(placed).collect();
    let mut placement = Placement { placed, changes: BTreeMap::new() };
    let parts = Parts::of(&placement.placed);
    let stays = |id: &ManifestId| plan.ledger.is_refused(*id);
    let replaced = |id: &ManifestId| {
        let input = manifests.get(id.0).filter(|input| !input.inventory && !stays(id))?;
        Some((input, replacement(*id, input, plan, &parts, manifests)?))
    };
    let replaced: Vec<(&Input, Replacement)> = world.legacy.par_iter().filter_map(replaced).collect();
    for (input, replacement) in replaced {
        let file = placement.changes.entry(input.manifest.file().clone()).or_default();
        file.insert(input.manifest.slot(), replacement);
    }
    placement
}

/// Which new objects an old one has a part in, in home order.
struct Parts<'p>(BTreeMap<ManifestId, Vec<&'p Placed>>);

impl<'p> Parts<'p> {
    fn of(placed: &'p [Placed]) -> Parts<'p> {
        let mut parts: BTreeMap<ManifestId, Vec<&Placed>> = BTreeMap::new();
        for new in placed {
            for id in new.from.iter().collect::<BTreeSet<_>>() {
                parts.entry(*id).or_default().push(new);
            }
        }
        Parts(parts)
    }

    fn with(&self, id: ManifestId) -> impl Iterator<Item = &'p Placed> {
        self.0.get(&id).into_iter().flatten().copied()
    }
}

/// Why an object that had an effect becomes nothing: the mesh-wide object covers it, or the user gave it up.
const HAD_AN_EFFECT: [Code; 2] = [mtls::ROOT_POLICY, mtls::ROOT_TARGET];

/// What becomes of one old object: its new objects, or a comment.
fn replacement(
    id: ManifestId,
    input: &Input,
    plan: &Plan,
    parts: &Parts<'_>,
    manifests: &[Input],
) -> Option<Replacement> {
    let mut trees: Vec<Tree> =
        parts.with(id).filter(|new| new.from.first() == Some(&id)).map(|new| new.tree.clone()).collect();
    if !trees.is_empty() {
        let homeless = homeless_comments(&input.manifest, &comments_in(&trees));
        if let Some(first) = trees.first_mut() {
            put_above(first, homeless);
        }
        return Some(Replacement::Objects(trees));
    }
    let object = input.object();
    let mut lines = match plan.ledger.inert_objects().get(&id) {
        Some(code) if HAD_AN_EFFECT.contains(code) => vec![format!("meshlift: {object} became nothing ({code})")],
        Some(code) => vec![format!("meshlift: {object} had no effect and became nothing ({code})")],
        None => {
            let hosts: Vec<String> = parts
                .with(id)
                .map(|new| {
                    let home = new.from.first().and_then(|home| manifests.get(home.0));
                    let file = home.map(|home| home.manifest.file().as_ref()).unwrap_or_default();
                    if file == input.manifest.file().as_ref() {
                        new.object.to_string()
                    } else {
                        format!("{} in {file}", new.object)
                    }
                })
                .collect();
            if hosts.is_empty() {
                return None;
            }
            vec![format!("meshlift: {object} is now part of {}", hosts.join(", "))]
        }
    };
    lines.extend(
        homeless_comments(&input.manifest, &carried_elsewhere(id, input, parts, manifests))
            .into_iter()
            .map(|line| line.trim_start_matches('#').trim_start().to_owned()),
    );
    Some(Replacement::Comment(lines))
}

/// The object as a tree: apiVersion, kind, metadata, spec.
fn object_tree(draft: &Draft, home: &Manifest, style: Style, name_namespace: bool) -> Tree {
    let version = style.api_version.unwrap_or_else(|| ApiVersion::newest_for(draft.kind, style.target));
    let entry = |key: &str, tree: Tree| (Notes::default(), key.to_owned(), tree);
    let mut kind = entry("apiVersion", Tree::Scalar(version.text().into()));
    kind.0.head = draft.comment.iter().map(|line| format!("# {line}")).collect();
    Tree::Map(vec![
        kind,
        entry("kind", Tree::Scalar(draft.kind.word().into())),
        entry("metadata", metadata(draft, home, name_namespace)),
        entry("spec", draft.spec.clone()),
    ])
}

/// Annotations that the server or kubectl wrote: never carried (`inside/design.md` §4).
const SERVER_ANNOTATIONS: [&str; 1] = ["kubectl.kubernetes.io/last-applied-configuration"];

/// Name, namespace, labels and annotations, in the order of the old object, so that a diff shows only what changed.
/// What the server set is not carried.
fn metadata(draft: &Draft, home: &Manifest, name_namespace: bool) -> Tree {
    let mut entries = vec![];
    let text = |value: &str| Tree::Scalar(value.into());
    let mut put = |key: &str, tree: Tree| entries.push((home.notes(&format!("/metadata/{key}")), key.to_owned(), tree));
    let old = home.value().pointer("/metadata").and_then(Value::as_object);
    let written: Vec<&str> = old.into_iter().flatten().map(|(key, _)| key.as_str()).collect();
    let mut order = written.clone();
    for (key, after) in [("name", None), ("namespace", Some("name")), ("annotations", None)] {
        if !written.contains(&key) {
            let at =
                after.and_then(|after| order.iter().position(|key| *key == after)).map_or(order.len(), |at| at + 1);
            order.insert(at, key);
        }
    }
    for key in order {
        match key {
            "name" => put(key, text(&draft.name)),
            "namespace" if name_namespace => put(key, text(&draft.namespace)),
            "labels" | "annotations" => {
                let added = if key == "annotations" { draft.annotations.clone() } else { Labels::new() };
                let carried = strings(home, key, &added);
                if !carried.is_empty() {
                    put(key, Tree::Map(carried));
                }
            }
            _ => {}
        }
    }
    Tree::Map(entries)
}

/// The labels or annotations that are carried, and those that are added.
fn strings(home: &Manifest, key: &str, added: &Labels) -> Vec<(Notes, String, Tree)> {
    let at = format!("/metadata/{key}");
    let old = home.value().pointer(&at).and_then(Value::as_object);
    let kept = old
        .into_iter()
        .flatten()
        .filter(|(name, _)| !SERVER_ANNOTATIONS.contains(&name.as_str()) && !added.contains_key(name.as_str()));
    let new = added.iter().map(|(name, value)| (Notes::default(), name.clone(), Tree::Scalar(value.as_str().into())));
    carried(home, &at, kept).into_iter().chain(new).collect()
}

/// The effective namespace of every old object; empty for cluster-scoped kinds.
fn effective_namespaces(world: &World) -> BTreeMap<ManifestId, String> {
    let mut namespaces = BTreeMap::new();
    for mesh in world.environments.iter().map(|environment| &environment.mesh) {
        let metas = mesh.authentication.iter().map(|object| &object.meta);
        let metas = metas.chain(mesh.configs.iter().map(|object| &object.meta));
        let metas = metas.chain(mesh.roles.iter().map(|object| &object.meta));
        for meta in metas.chain(mesh.bindings.iter().map(|object| &object.meta)) {
            if let Some(id) = meta.manifest {
                namespaces.insert(id, meta.namespace.clone());
            }
        }
    }
    namespaces
}

/// True when an object at the home's place ends up in `namespace` without naming it: the home names none itself and
/// gets this one from its kustomization or from `kubectl -n`, and so does what replaces it.
fn lives_in(namespace: &str, id: ManifestId, home: &Input, effective: &BTreeMap<ManifestId, String>) -> bool {
    home.manifest.value().pointer("/metadata/namespace").is_none()
        && effective.get(&id).is_some_and(|effective| effective == namespace)
}

/// The entries of a string map with the comments beside them.
fn carried<'a>(
    home: &Manifest,
    at: &str,
    map: impl Iterator<Item = (&'a String, &'a Value)>,
) -> Vec<(Notes, String, Tree)> {
    map.map(|(key, value)| {
        let pointer = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        (home.notes(&pointer), key.clone(), Tree::from(value.clone()))
    })
    .collect()
}

/// The comments of the old object that no new object carries: nothing a person wrote may be lost. A text that stands in
/// the old object more often than in any new one is kept as often as it is missing.
fn homeless_comments(old: &Manifest, carried: &Counts) -> Vec<String> {
    let mut kept = carried.clone();
    let mut comments = old.unclaimed_comments(&[]);
    comments.retain(|comment| match kept.get_mut(comment) {
        Some(left) if *left > 0 => {
            *left -= 1;
            false
        }
        _ => true,
    });
    comments
}

/// How often each comment stands somewhere.
type Counts = BTreeMap<String, usize>;

/// How often each comment stands in the object that has it most often.
fn comments_in(trees: &[Tree]) -> Counts {
    let mut kept = Counts::new();
    for tree in trees {
        let mut carried = Vec::new();
        collect_comments(tree, &mut carried);
        for (comment, count) in counted(carried) {
            let most = kept.entry(comment).or_default();
            *most = (*most).max(count);
        }
    }
    kept
}

/// The comments of an old object that stand in new objects whose home is another one. What the other contributors
/// wrote themselves is theirs, so that a text which both have is not taken for this one's.
fn carried_elsewhere(id: ManifestId, input: &Input, parts: &Parts<'_>, manifests: &[Input]) -> Counts {
    let mut kept = Counts::new();
    if input.manifest.unclaimed_comments(&[]).is_empty() {
        return kept;
    }
    for new in parts.with(id) {
        let mut carried = comments_in(std::slice::from_ref(&new.tree));
        let others = new.from.iter().filter(|other| **other != id).filter_map(|other| manifests.get(other.0));
        for comment in others.flat_map(|other| other.manifest.unclaimed_comments(&[])) {
            if let Some(count) = carried.get_mut(&comment) {
                *count = count.saturating_sub(1);
            }
        }
        for (comment, count) in carried {
            let most = kept.entry(comment).or_default();
            *most = (*most).max(count);
        }
    }
    kept
}

fn counted(comments: Vec<String>) -> Counts {
    let mut counts = Counts::new();
    for comment in comments {
        *counts.entry(comment).or_default() += 1;
    }
    counts
}

fn collect_comments(tree: &Tree, into: &mut Vec<String>) {
    let children: Vec<(&Notes, &Tree)> = match tree {
        Tree::Scalar(_) => return,
        Tree::Seq(items) => items.iter().map(|(notes, item)| (notes, item)).collect(),
        Tree::Map(entries) => entries.iter().map(|(notes, _, value)| (notes, value)).collect(),
    };
    for (notes, child) in children {
        into.extend(notes.head.iter().chain(&notes.side).cloned());
        collect_comments(child, into);
    }
}

/// Puts comment lines above an object, before those it already has.
fn put_above(tree: &mut Tree, mut lines: Vec<String>) {
    if let Tree::Map(entries) = tree
        && let Some((notes, ..)) = entries.first_mut()
    {
        lines.append(&mut notes.head);
        notes.head = lines;
    }
}

/// The order in which objects can be applied from top to bottom to a mesh that still enforces the old ones, without
/// opening anything on the way (`meaning/rollout.md` R16 to R20): a PeerAuthentication for workloads before that of their
/// namespace, and the mesh's last; the DENY rules of tokens before the RequestAuthentication, which ends the old demand;
/// grants before the default deny. `roots` are the root namespaces of the meshes.
fn apply_rank(draft: &Draft, roots: &BTreeSet<&str>) -> u8 {
    let has = |key: &str| matches!(&draft.spec, Tree::Map(entries) if entries.iter().any(|(_, name, _)| name == key));
    let denies = matches!(&draft.spec, Tree::Map(entries)
        if entries.iter().any(|(_, name, value)| name == "action" && *value == Tree::Scalar("DENY".into())));
    match draft.kind {
        NewKind::Peer if has("selector") => 0,
        NewKind::Peer if !roots.contains(draft.namespace.as_str()) => 1,
        NewKind::Peer => 2,
        NewKind::Authorization if denies => 3,
        NewKind::Request => 4,
        NewKind::Authorization if has("rules") => 5,
        NewKind::Authorization => 6,
    }
}
