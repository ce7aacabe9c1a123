use super::subjects::rules;
use super::*;
use crate::mesh::SourceRelease;
use expect_test::expect;

fn check(rule: &str, expected: Expect) {
    expected.assert_eq(&rules(&run(), &app(rule, X)));
}

fn check_strict(rule: &str, expected: Expect) {
    expected.assert_eq(&rules(&run().with(|run| run.options.strict = true), &app(rule, X)));
}

fn constraint(key: &str, values: &str) -> String {
    format!("constraints: [{{key: \"{key}\", values: [{values}]}}]")
}

#[test]
fn e64_e85_stars_are_kept() {
    check(
        "methods: [\"*\"]",
        expect![[r#"
        {from: [{source: {principals: [cluster.local/ns/a/sa/x]}}], to: [{operation: {methods: [*]}}]}
    "#]],
    );
    check(
        "paths: [\"*\", /a]",
        expect![[r#"
        {from: [{source: {principals: [cluster.local/ns/a/sa/x]}}], to: [{operation: {paths: [*, /a]}}]}
    "#]],
    );
}

#[test]
fn e86_e87_e88_e130_paths_and_their_strict_forms() {
    check(
        "paths: [/a]",
        expect![[r#"
        {from: [{source: {principals: [cluster.local/ns/a/sa/x]}}], to: [{operation: {paths: [/a]}}]}
    "#]],
    );
    check_strict(
        "paths: [/a]",
        expect![[r#"
            {to: [{operation: {notPorts: [8080]}}]}
            {from: [{source: {principals: [cluster.local/ns/a/sa/x]}}], when: [{key: request.headers[:path], values: [/a]}]}
        "#]],
    );
    check(
        "paths: [\"*/b\"]",
        expect![[r#"
        {from: [{source: {principals: [cluster.local/ns/a/sa/x]}}], to: [{operation: {paths: [*/b]}}]}
    "#]],
    );
    check(
        "notPaths: [/admin]",
        expect![[r#"
        {from: [{source: {principals: [cluster.local/ns/a/sa/x]}}], to: [{operation: {notPaths: [/admin]}}]}
    "#]],
    );
    check_strict(
        "notPaths: [/admin]",
        expect![[r#"
            {to: [{operation: {notPorts: [8080]}}]}
            {from: [{source: {principals: [cluster.local/ns/a/sa/x]}}], when: [{key: request.headers[:path], notValues: [/admin]}]}
        "#]],
    );
    check(
        "notPaths: [\"/a?x=1\"]",
        expect![[r#"
        {from: [{source: {principals: [cluster.local/ns/a/sa/x]}}], when: [{key: request.headers[:path], notValues: [/a?x=1]}]}
    "#]],
    );
}

#[test]
fn e89_e90_e91_odd_paths() {
    check(
        "paths: [\"/a/{id}\"]",
        expect![[r#"
        {from: [{source: {principals: [cluster.local/ns/a/sa/x]}}], when: [{key: request.headers[:path], values: [/a/{id}]}]}
    "#]],
    );
    check(
        "paths: [\"/a/*/b\"]",
        expect![[r#"
        {from: [{source: {principals: [cluster.local/ns/a/sa/x]}}], to: [{operation: {paths: [/a/*/b]}}]}
    "#]],
    );
    check(
        "paths: [\"/public*\"]",
        expect![[r#"
        {from: [{source: {principals: [cluster.local/ns/a/sa/x]}}], to: [{operation: {paths: [/public*]}}]}
    "#]],
    );
}

#[test]
fn e92_e105_hosts() {
    check(
        "hosts: [API.example.com]",
        expect![[r#"
        {from: [{source: {principals: [cluster.local/ns/a/sa/x]}}], when: [{key: request.headers[:authority], values: [API.example.com]}]}
    "#]],
    );
    check(
        "hosts: [\"*.example.com\"], notHosts: [a.example.com]",
        expect![[r#"
        {from: [{source: {principals: [cluster.local/ns/a/sa/x]}}], to: [{operation: {hosts: [*.example.com], notHosts: [a.example.com]}}]}
    "#]],
    );
    check_strict(
        "hosts: [api.example.com]",
        expect![[r#"
            {to: [{operation: {notPorts: [8080]}}]}
            {from: [{source: {principals: [cluster.local/ns/a/sa/x]}}], when: [{key: request.headers[:authority], values: [api.example.com]}]}
        "#]],
    );
}

#[test]
fn e93_e120_header_constraints() {
    check(
        &constraint("request.headers[x-id]", "\"*\""),
        expect![[r#"
        {from: [{source: {principals: [cluster.local/ns/a/sa/x]}}], when: [{key: request.headers[x-id], values: [*]}]}
    "#]],
    );
    check(
        &constraint(":path", "\"/a*\""),
        expect![[r#"
        {from: [{source: {principals: [cluster.local/ns/a/sa/x]}}], when: [{key: request.headers[:path], values: [/a*]}]}
    "#]],
    );
}

#[test]
fn e95_e96_what_was_ignored_stays_ignored() {
    check(
        &constraint("version", "v1"),
        expect![[r#"
        {from: [{source: {principals: [cluster.local/ns/a/sa/x]}}]}
        warning ignored-constraint none
    "#]],
    );
    check(
        &constraint("destination.port", "80-90"),
        expect![[r#"
        {from: [{source: {principals: [cluster.local/ns/a/sa/x]}}]}
        warning ignored-constraint none
    "#]],
    );
    check(
        &constraint("destination.port", "\"80\", x"),
        expect![[r#"
        {from: [{source: {principals: [cluster.local/ns/a/sa/x]}}], to: [{operation: {ports: [80]}}]}
        warning ignored-constraint none
    "#]],
    );
}

#[test]
fn e97_e106_e107_conditions() {
    check(
        &constraint("destination.ip", "10.0.0.1, bad"),
        expect![[r#"
        {from: [{source: {principals: [cluster.local/ns/a/sa/x]}}], when: [{key: destination.ip, values: [10.0.0.1]}]}
        warning unreadable-address none
    "#]],
    );
    check(
        &constraint("connection.sni", "\"*\""),
        expect![[r#"
        {from: [{source: {principals: [cluster.local/ns/a/sa/x]}}]}
    "#]],
    );
    check(
        &constraint("connection.sni", "\"*.x.com\""),
        expect![[r#"
        {from: [{source: {principals: [cluster.local/ns/a/sa/x]}}], when: [{key: connection.sni, values: [*.x.com]}]}
    "#]],
    );
    check(
        &constraint("experimental.envoy.filters.network.mysql_proxy[db.table]", "\"[update]\""),
        expect![[r#"
        {from: [{source: {principals: [cluster.local/ns/a/sa/x]}}], when: [{key: experimental.envoy.filters.network.mysql_proxy[db.table], values: [[update]]}]}
    "#]],
    );
}

#[test]
fn e104_the_last_of_two_constraints_with_one_key_counts() {
    check(
        "constraints: [{key: \"request.headers[a]\", values: [x]}, {key: \"request.headers[a]\", values: [z]}]",
        expect![[r#"
            {from: [{source: {principals: [cluster.local/ns/a/sa/x]}}], when: [{key: request.headers[a], values: [z]}]}
            warning repeated-constraint none
        "#]],
    );
    check(
        "constraints: [{key: destination.port, values: [\"1\"]}, {key: destination.port, values: [\"8080\"]}]",
        expect![[r#"
            {from: [{source: {principals: [cluster.local/ns/a/sa/x]}}], to: [{operation: {ports: [8080]}}]}
            warning repeated-constraint none
        "#]],
    );
}

#[test]
fn e108_a_malformed_header_key_keeps_the_rule_on_http() {
    check(
        &constraint("request.headers", "v"),
        expect![[r#"
        {from: [{source: {principals: [cluster.local/ns/a/sa/x]}}], to: [{operation: {methods: [*]}}]}
        warning malformed-key none
    "#]],
    );
}

#[test]
fn path_matcher_is_an_accident_of_1_5() {
    check(
        &constraint("path-matcher", "/a"),
        expect![[r#"
        {from: [{source: {principals: [cluster.local/ns/a/sa/x]}}], to: [{operation: {paths: [/a]}}]}
    "#]],
    );
    check(
        &format!("paths: [/b], {}", constraint("path-matcher", "/a")),
        expect![[r#"
        {from: [{source: {principals: [cluster.local/ns/a/sa/x]}}], to: [{operation: {paths: [/a]}}], when: [{key: request.headers[:path], values: [/b]}]}
    "#]],
    );
    let old = run().with(|run| run.build.settings.source = SourceRelease::V1_4);
    expect![[r#"
        {from: [{source: {principals: [cluster.local/ns/a/sa/x]}}]}
        warning ignored-constraint none
    "#]]
    .assert_eq(&rules(&old, &format!("{MESH_POLICY}---\n{}", app(&constraint("path-matcher", "/a"), X))));
}
