use super::*;
use expect_test::expect;

const RULE: &str = "{services: [app.default.svc.cluster.local], methods: [GET]}";

#[test]
fn e39_a_role_without_binding_is_inert() {
    run().check(
        &default_world(&role("r", RULE)),
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            warning role-without-binding@5 none
            inert r (role-without-binding)
            relaxations: undeclared-ports
        "#]],
    );
}

#[test]
fn e40_a_binding_without_role_is_inert_or_refused() {
    let yaml = default_world(&binding("r", X));
    run().check(
        &yaml,
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            warning binding-without-role@5 none
            inert bind-r (binding-without-role)
            relaxations: undeclared-ports
        "#]],
    );
    run().incomplete().check(
        &yaml,
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            error unresolved-role@5 narrower
            refused bind-r
            relaxations: undeclared-ports
        "#]],
    );
    let elsewhere = format!("{yaml}---\n{}", role("other/r", RULE));
    run().incomplete().check(
        &elsewhere,
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            error unresolved-role@5 narrower
            warning rbac-not-enabled@7 none
            inert r (rbac-not-enabled)
            refused bind-r
            relaxations: undeclared-ports
        "#]],
    );
}

#[test]
fn e41_e42_rules_times_subjects() {
    let rules = "{services: [app.default.svc.cluster.local], methods: [GET]}, {services: [app.default.svc.cluster.local], methods: [POST]}";
    let second = binding("r", "{namespaces: [b]}").replace("bind-r", "second");
    run().check(
        &default_world(&format!("{}---\n{}---\n{second}", role("r", rules), binding("r", X))),
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            default/r <- r, bind-r, second: {app: app} ALLOW
              GET from cluster.local/ns/a/sa/x
              GET from namespaces=b
              POST from cluster.local/ns/a/sa/x
              POST from namespaces=b
            relaxations: undeclared-ports
        "#]],
    );
}

#[test]
fn e43_e44_permissive_bindings_grant_nothing() {
    let permissive =
        binding("r", "{user: z}").replace("bind-r", "logged").replace("spec: {", "spec: {mode: PERMISSIVE, ");
    let only = default_world(&format!("{}---\n{permissive}", role("r", RULE)));
    run().check(
        &only,
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            warning permissive-binding@5 none
            inert r (permissive-binding)
            inert logged (permissive-binding)
            relaxations: undeclared-ports
        "#]],
    );
    run().with(|run| run.options.shadow = true).check(
        &only,
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            default/r-dry-run <- r, logged (dry run): {app: app} ALLOW GET from z
              # Only logged, as before: never enforced while the dry-run annotation stands.
            warning permissive-binding@5 none
            relaxations: undeclared-ports
        "#]],
    );
    let both = format!("{only}---\n{}", binding("r", X));
    run().check(
        &both,
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            default/r <- r, bind-r: {app: app} ALLOW GET from cluster.local/ns/a/sa/x
            warning permissive-binding@7 none
            inert logged (permissive-binding)
            relaxations: undeclared-ports
        "#]],
    );
    run().with(|run| run.options.shadow = true).check(
        &both,
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            default/r <- r, bind-r: {app: app} ALLOW GET from cluster.local/ns/a/sa/x
            default/r-dry-run <- r, logged (dry run): {app: app} ALLOW GET from z
              # Only logged, as before: never enforced while the dry-run annotation stands.
            warning permissive-binding@7 none
            relaxations: undeclared-ports
        "#]],
    );
}

#[test]
fn e109_e110_tcp_rules_and_subjects_stay_apart_from_http_ones() {
    let yaml = format!(
        "{}---\n{}---\n{}---\n{}",
        include("namespaces: [default]"),
        service("db", "app: db", "{name: tcp, port: 3306}"),
        role("r", "{services: [db.*], methods: [GET]}, {services: [db.*], ports: [3306]}"),
        binding("r", &format!("{{group: g}}, {X}"))
    );
    run().check(
        &yaml,
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            default/r <- r, bind-r: {app: db} ALLOW
              GET if request.auth.claims[groups]=g
              GET from cluster.local/ns/a/sa/x
              3306 if request.auth.claims[groups]=g
              3306 from cluster.local/ns/a/sa/x
            note claim-form@7 narrower
            relaxations: undeclared-ports
        "#]],
    );
}

#[test]
fn e113_istio_1_4_has_no_negation() {
    run().with(|run| run.build.settings.target = crate::mesh::Version::minor(4)).check(
        &app("notMethods: [GET]", X),
        expect![[r#"
            default/default-deny <- default: ALLOW nothing
            error negation-unsupported@5 wider
            refused r
            refused bind-r
            relaxations: undeclared-ports
        "#]],
    );
}

#[test]
fn e114_more_than_512_rules_are_several_policies() {
    let subjects: Vec<String> = (0..513).map(|n| format!("{{user: u{n}, ips: [10.0.0.1]}}")).collect();
    let (_, part) = run().convert(&app("", &subjects.join(", ")));
    let names: Vec<&str> = part.drafts.iter().map(|draft| draft.name.as_str()).collect();
    assert_eq!(names, ["default-deny", "r", "r"]);
}
