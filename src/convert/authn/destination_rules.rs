//! DestinationRules of the input against the modes of the result (`meaning/authn.md` §7.1, §7.2): they speak **service**
//! ports, the result speaks container ports.

use super::existing::{Settings, replaced_mtls};
use super::subjects::Port;
use super::work::Work;
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
            let was = if replaced { before.mode(port.number) } else { port.effective.mode };
            let server = Server { port: port.number, was, is: result.mode(port.number) };
            for (rule, client, host) in refused_clients(clients, port, server.is) {
                if seen.insert((client.place.clone(), host.clone(), server.is)) {
                    work.part.ledger.tell(conflict(rule, client, &host, server));
                }
            }
        }
    }
}

/// A **container** port with its modes in the old and in the new mesh.
#[derive(Clone, Copy, Debug)]
struct Server {
    port: u16,
    was: MtlsMode,
    is: MtlsMode,
}

/// The rules under which clients do not reach a port in this mode, each with its tls settings and the host and service
/// port that clients call.
fn refused_clients<'a>(
    clients: &Clients<'a>,
    port: &Port<'_>,
    server: MtlsMode,
) -> Vec<(&'a DestinationRule, &'a ClientTls, String)> {
    let Some(governed) = &port.governed else { return Vec::new() };
    let shadowed = governed.shadowed.iter().copied();
    let mut refused = Vec::new();
    for (service, service_port) in std::iter::once((governed.service, governed.service_port)).chain(shadowed) {
        for rule in clients.rules_for(service) {
            if let Some(client) = client_tls(rule, service_port).filter(|client| !reaches(&client.mode, server)) {
                refused.push((rule, client, format!("{}:{}", clients.mesh.host(service), service_port.port)));
            }
        }
    }
    refused
}

fn conflict(rule: &DestinationRule, client: &ClientTls, host: &str, server: Server) -> Finding {
    let sends = if client.mode == "DISABLE" { "plaintext" } else { "mutual TLS" };
    let before = if reaches(&client.mode, server.was) { "" } else { ", as it already did" };
    let message = format!(
        "Clients of {host} send {sends} (tls mode {}), and container port {} is {}, which refuses it{before}.",
        client.mode,
        server.port,
        server.is.word()
    );
    let remedy = match server.is {
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

    /// Every rule that some client of the service uses (`meaning/rollout.md` R47 to R51): in each namespace that has rules of
    /// its own for the host the best of those; everywhere else the exported one of the service's namespace, else the
    /// exported one of the root namespace.
    fn rules_for(&self, service: &Service) -> Vec<&'a DestinationRule> {
        let root = &self.mesh.settings.root_namespace;
        let near = &service.meta.namespace;
        let best = self.best_by_namespace(service);
        let of = |namespace: &str| best.iter().copied().find(|rule| rule.meta.namespace == namespace);
        let of_service = of(near).filter(|rule| is_exported(rule));
        // A rule that is exported to some namespaces only leaves the others to the root namespace.
        let of_root = match of_service {
            Some(rule) if near == root || is_for_everyone(rule) => None,
            _ => of(root).filter(|rule| is_exported(rule)),
        };
        let shared = |rule: &&DestinationRule| [of_service, of_root].into_iter().flatten().any(|used| used == *rule);
        let used = |rule: &&DestinationRule| rule.meta.namespace != *root || shared(rule);
        best.iter().copied().filter(used).collect()
    }

    /// The rule that counts in every namespace that has one for the service: of the most specific host pattern the oldest
    /// with a traffic policy.
    fn best_by_namespace(&self, service: &Service) -> Vec<&'a DestinationRule> {
        let host = self.mesh.host(service);
        let exact = self.by_host.get(&host).into_iter().flatten().map(|rule| (host.as_str(), false, *rule));
        let wild = self.by_suffix.iter().filter(|(suffix, _)| host.ends_with(suffix.as_str()));
        let wild = wild.map(|(suffix, rule)| (suffix.as_str(), true, *rule));
        let mut matching: Vec<(&str, bool, &DestinationRule)> = exact.chain(wild).collect();
        matching.sort_by_key(|(pattern, wild, rule)| {
            let created = rule.meta.created.as_deref();
            let specificity = (*wild, std::cmp::Reverse(pattern.len()));
            let age = (created.is_none(), created, rule.meta.name.as_str());
            (rule.meta.namespace.as_str(), specificity, !rule.has_traffic_policy, age)
        });
        matching.dedup_by(|(_, _, later), (_, _, first)| later.meta.namespace == first.meta.namespace);
        matching.into_iter().map(|(_, _, rule)| rule).collect()
    }
}

/// True when clients of other namespaces may use the rule.
fn is_exported(rule: &DestinationRule) -> bool {
    let elsewhere = |to: &String| *to != "." && *to != rule.meta.namespace;
    rule.export_to.is_empty() || rule.export_to.iter().any(elsewhere)
}

/// True when clients of all other namespaces may use the rule.
fn is_for_everyone(rule: &DestinationRule) -> bool {
    rule.export_to.is_empty() || rule.export_to.iter().any(|to| to == "*")
}
