//! What old Istio enforced on every workload: per container port, the policy in force (`meaning/authn.md` §2.2).

use super::effective::{Effective, Policies};
use crate::api::Labels;
use crate::api::core::{Service, ServicePort, TargetPort, Transport, Workload};
use crate::api::networking::{Sidecar, SidecarIngress};
use crate::mesh::{GovernedPort, Mesh, Protocol};
use std::collections::BTreeSet;

/// What carries the traffic of a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Proxy {
    /// A proxy beside the application.
    Sidecar,
    /// A proxy of its own.
    Gateway,
}

/// A workload and what was enforced on it.
#[derive(Debug)]
pub(super) struct Subject<'a> {
    /// The workload; a stand-in where only its Service is known.
    pub(super) workload: Workload,
    /// Its listening ports, by number.
    pub(super) ports: Vec<Port<'a>>,
    /// Service ports that lead to a container port nobody knows: see [`Mesh::unknown_ports`].
    pub(super) unknown: Vec<UnknownPort<'a>>,
    /// A gateway: takes its TLS from Gateway objects, so no mTLS mode applies (§2.3).
    pub(super) gateway: bool,
}

/// A container port that had a listener of its own.
#[derive(Debug)]
pub(super) struct Port<'a> {
    /// The **container** port.
    pub(super) number: u16,
    /// Who governs it; `None` for a Sidecar's ingress listener that no service leads to.
    pub(super) governed: Option<GovernedPort<'a>>,
    /// Chain kind in the old mesh.
    pub(super) protocol: Protocol,
    /// The policy that was in force.
    pub(super) effective: Effective<'a>,
}

/// A service port whose container port is not known.
#[derive(Debug)]
pub(super) struct UnknownPort<'a> {
    /// The service.
    pub(super) service: &'a Service,
    /// Its port.
    pub(super) port: &'a ServicePort,
    /// Chain kind in the old mesh.
    pub(super) protocol: Protocol,
    /// The policy that was in force.
    pub(super) effective: Effective<'a>,
}

impl Subject<'_> {
    /// Its namespace.
    pub(super) fn namespace(&self) -> &str {
        &self.workload.meta.namespace
    }

    /// What carries its traffic.
    pub(super) fn proxy(&self) -> Proxy {
        if self.gateway { Proxy::Gateway } else { Proxy::Sidecar }
    }

    /// The labels of its pods.
    pub(super) fn labels(&self) -> &Labels {
        &self.workload.pod_labels
    }
}

/// Every workload of the mesh with the policies that were in force on it, in the order of [`Mesh::subjects`].
pub(super) fn subjects<'a>(mesh: &'a Mesh, policies: &Policies<'a>) -> Vec<Subject<'a>> {
    mesh.subjects().into_iter().map(|workload| subject(mesh, policies, workload)).collect()
}

/// The namespaces where ztunnel carries traffic: they ask for it, or some of their pods do. What is said in the root
/// namespace reaches them all.
pub(super) fn ambient_namespaces(mesh: &Mesh, subjects: &[Subject<'_>]) -> BTreeSet<String> {
    let asking = mesh.namespaces.iter().map(|object| &object.meta.name).filter(|name| mesh.is_ambient_namespace(name));
    let pods = subjects.iter().filter(|subject| mesh.is_ambient(&subject.workload));
    let mut found: BTreeSet<String> = asking.cloned().collect();
    found.extend(pods.map(|subject| subject.namespace().to_owned()));
    if !found.is_empty() {
        found.insert(mesh.settings.root_namespace.clone());
    }
    found
}

fn subject<'a>(mesh: &'a Mesh, policies: &Policies<'a>, workload: Workload) -> Subject<'a> {
    let governed = mesh.governed_ports(&workload);
    let ports = match mesh.custom_ingress(&workload) {
        Some(sidecar) => ingress_ports(policies, &workload, sidecar, &governed),
        None => governed
            .into_iter()
            .map(|port| Port {
                number: port.number,
                protocol: port.old_protocol,
                effective: policies.on(port.service, port.service_port),
                governed: Some(port),
            })
            .collect(),
    };
    // A known pod without the named container port simply had no listener for the service port (§2.2, step 2); other pods
    // of the Service may have one.
    let unknown = mesh
        .unknown_ports(&workload)
        .into_iter()
        .map(|(service, port)| UnknownPort {
            service,
            port,
            protocol: mesh.old_protocol(port),
            effective: policies.on(service, port),
        })
        .collect();
    let gateway = crate::mesh::is_gateway(&workload.pod_labels);
    Subject { workload, ports, unknown, gateway }
}

/// The listeners of a Sidecar with custom ingress: policies were looked up by the **listener's** number and name, for
/// the service that leads to that container port (§2.2, step 7; E46).
fn ingress_ports<'a>(
    policies: &Policies<'a>,
    workload: &Workload,
    sidecar: &Sidecar,
    governed: &[GovernedPort<'a>],
) -> Vec<Port<'a>> {
    let mut ports: Vec<Port<'a>> = Vec::new();
    for ingress in &sidecar.ingress {
        if ports.iter().any(|port| port.number == ingress.number) {
            continue;
        }
        let owner = governed.iter().find(|port| port.number == ingress.number);
        let effective = match owner {
            Some(owner) => policies.on(owner.service, &listener(ingress)),
            None => policies.inherited(&workload.meta.namespace),
        };
        let protocol = ingress_protocol(&ingress.protocol);
        ports.push(Port { number: ingress.number, governed: owner.cloned(), protocol, effective });
    }
    ports.sort_by_key(|port| port.number);
    ports
}

/// A listener in the form in which policies match ports.
fn listener(ingress: &SidecarIngress) -> ServicePort {
    ServicePort {
        name: ingress.name.clone(),
        port: ingress.number,
        target: TargetPort::Number(ingress.number),
        transport: Transport::Tcp,
        app_protocol: None,
    }
}

fn ingress_protocol(protocol: &str) -> Protocol {
    match protocol.to_ascii_uppercase().as_str() {
        "HTTP" | "HTTP2" | "GRPC" | "GRPC-WEB" => Protocol::Http,
        _ => Protocol::Tcp,
    }
}
