//! Edge cases of `meaning/authn.md`: mTLS modes, policy selection, tokens.

use super::*;
use crate::access::logic::attribute::Attribute;

const AUTHN: &str = "authentication.istio.io/v1alpha1";
const SECURITY: &str = "security.istio.io/v1";

fn get() -> Request {
    Request::http("GET", "/")
}

fn mesh_policy(spec: &str) -> String {
    object(AUTHN, "MeshPolicy", "", "default", spec)
}

fn namespace_policy(spec: &str) -> String {
    object(AUTHN, "Policy", "default", "default", spec)
}

fn service_policy(name: &str, spec: &str) -> String {
    object(AUTHN, "Policy", "default", name, spec)
}

fn peer(namespace: &str, name: &str, spec: &str) -> String {
    object(SECURITY, "PeerAuthentication", namespace, name, spec)
}

/// Which connections the old side accepts: plaintext, mutual TLS.
fn old_accepts(documents: &[&str]) -> (bool, bool) {
    let mut all = vec![APP];
    all.extend(documents);
    let sides = sides(&all, &[APP]);
    (sides.decide(Some(8080), &get()).0, sides.decide(Some(8080), &get().peer(X)).0)
}

/// Which connections the new side accepts.
fn new_accepts(documents: &[&str]) -> (bool, bool) {
    let mut all = vec![APP];
    all.extend(documents);
    let sides = sides(&[APP], &all);
    (sides.decide(Some(8080), &get()).1, sides.decide(Some(8080), &get().peer(X)).1)
}

const STRICT: (bool, bool) = (false, true);
const PERMISSIVE: (bool, bool) = (true, true);
const DISABLE: (bool, bool) = (true, false);

#[test]
fn authn_e1_to_e12_modes_of_one_policy() {
    for (spec, expected) in [
        ("{peers: [{mtls: {}}]}", STRICT),
        ("{peers: [{mtls: null}]}", STRICT),
        ("{peers: [{mtls: {mode: PERMISSIVE}}]}", PERMISSIVE),
        ("{peers: [{mtls: {mode: PERMISSIVE}}, {mtls: {}}]}", PERMISSIVE),
        ("{peers: [{mtls: {}}], peerIsOptional: true}", STRICT),
        ("{}", DISABLE),
    ] {
        assert_eq!(old_accepts(&[&mesh_policy(spec)]), expected, "{spec}");
    }
    assert_eq!(old_accepts(&[&mesh_policy("{peers: [{mtls: {}}]}"), &namespace_policy("{}")]), DISABLE, "E12");
    assert_eq!(old_accepts(&[]), PERMISSIVE, "E14");
}

#[test]
fn authn_e13_without_any_policy_1_4_took_plaintext_only() {
    let sides = sides(&[APP], &[APP]).on_1_4();
    sides.check(get().peer(X), false, true);
    assert_eq!(sides.http().outcome, Outcome::Wider);
}

#[test]
fn authn_e17_the_nearest_scope_replaces_the_others() {
    let namespace = namespace_policy("{peers: [{mtls: {}}]}");
    let service = service_policy("app", "{targets: [{name: app}], peers: [{mtls: {mode: PERMISSIVE}}]}");
    assert_eq!(old_accepts(&[&namespace, &service]), PERMISSIVE);
}

#[test]
fn authn_e18_e19_port_targets_win_in_1_5_and_the_oldest_in_1_4() {
    let aged = |name: &str, spec: &str, time: &str| {
        service_policy(name, spec).replace("name:", &format!("creationTimestamp: '{time}', name:"))
    };
    let (early, late) = ("2019-01-01T00:00:00Z", "2020-01-01T00:00:00Z");
    let whole = |time| aged("a", "{targets: [{name: app}]}", time);
    let port = |time| aged("b", "{targets: [{name: app, ports: [{number: 80}]}], peers: [{mtls: {}}]}", time);
    let decide = |documents: &[&str], old: bool| {
        let sides = if old { sides(documents, &[APP]).on_1_4() } else { sides(documents, &[APP]) };
        (sides.decide(Some(8080), &get()).0, sides.decide(Some(8080), &get().peer(X)).0)
    };
    let fix = |text: String| {
        text.replace(&format!("{{creationTimestamp: '{early}', name: app"), "{name: app")
            .replace(&format!("{{creationTimestamp: '{late}', name: app"), "{name: app")
    };
    let (whole_early, port_late) = (fix(whole(early)), fix(port(late)));
    assert_eq!(decide(&[APP, &whole_early, &port_late], true), DISABLE);
    assert_eq!(decide(&[APP, &whole_early, &port_late], false), STRICT);
    let (whole_late, port_early) = (fix(whole(late)), fix(port(early)));
    assert_eq!(decide(&[APP, &whole_late, &port_early], true), STRICT);
}

#[test]
fn authn_e20_e21_ties_are_broken_by_name_and_namespace() {
    let target = |mtls: &str| format!("{{targets: [{{name: app, ports: [{{name: http}}]}}], peers: [{mtls}]}}");
    let a = service_policy("a", &target("{mtls: {}}"));
    let a_b = service_policy("a-b", &target("{mtls: {mode: PERMISSIVE}}"));
    assert_eq!(old_accepts(&[&a, &a_b]), PERMISSIVE, "`a-b.default` sorts before `a.default`");
}

#[test]
fn authn_e23_a_target_names_service_ports() {
    let policy = service_policy("app", "{targets: [{name: app, ports: [{number: 8080}]}], peers: [{mtls: {}}]}");
    assert_eq!(old_accepts(&[&policy]), PERMISSIVE);
}

#[test]
fn peer_authentications_compose() {
    let mesh = peer("istio-system", "default", "{mtls: {mode: STRICT}}");
    let namespace = peer("default", "default", "{mtls: {mode: DISABLE}}");
    let workload =
        peer("default", "app", "{selector: {matchLabels: {app: app}}, portLevelMtls: {8080: {mode: PERMISSIVE}}}");
    let service_port =
        peer("default", "app", "{selector: {matchLabels: {app: app}}, portLevelMtls: {80: {mode: PERMISSIVE}}}");
    let root = peer("istio-system", "app", "{selector: {matchLabels: {app: app}}, mtls: {mode: STRICT}}");
    assert_eq!(new_accepts(&[]), PERMISSIVE);
    assert_eq!(new_accepts(&[&mesh]), STRICT);
    assert_eq!(new_accepts(&[&mesh, &namespace]), DISABLE);
    assert_eq!(new_accepts(&[&mesh, &workload]), PERMISSIVE);
    assert_eq!(new_accepts(&[&mesh, &service_port]), STRICT, "the key is a container port");
    assert_eq!(new_accepts(&[&root]), PERMISSIVE, "a selector in the root namespace is ignored");
}

#[test]
fn two_workload_peer_authentications_are_not_merged() {
    let first = peer("default", "a", "{selector: {matchLabels: {app: app}}, portLevelMtls: {9999: {mode: STRICT}}}");
    let second = peer("default", "b", "{selector: {matchLabels: {app: app}}, mtls: {mode: STRICT}}");
    assert_eq!(new_accepts(&[&first, &second]), PERMISSIVE);
}

#[test]
fn authn_e87_a_peer_authentication_switches_the_old_mode_off() {
    let old = mesh_policy("{peers: [{mtls: {}}]}");
    let pa = peer("default", "app", "{selector: {matchLabels: {app: app}}, mtls: {mode: PERMISSIVE}}");
    assert_eq!(old_accepts(&[&old, &pa]), PERMISSIVE);
}

const ORIGIN: &str = "{jwt: {issuer: iss, jwksUri: 'https://keys'}}";

fn jwt_policy(extra: &str) -> String {
    namespace_policy(&format!("{{peers: [{{mtls: {{mode: PERMISSIVE}}}}], origins: [{ORIGIN}]{extra}}}"))
}

fn triggered(rules: &str) -> String {
    let origin = format!("{{jwt: {{issuer: iss, jwksUri: 'https://keys', triggerRules: {rules}}}}}");
    namespace_policy(&format!("{{peers: [{{mtls: {{mode: PERMISSIVE}}}}], origins: [{origin}]}}"))
}

const REQUEST: &str = r#"
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: jwt, namespace: default}
spec: {jwtRules: [{issuer: iss, jwksUri: "https://keys", forwardOriginalToken: true}]}
"#;

/// The three-way DENY of authn §4.5; `to` fields in flow style.
fn deny(to: &str) -> String {
    let issuer = "{key: 'request.auth.claims[iss]', notValues: [iss]}";
    let absent = |header: &str| format!("{{key: 'request.headers[{header}]', notValues: ['*']}}");
    let sep = if to.is_empty() { "" } else { ", " };
    policy(
        "require-token",
        &format!(
            "{{action: DENY, rules: [\
             {{to: [{{operation: {{ports: ['8080']{sep}{to}, notMethods: [OPTIONS]}}}}], when: [{issuer}]}}, \
             {{to: [{{operation: {{ports: ['8080']{sep}{to}}}}}], when: [{issuer}, {}]}}, \
             {{to: [{{operation: {{ports: ['8080']{sep}{to}}}}}], when: [{issuer}, {}]}}]}}",
            absent("origin"),
            absent("access-control-request-method")
        ),
    )
}

fn token() -> Request {
    get().token("iss", "keys of https://keys")
}

fn preflight() -> Request {
    Request::http("OPTIONS", "/").header("Origin", "https://a").header("Access-Control-Request-Method", "GET")
}

#[test]
fn authn_j1_the_exact_form_is_equal_but_for_the_status() {
    let sides = sides(&[APP, &jwt_policy("")], &[APP, REQUEST, &deny("")]);
    sides.expect(Outcome::Equal, &[Relaxation::DenialStatus]);
    assert_eq!(sides.at(8080, Transport::Http, true).outcome, Outcome::Equal);
    sides.check(token(), true, true);
    sides.check(get(), false, false);
    sides.check(get().bad_token(), false, false);
    sides.check(preflight(), true, true);
    sides.check(token().with(Attribute::TokenKey, "other keys"), false, false);
}

#[test]
fn authn_e77_a_single_rule_blocks_preflights() {
    let single = policy(
        "require-token",
        "{action: DENY, rules: [{to: [{operation: {ports: ['8080']}}], when: [{key: 'request.auth.claims[iss]', notValues: [iss]}]}]}",
    );
    let sides = sides(&[APP, &jwt_policy("")], &[APP, REQUEST, &single]);
    sides.check(preflight(), true, false);
    assert_eq!(sides.http().outcome, Outcome::Narrower);
}

#[test]
fn options_exempted_alone_is_wider() {
    let loose = policy(
        "require-token",
        "{action: DENY, rules: [{to: [{operation: {notMethods: [OPTIONS], ports: ['8080']}}], \
         when: [{key: 'request.auth.claims[iss]', notValues: [iss]}]}]}",
    );
    assert_eq!(sides(&[APP, &jwt_policy("")], &[APP, REQUEST, &loose]).http().outcome, Outcome::Wider);
}

#[test]
fn authn_j3_not_request_principals_needs_a_subject() {
    let plain = policy(
        "require-token",
        "{action: DENY, rules: [{from: [{source: {notRequestPrincipals: ['*']}}], to: [{operation: {notMethods: [OPTIONS]}}]}]}",
    );
    let sides = sides(&[APP, &jwt_policy("")], &[APP, REQUEST, &plain]);
    sides.check(token(), true, false);
    sides.check(token().with(Attribute::Subject, "me"), true, true);
}

#[test]
fn a_request_authentication_alone_demands_nothing() {
    let sides = sides(&[APP, &jwt_policy("")], &[APP, REQUEST]);
    assert_eq!(sides.http().outcome, Outcome::Wider);
    sides.check(get(), false, true);
}

#[test]
fn authn_j10_optional_tokens_differ_only_for_bad_ones() {
    let sides = sides(&[APP, &jwt_policy(", originIsOptional: true")], &[APP, REQUEST]);
    sides.expect(Outcome::Equal, &[Relaxation::BadTokenRejected]);
    assert_eq!(sides.at(8080, Transport::Http, true).outcome, Outcome::Narrower);
    sides.check(get().bad_token(), true, false);
}

#[test]
fn authn_e53_trigger_rules_become_paths() {
    let old = triggered("[{includedPaths: [{prefix: /admin/}], excludedPaths: [{exact: /admin/status}]}]");
    let new = deny("paths: ['/admin/*'], notPaths: [/admin/status]");
    let same = sides(&[APP, &old], &[APP, REQUEST, &new]);
    same.expect(Outcome::Equal, &[Relaxation::BadTokenRejected, Relaxation::DenialStatus]);
    let wrong = deny("paths: ['/admin/*'], notPaths: ['/admin/status*']");
    let sides = sides(&[APP, &old], &[APP, REQUEST, &wrong]);
    assert_eq!(sides.http().outcome, Outcome::Wider);
}

#[test]
fn authn_e54_trigger_rules_are_alternatives() {
    let old = triggered("[{excludedPaths: [{exact: /health}]}, {includedPaths: [{prefix: /api}]}]");
    let sides = sides(&[APP, &old], &[APP]);
    sides.check(Request::http("GET", "/health"), true, true);
    sides.check(Request::http("GET", "/x"), false, true);
    sides.check(Request::http("GET", "/api"), false, true);
    sides.check(Request::http("GET", "/health?x=1"), true, true);
}

#[test]
fn authn_e56_a_regular_expression_is_not_looked_into() {
    let old = triggered("[{includedPaths: [{regex: '/v[0-9]+/x'}]}]");
    let everywhere = deny("paths: ['*']");
    assert_eq!(sides(&[APP, &old], &[APP, REQUEST, &everywhere]).http().outcome, Outcome::Narrower);
    assert_eq!(sides(&[APP, &old], &[APP, REQUEST]).http().outcome, Outcome::Wider);
}

#[test]
fn authn_e58_e59_an_empty_string_match_matches_nothing() {
    let never = sides(&[APP, &triggered("[{includedPaths: [{}]}]")], &[APP]);
    never.check(get(), true, true);
    let always = sides(&[APP, &triggered("[{}]")], &[APP]);
    always.check(get(), false, true);
}

#[test]
fn authn_e73_a_service_without_origins_needs_no_token() {
    let service = service_policy("app", "{targets: [{name: app}], peers: [{mtls: {mode: PERMISSIVE}}]}");
    sides(&[APP, &jwt_policy(""), &service], &[APP]).check(get(), true, true);
}

#[test]
fn authn_e79_e80_use_origin_without_origins() {
    let with_peer = namespace_policy("{peers: [{mtls: {mode: PERMISSIVE}}], principalBinding: USE_ORIGIN}");
    sides(&[APP, &with_peer], &[APP]).check(get(), false, true);
    let alone = namespace_policy("{principalBinding: USE_ORIGIN}");
    sides(&[APP, &alone], &[APP]).check(get(), true, true);
}

#[test]
fn other_keys_locations_and_audiences_are_seen() {
    let changed = |from: &str, to: &str| {
        let request = REQUEST.replace(from, to);
        sides(&[APP, &jwt_policy("")], &[APP, &request, &deny("")]).http().outcome
    };
    assert_eq!(changed("https://keys", "https://other"), Outcome::Different);
    assert_eq!(changed("forward", "fromHeaders: [{name: x-jwt}], forward"), Outcome::Different);
    assert_eq!(changed("forward", "audiences: [a], forward"), Outcome::Narrower);
    assert_eq!(changed("issuer: iss", "issuer: other"), Outcome::Narrower);
}

#[test]
fn authn_j23_a_mesh_policy_without_keys_verified_nothing() {
    let old = mesh_policy("{peers: [{mtls: {mode: PERMISSIVE}}], origins: [{jwt: {issuer: iss}}]}");
    let new =
        REQUEST.replace("jwksUri: \"https://keys\", ", "").replace("namespace: default", "namespace: istio-system");
    assert_eq!(sides(&[APP, &old], &[APP, &new, &deny("")]).http().outcome, Outcome::Wider);
}

#[test]
fn claims_become_visible_on_paths_that_were_not_triggered() {
    let old = triggered("[{includedPaths: [{prefix: /admin/}]}]");
    let granted = role("[{services: ['*']}]", "[{group: g}]");
    let allow = policy("new", "{rules: [{when: [{key: 'request.auth.claims[groups]', values: [g]}]}]}");
    let sides =
        sides(&[APP, INCLUDED, &old, &granted], &[APP, REQUEST, DENY_DEFAULT, &allow, &deny("paths: ['/admin/*']")]);
    sides.check(token().claim("groups", "g"), false, true);
    assert_eq!(sides.http().outcome, Outcome::Wider);
}

#[test]
fn use_peer_makes_the_request_principal_the_peer() {
    let granted = role("[{services: ['*']}]", "[{properties: {request.auth.principal: '*'}}]");
    let policy = namespace_policy("{peers: [{mtls: {mode: PERMISSIVE}}]}");
    let sides = sides(&[APP, INCLUDED, &policy, &granted], &[APP]);
    sides.check(get().peer(X), true, true);
    sides.check(get(), false, true);
}

#[test]
fn a_jwt_peer_is_the_identity() {
    let policy = namespace_policy(&format!("{{peers: [{ORIGIN}]}}"));
    let granted = role("[{services: ['*']}]", "[{user: iss/me}]");
    let sides = sides(&[APP, INCLUDED, &policy, &granted], &[APP]);
    sides.check(token().with(Attribute::Subject, "me"), true, true);
    sides.check(token().with(Attribute::Subject, "you"), false, true);
    sides.check(get(), false, true);
}
