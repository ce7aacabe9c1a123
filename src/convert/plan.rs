//! From the parts of every environment to one plan: which objects are written, and what becomes of every old one.
//!
//! Refusals spread: an object that was to be built from several old ones is built from all of them or not at all,
//! because a role without one of its bindings, or a merged policy without one of its exceptions, means something else.

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
    let mut plan = Plan { findings: coverage(world, mappings, options.strict), ..Plan::default() };
    for environment in &world.environments {
        let context = Context { mesh: &environment.mesh, manifests: &world.manifests, mappings, options };
        let mut part = super::convert(context);
        take_over_decoding(&mut part, &environment.mesh);
        spread_refusals(&mut part, &world.manifests);
        settle_homes(&mut part, &world.manifests);
        sort_drafts(&mut part.drafts, environment);
        naming::assign(&mut part.drafts, naming::taken(&environment.mesh));
        plan.absorb(part, environment, &world.manifests);
    }
    plan
}

/// What decoding had found out: objects that Istio never enforced are inert, other rejected ones are refused.
fn take_over_decoding(part: &mut Part, mesh: &Mesh) {
    part.inert.extend(mesh.inert.iter().map(|(manifest, _, code)| (*manifest, *code)));
    let refused = mesh.rejected.iter().map(|(manifest, _)| *manifest);
    part.refused.extend(refused.filter(|manifest| !part.inert.contains_key(manifest)));
}

/// What the mapping files say about every old object, converted or not: a field that nobody accounts for is reported
/// even where its object was refused for another reason or had no effect.
fn coverage(world: &World, mappings: &Mappings, strict: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for input in world.legacy.iter().filter_map(|id| world.manifests.get(id.0)).filter(|input| !input.inventory) {
        let object = object_of(input);
        findings.extend(
            mappings.apply(&input.manifest, strict).findings.into_iter().map(|finding| finding.on(object.clone())),
        );
    }
    findings
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

impl Plan {
    /// Adds one environment. An old object that several environments share must become the same in all of them.
    fn absorb(&mut self, part: Part, environment: &Environment, manifests: &[Input]) {
        self.findings.extend(part.findings);
        self.relaxations.extend(part.relaxations);
        self.inert.extend(part.inert);
        self.refused.extend(part.refused);
        for draft in part.drafts {
            let Some(home) = draft.from.first().copied() else { continue };
            let shared = environment.mesh.shared.contains(&home);
            let same = |other: &&Draft| {
                other.kind == draft.kind
                    && other.namespace == draft.namespace
                    && other.name == draft.name
                    && other.from.first() == Some(&home)
            };
            match self.drafts.iter().find(same) {
                Some(other) if shared && other.spec == draft.spec => {}
                Some(_) if shared => self.disagree(home, &environment.root, manifests),
                _ => self.drafts.push(draft),
            }
        }
    }

    fn disagree(&mut self, home: ManifestId, root: &str, manifests: &[Input]) {
        self.refused.insert(home);
        self.drafts.retain(|draft| draft.from.first() != Some(&home));
        if let Some(input) = manifests.get(home.0) {
            let object = object_of(input);
            let message = format!(
                "{object} is used by several environments and would become something else in `{root}` than in another one"
            );
            self.findings.push(Finding::new(ENVIRONMENTS_DISAGREE, message).at(input.manifest.place("")).on(object));
        }
    }
}

/// The object's name as written, for findings about manifests that were not decoded.
pub fn object_of(input: &Input) -> ObjectRef {
    let value = input.manifest.value();
    let text = |pointer: &str| value.pointer(pointer).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
    ObjectRef::new(text("/kind"), text("/metadata/namespace"), text("/metadata/name"))
}
