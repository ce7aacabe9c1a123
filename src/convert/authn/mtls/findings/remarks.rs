//! What a reader of the new PeerAuthentications is told.

use crate::api::core::{Service, ServicePort};
use crate::api::legacy::AuthenticationPolicy;
use crate::convert::authn::meaning::mode;
use crate::finding::Finding;
use crate::finding::catalogue::mapping::FIELD_WITHOUT_EFFECT;
use crate::finding::catalogue::mtls as codes;
use crate::mesh::{Mesh, Version};

/// `allowTls`.
pub(in super::super) fn allow_tls(policy: &AuthenticationPolicy) -> Finding {
    let message =
        format!("allowTls had no effect since Istio 1.1: {} stays {}.", policy.meta.object(), mode(policy).word());
    Finding::new(codes::ALLOW_TLS, message)
}

/// `peerIsOptional` beside mutual TLS that was demanded.
pub(in super::super) fn peer_is_optional_beside_strict(policy: &AuthenticationPolicy) -> Finding {
    let message = format!("peerIsOptional did not open the TLS listener: {} stays STRICT.", policy.meta.object());
    Finding::new(codes::PEER_IS_OPTIONAL, message)
}

/// `peerIsOptional` where callers needed no certificate.
pub(in super::super) fn peer_is_optional_said_nothing(policy: &AuthenticationPolicy) -> Finding {
    let message = format!(
        "peerIsOptional said nothing about {}: callers without a certificate were let in anyway.",
        policy.meta.object()
    );
    Finding::new(FIELD_WITHOUT_EFFECT, message)
}

/// A policy that meant plaintext only, and why.
fn plaintext_only(policy: &AuthenticationPolicy) -> String {
    let because = if policy.peers.is_empty() { "has no peers" } else { "has no mtls peer" };
    format!("{} {because}", policy.meta.object())
}

/// Plaintext only stays as it is.
pub(in super::super) fn plaintext_kept(policy: &AuthenticationPolicy) -> Finding {
    let message = format!("{}, which means plaintext only, so it becomes DISABLE.", plaintext_only(policy));
    Finding::new(codes::PLAINTEXT_ONLY, message)
}

/// Plaintext only is given up because the user asked for it.
pub(in super::super) fn plaintext_made_permissive(policy: &AuthenticationPolicy) -> Finding {
    let message = format!(
        "{}, which meant plaintext only; it becomes PERMISSIVE, as --plaintext permissive asks, so mutual TLS is newly accepted.",
        plaintext_only(policy)
    );
    Finding::new(codes::PLAINTEXT_PERMISSIVE, message)
}

/// Plaintext only is given up because ztunnel does not know it.
pub(in super::super) fn plaintext_in_ambient(policy: &AuthenticationPolicy) -> Finding {
    let message = format!(
        "{}, which meant plaintext only; ztunnel cannot refuse mutual TLS, so it becomes PERMISSIVE.",
        plaintext_only(policy)
    );
    Finding::new(codes::AMBIENT_NAMESPACE, message)
}

/// Container ports, each with its workload, that STRICT closes to plaintext and that no Service leads to.
pub(in super::super) fn undeclared_ports(open: &[String]) -> Finding {
    let shown: Vec<&str> = open.iter().take(5).map(String::as_str).collect();
    let rest = if open.len() > 5 { format!(" and {} more", open.len() - 5) } else { String::new() };
    let message = format!(
        "No Service leads to container port {}{rest}; old policies left such ports open to plaintext, STRICT does not.",
        shown.join(", ")
    );
    Finding::new(codes::UNDECLARED_PORTS, message)
}

/// Clients send plaintext to a STRICT port.
pub(in super::super) fn strict_below_disable(mesh: &Mesh, service: &Service, port: &ServicePort) -> Finding {
    let message = format!(
        "{}:{} is STRICT below a namespace or mesh that is DISABLE, so clients with automatic mutual TLS send plaintext and are refused.",
        mesh.host(service),
        port.port
    );
    Finding::new(codes::STRICT_BELOW_DISABLE, message)
}

/// Why clients do not see that a port takes plaintext only.
#[derive(Clone, Copy, Debug)]
pub(in super::super) enum Blindness {
    /// The Service is headless.
    Headless,
    /// The release of the clients.
    Release(Version),
}

/// Clients send mutual TLS to a port that takes plaintext only.
pub(in super::super) fn disable_unseen(mesh: &Mesh, service: &Service, port: &ServicePort, why: Blindness) -> Finding {
    let (host, number) = (mesh.host(service), port.port);
    let why = match why {
        Blindness::Headless => {
            "the Service is headless, and for headless Services clients do not look at exceptions".to_owned()
        }
        Blindness::Release(target) => {
            format!("clients of Istio {target} do not look at exceptions for workloads and ports")
        }
    };
    let message =
        format!("{host}:{number} takes plaintext only, but clients with automatic mutual TLS keep sending TLS: {why}.");
    let remedy = format!(
        "Add a DestinationRule for {host} with portLevelSettings for port {number} and tls mode DISABLE, or convert with --plaintext permissive."
    );
    Finding::new(codes::DISABLE_UNSEEN_BY_CLIENTS, message).remedy(remedy)
}
