//! The mesh after the change, read back from what would be written: the proof covers the bytes, not the intention.

use super::{Change, Loaded};
use crate::api::{ManifestId, Meta};
use crate::convert::placement::{Placed, Placement};
use crate::finding::catalogue::plan::NOT_YAML_AFTER_EDIT;
use crate::finding::{Finding, ObjectRef, Place};
use crate::mesh::{self, BuildOptions, Completeness, Input, Mesh};
use crate::yaml::{self, Manifest, Replacement, Stream, Tree};
use rayon::prelude::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What the changed files hold, read back from their new text.
#[derive(Debug, Default)]
pub struct ReadBack {
    /// By file, then by identity as written: the objects of the group that meshlift writes.
    objects: BTreeMap<Arc<str>, BTreeMap<ObjectRef, Vec<Manifest>>>,
    /// Files that would not read back as what was meant to be written.
    pub findings: Vec<Finding>,
}

impl ReadBack {
    /// The placed object as it stands in its file.
    pub fn find(&self, placed: &Placed, manifests: &[Input]) -> Option<&Manifest> {
        self.of_tree(manifests.get(placed.from.first()?.0)?.manifest.file(), &placed.tree)
    }

    /// The object of a file that reads as this tree was meant.
    fn of_tree(&self, file: &Arc<str>, tree: &Tree) -> Option<&Manifest> {
        let meant = yaml::value_of(tree);
        self.objects.get(file)?.get(&identity(&meant))?.iter().find(|manifest| *manifest.value() == meant)
    }
}

/// How a file is called that is read back before it is written.
fn as_new(file: &str) -> String {
    format!("{file} (new)")
}

/// Kind, namespace and name as written.
fn identity(value: &Value) -> ObjectRef {
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    ObjectRef::new(text("/kind"), text("/metadata/namespace"), text("/metadata/name"))
}

/// True for the objects that meshlift writes, and for others of their API group.
fn is_new(manifest: &Manifest) -> bool {
    let version = manifest.value().get("apiVersion").and_then(Value::as_str);
    version.is_some_and(|version| version.starts_with("security.istio.io/"))
}

/// The environment after the change: its old objects are gone, the new ones are there.
pub fn mesh_after(before: &Mesh, placement: &Placement, read_back: &ReadBack, loaded: &Loaded) -> Mesh {
    let ids = legacy_ids(before);
    let mut after = before.clone();
    after.authentication.clear();
    after.configs.clear();
    after.roles.clear();
    after.bindings.clear();

    let manifests = &loaded.world.manifests;
    let mine = placement.placed.iter().filter(|placed| placed.from.iter().any(|id| ids.contains(id)));
    let inputs = mine
        .filter_map(|placed| read_back.find(placed, manifests).cloned().or_else(|| standing_alone(placed, manifests)))
        .map(|manifest| Input { manifest, inventory: false })
        .collect();
    let mut options = BuildOptions { one_mesh: true, complete: Completeness::All, ..loaded.options.clone() };
    options.meshes.clear();
    let renamed = loaded.options.namespaces.iter().map(|(file, name)| (Arc::from(as_new(file)), name.clone()));
    options.namespaces = renamed.collect();
    for environment in mesh::build(inputs, &options).environments {
        after.peer.extend(environment.mesh.peer);
        after.request.extend(environment.mesh.request);
        after.authorization.extend(environment.mesh.authorization);
    }
    after
}

/// True when ANY new object was made from old ones of this environment.
pub fn has_placed(mesh: &Mesh, placement: &Placement) -> bool {
    let ids = legacy_ids(mesh);
    placement.placed.iter().any(|placed| placed.from.iter().any(|id| ids.contains(id)))
}

/// The environment after the change with the old objects that stay.
pub fn with_old_objects(after: &Mesh, before: &Mesh, stays: impl Fn(ManifestId) -> bool) -> Mesh {
    let mut mixed = after.clone();
    let kept = |meta: &Meta| meta.manifest.is_some_and(&stays);
    mixed.authentication = before.authentication.iter().filter(|policy| kept(&policy.meta)).cloned().collect();
    mixed.configs = before.configs.iter().filter(|config| kept(&config.meta)).cloned().collect();
    mixed.roles = before.roles.iter().filter(|role| kept(&role.meta)).cloned().collect();
    mixed.bindings = before.bindings.iter().filter(|binding| kept(&binding.meta)).cloned().collect();
    mixed
}

/// A new object that is in no changed file, because its old ones are in the inventory. It is read as if it stood in the
/// folder of the first of them, which says what its namespace is when nobody named it.
fn standing_alone(placed: &Placed, manifests: &[Input]) -> Option<Manifest> {
    let text = Arc::from(yaml::emit(&placed.standalone()));
    let home = manifests.get(placed.from.first()?.0)?.manifest.file();
    Stream::parse(&as_new(home), text).manifests().into_iter().next()
}

/// The manifests of the old objects of an environment.
pub fn legacy_ids(mesh: &Mesh) -> BTreeSet<ManifestId> {
    mesh.legacy_manifests().collect()
}

/// Reads every changed file back: it must still parse, and hold exactly the objects that were placed in it.
pub fn read_back(changes: &[Change], placement: &Placement, loaded: &Loaded) -> ReadBack {
    let mut read_back = ReadBack::default();
    for change in changes {
        // Lines are those of the file as it will be, which the path has to say.
        let stream = Stream::parse(&as_new(&change.shown), change.new.clone());
        let objects = read_back.objects.entry(change.shown.clone()).or_default();
        for manifest in stream.manifests().into_iter().filter(is_new) {
            objects.entry(identity(manifest.value())).or_default().push(manifest);
        }
        let replacements = placement.changes.get(&change.shown);
        let replacements: Vec<&Replacement> = replacements.into_iter().flat_map(BTreeMap::values).collect();
        let missing = replacements.par_iter().any(|replacement| match replacement {
            Replacement::Comment(_) => false,
            // ANY object that cannot be read back as it was meant makes the file wrong.
            Replacement::Objects(trees) => trees.iter().any(|tree| read_back.of_tree(&change.shown, tree).is_none()),
        });
        let problems_before = loaded.files.get(&change.shown).map_or(0, |file| file.stream.findings.len());
        if missing || stream.findings.len() > problems_before {
            let message = format!("{} would not read back as what was meant to be written", change.shown);
            let place = Place::start_of(change.shown.clone());
            read_back.findings.push(Finding::new(NOT_YAML_AFTER_EDIT, message).at(place));
        }
    }
    read_back
}
