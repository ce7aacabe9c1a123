//! Policies with targets: one PeerAuthentication per group of workloads, merged from every policy that touches them
//! (`spec/authn.md` §4.2 S7–S14, §4.4). No pod is ever selected by two of them, for only the oldest would count.

use super::super::Work;
use super::super::effective::{Scope, selects_port};
use super::super::existing::{Setting, compose, replaced_mtls};
use super::super::naming::Selected;
use super::super::selectors::{as_text, separating};
use super::super::subjects::{Subject, UnknownPort};
use super::plan::{Group, Plan, Source};
use super::scopes::{loss, mesh_mode, mode_notes};
use super::{Base, Planned, new_mode};
use crate::api::Labels;
use crate::api::core::TargetPort;
use crate::api::legacy::{AuthenticationPolicy, PortSelector};
use crate::api::security::MtlsMode;
use crate::finding::catalogue::mtls as codes;
use crate::finding::{Direction, Finding, Place, Severity};
use crate::yaml::Notes;
use std::collections::{BTreeMap, BTreeSet};

/// The objects for workloads.
pub(super) fn plan<'a>(work: &mut Work<'a>, existing: &[Setting], base: &Base) -> Vec<Planned<'a>> {
    let mut planned = Vec::new();
    for namespace in work.namespaces() {
        if namespace == work.root() {
            root_targets(work);
        } else {
            planned.extend(namespace_plan(work, existing, base, namespace));
        }
    }
    planned
}

fn namespace_plan<'a>(work: &mut Work<'a>, existing: &[Setting], base: &Base, namespace: &str) -> Vec<Planned<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for (index, subject) in work.subjects_of(namespace) {
        let Some(plan) = plan_of(work, subject) else { continue };
        if subject.gateway {
            gateway(work, &plan);
        } else if let Some(taken) = taken_by(work, existing, subject) {
            replaced(work, &plan, &taken);
        } else {
            unknown_ports(work, subject, &plan, base);
            groups.push(Group { members: vec![index], plan });
        }
    }
    let groups = joined_where_services_are_the_same(work, base, groups);
    let mut planned = Vec::new();
    for (group, selector) in with_selectors(work, existing, base, groups) {
        planned.push(object(work, base, namespace, &group, selector));
    }
    planned
}

/// What the targets ask of a workload; `None` when none speaks of it.
fn plan_of<'a>(work: &Work<'a>, subject: &Subject<'a>) -> Option<Plan<'a>> {
    let namespace = subject.namespace();
    let mut plan = Plan { whole: None, ports: BTreeMap::new(), sources: Vec::new() };
    let mut modes = BTreeSet::new();
    let mut all_service_wide = true;
    for port in &subject.ports {
        match (port.effective.scope, port.effective.policy, &port.governed) {
            (Scope::Service(target), Some(policy), Some(governed)) => {
                let mode = new_mode(work, namespace, port.effective.mode);
                plan.ports.insert(port.number, mode);
                let (service, service_port) = (governed.service, governed.service_port);
                plan.sources.push(Source { policy, target, service, service_port, port: Some(port.number) });
                modes.insert(mode);
                all_service_wide &= target.ports.is_empty();
            }
            _ => all_service_wide = false,
        }
    }
    for unknown in &subject.unknown {
        match (unknown.effective.scope, unknown.effective.policy) {
            (Scope::Service(target), Some(policy)) => {
                let (service, service_port) = (unknown.service, unknown.port);
                plan.sources.push(Source { policy, target, service, service_port, port: None });
                modes.insert(new_mode(work, namespace, unknown.effective.mode));
                all_service_wide &= target.ports.is_empty();
            }
            _ => all_service_wide = false,
        }
    }
    if plan.sources.is_empty() {
        return None;
    }
    if all_service_wide && modes.len() == 1 {
        plan.whole = modes.first().copied();
        plan.ports.clear();
    }
    Some(plan)
}

/// The existing PeerAuthentication that decides for a workload, where a new one could not: on 1.5 any, for it replaced
/// the old policy; else one with a selector, for it is older than what meshlift writes (E88).
fn taken_by(work: &Work<'_>, existing: &[Setting], subject: &Subject<'_>) -> Option<Setting> {
    let composed = compose(existing.iter(), work.root(), subject.namespace(), subject.labels());
    if replaced_mtls(work.mesh(), existing, subject) { composed.any().cloned() } else { composed.workload.cloned() }
}

fn replaced(work: &mut Work<'_>, plan: &Plan<'_>, taken: &Setting) {
    for policy in policies_of(plan) {
        let message = format!(
            "The peers of {} are replaced by a PeerAuthentication that is already in the input.",
            policy.meta.object()
        );
        let mut finding = Finding::new(codes::MTLS_REPLACED, message);
        if let Some(place) = &taken.place {
            finding = finding.related(place.clone(), "the PeerAuthentication");
        }
        work.report(policy, finding);
        work.inert(policy, codes::MTLS_REPLACED);
    }
}

/// A PeerAuthentication has no effect on a gateway, and the old peers had none either (S10, §2.3).
fn gateway(work: &mut Work<'_>, plan: &Plan<'_>) {
    for policy in policies_of(plan) {
        let message = format!(
            "{} targets a gateway, whose TLS comes from its Gateway objects: its peers had no effect.",
            policy.meta.object()
        );
        work.report(policy, Finding::new(codes::GATEWAY_PEERS, message));
        work.inert(policy, codes::GATEWAY_PEERS);
    }
}

/// Targets in the root namespace: a PeerAuthentication with a selector is ignored there (S10, E48).
fn root_targets(work: &mut Work<'_>) {
    let root = work.root();
    let fallback = new_mode(work, root, mesh_mode(work));
    for (_, subject) in work.subjects_of(root) {
        let Some(plan) = plan_of(work, subject) else { continue };
        if subject.gateway {
            gateway(work, &plan);
            continue;
        }
        for policy in policies_of(&plan) {
            let own = new_mode(work, root, super::super::meaning::mode(policy));
            let workload = subject.workload.meta.object();
            if own == fallback {
                let message = format!(
                    "{} asks for {} like the rest of the mesh; a PeerAuthentication with a selector is ignored in {root}.",
                    policy.meta.object(),
                    own.word()
                );
                let finding = Finding::new(codes::ROOT_TARGET, message);
                work.report(policy, finding.severity(Severity::Note).direction(Direction::None));
            } else {
                let message = format!(
                    "{} asks for {} on {workload}, but a PeerAuthentication with a selector is ignored in the root namespace {root}, and the mesh has {}.",
                    policy.meta.object(),
                    own.word(),
                    fallback.word()
                );
                work.refuse(policy, Finding::new(codes::ROOT_TARGET, message).direction(loss(own, fallback)));
            }
            work.inert(policy, codes::ROOT_TARGET);
        }
    }
}

/// Named target ports that lead nobody knows where. A port left out falls back to the inherited mode (§4.3 step 2, E33).
fn unknown_ports(work: &mut Work<'_>, subject: &Subject<'_>, plan: &Plan<'_>, base: &Base) {
    if plan.whole.is_some() {
        return;
    }
    let namespace = subject.namespace();
    for unknown in &subject.unknown {
        let (Scope::Service(target), Some(policy)) = (unknown.effective.scope, unknown.effective.policy) else {
            continue;
        };
        let own = new_mode(work, namespace, unknown.effective.mode);
        let finding = unresolved_port(unknown, target.place.clone(), namespace);
        if own == base.mode(namespace) {
            work.report(policy, finding.severity(Severity::Note).direction(Direction::None));
        } else {
            work.refuse(policy, finding.direction(loss(own, base.mode(namespace))));
        }
    }
}

/// The finding about a named target port of a Service whose pods are not in the input.
pub(in super::super) fn unresolved_port(unknown: &UnknownPort<'_>, place: Place, namespace: &str) -> Finding {
    let name = match &unknown.port.target {
        TargetPort::Name(name) => name.clone(),
        TargetPort::Number(number) => number.to_string(),
    };
    let message = format!(
        "Port {} of Service {} leads to the container port named `{name}`, and no pods of the Service are in the input to tell its number.",
        unknown.port.port, unknown.service.meta.name
    );
    let selector = unknown.service.selector.as_ref().map(as_text).unwrap_or_default();
    let remedy = format!(
        "Add the output of `kubectl get deployments,statefulsets,daemonsets,pods -n {namespace} -o yaml` (the workloads whose pods carry {selector}) with --inventory."
    );
    Finding::new(codes::UNRESOLVED_TARGET_PORT, message)
        .at(place)
        .remedy(remedy)
        .related(unknown.service.meta.place.clone(), "the Service")
}

/// Joins workloads of the same services whose exceptions do not collide: two Deployments behind one Service (E34).
fn joined_where_services_are_the_same<'a>(work: &Work<'a>, base: &Base, groups: Vec<Group<'a>>) -> Vec<Group<'a>> {
    let mut joined: Vec<Group<'a>> = Vec::new();
    for group in groups {
        let services = group.plan.services();
        let fits = joined.iter().enumerate().find_map(|(at, other)| {
            (other.plan.services() == services)
                .then(|| join(work, base, other, &group))
                .flatten()
                .map(|both| (at, both))
        });
        match fits {
            Some((at, both)) => {
                if let Some(slot) = joined.get_mut(at) {
                    *slot = both;
                }
            }
            None => joined.push(group),
        }
    }
    joined
}

fn join<'a>(work: &Work<'a>, base: &Base, one: &Group<'a>, other: &Group<'a>) -> Option<Group<'a>> {
    let wanted = |subject: &Subject<'_>, port: u16| wanted(work, base, subject, port);
    one.joined(other, work.subjects(), &wanted)
}

/// The mode a container port of a workload has to come out with; `None` for a port no Service declares.
fn wanted(work: &Work<'_>, base: &Base, subject: &Subject<'_>, number: u16) -> Option<MtlsMode> {
    let port = subject.ports.iter().find(|port| port.number == number)?;
    Some(match port.effective.scope {
        Scope::Service(_) => new_mode(work, subject.namespace(), port.effective.mode),
        _ => base.mode(subject.namespace()),
    })
}

/// Finds a selector for every group, joining groups that cannot be told apart and splitting those that cannot be
/// selected together. What remains is refused.
fn with_selectors<'a>(
    work: &mut Work<'a>,
    existing: &[Setting],
    base: &Base,
    mut groups: Vec<Group<'a>>,
) -> Vec<(Group<'a>, Labels)> {
    let mut selected = Vec::new();
    while let Some(group) = pop_front(&mut groups) {
        let settled: Vec<usize> =
            selected.iter().flat_map(|(group, _): &(Group<'a>, Labels)| group.members.clone()).collect();
        if let Some(selector) = selector_for(work, existing, base, &group, &groups, &settled) {
            selected.push((group, selector));
        } else if let Some((at, both)) =
            groups.iter().enumerate().find_map(|(at, other)| join(work, base, &group, other).map(|both| (at, both)))
        {
            groups.remove(at);
            groups.push(both);
        } else if group.members.len() > 1 {
            groups.extend(group.members.iter().map(|member| group.alone(*member)));
        } else {
            inseparable(work, &group, &groups, &settled);
        }
    }
    selected
}

fn pop_front<T>(list: &mut Vec<T>) -> Option<T> {
    if list.is_empty() { None } else { Some(list.remove(0)) }
}

/// A selector for a group that leaves alone every workload which would mind.
fn selector_for(
    work: &Work<'_>,
    existing: &[Setting],
    base: &Base,
    group: &Group<'_>,
    groups: &[Group<'_>],
    settled: &[usize],
) -> Option<Labels> {
    let namespace = work.subjects().get(*group.members.first()?)?.namespace();
    let in_other_group =
        |index: usize| settled.contains(&index) || groups.iter().any(|other| other.members.contains(&index));
    let minds = |index: usize, subject: &Subject<'_>| {
        if group.members.contains(&index) || subject.gateway || taken_by(work, existing, subject).is_some() {
            return false;
        }
        let changed =
            |port: u16| wanted(work, base, subject, port) != group.plan.mode(port).or(Some(base.mode(namespace)));
        in_other_group(index) || subject.ports.iter().any(|port| changed(port.number))
    };
    let members: Vec<&Labels> =
        group.members.iter().filter_map(|index| work.subjects().get(*index)).map(Subject::labels).collect();
    let others: Vec<&Labels> =
        work.subjects_of(namespace).filter(|(index, s)| minds(*index, s)).map(|(_, s)| s.labels()).collect();
    separating(&members, &others, &group.service_selectors())
}

fn inseparable(work: &mut Work<'_>, group: &Group<'_>, groups: &[Group<'_>], settled: &[usize]) {
    let subjects = work.subjects();
    let Some(subject) = group.members.first().and_then(|index| subjects.get(*index)) else { return };
    let rivals = groups.iter().flat_map(|other| other.members.iter()).chain(settled);
    let rival = rivals
        .filter_map(|index| subjects.get(*index))
        .find(|rival| {
            rival.namespace() == subject.namespace()
                && group.service_selectors().iter().any(|s| crate::mesh::selects(s, rival.labels()))
        })
        .or_else(|| {
            let covers = |rival: &&Subject<'_>| {
                group.service_selectors().iter().any(|s| crate::mesh::selects(s, rival.labels()))
            };
            work.subjects_of(subject.namespace())
                .map(|(_, other)| other)
                .filter(|other| !std::ptr::eq(*other, subject))
                .find(covers)
        });
    for policy in policies_of(&group.plan) {
        let other = rival.map_or("other pods".to_owned(), |rival| rival.workload.meta.object().to_string());
        let message = format!(
            "{} and {other} need different modes, and no label tells their pods apart, so no selector can mean only one of them.",
            subject.workload.meta.object()
        );
        let mut finding = Finding::new(codes::INSEPARABLE_WORKLOADS, message)
            .related(subject.workload.meta.place.clone(), "one of the workloads");
        if let Some(rival) = rival {
            finding = finding.related(rival.workload.meta.place.clone(), "the other workload");
        }
        work.refuse(policy, finding);
    }
}

fn object<'a>(work: &mut Work<'a>, base: &Base, namespace: &str, group: &Group<'a>, selector: Labels) -> Planned<'a> {
    let from = policies_of(&group.plan);
    let home = from.first().copied();
    let first = group.plan.sources.iter().find(|source| home.is_some_and(|home| std::ptr::eq(home, source.policy)));
    let service = first.map(|source| source.service.meta.name.clone()).unwrap_or_default();
    let workload = group.members.first().and_then(|index| work.subjects().get(*index));
    let workload = workload.map(|subject| subject.workload.meta.name.clone()).unwrap_or_default();
    let mut ports: BTreeMap<u16, (MtlsMode, Notes)> =
        group.plan.ports.iter().map(|(port, mode)| (*port, (*mode, Notes::default()))).collect();
    for source in &group.plan.sources {
        if let Some((_, notes)) = source.port.and_then(|port| ports.get_mut(&port))
            && *notes == Notes::default()
        {
            *notes = port_notes(work, source);
        }
    }
    let mut mode = group.plan.whole;
    let mut notes = Notes::default();
    if mode.is_some() {
        work.part.relaxations.insert("undeclared-ports");
        notes = home.map(|policy| mode_notes(work, policy)).unwrap_or_default();
    } else if !work.mesh().settings.target.at_least(6) {
        // While old and new objects live together, other ports would be PERMISSIVE until the namespace's object
        // exists (§2.5, E90).
        mode = Some(base.mode(namespace));
    }
    Planned {
        namespace: namespace.to_owned(),
        selector,
        mode,
        mode_notes: notes,
        ports,
        from,
        part: Some(Selected { service, workload }),
    }
}

/// The comments beside the port of the target that decides a container port.
fn port_notes(work: &Work<'_>, source: &Source<'_>) -> Notes {
    let Some(target) = source.policy.targets.iter().position(|target| std::ptr::eq(target, source.target)) else {
        return Notes::default();
    };
    let ports = &source.target.ports;
    let named = ports.iter().position(|selector| selects_port(selector, source.service_port));
    // A Sidecar's ingress listener was named by its own number (E46).
    let listener = |selector: &PortSelector| matches!(selector, PortSelector::Number(n, _) if Some(*n) == source.port);
    let Some(index) = named.or_else(|| ports.iter().position(listener)) else { return Notes::default() };
    let mut notes = work.notes(source.policy, &format!("/spec/targets/{target}/ports/{index}"));
    for key in ["number", "name"] {
        let inner = work.notes(source.policy, &format!("/spec/targets/{target}/ports/{index}/{key}"));
        notes.head.extend(inner.head);
        notes.side = notes.side.or(inner.side);
    }
    notes
}

/// The policies that have a part in a plan, the home first.
fn policies_of<'a>(plan: &Plan<'a>) -> Vec<&'a AuthenticationPolicy> {
    super::super::in_order(plan.sources.iter().map(|source| source.policy).collect())
}
