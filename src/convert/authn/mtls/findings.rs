//! What the chapter on peers has to say: one constructor per sentence, so that the logic reads without them.

use super::mode::loss;
use crate::api::core::{Service, ServicePort};
use crate::api::legacy::AuthenticationPolicy;
use crate::api::security::MtlsMode;
use crate::convert::authn::existing::Setting;
use crate::convert::authn::meaning::mode;
use crate::convert::authn::subjects::Subject;
use crate::finding::catalogue::mapping::FIELD_WITHOUT_EFFECT;
use crate::finding::catalogue::mtls as codes;
use crate::finding::{Direction, Finding, ObjectRef, Severity};
use crate::mesh::{Mesh, Version, kubectl_get};

/// What to do where the object for the mesh says the same anyway.
const COVERED: &str = "Nothing needs to be done: the mesh-wide object covers it.";

/// Only the oldest policy for a whole namespace counts.
pub(super) fn shadowed_in_namespace(namespace: &str) -> Finding {
    let message = format!("An older policy for the whole of namespace {namespace} was in force instead.");
    Finding::new(codes::SHADOWED_POLICY, message)
}

/// A policy for the root namespace that asks for what the mesh has.
pub(super) fn root_policy_like_mesh(policy: &AuthenticationPolicy, root: &str, own: MtlsMode) -> Finding {
    let message = format!(
        "{} asks for {} like the rest of the mesh, and a PeerAuthentication in {root} would be mesh-wide.",
        policy.meta.object(),
        own.word()
    );
    like_mesh(Finding::new(codes::ROOT_POLICY, message))
}

/// A policy for the root namespace that asks for something else than the mesh has.
pub(super) fn root_policy(policy: &AuthenticationPolicy, root: &str, (own, of_mesh): (MtlsMode, MtlsMode)) -> Finding {
    let message = format!(
        "{} asks for {} in the root namespace {root} alone, but a PeerAuthentication there is mesh-wide, and the mesh has {}.",
        policy.meta.object(),
        own.word(),
        of_mesh.word()
    );
    Finding::new(codes::ROOT_POLICY, message).direction(loss(own))
}

/// A target in the root namespace that asks for what the mesh has.
pub(super) fn root_target_like_mesh(policy: &AuthenticationPolicy, root: &str, own: MtlsMode) -> Finding {
    let message = format!(
        "{} asks for {} like the rest of the mesh; a PeerAuthentication with a selector is ignored in {root}.",
        policy.meta.object(),
        own.word()
    );
    like_mesh(Finding::new(codes::ROOT_TARGET, message))
}

/// A target in the root namespace that asks for something else than the mesh has.
pub(super) fn root_target(
    policy: &AuthenticationPolicy,
    subject: &Subject<'_>,
    root: &str,
    (own, of_mesh): (MtlsMode, MtlsMode),
) -> Finding {
    let message = format!(
        "{} asks for {} on {}, but a PeerAuthentication with a selector is ignored in the root namespace {root}, and the mesh has {}.",
        policy.meta.object(),
        own.word(),
        subject.workload.meta.object(),
        of_mesh.word()
    );
    Finding::new(codes::ROOT_TARGET, message).direction(loss(own))
}

fn like_mesh(finding: Finding) -> Finding {
    finding.severity(Severity::Note).direction(Direction::None).remedy(COVERED)
}

/// The default of 1.4, which nobody wrote down, becomes an object.
pub(super) fn implicit_default(example: &str) -> Finding {
    let message =
        format!("Without a MeshPolicy, Istio 1.4 took plaintext only wherever no Policy applied, as on {example}.");
    Finding::new(codes::IMPLICIT_MESH_DEFAULT, message)
}

/// The default of 1.4, which nobody wrote down, is given up for that of the new release.
pub(super) fn implicit_default_made_permissive(example: &str) -> Finding {
    let message = format!(
        "Without a MeshPolicy, Istio 1.4 took plaintext only wherever no Policy applied, as on {example}; nothing is written for it, which is PERMISSIVE, as --plaintext permissive asks, so mutual TLS is newly accepted."
    );
    Finding::new(codes::PLAINTEXT_PERMISSIVE, message).on(ObjectRef::new("MeshPolicy", "", "default"))
}

/// Nobody said that there is no MeshPolicy.
pub(super) fn unknown_mesh_policy(example: &str) -> Finding {
    let message = format!(
        "No MeshPolicy is in the input, and what Istio 1.4 enforced where no Policy applied depends on it, as on {example}."
    );
    let remedy = format!(
        "Add the output of `{}` with --inventory, or say what it demands with `--assume mtls=strict` (or `permissive`, or `disable`), or pass --inventory-complete=meshpolicies if there is none.",
        kubectl_get("meshpolicy", "", "default")
    );
    Finding::new(codes::UNKNOWN_MESH_POLICY, message).remedy(remedy)
}

/// A PeerAuthentication of the input is in force in the place of a policy's peers.
pub(super) fn replaced(policy: &AuthenticationPolicy, taken: &Setting) -> Finding {
    let message = format!(
        "The peers of {} are replaced by a PeerAuthentication that is already in the input.",
        policy.meta.object()
    );
    let finding = Finding::new(codes::MTLS_REPLACED, message);
    match &taken.place {
        Some(place) => finding.related(place.clone(), "the PeerAuthentication"),
        None => finding,
    }
}

/// A PeerAuthentication of the input makes a port come out otherwise; `winner` is the one that decides.
pub(super) fn existing_peer(
    subject: &Subject<'_>,
    number: u16,
    (wanted, got): (MtlsMode, MtlsMode),
    winner: Option<&Setting>,
) -> Finding {
    let message = format!(
        "Container port {number} of {} was {}, but with the PeerAuthentication already in the input it would be {}.",
        subject.workload.meta.object(),
        wanted.word(),
        got.word()
    );
    let remedy = format!(
        "Set container port {number} to {} in the existing PeerAuthentication, then run meshlift again.",
        wanted.word()
    );
    let finding = Finding::new(codes::EXISTING_PEER, message).remedy(remedy);
    match winner.and_then(|setting| setting.place.clone()) {
        Some(place) => finding.related(place, "the PeerAuthentication that decides"),
        None => finding,
    }
}

/// Peers of a policy for a gateway.
pub(super) fn gateway_peers(policy: &AuthenticationPolicy) -> Finding {
    let message = format!(
        "{} targets a gateway, whose TLS comes from its Gateway objects: its peers had no effect.",
        policy.meta.object()
    );
    Finding::new(codes::GATEWAY_PEERS, message)
}

/// Pods that no label tells from those of `rival`, if it is known which ones these are.
pub(super) fn inseparable(subject: &Subject<'_>, rival: Option<&Subject<'_>>) -> Finding {
    let other = rival.map_or("other pods".to_owned(), |rival| rival.workload.meta.object().to_string());
    let message = format!(
        "{} and {other} need different modes, and no label tells their pods apart, so no selector can mean only one of them.",
        subject.workload.meta.object()
    );
    let finding = Finding::new(codes::INSEPARABLE_WORKLOADS, message)
        .related(subject.workload.meta.place.clone(), "one of the workloads");
    match rival {
        Some(rival) => finding.related(rival.workload.meta.place.clone(), "the other workload"),
        None => finding,
    }
}

/// `allowTls`.
pub(super) fn allow_tls(policy: &AuthenticationPolicy) -> Finding {
    let message =
        format!("allowTls had no effect since Istio 1.1: {} stays {}.", policy.meta.object(), mode(policy).word());
    Finding::new(codes::ALLOW_TLS, message)
}

/// `peerIsOptional` beside mutual TLS that was demanded.
pub(super) fn peer_is_optional_beside_strict(policy: &AuthenticationPolicy) -> Finding {
    let message = format!("peerIsOptional did not open the TLS listener: {} stays STRICT.", policy.meta.object());
    Finding::new(codes::PEER_IS_OPTIONAL, message)
}

/// `peerIsOptional` where callers needed no certificate.
pub(super) fn peer_is_optional_said_nothing(policy: &AuthenticationPolicy) -> Finding {
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
pub(super) fn plaintext_kept(policy: &AuthenticationPolicy) -> Finding {
    let message = format!("{}, which means plaintext only, so it becomes DISABLE.", plaintext_only(policy));
    Finding::new(codes::PLAINTEXT_ONLY, message)
}

/// Plaintext only is given up because the user asked for it.
pub(super) fn plaintext_made_permissive(policy: &AuthenticationPolicy) -> Finding {
    let message = format!(
        "{}, which meant plaintext only; it becomes PERMISSIVE, as --plaintext permissive asks, so mutual TLS is newly accepted.",
        plaintext_only(policy)
    );
    Finding::new(codes::PLAINTEXT_PERMISSIVE, message)
}

/// Plaintext only is given up because ztunnel does not know it.
pub(super) fn plaintext_in_ambient(policy: &AuthenticationPolicy) -> Finding {
    let message = format!(
        "{}, which meant plaintext only; ztunnel cannot refuse mutual TLS, so it becomes PERMISSIVE.",
        plaintext_only(policy)
    );
    Finding::new(codes::AMBIENT_NAMESPACE, message)
}

/// Container ports, each with its workload, that STRICT closes to plaintext and that no Service leads to.
pub(super) fn undeclared_ports(open: &[String]) -> Finding {
    let shown: Vec<&str> = open.iter().take(5).map(String::as_str).collect();
    let rest = if open.len() > 5 { format!(" and {} more", open.len() - 5) } else { String::new() };
    let message = format!(
        "No Service leads to container port {}{rest}; old policies left such ports open to plaintext, STRICT does not.",
        shown.join(", ")
    );
    Finding::new(codes::UNDECLARED_PORTS, message)
}

/// Clients send plaintext to a STRICT port.
pub(super) fn strict_below_disable(mesh: &Mesh, service: &Service, port: &ServicePort) -> Finding {
    let message = format!(
        "{}:{} is STRICT below a namespace or mesh that is DISABLE, so clients with automatic mutual TLS send plaintext and are refused.",
        mesh.host(service),
        port.port
    );
    Finding::new(codes::STRICT_BELOW_DISABLE, message)
}

/// Why clients do not see that a port takes plaintext only.
#[derive(Clone, Copy, Debug)]
pub(super) enum Blindness {
    /// The Service is headless.
    Headless,
    /// The release of the clients.
    Release(Version),
}

/// Clients send mutual TLS to a port that takes plaintext only.
pub(super) fn disable_unseen(mesh: &Mesh, service: &Service, port: &ServicePort, why: Blindness) -> Finding {
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
