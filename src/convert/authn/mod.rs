//! Policy and MeshPolicy to PeerAuthentication, RequestAuthentication and AuthorizationPolicy (`meaning/authn.md` §4).
//!
//! Old policies were chosen per service port and replaced each other; new ones are chosen per workload (mTLS) or add up
//! (JWT). So everything here starts from what was enforced on every container port ([`subjects`]), and old objects are
//! only the places where the results stand.

mod destination_rules;
mod doubts;
mod effective;
mod existing;
mod findings;
mod jwt;
mod meaning;
mod mtls;
mod naming;
mod pods;
mod selectors;
mod subjects;
mod targets;
mod work;

use super::{Context, Part};
use work::{Facts, Work};

#[cfg(test)]
mod tests;

/// Converts the authentication policies of an environment.
pub fn convert(context: Context<'_>) -> Part {
    let facts = Facts::new(context);
    let mut work = Work::new(&facts);
    if !work.target_serves_new_kinds() {
        return work.part;
    }
    work.apply_mappings();
    targets::check(&mut work);
    doubts::report(&mut work);
    mtls::convert(&mut work);
    jwt::convert(&mut work);
    work.finish()
}
