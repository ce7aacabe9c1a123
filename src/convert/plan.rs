//! From the parts of every environment to one plan: which objects are written, and what becomes of every old one.
//!
//! Refusals spread: an object that was to be built from several old ones is built from all of them or not at all,
//! because a role without one of its bindings, or a merged policy without one of its exceptions, means something else.

use super::ledger::Ledger;
use super::mapped::Mapped;
use super::{Context, Draft, NewKind, Options, Part, naming, whole};
use crate::api::ManifestId;
use crate::finding::Finding;
use crate::finding::catalogue::mesh::{KIND_NOT_SHOWN, UNDECODABLE_POLICY};
use crate::finding::catalogue::plan::ENVIRONMENTS_DISAGREE;
use crate::mapping::Mappings;
use crate::mesh::evidence::kubectl_get_all;
use crate::mesh::{Environment, Input, Mesh, World};
use std::collections::{BTreeMap, BTreeSet};

/// What the whole conversion does.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// New objects with their final names, grouped by home, in the order they are to be written there.
    pub drafts: Vec<Draft>,
    /// What was found out in every environment.
    pub ledger: Ledger,
}

/// Converts every environment and puts the results together.
pub fn plan(world: &World, mappings: &Mappings, options: &Options) -> Plan {
    let mut whole = Whole { part: Part::new(options), shared: BTreeMap::new() };
    let mapped = Mapped::new(mappings, &world.manifests, &old_objects(world), options.strict);
    for (id, finding) in mapped.coverage(&world.manifests, &world.findings) {
        match finding.refuses() {
            true => drop(whole.part.ledger.refuse([id], finding)),
            false => whole.part.ledger.tell(finding),
        }
    }
    whole.refuse_what_was_not_shown(world);
    for environment in &world.environments {
        let context = Context { mesh: &environment.mesh, manifests: &world.manifests, mapped: &mapped, options };
        let mut part = super::convert(context);
        take_over_decoding(&mut part, &environment.mesh, &world.findings);
        part.ledger.spread(&mut part.drafts, &world.manifests);
        part.ledger.locate(&world.manifests);
        settle_homes(&mut part, &world.manifests);
        sort_drafts(&mut part.drafts, environment);
        naming::assign(&mut part.drafts, naming::taken(&environment.mesh));
        whole.absorb(part, environment, &world.manifests);
    }
    whole.finish(world)
}

/// What decoding had found out: objects that Istio never enforced are inert, other rejected ones are refused.
fn take_over_decoding(part: &mut Part, mesh: &Mesh, decoding: &[Finding]) {
    for (manifest, _, code) in &mesh.inert {
        part.ledger.inert([*manifest], *code);
    }
    let inert: BTreeSet<ManifestId> = part.ledger.inert_objects().keys().copied().collect();
    for (manifest, object) in mesh.rejected.iter().filter(|(manifest, _)| !inert.contains(manifest)) {
        let about = |finding: &&Finding| finding.refuses() && finding.object.as_ref() == Some(object);
        let because = decoding.iter().find(about).map_or(UNDECODABLE_POLICY, |finding| finding.code);
        part.ledger.leave([*manifest], because, None);
    }
}

/// The old objects of the input, and those of inventories that count in some environment.
fn old_objects(world: &World) -> Vec<ManifestId> {
    let mut ids: BTreeSet<ManifestId> = world.legacy.iter().copied().collect();
    ids.extend(world.environments.iter().flat_map(|environment| environment.mesh.legacy_manifests()));
    ids.into_iter().collect()
}

/// Objects read from `--inventory` are never rewritten, so a new object stands where the first old one of the input
/// stood. What comes from the inventory alone is kept for the proof only: it is converted where it is at home.
fn settle_homes(part: &mut Part, manifests: &[Input]) {
    let from_inventory = |id: &ManifestId| manifests.get(id.0).is_none_or(|input| input.inventory);
    for draft in &mut part.drafts {
        draft.from.sort_by_key(|id| from_inventory(id));
    }
    part.drafts.retain(|draft| !draft.from.is_empty());
    part.ledger.retain_inert(|id| !from_inventory(id));
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
#[derive(Debug)]
struct Whole {
    part: Part,
    /// Drafts at the homes that several environments share: they must come out the same in all of them.
    shared: BTreeMap<ManifestId, Vec<Draft>>,
}

impl Whole {
    /// Adds one environment. An old object that several environments share must become the same in all of them.
    fn absorb(&mut self, part: Part, environment: &Environment, manifests: &[Input]) {
        self.part.ledger.absorb(part.ledger);
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

    /// A bare `--inventory-complete` closes what the input shows. What it does not show and yet decides about the old
    /// objects was perhaps never asked for, so nothing is converted (`meaning/knowledge.md` §2).
    fn refuse_what_was_not_shown(&mut self, world: &World) {
        let (Some(first), false) = (world.legacy.first(), world.not_shown.is_empty()) else { return };
        let names: Vec<String> = world.not_shown.iter().map(ToString::to_string).collect();
        let message = format!(
            "`--inventory-complete` closes only the kinds that the input shows, and it shows none of: {}.",
            names.join(", ")
        );
        let words: Vec<&str> = world.not_shown.iter().map(|kind| kind.word()).collect();
        let remedy = format!(
            "Add the output of `{}` to the input; if you have asked for them and there are none, say `--inventory-complete=all`, or name every closed kind ({} among them).",
            kubectl_get_all(world.not_shown.iter().copied()),
            words.join(",")
        );
        let mut finding = Finding::new(KIND_NOT_SHOWN, message).remedy(remedy);
        if let Some(input) = world.manifests.get(first.0) {
            finding = finding.at(input.manifest.place("")).on(input.object());
        }
        self.part.ledger.refuse(world.legacy.iter().copied(), finding);
    }

    fn disagree(&mut self, home: ManifestId, root: &str, manifests: &[Input]) {
        self.part.ledger.leave([home], ENVIRONMENTS_DISAGREE, None);
        if let Some(input) = manifests.get(home.0) {
            let object = input.object();
            let message = format!(
                "{object} is used by several environments and would become something else in `{root}` than in another one"
            );
            let finding = Finding::new(ENVIRONMENTS_DISAGREE, message).at(input.manifest.place("")).on(object);
            self.part.ledger.tell(finding);
        }
    }

    /// What one environment refused stays everywhere, and so does what was to be built from it in another one.
    fn finish(mut self, world: &World) -> Plan {
        self.part.drafts.extend(self.shared.into_values().flatten());
        self.part.drafts.sort_by_key(|draft| draft.from.first().copied());
        let Part { mut drafts, mut ledger } = self.part;
        loop {
            ledger.spread(&mut drafts, &world.manifests);
            // No short cut: every environment is looked at.
            let more = world.environments.iter().filter(|one| whole::leave(&mut ledger, &one.mesh, &world.manifests));
            if more.count() == 0 {
                return Plan { drafts, ledger };
            }
        }
    }
}
