//! Every RBAC object of an environment at once: kept, or without effect.

use crate::api::ManifestId;
use crate::convert::{Context, Part};
use crate::finding::Code;

/// The manifests of every RBAC object.
pub fn manifests(context: Context<'_>) -> impl Iterator<Item = ManifestId> {
    let mesh = context.mesh;
    let configs = mesh.configs.iter().map(|config| config.meta.manifest);
    let roles = mesh.roles.iter().map(|role| role.meta.manifest);
    let bindings = mesh.bindings.iter().map(|binding| binding.meta.manifest);
    configs.chain(roles).chain(bindings).flatten()
}

pub fn refuse_all(context: Context<'_>, part: &mut Part) {
    part.drafts.clear();
    part.ledger.leave_everything(manifests(context));
}

pub fn all_inert(context: Context<'_>, code: Code, part: &mut Part) {
    part.ledger.inert(manifests(context), code);
}
