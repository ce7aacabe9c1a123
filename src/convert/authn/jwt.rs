//! Origins to RequestAuthentication and AuthorizationPolicy (`meaning/authn.md` §4.5): the first says which tokens are
//! valid, the second denies requests that needed one and have none.
//!
//! New objects add up, old ones replaced each other: a namespace-wide object is written only where every workload had
//! the same demands, else there is one pair of objects per group of workloads (J15, J16).

mod asked;
mod cross;
mod deny;
mod groups;
mod objects;
mod paths;
mod regex;
mod triggers;

use super::Work;
use super::effective::{Effective, same_object};
use super::meaning::JwtMeaning;
use super::subjects::{Port, Subject};
use crate::api::ManifestId;
use crate::api::core::{TargetPort, Transport};
use crate::api::legacy::{AuthenticationPolicy, PeerMethod};
use crate::finding::catalogue::{jwt as codes, mtls};
use crate::finding::{Direction, Finding, Severity};
use crate::mesh::{InventoryKind, Protocol, Sniffing, SourceRelease, selects};
use asked::Asked;
use std::collections::{BTreeMap, BTreeSet};

/// What the workloads of the mesh demand.
#[derive(Debug)]
struct Jwt<'a> {
    /// Distinct demands.
    asked: Vec<Asked>,
    /// One plan per subject, in the same order.
    plans: Vec<Plan<'a>>,
}

/// What a workload demands.
#[derive(Clone, Debug, Default)]
struct Plan<'a> {
    /// Index into the distinct demands, to the **container** ports they hold on.
    on: BTreeMap<usize, BTreeSet<u16>>,
    /// The policies they come from.
    policies: Vec<&'a AuthenticationPolicy>,
    /// HTTP ports on which no token was looked at.
    free: BTreeSet<u16>,
    /// Container ports that are not among the above and may be HTTP in the new mesh, where every token is looked at.
    newly_read: BTreeSet<u16>,
    /// A RequestAuthentication of the input has taken the place of the policies already (1.5).
    replaced: bool,
}

/// Converts the tokens of every policy.
pub(super) fn convert(work: &mut Work<'_>) {
    let jwt = plans(work);
    without_known_ports(work, &jwt);
    if jwt.asked.is_empty() {
        return;
    }
    keeps_rbac(work, &jwt);
    ambient(work, &jwt);
    objects::write(work, &jwt);
    cross::report(work, &jwt);
}

fn plans<'a>(work: &mut Work<'a>) -> Jwt<'a> {
    let mut jwt = Jwt { asked: Vec::new(), plans: Vec::new() };
    // Whether the policy is for a gateway matters: mtls peers do not count there (§2.3).
    let mut known: BTreeMap<(Option<ManifestId>, bool), Option<usize>> = BTreeMap::new();
    for subject in work.subjects() {
        let plan = plan(work, subject, &mut jwt.asked, &mut known);
        jwt.plans.push(plan);
    }
    jwt
}

fn plan<'a>(
    work: &mut Work<'a>,
    subject: &'a Subject<'a>,
    all: &mut Vec<Asked>,
    known: &mut BTreeMap<(Option<ManifestId>, bool), Option<usize>>,
) -> Plan<'a> {
    let mut plan = Plan { replaced: is_replaced(work, subject), ..Plan::default() };
    for port in &subject.ports {
        let Some(id) = demand_on(work, &port.effective, subject.gateway, all, known) else {
            if port.protocol != Protocol::Tcp {
                plan.free.insert(port.number);
            }
            continue;
        };
        let Some(policy) = port.effective.policy else { continue };
        if plan.replaced {
            replaced(work, policy);
        } else if !is_http(subject, port) {
            without_http(work, subject, port, policy);
        } else {
            if port.protocol == Protocol::Auto && !subject.gateway {
                sniffed(work, subject, port, policy);
            } else if subject.gateway && port.protocol == Protocol::Tcp {
                gateway_tls(work, port, policy);
            }
            unseen_pods(work, port, policy);
            plan.on.entry(id).or_default().insert(port.number);
            plan.add(policy);
        }
    }
    for unknown in subject.unknown.iter().filter(|unknown| unknown.protocol != Protocol::Tcp) {
        let demanded = demand_on(work, &unknown.effective, subject.gateway, all, known).is_some();
        if let (true, Some(policy), false) = (demanded, unknown.effective.policy, plan.replaced) {
            let place = policy.targets.iter().find(|target| target.name == unknown.service.meta.name);
            let place = place.map_or_else(|| policy.meta.place.clone(), |target| target.place.clone());
            work.refuse(policy, super::mtls::unresolved_port(unknown, place, subject.namespace()));
        }
    }
    plan.newly_read = newly_read(subject, &plan);
    plan
}

/// Ports that the new mesh sniffs and the old one took for TCP, and declared ports that no Service leads to.
fn newly_read(subject: &Subject<'_>, plan: &Plan<'_>) -> BTreeSet<u16> {
    let sniffed = subject.ports.iter().filter(|port| {
        port.protocol == Protocol::Tcp
            && port.governed.as_ref().is_some_and(|governed| governed.new_protocol != Protocol::Tcp)
    });
    let declared = subject.workload.ports.iter().filter(|port| port.transport == Transport::Tcp);
    let undeclared = declared.map(|port| port.number).filter(|n| !subject.ports.iter().any(|port| port.number == *n));
    let demanded = plan.ports();
    sniffed.map(|port| port.number).chain(undeclared).filter(|number| !demanded.contains(number)).collect()
}

impl<'a> Plan<'a> {
    fn add(&mut self, policy: &'a AuthenticationPolicy) {
        if !self.policies.iter().any(|known| same_object(known, policy)) {
            self.policies.push(policy);
        }
    }

    /// Every port on which a token is demanded or checked.
    fn ports(&self) -> BTreeSet<u16> {
        self.on.values().flatten().copied().collect()
    }
}

/// The index of what a policy demands; works it out when it is new.
fn demand_on(
    work: &mut Work<'_>,
    effective: &Effective<'_>,
    gateway: bool,
    all: &mut Vec<Asked>,
    known: &mut BTreeMap<(Option<ManifestId>, bool), Option<usize>>,
) -> Option<usize> {
    let policy = effective.policy.filter(|policy| JwtMeaning::of(policy).demands_token())?;
    let key = (policy.meta.manifest, gateway);
    if let Some(id) = known.get(&key) {
        return *id;
    }
    let id = asked::by(work, policy, gateway).map(|asked| match all.iter().position(|other| *other == asked) {
        Some(id) => id,
        None => {
            all.push(asked);
            all.len() - 1
        }
    });
    known.insert(key, id);
    id
}

/// A denial names the container ports of the pods that the input shows; other pods may give a named port another number.
fn unseen_pods(work: &mut Work<'_>, port: &Port<'_>, policy: &AuthenticationPolicy) {
    let Some(governed) = &port.governed else { return };
    let by_name = matches!(governed.service_port.target, TargetPort::Name(_));
    if !by_name || work.mesh().evidence.closes(&[InventoryKind::Workload]) {
        return;
    }
    let message = format!(
        "Port {} of Service `{}` leads to a container port by name, and its number is that of the pods in the input; pods that it does not show would take requests without a token.",
        governed.service_port.port, governed.service.meta.name
    );
    work.refuse(policy, Finding::new(mtls::UNSEEN_PODS, message));
}

/// True when the old mesh looked at tokens on this port. On a gateway the Gateway's server decides, not the name of the
/// Service's port: every port counts that is not surely something else.
fn is_http(subject: &Subject<'_>, port: &Port<'_>) -> bool {
    if !subject.gateway {
        return port.protocol != Protocol::Tcp;
    }
    let name = port.governed.as_ref().map(|governed| governed.service_port.name.as_str()).unwrap_or_default();
    let is_status = matches!(port.number, 15020 | 15021 | 15090);
    !is_status && !announces_bytes(name)
}

/// A policy with tokens on a port that was not HTTP never looked at them there (J13, E45, E74). On 1.5 that is known
/// for sure only of ports whose name announces another protocol, unless somebody states whether proxies sniffed: those
/// that did demanded tokens on the others.
fn without_http(work: &mut Work<'_>, subject: &Subject<'_>, port: &Port<'_>, policy: &AuthenticationPolicy) {
    let Some(governed) = &port.governed else { return };
    if subject.gateway {
        return;
    }
    let name = &governed.service_port.name;
    let announces = announces_bytes(name);
    let settings = &work.mesh().settings;
    let unknown = settings.source == SourceRelease::V1_5 && settings.inbound_sniffing == Sniffing::Unknown;
    let may_have_been_sniffed = !announces && unknown;
    if policy.targets.is_empty() && !may_have_been_sniffed {
        return;
    }
    let name = if name.is_empty() { "has no name".to_owned() } else { format!("is named `{name}`") };
    let (port, service) = (governed.service_port.port, &governed.service.meta);
    let target = policy.targets.iter().find(|target| target.name == service.name);
    let place = target.map_or_else(|| policy.meta.place.clone(), |target| target.place.clone());
    if may_have_been_sniffed {
        let message = format!(
            "Port {port} of Service {} {name}; Istio 1.5 demanded tokens on it only if its proxies sniffed inbound protocols, which nothing in the input tells.",
            service.name
        );
        let remedy = "Say `--assume sniffing=on` if PILOT_ENABLE_PROTOCOL_SNIFFING_FOR_INBOUND was on, or `--assume sniffing=off` if it was off, as in Istio's charts.";
        let finding = Finding::new(codes::JWT_ON_TCP_PORT, message).direction(Direction::Wider).remedy(remedy);
        if !work.refuse(policy, finding.at(place).related(service.place.clone(), "the Service")) {
            return;
        }
    } else {
        let message = format!(
            "Port {port} of Service {} {name}, which is not HTTP to Istio, so no token was ever demanded on it.",
            service.name
        );
        // A port that says it is not HTTP surprises nobody.
        let severity = if announces { Severity::Note } else { Severity::Warning };
        let finding = Finding::new(codes::JWT_ON_TCP_PORT, message).at(place).severity(severity);
        work.report(policy, finding.related(service.place.clone(), "the Service"));
    }
    if !policy.targets.is_empty() {
        work.inert(policy, codes::JWT_ON_TCP_PORT);
    }
}

/// True when a port's name announces a protocol other than HTTP.
fn announces_bytes(name: &str) -> bool {
    let prefix = name.split('-').next().unwrap_or_default().to_ascii_lowercase();
    matches!(prefix.as_str(), "tcp" | "tls" | "mongo" | "redis" | "mysql")
}

/// A gateway port that is HTTPS by name: HTTP where the Gateway's server terminates TLS, bytes where it passes it on.
fn gateway_tls(work: &mut Work<'_>, port: &Port<'_>, policy: &AuthenticationPolicy) {
    let message = format!(
        "Gateway port {} demands tokens, as it did where its Gateway server terminates TLS; a server that passes TLS through is closed.",
        port.number
    );
    work.report(policy, Finding::new(codes::GATEWAY_TLS_PORT, message));
}

fn sniffed(work: &mut Work<'_>, subject: &Subject<'_>, port: &Port<'_>, policy: &AuthenticationPolicy) {
    let message = format!(
        "Container port {} of {} takes HTTP and other protocols; demanding a token on it closes it to the others.",
        port.number,
        subject.workload.meta.object()
    );
    work.report(policy, Finding::new(codes::JWT_ON_SNIFFED_PORT, message));
}

/// On 1.5 any RequestAuthentication that applies switched the origins of old policies off (§2.5, E87).
fn is_replaced(work: &Work<'_>, subject: &Subject<'_>) -> bool {
    work.mesh().settings.source == SourceRelease::V1_5
        && work.mesh().request.iter().any(|object| {
            let scope = object.meta.namespace == subject.namespace() || object.meta.namespace == work.root();
            scope && !object.target_refs && !object.rules.is_empty() && selects(&object.selector, subject.labels())
        })
}

fn replaced(work: &mut Work<'_>, policy: &AuthenticationPolicy) {
    let message = format!(
        "The origins of {} are replaced by a RequestAuthentication that is already in the input.",
        policy.meta.object()
    );
    work.report(policy, Finding::new(codes::JWT_REPLACED, message));
    if policy.peers.iter().any(|peer| matches!(peer, PeerMethod::Jwt(_))) {
        // Only the origins were switched off; the token that a peer method demands still was (authn §2.5).
        let message = format!(
            "{} demands a token of the peer beside the RequestAuthentication of the input, which no new object can say.",
            policy.meta.object()
        );
        work.refuse(policy, Finding::new(codes::PEER_AND_ORIGIN_TOKENS, message));
    }
    work.inert(policy, codes::JWT_REPLACED);
}

/// A policy for a namespace or the mesh that demands tokens, where no HTTP port is known to demand them on.
fn without_known_ports(work: &mut Work<'_>, jwt: &Jwt<'_>) {
    let used: BTreeSet<Option<ManifestId>> = policies(work, jwt).iter().map(|policy| policy.meta.manifest).collect();
    for policy in &work.mesh().authentication {
        let is_used = used.contains(&policy.meta.manifest);
        if is_used || !policy.targets.is_empty() || !JwtMeaning::of(policy).demands_token() {
            continue;
        }
        let message = format!(
            "{} demands tokens on every HTTP port of {}, and the input knows none on which it is in force.",
            policy.meta.object(),
            objects::reach(policy)
        );
        objects::only_known(work, policy, Finding::new(codes::KNOWN_WORKLOADS_ONLY, message));
    }
}

/// On 1.5 any AuthorizationPolicy switches ServiceRoles off for its workloads (§2.5, E75).
fn keeps_rbac(work: &mut Work<'_>, jwt: &Jwt<'_>) {
    let mesh = work.mesh();
    let has_rbac = !mesh.configs.is_empty() || !mesh.roles.is_empty() || !mesh.bindings.is_empty();
    if mesh.settings.target.at_least(6) || !has_rbac {
        return;
    }
    for policy in policies(work, jwt) {
        let message = format!(
            "On Istio {} an AuthorizationPolicy made from {} would switch the ServiceRoles of its workloads off.",
            mesh.settings.target,
            policy.meta.object()
        );
        work.refuse(policy, Finding::new(codes::JWT_DISABLES_RBAC, message));
    }
}

fn ambient(work: &mut Work<'_>, jwt: &Jwt<'_>) {
    for (subject, plan) in work.subjects().iter().zip(&jwt.plans) {
        if plan.on.is_empty() || !work.mesh().is_ambient(&subject.workload) {
            continue;
        }
        for policy in &plan.policies {
            let message = format!(
                "{} is in ambient mode, where tokens are checked by a waypoint only, and selectors do not reach it.",
                subject.workload.meta.object()
            );
            work.refuse(policy, Finding::new(mtls::AMBIENT_NAMESPACE, message));
        }
    }
}

/// Every policy that demands or checks tokens somewhere, once.
fn policies<'a>(work: &Work<'a>, jwt: &Jwt<'a>) -> Vec<&'a AuthenticationPolicy> {
    work.in_order(jwt.plans.iter().flat_map(|plan| plan.policies.iter().copied()).collect())
}
