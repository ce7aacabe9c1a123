//! `rbac.istio.io/v1alpha1`: ClusterRbacConfig, RbacConfig, ServiceRole, ServiceRoleBinding (`spec/rbac.md` §1).

use crate::api::Meta;
use crate::finding::Place;

/// A ClusterRbacConfig or RbacConfig (`meta.kind` says which; the former has an empty `meta.namespace`).
#[derive(Clone, Debug, PartialEq)]
pub struct RbacConfig {
    /// Kind, name, namespace, place.
    pub meta: Meta,
    /// `mode`; absent is `Off`.
    pub mode: RbacMode,
    /// `inclusion`.
    pub inclusion: Option<RbacTarget>,
    /// `exclusion`.
    pub exclusion: Option<RbacTarget>,
    /// `enforcementMode`.
    pub enforcement: Enforcement,
}

/// Where RBAC is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RbacMode {
    /// Nowhere.
    Off,
    /// Everywhere.
    On,
    /// Only where `inclusion` says.
    OnWithInclusion,
    /// Everywhere but where `exclusion` says.
    OnWithExclusion,
}

/// `inclusion` or `exclusion`. Plain equality, no wildcards (`spec/rbac.md` §1.2).
#[derive(Clone, Debug, PartialEq)]
pub struct RbacTarget {
    /// Where.
    pub place: Place,
    /// Service host names (FQDN), each with its place.
    pub services: Vec<(String, Place)>,
    /// Namespace names, each with its place.
    pub namespaces: Vec<(String, Place)>,
}

/// Whether a config or binding is enforced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Enforcement {
    /// Enforced (default).
    #[default]
    Enforced,
    /// Logged only.
    Permissive,
}

/// A ServiceRole.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceRole {
    /// Name, namespace, place.
    pub meta: Meta,
    /// ORed.
    pub rules: Vec<AccessRule>,
}

/// One access rule: all present fields must hold.
#[derive(Clone, Debug, PartialEq)]
pub struct AccessRule {
    /// Where.
    pub place: Place,
    /// FQDN patterns; empty means every service of the namespace (1.2 and later).
    pub services: Vec<String>,
    /// `:authority`.
    pub hosts: Vec<String>,
    /// Negated `hosts`.
    pub not_hosts: Vec<String>,
    /// `:path` **with** the query.
    pub paths: Vec<String>,
    /// Negated `paths`.
    pub not_paths: Vec<String>,
    /// `:method`.
    pub methods: Vec<String>,
    /// Negated `methods`.
    pub not_methods: Vec<String>,
    /// **Container** ports.
    pub ports: Vec<u16>,
    /// Negated `ports`.
    pub not_ports: Vec<u16>,
    /// Constraints in order; on a repeated key the last one counts (1.2 and later).
    pub constraints: Vec<Constraint>,
}

/// A constraint: any of `values`.
#[derive(Clone, Debug, PartialEq)]
pub struct Constraint {
    /// Where.
    pub place: Place,
    /// For example `destination.labels[version]`.
    pub key: String,
    /// ORed.
    pub values: Vec<String>,
}

/// A ServiceRoleBinding.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceRoleBinding {
    /// Name, namespace, place.
    pub meta: Meta,
    /// ORed.
    pub subjects: Vec<Subject>,
    /// The role, in the binding's own namespace.
    pub role: RoleRef,
    /// `mode`.
    pub enforcement: Enforcement,
}

/// `roleRef`; its kind was checked to be `ServiceRole`.
#[derive(Clone, Debug, PartialEq)]
pub struct RoleRef {
    /// Where.
    pub place: Place,
    /// The role's name.
    pub name: String,
}

/// A subject: all present fields must hold; list members are ORed.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// Where.
    pub place: Place,
    /// Peer identity pattern; empty when absent.
    pub user: String,
    /// Peer identities.
    pub names: Vec<String>,
    /// Negated `names`.
    pub not_names: Vec<String>,
    /// Claim `groups`; empty when absent.
    pub group: String,
    /// Claim `groups`.
    pub groups: Vec<String>,
    /// Negated `groups`.
    pub not_groups: Vec<String>,
    /// Namespace in the peer identity.
    pub namespaces: Vec<String>,
    /// Negated `namespaces`.
    pub not_namespaces: Vec<String>,
    /// Source addresses.
    pub ips: Vec<String>,
    /// Negated `ips`.
    pub not_ips: Vec<String>,
    /// Property key to value, in source order.
    pub properties: Vec<(String, String)>,
}
