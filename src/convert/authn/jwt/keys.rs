//! Keys and token locations that the old and the new release understand differently (E71, E72, J18, J23).

use super::findings;
use super::rules::is_exchange_header;
use crate::api::legacy::{AuthenticationPolicy, Jwt};
use crate::convert::authn::effective::is_mesh_policy;
use crate::convert::authn::work::Work;
use serde_json::Value;

/// Tells or refuses what a method would mean in the new release.
pub(super) fn check(work: &mut Work<'_>, policy: &AuthenticationPolicy, jwt: &Jwt) {
    check_keys(work, policy, jwt);
    check_headers(work, policy, jwt);
}

fn check_keys(work: &mut Work<'_>, policy: &AuthenticationPolicy, jwt: &Jwt) {
    if !jwt.jwks.is_empty() {
        if !is_key_set(&jwt.jwks) && work.mesh().settings.target.at_least(10) {
            work.refuse(policy, findings::invalid_jwks(jwt));
        }
    } else if jwt.jwks_uri.is_empty() && is_mesh_policy(policy) {
        work.refuse(policy, findings::mesh_jwt_without_keys(jwt));
    } else if jwt.jwks_uri.is_empty() && jwt.issuer.ends_with('/') {
        work.refuse(policy, findings::issuer_slash(jwt));
    }
}

fn is_key_set(jwks: &str) -> bool {
    serde_json::from_str::<Value>(jwks).is_ok_and(|value| value.get("keys").is_some_and(Value::is_array))
}

fn check_headers(work: &mut Work<'_>, policy: &AuthenticationPolicy, jwt: &Jwt) {
    for header in &jwt.headers {
        if is_exchange_header(header) {
            work.report(policy, findings::exchanged_token(jwt, header));
        } else if header.eq_ignore_ascii_case("authorization") {
            work.report(policy, findings::authorization_header(jwt, header));
        }
    }
}
