//! Old objects to new ones (`design.md` §6).
//!
//! Works on one environment at a time and never fails: what cannot be converted is a finding. The parts
//! ([`authn`], [`rbac`]) return drafts; `naming` and `placement` turn drafts into objects with final names and places.

pub mod authn;
pub mod mapped;
pub mod naming;
mod openshift;
pub mod placement;
pub mod plan;
pub mod rbac;

use crate::api::{Labels, ManifestId};
use crate::finding::{Code, Finding};
use crate::mesh::{Input, Mesh};
use crate::yaml::{Notes, Tree};
use mapped::Mapped;
use std::collections::{BTreeMap, BTreeSet};

/// What the user chose.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `--allow CODE`: findings accepted by name, even where they are wider.
    pub allow: BTreeSet<Code>,
    /// `--strict`: no relaxations.
    pub strict: bool,
    /// `--plaintext permissive`: plaintext-only becomes PERMISSIVE instead of DISABLE.
    pub plaintext_permissive: bool,
    /// `--port-fence`: keep ports open that no Service declares (`spec/rbac.md` §6.2).
    pub port_fence: bool,
    /// `--shadow`: dry-run copies of PERMISSIVE bindings and configs (`spec/rbac.md` §6.8).
    pub shadow: bool,
    /// `--legacy-bug-compat`: `source.principal: "*"` admits unauthenticated callers, as the old code did (E50).
    pub legacy_bug_compat: bool,
}

/// What a conversion sees: one environment.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The environment.
    pub mesh: &'a Mesh,
    /// Every manifest of the run, indexed by [`ManifestId`].
    pub manifests: &'a [Input],
    /// What the mapping files make of every old object.
    pub mapped: &'a Mapped,
    /// The user's choices.
    pub options: &'a Options,
}

/// The kinds meshlift writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NewKind {
    /// PeerAuthentication.
    Peer,
    /// RequestAuthentication.
    Request,
    /// AuthorizationPolicy.
    Authorization,
}

/// A new object before it has its final name.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// Its kind.
    pub kind: NewKind,
    /// Its namespace.
    pub namespace: String,
    /// The name people would choose; made unique later.
    pub name: String,
    /// The old objects it comes from. It stands where the first one stood, and carries its labels and comments.
    pub from: Vec<ManifestId>,
    /// Labels of the old object are carried by `placement`; these annotations are added (for example dry-run).
    pub annotations: Labels,
    /// Comment lines above the object (without `#`), for what a reader could not guess.
    pub comment: Vec<String>,
    /// The `spec`.
    pub spec: Tree,
}

/// What one part of the conversion found out.
#[derive(Clone, Debug, Default)]
pub struct Part {
    /// New objects.
    pub drafts: Vec<Draft>,
    /// Findings.
    pub findings: Vec<Finding>,
    /// Old objects that had no effect and become nothing, each with the code of the finding that says why.
    pub inert: BTreeMap<ManifestId, Code>,
    /// Old objects that stay as they are; an error finding says why.
    pub refused: BTreeSet<ManifestId>,
    /// Relaxations used (`design.md` §6.3), by name.
    pub relaxations: BTreeSet<&'static str>,
}

impl Part {
    /// Refuses `object`, or accepts the difference as a warning when the user allowed the finding's code.
    /// Returns true when the user allowed it and the caller should go on with its fallback.
    pub fn refuse_unless_allowed(&mut self, options: &Options, manifest: ManifestId, finding: Finding) -> bool {
        if options.allow.contains(&finding.code) {
            self.findings.push(finding.severity(crate::finding::Severity::Warning));
            true
        } else {
            self.findings.push(finding.severity(crate::finding::Severity::Error));
            self.refused.insert(manifest);
            false
        }
    }
}

/// Converts one environment: authentication and authorization, side by side.
pub fn convert(context: Context<'_>) -> Part {
    if let Some(part) = openshift::refuse(context) {
        return part;
    }
    let mut part = authn::convert(context);
    let rbac = rbac::convert(context);
    part.drafts.extend(rbac.drafts);
    part.findings.extend(rbac.findings);
    part.inert.extend(rbac.inert);
    part.refused.extend(rbac.refused);
    part.relaxations.extend(rbac.relaxations);
    part
}

/// A shorthand for entries without comments.
pub fn plain(key: &str, value: impl Into<Tree>) -> (Notes, String, Tree) {
    (Notes::default(), key.to_owned(), value.into())
}
