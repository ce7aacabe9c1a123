//! ServiceRole, ServiceRoleBinding, ClusterRbacConfig and RbacConfig (`spec/rbac.md` §6).
use super::{Context, Part};

/// Converts the RBAC objects of an environment.
pub fn convert(_context: Context<'_>) -> Part {
    todo!()
}
