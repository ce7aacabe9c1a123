//! Manifests into objects: which kinds count, what their fields hold, and whether Istio would have accepted them.
//!
//! Unknown fields are not looked at here: the coverage of `mapping` reports them.

mod authentication;
mod core;
mod kind;
mod metadata;
mod networking;
mod node;
mod openshift;
mod placeholder;
mod problems;
mod rbac;
mod security;

use super::{BuildOptions, Input, InventoryKind, Settings, kustomized, validate};
use crate::api::core::{Namespace, Service, Workload};
use crate::api::legacy::{AuthenticationPolicy, RbacConfig, ServiceRole, ServiceRoleBinding};
use crate::api::networking::{DestinationRule, ServiceEntry, Sidecar};
use crate::api::security::{AuthorizationPolicy, PeerAuthentication, RequestAuthentication};
use crate::api::{ManifestId, Meta, namespace};
use crate::finding::catalogue::mesh as codes;
use crate::finding::{Code, Finding, ObjectRef, Place};
use crate::yaml::Manifest;
use kind::Kind;
pub(super) use node::Node;
pub(super) use problems::Problems;

/// An object of a kind that the mesh is made of.
#[derive(Clone, Debug)]
pub(super) enum Object {
    Authentication(AuthenticationPolicy),
    Config(RbacConfig),
    Role(ServiceRole),
    Binding(ServiceRoleBinding),
    Peer(PeerAuthentication),
    Request(RequestAuthentication),
    Authorization(AuthorizationPolicy),
    Service(Service),
    Workload(Workload),
    Namespace(Namespace),
    DestinationRule(DestinationRule),
    Sidecar(Sidecar),
    ServiceEntry(ServiceEntry),
    ServiceMesh(Meta),
}

/// What became of a manifest.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    /// An object.
    Accepted(Box<Object>),
    /// A legacy object that is out; a finding says why.
    Rejected,
    /// A legacy object that Istio never looked at.
    Inert(Code),
    /// Another object that could not be read.
    Unreadable,
    /// Not a whole object.
    Patch,
}

/// A manifest of a kind that the mesh is made of.
#[derive(Clone, Debug)]
pub(super) struct Decoded {
    pub(super) id: ManifestId,
    pub(super) object: ObjectRef,
    /// True when no cluster holds two objects of this kind, namespace and name: false without a name, and for kinds of
    /// other APIs that only share the word.
    pub(super) unique: bool,
    pub(super) place: Place,
    /// True for the kinds that meshlift migrates, and their unsupported relatives.
    pub(super) legacy: bool,
    /// The kind that the input shows an object of by this manifest.
    pub(super) shows: Option<InventoryKind>,
    pub(super) outcome: Outcome,
    /// Kind and name of the controller that made this object (a Pod's ReplicaSet).
    pub(super) owner: Option<(String, String)>,
}

/// Decodes one manifest; `None` when its kind plays no part in the mesh.
pub(super) fn decode(
    id: ManifestId,
    input: &Input,
    options: &BuildOptions,
    findings: &mut Vec<Finding>,
) -> Option<Decoded> {
    let manifest = &input.manifest;
    let text = |key: &str| manifest.value().get(key).and_then(|value| value.as_str());
    let kind_name = text("kind")?;
    let kind = Kind::of(text("apiVersion")?, kind_name)?;
    let root = Node::root(manifest);

    let namespace = if kind.is_cluster_scoped() { String::new() } else { effective_namespace(manifest, options) };
    let mut object = ObjectRef::new(kind_name, namespace, name_of(manifest, kind));
    let mut problems = match kind.invalid_code() {
        Some(invalid) => Problems::new(object.clone(), codes::UNDECODABLE_POLICY, invalid),
        None => Problems::new(object.clone(), codes::UNREADABLE_OBJECT, codes::UNREADABLE_OBJECT),
    };
    let overlays = options.overlays.get(&**manifest.file()).filter(|_| kind.is_legacy() && kind != Kind::Unsupported);
    // What a kustomization makes of a base or a patch may be anything, also several things.
    let mut unique = !matches!(kind, Kind::Unsupported | Kind::ServiceMesh) && !object.name.is_empty();
    let outcome = match overlays.and_then(|overlays| kustomized::refusal(&object, overlays)) {
        Some((rendered, finding)) => {
            (object, unique) = (rendered, false);
            findings.push(finding.at(root.place()));
            Outcome::Rejected
        }
        None => outcome(kind, &root, &object, id, &options.settings, &mut problems),
    };
    findings.extend(problems.into_findings());
    Some(Decoded {
        id,
        unique,
        object,
        place: root.place(),
        legacy: kind.is_legacy(),
        shows: kind.inventory(),
        outcome,
        owner: owner(manifest),
    })
}

/// `metadata.name`; for pods and jobs that are made once, what their names start with. Empty when there is none.
fn name_of(manifest: &Manifest, kind: Kind) -> &str {
    let generated = || (kind == Kind::Workload).then(|| manifest.text("/metadata/generateName")).flatten();
    manifest.text("/metadata/name").or_else(generated).unwrap_or_default()
}

fn outcome(
    kind: Kind,
    root: &Node<'_>,
    object: &ObjectRef,
    id: ManifestId,
    settings: &Settings,
    problems: &mut Problems,
) -> Outcome {
    let out = if kind.is_legacy() { Outcome::Rejected } else { Outcome::Unreadable };
    metadata::check(root, problems);
    placeholder::check(kind, root, problems);
    if problems.failed() {
        return out;
    }
    if object.name.is_empty() {
        let message = format!("This {} has no `metadata.name`.", object.kind);
        let code = if kind.is_legacy() { codes::MISSING_NAME } else { codes::PARTIAL_MANIFEST };
        problems.note(code, root.place_of("/metadata"), message);
        return if kind.is_legacy() { out } else { Outcome::Patch };
    }
    if kind == Kind::Unsupported {
        let message = openshift::misspelt(object)
            .unwrap_or_else(|| format!("{object} belongs to an API that no supported release enforced."));
        problems.invalid(root.place_of("/apiVersion"), message);
        return out;
    }
    if kind.only_default_counts() && object.name != "default" {
        let message = format!("{object} was never active, because Istio reads only the one named `default`.");
        problems.note(codes::NEVER_ACTIVE, root.place_of("/metadata/name"), message);
        return Outcome::Inert(codes::NEVER_ACTIVE);
    }
    if let Some(message) = openshift::refusal(kind, object) {
        problems.invalid(root.place(), message);
        return out;
    }
    let meta = meta(kind, root, object, id, problems);
    let decoded = object_of(kind, root, meta, problems);
    if !problems.failed() {
        validate::object(&decoded, root, problems);
    }
    if problems.failed() {
        return out;
    }
    if let Some(what) = patch_of(&decoded) {
        let message = format!("{object} declares no {what}, so it is taken for a patch and not for the object itself.");
        problems.note(codes::PARTIAL_MANIFEST, root.place(), message);
        return Outcome::Patch;
    }
    warn_of_no_effect(&decoded, root, settings, problems);
    Outcome::Accepted(Box::new(decoded))
}

/// What is missing from a patch; `None` for whole objects.
fn patch_of(object: &Object) -> Option<&'static str> {
    match object {
        Object::Service(service) if core::is_service_patch(service) => Some("ports"),
        Object::Workload(workload) if core::is_workload_patch(workload) => Some("pod labels"),
        _ => None,
    }
}

fn warn_of_no_effect(object: &Object, root: &Node<'_>, settings: &Settings, problems: &mut Problems) {
    if let Object::Peer(peer) = object
        && peer.meta.namespace == settings.root_namespace
        && !peer.selector.is_empty()
    {
        let message = format!(
            "{} has no effect: Istio ignores the ones with a selector in the root namespace {}.",
            peer.meta.object(),
            settings.root_namespace
        );
        problems.note(codes::INEFFECTIVE_PEER_AUTHENTICATION, root.place_of("/spec/selector"), message);
    }
}

fn meta(kind: Kind, root: &Node<'_>, object: &ObjectRef, id: ManifestId, problems: &mut Problems) -> Meta {
    let mut meta = Meta::new(&object.kind, &object.namespace, &object.name);
    meta.manifest = Some(id);
    meta.place = root.place();
    let Some(metadata) = root.key("metadata") else { return meta };
    meta.labels = metadata.labels("labels", problems);
    meta.annotations = metadata.labels("annotations", problems);
    meta.created = metadata.key("creationTimestamp").and_then(|node| node.value().as_str()).map(str::to_owned);
    if kind.is_legacy() && kind.is_cluster_scoped() && metadata.key("namespace").is_some() {
        let message = format!("{object} is cluster-scoped; its `metadata.namespace` means nothing.");
        problems.note(codes::NAMESPACE_ON_CLUSTER_OBJECT, metadata.place_of("/namespace"), message);
    }
    meta
}

fn object_of(kind: Kind, root: &Node<'_>, meta: Meta, problems: &mut Problems) -> Object {
    let spec = root.spec(problems);
    match kind {
        Kind::MeshPolicy | Kind::Policy => Object::Authentication(authentication::policy(meta, &spec, problems)),
        Kind::ClusterRbacConfig | Kind::RbacConfig => Object::Config(rbac::config(meta, &spec, problems)),
        Kind::ServiceRole => Object::Role(rbac::role(meta, &spec, problems)),
        Kind::ServiceRoleBinding => Object::Binding(rbac::binding(meta, &spec, problems)),
        Kind::Peer => Object::Peer(security::peer(meta, &spec, problems)),
        Kind::Request => Object::Request(security::request(meta, &spec, problems)),
        Kind::Authorization => Object::Authorization(security::authorization(meta, &spec, problems)),
        Kind::Service => Object::Service(core::service(meta, &spec, problems)),
        Kind::Workload => {
            let template = core::pod_template(root, &meta.kind);
            Object::Workload(core::workload(meta, template.as_ref(), problems))
        }
        Kind::DestinationRule => Object::DestinationRule(networking::destination_rule(meta, &spec, problems)),
        Kind::Sidecar => Object::Sidecar(networking::sidecar(meta, &spec, problems)),
        Kind::ServiceEntry => Object::ServiceEntry(networking::service_entry(meta, &spec, problems)),
        Kind::ServiceMesh => Object::ServiceMesh(meta),
        Kind::Namespace | Kind::Unsupported | Kind::ServiceMeshPolicy | Kind::ServiceMeshRbacConfig => {
            Object::Namespace(Namespace { meta })
        }
    }
}

/// The namespace of a document (`inside/design.md` §5): its own, else that of the nearest enclosing kustomization which sets
/// one, else what the settings say about its file, else the run's default, else the unknown one of its folder.
fn effective_namespace(manifest: &Manifest, options: &BuildOptions) -> String {
    if let Some(own) = manifest.text("/metadata/namespace").filter(|namespace| !namespace.is_empty()) {
        return namespace::as_named(own);
    }
    let home = folder_of(manifest.file());
    let mut folder = home;
    loop {
        if let Some(Some(namespace)) = options.kustomizations.get(folder) {
            return namespace.clone();
        }
        if folder.is_empty() {
            break;
        }
        folder = folder_of(folder);
    }
    let of_file = options.namespaces.get(manifest.file()).cloned();
    of_file.or_else(|| options.settings.default_namespace.clone()).unwrap_or_else(|| namespace::unnamed(home))
}

/// The folder of a path; `""` for the top and for standard input.
pub fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The controller among `metadata.ownerReferences`.
fn owner(manifest: &Manifest) -> Option<(String, String)> {
    let references = manifest.value().pointer("/metadata/ownerReferences")?.as_array()?;
    let controller = references.iter().find(|r| r.get("controller").and_then(|c| c.as_bool()) == Some(true))?;
    let text = |key: &str| Some(controller.get(key)?.as_str()?.to_owned());
    Some((text("kind")?, text("name")?))
}

#[cfg(test)]
mod tests;
