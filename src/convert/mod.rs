//! Old objects to new ones (`inside/design.md` §6).
//!
//! Works on one environment at a time and never fails: what cannot be converted is a finding. The parts
//! ([`authn`], [`rbac`]) return drafts; `naming` and `placement` turn drafts into objects with final names and places.

mod ambient;
pub mod authn;
#[cfg(test)]
mod demands;
pub mod ledger;
pub mod mapped;
pub mod naming;
mod openshift;
pub mod placement;
pub mod plan;
pub mod rbac;
mod unnamed;
mod upgrade;
mod waypoints;
mod which_mesh;
pub mod whole;

use crate::api::{Labels, ManifestId};
use crate::finding::catalogue::given::NO_CURRENT_POLICY;
use crate::finding::{Assumption, Code};
use crate::mesh::InventoryKind;
use crate::mesh::evidence::kubectl_get_all;
use crate::mesh::{Input, Mesh};
use crate::yaml::{Notes, Tree};
use ledger::Ledger;
use mapped::Mapped;
use std::collections::BTreeSet;

/// What the user chose.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `--allow CODE`: findings accepted by name, even where they are wider.
    pub allow: BTreeSet<Code>,
    /// `--strict`: no relaxations.
    pub strict: bool,
    /// `--plaintext permissive`: plaintext-only becomes PERMISSIVE instead of DISABLE.
    pub plaintext_permissive: bool,
    /// `--port-fence`: keep ports open that no Service declares (`meaning/rbac.md` §6.2).
    pub port_fence: bool,
    /// `--shadow`: dry-run copies of PERMISSIVE bindings and configs (`meaning/rbac.md` §6.8).
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

/// What one part of the conversion comes to.
#[derive(Clone, Debug)]
pub struct Part {
    /// New objects.
    pub drafts: Vec<Draft>,
    /// What was found out.
    pub ledger: Ledger,
}

impl Part {
    /// Nothing yet.
    pub fn new(options: &Options) -> Part {
        Part { drafts: Vec::new(), ledger: Ledger::new(options) }
    }
}

/// Converts one environment: authentication and authorization, side by side.
pub fn convert(context: Context<'_>) -> Part {
    if let Some(part) = openshift::refuse(context) {
        return part;
    }
    let mut part = authn::convert(context);
    upgrade::report(context, &mut part.ledger);
    let rbac = rbac::convert(context);
    part.drafts.extend(rbac.drafts);
    part.ledger.absorb(rbac.ledger);
    ambient::check(context, &mut part);
    waypoints::check(context, &mut part);
    no_current_policy(context, &mut part);
    which_mesh::settle(context, &mut part);
    unnamed::settle(context, &mut part);
    part
}

/// Current policies and Sidecars that the input does not show would take the place of old objects, or add to the new ones.
fn no_current_policy(context: Context<'_>, part: &mut Part) {
    let kinds = [
        InventoryKind::PeerAuthentication,
        InventoryKind::RequestAuthentication,
        InventoryKind::AuthorizationPolicy,
        InventoryKind::Sidecar,
    ];
    let open = kinds.into_iter().filter(|kind| !context.mesh.evidence.closes(&[*kind])).collect::<Vec<_>>();
    let from: Vec<ManifestId> = part.drafts.iter().flat_map(|draft| draft.from.iter().copied()).collect();
    if open.is_empty() || from.is_empty() {
        return;
    }
    let names: Vec<String> = open.iter().map(ToString::to_string).collect();
    let message = format!(
        "No {} bears on these pods that the input does not show; where one does, the old objects did less than the new ones do.",
        names.join(" or ")
    );
    part.ledger.assume(from, Assumption::new(NO_CURRENT_POLICY, message, kubectl_get_all(open)));
}

/// A shorthand for entries without comments.
pub fn plain(key: &str, value: impl Into<Tree>) -> (Notes, String, Tree) {
    (Notes::default(), key.to_owned(), value.into())
}
