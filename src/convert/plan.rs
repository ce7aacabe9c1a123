//! From the parts of every environment to one plan: which objects are written, and what becomes of every old one.
//!
//! Refusals spread: an object that was to be built from several old ones is built from all of them or not at all,
//! because a role without one of its bindings, or a merged policy without one of its exceptions, means something else.

use super::mapped::Mapped;
use super::{Context, Draft, NewKind, Options, Part, naming};
use crate::api::ManifestId;
use crate::finding::catalogue::plan::ENVIRONMENTS_DISAGREE;
use crate::finding::catalogue::plan::LEFT_WITH_REFUSED;
use crate::finding::{Code, Finding, ObjectRef};
use crate::mapping::Mappings;
use crate::mesh::{Environment, Input, Mesh, World};
use std::collections::{BTreeMap, BTreeSet};

/// What the whole conversion does.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// New objects with their final names, grouped by home, in the order they are to be written there.
    pub drafts: Vec<Draft>,
    /// Findings of every environment.
    pub findings: Vec<Finding>,
    /// Old objects that had no effect.
    pub inert: BTreeMap<ManifestId, Code>,
    /// Old objects that stay.
    pub refused: BTreeSet<ManifestId>,
    /// Relaxations used.
    pub relaxations: BTreeSet<&'static str>,
}

/// Converts every environment and puts the results together.
pub fn plan(world: &World, mappings: &Mappings, options: &Options) -> Plan {
    let mut whole = Whole::default();
    let mapped = Mapped::new(mappings, &world.manifests, &old_objects(world), options.strict);
    whole.part.findings = mapped.coverage(&world.manifests, &world.findings);
    for environment in &world.environments {
        let context = Context { mesh: &environment.mesh, manifests: &world.manifests, mapped: &mapped, options };
        let mut part = super::convert(context);
        take_over_decoding(&mut part, &environment.mesh);
        spread_refusals(&mut part, &world.manifests);
        settle_homes(&mut part, &world.manifests);
        sort_drafts(&mut part.drafts, environment);
        naming::assign(&mut part.drafts, naming::taken(&environment.mesh));
        whole.absorb(part, environment, &world.manifests);
    }
    whole.finish(&world.manifests)
}

/// What decoding had found out: objects that Istio never enforced are inert, other rejected ones are refused.
fn take_over_decoding(part: &mut Part, mesh: &Mesh) {
    part.inert.extend(mesh.inert.iter().map(|(manifest, _, code)| (*manifest, *code)));
    let refused = mesh.rejected.iter().map(|(manifest, _)| *manifest);
    part.refused.extend(refused.filter(|manifest| !part.inert.contains_key(manifest)));
}

/// The old objects of the input, and those of inventories that count in some environment.
fn old_objects(world: &World) -> Vec<ManifestId> {
    let mut ids: BTreeSet<ManifestId> = world.legacy.iter().copied().collect();
    ids.extend(world.environments.iter().flat_map(|environment| environment.mesh.legacy_manifests()));
    ids.into_iter().collect()
}

/// Refuses every draft that has a refused contributor, and with it its other contributors, until nothing changes.
fn spread_refusals(part: &mut Part, manifests: &[Input]) {
    loop {
        let doomed: BTreeSet<ManifestId> = part
            .drafts
            .iter()
            .filter(|draft| draft.from.iter().any(|id| part.refused.contains(id)))
            .flat_map(|draft| draft.from.iter().copied())
            .filter(|id| !part.refused.contains(id))
            .collect();
        part.drafts.retain(|draft| !draft.from.iter().any(|id| part.refused.contains(id)));
        if doomed.is_empty() {
            break;
        }
        for id in doomed {
            if let Some(input) = manifests.get(id.0) {
                let object = object_of(input);
                part.findings.push(
                    Finding::new(
                        LEFT_WITH_REFUSED,
                        format!("{object} is left as it is, because an object it works together with was refused"),
                    )
                    .at(input.manifest.place(""))
                    .on(object),
                );
            }
            part.refused.insert(id);
        }
    }
    part.inert.retain(|id, _| !part.refused.contains(id));
}

/// Objects read from `--inventory` are never rewritten, so a new object stands where the first old one of the input
/// stood. What comes from the inventory alone is kept for the proof only: it is converted where it is at home.
fn settle_homes(part: &mut Part, manifests: &[Input]) {
    let from_inventory = |id: &ManifestId| manifests.get(id.0).is_none_or(|input| input.inventory);
    for draft in &mut part.drafts {
        draft.from.sort_by_key(|id| from_inventory(id));
    }
    part.drafts.retain(|draft| !draft.from.is_empty());
    part.inert.retain(|id, _| !from_inventory(id));
}

/// The order of objects: by home, then PeerAuthentication before RequestAuthentication before AuthorizationPolicy; on a
/// 1.5 target the AuthorizationPolicy that demands a token must exist before the RequestAuthentication (`authn-E90`).
fn sort_drafts(drafts: &mut [Draft], environment: &Environment) {
    let live_legacy = !environment.mesh.settings.target.at_least(6);
    let rank = |kind: NewKind| match kind {
        NewKind::Peer => 0,
        NewKind::Authorization if live_legacy => 1,
        NewKind::Request => 2,
        NewKind::Authorization => 3,
    };
    // A stable sort: parts already give their drafts in the order a reader expects.
    drafts.sort_by_key(|draft| (draft.from.first().copied(), rank(draft.kind)));
}

/// The environments put together so far.
#[derive(Debug, Default)]
struct Whole {
    part: Part,
    /// Drafts at the homes that several environments share: they must come out the same in all of them.
    shared: BTreeMap<ManifestId, Vec<Draft>>,
}

impl Whole {
    /// Adds one environment. An old object that several environments share must become the same in all of them.
    fn absorb(&mut self, part: Part, environment: &Environment, manifests: &[Input]) {
        self.part.findings.extend(part.findings);
        self.part.relaxations.extend(part.relaxations);
        self.part.inert.extend(part.inert);
        self.part.refused.extend(part.refused);
        for draft in part.drafts {
            let Some(home) = draft.from.first().copied() else { continue };
            if !environment.mesh.shared.contains(&home) {
                self.part.drafts.push(draft);
                continue;
            }
            let of_home = self.shared.entry(home).or_default();
            let same = |other: &&Draft| {
                other.kind == draft.kind && other.namespace == draft.namespace && other.name == draft.name
            };
            match of_home.iter().find(same) {
                Some(other) if other.spec == draft.spec => {}
                Some(_) => self.disagree(home, &environment.root, manifests),
                None => of_home.push(draft),
            }
        }
    }

    fn disagree(&mut self, home: ManifestId, root: &str, manifests: &[Input]) {
        self.part.refused.insert(home);
        if let Some(input) = manifests.get(home.0) {
            let object = object_of(input);
            let message = format!(
                "{object} is used by several environments and would become something else in `{root}` than in another one"
            );
            let finding = Finding::new(ENVIRONMENTS_DISAGREE, message).at(input.manifest.place("")).on(object);
            self.part.findings.push(finding);
        }
    }

    /// What one environment refused stays everywhere, and so does what was to be built from it in another one.
    fn finish(mut self, manifests: &[Input]) -> Plan {
        self.part.drafts.extend(self.shared.into_values().flatten());
        self.part.drafts.sort_by_key(|draft| draft.from.first().copied());
        spread_refusals(&mut self.part, manifests);
        let Part { drafts, findings, inert, refused, relaxations } = self.part;
        Plan { drafts, findings, inert, refused, relaxations }
    }
}

/// The object's name as written, for findings about manifests that were not decoded.
pub fn object_of(input: &Input) -> ObjectRef {
    let value = input.manifest.value();
    let text = |pointer: &str| value.pointer(pointer).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
    ObjectRef::new(text("/kind"), text("/metadata/namespace"), text("/metadata/name"))
}
