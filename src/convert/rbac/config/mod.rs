//! Which config is in force, where it switches RBAC on, and the default policies that it becomes.

pub mod defaults;
pub mod dry_run;
pub mod fence;
pub mod in_force;
pub mod scope;
pub mod unnamed;
