//! Demands that the new objects do not, or not surely, keep: because of what else is in the mesh, or because a list of
//! ports stands for all there ever would be.

use super::findings;
use super::plan::Jwt;
use crate::api::ManifestId;
use crate::api::legacy::AuthenticationPolicy;
use crate::convert::authn::meaning::JwtMeaning;
use crate::convert::authn::work::Work;
use crate::finding::{Direction, Finding, Severity};
use crate::mesh::InventoryKind;
use std::collections::BTreeSet;

/// A policy for a namespace or the mesh that demands tokens, where no HTTP port is known to demand them on.
pub(super) fn without_known_ports(work: &mut Work<'_>, jwt: &Jwt<'_>) {
    let used: BTreeSet<Option<ManifestId>> = jwt.policies(work).iter().map(|policy| policy.meta.manifest).collect();
    for policy in &work.mesh().authentication {
        let is_used = used.contains(&policy.meta.manifest);
        if !is_used && policy.targets.is_empty() && JwtMeaning::of(policy).demands_token() {
            only_known(work, policy, findings::no_known_port(policy));
        }
    }
}

/// Refuses what rests on a list of ports, unless the list is known to be complete.
pub(super) fn only_known(work: &mut Work<'_>, policy: &AuthenticationPolicy, finding: Finding) {
    if work.mesh().evidence.closes(&[InventoryKind::Service, InventoryKind::Workload]) {
        let remedy = "Demand tokens of workloads and ports that are added later with objects of their own.";
        work.report(policy, finding.severity(Severity::Warning).direction(Direction::None).remedy(remedy));
    } else {
        work.refuse(policy, finding);
    }
}

/// On 1.5 any AuthorizationPolicy switches ServiceRoles off for its workloads (§2.5, E75).
pub(super) fn where_rbac_would_end(work: &mut Work<'_>, jwt: &Jwt<'_>) {
    let mesh = work.mesh();
    let has_rbac = !mesh.configs.is_empty() || !mesh.roles.is_empty() || !mesh.bindings.is_empty();
    if mesh.settings.target.at_least(6) || !has_rbac {
        return;
    }
    for policy in jwt.policies(work) {
        work.refuse(policy, findings::disables_rbac(policy, mesh.settings.target));
    }
}

/// ztunnel does not look at tokens.
pub(super) fn in_ambient(work: &mut Work<'_>, jwt: &Jwt<'_>) {
    for (subject, plan) in work.subjects().iter().zip(&jwt.plans) {
        if plan.on.is_empty() || !work.mesh().is_ambient(&subject.workload) {
            continue;
        }
        for policy in &plan.policies {
            work.refuse(policy, findings::in_ambient(subject));
        }
    }
}
