//! Policies of the input that are attached to a Service through which no waypoint is asked for: traffic goes straight to
//! the pods, where nobody enforces them (`meaning/surroundings.md` 4.2, 4.12, 4.18).
//!
//! A waypoint that is asked for and does not run is not seen: the input shows no Gateways.

use super::{Context, Part};
use crate::api::Meta;
use crate::finding::catalogue::ambient::WAYPOINT_MISSING;
use crate::finding::{Finding, ObjectRef};
use crate::mesh::{InventoryKind, Lookup, Mesh};

/// Looks at every current policy with `targetRefs` to a Service.
pub(super) fn check(context: Context<'_>, part: &mut Part) {
    let mesh = context.mesh;
    let authorization = mesh.authorization.iter().map(|policy| (&policy.meta, &policy.attached_to));
    let request = mesh.request.iter().map(|policy| (&policy.meta, &policy.attached_to));
    for (policy, attached_to) in authorization.chain(request) {
        let loose = attached_to.iter().filter(|target| target.kind == "Service").find_map(|target| why(mesh, target));
        if let Some(why) = loose {
            part.ledger.weigh_all([finding(policy, &why)]);
        }
    }
}

/// Why no waypoint enforces what is attached to this Service; `None` where one may.
fn why(mesh: &Mesh, target: &ObjectRef) -> Option<String> {
    let name = format!("the Service {}/{}", target.namespace, target.name);
    match mesh.service(&target.namespace, &target.name) {
        Lookup::Absent => Some(format!("{name}, which does not exist")),
        Lookup::Found(service) if mesh.waypoint_of_service(service).is_none() => {
            let told = mesh.namespaces.iter().any(|namespace| namespace.meta.name == target.namespace)
                || mesh.evidence.closes(&[InventoryKind::Namespace]);
            told.then(|| format!("{name}, and neither it nor its namespace asks for a waypoint"))
        }
        Lookup::Found(_) | Lookup::Unknown | Lookup::Ambiguous(..) => None,
    }
}

fn finding(policy: &Meta, why: &str) -> Finding {
    let message = format!("{} is attached to {why}: nobody enforces it.", policy.object());
    Finding::new(WAYPOINT_MISSING, message).at(policy.place.clone()).on(policy.object())
}
