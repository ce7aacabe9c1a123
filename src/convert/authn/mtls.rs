//! Peers to PeerAuthentication: one per mesh, per namespace and per group of workloads (`meaning/authn.md` §4.2–4.4).

mod comments;
mod findings;
mod grouping;
mod mode;
mod plan;
mod planned;
mod refusing;
mod remarks;
mod result;
mod scopes;
mod unseen;
mod workloads;

use super::destination_rules::{self, Clients};
use super::existing::{Settings, existing};
use super::work::Work;
use mode::Base;
use planned::Planned;

/// Converts the peers of every policy.
pub(super) fn convert(work: &mut Work<'_>) {
    let existing = Settings::new(work.root(), existing(work.mesh()));
    let mut planned = scopes::plan(work, &existing);
    let base = Base::new(existing, &planned);
    planned.extend(workloads::plan(work, &base));
    let after = base.existing.with(planned.iter().map(Planned::setting));
    result::check(work, &base.existing, &after);
    let clients = Clients::new(work.mesh());
    remarks::report(work, &planned, &base, &clients);
    destination_rules::report(work, &clients, &base.existing, &after);
    work.sketches.extend(planned.into_iter().map(Planned::sketch));
}
