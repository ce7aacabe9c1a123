//! The port fence: keeps the ports open that old Istio never protected, because no Service declares them
//! (`meaning/rbac.md` §6.2). All numbers are **container** ports.

use crate::api::Labels;
use crate::api::core::{Service, TargetPort};
use crate::convert::rbac::clause::Clause;
use crate::convert::rbac::config::scope::Scope;
use crate::convert::rbac::place::survey::Survey;
use crate::mesh::compatible;
use std::collections::BTreeSet;

/// A rule that opens every port but these.
pub fn rule(closed: &BTreeSet<u16>) -> Clause {
    let mut rule = Clause::default();
    rule.operation.ports.not = closed.iter().map(u16::to_string).collect();
    rule
}

/// True when no pod with these labels has a port, of a Service that the input does not show or by a name whose number it
/// does not show, that a fence would open.
pub fn is_safe(scope: Scope<'_>, namespace: &str, selector: &Labels) -> bool {
    let by_name = |service: &Service| service.ports.iter().any(|port| matches!(port.target, TargetPort::Name(_)));
    let numbers_are_known = scope.workloads_are_closed() || !checked_services(scope, namespace, selector).any(by_name);
    scope.services_are_closed() && numbers_are_known
}

/// EVERY checked service whose selector some pod with these labels could match too.
fn checked_services<'a>(scope: Scope<'a>, namespace: &str, selector: &Labels) -> impl Iterator<Item = &'a Service> {
    scope.mesh.services.iter().filter(move |service| {
        service.meta.namespace == namespace
            && scope.covers(service)
            && service.selector.as_ref().is_some_and(|other| compatible(selector, other))
    })
}

/// The ports that must stay closed on pods with these labels: those of EVERY checked service that they may
/// belong to. ALLOW rules are ORed, so a fence that left one out would open it.
pub fn closed_ports(scope: Scope<'_>, survey: &Survey<'_>, namespace: &str, selector: &Labels) -> BTreeSet<u16> {
    let mut closed = BTreeSet::new();
    for service in checked_services(scope, namespace, selector) {
        for port in &service.ports {
            if let TargetPort::Number(number) = port.target {
                closed.insert(number);
            }
        }
        for pod in survey.pods(namespace, service.selector.as_ref()) {
            closed.extend(service.ports.iter().filter_map(|port| scope.mesh.container_port(port, &pod.workload)));
        }
    }
    let checked = survey.pods(namespace, Some(selector)).flat_map(|pod| pod.ports.iter().map(move |port| (pod, port)));
    closed.extend(checked.filter(|(pod, port)| pod.checks(port, &scope)).map(|(_, port)| port.number));
    closed
}
