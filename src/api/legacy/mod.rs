//! The old kinds that meshlift migrates: one file per API.

mod authentication;
mod rbac;

pub use authentication::{
    AuthenticationPolicy, Jwt, Mtls, PeerMethod, PortSelector, PrincipalBinding, StringMatch, Target, TriggerRule,
};
pub use rbac::{
    AccessRule, Constraint, Enforcement, RbacConfig, RbacMode, RbacTarget, RoleRef, ServiceRole, ServiceRoleBinding,
    Subject,
};
