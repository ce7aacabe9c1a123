//! Whether the targets of a Policy meant anything: services and ports that exist (`meaning/authn.md` §4.2 S13, S14, §4.3).

use super::effective::{covers, selects_port};
use super::work::Work;
use crate::api::core::{Service, TargetPort, Transport};
use crate::api::legacy::{AuthenticationPolicy, PortSelector, Target};
use crate::convert::unnamed;
use crate::finding::catalogue::mesh::AMBIGUOUS_SERVICE;
use crate::finding::catalogue::mtls as codes;
use crate::finding::{Direction, Finding, Place, Severity};
use crate::mesh::{Lookup, kubectl_get};

/// Reports targets that never had an effect and refuses policies whose targets are not known. A policy ALL of whose
/// targets are without effect is inert.
pub(super) fn check(work: &mut Work<'_>) {
    for policy in &work.mesh().authentication {
        let mut inert = None;
        let mut effective = false;
        for target in &policy.targets {
            match check_target(work, policy, target) {
                Verdict::Effective => effective = true,
                Verdict::Inert(code) => inert = inert.or(Some(code)),
            }
        }
        if let (false, Some(code)) = (effective, inert) {
            work.inert(policy, code);
        }
    }
}

/// What is known about a target.
enum Verdict {
    /// It had, or may have had, an effect.
    Effective,
    /// It never had one.
    Inert(crate::finding::Code),
}

fn check_target(work: &mut Work<'_>, policy: &AuthenticationPolicy, target: &Target) -> Verdict {
    let namespace = &policy.meta.namespace;
    if !target.labels.is_empty() {
        let message =
            format!("The labels of target `{}` had no effect: Istio 1.4 and 1.5 went by the name.", target.name);
        work.report(policy, Finding::new(codes::TARGET_LABELS, message).at(target.place.clone()));
    }
    let command = kubectl_get("service", namespace, &target.name);
    match work.mesh().service(namespace, &target.name) {
        Lookup::Found(service) => check_service(work, policy, target, service),
        Lookup::Absent => {
            let message = format!(
                "Target `{}` names no Service of namespace {namespace}, so it never had an effect.",
                target.name
            );
            work.report(policy, Finding::new(codes::MISSING_TARGET, message).at(target.place.clone()));
            Verdict::Inert(codes::MISSING_TARGET)
        }
        Lookup::Unknown => {
            let message = format!(
                "Service {namespace}/{} is not in the input, so its pods and container ports are not known.",
                target.name
            );
            let remedy = unnamed::with_namesake(
                work.mesh(),
                namespace,
                &target.name,
                format!(
                    "Add the output of `{command}` with --inventory, or pass --inventory-complete=services if it does not exist."
                ),
            );
            work.refuse(
                policy,
                Finding::new(codes::UNRESOLVED_TARGET, message).at(target.place.clone()).remedy(remedy),
            );
            Verdict::Effective
        }
        Lookup::Ambiguous(one, other) => {
            let message =
                format!("Two Services {namespace}/{} are equally near, and only one can be meant.", target.name);
            let finding = Finding::new(AMBIGUOUS_SERVICE, message)
                .at(target.place.clone())
                .related(one.meta.place.clone(), "one of them")
                .related(other.meta.place.clone(), "the other");
            work.refuse(policy, finding);
            Verdict::Effective
        }
    }
}

fn check_service(work: &mut Work<'_>, policy: &AuthenticationPolicy, target: &Target, service: &Service) -> Verdict {
    let name = &service.meta.name;
    if service.external_name || service.selector.is_none() {
        let what = if service.external_name { "is an ExternalName" } else { "has no selector" };
        let message = format!("Service {name} {what}, so target `{name}` leads to no pods that could be selected.");
        let finding = Finding::new(codes::TARGET_WITHOUT_PODS, message)
            .at(target.place.clone())
            .related(service.meta.place.clone(), "the Service");
        // Hand-written Endpoints may lead to pods of the mesh; only there was the policy in force (S14).
        if !service.external_name && work.is_stricter_than_inherited(policy) {
            work.refuse(policy, finding);
            return Verdict::Effective;
        }
        work.report(policy, finding.severity(Severity::Warning).direction(Direction::None));
        return Verdict::Inert(codes::TARGET_WITHOUT_PODS);
    }
    for selector in &target.ports {
        check_port(work, policy, service, selector);
    }
    let listened = |port: &&crate::api::core::ServicePort| port.transport == Transport::Tcp && covers(target, port);
    if work.has_custom_ingress(service) || service.ports.iter().any(|port| listened(&port)) {
        Verdict::Effective
    } else {
        Verdict::Inert(codes::MISSING_TARGET_PORT)
    }
}

fn check_port(work: &mut Work<'_>, policy: &AuthenticationPolicy, service: &Service, selector: &PortSelector) {
    if work.has_custom_ingress(service) || service.ports.iter().any(|port| selects_port(selector, port)) {
        return;
    }
    let (written, place) = match selector {
        PortSelector::Number(number, place) => (number.to_string(), place),
        PortSelector::Name(name, place) => (format!("`{name}`"), place),
    };
    let mut message = format!(
        "Service {} has no service port {written} (it has {}), so this port of the target never had an effect.",
        service.meta.name,
        ports_of(service)
    );
    if let Some(port) = confused_port(service, selector) {
        message.push_str(&format!(
            " {written} is a container port: the service port that leads to it is {port}, and policies count service ports."
        ));
    }
    let finding: Finding = Finding::new(codes::MISSING_TARGET_PORT, message);
    work.report(policy, finding.at(Place::clone(place)).related(service.meta.place.clone(), "the Service"));
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
