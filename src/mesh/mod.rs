//! The mesh as the input describes it: which services, workloads, ports, namespaces and policies exist, and what a
//! name means from where (`inside/design.md` §5).
//!
//! Decodes manifests into [`crate::api`] objects, validates them as Istio did, splits the input into environments,
//! and answers questions about services, pods and ports. It decides nothing about access.

use crate::api::core::{Namespace, Service, ServicePort, Workload};
use crate::api::legacy::{AuthenticationPolicy, RbacConfig, ServiceRole, ServiceRoleBinding};
use crate::api::networking::{DestinationRule, ServiceEntry, Sidecar};
use crate::api::security::{AuthorizationPolicy, PeerAuthentication, RequestAuthentication};
use crate::api::{Labels, ManifestId, Meta};
use crate::finding::{Assumption, Code, Finding, ObjectRef};
use crate::yaml::Manifest;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

mod build;
mod conflicts;
mod decode;
mod environments;
pub mod evidence;
mod index;
mod kustomized;
mod lookup;
mod openshift;
mod planes;
mod ports;
mod settings;
mod stated;
pub mod testing;
mod twins;
mod validate;

pub use build::build;
pub use decode::folder_of;
pub use environments::contains;
pub use evidence::{Completeness, Evidence, InventoryKind};
pub use kustomized::{Overlay, OverlayRole};
pub use lookup::{WORKLOADS, kubectl_get, kubectl_get_in, may_become};
pub use settings::{Settings, Sniffing, SourceRelease, Version};
pub use stated::{Fact, Facts, MtlsFact, RbacFact, Stated};

/// One environment: the objects that see each other (`inside/design.md` §5).
#[derive(Clone, Debug)]
pub struct Mesh {
    /// Mesh-wide settings of the run.
    pub settings: Settings,
    /// True when the user says that this is one mesh (`--one-mesh`, `meshes:`), or when it is one file: otherwise its
    /// folders may be several.
    pub one_place: bool,
    /// Of which kinds what is not here does not exist.
    pub evidence: Evidence,
    /// Namespaces.
    pub namespaces: Vec<Namespace>,
    /// Services.
    pub services: Vec<Service>,
    /// Workloads read from manifests (no stand-ins).
    pub workloads: Vec<Workload>,
    /// Policies and MeshPolicies that Istio would have accepted.
    pub authentication: Vec<AuthenticationPolicy>,
    /// ClusterRbacConfigs and RbacConfigs named `default` that Istio would have accepted.
    pub configs: Vec<RbacConfig>,
    /// Valid ServiceRoles.
    pub roles: Vec<ServiceRole>,
    /// Valid ServiceRoleBindings.
    pub bindings: Vec<ServiceRoleBinding>,
    /// PeerAuthentications already in the input.
    pub peer: Vec<PeerAuthentication>,
    /// RequestAuthentications already in the input.
    pub request: Vec<RequestAuthentication>,
    /// AuthorizationPolicies (security.istio.io) already in the input.
    pub authorization: Vec<AuthorizationPolicy>,
    /// DestinationRules.
    pub destination_rules: Vec<DestinationRule>,
    /// Sidecars; [`Mesh::custom_ingress`] says which one replaces a workload's listeners.
    pub sidecars: Vec<Sidecar>,
    /// ServiceEntries.
    pub service_entries: Vec<ServiceEntry>,
    /// Control planes, member rolls and members of OpenShift Service Mesh; [`Mesh::openshift_sign`] says what they mean.
    pub openshift: Vec<Meta>,
    /// Legacy objects that are not in the lists above (a finding says why). What the cluster did about them is not
    /// known, unless they are also in [`Mesh::inert`].
    pub rejected: Vec<(ManifestId, ObjectRef)>,
    /// The rejected objects that Istio never looked at (a MeshPolicy not named `default`), with the code that says so.
    pub inert: Vec<(ManifestId, ObjectRef, Code)>,
    /// Other objects (Services, workloads, current policies) that could not be read: nothing may be concluded from
    /// their absence, and a proof that they could change must not be claimed.
    pub unreadable: Vec<(ManifestId, ObjectRef)>,
    /// Legacy objects that this environment shares with others, whose conversions have to agree.
    pub shared: BTreeSet<ManifestId>,
    /// Built at the first look-up: the lists above must be complete by then.
    index: index::Index,
}

/// What is known about a name.
#[derive(Clone, Debug, PartialEq)]
pub enum Lookup<T> {
    /// It exists.
    Found(T),
    /// It does not exist: its kind is closed ([`evidence`]).
    Absent,
    /// It is not in the input, and the input may not hold everything.
    Unknown,
    /// Two different objects with that name are equally near.
    Ambiguous(T, T),
}

/// What kind of filter chain a port has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// HTTP connection manager.
    Http,
    /// Plain TCP.
    Tcp,
    /// Sniffed: both chains exist.
    Auto,
}

/// A container port of a workload and the (service, service port) that governs it (`meaning/rbac.md` §3.1,
/// `meaning/authn.md` §2.2): the first in service order to claim it.
#[derive(Clone, Debug, PartialEq)]
pub struct GovernedPort<'a> {
    /// The **container** port.
    pub number: u16,
    /// The governing service.
    pub service: &'a Service,
    /// Its port.
    pub service_port: &'a ServicePort,
    /// Chain kind in the old mesh (source release).
    pub old_protocol: Protocol,
    /// Chain kind in the new mesh (target release).
    pub new_protocol: Protocol,
    /// Other (service, port) pairs that also claim it, in order; they were never enforced.
    pub shadowed: Vec<(&'a Service, &'a ServicePort)>,
    /// True when the order is a guess: two claimants and no creation times to tell which is older.
    pub guessed: bool,
}

/// True when every pair of `selector` is in `labels`. An empty selector selects everything.
pub fn selects(selector: &Labels, labels: &Labels) -> bool {
    selector.iter().all(|(key, value)| labels.get(key) == Some(value))
}

/// True for the pods of an ingress or egress gateway, by the labels that Istio's charts have given them since 0.8: their
/// TLS comes from Gateway objects, so no mTLS mode applies, and old proxies had no peer identity on HTTP there.
pub fn is_gateway(labels: &Labels) -> bool {
    // ANY of the two labels.
    ["istio", "app"].iter().filter_map(|key| labels.get(*key)).any(|value| value.ends_with("gateway"))
}

/// True when some pod could carry both label sets: no key with two different values.
pub fn compatible(a: &Labels, b: &Labels) -> bool {
    a.iter().all(|(key, value)| b.get(key).is_none_or(|other| other == value))
}

/// A manifest and the part it plays.
#[derive(Clone, Debug)]
pub struct Input {
    /// The manifest.
    pub manifest: Manifest,
    /// True when it came from `--inventory`: read, never rewritten, found last.
    pub inventory: bool,
}

impl Input {
    /// The object's name as written, for findings about manifests that were not decoded.
    pub fn object(&self) -> ObjectRef {
        let text = |pointer: &str| self.manifest.text(pointer).unwrap_or_default().to_owned();
        ObjectRef::new(text("/kind"), text("/metadata/namespace"), text("/metadata/name"))
    }
}

/// How the input is to be read.
#[derive(Clone, Debug, Default)]
pub struct BuildOptions {
    /// Mesh settings.
    pub settings: Settings,
    /// `--one-mesh`: everything is one environment.
    pub one_mesh: bool,
    /// `meshes:` of the settings: name of a mesh to its files. Empty: environments are told by what repeats.
    pub meshes: BTreeMap<String, BTreeSet<Arc<str>>>,
    /// `namespaces:` of the settings: file to the namespace of documents in it that name none.
    pub namespaces: BTreeMap<Arc<str>, String>,
    /// `--inventory-complete`: what the user says about objects that are not here.
    pub complete: Completeness,
    /// What the user states about the mesh; their objects are among the inputs ([`Facts::inputs`]).
    pub facts: Facts,
    /// Folders that are environment roots in any case, because they are on the other side of a comparison.
    pub roots: BTreeSet<String>,
    /// Folder (as in `Manifest::file`'s parent, `""` for the top) to the `namespace:` of its kustomization, `None` when it sets none.
    pub kustomizations: BTreeMap<String, Option<String>>,
    /// File (as in `Manifest::file`) to the kustomizations of other folders that refer to it.
    pub overlays: BTreeMap<String, Vec<Overlay>>,
}

/// An environment and the folder it is rooted at. The module `environments` states the rule, with an example.
#[derive(Clone, Debug)]
pub struct Environment {
    /// The folder, `""` when the whole input is one environment; with `meshes:` of the settings the name of the mesh.
    pub root: String,
    /// Its objects.
    pub mesh: Mesh,
}

/// The whole input, decoded.
#[derive(Clone, Debug)]
pub struct World {
    /// Every manifest of the run; [`ManifestId`] indexes it.
    pub manifests: Vec<Input>,
    /// The environments, in path order.
    pub environments: Vec<Environment>,
    /// Decoding and validation findings.
    pub findings: Vec<Finding>,
    /// The manifests of legacy kinds (valid or not) that meshlift may rewrite: those of the input, not of an inventory.
    pub legacy: Vec<ManifestId>,
    /// Kinds that decide about the old objects of the input and that a bare `--inventory-complete` leaves open, because
    /// the input shows none of them. Empty in every other case.
    pub not_shown: Vec<InventoryKind>,
    /// What the user states and what counts in ANY environment.
    pub given: Vec<Assumption>,
}
