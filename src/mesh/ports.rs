//! Ports: which container port a service port leads to, which service governs it, and what protocol it speaks
//! (`meaning/rbac.md` §3.1, `meaning/authn.md` §2.2 and §4.3).

use super::{GovernedPort, InventoryKind, Mesh, Protocol, Sniffing};
use crate::api::core::{Service, ServicePort, TargetPort, Transport, Workload};
use std::collections::BTreeMap;

impl Mesh {
    /// The container port a service port leads to in this workload; `None` when a named targetPort cannot be resolved:
    /// no container port of the same name **and** transport protocol is declared.
    /// For stand-ins named ports are never resolved.
    pub fn container_port(&self, port: &ServicePort, workload: &Workload) -> Option<u16> {
        match &port.target {
            TargetPort::Number(number) => Some(*number),
            TargetPort::Name(_) if workload.stand_in => None,
            TargetPort::Name(name) => workload
                .ports
                .iter()
                .find(|container| container.name == *name && container.transport == port.transport)
                .map(|container| container.number),
        }
    }

    /// The declared container ports of a workload with their governing service ports, by port number. TCP transport only.
    /// Does not look at Sidecars: see [`Mesh::custom_ingress`].
    pub fn governed_ports(&self, workload: &Workload) -> Vec<GovernedPort<'_>> {
        let mut claims: BTreeMap<u16, Vec<(&Service, &ServicePort)>> = BTreeMap::new();
        for (service, port) in self.claiming_ports(workload) {
            if let Some(number) = self.container_port(port, workload) {
                claims.entry(number).or_default().push((service, port));
            }
        }
        claims.into_iter().filter_map(|(number, claimants)| self.governed_port(number, &claimants)).collect()
    }

    /// The service ports of this workload whose named targetPort cannot be resolved.
    pub fn unresolved_ports(&self, workload: &Workload) -> Vec<(&Service, &ServicePort)> {
        self.claiming_ports(workload)
            .into_iter()
            .filter(|(_, port)| self.container_port(port, workload).is_none())
            .collect()
    }

    /// The service ports of which nobody can say where they lead, or whether they lead anywhere: of pods that no manifest
    /// shows every named one, of pods that the input shows those whose name no pods of the Service in the input declare,
    /// as long as the input may not show all of its pods (`meaning/knowledge.md` §2).
    pub fn unknown_ports(&self, workload: &Workload) -> Vec<(&Service, &ServicePort)> {
        let mut unresolved = self.unresolved_ports(workload);
        if workload.stand_in || unresolved.is_empty() {
            return unresolved;
        }
        if self.evidence.closes(&[InventoryKind::Workload]) {
            return Vec::new();
        }
        unresolved.retain(|(service, port)| {
            !self.known_workloads_of(service).any(|other| self.container_port(port, other).is_some())
        });
        unresolved
    }

    /// True when pods that the input does not show may have a port that this service port governs: the input may not show
    /// every workload, and no Service that selects ALL pods of this one claims the port first.
    pub fn may_govern_unseen(&self, service: &Service, port: &ServicePort) -> bool {
        let (Some(selector), false) = (&service.selector, self.evidence.closes(&[InventoryKind::Workload])) else {
            return false;
        };
        let TargetPort::Number(_) = port.target else { return true };
        let claims = |other: &&ServicePort| other.transport == Transport::Tcp && other.target == port.target;
        let first = |other: &&Service| {
            let selects_all = other.selector.as_ref().is_some_and(|asked| super::selects(asked, selector));
            let earlier = self.enforcement_key(other) < self.enforcement_key(service);
            !other.external_name && selects_all && earlier && other.ports.iter().any(|port| claims(&port))
        };
        !self.services_of_namespace(&service.meta.namespace).iter().any(first)
    }

    /// The (service, TCP service port) pairs of a workload in the order in which they claim container ports:
    /// services in enforcement order, ports in spec order.
    fn claiming_ports(&self, workload: &Workload) -> Vec<(&Service, &ServicePort)> {
        let mut claims = Vec::new();
        for service in self.services_of(workload) {
            let ports = service.ports.iter().filter(|port| port.transport == Transport::Tcp);
            claims.extend(ports.map(|port| (service, port)));
        }
        claims
    }

    /// The first claimant governs.
    fn governed_port<'a>(&self, number: u16, claimants: &[(&'a Service, &'a ServicePort)]) -> Option<GovernedPort<'a>> {
        let (&(service, service_port), shadowed) = claimants.split_first()?;
        let unordered = |other: &Service| {
            other.meta.name != service.meta.name && (service.meta.created.is_none() || other.meta.created.is_none())
        };
        Some(GovernedPort {
            number,
            service,
            service_port,
            old_protocol: self.old_protocol(service_port),
            new_protocol: self.new_protocol(service_port),
            shadowed: shadowed.to_vec(),
            guessed: shadowed.iter().any(|(other, _)| unordered(other)),
        })
    }

    /// The chain kind a service port had in the old mesh: by the prefix of its name; what has no known prefix is TCP,
    /// or sniffed when the old mesh sniffed inbound traffic.
    pub fn old_protocol(&self, port: &ServicePort) -> Protocol {
        match named_protocol(&port.name) {
            Some(protocol) => protocol,
            None if self.settings.inbound_sniffing == Sniffing::On => Protocol::Auto,
            None => Protocol::Tcp,
        }
    }

    /// The chain kind a service port has in the new mesh: by its `appProtocol`, else by the prefix of its name; what
    /// has no known prefix is sniffed.
    pub fn new_protocol(&self, port: &ServicePort) -> Protocol {
        let named = match port.app_protocol.as_deref() {
            // Kubernetes' own names for protocols (KEP-3726), known to Istio as HTTP2, HTTP and HTTPS.
            Some("kubernetes.io/h2c" | "kubernetes.io/ws") => Some(Protocol::Http),
            Some("kubernetes.io/wss") => Some(Protocol::Tcp),
            Some(app_protocol) => named_protocol(app_protocol),
            None => named_protocol(&port.name),
        };
        named.unwrap_or(Protocol::Auto)
    }
}

/// The protocol that a name's prefix (up to the first `-`, in any case) announces, if it announces one.
fn named_protocol(name: &str) -> Option<Protocol> {
    let prefix = name.split('-').next().unwrap_or_default().to_ascii_lowercase();
    match prefix.as_str() {
        "http" | "http2" | "grpc" => Some(Protocol::Http),
        "tcp" | "https" | "tls" | "mongo" | "redis" | "mysql" => Some(Protocol::Tcp),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
