//! Policies with targets: one PeerAuthentication per group of workloads, merged from every policy that touches them
//! (`meaning/authn.md` §4.2 S7–S14, §4.4). No pod is ever selected by two of them, for only the oldest would count.

use super::super::Work;
use super::super::effective::{Scope, selects_port};
use super::super::existing::{Setting, Settings, replaced_mtls};
use super::super::naming::Selected;
use super::super::selectors::{as_text, separating};
use super::super::subjects::{Subject, UnknownPort};
use super::plan::{Group, Plan, Source};
use super::scopes::{loss, mesh_mode, mode_notes};
use super::unseen;
use super::{Base, Planned, new_mode};
use crate::api::Labels;
use crate::api::core::TargetPort;
use crate::api::legacy::{AuthenticationPolicy, PortSelector, Target};
use crate::api::security::MtlsMode;
use crate::finding::catalogue::mtls as codes;
use crate::finding::{Direction, Finding, Place, Relaxation, Severity};
use crate::mesh::selects;
use crate::yaml::Notes;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The objects for workloads.
pub(super) fn plan<'a>(work: &mut Work<'a>, existing: &Settings, base: &Base) -> Vec<Planned<'a>> {
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

fn namespace_plan<'a>(work: &mut Work<'a>, existing: &Settings, base: &Base, namespace: &str) -> Vec<Planned<'a>> {
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
    let mut plan = Plan { whole: None, ports: BTreeMap::new(), sources: Vec::new(), named_for_unseen: false };
    let mut modes = BTreeSet::new();
    let mut all_service_wide = true;
    for port in &subject.ports {
        match (port.effective.scope, port.effective.policy, &port.governed) {
            (Scope::Service(target), Some(policy), Some(governed)) => {
                let mode = new_mode(work, namespace, port.effective.mode);
                plan.ports.insert(port.number, mode);
                let decides = |policy, target, service, service_port| Source {
                    policy,
                    target,
                    service,
                    service_port,
                    port: Some(port.number),
                };
                plan.sources.push(decides(policy, target, governed.service, governed.service_port));
                // Policies that say the same of the port share the object, though another one decided.
                let claims = governed.shadowed.iter().copied();
                for (service, service_port) in std::iter::once((governed.service, governed.service_port)).chain(claims)
                {
                    for other in work.policies().agreeing(service, service_port, policy) {
                        plan.sources.push(decides(other.policy, other.target, service, service_port));
                    }
                }
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
    if let (true, 1, Some(mode)) = (all_service_wide, modes.len(), modes.first().copied()) {
        if unseen::may_cover_everything(work, namespace, mode) {
            plan.whole = Some(mode);
            plan.ports.clear();
        } else {
            plan.named_for_unseen = true;
        }
    }
    Some(plan)
}

/// The existing PeerAuthentication that decides for a workload, where a new one could not: on 1.5 any, for it replaced
/// the old policy; else one with a selector, for it is older than what meshlift writes (E88).
fn taken_by(work: &Work<'_>, existing: &Settings, subject: &Subject<'_>) -> Option<Setting> {
    let composed = existing.compose(subject.namespace(), subject.labels());
    if replaced_mtls(work.mesh(), existing, subject) { composed.any().cloned() } else { composed.workload.cloned() }
}

fn replaced(work: &mut Work<'_>, plan: &Plan<'_>, taken: &Setting) {
    for policy in policies_of(work, plan) {
        peers_replaced(work, policy, taken);
    }
}

/// The peers of a policy become nothing, because a PeerAuthentication of the input is in force in their place.
pub(super) fn peers_replaced(work: &mut Work<'_>, policy: &AuthenticationPolicy, taken: &Setting) {
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

/// A PeerAuthentication has no effect on a gateway, and the old peers had none either (S10, §2.3).
fn gateway(work: &mut Work<'_>, plan: &Plan<'_>) {
    // A policy that speaks of tokens only has no peers to lose.
    let asks = |policy: &&AuthenticationPolicy| !policy.peers.is_empty() || policy.origins.is_empty();
    for policy in policies_of(work, plan).into_iter().filter(asks) {
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
        for policy in policies_of(work, &plan) {
            let own = new_mode(work, root, super::super::meaning::mode(policy));
            let workload = subject.workload.meta.object();
            if own == fallback {
                let message = format!(
                    "{} asks for {} like the rest of the mesh; a PeerAuthentication with a selector is ignored in {root}.",
                    policy.meta.object(),
                    own.word()
                );
                let finding = Finding::new(codes::ROOT_TARGET, message)
                    .remedy("Nothing needs to be done: the mesh-wide object covers it.");
                work.report(policy, finding.severity(Severity::Note).direction(Direction::None));
            } else {
                let message = format!(
                    "{} asks for {} on {workload}, but a PeerAuthentication with a selector is ignored in the root namespace {root}, and the mesh has {}.",
                    policy.meta.object(),
                    own.word(),
                    fallback.word()
                );
                work.refuse(policy, Finding::new(codes::ROOT_TARGET, message).direction(loss(own)));
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
            work.refuse(policy, finding.direction(loss(own)));
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
        "Port {} of Service {} leads to the container port named `{name}`, and no pods in the input tell its number.",
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
fn joined_where_services_are_the_same<'a>(work: &mut Work<'a>, base: &Base, groups: Vec<Group<'a>>) -> Vec<Group<'a>> {
    let mut joined: BTreeMap<BTreeSet<&'a str>, Vec<Group<'a>>> = BTreeMap::new();
    for group in groups {
        let alike = joined.entry(group.plan.services()).or_default();
        let fits = alike.iter_mut().find_map(|other| join(work, base, other, &group).map(|both| (other, both)));
        match fits {
            Some((other, both)) => {
                if both.plan.ports != group.plan.ports || both.plan.ports != other.plan.ports {
                    work.part.ledger.relax(Relaxation::UndeclaredPorts);
                }
                *other = both;
            }
            None => alike.push(group),
        }
    }
    let mut groups: Vec<Group<'a>> = joined.into_values().flatten().collect();
    groups.sort_by(|a, b| a.members.cmp(&b.members));
    groups
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
    existing: &Settings,
    base: &Base,
    groups: Vec<Group<'a>>,
) -> Vec<(Group<'a>, Labels)> {
    let grouped: BTreeSet<usize> = groups.iter().flat_map(|group| group.members.iter().copied()).collect();
    let mut waiting = VecDeque::from(groups);
    let mut selected = Vec::new();
    while let Some(group) = waiting.pop_front() {
        if let Some(selector) = selector_for(work, existing, base, &group, &grouped) {
            selected.push((group, selector));
        } else if let Some((at, both)) = partner(work, base, &group, &waiting) {
            work.part.ledger.relax(Relaxation::UndeclaredPorts);
            waiting.remove(at);
            waiting.push_back(both);
        } else if group.members.len() > 1 {
            waiting.extend(group.members.iter().map(|member| group.alone(*member)));
        } else {
            inseparable(work, &group, &grouped);
        }
    }
    selected
}

/// Another group that a service selector of this one selects as well, and that can share an object with it.
fn partner<'a>(
    work: &Work<'a>,
    base: &Base,
    group: &Group<'a>,
    waiting: &VecDeque<Group<'a>>,
) -> Option<(usize, Group<'a>)> {
    let selectors = group.service_selectors();
    let selects_pods = |index: &usize| {
        let labels = work.subjects().get(*index).map(Subject::labels);
        labels.is_some_and(|labels| selectors.iter().any(|selector| selects(selector, labels)))
    };
    let overlapping = waiting.iter().enumerate().filter(|(_, other)| other.members.iter().any(selects_pods));
    overlapping.into_iter().find_map(|(at, other)| join(work, base, group, other).map(|both| (at, both)))
}

/// A selector for a group that leaves alone every workload which would mind: those of another group, and those on which
/// a port would come out with another mode.
fn selector_for(
    work: &Work<'_>,
    existing: &Settings,
    base: &Base,
    group: &Group<'_>,
    grouped: &BTreeSet<usize>,
) -> Option<Labels> {
    let namespace = work.subjects().get(*group.members.first()?)?.namespace();
    let inherited = base.mode(namespace);
    let minds = |(index, subject): &(usize, &Subject<'_>)| {
        if group.members.contains(index) || subject.gateway || taken_by(work, existing, subject).is_some() {
            return false;
        }
        let changed = |port: u16| wanted(work, base, subject, port) != Some(group.plan.mode(port).unwrap_or(inherited));
        grouped.contains(index) || subject.ports.iter().any(|port| changed(port.number))
    };
    let members: Vec<&Labels> =
        group.members.iter().filter_map(|index| work.subjects().get(*index)).map(Subject::labels).collect();
    separating(&members, &group.service_selectors(), |selector| {
        !work.selected(Some(namespace), selector).iter().any(minds)
    })
}

fn inseparable(work: &mut Work<'_>, group: &Group<'_>, grouped: &BTreeSet<usize>) {
    let subjects = work.subjects();
    let Some(subject) = group.members.first().and_then(|index| subjects.get(*index)) else { return };
    let overlapping = group
        .service_selectors()
        .into_iter()
        .flat_map(|selector| work.selected(Some(subject.namespace()), selector))
        .filter(|(index, _)| !group.members.contains(index));
    // Rather a workload with policies of its own than one without.
    let rival = overlapping.max_by_key(|(index, _)| (grouped.contains(index), std::cmp::Reverse(*index)));
    for policy in policies_of(work, &group.plan) {
        let other = rival.map_or("other pods".to_owned(), |(_, rival)| rival.workload.meta.object().to_string());
        let message = format!(
            "{} and {other} need different modes, and no label tells their pods apart, so no selector can mean only one of them.",
            subject.workload.meta.object()
        );
        let mut finding = Finding::new(codes::INSEPARABLE_WORKLOADS, message)
            .related(subject.workload.meta.place.clone(), "one of the workloads");
        if let Some((_, rival)) = rival {
            finding = finding.related(rival.workload.meta.place.clone(), "the other workload");
        }
        work.refuse(policy, finding);
    }
}

fn object<'a>(work: &mut Work<'a>, base: &Base, namespace: &str, group: &Group<'a>, selector: Labels) -> Planned<'a> {
    let from = policies_of(work, &group.plan);
    unseen::take_for_granted(work, base, namespace, group, &selector, &from);
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
        work.part.ledger.relax(Relaxation::UndeclaredPorts);
        notes = home.map(|policy| mode_notes(work, policy)).unwrap_or_default();
    } else if group.plan.named_for_unseen && work.policies().inherited(namespace).policy.is_some() {
        // Ports that no target speaks of keep what the input shows them to have.
        mode = Some(base.mode(namespace));
    } else if !work.mesh().settings.target.at_least(6) {
        // While old and new objects live together, other ports would be PERMISSIVE until the namespace's object
        // exists (§2.5, E90).
        mode = Some(base.mode(namespace));
    }
    Planned {
        namespace: namespace.to_owned(),
        selector,
        selector_notes: target_notes(work, &group.plan.sources),
        mode,
        mode_notes: notes,
        ports,
        from,
        part: Some(Selected { service, workload }),
    }
}

/// The comments beside the targets, each once. One comment at the end of a line stays there.
fn target_notes(work: &Work<'_>, sources: &[Source<'_>]) -> Notes {
    let mut notes = Notes::default();
    let mut seen: Vec<&Target> = Vec::new();
    for source in sources {
        if seen.iter().any(|known| std::ptr::eq(*known, source.target)) {
            continue;
        }
        seen.push(source.target);
        let targets = &source.policy.targets;
        let Some(index) = targets.iter().position(|target| std::ptr::eq(target, source.target)) else { continue };
        for end in ["", "/name"] {
            let found = work.notes(source.policy, &format!("/spec/targets/{index}{end}"));
            notes.head.extend(found.head);
            match (notes.side.take(), found.side) {
                (Some(first), Some(second)) => notes.head.extend([first, second]),
                (first, second) => notes.side = first.or(second),
            }
        }
    }
    notes
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
fn policies_of<'a>(work: &Work<'a>, plan: &Plan<'a>) -> Vec<&'a AuthenticationPolicy> {
    work.in_order(plan.sources.iter().map(|source| source.policy).collect())
}
