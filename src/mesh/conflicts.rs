//! Objects of one environment that cannot all exist: the same identity twice, or two effective RBAC configs.

use super::decode::Decoded;
use super::twins;
use super::{Input, Mesh};
use crate::api::ManifestId;
use crate::finding::catalogue::mesh as codes;
use crate::finding::{Code, Finding, ObjectRef, Severity};
use std::collections::{BTreeMap, BTreeSet};

/// What came of comparing equally near objects of one identity.
#[derive(Debug, Default)]
pub(super) struct Resolution {
    /// Documents that only say again what an earlier one said, with the code that says so.
    pub(super) repeated: BTreeMap<ManifestId, Code>,
    /// Documents that contradict another one.
    pub(super) contradicting: BTreeSet<ManifestId>,
    /// What to tell.
    pub(super) findings: Vec<Finding>,
}

/// Compares the documents of each identity: with one `spec` the first stands for all; otherwise none can be trusted.
pub(super) fn resolve(seen: &[&Decoded], inputs: &[Input]) -> Resolution {
    let mut by_identity: BTreeMap<&ObjectRef, Vec<&Decoded>> = BTreeMap::new();
    for decoded in seen.iter().filter(|decoded| decoded.unique) {
        by_identity.entry(&decoded.object).or_default().push(decoded);
    }
    let mut resolution = Resolution::default();
    for documents in by_identity.into_values().filter(|documents| documents.len() > 1) {
        let Some((first, others)) = documents.split_first() else { continue };
        if others.iter().all(|other| twins::agree(first, other, inputs)) {
            repeat(&documents, inputs, &mut resolution);
        } else if documents.iter().all(|decoded| twins::may_differ(decoded)) {
            differ(&documents, &mut resolution);
        } else {
            contradict(&documents, &mut resolution);
        }
    }
    resolution
}

/// The first document stands for all.
fn repeat(documents: &[&Decoded], inputs: &[Input], resolution: &mut Resolution) {
    let Some((first, others)) = documents.split_first() else { return };
    for other in others {
        resolution.repeated.insert(other.id, codes::DUPLICATE_DOCUMENT);
        let is_inventory = inputs.get(other.id.0).is_some_and(|input| input.inventory);
        if !is_inventory && other.object.kind != "Namespace" {
            let message = format!("{} is defined twice, with the same `spec`.", other.object);
            let finding = Finding::new(codes::DUPLICATE_DOCUMENT, message).at(other.place.clone());
            resolution.findings.push(finding.on(other.object.clone()).related(first.place.clone(), "the first one"));
        }
    }
}

/// Each version is possible, and each is looked at.
fn differ(documents: &[&Decoded], resolution: &mut Resolution) {
    let Some((first, others)) = documents.split_first() else { return };
    let message = format!(
        "{} is defined {} times, each time differently; every version is taken for possible.",
        first.object,
        documents.len()
    );
    let finding = Finding::new(codes::SEVERAL_VERSIONS, message).at(first.place.clone()).on(first.object.clone());
    let told = others.iter().fold(finding, |finding, other| finding.related(other.place.clone(), "another one"));
    resolution.findings.push(told);
}

/// No document can be trusted; each is told with the places of the others.
fn contradict(documents: &[&Decoded], resolution: &mut Resolution) {
    for decoded in documents {
        resolution.contradicting.insert(decoded.id);
        let others = documents.iter().filter(|other| other.id != decoded.id);
        let message = format!("{} is defined {} times, each time differently.", decoded.object, documents.len());
        let mut finding = Finding::new(code_of(&decoded.object.kind), message).at(decoded.place.clone());
        if decoded.object.kind == "Service" {
            // Only what depends on the Service is refused, with a finding of its own.
            finding = finding.severity(Severity::Note);
        }
        let finding = others.fold(finding, |finding, other| finding.related(other.place.clone(), "another one"));
        resolution.findings.push(finding.on(decoded.object.clone()));
    }
}

fn code_of(kind: &str) -> Code {
    match kind {
        "MeshPolicy" | "ClusterRbacConfig" | "RbacConfig" | "ServiceMeshPolicy" | "ServiceMeshRbacConfig" => {
            codes::AMBIGUOUS_MESH_CONFIG
        }
        "Policy"
        | "ServiceRole"
        | "ServiceRoleBinding"
        | "PeerAuthentication"
        | "RequestAuthentication"
        | "AuthorizationPolicy"
        | "DestinationRule"
        | "Sidecar"
        | "ServiceEntry" => codes::DUPLICATE_POLICY,
        _ => codes::AMBIGUOUS_SERVICE,
    }
}

/// E18: without a ClusterRbacConfig, Istio used the RbacConfig that its store listed first, so with several none can
/// be trusted. They leave the mesh.
pub(super) fn several_configs(mesh: &mut Mesh) -> Vec<Finding> {
    let decided = mesh.configs.iter().any(|config| config.meta.kind == "ClusterRbacConfig");
    if decided || mesh.in_doubt("ClusterRbacConfig").next().is_some() || mesh.configs.len() < 2 {
        return Vec::new();
    }
    let configs = std::mem::take(&mut mesh.configs);
    let rejected = configs.iter().filter_map(|config| Some((config.meta.manifest?, config.meta.object())));
    mesh.rejected.extend(rejected);
    let finding = |config: &crate::api::legacy::RbacConfig| {
        let others = configs.iter().filter(|other| other.meta.namespace != config.meta.namespace);
        let message = format!(
            "{} is one of {} RbacConfigs, of which Istio used whichever it listed first.",
            config.meta.object(),
            configs.len()
        );
        let finding = Finding::new(codes::AMBIGUOUS_MESH_CONFIG, message).at(config.meta.place.clone());
        let finding = others.fold(finding, |finding, other| finding.related(other.meta.place.clone(), "another one"));
        finding.on(config.meta.object())
    };
    configs.iter().map(finding).collect()
}
