//! `authentication.istio.io/v1alpha1`: every field and mode of Policy and MeshPolicy.

use super::inventory::{created, namespace};
use super::words::{always, either, mapping, maybe, one, sequence};
use super::{Document, document};
use proptest::prelude::*;

const API: &str = "authentication.istio.io/v1alpha1";

fn string_match() -> BoxedStrategy<String> {
    one(&[
        "{exact: /health}",
        "{exact: /a}",
        "{prefix: /open}",
        "{prefix: /a/}",
        "{suffix: .css}",
        "{suffix: /b}",
        "{regex: '/re/.*'}",
        "{}",
    ])
}

fn trigger() -> BoxedStrategy<String> {
    mapping(vec![
        maybe(60, "excludedPaths", sequence(string_match(), 1..=2)),
        maybe(40, "included_paths", sequence(string_match(), 1..=2)),
    ])
}

fn jwt(issuers: &'static [&'static str]) -> BoxedStrategy<String> {
    mapping(vec![
        always("issuer", one(issuers)),
        always("jwksUri", one(&["'https://keys.example'", "'https://keys.example'", "'https://other.example'"])),
        maybe(20, "audiences", one(&["[shop]", "[shop, desk]"])),
        maybe(15, "jwtHeaders", one(&["[x-token]", "[ingress-authorization]", "[x-token, x-other]"])),
        maybe(10, "jwt_params", one(&["[token]"])),
        maybe(35, "triggerRules", sequence(trigger(), 1..=2)),
    ])
}

fn peer() -> BoxedStrategy<String> {
    either(vec![
        (
            8,
            one(&[
                "{mtls: {}}",
                "{mtls: null}",
                "{mtls: {mode: STRICT}}",
                "{mtls: {mode: PERMISSIVE}}",
                "{mtls: {allowTls: true}}",
            ]),
        ),
        (1, one(&["{}"])),
        (1, jwt(&["peer-iss"]).prop_map(|jwt| format!("{{jwt: {jwt}}}")).boxed()),
    ])
}

fn body() -> Vec<BoxedStrategy<Option<String>>> {
    let origin = |issuers| jwt(issuers).prop_map(|jwt| format!("{{jwt: {jwt}}}")).boxed();
    let origins = either(vec![
        (5, sequence(origin(&["iss"]), 1..=1)),
        (1, (origin(&["iss"]), origin(&["iss-too"])).prop_map(|(a, b)| format!("[{a}, {b}]")).boxed()),
    ]);
    vec![
        maybe(75, "peers", sequence(peer(), 1..=2)),
        maybe(8, "peerIsOptional", one(&["true", "false"])),
        maybe(40, "origins", origins),
        maybe(15, "originIsOptional", one(&["true", "false"])),
        maybe(40, "principalBinding", one(&["USE_ORIGIN", "USE_ORIGIN", "USE_PEER"])),
    ]
}

/// The policy of the mesh.
pub fn mesh_policy() -> BoxedStrategy<Document> {
    mapping(body()).prop_map(|spec| document(API, "MeshPolicy", "", "default", "", &spec)).boxed()
}

fn target() -> BoxedStrategy<String> {
    let port = one(&["{number: 80}", "{number: 8080}", "{number: 3306}", "{name: http}", "{name: tcp}", "{number: 9}"]);
    mapping(vec![
        always("name", one(&["web", "web", "api", "cart", "missing"])),
        maybe(40, "ports", sequence(port, 1..=2)),
        maybe(3, "labels", one(&["{version: v1}"])),
    ])
}

/// A Policy for a namespace or for services.
pub fn policy() -> BoxedStrategy<Document> {
    let targeted = (one(&["locks", "tokens"]), sequence(target(), 1..=2)).prop_map(|(name, t)| (name, Some(t)));
    let wide = Just(("default".to_owned(), None));
    (namespace(), prop_oneof![2 => targeted, 1 => wide], created(), mapping(body()))
        .prop_map(|(namespace, (name, targets), created, spec)| {
            let spec = match targets {
                None => spec,
                Some(targets) if spec == "{}" => format!("{{targets: {targets}}}"),
                Some(targets) => format!("{{targets: {targets}, {}", spec.trim_start_matches('{')),
            };
            document(API, "Policy", &namespace, &name, &created, &spec)
        })
        .boxed()
}
