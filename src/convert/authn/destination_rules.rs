//! DestinationRules of the input against the modes of the result (`spec/authn.md` §7.1, §7.2): they speak **service**
//! ports, the result speaks container ports.

use super::Work;
use super::existing::{Setting, compose};
use crate::api::core::{Service, ServicePort};
use crate::api::networking::{ClientTls, DestinationRule};
use crate::api::security::MtlsMode;
use crate::finding::catalogue::mtls as codes;
use crate::finding::{Direction, Finding};
use crate::mesh::Mesh;
use std::collections::BTreeSet;

/// Reports every DestinationRule under which clients cannot reach a port of the result. `after` are the
/// PeerAuthentications of the result, oldest first.
pub(super) fn report(work: &mut Work<'_>, after: &[Setting]) {
    let mesh = work.mesh();
    let mut seen = BTreeSet::new();
    for subject in work.subjects().iter().filter(|subject| !subject.gateway) {
        let result = compose(after.iter(), work.root(), subject.namespace(), subject.labels());
        for port in &subject.ports {
            let Some(governed) = &port.governed else { continue };
            let server = result.mode(port.number);
            let shadowed = governed.shadowed.iter().copied();
            for (service, service_port) in std::iter::once((governed.service, governed.service_port)).chain(shadowed) {
                for rule in rules_for(mesh, service) {
                    let Some(client) = client_tls(rule, service_port) else { continue };
                    if reaches(&client.mode, server) {
                        continue;
                    }
                    let host = format!("{}:{}", mesh.host(service), service_port.port);
                    if seen.insert((client.place.clone(), host.clone(), server)) {
                        let was = port.effective.mode;
                        work.part.findings.push(conflict(rule, client, &host, port.number, server, was));
                    }
                }
            }
        }
    }
}

fn conflict(
    rule: &DestinationRule,
    client: &ClientTls,
    host: &str,
    number: u16,
    server: MtlsMode,
    was: MtlsMode,
) -> Finding {
    let sends = if client.mode == "DISABLE" { "plaintext" } else { "mutual TLS" };
    let before = if reaches(&client.mode, was) { "" } else { ", as it already did" };
    let message = format!(
        "Clients of {host} send {sends} (tls mode {}), and container port {number} is {}, which refuses it{before}.",
        client.mode,
        server.word()
    );
    let remedy = match server {
        MtlsMode::Strict => "Set the tls mode of this host and port to ISTIO_MUTUAL.",
        MtlsMode::Disable | MtlsMode::Permissive => "Set the tls mode of this host and port to DISABLE.",
    };
    let direction = if before.is_empty() { Direction::Narrower } else { Direction::None };
    Finding::new(codes::DESTINATION_RULE_CONFLICT, message)
        .at(client.place.clone())
        .on(rule.meta.object())
        .remedy(remedy)
        .direction(direction)
}

/// True when a client with this tls mode is understood by a server in `server` mode. SIMPLE and MUTUAL are the
/// application's own TLS: nothing is claimed about them.
fn reaches(client: &str, server: MtlsMode) -> bool {
    match server {
        MtlsMode::Strict => client != "DISABLE",
        MtlsMode::Disable => client != "ISTIO_MUTUAL",
        MtlsMode::Permissive => true,
    }
}

/// True when some DestinationRule makes clients of a service port use this tls mode.
pub(super) fn clients_use(mesh: &Mesh, service: &Service, port: &ServicePort, mode: &str) -> bool {
    rules_for(mesh, service).into_iter().any(|rule| client_tls(rule, port).is_some_and(|tls| tls.mode == mode))
}

/// The tls settings for a **service** port: an entry of `portLevelSettings` replaces the general ones even when it has
/// none itself (E97).
fn client_tls<'r>(rule: &'r DestinationRule, port: &ServicePort) -> Option<&'r ClientTls> {
    match rule.port_tls.iter().find(|(number, _)| *number == port.port) {
        Some((_, tls)) => tls.as_ref(),
        None => rule.tls.as_ref(),
    }
}

/// The rule for a service in every namespace that has one: the most specific host, the oldest of equal ones. Which of
/// them a client uses depends on its own namespace.
fn rules_for<'a>(mesh: &'a Mesh, service: &Service) -> Vec<&'a DestinationRule> {
    let host = mesh.host(service);
    let mut matching: Vec<(&DestinationRule, String)> = mesh
        .destination_rules
        .iter()
        .map(|rule| (rule, resolved(mesh, rule)))
        .filter(|(_, pattern)| host_matches(pattern, &host))
        .collect();
    matching.sort_by_cached_key(|(rule, pattern)| {
        let created = rule.meta.created.clone();
        let specificity = (pattern.starts_with('*'), std::cmp::Reverse(pattern.len()));
        (rule.meta.namespace.clone(), specificity, created.is_none(), created, rule.meta.name.clone())
    });
    matching.dedup_by(|(later, _), (first, _)| later.meta.namespace == first.meta.namespace);
    matching.into_iter().map(|(rule, _)| rule).collect()
}

/// The host a rule means: a short name is one of its own namespace.
fn resolved(mesh: &Mesh, rule: &DestinationRule) -> String {
    if rule.host == "*" || rule.host.contains('.') {
        rule.host.clone()
    } else {
        format!("{}.{}.svc.{}", rule.host, rule.meta.namespace, mesh.settings.cluster_domain)
    }
}

fn host_matches(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(end) => host.ends_with(end),
        None => pattern == host,
    }
}
