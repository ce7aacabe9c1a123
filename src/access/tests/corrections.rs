//! `meaning/rbac.md` Appendix C: what Istio's own compiled configurations corrected.

use super::*;
use crate::access::logic::attribute::Attribute;
use crate::mesh::Version;

/// The old side with one role for `app`.
fn granted(rule: &str, subject: &str) -> Sides {
    let rules = format!("[{{services: ['*']{rule}}}]");
    sides(&[APP, INCLUDED, &role(&rules, &format!("[{{{subject}}}]"))], &[APP])
}

/// The new side with one policy beside the default denial.
fn modern(rule: &str) -> Sides {
    let spec = format!("{{rules: [{rule}]}}");
    sides(&[APP], &[APP, DENY_DEFAULT, &policy("new", &spec)])
}

fn get() -> Request {
    Request::http("GET", "/")
}

fn target(sides: Sides, version: Version) -> Sides {
    sides.settings(|settings| settings.target = version)
}

#[test]
fn c1_old_istio_never_matched_the_header_host() {
    for name in ["host", "Host", "HOST"] {
        let constraint =
            format!(", constraints: [{{key: 'request.headers[{name}]', values: ['service.example', '*']}}]");
        granted(&constraint, "user: '*'").check(get(), false, true);
        granted("", &format!("properties: {{'request.headers[{name}]': '*'}}")).check(get(), false, true);
    }
    let authority = ", constraints: [{key: 'request.headers[:authority]', values: ['service.example']}]";
    granted(authority, "user: '*'").check(get(), true, true);
}

#[test]
fn c1_current_istio_reads_the_header_host_as_the_authority() {
    let rule = "{when: [{key: 'request.headers[Host]', values: ['service.example']}]}";
    modern(rule).check(get(), true, true);
    target(modern(rule), Version::minor(5)).check(get(), true, false);
    let not = "{when: [{key: 'request.headers[host]', notValues: ['service.example']}]}";
    modern(not).check(get(), true, false);
    target(modern(not), Version::minor(5)).check(get(), true, true);
}

#[test]
fn c1_a_constraint_on_host_carried_over_is_wider() {
    let sides = sides(
        &[
            APP,
            INCLUDED,
            &role("[{services: ['*'], constraints: [{key: 'request.headers[host]', values: [h]}]}]", "[{user: '*'}]"),
        ],
        &[APP, DENY_DEFAULT, &policy("new", "{rules: [{when: [{key: 'request.headers[host]', values: [h]}]}]}")],
    );
    sides.expect(Outcome::Wider, &[]);
}

#[test]
fn c2_dry_run_is_what_go_reads_as_true() {
    let deny = |value: &str| {
        let policy = policy("new", "{action: DENY, rules: [{to: [{operation: {methods: [GET]}}]}]}").replace(
            "namespace: default}",
            &format!("namespace: default, annotations: {{istio.io/dry-run: '{value}'}}}}"),
        );
        sides(&[APP], &[APP, &policy])
    };
    for value in ["1", "t", "T", "TRUE", "true", "True"] {
        deny(value).check(get(), true, true);
        target(deny(value), Version::minor(9)).check(get(), true, false);
    }
    for value in ["yes", "tRUE", "on", "", "0"] {
        deny(value).check(get(), true, false);
    }
}

#[test]
fn c4_a_port_with_a_sign_is_no_port() {
    let constraint = |port: &str| format!(", constraints: [{{key: destination.port, values: ['{port}']}}]");
    granted(&constraint("+9999"), "user: '*'").check(get(), true, true);
    granted(&constraint("9999"), "user: '*'").check(get(), false, true);
    modern("{to: [{operation: {ports: ['+8080']}}]}").check(get(), true, false);
}

#[test]
fn c6_a_suffix_on_tcp_in_1_4_is_the_identity_it_spells_out() {
    let tcp = APP.replace("http", "tcp");
    let decide = |user: &str| {
        let role = role("[{services: ['*']}]", &format!("[{{user: '{user}'}}]"));
        sides(&[&tcp, INCLUDED, &role], &[&tcp]).on_1_4().decide(Some(8080), &Request::tcp().peer(X)).0
    };
    // Without a MeshPolicy 1.4 takes plaintext only, so this is asked of the RBAC filter alone.
    let mesh_policy = object(
        "authentication.istio.io/v1alpha1",
        "MeshPolicy",
        "",
        "default",
        "{peers: [{mtls: {mode: PERMISSIVE}}]}",
    );
    let with_mtls = |user: &str| {
        let role = role("[{services: ['*']}]", &format!("[{{user: '{user}'}}]"));
        sides(&[&tcp, INCLUDED, &mesh_policy, &role], &[&tcp]).on_1_4().decide(Some(8080), &Request::tcp().peer(X)).0
    };
    assert!(with_mtls(&format!("*{X}")), "the whole identity");
    assert!(!with_mtls("*/ns/web/sa/x") && !with_mtls("*/sa/x"), "E112");
    assert!(!decide("*/sa/x"));
}

#[test]
fn c8_addresses_of_ipv4_in_ipv6_form_were_ipv4() {
    let from = |ip: &str| get().with(Attribute::SourceIp, ip);
    let old = granted("", "ips: ['::ffff:10.1.2.3']");
    old.check(from("10.1.2.3"), true, true);
    old.check(from("10.1.2.4"), false, true);
    granted("", "ips: ['::ffff:10.0.0.0/104']").check(from("10.9.9.9"), true, true);
    let new = modern("{from: [{source: {ipBlocks: ['::ffff:10.1.2.3']}}]}");
    new.check(from("10.1.2.3"), true, false);
    modern("{from: [{source: {notIpBlocks: ['::ffff:10.1.2.3']}}]}").check(from("10.1.2.3"), true, true);
}

#[test]
fn c8_an_excluded_mapped_address_carried_over_is_wider() {
    let subjects = "[{user: '*', notIps: ['::ffff:10.1.2.3']}]";
    sides(
        &[APP, INCLUDED, &role("[{services: ['*']}]", subjects)],
        &[APP, DENY_DEFAULT, &policy("new", "{rules: [{from: [{source: {notIpBlocks: ['::ffff:10.1.2.3']}}]}]}")],
    )
    .expect(Outcome::Wider, &[]);
}

#[test]
fn c8_a_path_with_a_fragment_is_not_called_equal() {
    sides(
        &[APP, INCLUDED, &role("[{services: ['*'], notPaths: ['/a#b']}]", "[{user: '*'}]")],
        &[
            APP,
            DENY_DEFAULT,
            &policy("new", "{rules: [{when: [{key: 'request.headers[:path]', notValues: ['/a#b']}]}]}"),
        ],
    )
    .expect(Outcome::Wider, &[]);
}

#[test]
fn c8_claims_without_a_name_never_match() {
    let rule = "{when: [{key: request.auth.claims, values: ['*']}]}";
    modern(rule).check(get(), true, false);
    let not = "{when: [{key: request.auth.claims, notValues: ['*']}]}";
    modern(not).check(get(), true, true);
    // What old Istio made of it is not certain: both readings are compared.
    let subjects = format!("[{{user: {X}, properties: {{request.auth.claims: v}}}}]");
    sides(&[APP, INCLUDED, &role("[{services: ['*']}]", &subjects)], &[APP, DENY_DEFAULT])
        .expect(Outcome::Narrower, &[]);
}

#[test]
fn c9_service_accounts_and_trust_domains_restrict() {
    let by_account = modern("{from: [{source: {serviceAccounts: ['web/x']}}]}");
    by_account.check(get().peer(X), true, true);
    by_account.check(get().peer(Y), true, false);
    by_account.check(get(), true, false);
    let by_domain = modern("{from: [{source: {trustDomains: ['cluster.*']}}]}");
    by_domain.check(get().peer(X), true, true);
    by_domain.check(get().peer("other/ns/web/sa/x"), true, false);
    by_domain.check(get(), true, false);
    let not = modern("{from: [{source: {notTrustDomains: [other]}}]}");
    not.check(get().peer(X), true, true);
    not.check(get().peer("other/ns/web/sa/x"), true, false);
    let when =
        modern("{when: [{key: source.trustDomain, values: [other]}, {key: source.serviceAccount, values: ['web/x']}]}");
    when.check(get().peer("other/ns/web/sa/x"), true, true);
    when.check(get().peer(X), true, false);
}

#[test]
fn c9_a_policy_with_a_trust_domain_only_is_not_open() {
    sides(
        &[APP, INCLUDED, &role("[{services: ['*']}]", "[{user: '*'}]")],
        &[APP, &policy("new", "{rules: [{from: [{source: {trustDomains: [td]}}]}]}")],
    )
    .expect(Outcome::Narrower, &[]);
    // A release that does not know the field may have lost it.
    let open = sides(&[APP, INCLUDED], &[APP, &policy("new", "{rules: [{from: [{source: {trustDomains: [td]}}]}]}")]);
    assert_eq!(target(open, Version::minor(20)).http().outcome, Outcome::Wider);
}

/// A MeshPolicy-like Policy and a RequestAuthentication that both verify tokens of `iss`.
const TOKENS_OLD: &str = "apiVersion: authentication.istio.io/v1alpha1\nkind: Policy\nmetadata: {name: default, namespace: default}\n\
    spec: {peers: [{mtls: {mode: PERMISSIVE}}], origins: [{jwt: {issuer: iss, jwksUri: 'https://keys'}}], originIsOptional: true}";
const TOKENS_NEW: &str = "apiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {name: jwt, namespace: default}\n\
    spec: {jwtRules: [{issuer: iss, jwksUri: 'https://keys'}]}";

/// A group on both sides.
fn groups(old: &str, new: &str) -> Sides {
    let when = format!("{{rules: [{{when: [{{key: 'request.auth.claims[groups]', {new}}}]}}]}}");
    sides(
        &[APP, INCLUDED, TOKENS_OLD, &role("[{services: ['*']}]", &format!("[{{{old}}}]"))],
        &[APP, DENY_DEFAULT, TOKENS_NEW, &policy("new", &when)],
    )
}

fn with_groups(groups: &[&str]) -> Request {
    let request = get().token("iss", &crate::access::worlds::jwt::key_name("", "https://keys", "iss"));
    groups.iter().fold(request, |request, group| request.claim("groups", group))
}

#[test]
fn c3_the_forms_of_claims_are_relaxations_by_name() {
    let sides = groups("groups: [a]", "values: [a]");
    sides.expect(Outcome::Equal, &[Relaxation::ClaimForm, Relaxation::MixedClaimList]);
    let strict = sides.at(8080, Transport::Http, true);
    assert_eq!(strict.outcome, Outcome::Different);
    let shown = |witness: Option<crate::access::Witness>| witness.map(|w| w.request).unwrap_or_default();
    let claim = |value: &str| ("token claim groups".to_owned(), value.to_owned());
    assert!(shown(strict.wider).contains(&claim("[\"a\", 1]")));
    assert!(shown(strict.narrower).contains(&claim("\"a another\", one string")));
}

#[test]
fn c3_e80_a_claim_of_one_text_is_split_by_old_istio_only() {
    let spaced =
        with_groups(&["a", "b"]).with(Attribute::Spaced("groups".into()), crate::access::logic::attribute::YES);
    groups("groups: [a]", "values: [a]").check(spaced.clone(), true, false);
    groups("groups: [a], ", "values: ['*']").check(spaced, true, true);
}

#[test]
fn c3_e132_a_list_with_a_number_is_seen_by_current_istio_only() {
    let mixed = with_groups(&["a"]).with(Attribute::Mixed("groups".into()), crate::access::logic::attribute::YES);
    groups("groups: [a]", "values: [a]").check(mixed.clone(), false, true);
    groups("groups: ['*']", "values: ['*']").check(mixed, false, true);
    groups("groups: [a]", "values: [a]").check(with_groups(&["a"]), true, true);
}

#[test]
fn c3_what_splitting_excluded_is_no_relaxation() {
    // `notGroups` excluded the words of a text; the new form lets them in.
    let sides = groups("user: '*', notGroups: [a]", "notValues: [a]");
    assert_eq!(sides.http().outcome, Outcome::Wider);
}
