//! MeshPolicy and namespace policies: PeerAuthentications without a selector (`meaning/authn.md` §4.2 S1–S6).

use super::super::Work;
use super::super::existing::{Setting, Settings};
use super::super::meaning::mode;
use super::{Planned, new_mode};
use crate::api::Labels;
use crate::api::legacy::AuthenticationPolicy;
use crate::api::security::MtlsMode;
use crate::finding::catalogue::mtls as codes;
use crate::finding::{Direction, Finding, ObjectRef, Relaxation, Severity};
use crate::mesh::{InventoryKind, SourceRelease, kubectl_get};
use crate::yaml::Notes;
use std::collections::BTreeMap;

use super::super::effective::{Scope, default_mode};

/// The objects for the mesh and for whole namespaces.
pub(super) fn plan<'a>(work: &mut Work<'a>, existing: &Settings) -> Vec<Planned<'a>> {
    let mut planned: Vec<Planned<'a>> = Vec::new();
    planned.extend(mesh_wide(work, existing));
    let namespaced = work.mesh().authentication.iter();
    for policy in
        namespaced.filter(|policy| !super::super::effective::is_mesh_policy(policy) && policy.targets.is_empty())
    {
        let namespace = policy.meta.namespace.as_str();
        if !work.policies().namespace_policy(namespace).is_some_and(|first| std::ptr::eq(first, policy)) {
            let message = format!("An older policy for the whole of namespace {namespace} was in force instead.");
            work.report(policy, Finding::new(codes::SHADOWED_POLICY, message));
            work.inert(policy, codes::SHADOWED_POLICY);
        } else if namespace == work.root() {
            root_namespace(work, policy);
        } else {
            planned.extend(whole_namespace(work, existing, policy));
        }
    }
    planned
}

fn mesh_wide<'a>(work: &mut Work<'a>, existing: &Settings) -> Option<Planned<'a>> {
    let root = work.root();
    match work.policies().mesh_policy() {
        Some(policy) => match existing.whole(root) {
            Some(taken) => already_there(work, policy, taken),
            None => Some(scope(work, root, policy)),
        },
        None => implicit_default(work),
    }
}

fn whole_namespace<'a>(
    work: &mut Work<'a>,
    existing: &Settings,
    policy: &'a AuthenticationPolicy,
) -> Option<Planned<'a>> {
    let namespace = policy.meta.namespace.as_str();
    let taken = existing.compose(namespace, &Labels::new());
    // On 1.5 a mesh-wide PeerAuthentication switches the namespace's policy off as well (§2.5).
    let replaced = work.mesh().settings.source == SourceRelease::V1_5;
    match existing.whole(namespace).or(if replaced { taken.any() } else { None }) {
        Some(taken) => already_there(work, policy, taken),
        None => Some(scope(work, namespace, policy)),
    }
}

/// A PeerAuthentication of the input covers the scope already; whether it says the same is checked with the result.
fn already_there<'a>(work: &mut Work<'a>, policy: &AuthenticationPolicy, taken: &Setting) -> Option<Planned<'a>> {
    super::workloads::peers_replaced(work, policy, taken);
    None
}

fn scope<'a>(work: &mut Work<'a>, namespace: &str, policy: &'a AuthenticationPolicy) -> Planned<'a> {
    work.part.ledger.relax(Relaxation::UndeclaredPorts);
    let mode = mode(policy);
    Planned {
        namespace: namespace.to_owned(),
        selector: Labels::new(),
        selector_notes: Notes::default(),
        mode: Some(new_mode(work, namespace, mode)),
        mode_notes: mode_notes(work, policy),
        ports: BTreeMap::new(),
        from: vec![policy],
        part: None,
    }
}

/// The comments beside the element of `peers` that decides the mode.
pub(super) fn mode_notes(work: &Work<'_>, policy: &AuthenticationPolicy) -> Notes {
    let decides = |peer: &crate::api::legacy::PeerMethod| matches!(peer, crate::api::legacy::PeerMethod::Mtls(_));
    let Some(index) = policy.peers.iter().position(decides) else { return work.notes(policy, "/spec/peers") };
    ["/mtls/mode", "/mtls", ""]
        .iter()
        .map(|end| work.notes(policy, &format!("/spec/peers/{index}{end}")))
        .find(|notes| *notes != Notes::default())
        .unwrap_or_default()
}

/// Policy `default` in the root namespace: a PeerAuthentication there would be mesh-wide (S6, E49, E50).
fn root_namespace(work: &mut Work<'_>, policy: &AuthenticationPolicy) {
    let (root, own) = (work.root(), mode(policy));
    let of_mesh = mesh_mode(work);
    if own == of_mesh {
        let message = format!(
            "{} asks for {} like the rest of the mesh, and a PeerAuthentication in {root} would be mesh-wide.",
            policy.meta.object(),
            own.word()
        );
        let finding = Finding::new(codes::ROOT_POLICY, message).severity(Severity::Note).direction(Direction::None);
        work.report(policy, finding.remedy("Nothing needs to be done: the mesh-wide object covers it."));
        work.inert(policy, codes::ROOT_POLICY);
        return;
    }
    let message = format!(
        "{} asks for {} in the root namespace {root} alone, but a PeerAuthentication there is mesh-wide, and the mesh has {}.",
        policy.meta.object(),
        own.word(),
        of_mesh.word()
    );
    work.refuse(policy, Finding::new(codes::ROOT_POLICY, message).direction(loss(own)));
    work.inert(policy, codes::ROOT_POLICY);
}

/// The mode of the mesh in the old world.
pub(super) fn mesh_mode(work: &Work<'_>) -> MtlsMode {
    work.policies().mesh_policy().map_or(default_mode(work.mesh().settings.source), mode)
}

/// What it does to access when a port falls back from `own` to another mode.
pub(super) fn loss(own: MtlsMode) -> Direction {
    // Between DISABLE and STRICT access is lost and gained; what is gained is the worse news.
    if own == MtlsMode::Permissive { Direction::Narrower } else { Direction::Wider }
}

/// No MeshPolicy: 1.4 then spoke plaintext only, 1.5 took both, as the new world does (S2, S3, E13, E14).
fn implicit_default<'a>(work: &mut Work<'a>) -> Option<Planned<'a>> {
    let old = default_mode(work.mesh().settings.source);
    if old == MtlsMode::Permissive {
        return None;
    }
    let mode = new_mode(work, work.root(), old);
    let example = undecided_port(work)?;
    let home = work.mesh().authentication.iter().min_by_key(|policy| policy.meta.manifest)?;
    work.part.ledger.stands_for_mesh(home.meta.manifest);
    if work.mesh().evidence.closes(&[InventoryKind::MeshPolicy]) && mode == MtlsMode::Permissive {
        let message = format!(
            "Without a MeshPolicy, Istio 1.4 took plaintext only wherever no Policy applied, as on {example}; nothing is written for it, which is PERMISSIVE, as --plaintext permissive asks, so mutual TLS is newly accepted."
        );
        work.report(
            home,
            Finding::new(codes::PLAINTEXT_PERMISSIVE, message).on(ObjectRef::new("MeshPolicy", "", "default")),
        );
        return None;
    }
    if work.mesh().evidence.closes(&[InventoryKind::MeshPolicy]) {
        let message =
            format!("Without a MeshPolicy, Istio 1.4 took plaintext only wherever no Policy applied, as on {example}.");
        work.report(home, Finding::new(codes::IMPLICIT_MESH_DEFAULT, message));
    } else {
        let message = format!(
            "No MeshPolicy is in the input, and what Istio 1.4 enforced where no Policy applied depends on it, as on {example}."
        );
        let remedy = format!(
            "Add the output of `{}` with --inventory, or say what it demands with `--assume mtls=strict` (or `permissive`, or `disable`), or pass --inventory-complete=meshpolicies if there is none.",
            kubectl_get("meshpolicy", "", "default")
        );
        let finding = Finding::new(codes::UNKNOWN_MESH_POLICY, message).remedy(remedy);
        if !work.refuse(home, finding) {
            return None;
        }
    }
    work.part.ledger.relax(Relaxation::UndeclaredPorts);
    Some(Planned {
        namespace: work.root().to_owned(),
        selector: Labels::new(),
        selector_notes: Notes::default(),
        mode: Some(mode),
        mode_notes: Notes::default(),
        ports: BTreeMap::new(),
        from: vec![home],
        part: None,
    })
}

/// A port on which no policy was in force, for a sentence.
fn undecided_port(work: &Work<'_>) -> Option<String> {
    let known = work.subjects().iter().filter(|subject| !subject.gateway).find_map(|subject| {
        let port = subject.ports.iter().find(|port| matches!(port.effective.scope, Scope::Nothing))?;
        Some(format!("container port {} of {}", port.number, subject.workload.meta.object()))
    });
    let resolved = known.or_else(|| {
        work.subjects().iter().filter(|subject| !subject.gateway).find_map(|subject| {
            let unresolved = work.mesh().unresolved_ports(&subject.workload);
            let (service, port) = unresolved
                .into_iter()
                .find(|(service, port)| matches!(work.policies().on(service, port).scope, Scope::Nothing))?;
            Some(format!("port {} of Service {}/{}", port.port, service.meta.namespace, service.meta.name))
        })
    });
    let other_services = resolved.or_else(|| {
        // A Service that the input does not show, of pods that it does.
        let open = !work.mesh().evidence.closes(&[InventoryKind::Service]);
        let uncovered = |subject: &&super::super::subjects::Subject<'_>| {
            let inherited = work.policies().inherited(subject.namespace());
            !subject.gateway && matches!(inherited.scope, Scope::Nothing)
        };
        let subject = work.subjects().iter().find(uncovered).filter(|_| open)?;
        Some(format!("the ports of other Services of {}", subject.workload.meta.object()))
    });
    other_services.or_else(|| {
        let closed = work.mesh().evidence.closes(&[InventoryKind::Service, InventoryKind::Workload]);
        (!closed).then(|| "pods that the input does not show".to_owned())
    })
}
