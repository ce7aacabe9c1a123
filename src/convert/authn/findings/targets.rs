//! What is said about targets that meant nothing, or nobody knows what.

use crate::api::core::{Service, TargetPort};
use crate::api::legacy::{PortSelector, Target};
use crate::convert::unnamed;
use crate::finding::Finding;
use crate::finding::catalogue::mesh::AMBIGUOUS_SERVICE;
use crate::finding::catalogue::mtls as codes;
use crate::mesh::{Mesh, kubectl_get};

/// `labels` of a target.
pub(in super::super) fn labels(target: &Target) -> Finding {
    let message = format!("The labels of target `{}` had no effect: Istio 1.4 and 1.5 went by the name.", target.name);
    Finding::new(codes::TARGET_LABELS, message).at(target.place.clone())
}

/// There is no such Service.
pub(in super::super) fn missing(target: &Target, namespace: &str) -> Finding {
    let message =
        format!("Target `{}` names no Service of namespace {namespace}, so it never had an effect.", target.name);
    Finding::new(codes::MISSING_TARGET, message).at(target.place.clone())
}

/// Nobody knows whether there is such a Service.
pub(in super::super) fn unresolved(mesh: &Mesh, target: &Target, namespace: &str) -> Finding {
    let message = format!(
        "Service {namespace}/{} is not in the input, so its pods and container ports are not known.",
        target.name
    );
    let remedy = format!(
        "Add the output of `{}` with --inventory, or pass --inventory-complete=services if it does not exist.",
        kubectl_get("service", namespace, &target.name)
    );
    Finding::new(codes::UNRESOLVED_TARGET, message).at(target.place.clone()).remedy(unnamed::with_namesake(
        mesh,
        namespace,
        &target.name,
        remedy,
    ))
}

/// Two Services of the name.
pub(in super::super) fn ambiguous(target: &Target, namespace: &str, (one, other): (&Service, &Service)) -> Finding {
    let message = format!("Two Services {namespace}/{} are equally near, and only one can be meant.", target.name);
    Finding::new(AMBIGUOUS_SERVICE, message)
        .at(target.place.clone())
        .related(one.meta.place.clone(), "one of them")
        .related(other.meta.place.clone(), "the other")
}

/// A Service that selects no pods.
pub(in super::super) fn without_pods(target: &Target, service: &Service) -> Finding {
    let name = &service.meta.name;
    let what = if service.external_name { "is an ExternalName" } else { "has no selector" };
    let message = format!("Service {name} {what}, so target `{name}` leads to no pods that could be selected.");
    Finding::new(codes::TARGET_WITHOUT_PODS, message)
        .at(target.place.clone())
        .related(service.meta.place.clone(), "the Service")
}

/// The Service has no such port.
pub(in super::super) fn missing_port(service: &Service, selector: &PortSelector) -> Finding {
    let (written, place) = match selector {
        PortSelector::Number(number, place) => (number.to_string(), place),
        PortSelector::Name(name, place) => (format!("`{name}`"), place),
    };
    let confused = confused_port(service, selector).map(|port| {
        format!(
            " {written} is a container port: the service port that leads to it is {port}, and policies count service ports."
        )
    });
    let message = format!(
        "Service {} has no service port {written} (it has {}), so this port of the target never had an effect.{}",
        service.meta.name,
        ports_of(service),
        confused.unwrap_or_default()
    );
    Finding::new(codes::MISSING_TARGET_PORT, message)
        .at(place.clone())
        .related(service.meta.place.clone(), "the Service")
}

/// The service port that leads to the container port a selector's number would mean (E23).
fn confused_port(service: &Service, selector: &PortSelector) -> Option<u16> {
    let PortSelector::Number(number, _) = selector else { return None };
    service.ports.iter().find(|port| port.target == TargetPort::Number(*number)).map(|port| port.port)
}

fn ports_of(service: &Service) -> String {
    let ports: Vec<String> = service
        .ports
        .iter()
        .map(|port| if port.name.is_empty() { port.port.to_string() } else { format!("{} `{}`", port.port, port.name) })
        .collect();
    if ports.is_empty() { "none".to_owned() } else { ports.join(", ") }
}
