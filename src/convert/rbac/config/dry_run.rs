//! Current AuthorizationPolicies with the dry-run annotation: old Istio enforced them (`meaning/rbac.md` C2).

use crate::api::security::{Action, AuthorizationPolicy};
use crate::convert::Context;
use crate::finding::Finding;
use crate::finding::catalogue::rbac as codes;

/// A finding for every policy that the upgrade switches off.
pub fn lost_denials(context: Context<'_>) -> Vec<Finding> {
    let mesh = context.mesh;
    // The annotation is known from 1.10 on, for ALLOW and DENY.
    if !mesh.settings.target.at_least(10) || mesh.legacy_manifests().next().is_none() {
        return Vec::new();
    }
    let denies = |policy: &&AuthorizationPolicy| {
        let deciding = matches!(policy.action, Action::Allow | Action::Deny);
        policy.dry_run && deciding && !policy.target_refs
    };
    let finding = |policy: &AuthorizationPolicy| {
        let message = format!(
            "{} carries the dry-run annotation, which Istio 1.{} does not know: it was enforced there, and in Istio {} it only logs.",
            policy.meta.object(),
            mesh.settings.source.minor(),
            mesh.settings.target
        );
        Finding::new(codes::DRY_RUN_WAS_ENFORCED, message).at(policy.meta.place.clone()).on(policy.meta.object())
    };
    mesh.authorization.iter().filter(denies).map(finding).collect()
}
