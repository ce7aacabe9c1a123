//! The old kinds that meshlift migrates: one file per API.

mod authentication;
pub mod fields;
mod rbac;

pub use authentication::{
    AuthenticationPolicy, Jwt, Mtls, PeerMethod, PortSelector, PrincipalBinding, StringMatch, Target, TriggerRule,
};
pub use rbac::{
    AccessRule, AddedKeys, Constraint, Enforcement, RbacConfig, RbacMode, RbacTarget, RoleRef, ServiceRole,
    ServiceRoleBinding, Subject, keys,
};
