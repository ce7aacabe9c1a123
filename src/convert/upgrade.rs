//! What the upgrade itself changes, whatever is converted: current Istio reads `appProtocol`, which old Istio did not know
//! (`meaning/rbac.md` §6.3), and looks at other tokens than 1.5 did (`meaning/authn.md` §3.5).
//!
//! Said here, because the proof compares the old release with the new one and would find it.

use super::Context;
use super::ledger::Ledger;
use crate::api::core::{Service, ServicePort, Transport};
use crate::finding::catalogue::jwt::{BAD_TOKEN_REJECTED, PREFLIGHT_TOKEN};
use crate::finding::catalogue::mesh::APP_PROTOCOL_COUNTS;
use crate::finding::{Finding, Severity};
use crate::mesh::{Mesh, Protocol, SourceRelease};

/// Tells everything about the environment; nothing where it holds no old object. What the upgrade opens, whatever is
/// written, is a reason to write nothing until it is accepted by name.
pub(super) fn report(context: Context<'_>, ledger: &mut Ledger) {
    let mesh = context.mesh;
    if mesh.legacy_manifests().next().is_none() {
        return;
    }
    for finding in findings(context) {
        if finding.refuses() {
            ledger.refuse(mesh.legacy_manifests(), finding);
        } else {
            ledger.tell(finding);
        }
    }
}

fn findings(context: Context<'_>) -> Vec<Finding> {
    let mesh = context.mesh;
    let mut findings: Vec<Finding> =
        tcp_ports(mesh).filter_map(|(service, port)| protocol(mesh, service, port)).collect();
    if context.options.strict {
        findings.extend(tokens(mesh));
    }
    findings
}

fn tcp_ports(mesh: &Mesh) -> impl Iterator<Item = (&Service, &ServicePort)> {
    let ports = mesh.services.iter().flat_map(|service| service.ports.iter().map(move |port| (service, port)));
    ports.filter(|(_, port)| port.transport == Transport::Tcp)
}

/// A port that closes itself to a part of its traffic.
fn protocol(mesh: &Mesh, service: &Service, port: &ServicePort) -> Option<Finding> {
    let app_protocol = port.app_protocol.as_deref()?;
    let (old, new) = (mesh.old_protocol(port), mesh.new_protocol(port));
    let effect = match (old, new) {
        (Protocol::Tcp | Protocol::Auto, Protocol::Http) => "it took any connection and takes HTTP only now",
        (Protocol::Http | Protocol::Auto, Protocol::Tcp) => "rules about HTTP and tokens do not apply to it any more",
        _ => return None,
    };
    let message =
        format!("Port {} of Service {} has the appProtocol `{app_protocol}`: {effect}.", port.port, service.meta.name);
    // Where requests are checked by what they are, the grants are lost with the protocol.
    let severity = match new {
        Protocol::Tcp if checks_requests(mesh, &service.meta.namespace) => Severity::Warning,
        _ => Severity::Note,
    };
    let finding = Finding::new(APP_PROTOCOL_COUNTS, message).severity(severity);
    Some(finding.at(service.meta.place.clone()).on(service.meta.object()))
}

/// True when something in the input looks at HTTP requests to the namespace.
fn checks_requests(mesh: &Mesh, namespace: &str) -> bool {
    let here = |other: &str| other == namespace || other.is_empty() || other == mesh.settings.root_namespace;
    mesh.roles.iter().any(|role| role.meta.namespace == namespace)
        || mesh.authorization.iter().any(|policy| here(&policy.meta.namespace))
        || mesh.authentication.iter().any(|policy| here(&policy.meta.namespace) && !policy.origins.is_empty())
}

/// RequestAuthentications of the input stay as they are, and the new release refuses other tokens by them. These are
/// relaxations by name; `--strict` accepts none.
fn tokens(mesh: &Mesh) -> Vec<Finding> {
    if mesh.settings.source < SourceRelease::V1_5 {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for request in mesh.request.iter().filter(|request| !request.target_refs && !request.rules.is_empty()) {
        let object = request.meta.object();
        let mut tell = |finding: Finding| findings.push(finding.at(request.meta.place.clone()).on(object.clone()));
        if mesh.settings.target.at_least(14) {
            let message = format!(
                "{object} refused CORS preflights with an invalid token, and Istio {} lets them through unread.",
                mesh.settings.target
            );
            tell(Finding::new(PREFLIGHT_TOKEN, message));
        }
        let root = request.meta.namespace == mesh.settings.root_namespace;
        let newly_http = tcp_ports(mesh).find(|(service, port)| {
            (root || service.meta.namespace == request.meta.namespace)
                && mesh.old_protocol(port) == Protocol::Tcp
                && mesh.new_protocol(port) != Protocol::Tcp
        });
        if let Some((service, port)) = newly_http {
            let message = format!(
                "{object} now refuses invalid tokens on port {} of Service {} as well, which old Istio took for TCP.",
                port.port, service.meta.name
            );
            tell(Finding::new(BAD_TOKEN_REJECTED, message).severity(Severity::Warning));
        }
    }
    findings
}
