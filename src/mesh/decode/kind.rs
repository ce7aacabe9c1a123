//! Which kinds the mesh is made of.

use crate::finding::Code;
use crate::finding::catalogue::mesh as codes;
use crate::mesh::InventoryKind;

/// The kinds that the mesh is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    MeshPolicy,
    Policy,
    ClusterRbacConfig,
    RbacConfig,
    ServiceRole,
    ServiceRoleBinding,
    /// The mesh policy of OpenShift Service Mesh 1.x (`meaning/surroundings.md` 1.1).
    ServiceMeshPolicy,
    /// The RBAC config of OpenShift Service Mesh 1.x.
    ServiceMeshRbacConfig,
    /// A kind that says which namespaces an OpenShift Service Mesh consists of, and how it is set up.
    ServiceMesh,
    /// A legacy kind of an API that is not converted.
    Unsupported,
    Peer,
    Request,
    Authorization,
    Service,
    Workload,
    Namespace,
    DestinationRule,
    Sidecar,
    ServiceEntry,
}

impl Kind {
    /// The kind by its API **group** and name: other groups have a `Policy`, too (authn-E91).
    pub(super) fn of(api_version: &str, kind: &str) -> Option<Kind> {
        let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
        Some(match (group, kind) {
            ("authentication.istio.io" | "rbac.istio.io", _) if version != "v1alpha1" => Kind::Unsupported,
            ("authentication.istio.io", "MeshPolicy") => Kind::MeshPolicy,
            ("authentication.istio.io", "Policy") => Kind::Policy,
            ("rbac.istio.io", "ClusterRbacConfig") => Kind::ClusterRbacConfig,
            ("rbac.istio.io", "RbacConfig") => Kind::RbacConfig,
            ("rbac.istio.io", "ServiceRole") => Kind::ServiceRole,
            ("rbac.istio.io", "ServiceRoleBinding") => Kind::ServiceRoleBinding,
            ("authentication.istio.io" | "rbac.istio.io", _) => Kind::Unsupported,
            ("config.istio.io", "ServiceRole" | "ServiceRoleBinding" | "RbacConfig" | "ClusterRbacConfig") => {
                Kind::Unsupported
            }
            ("authentication.maistra.io", "ServiceMeshPolicy") if version == "v1" => Kind::ServiceMeshPolicy,
            ("rbac.maistra.io", "ServiceMeshRbacConfig") if version == "v1" => Kind::ServiceMeshRbacConfig,
            (group, "ServiceMeshPolicy" | "ServiceMeshRbacConfig") if is_maistra(group) => Kind::Unsupported,
            ("maistra.io", "ServiceMeshControlPlane" | "ServiceMeshMemberRoll" | "ServiceMeshMember") => {
                Kind::ServiceMesh
            }
            ("security.istio.io", "PeerAuthentication") => Kind::Peer,
            ("security.istio.io", "RequestAuthentication") => Kind::Request,
            ("security.istio.io", "AuthorizationPolicy") => Kind::Authorization,
            ("", "Service") => Kind::Service,
            ("", "Namespace") => Kind::Namespace,
            ("", "Pod" | "ReplicationController") | ("batch", "Job" | "CronJob") => Kind::Workload,
            ("apps" | "extensions", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet") => Kind::Workload,
            ("networking.istio.io", "DestinationRule") => Kind::DestinationRule,
            ("networking.istio.io", "Sidecar") => Kind::Sidecar,
            ("networking.istio.io", "ServiceEntry") => Kind::ServiceEntry,
            _ => return None,
        })
    }

    /// The kind as evidence counts it; `None` for kinds whose absence decides nothing.
    pub(super) fn inventory(self) -> Option<InventoryKind> {
        Some(match self {
            Kind::MeshPolicy => InventoryKind::MeshPolicy,
            Kind::Policy => InventoryKind::Policy,
            Kind::ClusterRbacConfig => InventoryKind::ClusterRbacConfig,
            Kind::RbacConfig => InventoryKind::RbacConfig,
            Kind::ServiceRole => InventoryKind::ServiceRole,
            Kind::ServiceRoleBinding => InventoryKind::ServiceRoleBinding,
            // OpenShift's kinds are refused as a whole; most clusters do not know them, and kubectl would print nothing.
            Kind::Unsupported | Kind::ServiceMeshPolicy | Kind::ServiceMeshRbacConfig | Kind::ServiceMesh => {
                return None;
            }
            Kind::Peer => InventoryKind::PeerAuthentication,
            Kind::Request => InventoryKind::RequestAuthentication,
            Kind::Authorization => InventoryKind::AuthorizationPolicy,
            Kind::Service => InventoryKind::Service,
            Kind::Workload => InventoryKind::Workload,
            Kind::Namespace => InventoryKind::Namespace,
            Kind::DestinationRule => InventoryKind::DestinationRule,
            Kind::Sidecar => InventoryKind::Sidecar,
            Kind::ServiceEntry => InventoryKind::ServiceEntry,
        })
    }

    /// True for the kinds that meshlift migrates, and their relatives that it refuses.
    pub(super) fn is_legacy(self) -> bool {
        self.invalid_code().is_some()
    }

    /// True for the kinds whose namespace means nothing.
    pub(super) fn is_cluster_scoped(self) -> bool {
        matches!(self, Kind::MeshPolicy | Kind::ClusterRbacConfig | Kind::Namespace)
    }

    /// True for the kinds of which Istio reads only the object named `default`.
    pub(super) fn only_default_counts(self) -> bool {
        matches!(
            self,
            Kind::MeshPolicy
                | Kind::ClusterRbacConfig
                | Kind::RbacConfig
                | Kind::ServiceMeshPolicy
                | Kind::ServiceMeshRbacConfig
        )
    }

    /// The code of a legacy kind's validation.
    pub(super) fn invalid_code(self) -> Option<Code> {
        match self {
            Kind::MeshPolicy | Kind::Policy => Some(codes::INVALID_POLICY),
            Kind::ClusterRbacConfig | Kind::RbacConfig => Some(codes::INVALID_RBAC_CONFIG),
            Kind::ServiceMeshPolicy => Some(codes::OPENSHIFT_MESH_POLICY),
            Kind::ServiceMeshRbacConfig => Some(codes::OPENSHIFT_RBAC_CONFIG),
            Kind::ServiceRole => Some(codes::INVALID_SERVICE_ROLE),
            Kind::ServiceRoleBinding => Some(codes::INVALID_SERVICE_ROLE_BINDING),
            Kind::Unsupported => Some(codes::UNSUPPORTED_LEGACY_API),
            _ => None,
        }
    }
}

/// True for the groups of OpenShift Service Mesh, and for what people write instead of them.
fn is_maistra(group: &str) -> bool {
    group == "maistra" || group == "maistra.io" || group.ends_with(".maistra.io")
}
