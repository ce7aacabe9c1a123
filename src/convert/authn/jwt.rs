//! Origins to RequestAuthentication and AuthorizationPolicy (`meaning/authn.md` §4.5): the first says which tokens are
//! valid, the second denies requests that needed one and have none.
//!
//! New objects add up, old ones replaced each other: a namespace-wide object is written only where every workload had
//! the same demands, else there is one pair of objects per group of workloads (J15, J16).

mod asked;
mod cross;
mod deny;
mod findings;
mod groups;
mod keys;
mod objects;
mod paths;
mod plan;
mod ports;
mod readers;
mod refusing;
mod regex;
mod replaced;
mod rules;
mod triggers;

use super::work::Work;

/// Converts the tokens of every policy.
pub(super) fn convert(work: &mut Work<'_>) {
    let jwt = plan::Jwt::of(work);
    refusing::without_known_ports(work, &jwt);
    if jwt.asked.is_empty() {
        return;
    }
    refusing::where_rbac_would_end(work, &jwt);
    refusing::in_ambient(work, &jwt);
    objects::write(work, &jwt);
    cross::report(work, &jwt);
}
