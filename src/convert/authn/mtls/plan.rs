//! What a workload needs of a PeerAuthentication of its own, and which workloads can share one (`meaning/authn.md` §4.4).

use super::super::subjects::Subject;
use crate::api::Labels;
use crate::api::core::{Service, ServicePort};
use crate::api::legacy::{AuthenticationPolicy, Target};
use crate::api::security::MtlsMode;
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
    pub(super) policy: &'a AuthenticationPolicy,
    pub(super) target: &'a Target,
    pub(super) service: &'a Service,
    /// The port of that service through which it speaks.
    pub(super) service_port: &'a ServicePort,
    /// The **container** port it decides; `None` when that is not known.
    pub(super) port: Option<u16>,
}

impl<'a> Plan<'a> {
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
