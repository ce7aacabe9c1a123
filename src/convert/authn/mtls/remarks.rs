//! What a reader of the new PeerAuthentications should know: fields without effect, plaintext ports, clients that do
//! not see an exception (`meaning/authn.md` §3.3, §3.4, §4.1).

use super::super::Work;
use super::super::destination_rules::Clients;
use super::super::meaning::mode;
use super::super::subjects::Port;
use super::{Base, Planned, is_ambient};
use crate::api::core::{Service, ServicePort, Transport};
use crate::api::legacy::{AuthenticationPolicy, PeerMethod};
use crate::api::security::MtlsMode;
use crate::finding::Finding;
use crate::finding::catalogue::mapping::FIELD_WITHOUT_EFFECT;
use crate::finding::catalogue::mtls as codes;
use std::collections::BTreeSet;

/// Reports them all.
pub(super) fn report(work: &mut Work<'_>, planned: &[Planned<'_>], base: &Base, rules: &Clients<'_>) {
    for policy in &work.mesh().authentication {
        fields_without_effect(work, policy);
    }
    plaintext(work, planned);
    for object in planned {
        undeclared_ports(work, object);
        clients(work, object, base, rules);
    }
}

/// `allowTls` and `peerIsOptional` never relaxed the listener (E8, E9).
fn fields_without_effect(work: &mut Work<'_>, policy: &AuthenticationPolicy) {
    let place_of = |work: &Work<'_>, pointer: &str| {
        work.manifest(policy).map_or_else(|| policy.meta.place.clone(), |manifest| manifest.key_place(pointer))
    };
    for (index, peer) in policy.peers.iter().enumerate() {
        if !matches!(peer, PeerMethod::Mtls(mtls) if mtls.allow_tls) {
            continue;
        }
        let message =
            format!("allowTls had no effect since Istio 1.1: {} stays {}.", policy.meta.object(), mode(policy).word());
        let place = place_of(work, &format!("/spec/peers/{index}/mtls/allowTls"));
        work.report(policy, Finding::new(codes::ALLOW_TLS, message).at(place));
    }
    // Of a token among the peers it says something (`jwt::asked`).
    let asks_for_token = policy.peers.iter().any(|peer| matches!(peer, PeerMethod::Jwt(_)));
    let finding = match (policy.peer_is_optional, mode(policy)) {
        (false, _) => return,
        (true, MtlsMode::Strict) => Finding::new(
            codes::PEER_IS_OPTIONAL,
            format!("peerIsOptional did not open the TLS listener: {} stays STRICT.", policy.meta.object()),
        ),
        (true, _) if asks_for_token => return,
        (true, _) => Finding::new(
            FIELD_WITHOUT_EFFECT,
            format!(
                "peerIsOptional said nothing about {}: callers without a certificate were let in anyway.",
                policy.meta.object()
            ),
        ),
    };
    let place = place_of(work, "/spec/peerIsOptional");
    work.report(policy, finding.at(place));
}

/// Ports that took plaintext only, and what they become.
fn plaintext(work: &mut Work<'_>, planned: &[Planned<'_>]) {
    let mut seen: BTreeSet<Option<crate::api::ManifestId>> = BTreeSet::new();
    for object in planned {
        for policy in object.from.iter().filter(|policy| mode(policy) == MtlsMode::Disable) {
            if !seen.insert(policy.meta.manifest) {
                continue;
            }
            let because = if policy.peers.is_empty() { "has no peers" } else { "has no mtls peer" };
            let finding = if work.facts.context.options.plaintext_permissive {
                let message = format!(
                    "{} {because}, which meant plaintext only; it becomes PERMISSIVE, as --plaintext permissive asks, so mutual TLS is newly accepted.",
                    policy.meta.object()
                );
                Finding::new(codes::PLAINTEXT_PERMISSIVE, message)
            } else if is_ambient(work, &object.namespace) {
                let message = format!(
                    "{} {because}, which meant plaintext only; ztunnel cannot refuse mutual TLS, so it becomes PERMISSIVE.",
                    policy.meta.object()
                );
                work.refuse(policy, Finding::new(codes::AMBIENT_NAMESPACE, message));
                continue;
            } else {
                let message =
                    format!("{} {because}, which means plaintext only, so it becomes DISABLE.", policy.meta.object());
                Finding::new(codes::PLAINTEXT_ONLY, message)
            };
            work.report(policy, finding);
        }
    }
}

/// Container ports that pods declare and no Service leads to: old policies never reached them, a mode does (E47).
fn undeclared_ports(work: &mut Work<'_>, object: &Planned<'_>) {
    let (Some(mode), Some(policy)) = (object.mode, object.from.first().copied()) else { return };
    if mode != MtlsMode::Strict {
        return;
    }
    let root = work.root();
    let in_scope = |namespace: &str| {
        object.namespace == namespace
            || (object.namespace == root && work.policies().namespace_policy(namespace).is_none())
    };
    let mut open: Vec<String> = Vec::new();
    for (_, subject) in work.selected(None, &object.selector).into_iter().filter(|(_, s)| in_scope(s.namespace())) {
        let declared = subject.workload.ports.iter().filter(|port| port.transport == Transport::Tcp);
        for port in declared.filter(|port| !subject.ports.iter().any(|known| known.number == port.number)) {
            open.push(format!("{} of {}", port.number, subject.workload.meta.object()));
        }
    }
    if open.is_empty() {
        return;
    }
    let shown: Vec<String> = open.iter().take(5).cloned().collect();
    let rest = if open.len() > 5 { format!(" and {} more", open.len() - 5) } else { String::new() };
    let message = format!(
        "No Service leads to container port {}{rest}; old policies left such ports open to plaintext, STRICT does not.",
        shown.join(", ")
    );
    work.report(policy, Finding::new(codes::UNDECLARED_PORTS, message));
}

/// Clients decide about mutual TLS from less than the server's whole configuration (§3.4).
fn clients(work: &mut Work<'_>, object: &Planned<'_>, base: &Base, rules: &Clients<'_>) {
    if object.selector.is_empty() {
        return;
    }
    let inherited = base.mode(&object.namespace);
    let mut seen: BTreeSet<(&str, u16)> = BTreeSet::new();
    for (_, subject) in work.selected(Some(&object.namespace), &object.selector) {
        if subject.gateway {
            continue;
        }
        for port in &subject.ports {
            let (Some(governed), Some(mode)) = (&port.governed, mode_of(object, port)) else { continue };
            let (service, service_port) = (governed.service, governed.service_port);
            if !seen.insert((service.meta.name.as_str(), service_port.port)) {
                continue;
            }
            if let (Some(finding), Some(policy)) = (
                client_finding(work, rules, service, service_port, (mode, inherited)),
                port.effective.policy.or(object.from.first().copied()),
            ) {
                work.report(policy, finding);
            }
        }
    }
}

fn mode_of(object: &Planned<'_>, port: &Port<'_>) -> Option<MtlsMode> {
    object.ports.get(&port.number).map(|(mode, _)| *mode).or(object.mode)
}

fn client_finding(
    work: &Work<'_>,
    rules: &Clients<'_>,
    service: &Service,
    port: &ServicePort,
    (mode, inherited): (MtlsMode, MtlsMode),
) -> Option<Finding> {
    let mesh = work.mesh();
    let host = format!("{}:{}", mesh.host(service), port.port);
    let no_rule = |tls: &str| !rules.use_mode(service, port, tls);
    match (mode, inherited) {
        // Auto mTLS looks at the namespace's and the mesh's mode only before it starts mutual TLS (E94).
        (MtlsMode::Strict, MtlsMode::Disable) if no_rule("ISTIO_MUTUAL") => {
            let message = format!(
                "{host} is STRICT below a namespace or mesh that is DISABLE, so clients with automatic mutual TLS send plaintext and are refused."
            );
            Some(Finding::new(codes::STRICT_BELOW_DISABLE, message))
        }
        (MtlsMode::Disable, MtlsMode::Strict | MtlsMode::Permissive) if no_rule("DISABLE") => {
            let target = mesh.settings.target;
            let why = if service.headless {
                "the Service is headless, and for headless Services clients do not look at exceptions".to_owned()
            } else if !target.at_least(12) {
                format!("clients of Istio {target} do not look at exceptions for workloads and ports")
            } else {
                return None;
            };
            let message =
                format!("{host} takes plaintext only, but clients with automatic mutual TLS keep sending TLS: {why}.");
            let remedy = format!(
                "Add a DestinationRule for {} with portLevelSettings for port {} and tls mode DISABLE, or convert with --plaintext permissive.",
                mesh.host(service),
                port.port
            );
            Some(Finding::new(codes::DISABLE_UNSEEN_BY_CLIENTS, message).remedy(remedy))
        }
        _ => None,
    }
}
