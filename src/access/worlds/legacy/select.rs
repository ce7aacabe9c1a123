//! Which Policy governs a (service, service port) (`meaning/authn.md` §2.1).

use crate::access::worlds::mtls::age;
use crate::access::worlds::subject::Subject;
use crate::api::core::{Service, ServicePort, TargetPort, Transport};
use crate::api::legacy::{AuthenticationPolicy, PortSelector, Target};
use crate::mesh::{Mesh, SourceRelease};

/// The policy in force on a listener. Custom ingress listeners of a Sidecar are looked up by their own number and name
/// (`meaning/authn.md` §2.2, step 7).
pub fn in_force<'a>(mesh: &'a Mesh, subject: &Subject<'_>) -> Option<&'a AuthenticationPolicy> {
    let (service, port) = subject.governing?;
    let Some(sidecar) = mesh.custom_ingress(subject.workload) else { return effective_policy(mesh, service, port) };
    let ingress = sidecar.ingress.iter().find(|ingress| Some(ingress.number) == subject.port)?;
    let listener = ServicePort {
        name: ingress.name.clone(),
        port: ingress.number,
        target: TargetPort::Number(ingress.number),
        transport: Transport::Tcp,
        app_protocol: None,
    };
    effective_policy(mesh, service, &listener)
}

/// The policy of the service, else of its namespace, else of the mesh; it replaces all others.
pub fn effective_policy<'a>(mesh: &'a Mesh, service: &Service, port: &ServicePort) -> Option<&'a AuthenticationPolicy> {
    let mut near: Vec<&AuthenticationPolicy> = mesh
        .authentication
        .iter()
        .filter(|policy| !policy.meta.namespace.is_empty() && policy.meta.namespace == service.meta.namespace)
        .collect();
    near.sort_by(|a, b| age(&a.meta).cmp(&age(&b.meta)));
    of_service(&near, service, port, mesh.settings.source)
        .or_else(|| near.iter().copied().find(|policy| policy.targets.is_empty()))
        .or_else(|| mesh.authentication.iter().find(|policy| policy.meta.namespace.is_empty()))
}

/// 1.4: the oldest target that fits, whether it names the port or not. 1.5: one that names the port first.
fn of_service<'a>(
    oldest_first: &[&'a AuthenticationPolicy],
    service: &Service,
    port: &ServicePort,
    release: SourceRelease,
) -> Option<&'a AuthenticationPolicy> {
    let find = |wanted: &dyn Fn(&Target) -> bool| {
        let hit = |policy: &AuthenticationPolicy| {
            policy.targets.iter().filter(|target| target.name == service.meta.name).any(wanted)
        };
        oldest_first.iter().copied().find(|policy| hit(policy))
    };
    let names_port = |target: &Target| target.ports.iter().any(|selector| names(selector, port));
    let whole_service = |target: &Target| target.ports.is_empty();
    match release {
        SourceRelease::V1_4 => find(&|target| names_port(target) || whole_service(target)),
        SourceRelease::V1_5 => find(&names_port).or_else(|| find(&whole_service)),
    }
}

/// True when a selector names this service port.
fn names(selector: &PortSelector, port: &ServicePort) -> bool {
    match selector {
        PortSelector::Number(number, _) => *number == port.port,
        PortSelector::Name(name, _) => *name == port.name,
    }
}
