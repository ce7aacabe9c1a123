//! A conversion under way: what is known before anything is decided, and what has been found out so far.

use super::effective::{Policies, covers, is_mesh_policy, same_object};
use super::findings;
use super::meaning::{JwtMeaning, mode};
use super::naming::{self, Sketch};
use super::pods::PodIndex;
use super::subjects::{self, Subject};
use crate::api::core::{Service, Transport};
use crate::api::legacy::AuthenticationPolicy;
use crate::api::{Labels, ManifestId};
use crate::convert::{Context, Options, Part};
use crate::finding::catalogue::mtls as codes;
use crate::finding::{Assumption, Code, Finding};
use crate::mapping::Applied;
use crate::mesh::{Lookup, Mesh};
use crate::yaml::{Manifest, Notes};
use std::collections::{BTreeMap, BTreeSet};

/// What is known before anything is decided.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    context: Context<'a>,
    policies: Policies<'a>,
    subjects: Vec<Subject<'a>>,
    pods: PodIndex,
    /// The namespaces with pods that ztunnel carries, and with any of them the root namespace.
    ambient: BTreeSet<String>,
}

/// A conversion under way.
#[derive(Debug)]
pub(super) struct Work<'a> {
    facts: &'a Facts<'a>,
    /// What the mapping files make of each policy.
    pub(super) applied: BTreeMap<ManifestId, &'a Applied>,
    /// What comes of it.
    pub(super) part: Part,
    /// The new objects, before they have names.
    pub(super) sketches: Vec<Sketch<'a>>,
}

impl<'a> Facts<'a> {
    /// Looks at an environment.
    pub(super) fn new(context: Context<'a>) -> Facts<'a> {
        let policies = Policies::new(context.mesh);
        let subjects = subjects::subjects(context.mesh, &policies);
        let pods = PodIndex::new(&subjects);
        let ambient = subjects::ambient_namespaces(context.mesh, &subjects);
        Facts { context, policies, subjects, pods, ambient }
    }
}

impl<'a> Work<'a> {
    /// A conversion of which nothing is decided yet.
    pub(super) fn new(facts: &'a Facts<'a>) -> Work<'a> {
        let part = Part::new(facts.context.options);
        Work { facts, applied: BTreeMap::new(), part, sketches: Vec::new() }
    }

    /// The environment.
    pub(super) fn mesh(&self) -> &'a Mesh {
        self.facts.context.mesh
    }

    /// The legacy policies, ordered as Istio ordered them.
    pub(super) fn policies(&self) -> &'a Policies<'a> {
        &self.facts.policies
    }

    /// Every workload.
    pub(super) fn subjects(&self) -> &'a [Subject<'a>] {
        &self.facts.subjects
    }

    /// The root namespace.
    pub(super) fn root(&self) -> &'a str {
        &self.facts.context.mesh.settings.root_namespace
    }

    /// The user's choices.
    pub(super) fn options(&self) -> &'a Options {
        self.facts.context.options
    }

    /// True when ztunnel, not a sidecar, carries traffic that a policy of this namespace reaches (E93).
    pub(super) fn is_ambient(&self, namespace: &str) -> bool {
        self.facts.ambient.contains(namespace)
    }

    /// The workloads of a namespace, each with its index.
    pub(super) fn subjects_of(&self, namespace: &str) -> impl Iterator<Item = (usize, &'a Subject<'a>)> + use<'a> {
        let facts = self.facts;
        let indexes = facts.pods.in_namespace(namespace);
        indexes.iter().filter_map(move |index| Some((*index, facts.subjects.get(*index)?)))
    }

    /// The workloads that a selector selects in a namespace, or in all of them, each with its index.
    pub(super) fn selected(&self, namespace: Option<&str>, selector: &Labels) -> Vec<(usize, &'a Subject<'a>)> {
        let facts = self.facts;
        let indexes = facts.pods.selected(&facts.subjects, selector);
        let subjects = indexes.into_iter().filter_map(|index| Some((index, facts.subjects.get(index)?)));
        subjects.filter(|(_, subject)| namespace.is_none_or(|namespace| subject.namespace() == namespace)).collect()
    }

    /// The namespaces that hold a workload, sorted.
    pub(super) fn namespaces(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.facts.pods.namespaces()
    }

    /// The manifest a policy was read from.
    pub(super) fn manifest(&self, policy: &AuthenticationPolicy) -> Option<&'a Manifest> {
        let ManifestId(index) = policy.meta.manifest?;
        self.facts.context.manifests.get(index).map(|input| &input.manifest)
    }

    /// The comments beside an entry of a policy.
    pub(super) fn notes(&self, policy: &AuthenticationPolicy, pointer: &str) -> Notes {
        self.manifest(policy).map(|manifest| manifest.notes(pointer)).unwrap_or_default()
    }

    /// Puts policies in the order in which they stand in the input: the first is where a merged object goes. Those of
    /// an inventory, which is never written, come last; before them the namespace's and the mesh's, so that an
    /// exception stands where people wrote it.
    pub(super) fn in_order(&self, mut policies: Vec<&'a AuthenticationPolicy>) -> Vec<&'a AuthenticationPolicy> {
        policies.sort_by_key(|policy| {
            let id = policy.meta.manifest;
            let input = id.and_then(|ManifestId(index)| self.facts.context.manifests.get(index));
            (input.is_some_and(|input| input.inventory), is_mesh_policy(policy), policy.targets.is_empty(), id)
        });
        policies.dedup_by_key(|policy| policy.meta.manifest);
        policies
    }

    /// Adds a finding about a policy; its place is the policy unless it has one.
    pub(super) fn report(&mut self, policy: &AuthenticationPolicy, finding: Finding) {
        self.part.ledger.tell(about(policy, finding));
    }

    /// Refuses a policy unless the user allowed the finding; true when it was allowed.
    pub(super) fn refuse(&mut self, policy: &AuthenticationPolicy, finding: Finding) -> bool {
        self.part.ledger.refuse(policy.meta.manifest, about(policy, finding))
    }

    /// Takes something for granted for these policies; with `--strict` they are refused instead.
    pub(super) fn assume(&mut self, policies: &[&AuthenticationPolicy], assumption: Assumption) -> bool {
        self.part.ledger.assume(policies.iter().filter_map(|policy| policy.meta.manifest), assumption)
    }

    /// Notes that a policy had no effect and becomes nothing.
    pub(super) fn inert(&mut self, policy: &AuthenticationPolicy, code: Code) {
        self.part.ledger.inert(policy.meta.manifest, code);
    }

    /// True when the policy turns callers away whom what would apply without it lets in.
    pub(super) fn is_stricter_than_inherited(&self, policy: &AuthenticationPolicy) -> bool {
        let inherited = self.policies().inherited(&policy.meta.namespace);
        !inherited.mode.takes_no_more_than(mode(policy)) || JwtMeaning::of(policy).demands_token()
    }

    /// True when a Sidecar replaces the listeners of any workload of this service: its ports then count instead of
    /// the service's.
    pub(super) fn has_custom_ingress(&self, service: &Service) -> bool {
        if self.mesh().sidecars.is_empty() {
            return false;
        }
        self.mesh().workloads_of(service).iter().any(|workload| self.mesh().custom_ingress(workload).is_some())
    }

    /// Applies the mapping files: every field that no rule accounts for is a finding.
    pub(super) fn apply_mappings(&mut self) {
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
    pub(super) fn target_serves_new_kinds(&mut self) -> bool {
        let target = self.mesh().settings.target;
        if target.at_least(5) {
            return true;
        }
        for policy in &self.mesh().authentication {
            self.refuse(policy, findings::target_too_old(policy, target));
        }
        false
    }

    /// Names the sketches, drops those that a refused policy has a part in, and accounts for every policy.
    pub(super) fn finish(mut self) -> Part {
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
                    let finding = findings::refused_together(policy, sketch.kind_word(), cause);
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
                self.account_for_nothing(policy);
            }
        }
        let refused = self.part.ledger.refused().clone();
        self.part.ledger.retain_inert(|id| !refused.contains_key(id));
    }
}

impl<'a> Work<'a> {
    /// A policy that governed no port of the workloads shown had no effect, unless it governs one of pods that are not.
    fn account_for_nothing(&mut self, policy: &AuthenticationPolicy) {
        match self.may_govern_unseen(policy) {
            Some(service) => {
                self.refuse(policy, findings::governs_unseen_pods(policy, service));
            }
            None => {
                self.report(policy, findings::no_effect(policy));
                self.inert(policy, codes::NO_EFFECT);
            }
        }
    }

    /// A Service that a target names and that may have pods which the input does not show, with a port that it governs.
    fn may_govern_unseen(&self, policy: &AuthenticationPolicy) -> Option<&'a Service> {
        let mesh = self.mesh();
        policy.targets.iter().find_map(|target| {
            let Lookup::Found(service) = mesh.service(&policy.meta.namespace, &target.name) else { return None };
            let mut ports =
                service.ports.iter().filter(|port| port.transport == Transport::Tcp && covers(target, port));
            let in_force = |port| self.policies().on(service, port).policy.is_some_and(|won| same_object(won, policy));
            let reached =
                !service.external_name && ports.any(|port| in_force(port) && mesh.may_govern_unseen(service, port));
            reached.then_some(service)
        })
    }
}

/// Completes a finding about a policy.
fn about(policy: &AuthenticationPolicy, mut finding: Finding) -> Finding {
    finding.place.get_or_insert_with(|| policy.meta.place.clone());
    finding.object.get_or_insert_with(|| policy.meta.object());
    finding
}
