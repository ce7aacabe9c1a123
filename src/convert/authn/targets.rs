//! Whether the targets of a Policy meant anything: services and ports that exist (`meaning/authn.md` §4.2 S13, S14, §4.3).

use super::effective::{covers, selects_port};
use super::findings::targets as findings;
use super::work::Work;
use crate::api::core::{Service, ServicePort, Transport};
use crate::api::legacy::{AuthenticationPolicy, PortSelector, Target};
use crate::finding::catalogue::mtls as codes;
use crate::finding::{Code, Direction, Severity};
use crate::mesh::Lookup;

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
    Inert(Code),
}

fn check_target(work: &mut Work<'_>, policy: &AuthenticationPolicy, target: &Target) -> Verdict {
    let namespace = &policy.meta.namespace;
    if !target.labels.is_empty() {
        work.report(policy, findings::labels(target));
    }
    match work.mesh().service(namespace, &target.name) {
        Lookup::Found(service) => check_service(work, policy, target, service),
        Lookup::Absent => {
            work.report(policy, findings::missing(target, namespace));
            Verdict::Inert(codes::MISSING_TARGET)
        }
        Lookup::Unknown => {
            work.refuse(policy, findings::unresolved(work.mesh(), target, namespace));
            Verdict::Effective
        }
        Lookup::Ambiguous(one, other) => {
            work.refuse(policy, findings::ambiguous(target, namespace, (one, other)));
            Verdict::Effective
        }
    }
}

fn check_service(work: &mut Work<'_>, policy: &AuthenticationPolicy, target: &Target, service: &Service) -> Verdict {
    if service.external_name || service.selector.is_none() {
        return without_pods(work, policy, target, service);
    }
    for selector in &target.ports {
        check_port(work, policy, service, selector);
    }
    let listened = |port: &&ServicePort| port.transport == Transport::Tcp && covers(target, port);
    if work.has_custom_ingress(service) || service.ports.iter().any(|port| listened(&port)) {
        Verdict::Effective
    } else {
        Verdict::Inert(codes::MISSING_TARGET_PORT)
    }
}

fn without_pods(work: &mut Work<'_>, policy: &AuthenticationPolicy, target: &Target, service: &Service) -> Verdict {
    let finding = findings::without_pods(target, service);
    // Hand-written Endpoints may lead to pods of the mesh; only there was the policy in force (S14).
    if !service.external_name && work.is_stricter_than_inherited(policy) {
        work.refuse(policy, finding);
        return Verdict::Effective;
    }
    work.report(policy, finding.severity(Severity::Warning).direction(Direction::None));
    Verdict::Inert(codes::TARGET_WITHOUT_PODS)
}

fn check_port(work: &mut Work<'_>, policy: &AuthenticationPolicy, service: &Service, selector: &PortSelector) {
    if !work.has_custom_ingress(service) && !service.ports.iter().any(|port| selects_port(selector, port)) {
        work.report(policy, findings::missing_port(service, selector));
    }
}
