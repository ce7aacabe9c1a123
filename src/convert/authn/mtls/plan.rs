//! What a workload needs of a PeerAuthentication of its own, and which workloads can share one (`meaning/authn.md` §4.4).

use super::mode::{may_cover_everything, new_mode};
use crate::api::Labels;
use crate::api::core::{Service, ServicePort};
use crate::api::legacy::AuthenticationPolicy;
use crate::api::security::MtlsMode;
use crate::convert::authn::effective::{PolicyTarget, Scope};
use crate::convert::authn::subjects::{Port, Subject, UnknownPort};
use crate::convert::authn::work::Work;
use std::collections::{BTreeMap, BTreeSet};

/// What the policies for a workload's services ask of it.
#[derive(Clone, Debug)]
pub(super) struct Plan<'a> {
    /// One mode for everything: ALL ports of ALL its services are governed by targets without ports, in one mode.
    pub(super) whole: Option<MtlsMode>,
    /// The ports that targets speak of, by **container** port.
    pub(super) ports: BTreeMap<u16, MtlsMode>,
    /// The targets, each with its policy and the service it names, in order of container port.
    pub(super) sources: Vec<Source<'a>>,
    /// True when one mode for everything would do, but for a Service that the input does not show and whose ports would
    /// be opened with the others.
    pub(super) named_for_unseen: bool,
}

/// A target that has a part in a plan.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'a> {
    pub(super) named: PolicyTarget<'a>,
    /// The service it names.
    pub(super) service: &'a Service,
    /// The port of that service through which it speaks.
    pub(super) service_port: &'a ServicePort,
    /// The **container** port it decides; `None` when that is not known.
    pub(super) port: Option<u16>,
}

/// A plan under way.
#[derive(Debug, Default)]
struct Collected<'a> {
    ports: BTreeMap<u16, MtlsMode>,
    sources: Vec<Source<'a>>,
    modes: BTreeSet<MtlsMode>,
    /// A port that no target speaks of, or only one that lists ports.
    has_exceptions: bool,
}

impl<'a> Collected<'a> {
    /// A port whose number is known.
    fn add_known(&mut self, work: &Work<'a>, namespace: &str, port: &Port<'a>) {
        let (Scope::Service(named), Some(governed)) = (port.effective.scope, &port.governed) else {
            self.has_exceptions = true;
            return;
        };
        let mode = new_mode(work, namespace, port.effective.mode);
        self.ports.insert(port.number, mode);
        let decides = |named, service, service_port| Source { named, service, service_port, port: Some(port.number) };
        self.sources.push(decides(named, governed.service, governed.service_port));
        // Policies that say the same of the port share the object, though another one decided.
        let claims = governed.shadowed.iter().copied();
        for (service, service_port) in std::iter::once((governed.service, governed.service_port)).chain(claims) {
            let agreeing = work.policies().agreeing(service, service_port, named.policy);
            self.sources.extend(agreeing.into_iter().map(|other| decides(other, service, service_port)));
        }
        self.modes.insert(mode);
        self.has_exceptions |= !named.target.ports.is_empty();
    }

    /// A port whose number is not known.
    fn add_unknown(&mut self, work: &Work<'_>, namespace: &str, unknown: &UnknownPort<'a>) {
        let Scope::Service(named) = unknown.effective.scope else {
            self.has_exceptions = true;
            return;
        };
        self.sources.push(Source { named, service: unknown.service, service_port: unknown.port, port: None });
        self.modes.insert(new_mode(work, namespace, unknown.effective.mode));
        self.has_exceptions |= !named.target.ports.is_empty();
    }

    /// The one mode that ALL ports share under targets without ports, if there is one.
    fn shared_mode(&self) -> Option<MtlsMode> {
        self.modes.first().copied().filter(|_| !self.has_exceptions && self.modes.len() == 1)
    }
}

impl<'a> Plan<'a> {
    /// What the targets ask of a workload; `None` when none speaks of it.
    pub(super) fn of(work: &Work<'a>, subject: &Subject<'a>) -> Option<Plan<'a>> {
        let namespace = subject.namespace();
        let mut collected = Collected::default();
        for port in &subject.ports {
            collected.add_known(work, namespace, port);
        }
        for unknown in &subject.unknown {
            collected.add_unknown(work, namespace, unknown);
        }
        if collected.sources.is_empty() {
            return None;
        }
        let shared = collected.shared_mode();
        let whole = shared.filter(|mode| may_cover_everything(work, namespace, *mode));
        Some(Plan {
            whole,
            ports: if whole.is_some() { BTreeMap::new() } else { collected.ports },
            sources: collected.sources,
            named_for_unseen: shared.is_some() && whole.is_none(),
        })
    }

    /// The policies that have a part in it, the home first.
    pub(super) fn policies(&self, work: &Work<'a>) -> Vec<&'a AuthenticationPolicy> {
        work.in_order(self.sources.iter().map(|source| source.named.policy).collect())
    }

    /// The names of the services whose policies have a part in it.
    pub(super) fn services(&self) -> BTreeSet<&'a str> {
        self.sources.iter().map(|source| source.service.meta.name.as_str()).collect()
    }

    /// The mode it gives to a container port, if it speaks of it.
    pub(super) fn mode(&self, port: u16) -> Option<MtlsMode> {
        self.ports.get(&port).copied().or(self.whole)
    }

    /// True when pods with this plan and pods with the other one may share an object as far as the plans go.
    fn agrees_with(&self, other: &Plan<'_>) -> bool {
        let same_shape = self.whole == other.whole;
        same_shape && self.ports.iter().all(|(port, mode)| other.ports.get(port).is_none_or(|theirs| theirs == mode))
    }
}

/// Workloads that share an object.
#[derive(Clone, Debug)]
pub(super) struct Group<'a> {
    /// Indexes into the list of subjects.
    pub(super) members: Vec<usize>,
    pub(super) plan: Plan<'a>,
}

impl<'a> Group<'a> {
    /// Joins two groups when the object made from both plans leaves EVERY port of EVERY member as it was (E34).
    pub(super) fn joined(
        &self,
        other: &Group<'a>,
        subjects: &[Subject<'_>],
        wanted: &dyn Fn(&Subject<'_>, u16) -> Option<MtlsMode>,
    ) -> Option<Group<'a>> {
        if !self.plan.agrees_with(&other.plan) {
            return None;
        }
        let mut joined = self.clone();
        joined.plan.ports.extend(other.plan.ports.iter().map(|(port, mode)| (*port, *mode)));
        joined.plan.sources.extend(other.plan.sources.iter().copied());
        joined.members.extend(&other.members);
        joined.members.sort_unstable();
        let keeps = |subject: &Subject<'_>, port: u16, mode: MtlsMode| match wanted(subject, port) {
            Some(wanted) => wanted == mode,
            // A container port that pods declare and no Service leads to was open to plaintext; it stays untouched.
            None => !subject.workload.ports.iter().any(|container| container.number == port),
        };
        let unchanged = |index: &usize| {
            subjects
                .get(*index)
                .is_some_and(|subject| joined.plan.ports.iter().all(|(port, mode)| keeps(subject, *port, *mode)))
        };
        joined.members.iter().all(unchanged).then_some(joined)
    }

    /// The group with one member only.
    pub(super) fn alone(&self, member: usize) -> Group<'a> {
        Group { members: vec![member], plan: self.plan.clone() }
    }

    /// The selectors of the services involved, in order.
    pub(super) fn service_selectors(&self) -> Vec<&'a Labels> {
        let mut selectors: Vec<&'a Labels> = Vec::new();
        for selector in self.plan.sources.iter().filter_map(|source| source.service.selector.as_ref()) {
            if !selectors.contains(&selector) {
                selectors.push(selector);
            }
        }
        selectors
    }
}
