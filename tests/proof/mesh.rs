//! A whole small mesh with the options of a run.

use super::{Document, authn, inventory, rbac};
use meshlift::mesh::Completeness;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// What one run gets.
#[derive(Clone, Debug)]
pub struct Scene {
    pub documents: Vec<Document>,
    /// `--from 1.4`.
    pub old_release: bool,
    /// `--inventory-complete`.
    pub complete: Completeness,
    pub strict: bool,
    pub port_fence: bool,
    pub shadow: bool,
    pub legacy_bug_compat: bool,
    pub plaintext_permissive: bool,
    /// `--allow` every code there is.
    pub allow_all: bool,
}

impl Scene {
    /// The manifests as one YAML stream.
    pub fn yaml(&self) -> String {
        self.documents.iter().map(|document| document.text.as_str()).collect::<Vec<_>>().join("---\n")
    }
}

/// Some documents, or none.
fn some(percent: u32, document: BoxedStrategy<Document>, most: usize) -> impl Strategy<Value = Vec<Document>> {
    prop::option::weighted(f64::from(percent) / 100.0, prop::collection::vec(document, 1..=most))
        .prop_map(Option::unwrap_or_default)
}

/// `--strict`, rarely; always where `MESHLIFT_STRICT` is set.
fn strict() -> impl Strategy<Value = bool> {
    prop::bool::weighted(if only_strict() { 1.0 } else { 0.1 })
}

/// True when every run is to be strict.
pub fn only_strict() -> bool {
    std::env::var_os("MESHLIFT_STRICT").is_some()
}

/// Up to three Services and three roles; every kind is there often enough.
pub fn scene() -> impl Strategy<Value = Scene> {
    let documents = (
        some(95, inventory::service(), 3),
        some(70, inventory::deployment(), 2),
        some(10, inventory::modern(), 1),
        some(65, rbac::config(), 1),
        some(60, rbac::role(), 2),
        some(60, rbac::binding(), 2),
        some(25, authn::mesh_policy(), 1),
        some(45, authn::policy(), 2),
    )
        .prop_map(|(a, b, c, d, e, f, g, h)| unique([a, b, c, d, e, f, g, h].concat()));
    let rarely = || prop::bool::weighted(0.1);
    (documents, rarely(), prop::bool::weighted(0.85), strict(), rarely(), rarely(), rarely(), rarely(), rarely())
        .prop_map(
            |(documents, old_release, complete, strict, port_fence, shadow, legacy_bug_compat, plain, allow_all)| {
                Scene {
                    documents: if old_release { without_tokens(documents) } else { documents },
                    old_release,
                    complete: if complete { Completeness::All } else { Completeness::Open },
                    strict,
                    port_fence,
                    shadow,
                    legacy_bug_compat,
                    plaintext_permissive: plain,
                    allow_all,
                }
            },
        )
}

/// A mesh of which a part can be hidden: several Services share pods and container ports, several Deployments belong to
/// one Service, Namespaces are objects, and the objects of one kind speak of each other. Nothing is allowed by name, so
/// whatever is written has to be right.
pub fn whole(services: RangeInclusive<usize>, deployments: RangeInclusive<usize>) -> impl Strategy<Value = Scene> {
    let service = inventory::service_named(&["web", "web", "api", "cart", "other"]);
    let documents = (
        prop::collection::vec(service, services),
        prop::collection::vec(inventory::deployment(), deployments),
        some(60, inventory::namespace_object(), 2),
        some(8, inventory::modern(), 1),
        some(70, rbac::config(), 1),
        some(65, rbac::role(), 2),
        some(90, rbac::binding(), 2),
        some(50, authn::mesh_policy(), 1),
        some(55, authn::policy(), 2),
    )
        .prop_map(|(a, b, c, d, e, f, g, h, i)| unique([a, b, c, d, e, f, g, h, i].concat()));
    let rarely = || prop::bool::weighted(0.1);
    (documents, any::<prop::sample::Index>(), rarely(), strict(), rarely(), rarely(), rarely()).prop_map(
        |(documents, group, old_release, strict, port_fence, shadow, legacy_bug_compat)| {
            let mut documents = if old_release { without_tokens(documents) } else { documents };
            // One half of the old API alone comes through more often than both together.
            match group.index(6) {
                0 | 1 => documents.retain(|document| !document.is("Policy") && !document.is("MeshPolicy")),
                2 => documents.retain(|document| !document.text.contains("rbac.istio.io")),
                _ => {}
            }
            Scene {
                documents: if group.index(5) > 0 { aimed(pairs(documents)) } else { documents },
                old_release,
                complete: Completeness::Open,
                strict,
                port_fence,
                shadow,
                legacy_bug_compat,
                plaintext_permissive: false,
                allow_all: false,
            }
        },
    )
}

/// Only roles that a binding names, and bindings that name one of these, and none of both without a config.
fn pairs(mut documents: Vec<Document>) -> Vec<Document> {
    let role_of = |binding: &Document| {
        let name = binding.text.split("kind: ServiceRole, name: ").nth(1)?.split('}').next()?;
        Some(format!("ServiceRole/{}/{name}", binding.key.split('/').nth(1)?))
    };
    let configured = documents.iter().any(|document| document.is("ClusterRbacConfig") || document.is("RbacConfig"));
    let bindings = documents.iter().filter(|document| document.is("ServiceRoleBinding"));
    let named: BTreeSet<String> = bindings.filter_map(role_of).collect();
    let roles: BTreeSet<String> =
        documents.iter().map(|document| document.key.clone()).filter(|key| named.contains(key)).collect();
    documents.retain(|document| {
        let key = if document.is("ServiceRoleBinding") { role_of(document) } else { Some(document.key.clone()) };
        let rule = document.is("ServiceRole") || document.is("ServiceRoleBinding");
        !rule || (configured && key.is_some_and(|key| roles.contains(&key)))
    });
    documents
}

/// Without the Policies that name a Service that is nowhere.
fn aimed(mut documents: Vec<Document>) -> Vec<Document> {
    let services = documents.iter().filter(|document| document.is("Service")).map(|document| document.key.clone());
    let services: BTreeSet<String> = services.collect();
    let missing = |policy: &Document, name: &str| {
        let namespace = policy.key.split('/').nth(1).unwrap_or_default();
        policy.text.contains(&format!("{{name: {name}")) && !services.contains(&format!("Service/{namespace}/{name}"))
    };
    documents.retain(|document| {
        !document.is("Policy") || !["web", "api", "cart", "missing"].iter().any(|name| missing(document, name))
    });
    documents
}

/// Without the current kinds that Istio 1.4 did not have.
fn without_tokens(mut documents: Vec<Document>) -> Vec<Document> {
    documents.retain(|document| !document.is("PeerAuthentication") && !document.is("RequestAuthentication"));
    documents
}

/// The first document of every kind, namespace and name: what a cluster could hold.
fn unique(documents: Vec<Document>) -> Vec<Document> {
    let mut seen = BTreeSet::new();
    documents.into_iter().filter(|document| seen.insert(document.key.clone())).collect()
}
