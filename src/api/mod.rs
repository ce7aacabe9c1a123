//! The objects of Kubernetes and Istio as data, without logic.
//!
//! One folder per API: [`legacy`] (what is migrated), [`security`] (what it becomes), [`core`] and [`networking`]
//! (what both talk about). Values are as written by the user unless a field says otherwise; decoding and validation
//! live in `mesh`, meaning lives in `convert` and, separately, in `access`.

pub mod core;
pub mod legacy;
pub mod networking;
pub mod security;

pub use crate::finding::namespace;
use crate::finding::{ObjectRef, Place};
use std::collections::BTreeMap;

/// Points to the manifest an object was read from: an index into the list of manifests of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ManifestId(pub usize);

/// Labels: of an object, of a pod template, or of a selector.
pub type Labels = BTreeMap<String, String>;

/// What every object carries.
#[derive(Clone, Debug, PartialEq)]
pub struct Meta {
    /// The manifest this object was read from; `None` for objects made in memory.
    pub manifest: Option<ManifestId>,
    /// Where the object starts.
    pub place: Place,
    /// For example `ServiceRole`.
    pub kind: String,
    /// The effective namespace (`inside/design.md` §5): empty for cluster-scoped kinds, and perhaps one that nobody named
    /// ([`namespace::is_unnamed`]).
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
    /// `metadata.labels`.
    pub labels: Labels,
    /// `metadata.annotations`.
    pub annotations: Labels,
    /// `metadata.creationTimestamp` as written (RFC 3339, so text order is time order).
    pub created: Option<String>,
}

impl Meta {
    /// Meta of an object made in memory.
    pub fn new(kind: &str, namespace: &str, name: &str) -> Meta {
        Meta {
            manifest: None,
            place: Place::nowhere(),
            kind: kind.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            labels: Labels::new(),
            annotations: Labels::new(),
            created: None,
        }
    }

    /// The object's name for findings.
    pub fn object(&self) -> ObjectRef {
        ObjectRef::new(&self.kind, &self.namespace, &self.name)
    }
}
