//! Policy and MeshPolicy (`meaning/authn.md` §1.1–1.5).

use super::node::Node;
use super::problems::Problems;
use crate::api::Meta;
use crate::api::legacy::{
    AuthenticationPolicy, Jwt, Mtls, PeerMethod, PortSelector, PrincipalBinding, StringMatch, Target, TriggerRule,
};

/// A Policy or MeshPolicy.
pub(super) fn policy(meta: Meta, spec: &Node<'_>, problems: &mut Problems) -> AuthenticationPolicy {
    let targets = spec.messages("targets", problems);
    let peers = spec.nullable_messages("peers", problems);
    let origins = spec.nullable_messages("origins", problems);
    let principal_binding = match spec.choice("principalBinding", &["USE_PEER", "USE_ORIGIN"], problems) {
        0 => PrincipalBinding::UsePeer,
        _ => PrincipalBinding::UseOrigin,
    };
    AuthenticationPolicy {
        meta,
        targets: targets.iter().map(|node| target(node, problems)).collect(),
        peers: peers.iter().map(|node| peer(node, problems)).collect(),
        peer_is_optional: spec.boolean("peerIsOptional", problems),
        origins: origins.iter().filter_map(|node| origin(node, problems)).collect(),
        origin_is_optional: spec.boolean("originIsOptional", problems),
        principal_binding,
    }
}

fn target(node: &Node<'_>, problems: &mut Problems) -> Target {
    let ports = node.messages("ports", problems);
    Target {
        place: node.place(),
        name: node.text("name", problems),
        ports: ports.iter().filter_map(|port| port_selector(port, problems)).collect(),
        labels: node.labels("labels", problems),
    }
}

/// One of `number` and `name` (V6).
fn port_selector(node: &Node<'_>, problems: &mut Problems) -> Option<PortSelector> {
    match (node.field("number"), node.field("name")) {
        (Some(number), None) => Some(PortSelector::Number(number.port(problems)?, number.place())),
        (None, Some(name)) => Some(PortSelector::Name(name.as_text(problems)?.to_owned(), name.place())),
        (None, None) => {
            problems.invalid(node.place(), format!("`{}` names a port neither by number nor by name.", node.path()));
            None
        }
        (Some(_), Some(_)) => {
            both(node, "number", "name", problems);
            None
        }
    }
}

/// Reports that two fields of which only one may be set are both set.
fn both(node: &Node<'_>, first: &str, second: &str, problems: &mut Problems) {
    let message = format!("`{}` has both `{first}` and `{second}`, but only one may be set.", node.path());
    problems.undecodable(node.place(), message);
}

/// A peer method. The key `mtls` counts even when it is null (authn-E2); a method with neither key is ignored by Istio.
fn peer(node: &Node<'_>, problems: &mut Problems) -> PeerMethod {
    match (node.raw_field("mtls"), node.raw_field("jwt")) {
        (Some(node), None) => PeerMethod::Mtls(mtls(&node, problems)),
        (None, Some(node)) => jwt(&node, problems).map_or(PeerMethod::Empty, PeerMethod::Jwt),
        (None, None) => PeerMethod::Empty,
        (Some(_), Some(_)) => {
            both(node, "mtls", "jwt", problems);
            PeerMethod::Empty
        }
    }
}

fn mtls(node: &Node<'_>, problems: &mut Problems) -> Mtls {
    let strict = Mtls { place: node.place(), permissive: false, allow_tls: false };
    if node.value().is_null() || node.map(problems).is_none() {
        return strict;
    }
    Mtls {
        permissive: node.choice("mode", &["STRICT", "PERMISSIVE"], problems) == 1,
        allow_tls: node.boolean("allowTls", problems),
        ..strict
    }
}

/// An origin method; it must have a `jwt` (V10).
fn origin(node: &Node<'_>, problems: &mut Problems) -> Option<Jwt> {
    match node.raw_field("jwt") {
        Some(node) => jwt(&node, problems),
        None => {
            problems.invalid(node.place(), format!("`{}` has no `jwt`, the only origin method there is.", node.path()));
            None
        }
    }
}

fn jwt(node: &Node<'_>, problems: &mut Problems) -> Option<Jwt> {
    if node.value().is_null() {
        problems.invalid(node.place(), format!("`{}` is empty, but a JWT method needs an issuer.", node.path()));
        return None;
    }
    node.map(problems)?;
    let triggers = node.messages("triggerRules", problems);
    Some(Jwt {
        place: node.place(),
        issuer: node.text("issuer", problems),
        audiences: node.texts("audiences", problems),
        jwks_uri: node.text("jwksUri", problems),
        jwks: node.text("jwks", problems),
        headers: node.texts("jwtHeaders", problems),
        params: node.texts("jwtParams", problems),
        triggers: triggers
            .iter()
            .map(|rule| TriggerRule {
                place: rule.place(),
                excluded: string_matches(rule, "excludedPaths", problems),
                included: string_matches(rule, "includedPaths", problems),
            })
            .collect(),
    })
}

fn string_matches(rule: &Node<'_>, field: &str, problems: &mut Problems) -> Vec<StringMatch> {
    let elements = rule.messages(field, problems);
    elements.iter().filter_map(|element| string_match(element, problems)).collect()
}

/// At most one of four keys; with none the condition matches nothing.
fn string_match(node: &Node<'_>, problems: &mut Problems) -> Option<StringMatch> {
    type Make = fn(String) -> StringMatch;
    let forms: [(&str, Make); 4] = [
        ("exact", StringMatch::Exact),
        ("prefix", StringMatch::Prefix),
        ("suffix", StringMatch::Suffix),
        ("regex", StringMatch::Regex),
    ];
    let mut found: Option<(&str, StringMatch)> = None;
    for (key, make) in forms {
        let Some(value) = node.raw_field(key) else { continue };
        if let Some((other, _)) = found {
            both(node, other, key, problems);
            return None;
        }
        found = Some((key, make(value.as_text(problems)?.to_owned())));
    }
    Some(found.map_or(StringMatch::Nothing, |(_, condition)| condition))
}
