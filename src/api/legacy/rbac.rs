//! `rbac.istio.io/v1alpha1`: ClusterRbacConfig, RbacConfig, ServiceRole, ServiceRoleBinding (`meaning/rbac.md` §1).

use super::fields::{Field, Fields, Shape, Table, mapped, rust, unread};
use crate::api::Meta;
use crate::finding::Place;
use std::collections::BTreeMap;

/// The fields of ClusterRbacConfig and RbacConfig.
pub const CONFIG_FIELDS: Fields = Fields {
    kinds: &["ClusterRbacConfig", "RbacConfig"],
    api_version: "rbac.istio.io/v1alpha1",
    items: None,
    stands_in: "",
    fields: &[
        rust("spec.mode", "default policies: the namespaces and services that are closed"),
        rust("spec.inclusion.services[*]", "a default policy for the pods of the service"),
        rust("spec.inclusion.namespaces[*]", "a default policy for the namespace"),
        unread("spec.inclusion.workloadSelectors.**"),
        rust("spec.exclusion.services[*]", "a policy that allows everything to the pods of the service"),
        rust("spec.exclusion.namespaces[*]", "a policy that allows everything in the namespace"),
        unread("spec.exclusion.workloadSelectors.**"),
        rust("spec.enforcementMode", "PERMISSIVE becomes nothing"),
    ],
    tables: &[],
    targets: &[],
};

/// The fields of ServiceRole.
pub const ROLE_FIELDS: Fields = Fields {
    kinds: &["ServiceRole"],
    api_version: "rbac.istio.io/v1alpha1",
    items: Some("spec.rules[*]"),
    stands_in: "",
    fields: &[
        rust("spec.rules[*].services[*]", "selector of each policy, and ports of its rules"),
        mapped("spec.rules[*].hosts[*]"),
        mapped("spec.rules[*].notHosts[*]"),
        mapped("spec.rules[*].paths[*]"),
        mapped("spec.rules[*].notPaths[*]"),
        mapped("spec.rules[*].methods[*]"),
        mapped("spec.rules[*].notMethods[*]"),
        mapped("spec.rules[*].ports[*]"),
        mapped("spec.rules[*].notPorts[*]"),
    ],
    tables: &[Table {
        path: "spec.rules[*].constraints",
        shape: Shape::List,
        keys: CONSTRAINT_KEYS,
        // The rule allowed as if the constraint were not there.
        unknown_keys_were_ignored: true,
    }],
    targets: &[
        "/operation/hosts/-",
        "/operation/notHosts/-",
        "/operation/paths/-",
        "/operation/notPaths/-",
        "/operation/methods/-",
        "/operation/notMethods/-",
        "/operation/ports/-",
        "/operation/notPorts/-",
        "/when/-",
    ],
};

/// The families of constraint keys, narrow ones first (`meaning/rbac.md` §2.2, §2.5).
pub const CONSTRAINT_KEYS: &[Field] = &[
    mapped("request.headers[*]"),
    mapped("experimental.envoy.filters.*[*]"),
    mapped("destination.ip"),
    mapped("connection.sni"),
    mapped(":path"),
    mapped(":method"),
    mapped(":authority"),
    rust(keys::PATH_MATCHER, "operation.paths; on 1.4 nothing"),
    rust(keys::DESTINATION_PORT, "operation.ports"),
    rust(keys::DESTINATION_LABELS, "selector"),
    rust(keys::DESTINATION_NAME, "selector: the services of that name"),
    rust(keys::DESTINATION_NAMESPACE, "nothing, or the access rule never applied"),
    rust(keys::DESTINATION_USER, "selector: pods of that service account"),
    rust(keys::ODD_HEADER, "refused (unreadable-brackets)"),
    rust(keys::ODD_FILTER, "refused (unreadable-brackets), or nothing"),
    rust(keys::HEADERS_WITHOUT_NAME, "no condition; the rule stays HTTP only"),
    rust(keys::UNKNOWN, "nothing, and a warning (ignored-constraint)"),
];

/// The fields of ServiceRoleBinding.
pub const BINDING_FIELDS: Fields = Fields {
    kinds: &["ServiceRoleBinding"],
    api_version: "rbac.istio.io/v1alpha1",
    items: Some("spec.subjects[*]"),
    stands_in: "",
    fields: &[
        rust("spec.subjects[*].user", "source.principals"),
        rust("spec.subjects[*].names[*]", "source.principals"),
        rust("spec.subjects[*].notNames[*]", "source.notPrincipals"),
        mapped("spec.subjects[*].group"),
        mapped("spec.subjects[*].groups[*]"),
        rust(
            "spec.subjects[*].notGroups[*]",
            "a condition on request.auth.claims[groups] with notValues, or the subject is left out (negated-claim)",
        ),
        mapped("spec.subjects[*].namespaces[*]"),
        mapped("spec.subjects[*].notNamespaces[*]"),
        rust("spec.subjects[*].ips[*]", "source.ipBlocks"),
        rust("spec.subjects[*].notIps[*]", "source.notIpBlocks"),
        rust("spec.roleRef.kind", "which role"),
        rust("spec.roleRef.name", "which role"),
        rust("spec.mode", "PERMISSIVE becomes nothing"),
        rust("spec.role.**", "refused"),
        rust("spec.actions.**", "refused"),
    ],
    tables: &[Table {
        path: "spec.subjects[*].properties",
        shape: Shape::Map,
        keys: PROPERTY_KEYS,
        // The subject matched nobody.
        unknown_keys_were_ignored: false,
    }],
    targets: &["/source/namespaces/-", "/source/notNamespaces/-", "/when/-"],
};

/// The families of property keys, narrow ones first (`meaning/rbac.md` §2.3, §2.5).
pub const PROPERTY_KEYS: &[Field] = &[
    mapped("source.namespace"),
    mapped("request.headers[*]"),
    mapped("request.auth.audiences"),
    mapped("request.auth.presenter"),
    mapped("request.auth.claims[*]"),
    rust("source.principal", "source.principals"),
    rust("source.user", "source.principals; the subject stays HTTP only"),
    rust("source.ip", "source.ipBlocks"),
    rust("request.auth.principal", "source.requestPrincipals or source.principals"),
    rust(keys::ODD_HEADER, "refused (unreadable-brackets), or the subject is left out"),
    rust(keys::ODD_CLAIM, "refused (unreadable-brackets), or the subject is left out"),
    rust(keys::HEADERS_WITHOUT_NAME, "no condition; the subject stays HTTP only"),
    rust(keys::CLAIMS_WITHOUT_NAME, "the subject is left out (claims-without-name)"),
    rust(keys::UNKNOWN, "the subject is left out (unknown-property)"),
];

/// The families of keys that the converter gives a meaning to.
pub mod keys {
    /// An accident of 1.5: path patterns without the query. In 1.4 the key was unknown, hence ignored.
    pub const PATH_MATCHER: &str = "path-matcher";
    /// Values that are no number were ignored.
    pub const DESTINATION_PORT: &str = "destination.port";
    /// Labels of the pods, decided by Pilot.
    pub const DESTINATION_LABELS: &str = "destination.labels[**]";
    /// The short name of the service.
    pub const DESTINATION_NAME: &str = "destination.name";
    /// The namespace of the service.
    pub const DESTINATION_NAMESPACE: &str = "destination.namespace";
    /// The service account of the pods.
    pub const DESTINATION_USER: &str = "destination.user";
    /// Brackets that are empty, nested or unbalanced: enforced or rejected, never ignored (E69).
    pub const ODD_HEADER: &str = "request.headers[**]";
    /// Likewise; empty brackets were ignored.
    pub const ODD_FILTER: &str = "experimental.envoy.filters.**[**";
    /// Likewise: a claim of a name that no token has.
    pub const ODD_CLAIM: &str = "request.auth.claims[**]";
    /// No brackets at the end: no condition, but HTTP only (§6.9).
    pub const HEADERS_WITHOUT_NAME: &str = "request.headers**";
    /// Likewise; perhaps never matched (C8).
    pub const CLAIMS_WITHOUT_NAME: &str = "request.auth.claims**";
    /// Every other key: Istio did not know it.
    pub const UNKNOWN: &str = "**";
}

/// Keys that the old mesh knew beyond Istio's own, as the user states them: each with the key of Istio that meant the same.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AddedKeys {
    /// Of constraints.
    pub constraints: BTreeMap<String, String>,
    /// Of properties.
    pub properties: BTreeMap<String, String>,
}

impl AddedKeys {
    /// The key of Istio that a constraint's key stands for; its own, unless the user states another.
    pub fn constraint<'a>(&'a self, key: &'a str) -> &'a str {
        self.constraints.get(key).map_or(key, String::as_str)
    }

    /// The key of Istio that a property's key stands for.
    pub fn property<'a>(&'a self, key: &'a str) -> &'a str {
        self.properties.get(key).map_or(key, String::as_str)
    }
}

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

/// `inclusion` or `exclusion`. Plain equality, no wildcards (`meaning/rbac.md` §1.2).
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
