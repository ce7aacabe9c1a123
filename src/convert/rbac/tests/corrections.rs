//! `meaning/rbac.md` Appendix C: what Istio's own compiled configurations corrected.

use super::subjects::rules;
use super::*;
use crate::finding::catalogue::rbac as codes;
use expect_test::expect;

fn rule(rule: &str, expected: Expect) {
    expected.assert_eq(&rules(&run(), &app(rule, X)));
}

fn subject(subject: &str, expected: Expect) {
    expected.assert_eq(&rules(&run(), &app("", subject)));
}

#[test]
fn c1_a_constraint_on_the_header_host_grants_nothing() {
    rule(
        r#"constraints: [{key: "request.headers[host]", values: [a]}]"#,
        expect![[r#"
        warning host-header-never-matched none
    "#]],
    );
    rule(
        r#"constraints: [{key: "request.headers[HOST]", values: ["*"]}, {key: destination.port, values: ["8080"]}]"#,
        expect![[r#"
            warning host-header-never-matched none
        "#]],
    );
}

#[test]
fn c1_a_property_on_the_header_host_drops_the_subject() {
    subject(
        r#"{user: x, properties: {"request.headers[Host]": a}}"#,
        expect![[r#"
        warning host-header-never-matched none
    "#]],
    );
}

#[test]
fn c1_the_authority_is_written_where_that_is_asked_for() {
    let run = run().allow(codes::HOST_HEADER_NEVER_MATCHED);
    let yaml = app(r#"constraints: [{key: "request.headers[host]", values: [a]}]"#, X);
    expect![[r#"
        {from: [{source: {principals: [cluster.local/ns/a/sa/x]}}], when: [{key: request.headers[:authority], values: [a]}]}
        warning host-header-never-matched wider
    "#]].assert_eq(&rules(&run, &yaml));
}

#[test]
fn c2_a_dry_run_policy_was_enforced_by_old_istio() {
    let policy = "{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: p, namespace: default, annotations: {istio.io/dry-run: 'T'}}, spec: {selector: {matchLabels: {app: app}}, rules: [{}]}}";
    run().check(
        &format!("{policy}\n---\n{}", app("", X)),
        expect![[r#"
        error dry-run-was-enforced@1 wider
        refused default
        refused r
        refused bind-r
    "#]],
    );
}

#[test]
fn c4_a_port_with_a_sign_is_ignored() {
    rule(
        r#"constraints: [{key: destination.port, values: ["+8080"]}]"#,
        expect![[r#"
        {from: [{source: {principals: [cluster.local/ns/a/sa/x]}}]}
        warning ignored-constraint none
    "#]],
    );
}

#[test]
fn c6_an_identity_pattern_of_1_4_says_what_it_loses_on_tcp() {
    let run = run().with(|run| run.build.settings.source = crate::mesh::SourceRelease::V1_4);
    let yaml = |subject: &str| format!("{MESH_POLICY}---\n{}", app("", subject).replace("name: http,", "name: tcp,"));
    expect![[r#"
        {from: [{source: {principals: [*cluster.local/ns/a/sa/x]}}], to: [{operation: {methods: [*]}}]}
        warning identity-pattern-on-tcp narrower
    "#]]
    .assert_eq(&rules(&run, &yaml(r#"{user: "*cluster.local/ns/a/sa/x"}"#)));
    expect![[r#"
        {from: [{source: {principals: [*/ns/a/sa/x]}}], to: [{operation: {methods: [*]}}]}
    "#]]
    .assert_eq(&rules(&run, &yaml(r#"{user: "*/ns/a/sa/x"}"#)));
    expect![[r#"
        {from: [{source: {notPrincipals: [*/ns/a/sa/x]}}], to: [{operation: {methods: [*]}}]}
        warning identity-pattern-on-tcp narrower
    "#]]
    .assert_eq(&rules(&run, &yaml(r#"{notNames: ["*/ns/a/sa/x"]}"#)));
}

#[test]
fn c8_mapped_addresses_become_ipv4() {
    subject(
        r#"{ips: ["::ffff:10.1.2.3"], notIps: ["::ffff:10.0.0.0/104"]}"#,
        expect![[r#"
        {from: [{source: {ipBlocks: [10.1.2.3], notIpBlocks: [10.0.0.0/8]}}]}
    "#]],
    );
    subject(
        r#"{ips: ["::ffff:10.0.0.0/24"]}"#,
        expect![[r#"
        {from: [{source: {ipBlocks: [10.0.0.0/24]}}]}
        warning mapped-address-length none
    "#]],
    );
    subject(
        r#"{ips: ["::ffff:10.0.0.0/64"]}"#,
        expect![[r#"
        error mapped-address-length wider
    "#]],
    );
    rule(
        r#"constraints: [{key: destination.ip, values: ["::ffff:10.1.2.3"]}]"#,
        expect![[r#"
        {from: [{source: {principals: [cluster.local/ns/a/sa/x]}}], when: [{key: destination.ip, values: [10.1.2.3]}]}
    "#]],
    );
}

#[test]
fn c8_paths_with_a_fragment_are_said() {
    rule(
        "paths: ['/a#b']",
        expect![[r#"
        {from: [{source: {principals: [cluster.local/ns/a/sa/x]}}], when: [{key: request.headers[:path], values: [/a#b]}]}
        warning fragment-in-path narrower
    "#]],
    );
    rule(
        "notPaths: ['/a#b']",
        expect![[r#"
        error fragment-in-path wider
    "#]],
    );
}

#[test]
fn c8_a_property_about_claims_without_a_name_drops_the_subject() {
    subject(
        "{user: x, properties: {request.auth.claims: v}}",
        expect![[r#"
        warning claims-without-name narrower
        error role-cannot-be-expressed narrower
    "#]],
    );
    subject(
        "{properties: {request.auth.claims: v}}",
        expect![[r#"
        warning claims-without-name none
    "#]],
    );
}

#[test]
fn c3_strict_accepts_no_form_of_claims() {
    let strict = || run().with(|run| run.options.strict = true);
    let yaml = app("", "{groups: [a]}");
    expect![[r#"
        {to: [{operation: {notPorts: [8080]}}]}
        error claim-form narrower
        error mixed-claim-list wider
    "#]]
    .assert_eq(&rules(&strict(), &yaml));
    expect![[r#"
        {to: [{operation: {notPorts: [8080]}}]}
        {when: [{key: request.auth.claims[groups], values: [a]}]}
        warning claim-form narrower
        warning mixed-claim-list wider
    "#]]
    .assert_eq(&rules(&strict().allow(codes::CLAIM_FORM).allow(codes::MIXED_CLAIM_LIST), &yaml));
    expect![[r#"
        {when: [{key: request.auth.claims[groups], values: [a]}]}
        note claim-form narrower
    "#]]
    .assert_eq(&rules(&run(), &yaml));
}

#[test]
fn c3_e80_a_value_with_a_space_was_equal_to_no_word() {
    subject(
        "{groups: [\"a b\"]}",
        expect![[r#"
        note claim-form narrower
        error claim-with-space wider
    "#]],
    );
}
