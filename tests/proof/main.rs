//! Property tests over whole meshes: what is converted is proved to keep access, and a changed result is caught.
//!
//! `PROPTEST_CASES=20000 cargo test --release --test proof` runs more of them.

mod authn;
mod conversion;
mod found;
mod inventory;
mod mesh;
mod monotone;
mod mutation;
mod partial;
mod rbac;
mod run;
mod truth;
mod words;

use meshlift::finding::ObjectRef;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// A manifest as text, and what makes it unique in a cluster.
#[derive(Clone)]
pub struct Document {
    key: String,
    text: String,
}

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "\n{}", self.text)
    }
}

impl Document {
    /// True for a manifest of that kind.
    fn is(&self, kind: &str) -> bool {
        self.key.split('/').next() == Some(kind)
    }

    /// Kind, namespace and name.
    fn object(&self) -> Option<ObjectRef> {
        let mut parts = self.key.split('/');
        Some(ObjectRef::new(parts.next()?, parts.next()?, parts.next()?))
    }
}

/// A manifest; `namespace` and `created` may be empty. `spec` is YAML flow text.
fn document(api: &str, kind: &str, namespace: &str, name: &str, created: &str, spec: &str) -> Document {
    let mut meta = format!("name: {name}");
    for (field, value) in [("namespace", namespace), ("creationTimestamp", created)] {
        if !value.is_empty() {
            meta += &format!(", {field}: '{value}'");
        }
    }
    Document {
        key: format!("{kind}/{namespace}/{name}"),
        text: format!("apiVersion: {api}\nkind: {kind}\nmetadata: {{{meta}}}\nspec: {spec}\n"),
    }
}

/// Runs the same `default` meshes every time, so that a test fails only for those who broke it; with `PROPTEST_CASES` as
/// many as it says, others every time.
fn runner(default: u32) -> TestRunner {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let config = Config { cases: asked.unwrap_or(default), failure_persistence: None, ..Config::default() };
    match asked {
        Some(_) => TestRunner::new(config),
        None => TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha)),
    }
}
