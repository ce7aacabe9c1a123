use super::*;
use expect_test::expect;

/// The default world with a second service `web`, and a role for these services.
fn with_services(services: &str, extra: &str) -> String {
    default_world(&format!(
        "{}---\n{}---\n{}{extra}",
        service("web", "app: web", "{name: http, port: 80}"),
        role("r", &format!("{{services: [{services}]}}")),
        binding("r", X)
    ))
}

#[test]
fn e23_e24_e26_e126_names_that_match_nothing_grant_nothing() {
    run().check(
        &with_services("app, app.other.svc.cluster.local, \"*-web\"", ""),
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            warning matches-no-service@7 none
            warning matches-no-service@7 none
            warning matches-no-service@7 none
            inert r (matches-no-service)
            inert bind-r (matches-no-service)
            relaxations: undeclared-ports
        "#]],
    );
}

#[test]
fn e25_e122_every_service_of_an_included_namespace_is_one_policy() {
    run().check(
        &with_services("\"*.default.svc.cluster.local\"", &format!("---\n{}", service("manual", "", "{port: 80}"))),
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            default/r <- r, bind-r: ALLOW everything from cluster.local/ns/a/sa/x
            relaxations: undeclared-ports
        "#]],
    );
}

#[test]
fn e27_a_prefix_selects_what_it_matches() {
    let more = format!("---\n{}", service("app-v2", "app: app-v2", "{name: http, port: 80}"));
    run().check(
        &with_services("\"app*\"", &more),
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            default/r-app <- r, bind-r: {app: app} ALLOW everything from cluster.local/ns/a/sa/x
            default/r-app-v2 <- r, bind-r: {app: app-v2} ALLOW everything from cluster.local/ns/a/sa/x
            note pattern-enumerated@7 narrower
            relaxations: undeclared-ports
        "#]],
    );
}

#[test]
fn e28_e29_a_rule_without_services_is_for_the_whole_namespace() {
    let rules = "{services: [app.default.svc.cluster.local]}, {methods: [POST]}, {paths: [/x/*]}";
    run().check(
        &default_world(&format!("{}---\n{}", role("r", rules), binding("r", X))),
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            default/r-app <- r, bind-r: {app: app} ALLOW everything from cluster.local/ns/a/sa/x
            default/r <- r, bind-r: ALLOW
              POST from cluster.local/ns/a/sa/x
              /x/* from cluster.local/ns/a/sa/x
            relaxations: undeclared-ports
        "#]],
    );
}

#[test]
fn e30_an_absent_service_grants_nothing_even_with_labels() {
    let rule =
        "{services: [none.default.svc.cluster.local], constraints: [{key: \"destination.labels[v]\", values: [a]}]}";
    let yaml = default_world(&format!("{}---\n{}", role("r", rule), binding("r", X)));
    run().check(
        &yaml,
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            warning matches-no-service@5 none
            inert r (matches-no-service)
            inert bind-r (matches-no-service)
            relaxations: undeclared-ports
        "#]],
    );
    run().incomplete().check(
        &yaml,
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            error unresolved-service@5 narrower
            refused r
            refused bind-r
            relaxations: undeclared-ports
        "#]],
    );
}

#[test]
fn e31_external_names_and_services_without_selector() {
    let external = "{apiVersion: v1, kind: Service, metadata: {name: ext, namespace: default}, spec: {type: ExternalName, externalName: example.com}}\n";
    let more = format!("---\n{external}---\n{}", service("manual", "", "{port: 80}"));
    run().check(
        &with_services("\"ext.*\", \"manual.*\"", &more),
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            error role-cannot-be-expressed@7 narrower
            warning selectorless-service@7 narrower
            refused r
            refused bind-r
            relaxations: undeclared-ports
        "#]],
    );
}

fn twins(a: &str, b: &str, a_created: &str, b_created: &str, b_port: u16) -> String {
    let one = |name: &str, created: &str, port: u16| {
        let created = if created.is_empty() { String::new() } else { format!(", creationTimestamp: {created}") };
        format!(
            "{{apiVersion: v1, kind: Service, metadata: {{name: {name}, namespace: default{created}}}, spec: {{selector: {{app: app}}, ports: [{{name: http, port: {port}}}]}}}}\n"
        )
    };
    format!(
        "{}---\n{}---\n{}---\n{}---\n{}",
        include("namespaces: [default]"),
        one(a, a_created, 8080),
        one(b, b_created, b_port),
        role("r", "{services: [a.default.svc.cluster.local]}"),
        binding("r", X)
    )
}

#[test]
fn e32_the_older_service_governs_a_shared_port() {
    let (old, new) = ("\"2019-01-01T00:00:00Z\"", "\"2020-01-01T00:00:00Z\"");
    run().check(
        &twins("a", "b", old, new, 8080),
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            default/r <- r, bind-r: {app: app} ALLOW everything from cluster.local/ns/a/sa/x
            relaxations: undeclared-ports
        "#]],
    );
    run().check(
        &twins("a", "b", new, old, 8080),
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            warning governs-no-port@7 none
            inert r (governs-no-port)
            inert bind-r (governs-no-port)
            relaxations: undeclared-ports
        "#]],
    );
    run().check(
        &twins("a", "b", "", "", 8080),
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            error port-owner-unknown@7 wider
            refused r
            refused bind-r
            relaxations: undeclared-ports
        "#]],
    );
}

#[test]
fn e33_a_role_of_the_root_namespace_is_never_mesh_wide() {
    let yaml = format!(
        "{}---\n{}---\n{}---\n{}",
        config("mode: 'ON'"),
        service("istio-system/gateway", "app: gate", "{name: http, port: 80, targetPort: 8080}"),
        role("istio-system/r", "{services: [\"*\"]}"),
        binding("istio-system/r", X)
    );
    run().check(
        &yaml,
        expect![[r#"
            istio-system/default-deny <- default: ALLOW nothing
            istio-system/r <- r, bind-r: {app: gate} ALLOW everything from cluster.local/ns/a/sa/x
            note pattern-enumerated@5 narrower
            warning root-selector@5 none
            relaxations: undeclared-ports
        "#]],
    );
    let collision = format!("{yaml}---\n{}", service("app", "app: gate", "{name: http, port: 80}"));
    run().check(
        &collision,
        expect![[r#"
            istio-system/default-deny <- default: ALLOW nothing
            note pattern-enumerated@5 narrower
            error root-selector-collision@5 wider
            refused r
            refused bind-r
            relaxations: undeclared-ports
        "#]],
    );
}

#[test]
fn e34_a_rule_is_limited_to_the_ports_of_its_service() {
    run().check(
        &twins("a", "b", "", "", 9090),
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            default/r <- r, bind-r: {app: app} ALLOW 8080 from cluster.local/ns/a/sa/x
            relaxations: undeclared-ports
        "#]],
    );
}

#[test]
fn e37_e38_domain_and_port_numbers() {
    let yaml = default_world(&format!(
        "{}---\n{}",
        role(
            "r",
            "{services: [app.default.svc.cluster.local]}, {services: [app.default.*], constraints: [{key: destination.port, values: [\"80\"]}]}"
        ),
        binding("r", X)
    ));
    run().with(|run| run.build.settings.cluster_domain = "corp.local".into()).check(
        &yaml,
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            default/r <- r, bind-r: {app: app} ALLOW 80 from cluster.local/ns/a/sa/x
            warning matches-no-service@5 none
            relaxations: undeclared-ports
        "#]],
    );
}

#[test]
fn e127_a_name_constraint_keeps_other_services_out() {
    let rule = "{services: [\"*\"], constraints: [{key: destination.name, values: [app]}]}";
    let yaml = default_world(&format!(
        "{}---\n{}---\n{}",
        service("web", "app: web", "{name: http, port: 80}"),
        role("r", rule),
        binding("r", X)
    ));
    run().check(
        &yaml,
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            default/r <- r, bind-r: {app: app} ALLOW everything from cluster.local/ns/a/sa/x
            relaxations: undeclared-ports
        "#]],
    );
}

#[test]
fn e129_a_rule_about_http_is_left_out_on_a_port_that_was_tcp() {
    let unnamed = |rule: &str| {
        format!(
            "{}---\n{}---\n{}---\n{}",
            include("namespaces: [default]"),
            service("app", "app: app", "{port: 8080}, {name: http, port: 9090}"),
            role("r", rule),
            binding("r", X)
        )
    };
    run().check(
        &unnamed("{services: [app.default.svc.cluster.local], methods: [GET]}"),
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            default/r <- r, bind-r: {app: app} ALLOW GET but not 8080 from cluster.local/ns/a/sa/x
            warning http-rule-on-tcp-port@5 none
            relaxations: undeclared-ports
        "#]],
    );
    run().check(
        &unnamed("{services: [\"*\"], methods: [GET]}, {ports: [8080], paths: [/a/*]}"),
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            default/r <- r, bind-r: ALLOW GET but not 8080 from cluster.local/ns/a/sa/x
            warning http-rule-on-tcp-port@5 none
            warning http-rule-on-tcp-port@5 none
            relaxations: undeclared-ports
        "#]],
    );
}

#[test]
fn e131_a_pattern_does_not_match_custom_sidecar_listeners() {
    let sidecar = "{apiVersion: networking.istio.io/v1alpha3, kind: Sidecar, metadata: {name: s, namespace: default}, spec: {workloadSelector: {labels: {app: app}}, ingress: [{port: {number: 8080, protocol: HTTP, name: http}, defaultEndpoint: \"127.0.0.1:1\"}, {port: {number: 9000, protocol: HTTP, name: x}, defaultEndpoint: \"127.0.0.1:2\"}]}}\n";
    let more = format!("---\n{sidecar}");
    run().check(
        &with_services("\"*.default.svc.cluster.local\"", &more),
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            default/r-app <- r, bind-r: {app: app} ALLOW 8080 from cluster.local/ns/a/sa/x
            default/r-web <- r, bind-r: {app: web} ALLOW everything from cluster.local/ns/a/sa/x
            note pattern-enumerated@7 narrower
            relaxations: undeclared-ports
        "#]],
    );
    run().check(
        &with_services("\"*\"", &more),
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            default/r <- r, bind-r: ALLOW everything from cluster.local/ns/a/sa/x
            relaxations: undeclared-ports
        "#]],
    );
}

#[test]
fn a_named_port_on_shared_pods_is_not_guessed() {
    let yaml = format!(
        "{}---\n{}---\n{}---\n{}---\n{}",
        include("namespaces: [default]"),
        service("a", "app: app", "{name: http, port: 80, targetPort: web}"),
        service("b", "app: app", "{name: http, port: 90, targetPort: 9090}"),
        role("r", "{services: [a.default.svc.cluster.local]}"),
        binding("r", X)
    );
    run().check(
        &yaml,
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            error role-cannot-be-expressed@7 narrower
            warning named-port-unresolved@7 narrower
            refused r
            refused bind-r
            relaxations: undeclared-ports
        "#]],
    );
}

/// A Deployment of namespace `default`.
fn deployment(name: &str, labels: &str, account: &str) -> String {
    format!(
        "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: {name}, namespace: default}}, spec: {{template: {{metadata: {{labels: {{{labels}}}}}, spec: {{serviceAccountName: {account}, containers: [{{name: c, ports: [{{containerPort: 8080}}]}}]}}}}}}}}\n"
    )
}

fn constrained(key: &str, values: &str, more: &str) -> String {
    format!("{}{more}", app(&format!("constraints: [{{key: \"{key}\", values: [{values}]}}]"), X))
}

#[test]
fn e98_a_role_governs_its_own_namespace() {
    run().check(
        &constrained("destination.namespace", "other", ""),
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            warning rule-never-applies@5 none
            inert r (rule-never-applies)
            inert bind-r (rule-never-applies)
            relaxations: undeclared-ports
        "#]],
    );
    run().check(
        &constrained("destination.namespace", "\"def*\"", ""),
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            default/r <- r, bind-r: {app: app} ALLOW everything from cluster.local/ns/a/sa/x
            relaxations: undeclared-ports
        "#]],
    );
}

#[test]
fn e100_a_service_account_needs_pods_that_labels_tell_apart() {
    let pods = format!(
        "---\n{}---\n{}",
        deployment("one", "app: app, v: a", "sa1"),
        deployment("two", "app: app, v: b", "sa2")
    );
    run().check(
        &constrained("destination.user", "sa1", ""),
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            error role-cannot-be-expressed@5 narrower
            warning destination-service-account@5 narrower
            refused r
            refused bind-r
            relaxations: undeclared-ports
        "#]],
    );
    run().check(
        &constrained("destination.user", "sa1", &pods),
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            default/r <- r, bind-r: {app: app, v: a} ALLOW everything from cluster.local/ns/a/sa/x
            warning destination-service-account-snapshot@5 none
            relaxations: undeclared-ports
        "#]],
    );
}

#[test]
fn e101_e102_e103_labels_narrow_the_selector() {
    run().check(
        &constrained("destination.labels[app]", "web", ""),
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            warning rule-never-applies@5 none
            inert r (rule-never-applies)
            inert bind-r (rule-never-applies)
            relaxations: undeclared-ports
        "#]],
    );
    run().check(
        &constrained("destination.labels[app]", "\"ap*\"", ""),
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            default/r <- r, bind-r: {app: app} ALLOW everything from cluster.local/ns/a/sa/x
            relaxations: undeclared-ports
        "#]],
    );
    run().check(
        &constrained("destination.labels[version]", "\"*\"", ""),
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            error role-cannot-be-expressed@5 narrower
            warning label-pattern@5 narrower
            refused r
            refused bind-r
            relaxations: undeclared-ports
        "#]],
    );
    let pods = format!(
        "---\n{}---\n{}",
        deployment("one", "app: app, version: v1", "sa1"),
        deployment("two", "app: app, version: v2", "sa2")
    );
    run().check(
        &constrained("destination.labels[version]", "\"v*\"", &pods),
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            default/r-v1 <- r, bind-r: {app: app, version: v1} ALLOW everything from cluster.local/ns/a/sa/x
            default/r-v2 <- r, bind-r: {app: app, version: v2} ALLOW everything from cluster.local/ns/a/sa/x
            relaxations: undeclared-ports
        "#]],
    );
    let cross = "constraints: [{key: \"destination.labels[env]\", values: [e1, e2]}, {key: \"destination.labels[tag]\", values: [t1, t2]}]";
    run().check(
        &app(cross, X),
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            default/r-e1-t1 <- r, bind-r: {app: app, env: e1, tag: t1} ALLOW everything from cluster.local/ns/a/sa/x
            default/r-e1-t2 <- r, bind-r: {app: app, env: e1, tag: t2} ALLOW everything from cluster.local/ns/a/sa/x
            default/r-e2-t1 <- r, bind-r: {app: app, env: e2, tag: t1} ALLOW everything from cluster.local/ns/a/sa/x
            default/r-e2-t2 <- r, bind-r: {app: app, env: e2, tag: t2} ALLOW everything from cluster.local/ns/a/sa/x
            relaxations: undeclared-ports
        "#]],
    );
}

#[test]
fn a_label_alone_may_select_pods_that_no_manifest_shows() {
    // Pods of `db` may carry `v: "1"` too, and there port 9090 was TCP: the rule about HTTP must leave it out.
    let yaml = format!(
        "{}---\n{}---\n{}---\n{}---\n{}",
        config("mode: 'ON'"),
        service("app", "app: app, v: \"1\"", "{name: http, port: 9090}, {name: http-2, port: 8080}"),
        service("db", "app: db", "{port: 9090}"),
        role("r", "{methods: [GET], constraints: [{key: \"destination.labels[v]\", values: [\"1\"]}]}"),
        binding("r", X)
    );
    run().check(
        &yaml,
        expect![[r#"
            istio-system/default-deny <- default: ALLOW nothing
            default/r <- r, bind-r: {app: app, v: 1} ALLOW GET from cluster.local/ns/a/sa/x
            warning http-rule-on-tcp-port@7 none
            note pattern-enumerated@7 narrower
            relaxations: undeclared-ports
        "#]],
    );
}

#[test]
fn a_port_number_that_is_tcp_on_some_pods_only_takes_one_policy_per_service() {
    let yaml = format!(
        "{}---\n{}---\n{}---\n{}---\n{}",
        config("mode: 'ON'"),
        service("app", "app: app", "{name: http, port: 8080}"),
        service("db", "app: db", "{port: 8080}"),
        role("r", "{methods: [GET]}"),
        binding("r", X)
    );
    run().check(
        &yaml,
        expect![[r#"
            istio-system/default-deny <- default: ALLOW nothing
            default/r <- r, bind-r: {app: app} ALLOW GET from cluster.local/ns/a/sa/x
            warning http-rule-on-tcp-port@7 none
            note pattern-enumerated@7 narrower
            relaxations: undeclared-ports
        "#]],
    );
}

#[test]
fn e133_rules_about_the_peer_never_matched_on_gateways() {
    let gateway = |rule: &str, subject: &str| {
        format!(
            "{}---\n{}---\n{}---\n{}",
            include("namespaces: [edge]"),
            service("edge/gateway", "istio: ingressgateway", "{name: http, port: 80, targetPort: 8080}"),
            role("edge/r", rule),
            binding("edge/r", subject)
        )
    };
    run().check(
        &gateway("{services: [\"*\"]}", X),
        expect![[r#"
            edge/default-deny <- default: ALLOW nothing
            warning gateway-knew-no-peer@5 none
            note pattern-enumerated@5 narrower
            inert r (gateway-knew-no-peer)
            inert bind-r (gateway-knew-no-peer)
            relaxations: undeclared-ports
        "#]],
    );
    run().check(
        &gateway("{methods: [GET]}", "{notNames: [cluster.local/ns/a/sa/x]}"),
        expect![[r#"
            edge/default-deny <- default: ALLOW nothing
            edge/r <- r, bind-r: {istio: ingressgateway} ALLOW GET from notPrincipals=cluster.local/ns/a/sa/x
            note gateway-knew-no-peer@5 narrower
            note pattern-enumerated@5 narrower
            relaxations: undeclared-ports
        "#]],
    );
    run().check(
        &gateway("{methods: [GET]}", "{ips: [10.0.0.1]}"),
        expect![[r#"
            edge/default-deny <- default: ALLOW nothing
            edge/r <- r, bind-r: {istio: ingressgateway} ALLOW GET from ipBlocks=10.0.0.1
            note pattern-enumerated@5 narrower
            relaxations: undeclared-ports
        "#]],
    );
}
