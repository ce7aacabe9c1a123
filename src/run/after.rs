//! The mesh after the change, read back from what would be written: the proof covers the bytes, not the intention.

use super::{Change, Reading};
use crate::api::ManifestId;
use crate::convert::placement::{Placed, Placement};
use crate::finding::catalogue::plan::NOT_YAML_AFTER_EDIT;
use crate::finding::{Finding, Place};
use crate::mesh::{self, BuildOptions, Input, Mesh};
use crate::yaml::{self, Stream};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The environment after the change: its old objects are gone, the new ones are there.
pub fn mesh_after(before: &Mesh, placement: &Placement, reading: &Reading) -> Mesh {
    let ids = legacy_ids(before);
    let mine: Vec<&Placed> =
        placement.placed.iter().filter(|placed| placed.from.iter().any(|id| ids.contains(id))).collect();
    let mut after = before.clone();
    after.authentication.clear();
    after.configs.clear();
    after.roles.clear();
    after.bindings.clear();

    let text: Vec<String> = mine.iter().map(|placed| yaml::emit(&placed.standalone)).collect();
    let stream = Stream::parse("the new objects", Arc::from(text.join("---\n")));
    let inputs = stream.manifests().into_iter().map(|manifest| Input { manifest, inventory: false }).collect();
    let options =
        BuildOptions { settings: reading.settings.clone(), one_mesh: true, complete: true, ..BuildOptions::default() };
    for environment in mesh::build(inputs, &options).environments {
        after.peer.extend(environment.mesh.peer);
        after.request.extend(environment.mesh.request);
        after.authorization.extend(environment.mesh.authorization);
    }
    after
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
pub fn check_files(changes: &[Change], placement: &Placement) -> Vec<Finding> {
    let mut findings = Vec::new();
    for change in changes {
        let stream = Stream::parse(&change.shown, Arc::from(change.new.as_str()));
        let before = Stream::parse(&change.shown, change.old.clone());
        let found: Vec<String> = stream.manifests().iter().map(|manifest| manifest.value().to_string()).collect();
        let missing =
            placement.changes.get(&change.shown).into_iter().flatten().any(|(_, replacement)| match replacement {
                yaml::Replacement::Comment(_) => false,
                // ANY object that cannot be read back as it was meant makes the file wrong.
                yaml::Replacement::Objects(trees) => {
                    trees.iter().any(|tree| !found.contains(&yaml::value_of(tree).to_string()))
                }
            });
        if missing || stream.findings.len() > before.findings.len() {
            findings.push(
                Finding::new(
                    NOT_YAML_AFTER_EDIT,
                    format!("{} would not read back as what was meant to be written", change.shown),
                )
                .at(Place::start_of(change.shown.clone())),
            );
        }
    }
    findings
}
