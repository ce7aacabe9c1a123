//! What `istioctl x authz convert` got wrong (`meaning/rbac.md` §5.4, §5.5), one test per defect.

use super::subjects::rules;
use super::*;
use expect_test::expect;

fn check(rule: &str, subject: &str, expected: Expect) {
    expected.assert_eq(&rules(&run(), &app(rule, subject)));
}

#[test]
fn hidden_subject_fields_are_not_lost() {
    check(
        "",
        "{names: [a], notNames: [b], namespaces: [ns], notNamespaces: [m], ips: [10.0.0.1], notIps: [10.0.0.2], groups: [g]}",
        expect![[r#"
            {from: [{source: {principals: [a], notPrincipals: [b], namespaces: [ns], notNamespaces: [m], ipBlocks: [10.0.0.1], notIpBlocks: [10.0.0.2]}}], when: [{key: request.auth.claims[groups], values: [g]}]}
            note claim-form narrower
        "#]],
    );
}

#[test]
fn hidden_rule_fields_are_not_lost() {
    check(
        "hosts: [h], notHosts: [i], notPaths: [/p/*], notMethods: [PUT], ports: [8080]",
        X,
        expect![[r#"
        {from: [{source: {principals: [cluster.local/ns/a/sa/x]}}], to: [{operation: {hosts: [h], notHosts: [i], ports: [8080], notMethods: [PUT], notPaths: [/p/*]}}]}
    "#]],
    );
    check(
        "notPorts: [9090]",
        X,
        expect![[r#"
        {from: [{source: {principals: [cluster.local/ns/a/sa/x]}}], to: [{operation: {notPorts: [9090]}}]}
    "#]],
    );
}

#[test]
fn stars_of_properties_are_conditions() {
    check(
        "",
        "{properties: {source.namespace: \"*\", \"request.auth.claims[a]\": \"*\", \"request.headers[h]\": \"*\"}}",
        expect![[r#"
        {from: [{source: {namespaces: [*]}}], when: [{key: request.headers[h], values: [*]}, {key: request.auth.claims[a], values: [*]}]}
    "#]],
    );
}

#[test]
fn labels_are_not_lost_on_a_rule_without_services() {
    let rule = "{constraints: [{key: \"destination.labels[version]\", values: [v1]}]}";
    run().check(
        &default_world(&format!("{}---\n{}", role("r", rule), binding("r", X))),
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            default/r <- r, bind-r: {version: v1} ALLOW everything from cluster.local/ns/a/sa/x
            relaxations: undeclared-ports
        "#]],
    );
}

#[test]
fn an_excluded_namespace_of_the_root_does_not_open_the_mesh() {
    let (_, part) = run().convert(&config("mode: ON_WITH_EXCLUSION, exclusion: {namespaces: [istio-system]}"));
    let specs: Vec<Tree> = part.drafts.into_iter().map(|draft| draft.spec).collect();
    assert_eq!(specs, [Tree::Map(Vec::new())]);
}
