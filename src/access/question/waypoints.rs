//! Waypoints of an ambient mesh (`meaning/surroundings.md` 4.10 to 4.12): what they decide is not modelled, so it is only
//! known whether it stayed the same.

use crate::access::{Side, World};
use crate::api::core::Workload;
use crate::api::security::{AuthorizationPolicy, RequestAuthentication};
use crate::finding::Place;
use crate::mesh::Mesh;

/// True when a waypoint may decide about these pods on one of the sides, and may decide otherwise on the other.
pub fn in_doubt(before: &Side<'_>, after: &Side<'_>, old: &Workload, new: &Workload) -> bool {
    let at_work = |side: &Side<'_>, workload| side.world == World::Target && may_decide(side.mesh, workload);
    let (then, now) = (at_work(before, old), at_work(after, new));
    if !then && !now {
        return false;
    }
    let (before, after) = (before.mesh, after.mesh);
    then != now
        || before.waypoint(old) != after.waypoint(new)
        || policies(before, old) != policies(after, new)
        || tokens(before, old) != tokens(after, new)
}

/// ANY sign of a waypoint: a label, or a policy that is attached to something.
fn may_decide(mesh: &Mesh, workload: &Workload) -> bool {
    mesh.is_ambient(workload)
        && (mesh.waypoint(workload).is_some()
            || near(mesh, workload, &mesh.authorization, |policy| &policy.meta.namespace).any(|p| p.target_refs)
            || near(mesh, workload, &mesh.request, |policy| &policy.meta.namespace).any(|p| p.target_refs))
}

/// The objects of the workload's namespace and of the root namespace.
fn near<'m, T>(
    mesh: &'m Mesh,
    workload: &'m Workload,
    objects: &'m [T],
    namespace: impl Fn(&T) -> &String + 'm,
) -> impl Iterator<Item = &'m T> {
    let here = move |object: &&T| {
        *namespace(object) == workload.meta.namespace || *namespace(object) == mesh.settings.root_namespace
    };
    objects.iter().filter(here)
}

/// The AuthorizationPolicies near the workload, without where they stand, in an order of their own.
fn policies(mesh: &Mesh, workload: &Workload) -> Vec<AuthorizationPolicy> {
    let mut found: Vec<AuthorizationPolicy> =
        near(mesh, workload, &mesh.authorization, |policy| &policy.meta.namespace).cloned().collect();
    for policy in &mut found {
        (policy.meta.manifest, policy.meta.place) = (None, Place::nowhere());
        policy.rules.iter_mut().for_each(|rule| rule.place = Place::nowhere());
    }
    found.sort_by(|a, b| (&a.meta.namespace, &a.meta.name).cmp(&(&b.meta.namespace, &b.meta.name)));
    found
}

/// The same for RequestAuthentications.
fn tokens(mesh: &Mesh, workload: &Workload) -> Vec<RequestAuthentication> {
    let mut found: Vec<RequestAuthentication> =
        near(mesh, workload, &mesh.request, |policy| &policy.meta.namespace).cloned().collect();
    for policy in &mut found {
        (policy.meta.manifest, policy.meta.place) = (None, Place::nowhere());
        policy.rules.iter_mut().for_each(|rule| rule.place = None);
    }
    found.sort_by(|a, b| (&a.meta.namespace, &a.meta.name).cmp(&(&b.meta.namespace, &b.meta.name)));
    found
}
