//! Policies with targets: one PeerAuthentication per group of workloads, merged from every policy that touches them
//! (`meaning/authn.md` §4.2 S7–S14, §4.4). No pod is ever selected by two of them, for only the oldest would count.

use super::comments::{mode_notes, port_notes, target_notes};
use super::mode::Base;
use super::plan::{Group, Plan};
use super::planned::Planned;
use super::{grouping, refusing, unseen};
use crate::api::Labels;
use crate::api::legacy::AuthenticationPolicy;
use crate::api::security::MtlsMode;
use crate::convert::authn::effective::same_object;
use crate::convert::authn::existing::decides_already;
use crate::convert::authn::naming::Selected;
use crate::convert::authn::work::Work;
use crate::finding::Relaxation;
use crate::yaml::Notes;
use std::collections::{BTreeMap, BTreeSet};

/// The objects for workloads.
pub(super) fn plan<'a>(work: &mut Work<'a>, base: &Base) -> Vec<Planned<'a>> {
    let mut planned = Vec::new();
    for namespace in work.namespaces() {
        if namespace == work.root() {
            refusing::in_root_namespace(work);
        } else {
            planned.extend(namespace_plan(work, base, namespace));
        }
    }
    planned
}

fn namespace_plan<'a>(work: &mut Work<'a>, base: &Base, namespace: &str) -> Vec<Planned<'a>> {
    let groups = convertible(work, base, namespace);
    let groups = grouping::joined_where_services_are_the_same(work, base, groups);
    let grouped: BTreeSet<usize> = groups.iter().flat_map(|group| group.members.iter().copied()).collect();
    let separated = grouping::separate(work, base, groups, &grouped);
    for group in &separated.inseparable {
        refusing::inseparable(work, group, &grouped);
    }
    let objects = separated.selected.into_iter();
    objects.map(|(group, selector)| object(work, base, namespace, &group, selector)).collect()
}

/// The workloads of which targets speak and for which a new object can decide, each on its own.
fn convertible<'a>(work: &mut Work<'a>, base: &Base, namespace: &str) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for (index, subject) in work.subjects_of(namespace) {
        let Some(plan) = Plan::of(work, subject) else { continue };
        if subject.gateway {
            refusing::on_gateway(work, &plan);
        } else if let Some(taken) = decides_already(work.mesh(), &base.existing, subject) {
            for policy in plan.policies(work) {
                refusing::replaced(work, policy, taken);
            }
        } else {
            refusing::unknown_ports(work, subject, &plan, base);
            groups.push(Group { members: vec![index], plan });
        }
    }
    groups
}

fn object<'a>(work: &mut Work<'a>, base: &Base, namespace: &str, group: &Group<'a>, selector: Labels) -> Planned<'a> {
    let from = group.plan.policies(work);
    unseen::take_for_granted(work, base, namespace, group, &selector, &from);
    let home = from.first().copied();
    if group.plan.whole.is_some() {
        work.part.ledger.relax(Relaxation::UndeclaredPorts);
    }
    let decides = home.filter(|_| group.plan.whole.is_some());
    Planned {
        namespace: namespace.to_owned(),
        selector,
        selector_notes: target_notes(work, &group.plan.sources),
        mode: general_mode(work, base, namespace, &group.plan),
        mode_notes: decides.map(|policy| mode_notes(work, policy)).unwrap_or_default(),
        ports: ports(work, &group.plan),
        from,
        part: Some(named_after(work, group, home)),
    }
}

/// The mode of the ports that no target speaks of.
fn general_mode(work: &Work<'_>, base: &Base, namespace: &str, plan: &Plan<'_>) -> Option<MtlsMode> {
    // Ports that no target speaks of keep what the input shows them to have.
    let keeps_what_is_shown = plan.named_for_unseen && work.policies().inherited(namespace).policy.is_some();
    // While old and new objects live together, other ports would be PERMISSIVE until the namespace's object exists
    // (§2.5, E90).
    let lives_with_old_objects = !work.mesh().settings.target.at_least(6);
    let says_it = keeps_what_is_shown || lives_with_old_objects;
    plan.whole.or_else(|| says_it.then(|| base.mode(namespace)))
}

/// The modes by **container** port, each with the first comment beside the ports of its targets.
fn ports(work: &Work<'_>, plan: &Plan<'_>) -> BTreeMap<u16, (MtlsMode, Notes)> {
    let silent = plan.ports.iter().map(|(port, mode)| (*port, (*mode, Notes::default())));
    let mut ports: BTreeMap<u16, (MtlsMode, Notes)> = silent.collect();
    for source in &plan.sources {
        if let Some((_, notes)) = source.port.and_then(|port| ports.get_mut(&port))
            && *notes == Notes::default()
        {
            *notes = port_notes(work, source);
        }
    }
    ports
}

fn named_after(work: &Work<'_>, group: &Group<'_>, home: Option<&AuthenticationPolicy>) -> Selected {
    let mut sources = group.plan.sources.iter();
    let first = sources.find(|source| home.is_some_and(|home| same_object(home, source.named.policy)));
    let workload = group.members.first().and_then(|index| work.subjects().get(*index));
    Selected {
        service: first.map(|source| source.service.meta.name.clone()).unwrap_or_default(),
        workload: workload.map(|subject| subject.workload.meta.name.clone()).unwrap_or_default(),
    }
}
