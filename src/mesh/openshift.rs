//! Signs of OpenShift Service Mesh 1.x (`meaning/surroundings.md` part 1).
//!
//! Such a mesh keeps its default mutual TLS mode and its RBAC config in kinds of its own, of which the operator always
//! writes one, and enforces old objects in its member namespaces only. Until all of that is read, nothing may be
//! concluded about an environment with such a sign.

use super::Mesh;
use crate::finding::ObjectRef;

/// The kinds that take the place of MeshPolicy and ClusterRbacConfig.
const IN_PLACE_OF_MESH_WIDE: [&str; 2] = ["ServiceMeshPolicy", "ServiceMeshRbacConfig"];

impl Mesh {
    /// An object by which this is an OpenShift mesh, if there is one: a mesh policy or RBAC config of its own kinds (also
    /// when misspelt), else a control plane, a member roll or a member.
    pub fn openshift_sign(&self) -> Option<ObjectRef> {
        let own = IN_PLACE_OF_MESH_WIDE.iter().find_map(|kind| self.in_doubt(kind).next());
        own.cloned().or_else(|| self.openshift.first().map(|meta| meta.object()))
    }
}
