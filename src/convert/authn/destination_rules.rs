//! DestinationRules of the input against the modes of the result (`spec/authn.md` §7.1, §7.2): they speak **service**
//! ports, the result speaks container ports.

use super::Work;
use super::existing::{Settings, replaced_mtls};
use crate::api::core::{Service, ServicePort};
use crate::api::networking::{ClientTls, DestinationRule};
use crate::api::security::MtlsMode;
use crate::finding::catalogue::mtls as codes;
use crate::finding::{Direction, Finding};
use crate::mesh::Mesh;
use std::collections::{BTreeMap, BTreeSet};

/// The DestinationRules of the input, by the hosts they are for.
#[derive(Debug)]
pub(super) struct Clients<'a> {
    mesh: &'a Mesh,
    by_host: BTreeMap<String, Vec<&'a DestinationRule>>,
    /// Patterns with a leading star, without it.
    by_suffix: Vec<(String, &'a DestinationRule)>,
}

/// Reports every DestinationRule under which clients cannot reach a port of the result. `existing` are the
/// PeerAuthentications of the input, `after` those of the result.
pub(super) fn report(work: &mut Work<'_>, clients: &Clients<'_>, existing: &Settings, after: &Settings) {
    let mesh = work.mesh();
    if mesh.destination_rules.is_empty() {
        return;
    }
    let mut seen = BTreeSet::new();
    for subject in work.subjects().iter().filter(|subject| !subject.gateway) {
        let result = after.compose(subject.namespace(), subject.labels());
        let before = existing.compose(subject.namespace(), subject.labels());
        let replaced = replaced_mtls(mesh, existing, subject);
        for port in &subject.ports {
            let Some(governed) = &port.governed else { continue };
            let server = result.mode(port.number);
            let shadowed = governed.shadowed.iter().copied();
            for (service, service_port) in std::iter::once((governed.service, governed.service_port)).chain(shadowed) {
                for rule in clients.rules_for(service) {
                    let Some(client) = client_tls(rule, service_port) else { continue };
                    if reaches(&client.mode, server) {
                        continue;
                    }
                    let host = format!("{}:{}", mesh.host(service), service_port.port);
                    if seen.insert((client.place.clone(), host.clone(), server)) {
                        let was = if replaced { before.mode(port.number) } else { port.effective.mode };
                        work.part.ledger.tell(conflict(rule, client, &host, port.number, server, was));
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

/// The tls settings for a **service** port: an entry of `portLevelSettings` replaces the general ones even when it has
/// none itself (E97).
fn client_tls<'r>(rule: &'r DestinationRule, port: &ServicePort) -> Option<&'r ClientTls> {
    match rule.port_tls.iter().find(|(number, _)| *number == port.port) {
        Some((_, tls)) => tls.as_ref(),
        None => rule.tls.as_ref(),
    }
}

impl<'a> Clients<'a> {
    /// Indexes the DestinationRules of a mesh.
    pub(super) fn new(mesh: &'a Mesh) -> Clients<'a> {
        let mut clients = Clients { mesh, by_host: BTreeMap::new(), by_suffix: Vec::new() };
        for rule in &mesh.destination_rules {
            // A short name is one of the rule's own namespace.
            let host = if rule.host == "*" || rule.host.contains('.') {
                rule.host.clone()
            } else {
                format!("{}.{}.svc.{}", rule.host, rule.meta.namespace, mesh.settings.cluster_domain)
            };
            match host.strip_prefix('*') {
                Some(suffix) => clients.by_suffix.push((suffix.to_owned(), rule)),
                None => clients.by_host.entry(host).or_default().push(rule),
            }
        }
        clients
    }

    /// True when some DestinationRule makes clients of a service port use this tls mode.
    pub(super) fn use_mode(&self, service: &Service, port: &ServicePort, mode: &str) -> bool {
        self.rules_for(service).into_iter().any(|rule| client_tls(rule, port).is_some_and(|tls| tls.mode == mode))
    }

    /// The rule for a service in every namespace that has one: the most specific host, the oldest of equal ones. Which
    /// of them a client uses depends on its own namespace.
    fn rules_for(&self, service: &Service) -> Vec<&'a DestinationRule> {
        let host = self.mesh.host(service);
        let exact = self.by_host.get(&host).into_iter().flatten().map(|rule| (host.as_str(), false, *rule));
        let wild = self.by_suffix.iter().filter(|(suffix, _)| host.ends_with(suffix.as_str()));
        let wild = wild.map(|(suffix, rule)| (suffix.as_str(), true, *rule));
        let mut matching: Vec<(&str, bool, &DestinationRule)> = exact.chain(wild).collect();
        matching.sort_by_key(|(pattern, wild, rule)| {
            let created = rule.meta.created.as_deref();
            let specificity = (*wild, std::cmp::Reverse(pattern.len()));
            (rule.meta.namespace.as_str(), specificity, created.is_none(), created, rule.meta.name.as_str())
        });
        matching.dedup_by(|(_, _, later), (_, _, first)| later.meta.namespace == first.meta.namespace);
        matching.into_iter().map(|(_, _, rule)| rule).collect()
    }
}
