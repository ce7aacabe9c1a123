//! From the effective config to default policies (`meaning/rbac.md` §6.2): where RBAC was on, what nothing grants is
//! denied; where it was off, everything stays open.
//!
//! The root namespace is special in the new API only: a policy without a selector is mesh-wide there, and one with a
//! selector selects pods of every namespace. So nothing without a selector is ever written there, except the mesh-wide
//! denial that the old config asked for.

mod builder;
mod closed;
mod deny_only;
mod fences;
mod findings;
mod opened;
mod ports;

use crate::api::ManifestId;
use crate::api::legacy::RbacMode;
use crate::convert::Context;
use crate::convert::rbac::config::defaults::builder::{Builder, Converted};
use crate::convert::rbac::config::scope::Scope;
use crate::convert::rbac::place::survey::Survey;

/// Converts the effective config.
pub fn convert<'a>(context: Context<'a>, scope: Scope<'a>, survey: &'a Survey<'a>) -> Converted {
    let from: Vec<ManifestId> = scope.config.meta.manifest.into_iter().collect();
    let asked = context.options.port_fence || context.options.strict;
    // A fence opens every port but those named: also that of a Service which the input does not show.
    let fenced = asked && scope.services_are_closed();
    let mut builder = Builder {
        context,
        scope,
        survey,
        from,
        fenced,
        closed: Vec::new(),
        kept_open: Vec::new(),
        converted: Converted::default(),
    };
    match scope.config.mode {
        RbacMode::Off => {}
        RbacMode::On => builder.close_mesh(),
        RbacMode::OnWithInclusion => builder.close_included(),
        RbacMode::OnWithExclusion => {
            builder.close_mesh();
            builder.open_excluded();
        }
    }
    if fenced {
        builder.fences();
    } else if asked {
        builder.tell_unfenced();
    }
    builder.converted
}
