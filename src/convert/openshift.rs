//! Environments that belong to OpenShift Service Mesh 1.x are refused as a whole (`meaning/surroundings.md` part 1): their
//! mesh-wide objects are of other kinds, and which namespaces are members decides what any other object means.

use super::{Context, Part};
use crate::api::Meta;
use crate::finding::catalogue::mesh as codes;
use crate::finding::{Finding, ObjectRef};

/// Refuses every old object when the mesh is OpenShift's; `None` when it is not.
pub(super) fn refuse(context: Context<'_>) -> Option<Part> {
    let mesh = context.mesh;
    let sign = mesh.openshift_sign()?;
    let authentication = mesh.authentication.iter().map(|object| &object.meta);
    let configs = mesh.configs.iter().map(|object| &object.meta);
    let rbac = mesh.roles.iter().map(|object| &object.meta).chain(mesh.bindings.iter().map(|object| &object.meta));
    let all: Vec<&Meta> = authentication.chain(configs).chain(rbac).collect();
    let (mesh_wide, others): (Vec<&Meta>, Vec<&Meta>) = all.into_iter().partition(|meta| meta.namespace.is_empty());
    let mut part = Part::new(context.options);
    for meta in &mesh_wide {
        part.ledger.tell(ignored(meta, &sign));
        part.ledger.leave(meta.manifest, codes::IGNORED_BY_OPENSHIFT, None);
    }
    if let Some((first, rest)) = others.split_first() {
        part.ledger.tell(waiting(first, rest.len(), &sign));
        part.ledger.leave(others.iter().filter_map(|meta| meta.manifest), codes::OPENSHIFT_MESH, first.manifest);
    }
    Some(part)
}

fn ignored(meta: &Meta, sign: &ObjectRef) -> Finding {
    let instead = if meta.kind == "MeshPolicy" { "ServiceMeshPolicy" } else { "ServiceMeshRbacConfig" };
    let message = format!(
        "{sign} makes this an OpenShift mesh, which never reads {}: its {instead} is in force instead.",
        meta.object()
    );
    about(meta, Finding::new(codes::IGNORED_BY_OPENSHIFT, message))
}

/// One finding for all that wait for the same: told at the first of them.
fn waiting(first: &Meta, others: usize, sign: &ObjectRef) -> Finding {
    let (and, stay) = match others {
        0 => (String::new(), "stays as it is"),
        1 => (" and one more old object".to_owned(), "stay as they are"),
        _ => (format!(" and {others} more old objects"), "stay as they are"),
    };
    let message = format!(
        "{sign} makes this an OpenShift mesh, whose default and members are not worked out yet, so {}{and} {stay}.",
        first.object()
    );
    about(first, Finding::new(codes::OPENSHIFT_MESH, message))
}

fn about(meta: &Meta, finding: Finding) -> Finding {
    finding.at(meta.place.clone()).on(meta.object())
}
