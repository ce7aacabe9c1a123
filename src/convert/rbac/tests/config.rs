use super::*;
use crate::finding::catalogue::rbac as codes;
use crate::mesh::Settings;
use expect_test::expect;

/// A role and a binding for `app`.
fn granted() -> String {
    format!(
        "{}---\n{}---\n{}",
        service("app", "app: app", "{name: http, port: 80, targetPort: 8080}"),
        role("r", "{services: [\"*\"], methods: [GET]}"),
        binding("r", X)
    )
}

#[test]
fn e01_without_a_config_nothing_was_enforced() {
    run().check(
        &granted(),
        expect![[r#"
        note no-rbac-config@3 none
        inert r (no-rbac-config)
        inert bind-r (no-rbac-config)
    "#]],
    );
}

#[test]
fn without_a_config_in_an_incomplete_input_nothing_is_guessed_and_allowing_that_deletes_nothing() {
    run().incomplete().check(
        &granted(),
        expect![[r#"
        error no-rbac-config@3 none
        refused r
        refused bind-r
    "#]],
    );
    run().incomplete().allow(codes::NO_RBAC_CONFIG).check(
        &granted(),
        expect![[r#"
        error no-rbac-config@3 none
        refused r
        refused bind-r
    "#]],
    );
}

#[test]
fn e02_e03_off_is_no_output() {
    run().check(
        &format!("{}---\n{}", config("mode: 'OFF'"), granted()),
        expect![[r#"
        note rbac-off@1 none
        inert default (rbac-off)
        inert r (rbac-off)
        inert bind-r (rbac-off)
    "#]],
    );
    run().check(
        &format!("{}---\n{}", config(""), granted()),
        expect![[r#"
        note rbac-off@1 none
        inert default (rbac-off)
        inert r (rbac-off)
        inert bind-r (rbac-off)
    "#]],
    );
}

#[test]
fn e05_on_is_one_denial_in_the_root_namespace() {
    run().check(
        &config("mode: 'ON'"),
        expect![[r#"
            istio-system/default-deny <- default: ALLOW nothing
            relaxations: undeclared-ports
        "#]],
    );
}

#[test]
fn e22_the_root_namespace_is_the_configured_one() {
    run()
        .with(|run| run.build.settings = Settings { root_namespace: "istio-config".into(), ..Settings::default() })
        .check(
            &config("mode: 'ON'"),
            expect![[r#"
                istio-config/default-deny <- default: ALLOW nothing
                relaxations: undeclared-ports
            "#]],
        );
}

#[test]
fn e06_e11_inclusion_denies_in_its_namespaces_only() {
    run().check(
        &config("mode: ON_WITH_INCLUSION, inclusion: {namespaces: [default]}, exclusion: {namespaces: [default]}"),
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            relaxations: undeclared-ports
        "#]],
    );
}

#[test]
fn e07_the_root_namespace_is_included_service_by_service() {
    let yaml = format!(
        "{}---\n{}",
        include("namespaces: [istio-system]"),
        service("istio-system/gateway", "istio: gateway", "{name: http, port: 80, targetPort: 8080}")
    );
    run().check(
        &yaml,
        expect![[r#"
            istio-system/default-deny-gateway <- default: {istio: gateway} ALLOW nothing
            warning root-selector@1 none
            relaxations: undeclared-ports
        "#]],
    );
    run().incomplete().check(
        &include("namespaces: [istio-system]"),
        expect![[r#"
        error root-services-unknown@1 wider
        refused default
    "#]],
    );
}

#[test]
fn e07_a_selector_of_the_root_namespace_must_not_reach_elsewhere() {
    let yaml = format!(
        "{}---\n{}---\n{}",
        include("namespaces: [istio-system]"),
        service("istio-system/app", "app: app", "{name: http, port: 80, targetPort: 8080}"),
        service("app", "app: app", "{name: http, port: 80, targetPort: 8080}")
    );
    run().check(
        &yaml,
        expect![[r#"
            error root-selector-collision@1 narrower
            refused default
        "#]],
    );
}

#[test]
fn e08_e09_names_that_match_nothing_change_nothing() {
    let yaml = format!(
        "{}---\n{}",
        include(
            "services: [app, app.default, \"*.default.svc.cluster.local\", none.default.svc.cluster.local], namespaces: [\"*\"]"
        ),
        service("app", "app: app", "{name: http, port: 80}")
    );
    run().check(
        &yaml,
        expect![[r#"
        warning rbac-config-enables-nothing@1 none
        warning config-names-no-service@1 none
        warning config-names-no-service@1 none
        warning config-names-no-service@1 none
        warning config-names-no-service@1 none
        warning config-names-no-namespace@1 none
        inert default (rbac-config-enables-nothing)
    "#]],
    );
    run().incomplete().check(
        &include("services: [none.default.svc.cluster.local]"),
        expect![[r#"
        error unresolved-service@1 narrower
        refused default
    "#]],
    );
}

#[test]
fn e10_e21_inclusion_of_a_service_denies_its_pods_and_grants_on_no_other() {
    let yaml = format!(
        "{}---\n{}---\n{}",
        include("services: [app.default.svc.cluster.local]"),
        granted(),
        service("web", "app: web", "{name: http, port: 80}")
    );
    run().check(
        &yaml,
        expect![[r#"
            default/default-deny-app <- default: {app: app} ALLOW nothing
            default/r <- r, bind-r: {app: app} ALLOW GET from cluster.local/ns/a/sa/x
            relaxations: undeclared-ports
        "#]],
    );
}

#[test]
fn inclusion_of_a_service_keeps_the_ports_of_services_on_the_same_pods_open() {
    let yaml = format!(
        "{}---\n{}---\n{}",
        include("services: [app.default.svc.cluster.local]"),
        service("app", "app: app", "{name: http, port: 80, targetPort: 8080}"),
        service("metrics", "app: app", "{name: http, port: 90, targetPort: 9090}")
    );
    run().check(
        &yaml,
        expect![[r#"
            default/default-deny-app <- default: {app: app} ALLOW 9090
            relaxations: undeclared-ports
        "#]],
    );
}

#[test]
fn an_included_service_without_selector_cannot_be_closed() {
    let yaml =
        format!("{}---\n{}", include("services: [app.default.svc.cluster.local]"), service("app", "", "{port: 80}"));
    run().check(
        &yaml,
        expect![[r#"
        error cannot-close-service@1 wider
        refused default
    "#]],
    );
}

#[test]
fn e12_excluding_the_root_namespace_never_opens_the_mesh() {
    let yaml = format!(
        "{}---\n{}---\n{}",
        config("mode: ON_WITH_EXCLUSION, exclusion: {namespaces: [istio-system, dev]}"),
        service("istio-system/gateway", "istio: gateway", "{name: http, port: 80, targetPort: 8080}"),
        granted()
    );
    run().check(
        &yaml,
        expect![[r#"
            istio-system/default-deny <- default: ALLOW nothing
            istio-system/allow-all-gateway <- default: {istio: gateway} ALLOW everything
            dev/allow-all <- default: ALLOW everything
            default/r <- r, bind-r: ALLOW GET from cluster.local/ns/a/sa/x
            warning root-selector@1 none
            relaxations: undeclared-ports
        "#]],
    );
}

#[test]
fn e13_an_excluded_service_on_shared_pods_opens_its_own_ports() {
    let yaml = format!(
        "{}---\n{}---\n{}",
        config("mode: ON_WITH_EXCLUSION, exclusion: {services: [metrics.default.svc.cluster.local]}"),
        service("app", "app: app", "{name: http, port: 80, targetPort: 8080}"),
        service("metrics", "app: app", "{name: http, port: 90, targetPort: 9090}")
    );
    run().check(
        &yaml,
        expect![[r#"
            istio-system/default-deny <- default: ALLOW nothing
            default/allow-all-metrics <- default: {app: app} ALLOW 9090
            relaxations: undeclared-ports
        "#]],
    );
}

#[test]
fn e14_empty_lists() {
    run().check(
        &config("mode: ON_WITH_INCLUSION, inclusion: {}"),
        expect![[r#"
        warning rbac-config-enables-nothing@1 none
        inert default (rbac-config-enables-nothing)
    "#]],
    );
    run().check(
        &config("mode: ON_WITH_EXCLUSION, exclusion: {}"),
        expect![[r#"
            istio-system/default-deny <- default: ALLOW nothing
            relaxations: undeclared-ports
        "#]],
    );
}

#[test]
fn e14_a_config_that_istio_rejects_refuses_the_roles() {
    run().check(
        &format!("{}---\n{}", config("mode: ON_WITH_INCLUSION"), granted()),
        expect![[r#"
        error rbac-config-refused@5 none
        refused r
        refused bind-r
    "#]],
    );
}

#[test]
fn e15_a_permissive_config_enforces_nothing() {
    let yaml = format!("{}---\n{}", config("mode: 'ON', enforcementMode: PERMISSIVE"), granted());
    run().check(
        &yaml,
        expect![[r#"
        warning permissive-rbac-config@1 none
        inert default (permissive-rbac-config)
        inert r (permissive-rbac-config)
        inert bind-r (permissive-rbac-config)
    "#]],
    );
    run().with(|run| run.options.shadow = true).check(
        &yaml,
        expect![[r#"
            istio-system/default-deny <- default (dry run): ALLOW nothing
              # Only logged, as before: never enforced while the dry-run annotation stands.
            default/r <- r, bind-r (dry run): ALLOW GET from cluster.local/ns/a/sa/x
              # Only logged, as before: never enforced while the dry-run annotation stands.
            warning permissive-rbac-config@1 none
        "#]],
    );
}

#[test]
fn e17_e18_a_cluster_config_goes_before_an_rbac_config() {
    let old = "{apiVersion: rbac.istio.io/v1alpha1, kind: RbacConfig, metadata: {name: default, namespace: a}, spec: {mode: 'ON'}}\n";
    run().check(
        &format!("{}---\n{old}", config("mode: 'OFF'")),
        expect![[r#"
        note rbac-off@1 none
        note rbac-config-overridden@3 none
        inert default (rbac-off)
        inert default (rbac-off)
    "#]],
    );
    run().check(
        old,
        expect![[r#"
            istio-system/default-deny <- default: ALLOW nothing
            relaxations: undeclared-ports
        "#]],
    );
    run().check(&format!("{old}---\n{}", old.replace("namespace: a", "namespace: b")), expect![[""]]);
}

#[test]
fn e20_e123_roles_where_rbac_was_off_are_not_converted() {
    let included = format!("{}---\n{}", include("namespaces: [other]"), granted());
    run().check(
        &included,
        expect![[r#"
            other/default-deny <- default: ALLOW nothing
            warning rbac-not-enabled@5 none
            inert r (rbac-not-enabled)
            inert bind-r (rbac-not-enabled)
            relaxations: undeclared-ports
        "#]],
    );
    let excluded =
        format!("{}---\n{}", config("mode: ON_WITH_EXCLUSION, exclusion: {namespaces: [default]}"), granted());
    run().check(
        &excluded,
        expect![[r#"
            istio-system/default-deny <- default: ALLOW nothing
            default/allow-all <- default: ALLOW everything
            warning rbac-not-enabled@5 none
            inert r (rbac-not-enabled)
            inert bind-r (rbac-not-enabled)
            relaxations: undeclared-ports
        "#]],
    );
}

#[test]
fn e35_a_fence_keeps_undeclared_ports_open() {
    let yaml = format!("{}---\n{}", include("services: [app.default.svc.cluster.local]"), granted());
    run().with(|run| run.options.port_fence = true).check(
        &yaml,
        expect![[r#"
            default/default-deny-app <- default: {app: app} ALLOW everything but not 8080
            default/r <- r, bind-r: {app: app} ALLOW GET from cluster.local/ns/a/sa/x
            relaxations: undeclared-ports
        "#]],
    );
    let yaml = format!("{}---\n{}", config("mode: 'ON'"), granted());
    run().with(|run| run.options.port_fence = true).check(
        &yaml,
        expect![[r#"
            istio-system/default-deny <- default: ALLOW nothing
            default/port-fence-app <- default: {app: app} ALLOW everything but not 8080
            default/r <- r, bind-r: ALLOW GET from cluster.local/ns/a/sa/x
            relaxations: undeclared-ports
        "#]],
    );
}

const ALLOW: &str = "{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: mine, namespace: default}, spec: {selector: {matchLabels: {app: app}}, action: ALLOW, rules: [{to: [{operation: {methods: [GET]}}]}]}}\n";

#[test]
fn e48_e128_nothing_is_added_to_an_existing_policy() {
    let yaml = format!(
        "{}---\n{}---\n{}---\n{ALLOW}",
        config("mode: 'ON'"),
        granted(),
        service("web", "app: web", "{name: http, port: 80}")
    );
    run().check(
        &yaml,
        expect![[r#"
            istio-system/default-deny <- default: ALLOW nothing
            default/r <- r, bind-r: {app: web} ALLOW GET from cluster.local/ns/a/sa/x
            note pattern-enumerated@5 narrower
            warning replaced-by-authorization-policy@5 none
            relaxations: undeclared-ports
        "#]],
    );
}

#[test]
fn e124_an_exclusion_does_not_undo_an_existing_policy() {
    let yaml = format!(
        "{}---\n{}---\n{}---\n{ALLOW}",
        config("mode: ON_WITH_EXCLUSION, exclusion: {namespaces: [default]}"),
        granted(),
        service("web", "app: web", "{name: http, port: 80}")
    );
    run().check(
        &yaml,
        expect![[r#"
            istio-system/default-deny <- default: ALLOW nothing
            default/allow-all-web <- default: {app: web} ALLOW everything
            warning rbac-not-enabled@5 none
            inert r (rbac-not-enabled)
            inert bind-r (rbac-not-enabled)
            relaxations: undeclared-ports
        "#]],
    );
}

#[test]
fn a_default_denial_does_not_silently_close_pods_with_deny_policies() {
    let deny = ALLOW.replace("action: ALLOW", "action: DENY");
    let yaml = format!("{}---\n{}---\n{deny}", config("mode: 'ON'"), granted());
    run().check(
        &yaml,
        expect![[r#"
        error default-deny-closes-workload@1 narrower
        refused default
        refused r
        refused bind-r
    "#]],
    );
}

#[test]
fn a_policy_for_the_whole_mesh_replaces_old_rbac_everywhere() {
    let all = "{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: all, namespace: istio-system}, spec: {}}\n";
    run().check(
        &format!("{}---\n{}---\n{all}", config("mode: 'ON'"), granted()),
        expect![[r#"
        warning replaced-by-authorization-policy@1 none
        inert default (replaced-by-authorization-policy)
        inert r (replaced-by-authorization-policy)
        inert bind-r (replaced-by-authorization-policy)
    "#]],
    );
}
