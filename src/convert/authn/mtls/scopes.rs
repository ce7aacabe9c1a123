//! MeshPolicy and namespace policies: PeerAuthentications without a selector (`meaning/authn.md` §4.2 S1–S6).

use super::comments::mode_notes;
use super::mode::new_mode;
use super::planned::Planned;
use super::{findings, refusing};
use crate::api::Labels;
use crate::api::legacy::AuthenticationPolicy;
use crate::api::security::MtlsMode;
use crate::convert::authn::effective::{Scope, default_mode, is_mesh_policy, same_object};
use crate::convert::authn::existing::{Setting, Settings};
use crate::convert::authn::meaning::mode;
use crate::convert::authn::subjects::Subject;
use crate::convert::authn::work::Work;
use crate::finding::Relaxation;
use crate::finding::catalogue::mtls as codes;
use crate::mesh::{InventoryKind, SourceRelease};
use crate::yaml::Notes;

/// The objects for the mesh and for whole namespaces.
pub(super) fn plan<'a>(work: &mut Work<'a>, existing: &Settings) -> Vec<Planned<'a>> {
    let mut planned: Vec<Planned<'a>> = Vec::new();
    planned.extend(mesh_wide(work, existing));
    let namespaced = work.mesh().authentication.iter();
    for policy in namespaced.filter(|policy| !is_mesh_policy(policy) && policy.targets.is_empty()) {
        let namespace = policy.meta.namespace.as_str();
        if !work.policies().namespace_policy(namespace).is_some_and(|first| same_object(first, policy)) {
            work.report(policy, findings::shadowed_in_namespace(namespace));
            work.inert(policy, codes::SHADOWED_POLICY);
        } else if namespace == work.root() {
            refusing::for_whole_root_namespace(work, policy);
        } else {
            planned.extend(whole_namespace(work, existing, policy));
        }
    }
    planned
}

fn mesh_wide<'a>(work: &mut Work<'a>, existing: &Settings) -> Option<Planned<'a>> {
    let root = work.root();
    match work.policies().mesh_policy() {
        Some(policy) => unless_taken(work, root, policy, existing.whole(root)),
        None => implicit_default(work),
    }
}

fn whole_namespace<'a>(
    work: &mut Work<'a>,
    existing: &Settings,
    policy: &'a AuthenticationPolicy,
) -> Option<Planned<'a>> {
    let namespace = policy.meta.namespace.as_str();
    let any = existing.compose(namespace, &Labels::new()).any();
    // On 1.5 a mesh-wide PeerAuthentication switches the namespace's policy off as well (§2.5).
    let replaced = work.mesh().settings.source == SourceRelease::V1_5;
    let taken = existing.whole(namespace).or(any.filter(|_| replaced));
    unless_taken(work, namespace, policy, taken)
}

/// The object for a policy, unless a PeerAuthentication of the input covers the scope already; whether that one says the
/// same is checked with the result.
fn unless_taken<'a>(
    work: &mut Work<'a>,
    namespace: &str,
    policy: &'a AuthenticationPolicy,
    taken: Option<&Setting>,
) -> Option<Planned<'a>> {
    if let Some(taken) = taken {
        refusing::replaced(work, policy, taken);
        return None;
    }
    work.part.ledger.relax(Relaxation::UndeclaredPorts);
    let mode = new_mode(work, namespace, mode(policy));
    Some(Planned::whole(namespace, policy, mode, mode_notes(work, policy)))
}

/// No MeshPolicy: 1.4 then spoke plaintext only, 1.5 took both, as the new world does (S2, S3, E13, E14).
fn implicit_default<'a>(work: &mut Work<'a>) -> Option<Planned<'a>> {
    let old = default_mode(work.mesh().settings.source);
    if old == MtlsMode::Permissive {
        return None;
    }
    let root = work.root();
    let mode = new_mode(work, root, old);
    let example = undecided_port(work)?;
    let home = work.mesh().authentication.iter().min_by_key(|policy| policy.meta.manifest)?;
    work.part.ledger.stands_for_mesh(home.meta.manifest);
    if !is_to_be_written(work, home, mode, &example) {
        return None;
    }
    work.part.ledger.relax(Relaxation::UndeclaredPorts);
    Some(Planned::whole(root, home, mode, Notes::default()))
}

/// Says why there is an object for the default; true when there is one.
fn is_to_be_written(work: &mut Work<'_>, home: &AuthenticationPolicy, mode: MtlsMode, example: &str) -> bool {
    if !work.mesh().evidence.closes(&[InventoryKind::MeshPolicy]) {
        return work.refuse(home, findings::unknown_mesh_policy(example));
    }
    let is_default_of_new_release = mode == MtlsMode::Permissive;
    work.report(
        home,
        if is_default_of_new_release {
            findings::implicit_default_made_permissive(example)
        } else {
            findings::implicit_default(example)
        },
    );
    !is_default_of_new_release
}

/// A port on which no policy was in force, or for which the mesh's default has to be written, for a sentence.
fn undecided_port(work: &Work<'_>) -> Option<String> {
    let sidecars = || work.subjects().iter().filter(|subject| !subject.gateway);
    let known = sidecars().find_map(|subject| known_port(work, subject));
    let unresolved = || sidecars().find_map(|subject| unresolved_port(work, subject));
    let shown = known.or_else(unresolved).or_else(|| port_of_other_services(work));
    shown.or_else(|| {
        let closed = work.mesh().evidence.closes(&[InventoryKind::Service, InventoryKind::Workload]);
        (!closed).then(|| "pods that the input does not show".to_owned())
    })
}

/// A port that no policy governs, or whose policy can only be kept by the mesh-wide object: in the root namespace.
fn known_port(work: &Work<'_>, subject: &Subject<'_>) -> Option<String> {
    let in_root = subject.namespace() == work.root();
    let port = subject.ports.iter().find(|port| in_root || matches!(port.effective.scope, Scope::Nothing))?;
    Some(format!("container port {} of {}", port.number, subject.workload.meta.object()))
}

fn unresolved_port(work: &Work<'_>, subject: &Subject<'_>) -> Option<String> {
    let unresolved = work.mesh().unresolved_ports(&subject.workload);
    let (service, port) = unresolved
        .into_iter()
        .find(|(service, port)| matches!(work.policies().on(service, port).scope, Scope::Nothing))?;
    Some(format!("port {} of Service {}/{}", port.port, service.meta.namespace, service.meta.name))
}

/// A Service that the input does not show, of pods that it does.
fn port_of_other_services(work: &Work<'_>) -> Option<String> {
    if work.mesh().evidence.closes(&[InventoryKind::Service]) {
        return None;
    }
    let uncovered = |subject: &&Subject<'_>| {
        let inherited = work.policies().inherited(subject.namespace());
        !subject.gateway && matches!(inherited.scope, Scope::Nothing)
    };
    let subject = work.subjects().iter().find(uncovered)?;
    Some(format!("the ports of other Services of {}", subject.workload.meta.object()))
}
