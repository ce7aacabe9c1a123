//! A whole small mesh with the options of a run.

use super::{Document, authn, inventory, rbac};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// What one run gets.
#[derive(Clone, Debug)]
pub struct Scene {
    pub documents: Vec<Document>,
    /// `--from 1.4`.
    pub old_release: bool,
    /// `--inventory-complete`.
    pub complete: bool,
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

/// Up to three Services and three roles; every kind is there often enough.
pub fn scene() -> impl Strategy<Value = Scene> {
    let some = |percent: u32, document: BoxedStrategy<Document>, most: usize| {
        prop::option::weighted(f64::from(percent) / 100.0, prop::collection::vec(document, 1..=most))
            .prop_map(Option::unwrap_or_default)
    };
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
    (documents, rarely(), prop::bool::weighted(0.85), rarely(), rarely(), rarely(), rarely(), rarely(), rarely())
        .prop_map(
            |(documents, old_release, complete, strict, port_fence, shadow, legacy_bug_compat, plain, allow_all)| {
                Scene {
                    documents: if old_release { without_tokens(documents) } else { documents },
                    old_release,
                    complete,
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
