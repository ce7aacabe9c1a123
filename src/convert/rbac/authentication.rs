//! What old RBAC took from authentication: without a policy, Istio 1.4 spoke plaintext only and knew no caller.

use crate::convert::Context;
use crate::finding::Finding;
use crate::finding::catalogue::mtls::UNKNOWN_MESH_POLICY;
use crate::mesh::{SourceRelease, kubectl_get};

/// The finding that refuses RBAC objects of Istio 1.4 without any authentication object beside them (E134): then no
/// certificate ever reached a role, and the new release would take certificates. With authentication objects, their
/// own conversion settles what holds where none applies.
pub(super) fn unknown(context: Context<'_>) -> Option<Finding> {
    let mesh = context.mesh;
    let root = &mesh.settings.root_namespace;
    let said_in_new_terms = mesh.peer.iter().any(|policy| policy.meta.namespace == *root && policy.selector.is_empty());
    if mesh.settings.source != SourceRelease::V1_4 || !mesh.authentication.is_empty() || said_in_new_terms {
        return None;
    }
    let meta = (mesh.configs.iter().map(|config| &config.meta))
        .chain(mesh.roles.iter().map(|role| &role.meta))
        .chain(mesh.bindings.iter().map(|binding| &binding.meta))
        .next()?;
    let finding = if mesh.complete {
        Finding::new(
            UNKNOWN_MESH_POLICY,
            format!(
                "There is no MeshPolicy, so Istio 1.4 took plaintext only and roles never saw an identity; Istio {} takes mutual TLS too.",
                mesh.settings.target
            ),
        )
        .remedy(format!(
            "Add a PeerAuthentication with the mode DISABLE for the namespace `{root}` to the input, or accept the finding with `--allow unknown-mesh-policy`."
        ))
    } else {
        Finding::new(
            UNKNOWN_MESH_POLICY,
            "No MeshPolicy is in the input, and without one Istio 1.4 took plaintext only and roles never saw an identity.",
        )
        .remedy(format!(
            "Add the output of `{}` with --inventory, or pass --inventory-complete if there is none.",
            kubectl_get("meshpolicy", "", "default")
        ))
    };
    Some(finding.at(meta.place.clone()).on(meta.object()))
}
