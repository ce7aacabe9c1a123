//! What the chapter on peers has to say: one constructor per sentence, so that the logic reads without them.

pub(super) mod remarks;
pub(super) mod unseen;

use super::mode::loss;
use crate::api::legacy::AuthenticationPolicy;
use crate::api::security::MtlsMode;
use crate::convert::authn::existing::Setting;
use crate::convert::authn::subjects::Subject;
use crate::finding::catalogue::mtls as codes;
use crate::finding::{Direction, Finding, ObjectRef, Severity};
use crate::mesh::kubectl_get;

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
