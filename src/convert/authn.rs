//! Policy and MeshPolicy.
use super::{Context, Part};

/// Converts the authentication policies of an environment.
pub fn convert(_context: Context<'_>) -> Part {
    todo!()
}
