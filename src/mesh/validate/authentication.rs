//! The rules of Policy and MeshPolicy: V1 to V10 of `meaning/authn.md` §1.8. Whether an object is cluster-scoped is
//! decided by its kind (authn-E92); V3 (a MeshPolicy with another name) is not an error here but an inert object.

use super::Rules;
use crate::api::legacy::{AuthenticationPolicy, Jwt, PeerMethod, PortSelector};
use std::collections::BTreeSet;

/// All rules in order.
pub(super) fn policy(policy: &AuthenticationPolicy, rules: &mut Rules<'_, '_>) {
    scope(policy, rules);
    targets(policy, rules);
    let peers = policy.peers.iter().enumerate().filter_map(|(index, peer)| match peer {
        PeerMethod::Jwt(jwt) => Some((format!("/spec/peers/{index}/jwt"), jwt)),
        PeerMethod::Mtls(_) | PeerMethod::Empty => None,
    });
    let origins = policy.origins.iter().enumerate().map(|(index, jwt)| (format!("/spec/origins/{index}/jwt"), jwt));
    let mut issuers = BTreeSet::new();
    for (at, method) in peers.chain(origins) {
        if !method.issuer.is_empty() && !issuers.insert(method.issuer.as_str()) {
            // V7, authn-E81.
            let message = format!("The issuer \"{}\" is named by two methods of this object.", method.issuer);
            rules.refuse(&format!("{at}/issuer"), message);
        }
        jwt(method, &at, rules);
    }
}

/// V1, V2 and V4: a name says whether there are targets.
fn scope(policy: &AuthenticationPolicy, rules: &mut Rules<'_, '_>) {
    let name = policy.meta.name.as_str();
    let has_targets = !policy.targets.is_empty();
    if policy.meta.kind == "MeshPolicy" {
        if has_targets {
            rules.refuse("/spec/targets", "A MeshPolicy is for the whole mesh and cannot have targets.");
        }
    } else if has_targets && name == "default" {
        let message = "The Policy named `default` is for the whole namespace and cannot have targets.";
        rules.refuse("/spec/targets", message);
    } else if !has_targets && name != "default" {
        let message = format!("A Policy without targets must be named `default`, but this one is named \"{name}\".");
        rules.refuse("/metadata/name", message);
    }
}

/// V5 and V6: names of services and ports are DNS labels. Numbers were checked while decoding.
fn targets(policy: &AuthenticationPolicy, rules: &mut Rules<'_, '_>) {
    for (index, target) in policy.targets.iter().enumerate() {
        let at = format!("/spec/targets/{index}");
        if !is_dns_label(&target.name) {
            let message = format!("The target name \"{}\" is not the short name of a service.", target.name);
            rules.refuse(&format!("{at}/name"), message);
        }
        for (index, port) in target.ports.iter().enumerate() {
            if let PortSelector::Name(name, _) = port
                && !is_dns_label(name)
            {
                let message = format!("The port name \"{name}\" is not a DNS label (lower case letters, digits, `-`).");
                rules.refuse(&format!("{at}/ports/{index}/name"), message);
            }
        }
    }
}

/// V7, V8 and V9 for one JWT method.
fn jwt(jwt: &Jwt, at: &str, rules: &mut Rules<'_, '_>) {
    if jwt.issuer.is_empty() {
        rules.refuse(at, "A JWT method needs an `issuer`.");
    }
    for (field, list) in [("audiences", &jwt.audiences), ("jwtHeaders", &jwt.headers), ("jwtParams", &jwt.params)] {
        for index in list.iter().enumerate().filter(|(_, text)| text.is_empty()).map(|(index, _)| index) {
            rules.refuse(&format!("{at}/{field}/{index}"), format!("`{field}` has an empty string in it."));
        }
    }
    if !jwt.jwks_uri.is_empty() && !is_jwks_uri(&jwt.jwks_uri) {
        let message = format!("`jwksUri` must be an http or https URL, but is \"{}\".", jwt.jwks_uri);
        rules.refuse(&format!("{at}/jwksUri"), message);
    }
}

/// A label as in RFC 1123, in lower case, of at most 63 characters.
fn is_dns_label(name: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=63).contains(&name.len()) && name.bytes().all(inner) && !name.starts_with('-') && !name.ends_with('-')
}

/// V9: scheme http or https, a host, and a port that is a number if there is one.
fn is_jwks_uri(uri: &str) -> bool {
    let Some((scheme, rest)) = uri.split_once("://") else { return false };
    let known = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host_and_port = authority.rsplit('@').next().unwrap_or_default();
    // Colons inside the brackets of an IPv6 address do not start a port.
    let after_address = host_and_port.rsplit_once(']').map_or(host_and_port, |(_, port)| port);
    let has_port_number = match after_address.split_once(':') {
        Some((_, port)) => port.bytes().all(|b| b.is_ascii_digit()),
        None => true,
    };
    let has_host = !host_and_port.is_empty() && !host_and_port.starts_with(':');
    known && has_host && has_port_number && !uri.contains(|c: char| c.is_ascii_control() || c == ' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v5_dns_labels() {
        for (name, expected) in [
            ("web", true),
            ("web-2", true),
            ("2web", true),
            ("", false),
            ("Web", false),
            ("web.shop", false),
            ("*", false),
            ("-web", false),
            ("web-", false),
        ] {
            assert_eq!(is_dns_label(name), expected, "{name}");
        }
        assert!(is_dns_label(&"a".repeat(63)) && !is_dns_label(&"a".repeat(64)));
    }

    #[test]
    fn v9_jwks_uris() {
        for (uri, expected) in [
            ("https://idp.example/keys", true),
            ("HTTP://idp.example:8080/keys?x=1", true),
            ("http://[::1]:8080/keys", true),
            ("http://[::1]/keys", true),
            ("idp.example/keys", false),
            ("ftp://idp.example/keys", false),
            ("https://idp.example:port/keys", false),
            ("https:///keys", false),
            ("https://idp .example/keys", false),
        ] {
            assert_eq!(is_jwks_uri(uri), expected, "{uri}");
        }
    }
}
