//! `rbac.istio.io/v1alpha1`: every field and mode of its four kinds.

use super::inventory::namespace;
use super::words::{either, mapping, maybe, one, sequence, some};
use super::{Document, document};
use proptest::prelude::*;

const API: &str = "rbac.istio.io/v1alpha1";

/// What a config switches on or off.
fn target() -> BoxedStrategy<String> {
    mapping(vec![
        maybe(60, "namespaces", some(&["shop", "ops", "istio-system", "nowhere", "*"])),
        maybe(
            40,
            "services",
            some(&[
                "web.shop.svc.cluster.local",
                "api.shop.svc.cluster.local",
                "web.istio-system.svc.cluster.local",
                "web",
                "*",
            ]),
        ),
    ])
}

/// ClusterRbacConfig or, rarely, RbacConfig.
pub fn config() -> BoxedStrategy<Document> {
    let spec = prop_oneof![
        4 => target().prop_map(|target| format!("mode: ON_WITH_INCLUSION, inclusion: {target}")),
        3 => target().prop_map(|target| format!("mode: ON_WITH_EXCLUSION, exclusion: {target}")),
        5 => Just("mode: 'ON'".to_owned()),
        1 => Just("mode: 'OFF'".to_owned()),
    ];
    let enforcement = one(&["", "", "", "", "", ", enforcementMode: ENFORCED", ", enforcement_mode: PERMISSIVE"]);
    (prop::bool::weighted(0.9), spec, enforcement)
        .prop_map(|(cluster, spec, enforcement)| {
            let (kind, namespace) = if cluster { ("ClusterRbacConfig", "") } else { ("RbacConfig", "istio-system") };
            document(API, kind, namespace, "default", "", &format!("{{{spec}{enforcement}}}"))
        })
        .boxed()
}

fn constraint() -> BoxedStrategy<String> {
    let known: &[(&str, &[&str])] = &[
        ("destination.ip", &["10.0.0.0/8", "10.1.2.3", "nonsense"]),
        ("destination.port", &["8080", "3306", "80-90"]),
        ("destination.labels[version]", &["v1", "v*", "*"]),
        ("destination.labels[app]", &["web", "api"]),
        ("destination.name", &["web", "w*", "*"]),
        ("destination.namespace", &["shop", "sh*", "elsewhere"]),
        ("destination.user", &["web", "b*", "*"]),
        ("experimental.envoy.filters.network.mysql_proxy[db.table]", &["[update]", "select*"]),
        ("request.headers[x-env]", &["prod", "pre*", "*suf", "*"]),
        ("connection.sni", &["www.example.com", "*.example.com", "*"]),
        (":path", &["/raw", "/raw*"]),
        (":method", &["GET", "*"]),
        (":authority", &["shop.example"]),
        ("path-matcher", &["/matched", "/m*", "*"]),
        ("request.headers", &["x"]),
        ("destination.labels", &["x"]),
        ("source.ip", &["10.0.0.1"]),
    ];
    prop::sample::select(known)
        .prop_flat_map(|(key, values)| {
            some(values).prop_map(move |values| format!("{{key: '{key}', values: {values}}}"))
        })
        .boxed()
}

fn access_rule() -> BoxedStrategy<String> {
    let methods = prop::option::weighted(
        0.4,
        prop_oneof![
            4 => some(&["GET", "P*", "*", "HEAD"]).prop_map(|list| format!("methods: {list}")),
            1 => some(&["GET", "DELETE"]).prop_map(|list| format!("notMethods: {list}")),
            1 => some(&["GET", "DELETE"]).prop_map(|list| format!("not_methods: {list}")),
        ],
    )
    .boxed();
    let ports = prop::option::weighted(
        0.2,
        prop_oneof![
            2 => one(&["ports: [8080]", "ports: [3306, 8080]", "ports: ['9090']"]),
            1 => one(&["notPorts: [8080]", "notPorts: [3306]"]),
        ],
    )
    .boxed();
    mapping(vec![
        maybe(
            90,
            "services",
            either(vec![
                (
                    6,
                    one(&[
                        "['*']",
                        "['web.shop.svc.cluster.local']",
                        "['api.*', 'web.*']",
                        "['*.shop.svc.cluster.local']",
                    ]),
                ),
                (1, one(&["[web]", "['*b']", "['web.ops.svc.cluster.local']", "['web*']"])),
            ]),
        ),
        maybe(15, "hosts", some(&["shop.example", "*.example", "API.example", "*"])),
        maybe(8, "notHosts", some(&["shop.example", "admin*"])),
        maybe(35, "paths", some(&["/a", "/a/*", "*/b", "*", "/a?x=1", "/t/{id}", "/A"])),
        maybe(10, "notPaths", some(&["/a/secret", "/a/s*", "*.php"])),
        methods,
        ports,
        maybe(25, "constraints", sequence(constraint(), 1..=2)),
    ])
}

/// A ServiceRole.
pub fn role() -> BoxedStrategy<Document> {
    (namespace(), one(&["viewer", "editor"]), sequence(access_rule(), 1..=2))
        .prop_map(|(namespace, name, rules)| {
            document(API, "ServiceRole", &namespace, &name, "", &format!("{{rules: {rules}}}"))
        })
        .boxed()
}

fn properties() -> BoxedStrategy<String> {
    mapping(vec![
        maybe(12, "source.ip", one(&["10.0.0.0/8", "10.2.0.1", "nonsense"])),
        maybe(25, "source.namespace", one(&["ops", "'op*'", "'*'", "'*s'"])),
        maybe(
            25,
            "source.principal",
            one(&["cluster.local/ns/ops/sa/job", "'*'", "allUsers", "allAuthenticatedUsers", "'*/sa/job'"]),
        ),
        maybe(8, "source.user", one(&["cluster.local/ns/ops/sa/job", "'*'"])),
        maybe(20, "'request.headers[x-role]'", one(&["admin", "'ad*'", "'*'"])),
        maybe(12, "request.auth.principal", one(&["iss/joe", "'iss/*'", "'*'"])),
        maybe(5, "request.auth.audiences", one(&["shop", "'*'"])),
        maybe(8, "request.auth.presenter", one(&["app", "'*'"])),
        maybe(15, "'request.auth.claims[team]'", one(&["red", "'re*'", "'*'"])),
        maybe(3, "request.auth.claims", one(&["x"])),
        maybe(3, "connection.sni", one(&["www.example.com"])),
    ])
}

fn subject() -> BoxedStrategy<String> {
    let users = one(&[
        "'*'",
        "cluster.local/ns/ops/sa/job",
        "cluster.local/ns/shop/sa/web",
        "'cluster.local/ns/ops/*'",
        "'*/sa/job'",
        "allUsers",
        "allAuthenticatedUsers",
        "spiffe://cluster.local/ns/ops/sa/job",
        "td1/ns/ops/sa/job",
    ]);
    mapping(vec![
        maybe(55, "user", users),
        maybe(12, "names", some(&["cluster.local/ns/ops/sa/job", "allAuthenticatedUsers", "allUsers", "*/sa/web"])),
        maybe(8, "notNames", some(&["cluster.local/ns/ops/sa/job", "allAuthenticatedUsers", "*/sa/web"])),
        maybe(8, "group", one(&["staff", "'st*'", "'*'"])),
        maybe(10, "groups", some(&["staff", "adm*", "*"])),
        maybe(3, "notGroups", some(&["banned"])),
        maybe(10, "namespaces", some(&["ops", "op*", "*", "shop"])),
        maybe(8, "notNamespaces", some(&["ops", "bad*"])),
        maybe(12, "ips", some(&["10.0.0.0/8", "10.1.2.3", "2001:db8::/32", "nonsense"])),
        maybe(6, "notIps", some(&["10.9.0.0/16", "10.1.2.3"])),
        maybe(30, "properties", properties()),
    ])
    .prop_map(|subject| if subject == "{}" { "{user: '*'}".to_owned() } else { subject })
    .boxed()
}

/// A ServiceRoleBinding.
pub fn binding() -> BoxedStrategy<Document> {
    let role = one(&["viewer", "viewer", "editor", "missing"]);
    let mode = one(&["", "", "", "", ", mode: ENFORCED", ", mode: PERMISSIVE"]);
    (namespace(), one(&["bind", "bind-too"]), sequence(subject(), 1..=2), role, mode)
        .prop_map(|(namespace, name, subjects, role, mode)| {
            let spec = format!("{{subjects: {subjects}, roleRef: {{kind: ServiceRole, name: {role}}}{mode}}}");
            document(API, "ServiceRoleBinding", &namespace, &name, "", &spec)
        })
        .boxed()
}
