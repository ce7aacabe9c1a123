//! What ztunnel makes of policies (`meaning/surroundings.md` 4.3 to 4.9): the old side is a mesh without any.

use super::*;

const NAMESPACE: &str = r#"
apiVersion: v1
kind: Namespace
metadata: {name: default, labels: {istio.io/dataplane-mode: ambient}}
"#;

/// A new side with these policies, in an ambient namespace.
fn ambient(policies: &[String]) -> Sides {
    let mut new = vec![APP, NAMESPACE];
    new.extend(policies.iter().map(String::as_str));
    sides(&[APP, NAMESPACE], &new)
}

fn get(peer: Option<&str>) -> Request {
    let request = Request::http("GET", "/");
    match peer {
        Some(peer) => request.peer(peer),
        None => request,
    }
}

/// Whether GET requests of X, of Y and of nobody pass.
fn check(policies: &[String], expected: [bool; 3]) {
    let sides = ambient(policies);
    let found = [Some(X), Some(Y), None].map(|peer| sides.decide(Some(8080), &get(peer)).1);
    assert_eq!(found, expected, "{policies:?}");
}

fn spec(action: &str, rules: &str) -> [String; 1] {
    [policy("p", &format!("{{action: {action}, rules: [{rules}]}}"))]
}

fn peer(spec: &str) -> String {
    object("security.istio.io/v1", "PeerAuthentication", "default", "p", spec)
}

#[test]
fn connections_are_judged_by_peer_address_and_port() {
    check(&[], [true; 3]);
    check(&spec("ALLOW", &format!("{{from: [{{source: {{principals: [{X}]}}}}]}}")), [true, false, false]);
    check(&spec("ALLOW", "{from: [{source: {namespaces: [web]}}]}"), [true, true, false]);
    check(&spec("ALLOW", "{from: [{source: {notNamespaces: [web]}}]}"), [false, false, true]);
    check(&spec("ALLOW", "{to: [{operation: {ports: ['8080']}}]}"), [true; 3]);
    check(&spec("ALLOW", "{to: [{operation: {ports: ['80']}}]}"), [false; 3]);
    check(&spec("DENY", &format!("{{when: [{{key: source.principal, values: [{Y}]}}]}}")), [true, false, true]);
    check(&[policy("p", "{}")], [false; 3]);
    check(&spec("ALLOW", "{}"), [true; 3]);
}

#[test]
fn an_allow_rule_with_an_http_part_is_left_out() {
    let rule = format!("{{from: [{{source: {{principals: [{X}]}}}}], to: [{{operation: {{methods: [GET]}}}}]}}");
    check(&spec("ALLOW", &rule), [false; 3]);
    check(&spec("ALLOW", &format!("{rule}, {{from: [{{source: {{principals: [{Y}]}}}}]}}")), [false, true, false]);
    check(&spec("ALLOW", "{when: [{key: 'request.headers[x]', values: [a]}]}"), [false; 3]);
    check(&spec("ALLOW", "{from: [{source: {requestPrincipals: ['*']}}]}"), [false; 3]);
}

#[test]
fn a_deny_rule_loses_its_http_parts_and_is_off_when_an_entry_has_nothing_left() {
    // Only HTTP in `to`: off, with or without a source.
    check(&spec("DENY", "{to: [{operation: {methods: [GET]}}]}"), [true; 3]);
    let with_source = format!("{{from: [{{source: {{principals: [{X}]}}}}], to: [{{operation: {{methods: [GET]}}}}]}}");
    check(&spec("DENY", &with_source), [true; 3]);
    check(&spec("DENY", "{when: [{key: 'request.headers[x]', notValues: [a]}]}"), [true; 3]);
    // The port stays: every method is denied there.
    check(&spec("DENY", "{to: [{operation: {methods: [DELETE], ports: ['8080']}}]}"), [false; 3]);
    // One entry is stripped bare, the other counts.
    check(&spec("DENY", "{to: [{operation: {methods: [GET]}}, {operation: {ports: ['8080']}}]}"), [false; 3]);
}

#[test]
fn other_actions_tokens_and_dry_runs_are_not_sent() {
    check(&spec("CUSTOM, provider: {name: x}", "{}"), [true; 3]);
    check(&spec("AUDIT", "{}"), [true; 3]);
    let tokens = object("security.istio.io/v1", "RequestAuthentication", "default", "r", "{jwtRules: [{issuer: i}]}");
    let sides = ambient(&[tokens]);
    sides.check(get(None).bad_token(), true, true);
}

#[test]
fn only_strict_counts_among_the_modes() {
    check(&[peer("{mtls: {mode: STRICT}}")], [true, true, false]);
    check(&[peer("{mtls: {mode: DISABLE}}")], [true; 3]);
    let selected = |mtls: &str, port: &str| {
        peer(&format!("{{selector: {{matchLabels: {{app: app}}}}, {mtls} portLevelMtls: {{8080: {{mode: {port}}}}}}}"))
    };
    let strict = object("security.istio.io/v1", "PeerAuthentication", "istio-system", "s", "{mtls: {mode: STRICT}}");
    check(&[strict.clone(), selected("", "PERMISSIVE")], [true; 3]);
    check(&[strict.clone(), selected("", "DISABLE")], [true, true, false]);
    check(&[strict, selected("mtls: {mode: STRICT},", "DISABLE")], [true; 3]);
    check(&[selected("", "STRICT")], [true, true, false]);
}

#[test]
fn certificates_of_an_alias_are_refused() {
    let sides = ambient(&[]).settings(|settings| settings.trust_domain_aliases = vec!["old.domain".to_owned()]);
    sides.check(get(Some("old.domain/ns/web/sa/x")), true, false);
    sides.check(get(Some(X)), true, true);
}

#[test]
fn service_accounts_are_known_from_1_26_on() {
    let policies = spec("ALLOW", "{from: [{source: {serviceAccounts: [web/x]}}]}");
    for (minor, expected) in [(25, false), (26, true)] {
        let sides = ambient(&policies).settings(|settings| settings.target = crate::mesh::Version::minor(minor));
        sides.check(get(Some(X)), true, expected);
    }
}

#[test]
fn removing_a_denial_that_was_off_is_equal_and_putting_one_in_place_of_a_real_one_is_wider() {
    let (off, real) = (
        spec("DENY", "{to: [{operation: {methods: [GET]}}]}"),
        spec("DENY", &format!("{{from: [{{source: {{principals: [{X}]}}}}]}}")),
    );
    let compare = |old: &[String], new: &[String]| {
        let (old, new) = (ambient(old).new, ambient(new).new);
        let side = |mesh| Side { mesh, world: World::Target };
        let verdicts = prove(side(&old), side(&new), &Options { strict: false, budget: Budget::default() });
        verdicts.iter().find(|verdict| verdict.port == Some(8080)).map(|verdict| verdict.outcome)
    };
    assert_eq!(compare(&off, &[]), Some(Outcome::Equal));
    assert_eq!(compare(&real, &off), Some(Outcome::Wider));
}

#[test]
fn behind_a_waypoint_nothing_is_proved_unless_nothing_changed() {
    let waypoint = NAMESPACE.replace("ambient}", "ambient, istio.io/use-waypoint: w}");
    let allow = spec("ALLOW", &format!("{{from: [{{source: {{principals: [{X}]}}}}]}}"));
    let attached = |name: &str| {
        policy("w", &format!("{{targetRefs: [{{kind: Service, name: {name}}}], action: DENY, rules: [{{}}]}}"))
    };
    let compare = |namespace: &str, old: &[&str], new: &[&str]| {
        let mesh_of = |policies: &[&str]| mesh(&stream(&[&[APP, namespace], policies].concat()));
        let (old, new) = (mesh_of(old), mesh_of(new));
        let side = |mesh| Side { mesh, world: World::Target };
        let verdicts = prove(side(&old), side(&new), &Options { strict: false, budget: Budget::default() });
        verdicts.iter().find(|verdict| verdict.port == Some(8080)).map(|verdict| verdict.outcome)
    };
    let undecided = Some(Outcome::Undecided(0));
    assert_eq!(compare(&waypoint, &[&allow[0]], &[&allow[0]]), Some(Outcome::Equal));
    assert_eq!(compare(&waypoint, &[&allow[0]], &[&allow[0], &attached("app")]), undecided);
    assert_eq!(compare(NAMESPACE, &[&attached("app")], &[]), undecided);
    assert_eq!(compare(NAMESPACE, &[&attached("app")], &[&attached("other")]), undecided);
    assert_eq!(compare(NAMESPACE, &[&attached("app")], &[&attached("app")]), Some(Outcome::Equal));
}
