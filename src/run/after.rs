//! The mesh after the change, read back from what would be written: the proof covers the bytes, not the intention.

use super::{Change, Loaded};
use crate::api::ManifestId;
use crate::convert::placement::{Placed, Placement};
use crate::finding::catalogue::plan::NOT_YAML_AFTER_EDIT;
use crate::finding::{Finding, Place};
use crate::mesh::{self, BuildOptions, Input, Mesh};
use crate::yaml::{self, Manifest, Replacement, Stream};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What the changed files hold, read back from their new text.
#[derive(Debug, Default)]
pub struct ReadBack {
    objects: BTreeMap<Arc<str>, Vec<Manifest>>,
    /// Files that would not read back as what was meant to be written.
    pub findings: Vec<Finding>,
}

impl ReadBack {
    /// The placed object as it stands in its file.
    fn find(&self, placed: &Placed, manifests: &[Input]) -> Option<Manifest> {
        let home = manifests.get(placed.from.first()?.0)?.manifest.file();
        let meant = yaml::value_of(&placed.tree);
        self.objects.get(home)?.iter().find(|manifest| *manifest.value() == meant).cloned()
    }
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
        .filter_map(|placed| read_back.find(placed, manifests).or_else(|| standing_alone(placed)))
        .map(|manifest| Input { manifest, inventory: false })
        .collect();
    let options = BuildOptions { one_mesh: true, complete: true, ..loaded.options.clone() };
    for environment in mesh::build(inputs, &options).environments {
        after.peer.extend(environment.mesh.peer);
        after.request.extend(environment.mesh.request);
        after.authorization.extend(environment.mesh.authorization);
    }
    after
}

/// A new object that is in no changed file, because its old ones are in the inventory.
fn standing_alone(placed: &Placed) -> Option<Manifest> {
    let text = Arc::from(yaml::emit(&placed.standalone));
    Stream::parse(&format!("<{}>", placed.object), text).manifests().into_iter().next()
}

/// The manifests of the old objects of an environment.
pub fn legacy_ids(mesh: &Mesh) -> BTreeSet<ManifestId> {
    let metas = mesh.authentication.iter().map(|o| &o.meta);
    let metas = metas.chain(mesh.configs.iter().map(|o| &o.meta));
    let metas = metas.chain(mesh.roles.iter().map(|o| &o.meta));
    let metas = metas.chain(mesh.bindings.iter().map(|o| &o.meta));
    metas.filter_map(|meta| meta.manifest).collect()
}

/// Reads every changed file back: it must still parse, and hold exactly the objects that were placed in it.
pub fn read_back(changes: &[Change], placement: &Placement) -> ReadBack {
    let mut read_back = ReadBack::default();
    for change in changes {
        // Lines are those of the file as it will be, which the path has to say.
        let stream = Stream::parse(&format!("{} (new)", change.shown), Arc::from(change.new.as_str()));
        let before = Stream::parse(&change.shown, change.old.clone());
        let objects = stream.manifests();
        let found: BTreeSet<String> = objects.iter().map(|manifest| manifest.value().to_string()).collect();
        let replacements = placement.changes.get(&change.shown).into_iter().flatten();
        let missing = replacements.clone().any(|(_, replacement)| match replacement {
            Replacement::Comment(_) => false,
            // ANY object that cannot be read back as it was meant makes the file wrong.
            Replacement::Objects(trees) => trees.iter().any(|tree| !found.contains(&yaml::value_of(tree).to_string())),
        });
        if missing || stream.findings.len() > before.findings.len() {
            let message = format!("{} would not read back as what was meant to be written", change.shown);
            let place = Place::start_of(change.shown.clone());
            read_back.findings.push(Finding::new(NOT_YAML_AFTER_EDIT, message).at(place));
        }
        read_back.objects.insert(change.shown.clone(), objects);
    }
    read_back
}
