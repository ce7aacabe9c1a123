//! On which ports the old mesh looked at tokens, and what a demand for one does there.

use super::findings;
use crate::api::core::{Service, TargetPort};
use crate::api::legacy::AuthenticationPolicy;
use crate::convert::authn::subjects::{Port, Subject};
use crate::convert::authn::work::Work;
use crate::finding::catalogue::jwt as codes;
use crate::finding::{Place, Severity};
use crate::mesh::{InventoryKind, Protocol, Sniffing, SourceRelease};

/// True when the old mesh looked at tokens on this port. On a gateway the Gateway's server decides, not the name of the
/// Service's port: every port counts that is not surely something else.
pub(super) fn is_http(subject: &Subject<'_>, port: &Port<'_>) -> bool {
    if !subject.gateway {
        return port.protocol != Protocol::Tcp;
    }
    let name = port.governed.as_ref().map(|governed| governed.service_port.name.as_str()).unwrap_or_default();
    let is_status = matches!(port.number, 15020 | 15021 | 15090);
    !is_status && !announces_bytes(name)
}

/// True when a port's name announces a protocol other than HTTP.
fn announces_bytes(name: &str) -> bool {
    let prefix = name.split('-').next().unwrap_or_default().to_ascii_lowercase();
    matches!(prefix.as_str(), "tcp" | "tls" | "mongo" | "redis" | "mysql")
}

/// A policy with tokens on a port that was not HTTP never looked at them there (J13, E45, E74). On 1.5 that is known
/// for sure only of ports whose name announces another protocol, unless somebody states whether proxies sniffed: those
/// that did demanded tokens on the others.
pub(super) fn without_http(work: &mut Work<'_>, subject: &Subject<'_>, port: &Port<'_>, policy: &AuthenticationPolicy) {
    let Some(governed) = &port.governed else { return };
    if subject.gateway {
        return;
    }
    let announces = announces_bytes(&governed.service_port.name);
    let settings = &work.mesh().settings;
    let unknown = settings.source == SourceRelease::V1_5 && settings.inbound_sniffing == Sniffing::Unknown;
    let may_have_been_sniffed = !announces && unknown;
    if policy.targets.is_empty() && !may_have_been_sniffed {
        return;
    }
    let place = place_of_target(policy, governed.service);
    if may_have_been_sniffed {
        if !work.refuse(policy, findings::perhaps_sniffed(governed).at(place)) {
            return;
        }
    } else {
        // A port that says it is not HTTP surprises nobody.
        let severity = if announces { Severity::Note } else { Severity::Warning };
        work.report(policy, findings::not_http(governed).at(place).severity(severity));
    }
    if !policy.targets.is_empty() {
        work.inert(policy, codes::JWT_ON_TCP_PORT);
    }
}

/// The target that names a Service, or the policy.
pub(super) fn place_of_target(policy: &AuthenticationPolicy, service: &Service) -> Place {
    let target = policy.targets.iter().find(|target| target.name == service.meta.name);
    target.map_or_else(|| policy.meta.place.clone(), |target| target.place.clone())
}

/// What a demand on an HTTP port closes beside requests without a token, and what it does not reach.
pub(super) fn remark(work: &mut Work<'_>, subject: &Subject<'_>, port: &Port<'_>, policy: &AuthenticationPolicy) {
    if port.protocol == Protocol::Auto && !subject.gateway {
        work.report(policy, findings::sniffed_port(subject, port.number));
    } else if subject.gateway && port.protocol == Protocol::Tcp {
        // HTTPS by name: HTTP where the Gateway's server terminates TLS, bytes where it passes it on.
        work.report(policy, findings::gateway_tls_port(port.number));
    }
    unseen_pods(work, port, policy);
}

/// A denial names the container ports of the pods that the input shows; other pods may give a named port another number.
fn unseen_pods(work: &mut Work<'_>, port: &Port<'_>, policy: &AuthenticationPolicy) {
    let Some(governed) = &port.governed else { return };
    let by_name = matches!(governed.service_port.target, TargetPort::Name(_));
    if by_name && !work.mesh().evidence.closes(&[InventoryKind::Workload]) {
        work.refuse(policy, findings::unseen_pods_by_name(governed));
    }
}
