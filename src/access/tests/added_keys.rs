//! Keys that the old mesh knew beyond Istio's own: read as the key that meant the same, on every chain and release.

use super::*;
use crate::mesh::Settings;

const TCP: &str = r#"
apiVersion: v1
kind: Service
metadata: {name: raw, namespace: default}
spec: {selector: {app: raw}, ports: [{name: tcp, port: 90, targetPort: 9090}]}
"#;

/// Callers have an identity and may have a token.
const IDENTIFIED: &str = r#"
apiVersion: authentication.istio.io/v1alpha1
kind: Policy
metadata: {name: default, namespace: default}
spec:
  peers: [{mtls: {}}]
  origins: [{jwt: {issuer: a, jwksUri: 'https://a.example/keys'}}]
  originIsOptional: true
  principalBinding: USE_ORIGIN
"#;

/// A value that each of these keys takes.
const CONSTRAINTS: [(&str, &str); 7] = [
    ("request.headers[x-id]", "a*"),
    ("experimental.envoy.filters.network.acme[key]", "a"),
    ("destination.ip", "10.0.0.0/8"),
    ("connection.sni", "*.example"),
    (":path", "/a/*"),
    (":method", "GET"),
    (":authority", "a.example"),
];

const PROPERTIES: [(&str, &str); 5] = [
    ("source.namespace", "a*"),
    ("request.headers[x-id]", "a*"),
    ("request.auth.audiences", "a"),
    ("request.auth.presenter", "a"),
    ("request.auth.claims[groups]", "a"),
];

/// The outcomes of comparing two old meshes; the first one knows `acme.key`.
fn compared(first: &str, second: &str, release: SourceRelease, known: impl Fn(&mut Settings)) -> Vec<Outcome> {
    let both = sides(&[APP, TCP, INCLUDED, IDENTIFIED, first], &[APP, TCP, INCLUDED, IDENTIFIED, second]).settings(
        |settings| {
            settings.source = release;
            known(settings);
        },
    );
    let (old, new) = (Side { mesh: &both.old, world: World::Source }, Side { mesh: &both.new, world: World::Source });
    let verdicts = prove(old, new, &Options { strict: true, budget: Budget::default() });
    assert!(verdicts.iter().any(|verdict| verdict.transport == Transport::Tcp), "{verdicts:?}");
    verdicts.into_iter().map(|verdict| verdict.outcome).collect()
}

/// Equal where the key is known to mean the other, and not equal where nobody says so.
#[track_caller]
fn check(role_with: impl Fn(&str) -> String, legacy: &str, add: impl Fn(&mut Settings)) {
    for release in [SourceRelease::V1_4, SourceRelease::V1_5] {
        let (added, own) = (role_with("acme.key"), role_with(legacy));
        let outcomes = compared(&added, &own, release, &add);
        assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Equal), "{legacy} on {release:?}: {outcomes:?}");
        let outcomes = compared(&added, &own, release, |_| {});
        assert!(outcomes.iter().any(|outcome| *outcome != Outcome::Equal), "{legacy} on {release:?}: {outcomes:?}");
    }
}

#[test]
fn an_added_constraint_is_read_as_the_key_that_meant_the_same() {
    for (legacy, value) in CONSTRAINTS {
        let rule = |key: &str| {
            let rules = format!("[{{services: ['*'], constraints: [{{key: '{key}', values: ['{value}']}}]}}]");
            role(&rules, "[{user: '*'}]")
        };
        check(rule, legacy, |settings| {
            settings.added_keys.constraints.insert("acme.key".to_owned(), legacy.to_owned());
        });
    }
}

#[test]
fn an_added_property_is_read_as_the_key_that_meant_the_same() {
    for (legacy, value) in PROPERTIES {
        let rule = |key: &str| role("[{services: ['*']}]", &format!("[{{properties: {{'{key}': '{value}'}}}}]"));
        check(rule, legacy, |settings| {
            settings.added_keys.properties.insert("acme.key".to_owned(), legacy.to_owned());
        });
    }
}
