//! Policy and MeshPolicy to PeerAuthentication, RequestAuthentication and AuthorizationPolicy (`meaning/authn.md` §4).
//!
//! Old policies were chosen per service port and replaced each other; new ones are chosen per workload (mTLS) or add up
//! (JWT). So everything here starts from what was enforced on every container port ([`subjects`]), and old objects are
//! only the places where the results stand.

mod destination_rules;
mod doubts;
mod effective;
mod existing;
mod jwt;
mod meaning;
mod mtls;
mod naming;
mod pods;
mod selectors;
mod subjects;
mod targets;

use super::{Context, Part};
use crate::api::core::Service;
use crate::api::legacy::AuthenticationPolicy;
use crate::api::{Labels, ManifestId};
use crate::finding::catalogue::mtls as codes;
use crate::finding::{Assumption, Code, Finding};
use crate::mapping::Applied;
use crate::mesh::Mesh;
use crate::yaml::{Manifest, Notes};
use effective::{Policies, is_mesh_policy};
use meaning::{JwtMeaning, mode};
use naming::Sketch;
use pods::PodIndex;
use std::collections::{BTreeMap, BTreeSet};
use subjects::Subject;

#[cfg(test)]
mod tests;

/// Converts the authentication policies of an environment.
pub fn convert(context: Context<'_>) -> Part {
    let policies = Policies::new(context.mesh);
    let subjects = subjects::subjects(context.mesh, &policies);
    let pods = PodIndex::new(&subjects);
    let ambient = mtls::ambient_namespaces(context.mesh, &subjects);
    let facts = Facts { context, policies, subjects, pods, ambient };
    let mut work =
        Work { facts: &facts, applied: BTreeMap::new(), part: Part::new(context.options), sketches: Vec::new() };
    if !work.target_serves_new_kinds() {
        return work.part;
    }
    work.apply_mappings();
    targets::check(&mut work);
    doubts::report(&mut work);
    mtls::convert(&mut work);
    jwt::convert(&mut work);
    work.finish()
}

/// What is known before anything is decided.
#[derive(Debug)]
struct Facts<'a> {
    context: Context<'a>,
    policies: Policies<'a>,
    subjects: Vec<Subject<'a>>,
    pods: PodIndex,
    /// The namespaces with pods that ztunnel carries, and with any of them the root namespace.
    ambient: BTreeSet<String>,
}

/// A conversion under way.
#[derive(Debug)]
struct Work<'a> {
    facts: &'a Facts<'a>,
    /// What the mapping files make of each policy.
    applied: BTreeMap<ManifestId, &'a Applied>,
    part: Part,
    sketches: Vec<Sketch<'a>>,
}

impl<'a> Work<'a> {
    fn mesh(&self) -> &'a Mesh {
        self.facts.context.mesh
    }

    fn policies(&self) -> &'a Policies<'a> {
        &self.facts.policies
    }

    fn subjects(&self) -> &'a [Subject<'a>] {
        &self.facts.subjects
    }

    fn root(&self) -> &'a str {
        &self.facts.context.mesh.settings.root_namespace
    }

    /// The workloads of a namespace, each with its index.
    fn subjects_of(&self, namespace: &str) -> impl Iterator<Item = (usize, &'a Subject<'a>)> + use<'a> {
        let facts = self.facts;
        let indexes = facts.pods.in_namespace(namespace);
        indexes.iter().filter_map(move |index| Some((*index, facts.subjects.get(*index)?)))
    }

    /// The workloads that a selector selects in a namespace, or in all of them, each with its index.
    fn selected(&self, namespace: Option<&str>, selector: &Labels) -> Vec<(usize, &'a Subject<'a>)> {
        let facts = self.facts;
        let indexes = facts.pods.selected(&facts.subjects, selector);
        let subjects = indexes.into_iter().filter_map(|index| Some((index, facts.subjects.get(index)?)));
        subjects.filter(|(_, subject)| namespace.is_none_or(|namespace| subject.namespace() == namespace)).collect()
    }

    /// The namespaces that hold a workload, sorted.
    fn namespaces(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.facts.pods.namespaces()
    }

    /// The manifest a policy was read from.
    fn manifest(&self, policy: &AuthenticationPolicy) -> Option<&'a Manifest> {
        let ManifestId(index) = policy.meta.manifest?;
        self.facts.context.manifests.get(index).map(|input| &input.manifest)
    }

    /// The comments beside an entry of a policy.
    fn notes(&self, policy: &AuthenticationPolicy, pointer: &str) -> Notes {
        self.manifest(policy).map(|manifest| manifest.notes(pointer)).unwrap_or_default()
    }

    /// Puts policies in the order in which they stand in the input: the first is where a merged object goes. Those of
    /// an inventory, which is never written, come last; before them the namespace's and the mesh's, so that an
    /// exception stands where people wrote it.
    fn in_order(&self, mut policies: Vec<&'a AuthenticationPolicy>) -> Vec<&'a AuthenticationPolicy> {
        policies.sort_by_key(|policy| {
            let id = policy.meta.manifest;
            let input = id.and_then(|ManifestId(index)| self.facts.context.manifests.get(index));
            (input.is_some_and(|input| input.inventory), is_mesh_policy(policy), policy.targets.is_empty(), id)
        });
        policies.dedup_by(|a, b| std::ptr::eq(*a, *b));
        policies
    }

    /// Adds a finding about a policy; its place is the policy unless it has one.
    fn report(&mut self, policy: &AuthenticationPolicy, finding: Finding) {
        self.part.ledger.tell(about(policy, finding));
    }

    /// Refuses a policy unless the user allowed the finding; true when it was allowed.
    fn refuse(&mut self, policy: &AuthenticationPolicy, finding: Finding) -> bool {
        self.part.ledger.refuse(policy.meta.manifest, about(policy, finding))
    }

    /// Takes something for granted for these policies; with `--strict` they are refused instead.
    fn assume(&mut self, policies: &[&AuthenticationPolicy], assumption: Assumption) -> bool {
        self.part.ledger.assume(policies.iter().filter_map(|policy| policy.meta.manifest), assumption)
    }

    /// Notes that a policy had no effect and becomes nothing.
    fn inert(&mut self, policy: &AuthenticationPolicy, code: Code) {
        self.part.ledger.inert(policy.meta.manifest, code);
    }

    /// True when the policy turns callers away whom what would apply without it lets in.
    fn is_stricter_than_inherited(&self, policy: &AuthenticationPolicy) -> bool {
        let inherited = self.policies().inherited(&policy.meta.namespace);
        !inherited.mode.takes_no_more_than(mode(policy)) || JwtMeaning::of(policy).demands_token()
    }

    /// True when a Sidecar replaces the listeners of any workload of this service: its ports then count instead of
    /// the service's.
    fn has_custom_ingress(&self, service: &Service) -> bool {
        if self.mesh().sidecars.is_empty() {
            return false;
        }
        self.mesh().workloads_of(service).iter().any(|workload| self.mesh().custom_ingress(workload).is_some())
    }

    /// Applies the mapping files: every field that no rule accounts for is a finding.
    fn apply_mappings(&mut self) {
        let context = self.facts.context;
        for policy in &self.mesh().authentication {
            let Some(id) = policy.meta.manifest else { continue };
            let Some(applied) = context.mapped.of(id) else { continue };
            for finding in applied.findings.iter().cloned() {
                if finding.refuses() {
                    self.refuse(policy, finding);
                } else {
                    self.report(policy, finding);
                }
            }
            self.applied.insert(id, applied);
        }
    }

    /// PeerAuthentication, RequestAuthentication and DENY exist since 1.5 (E76).
    fn target_serves_new_kinds(&mut self) -> bool {
        let target = self.mesh().settings.target;
        if target.at_least(5) {
            return true;
        }
        for policy in &self.mesh().authentication {
            let message = format!("Istio {target} does not know the kinds that {} would become.", policy.meta.kind);
            self.refuse(policy, Finding::new(codes::TARGET_TOO_OLD, message));
        }
        false
    }

    /// Names the sketches, drops those that a refused policy has a part in, and accounts for every policy.
    fn finish(mut self) -> Part {
        self.spread_refusals();
        let sketches = std::mem::take(&mut self.sketches);
        self.part.drafts = naming::drafts(sketches);
        self.account_for_the_rest();
        self.part
    }

    /// One object made from several policies cannot be written when one of them is refused, and then the others are
    /// not fully converted either.
    fn spread_refusals(&mut self) {
        loop {
            let refused = self.part.ledger.refused().clone();
            let is_refused =
                |policy: &&AuthenticationPolicy| policy.meta.manifest.is_some_and(|id| refused.contains_key(&id));
            let (dropped, kept): (Vec<_>, Vec<_>) =
                std::mem::take(&mut self.sketches).into_iter().partition(|sketch| sketch.from.iter().any(is_refused));
            self.sketches = kept;
            if dropped.is_empty() {
                return;
            }
            for sketch in dropped {
                let Some(cause) = sketch.from.iter().copied().find(|policy| is_refused(policy)) else { continue };
                for policy in sketch.from.iter().copied() {
                    if policy.meta.manifest.is_some_and(|id| self.part.ledger.is_refused(id)) {
                        continue;
                    }
                    let message = format!(
                        "{} shares a {} with {}, which was refused, so it cannot be converted either.",
                        policy.meta.object(),
                        sketch.kind_word(),
                        cause.meta.object()
                    );
                    let finding = Finding::new(codes::REFUSED_TOGETHER, message)
                        .related(cause.meta.place.clone(), "the policy that was refused");
                    self.part.ledger.tell(about(policy, finding));
                    self.part.ledger.leave(policy.meta.manifest, codes::REFUSED_TOGETHER, cause.meta.manifest);
                }
            }
        }
    }

    /// A policy that became nothing, was not refused and has no reason yet never governed any known port.
    fn account_for_the_rest(&mut self) {
        let used: BTreeSet<ManifestId> = self.part.drafts.iter().flat_map(|draft| draft.from.iter().copied()).collect();
        for policy in &self.mesh().authentication {
            let Some(id) = policy.meta.manifest else { continue };
            if used.contains(&id) {
                self.part.ledger.not_inert(id);
            } else if !self.part.ledger.is_refused(id) && !self.part.ledger.inert_objects().contains_key(&id) {
                let message = format!("{} governed no port of any known workload.", policy.meta.object());
                self.report(policy, Finding::new(codes::NO_EFFECT, message));
                self.inert(policy, codes::NO_EFFECT);
            }
        }
        let refused = self.part.ledger.refused().clone();
        self.part.ledger.retain_inert(|id| !refused.contains_key(id));
    }
}

/// Completes a finding about a policy.
fn about(policy: &AuthenticationPolicy, mut finding: Finding) -> Finding {
    finding.place.get_or_insert_with(|| policy.meta.place.clone());
    finding.object.get_or_insert_with(|| policy.meta.object());
    finding
}
