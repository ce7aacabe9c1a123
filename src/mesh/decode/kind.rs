//! Which kinds the mesh is made of.

use crate::finding::Code;
use crate::finding::catalogue::mesh as codes;

/// The kinds that the mesh is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    MeshPolicy,
    Policy,
    ClusterRbacConfig,
    RbacConfig,
    ServiceRole,
    ServiceRoleBinding,
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
        matches!(self, Kind::MeshPolicy | Kind::ClusterRbacConfig | Kind::RbacConfig)
    }

    /// The code of a legacy kind's validation.
    pub(super) fn invalid_code(self) -> Option<Code> {
        match self {
            Kind::MeshPolicy | Kind::Policy => Some(codes::INVALID_POLICY),
            Kind::ClusterRbacConfig | Kind::RbacConfig => Some(codes::INVALID_RBAC_CONFIG),
            Kind::ServiceRole => Some(codes::INVALID_SERVICE_ROLE),
            Kind::ServiceRoleBinding => Some(codes::INVALID_SERVICE_ROLE_BINDING),
            Kind::Unsupported => Some(codes::UNSUPPORTED_LEGACY_API),
            _ => None,
        }
    }
}
