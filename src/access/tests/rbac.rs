//! Edge cases of `meaning/rbac.md` §8 whose decision is stated.

use super::*;
use crate::access::logic::attribute::Attribute;

/// Nothing on the new side but the Service: it allows everything.
fn old(documents: &[&str]) -> Sides {
    sides(documents, &[APP])
}

/// The old side with one role for `app` and these subjects.
fn granted(rules: &str, subjects: &str) -> Sides {
    old(&[APP, INCLUDED, &role(rules, subjects)])
}

/// The new side alone, with one policy.
fn modern(spec: &str) -> Sides {
    sides(&[APP], &[APP, &policy("new", spec)])
}

const ANY_RULE: &str = "[{services: ['*']}]";

fn get() -> Request {
    Request::http("GET", "/")
}

#[test]
fn e01_without_a_config_roles_do_nothing() {
    old(&[APP, &role(ANY_RULE, "[{user: nobody}]")]).check(get(), true, true);
}

#[test]
fn e05_e06_rbac_on_without_roles_denies() {
    old(&[APP, INCLUDED]).check(get().peer(X), false, true);
}

#[test]
fn e08_inclusion_is_plain_equality() {
    let config = |service: &str| INCLUDED.replace("namespaces: [default]", &format!("services: ['{service}']"));
    old(&[APP, &config("app")]).check(get(), true, true);
    old(&[APP, &config("*.default.svc.cluster.local")]).check(get(), true, true);
    old(&[APP, &config("app.default.svc.cluster.local")]).check(get(), false, true);
}

#[test]
fn e15_global_permissive_only_logs() {
    old(&[APP, &INCLUDED.replace("mode:", "enforcementMode: PERMISSIVE, mode:")]).check(get(), true, true);
}

#[test]
fn e23_e24_short_and_foreign_names_grant_nothing() {
    for service in ["app", "app.other.svc.cluster.local", "*-suffix"] {
        granted(&format!("[{{services: ['{service}']}}]"), "[{user: '*'}]").check(get(), false, true);
    }
    granted("[{services: ['*.default.svc.cluster.local']}]", "[{user: '*'}]").check(get(), true, true);
}

#[test]
fn e38_destination_port_is_the_container_port() {
    let rules =
        |port: &str| format!("[{{services: ['*'], constraints: [{{key: destination.port, values: ['{port}']}}]}}]");
    granted(&rules("80"), "[{user: '*'}]").check(get(), false, true);
    granted(&rules("8080"), "[{user: '*'}]").check(get(), true, true);
    granted(&rules("80-90"), "[{user: '*'}]").check(get(), true, true);
}

#[test]
fn e42_rules_and_subjects_are_a_cross_product() {
    let sides = granted(
        "[{services: ['*'], methods: [GET]}, {services: ['*'], methods: [POST]}]",
        &format!("[{{user: {X}}}, {{user: {Y}}}]"),
    );
    sides.check(Request::http("POST", "/").peer(X), true, true);
    sides.check(Request::http("GET", "/").peer(Y), true, true);
    sides.check(Request::http("PUT", "/").peer(Y), false, true);
}

#[test]
fn e43_e44_permissive_bindings_grant_nothing() {
    let permissive = role(ANY_RULE, &format!("[{{user: {X}}}]")).replace("roleRef:", "mode: PERMISSIVE, roleRef:");
    old(&[APP, INCLUDED, &permissive]).check(get().peer(X), false, true);
    let enforced = role(ANY_RULE, &format!("[{{user: {Y}}}]")).replace("name: binding", "name: enforced");
    let (_, binding) = enforced.split_once("---").expect("two documents");
    let sides = old(&[APP, INCLUDED, &permissive, binding]);
    sides.check(get().peer(X), false, true);
    sides.check(get().peer(Y), true, true);
}

#[test]
fn e48_an_authorization_policy_switches_the_old_kinds_off() {
    let existing =
        policy("existing", "{selector: {matchLabels: {app: app}}, rules: [{to: [{operation: {methods: [GET]}}]}]}");
    let sides = old(&[APP, INCLUDED, &existing]);
    sides.check(get(), true, true);
    sides.check(Request::http("POST", "/"), false, true);
}

#[test]
fn e49_user_star_needs_no_certificate() {
    granted(ANY_RULE, "[{user: '*'}]").check(get(), true, true);
    granted(ANY_RULE, "[{user: allUsers}]").check(get(), true, true);
    // E50: the code of 1.2 and later admits anyone here too.
    granted(ANY_RULE, "[{properties: {source.principal: '*'}}]").check(get(), true, true);
}

#[test]
fn e52_user_and_source_principal_are_both_needed() {
    let sides = granted(ANY_RULE, &format!("[{{user: {X}, properties: {{source.principal: {Y}}}}}]"));
    sides.check(get().peer(X), false, true);
    sides.check(get().peer(Y), false, true);
    granted(ANY_RULE, &format!("[{{user: {X}, properties: {{source.principal: '*'}}}}]")).check(
        get().peer(X),
        true,
        true,
    );
}

#[test]
fn e53_e54_special_names() {
    let authenticated = granted(ANY_RULE, "[{names: [allAuthenticatedUsers]}]");
    authenticated.check(get(), false, true);
    authenticated.check(get().peer(X), true, true);
    let unauthenticated = granted(ANY_RULE, "[{notNames: [allAuthenticatedUsers]}]");
    unauthenticated.check(get(), true, true);
    unauthenticated.check(get().peer(X), false, true);
    let nobody = granted(ANY_RULE, "[{notNames: [allUsers]}]");
    nobody.check(get(), false, true);
    nobody.check(get().peer(X), false, true);
}

/// A JWT policy on the namespace, so that claims exist.
const ORIGINS: &str = r#"
apiVersion: authentication.istio.io/v1alpha1
kind: Policy
metadata: {name: default, namespace: default}
spec: {peers: [{mtls: {mode: PERMISSIVE}}], origins: [{jwt: {issuer: iss, jwksUri: "https://keys"}}], originIsOptional: true, principalBinding: USE_ORIGIN}
"#;

fn with_token(subjects: &str) -> Sides {
    old(&[APP, INCLUDED, ORIGINS, &role(ANY_RULE, subjects)])
}

fn token() -> Request {
    get().token("iss", "keys of https://keys")
}

#[test]
fn e55_e56_group_is_the_claim_groups() {
    let sides = with_token("[{group: admins}]");
    sides.check(token().claim("groups", "admins"), true, true);
    sides.check(token().claim("groups", "users").claim("groups", "admins"), true, true);
    sides.check(token().claim("group", "admins"), false, true);
    sides.check(get(), false, true);
    let any = with_token("[{group: '*'}]");
    any.check(token().claim("groups", "x"), true, true);
    any.check(token(), false, true);
    any.check(get(), false, true);
}

#[test]
fn e57_e76_request_auth_principal_is_issuer_and_subject() {
    let any = with_token("[{properties: {request.auth.principal: '*'}}]");
    any.check(token().with(Attribute::Subject, "me"), true, true);
    any.check(token(), false, true);
    any.check(get(), false, true);
    with_token("[{properties: {request.auth.principal: iss/a/b}}]").check(
        token().with(Attribute::Subject, "a/b"),
        true,
        true,
    );
}

#[test]
fn e58_to_e60_namespaces() {
    let any = granted(ANY_RULE, "[{properties: {source.namespace: '*'}}]");
    any.check(get(), false, true);
    any.check(get().peer(X), true, true);
    let others = granted(ANY_RULE, "[{notNamespaces: [web]}]");
    others.check(get(), true, true);
    others.check(get().peer(X), false, true);
    granted(ANY_RULE, &format!("[{{names: [{X}]}}]")).check(get().peer(Y), false, true);
}

#[test]
fn e61_e62_unknown_properties_never_match() {
    for property in ["service: reviews", "connection.sni: x", "destination.ip: 10.0.0.7"] {
        granted(ANY_RULE, &format!("[{{user: '*', properties: {{{property}}}}}]")).check(get(), false, true);
    }
}

#[test]
fn e63_source_user_knows_no_special_values() {
    granted(ANY_RULE, "[{properties: {source.user: allUsers}}]").check(get().peer(X), false, true);
    let any = granted(ANY_RULE, "[{properties: {source.user: '*'}}]");
    any.check(get().peer(X), true, true);
    any.check(get(), false, true);
}

const DATABASE: &str = r#"
apiVersion: v1
kind: Service
metadata: {name: app, namespace: default}
spec: {selector: {app: app}, ports: [{name: tcp, port: 3306, targetPort: 3306}]}
"#;

/// The old decision about a TCP connection to the database.
fn tcp(rules: &str, subjects: &str, request: &Request) -> bool {
    sides(&[DATABASE, INCLUDED, &role(rules, subjects)], &[DATABASE]).decide(Some(3306), request).0
}

#[test]
fn e63_e64_http_only_content_grants_nothing_on_tcp() {
    let x = Request::tcp().peer(X);
    let user = format!("[{{user: {X}}}]");
    assert!(tcp(ANY_RULE, &user, &x));
    assert!(!tcp("[{services: ['*'], methods: ['*']}]", &user, &x), "E64");
    assert!(!tcp(ANY_RULE, &format!("[{{properties: {{source.user: {X}}}}}]"), &x), "E63");
    assert!(!tcp("[{services: ['*'], constraints: [{key: ':path', values: ['/a*']}]}]", &user, &x), "E120");
    assert!(!tcp("[{services: ['*'], constraints: [{key: request.headers, values: [v]}]}]", &user, &x), "E108");
    assert!(tcp("[{services: ['*'], methods: [GET]}, {services: ['*'], ports: [3306]}]", &user, &x), "E109");
    assert!(tcp(ANY_RULE, &format!("[{{group: g}}, {{user: {X}}}]"), &x), "E110");
}

#[test]
fn e70_e112_e121_identities_on_tcp_before_1_5() {
    let peer = |namespace: &str| Request::tcp().peer(&format!("cluster.local/ns/{namespace}/sa/b"));
    let old = |subjects: &str, request: &Request| {
        let policy = object("authentication.istio.io/v1alpha1", "MeshPolicy", "", "default", "{peers: [{mtls: {}}]}");
        let sides = sides(&[DATABASE, INCLUDED, &policy, &role(ANY_RULE, subjects)], &[DATABASE]).on_1_4();
        sides.decide(Some(3306), request).0
    };
    assert!(!old("[{user: '*/ns/a/sa/b'}]", &peer("a")), "E112");
    assert!(tcp(ANY_RULE, "[{user: '*/ns/a/sa/b'}]", &peer("a")), "E112 on 1.5");
    assert!(
        !old("[{namespaces: ['prod-*']}]", &peer("prod-x")) && old("[{namespaces: ['prod-*']}]", &peer("prod")),
        "E70"
    );
    assert!(tcp(ANY_RULE, "[{namespaces: ['prod-*']}]", &peer("prod-x")), "E70 on 1.5");
    assert!(old("[{namespaces: ['*']}]", &peer("any")), "E121");
}

#[test]
fn e65_ignored_conditions_are_not_conditions_but_alone_are_nobody() {
    granted(ANY_RULE, &format!("[{{user: {X}, properties: {{source.ip: bad}}}}]")).check(get().peer(X), true, true);
    granted(ANY_RULE, "[{properties: {source.ip: bad}}]").check(get().peer(X), false, true);
    granted(ANY_RULE, "[{properties: {request.auth.claims: v}}]").check(get().peer(X), false, true);
}

#[test]
fn e66_invalid_addresses_are_dropped() {
    let sides = granted(ANY_RULE, "[{ips: [bad, 10.0.0.0/8]}]");
    sides.check(get().with(Attribute::SourceIp, "10.1.1.1"), true, true);
    sides.check(get(), false, true);
}

#[test]
fn e69_a_nested_claim_was_never_there() {
    with_token("[{properties: {'request.auth.claims[a][b]': v}}]").check(token().claim("a][b", "v"), false, true);
}

#[test]
fn e72_e73_trust_domain_aliases() {
    let aliased = |subjects: &str| {
        granted(ANY_RULE, subjects).settings(|settings| {
            settings.trust_domain = "td1".to_owned();
            settings.trust_domain_aliases = vec!["td0".to_owned()];
        })
    };
    let (a, b, c) = ("td1/ns/a/sa/b", "td0/ns/a/sa/b", "cluster.local/ns/a/sa/b");
    let user = aliased(&format!("[{{user: {c}}}]"));
    for (peer, old) in [(a, true), (b, true), (c, false)] {
        user.check(get().peer(peer), old, true);
    }
    // `names` were not expanded, principals are.
    let named = aliased(&format!("[{{names: [{c}]}}]"));
    for (peer, old) in [(a, false), (b, false), (c, true)] {
        named.check(get().peer(peer), old, true);
    }
    let new = policy("new", &format!("{{rules: [{{from: [{{source: {{principals: [{c}]}}}}]}}]}}"));
    let both = |subjects: &str| {
        sides(&[APP, INCLUDED, &role(ANY_RULE, subjects)], &[APP, DENY_DEFAULT, &new]).settings(|settings| {
            settings.trust_domain = "td1".to_owned();
            settings.trust_domain_aliases = vec!["td0".to_owned()];
        })
    };
    both(&format!("[{{user: {c}}}]")).expect(Outcome::Equal, &[]);
    both(&format!("[{{names: [{c}]}}]")).expect(Outcome::Different, &[]);
}

#[test]
fn e74_a_scheme_in_the_user_never_matches() {
    granted(ANY_RULE, &format!("[{{user: 'spiffe://{X}'}}]")).check(get().peer(X), false, true);
}

#[test]
fn e79_the_first_audience_only() {
    let sides = sides(
        &[APP, INCLUDED, ORIGINS, &role(ANY_RULE, "[{properties: {request.auth.audiences: b}}]")],
        &[
            APP,
            DENY_DEFAULT,
            &object(
                "security.istio.io/v1",
                "RequestAuthentication",
                "default",
                "jwt",
                "{jwtRules: [{issuer: iss, jwksUri: 'https://keys'}]}",
            ),
            &policy("new", "{rules: [{when: [{key: request.auth.audiences, values: [b]}]}]}"),
        ],
    );
    let two = token().with(Attribute::Audience, "a").with(Attribute::OtherAudiences, "b");
    sides.check(two, false, true);
    let one = token().with(Attribute::Audience, "b");
    sides.check(one, true, true);
    assert_eq!(sides.http().outcome, Outcome::Wider);
}

#[test]
fn e80_not_groups_is_wider_for_a_string_claim_with_spaces() {
    let outcome = |subject: &str, values: &str, jwt: &str| {
        let request = format!("{{jwtRules: [{{issuer: iss, jwksUri: 'https://keys'{jwt}}}]}}");
        let ra = object("security.istio.io/v1", "RequestAuthentication", "default", "jwt", &request);
        let new = policy(
            "new",
            &format!("{{rules: [{{when: [{{key: 'request.auth.claims[groups]', {values}: [admin]}}]}}]}}"),
        );
        let old = role(ANY_RULE, &format!("[{{{subject}: [admin]}}]"));
        sides(&[APP, INCLUDED, ORIGINS, &old], &[APP, DENY_DEFAULT, &ra, &new]).http().outcome
    };
    assert_eq!(outcome("groups", "values", ""), Outcome::Equal);
    assert_eq!(outcome("notGroups", "notValues", ""), Outcome::Wider);
    assert_eq!(outcome("notGroups", "notValues", ", spaceDelimitedClaims: [groups]"), Outcome::Equal);
}

#[test]
fn e93_a_header_star_asks_for_the_header() {
    let sides =
        granted("[{services: ['*'], constraints: [{key: 'request.headers[x-id]', values: ['*']}]}]", "[{user: '*'}]");
    sides.check(get(), false, true);
    sides.check(get().header("X-Id", "1"), true, true);
}

#[test]
fn e95_e98_e99_static_constraints() {
    let rule = |key: &str, value: &str| {
        granted(
            &format!("[{{services: ['*'], constraints: [{{key: '{key}', values: ['{value}']}}]}}]"),
            "[{user: '*'}]",
        )
    };
    rule("version", "v1").check(get(), true, true);
    rule("destination.namespace", "other").check(get(), false, true);
    rule("destination.namespace", "def*").check(get(), true, true);
    rule("destination.name", "app").check(get(), true, true);
    rule("destination.name", "web").check(get(), false, true);
    rule("destination.labels[app]", "ap*").check(get(), true, true);
    rule("destination.labels[app]", "web").check(get(), false, true);
    rule("destination.labels[version]", "*").check(get(), false, true);
}

#[test]
fn e104_the_last_of_two_equal_keys_counts() {
    let sides = granted(
        "[{services: ['*'], constraints: [{key: 'request.headers[h]', values: ['x']}, {key: 'request.headers[h]', values: ['y']}]}]",
        "[{user: '*'}]",
    );
    sides.check(get().header("h", "x"), false, true);
    sides.check(get().header("h", "y"), true, true);
}

#[test]
fn e105_positive_and_negative_hosts_are_both_asked() {
    let sides = granted("[{services: ['*'], hosts: ['*.example'], notHosts: [service.example]}]", "[{user: '*'}]");
    sides.check(get(), false, true);
    sides.check(get().with(Attribute::Host, "other.example"), true, true);
}

#[test]
fn e106_sni_star_also_matches_without_a_name() {
    let rule = |value: &str| {
        granted(
            &format!("[{{services: ['*'], constraints: [{{key: connection.sni, values: ['{value}']}}]}}]"),
            "[{user: '*'}]",
        )
    };
    rule("*").check(get(), true, true);
    rule("*.x.com").check(get(), false, true);
    rule("*.x.com").check(get().with(Attribute::Sni, "a.x.com"), true, true);
    modern("{rules: [{when: [{key: connection.sni, values: ['*']}]}]}").check(get(), true, false);
}

#[test]
fn e107_metadata_of_other_filters() {
    let key = "experimental.envoy.filters.network.mysql_proxy[db.table]";
    let rules = format!("[{{services: ['*'], constraints: [{{key: '{key}', values: ['[update]']}}]}}]");
    let update = Request::tcp().with(Attribute::MetadataList("network.mysql_proxy[db.table]".into()), "update");
    assert!(tcp(&rules, "[{user: '*'}]", &update));
    assert!(!tcp(&rules, "[{user: '*'}]", &Request::tcp()));
}

#[test]
fn e108_a_malformed_header_key_is_ignored_on_http() {
    granted("[{services: ['*'], constraints: [{key: request.headers, values: [v]}]}]", "[{user: '*'}]").check(
        get(),
        true,
        true,
    );
}

#[test]
fn e111_grpc_is_http() {
    let sides = granted("[{services: ['*'], paths: ['/p.S/M'], methods: [GET]}]", "[{user: '*'}]");
    sides.check(Request::http("POST", "/p.S/M"), false, true);
}

#[test]
fn e116_dry_run_policies_deny_nothing() {
    let dry = policy("dry", "{}").replace("name: dry,", "name: dry, annotations: {istio.io/dry-run: 'true'},");
    sides(&[APP], &[APP, &dry]).check(get(), true, true);
}

#[test]
fn e117_a_deny_with_http_fields_denies_all_tcp() {
    let deny = policy("deny", "{action: DENY, rules: [{to: [{operation: {notPaths: [/ok]}}]}]}");
    let sides = sides(&[DATABASE], &[DATABASE, &deny]);
    assert_eq!(sides.decide(Some(3306), &Request::tcp()), (true, false));
}

#[test]
fn e118_principals_star_needs_an_identity() {
    let sides = modern("{rules: [{from: [{source: {principals: ['*']}}]}]}");
    sides.check(get(), true, false);
    sides.check(get().peer(X), true, true);
}

#[test]
fn e119_a_selector_in_the_root_namespace_reaches_every_namespace() {
    let root = object(
        "security.istio.io/v1",
        "AuthorizationPolicy",
        "istio-system",
        "root",
        "{selector: {matchLabels: {app: app}}}",
    );
    sides(&[APP], &[APP, &root]).check(get(), true, false);
}

#[test]
fn e126_roles_of_the_root_namespace_govern_only_it() {
    let root = role("[{services: ['app.default.svc.cluster.local']}]", "[{user: '*'}]")
        .replace("namespace: default", "namespace: istio-system");
    old(&[APP, INCLUDED, &root]).check(get(), false, true);
}

#[test]
fn e129_an_unnamed_port_was_tcp_and_is_sniffed_now() {
    let unnamed = APP.replace("name: http, ", "");
    let granted = role("[{services: ['*'], methods: [GET]}]", &format!("[{{user: {X}}}]"));
    let allow =
        format!("{{rules: [{{from: [{{source: {{principals: [{X}]}}}}], to: [{{operation: {{methods: [GET]}}}}]}}]}}");
    let sides = sides(&[&unnamed, INCLUDED, &granted], &[&unnamed, DENY_DEFAULT, &policy("new", &allow)]);
    sides.check(get().peer(X), false, true);
    assert_eq!(sides.at(8080, Transport::Http, false).outcome, Outcome::Wider);
    assert_eq!(sides.at(8080, Transport::Tcp, false).outcome, Outcome::Equal);
}

#[test]
fn e133_gateways_had_no_peer_identity() {
    let gateway = APP.replace("app: app", "istio: ingressgateway");
    let granted = role(ANY_RULE, &format!("[{{user: {X}}}]"));
    let allow = policy("new", &format!("{{rules: [{{from: [{{source: {{principals: [{X}]}}}}]}}]}}"));
    let sides = sides(&[&gateway, INCLUDED, &granted], &[&gateway, DENY_DEFAULT, &allow]);
    sides.check(get().peer(X), false, true);
}

#[test]
fn e134_without_an_authentication_policy_1_5_knows_the_peer_and_1_4_takes_plaintext() {
    let granted = || granted(ANY_RULE, &format!("[{{user: {X}}}]"));
    granted().check(get().peer(X), true, true);
    granted().on_1_4().check(get().peer(X), false, true);
}
