//! Old objects and the current policies that would have replaced them, in two places: `prod/` and `staging/` are two
//! meshes more often than one (`meaning/knowledge.md` §8).
//!
//! A current policy replaces an old object only where the folder of one contains that of the other, where one of them is
//! from an inventory, or where the user has said that they are one mesh. Elsewhere nothing is concluded: the old object
//! is refused and both places are named.

use super::{Context, Part};
use crate::api::legacy::{AuthenticationPolicy, RbacConfig};
use crate::api::{ManifestId, Meta};
use crate::finding::catalogue::belonging::WHICH_MESH;
use crate::finding::{Finding, Severity};
use crate::mesh::contains;
use std::collections::BTreeSet;

/// Refuses every old object on which a current policy of another place would bear.
pub(super) fn settle(context: Context<'_>, part: &mut Part) {
    if context.mesh.one_place {
        return;
    }
    let mut findings = Vec::new();
    let mut refused = BTreeSet::new();
    for policy in &context.mesh.authentication {
        refuse(context, &policy.meta, authentication_elsewhere(context, policy), &mut findings, &mut refused);
    }
    for config in &context.mesh.configs {
        refuse(
            context,
            &config.meta,
            rbac_elsewhere(context, &config.meta, has_list(config)),
            &mut findings,
            &mut refused,
        );
    }
    for role in &context.mesh.roles {
        if refuse(context, &role.meta, rbac_elsewhere(context, &role.meta, false), &mut findings, &mut refused) {
            let bindings = context.mesh.bindings_of(&role.meta.namespace, &role.meta.name);
            refused.extend(bindings.filter_map(|binding| binding.meta.manifest));
        }
    }
    for binding in &context.mesh.bindings {
        if binding.meta.manifest.is_none_or(|id| !refused.contains(&id)) {
            refuse(context, &binding.meta, rbac_elsewhere(context, &binding.meta, false), &mut findings, &mut refused);
        }
    }
    // What else was found out about these objects was concluded from a policy of another place.
    let objects: BTreeSet<_> = findings.iter().filter_map(|finding: &Finding| finding.object.clone()).collect();
    let concluded = |finding: &Finding| {
        finding.severity != Severity::Error && finding.object.as_ref().is_some_and(|object| objects.contains(object))
    };
    part.ledger.take_back(concluded);
    for finding in findings {
        part.ledger.tell(finding);
    }
    part.ledger.leave(refused, WHICH_MESH, None);
}

/// True when the object was refused, because there is a policy.
fn refuse(
    context: Context<'_>,
    old: &Meta,
    policy: Option<&Meta>,
    findings: &mut Vec<Finding>,
    refused: &mut BTreeSet<ManifestId>,
) -> bool {
    let (Some(id), Some(policy)) = (old.manifest, policy) else { return false };
    let folder = |meta: &Meta| format!("`{}/`", crate::mesh::folder_of(file(context, meta).unwrap_or_default()));
    let message = format!(
        "{} in {} would have replaced {} in {}, if both are in one mesh.",
        policy.object(),
        folder(policy),
        old.object(),
        folder(old)
    );
    let finding = Finding::new(WHICH_MESH, message).at(old.place.clone()).on(old.object());
    findings.push(finding.related(policy.place.clone(), "the current policy"));
    refused.insert(id);
    true
}

/// A current policy of another place that decides about mTLS or tokens where this old policy does.
fn authentication_elsewhere<'a>(context: Context<'a>, policy: &AuthenticationPolicy) -> Option<&'a Meta> {
    let mesh = context.mesh;
    let root = &mesh.settings.root_namespace;
    // A selector in the root namespace is without effect for PeerAuthentications.
    let peers = mesh.peer.iter().filter(|peer| peer.meta.namespace != *root || peer.selector.is_empty());
    let peers = peers.map(|peer| &peer.meta).filter(|meta| bears(meta, &policy.meta, root));
    let everywhere = policy.meta.namespace.is_empty() && !policy.origins.is_empty();
    let requests = mesh.request.iter().map(|request| &request.meta);
    let requests = requests.filter(|meta| everywhere || bears(meta, &policy.meta, root));
    peers.chain(requests).find(|meta| !together(context, meta, &policy.meta))
}

/// An AuthorizationPolicy of another place that decides where this old object does; of any namespace for `everywhere`.
fn rbac_elsewhere<'a>(context: Context<'a>, old: &Meta, everywhere: bool) -> Option<&'a Meta> {
    let root = &context.mesh.settings.root_namespace;
    let enforced = context.mesh.authorization.iter().filter(|policy| !policy.dry_run && !policy.target_refs);
    let mut policies = enforced.map(|policy| &policy.meta);
    policies.find(|meta| (everywhere || bears(meta, old, root)) && !together(context, meta, old))
}

/// True when a current policy acts where an old object does: in its namespace, or everywhere.
fn bears(current: &Meta, old: &Meta, root: &str) -> bool {
    current.namespace == old.namespace || current.namespace == root
}

/// The config opens or closes namespaces one by one.
fn has_list(config: &RbacConfig) -> bool {
    config.inclusion.is_some() || config.exclusion.is_some()
}

/// True when two documents are known to be of one mesh.
fn together(context: Context<'_>, one: &Meta, other: &Meta) -> bool {
    let inventory =
        |meta: &Meta| meta.manifest.and_then(|id| context.manifests.get(id.0)).is_none_or(|input| input.inventory);
    if inventory(one) || inventory(other) {
        return true;
    }
    let (Some(one), Some(other)) = (file(context, one), file(context, other)) else { return true };
    let (one, other) = (crate::mesh::folder_of(one), crate::mesh::folder_of(other));
    contains(one, other) || contains(other, one)
}

fn file<'a>(context: Context<'a>, meta: &Meta) -> Option<&'a str> {
    meta.manifest.and_then(|id| context.manifests.get(id.0)).map(|input| input.manifest.file().as_ref())
}
