use super::*;
use crate::finding::catalogue::rbac as codes;
use crate::mesh::SourceRelease;
use expect_test::expect;

/// The rules of the one role in the default world, on one line each, and the findings.
fn check(subject: &str, expected: Expect) {
    check_run(&run(), "", subject, expected);
}

fn check_run(run: &Run, rule: &str, subject: &str, expected: Expect) {
    expected.assert_eq(&rules(run, &app(rule, subject)));
}

pub(super) fn rules(run: &Run, yaml: &str) -> String {
    let (_, part) = run.convert(yaml);
    let mut text = String::new();
    for draft in part.drafts.iter().filter(|draft| !draft.name.starts_with("default-deny")) {
        let Tree::Map(spec) = &draft.spec else { continue };
        let Some((_, _, Tree::Seq(rules))) = spec.iter().find(|(_, key, _)| key == "rules") else { continue };
        rules.iter().for_each(|(_, rule)| writeln!(text, "{}", flow(rule)).expect("text"));
    }
    for finding in part.ledger.findings() {
        writeln!(text, "{} {} {}", finding.severity.word(), finding.code, finding.direction.word()).expect("text");
    }
    text
}

/// A tree on one line.
fn flow(tree: &Tree) -> String {
    match tree {
        Tree::Scalar(value) => value.to_string().replace('"', ""),
        Tree::Seq(items) => format!("[{}]", items.iter().map(|(_, item)| flow(item)).collect::<Vec<_>>().join(", ")),
        Tree::Map(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|(_, key, value)| format!("{key}: {}", flow(value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

#[test]
fn e49_anyone_is_a_rule_without_source() {
    check(
        "{user: \"*\"}",
        expect![[r#"
        {}
    "#]],
    );
}

#[test]
fn e50_star_principal_is_authenticated_unless_told_otherwise() {
    let subject = "{properties: {source.principal: \"*\"}}";
    check(
        subject,
        expect![[r#"
        {from: [{source: {principals: [*]}}]}
        warning star-principal narrower
    "#]],
    );
    check_run(
        &run().with(|run| run.options.legacy_bug_compat = true),
        "",
        subject,
        expect![[r#"
        {}
    "#]],
    );
}

#[test]
fn e51_e52_e81_identities_are_anded() {
    check(
        "{user: x, properties: {source.principal: \"*\"}}",
        expect![[r#"
        {from: [{source: {principals: [x]}}]}
    "#]],
    );
    check(
        "{user: x, properties: {source.principal: z}}",
        expect![[r#"
        warning subject-matches-nobody none
    "#]],
    );
    check(
        "{user: x, names: [x, z]}",
        expect![[r#"
        {from: [{source: {principals: [x]}}]}
    "#]],
    );
    check(
        "{user: \"x*\", names: [xa, xb]}",
        expect![[r#"
        {from: [{source: {principals: [x*]}}], when: [{key: source.principal, values: [xa, xb]}]}
    "#]],
    );
}

#[test]
fn e53_e54_special_names() {
    check(
        "{names: [allUsers]}",
        expect![[r#"
        {}
    "#]],
    );
    check(
        "{names: [allAuthenticatedUsers]}",
        expect![[r#"
        {from: [{source: {principals: [*]}}]}
    "#]],
    );
    check(
        "{notNames: [allAuthenticatedUsers]}",
        expect![[r#"
        {from: [{source: {notPrincipals: [*]}}]}
    "#]],
    );
    check(
        "{notNames: [allUsers]}",
        expect![[r#"
        warning subject-matches-nobody none
    "#]],
    );
}

#[test]
fn e55_e56_e82_groups_are_the_claim_groups() {
    check(
        "{group: admins}",
        expect![[r#"
            {when: [{key: request.auth.claims[groups], values: [admins]}]}
            note claim-form narrower
        "#]],
    );
    check(
        "{group: \"*\"}",
        expect![[r#"
        {when: [{key: request.auth.claims[groups], values: [*]}]}
    "#]],
    );
    check(
        "{group: a, groups: [b, c]}",
        expect![[r#"
            {when: [{key: request.auth.claims[groups], values: [a]}, {key: request.auth.claims[groups], values: [b, c]}]}
            note claim-form narrower
        "#]],
    );
}

#[test]
fn e57_e76_e77_e78_request_principals() {
    check(
        "{properties: {request.auth.principal: \"*\"}}",
        expect![[r#"
        {from: [{source: {requestPrincipals: [*]}}]}
        warning request-principal-uncertain narrower
    "#]],
    );
    check(
        "{properties: {request.auth.principal: \"https://idp/x/y\"}}",
        expect![[r#"
        {when: [{key: request.auth.claims[iss], values: [https://idp]}, {key: request.auth.claims[sub], values: [x/y]}]}
        {when: [{key: request.auth.claims[iss], values: [https://idp/x]}, {key: request.auth.claims[sub], values: [y]}]}
        warning request-principal-uncertain narrower
    "#]],
    );
    check(
        "{properties: {request.auth.principal: \"https://idp*\"}}",
        expect![[r#"
        {when: [{key: request.auth.claims[iss], values: [https://idp*]}, {key: request.auth.claims[sub], values: [*]}]}
        warning request-principal-uncertain narrower
    "#]],
    );
    check(
        "{properties: {request.auth.principal: cluster.local/ns/a/sa/b}}",
        expect![[r#"
        {when: [{key: request.auth.claims[iss], values: [cluster.local]}, {key: request.auth.claims[sub], values: [ns/a/sa/b]}]}
        {when: [{key: request.auth.claims[iss], values: [cluster.local/ns]}, {key: request.auth.claims[sub], values: [a/sa/b]}]}
        {when: [{key: request.auth.claims[iss], values: [cluster.local/ns/a]}, {key: request.auth.claims[sub], values: [sa/b]}]}
        {when: [{key: request.auth.claims[iss], values: [cluster.local/ns/a/sa]}, {key: request.auth.claims[sub], values: [b]}]}
        warning request-principal-uncertain narrower
    "#]],
    );
}

#[test]
fn a_request_principal_under_use_peer_is_the_certificate() {
    let policy = "{apiVersion: authentication.istio.io/v1alpha1, kind: Policy, metadata: {name: default, namespace: default}, spec: {peers: [{mtls: {}}]}}\n";
    let yaml = format!("{}---\n{policy}", app("", "{properties: {request.auth.principal: cluster.local/ns/a/sa/b}}"));
    expect![[r#"
        {from: [{source: {principals: [cluster.local/ns/a/sa/b]}}], to: [{operation: {notMethods: [OPTIONS]}}]}
        {from: [{source: {principals: [cluster.local/ns/a/sa/b]}}], when: [{key: request.headers[origin], notValues: [*]}]}
        {from: [{source: {principals: [cluster.local/ns/a/sa/b]}}], when: [{key: request.headers[access-control-request-method], notValues: [*]}]}
        warning request-principal-was-peer none
    "#]]
    .assert_eq(&rules(&run(), &yaml));
}

#[test]
fn e58_e59_e60_namespaces_and_names() {
    check(
        "{properties: {source.namespace: \"*\"}}",
        expect![[r#"
        {from: [{source: {namespaces: [*]}}]}
    "#]],
    );
    check(
        "{names: [x]}",
        expect![[r#"
        {from: [{source: {principals: [x]}}]}
    "#]],
    );
    check(
        "{notNamespaces: [bad]}",
        expect![[r#"
        {from: [{source: {notNamespaces: [bad]}}]}
    "#]],
    );
}

#[test]
fn e61_e62_e69_properties_that_nothing_sets_drop_the_subject() {
    check(
        "{user: x, properties: {service: reviews}}",
        expect![[r#"
        warning unknown-property none
    "#]],
    );
    check(
        "{user: x, properties: {connection.sni: x}}",
        expect![[r#"
        warning unknown-property none
    "#]],
    );
    check(
        "{user: x, properties: {\"request.auth.claims[a][b]\": v}}",
        expect![[r#"
        warning unknown-property none
    "#]],
    );
}

#[test]
fn e63_source_user_is_http_only_and_knows_no_special_names() {
    check(
        "{properties: {source.user: x}}",
        expect![[r#"
        {from: [{source: {principals: [x]}}], to: [{operation: {methods: [*]}}]}
    "#]],
    );
    check(
        "{properties: {source.user: \"*\"}}",
        expect![[r#"
        {from: [{source: {principals: [*]}}], to: [{operation: {methods: [*]}}]}
    "#]],
    );
    check(
        "{properties: {source.user: allUsers}}",
        expect![[r#"
        warning subject-matches-nobody none
    "#]],
    );
}

#[test]
fn e65_e66_e67_unreadable_addresses() {
    check(
        "{user: x, properties: {source.ip: bad}}",
        expect![[r#"
        {from: [{source: {principals: [x]}}]}
        warning unreadable-address none
    "#]],
    );
    check(
        "{properties: {source.ip: bad}}",
        expect![[r#"
        warning unreadable-address none
        warning subject-matches-nobody none
    "#]],
    );
    check(
        "{ips: [bad, 10.0.0.0/8, 010.1.2.3]}",
        expect![[r#"
        {from: [{source: {ipBlocks: [10.0.0.0/8, 10.1.2.3]}}]}
        warning unreadable-address none
    "#]],
    );
    check(
        "{user: x, notIps: [bad]}",
        expect![[r#"
        error no-valid-not-ip wider
    "#]],
    );
}

#[test]
fn e68_a_malformed_key_is_true_beside_others_and_nobody_alone() {
    check(
        "{user: x, properties: {request.headers: v}}",
        expect![[r#"
        {from: [{source: {principals: [x]}}], to: [{operation: {methods: [*]}}]}
        warning malformed-key none
    "#]],
    );
    check(
        "{properties: {request.headers: v}}",
        expect![[r#"
        warning malformed-key none
        warning subject-matches-nobody none
    "#]],
    );
    check(
        "{user: \"*\", properties: {request.headers: v}}",
        expect![[r#"
        {to: [{operation: {methods: [*]}}]}
        warning malformed-key none
    "#]],
    );
}

#[test]
fn empty_brackets_are_refused() {
    check(
        "{user: x, properties: {\"request.auth.claims[]\": v}}",
        expect![[r#"
        error unreadable-brackets wider
    "#]],
    );
}

#[test]
fn e70_e71_namespaces_were_regular_expressions() {
    check(
        "{namespaces: [\"prod-*\"]}",
        expect![[r#"
        {from: [{source: {namespaces: [prod-*]}}]}
    "#]],
    );
    check(
        "{namespaces: [a.b]}",
        expect![[r#"
        error namespace-is-regex wider
    "#]],
    );
}

#[test]
fn e70_e112_patterns_that_1_4_never_matched_on_tcp_stay_off_tcp() {
    let old = run().with(|run| run.build.settings.source = SourceRelease::V1_4);
    let tcp = |subject: &str| {
        format!(
            "{MESH_POLICY}---\n{}---\n{}---\n{}---\n{}",
            include("namespaces: [default]"),
            service("db", "app: db", "{name: tcp, port: 3306}"),
            role("r", "{services: [db.default.svc.cluster.local]}"),
            binding("r", subject)
        )
    };
    expect![[r#"
        {from: [{source: {principals: [*/ns/a/sa/b]}}], to: [{operation: {methods: [*]}}]}
    "#]]
    .assert_eq(&rules(&old, &tcp("{user: \"*/ns/a/sa/b\"}")));
    expect![[r#"
        {from: [{source: {namespaces: [prod-*]}}], to: [{operation: {methods: [*]}}]}
        warning namespace-pattern-on-tcp narrower
    "#]]
    .assert_eq(&rules(&old, &tcp("{namespaces: [\"prod-*\"]}")));
    expect![[r#"
        {from: [{source: {principals: [*/ns/a/sa/b]}}]}
    "#]]
    .assert_eq(&rules(&run(), &tcp("{user: \"*/ns/a/sa/b\"}")));
}

#[test]
fn e72_e73_aliases_apply_to_names_now() {
    let aliased = run().with(|run| {
        run.build.settings.trust_domain = "td1".into();
        run.build.settings.trust_domain_aliases = vec!["td0".into()];
    });
    check_run(
        &aliased,
        "",
        "{user: cluster.local/ns/a/sa/b}",
        expect![[r#"
        {from: [{source: {principals: [cluster.local/ns/a/sa/b]}}]}
    "#]],
    );
    check_run(
        &aliased,
        "",
        "{names: [cluster.local/ns/a/sa/b]}",
        expect![[r#"
        error identity-now-expanded wider
    "#]],
    );
    check_run(
        &aliased,
        "",
        "{user: x, notNames: [td0/ns/a/sa/b]}",
        expect![[r#"
        {from: [{source: {principals: [x], notPrincipals: [td0/ns/a/sa/b]}}]}
        warning identity-now-expanded narrower
    "#]],
    );
}

#[test]
fn e74_an_identity_with_scheme_matches_nobody() {
    check(
        "{user: \"spiffe://cluster.local/ns/a/sa/b\"}",
        expect![[r#"
        warning identity-with-scheme none
        warning subject-matches-nobody none
    "#]],
    );
    check(
        "{names: [\"spiffe://cluster.local/ns/a/sa/b\", x]}",
        expect![[r#"
        {from: [{source: {principals: [x]}}]}
        warning identity-with-scheme none
    "#]],
    );
}

#[test]
fn e79_every_audience_counts_now() {
    check(
        "{properties: {request.auth.audiences: b}}",
        expect![[r#"
        error any-audience wider
    "#]],
    );
    check_run(
        &run().allow(codes::ANY_AUDIENCE),
        "",
        "{properties: {request.auth.audiences: b}}",
        expect![[r#"
        {when: [{key: request.auth.audiences, values: [b]}]}
        warning any-audience wider
    "#]],
    );
}

#[test]
fn e80_negated_groups_need_split_claims() {
    check(
        "{user: x, notGroups: [admin]}",
        expect![[r#"
        warning negated-claim narrower
        error role-cannot-be-expressed narrower
    "#]],
    );
    check_run(
        &run().allow(codes::NEGATED_CLAIM),
        "",
        "{user: x, notGroups: [admin]}",
        expect![[r#"
        {from: [{source: {principals: [x]}}], when: [{key: request.auth.claims[groups], notValues: [admin]}]}
        warning negated-claim narrower
    "#]],
    );
}

#[test]
fn a_header_property_and_a_header_constraint_both_hold() {
    check_run(
        &run(),
        "constraints: [{key: \"request.headers[x-id]\", values: [\"*\"]}]",
        "{properties: {\"request.headers[x-id]\": \"a*\"}}",
        expect![[r#"
            {when: [{key: request.headers[x-id], values: [*]}, {key: request.headers[x-id], values: [a*]}]}
        "#]],
    );
}

#[test]
fn a_role_whose_binding_was_refused_is_refused_too() {
    run().check(
        &app("", "{user: x, names: [\"*\"]}"),
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            error role-binding-refused@5 narrower
            refused r
            relaxations: undeclared-ports
        "#]],
    );
}

#[test]
fn e134_without_a_mesh_policy_1_4_knew_nobody() {
    let old = || run().with(|run| run.build.settings.source = SourceRelease::V1_4);
    let yaml = app("", X);
    old().check(
        &yaml,
        expect![[r#"
            error unknown-mesh-policy@1 wider
            refused default
            refused r
            refused bind-r
        "#]],
    );
    old().incomplete().check(
        &yaml,
        expect![[r#"
            error unknown-mesh-policy@1 wider
            refused default
            refused r
            refused bind-r
        "#]],
    );
    let closed = "{apiVersion: security.istio.io/v1beta1, kind: PeerAuthentication, metadata: {name: default, namespace: istio-system}, spec: {mtls: {mode: DISABLE}}}";
    for beside in [MESH_POLICY, closed] {
        let (_, part) = old().convert(&format!("{beside}\n---\n{yaml}"));
        assert!(part.ledger.refused().is_empty(), "{:?}", part.ledger.findings());
    }
}
