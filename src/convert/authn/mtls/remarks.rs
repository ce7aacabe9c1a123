//! What a reader of the new PeerAuthentications should know: fields without effect, plaintext ports, clients that do
//! not see an exception (`meaning/authn.md` §3.3, §3.4, §4.1).

use super::findings::remarks::{self as findings, Blindness};
use super::mode::Base;
use super::planned::Planned;
use crate::api::ManifestId;
use crate::api::core::{Service, ServicePort, Transport};
use crate::api::legacy::{AuthenticationPolicy, PeerMethod};
use crate::api::security::MtlsMode;
use crate::convert::authn::destination_rules::Clients;
use crate::convert::authn::meaning::mode;
use crate::convert::authn::subjects::Port;
use crate::convert::authn::work::Work;
use crate::finding::Finding;
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
        let place = place_of(work, &format!("/spec/peers/{index}/mtls/allowTls"));
        work.report(policy, findings::allow_tls(policy).at(place));
    }
    // Of a token among the peers it says something (`jwt::asked`).
    let asks_for_token = policy.peers.iter().any(|peer| matches!(peer, PeerMethod::Jwt(_)));
    let finding = match (policy.peer_is_optional, mode(policy)) {
        (false, _) => return,
        (true, MtlsMode::Strict) => findings::peer_is_optional_beside_strict(policy),
        (true, _) if asks_for_token => return,
        (true, _) => findings::peer_is_optional_said_nothing(policy),
    };
    let place = place_of(work, "/spec/peerIsOptional");
    work.report(policy, finding.at(place));
}

/// Ports that took plaintext only, and what they become.
fn plaintext(work: &mut Work<'_>, planned: &[Planned<'_>]) {
    let mut seen: BTreeSet<Option<ManifestId>> = BTreeSet::new();
    for object in planned {
        for policy in object.from.iter().filter(|policy| mode(policy) == MtlsMode::Disable) {
            if !seen.insert(policy.meta.manifest) {
                continue;
            }
            if work.options().plaintext_permissive {
                work.report(policy, findings::plaintext_made_permissive(policy));
            } else if work.is_ambient(&object.namespace) {
                work.refuse(policy, findings::plaintext_in_ambient(policy));
            } else {
                work.report(policy, findings::plaintext_kept(policy));
            }
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
    if !open.is_empty() {
        work.report(policy, findings::undeclared_ports(&open));
    }
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
    let no_rule = |tls: &str| !rules.use_mode(service, port, tls);
    match (mode, inherited) {
        // Auto mTLS looks at the namespace's and the mesh's mode only before it starts mutual TLS (E94).
        (MtlsMode::Strict, MtlsMode::Disable) if no_rule("ISTIO_MUTUAL") => {
            Some(findings::strict_below_disable(mesh, service, port))
        }
        (MtlsMode::Disable, MtlsMode::Strict | MtlsMode::Permissive) if no_rule("DISABLE") => {
            let old = Some(mesh.settings.target).filter(|target| !target.at_least(12)).map(Blindness::Release);
            let why = if service.headless { Some(Blindness::Headless) } else { old };
            why.map(|why| findings::disable_unseen(mesh, service, port, why))
        }
        _ => None,
    }
}
