//! E1–E52, E87–E97: modes, selection, ports, the root namespace, objects that exist already.

use super::{Case, WEB, all, check, dated_policy, deployment, mesh_policy, policy, policy_in, service, service_in};
use expect_test::expect;

/// What becomes of the spec of a MeshPolicy.
#[test]
fn authn_e1_to_e9_every_spelling_of_peers() {
    for (edge, spec, expected) in [
        ("E1 empty mtls is strict", "{peers: [{mtls: {}}]}", "STRICT"),
        ("E2 null mtls is strict", "{peers: [{mtls: null}]}", "STRICT"),
        ("E3 permissive stays", "{peers: [{mtls: {mode: PERMISSIVE}}]}", "PERMISSIVE"),
        ("E4 numbers of the old enum", "{peers: [{mtls: {mode: 1}}]}", "PERMISSIVE"),
        ("E5 an empty peer is no peer", "{peers: [{}]}", "DISABLE; plaintext-only note none"),
        (
            "E6 the first mtls counts not the first element",
            "{peers: [{jwt: {issuer: a, jwksUri: 'https://a/k'}}, {mtls: {}}]}",
            "STRICT; known-workloads-only warning none",
        ),
        ("E7 the first of two mtls counts", "{peers: [{mtls: {mode: PERMISSIVE}}, {mtls: {}}]}", "PERMISSIVE"),
        (
            "E8 E9 allow tls and optional peers relax nothing",
            "{peers: [{mtls: {allowTls: true}}], peerIsOptional: true}",
            "STRICT; allow-tls-ignored note none; peer-is-optional-ignored note narrower",
        ),
    ] {
        let shown = Case::new().shown(&mesh_policy(spec));
        let said: Vec<&str> = shown.lines().collect();
        assert_eq!(said.join("; ").trim_start_matches("PeerAuthentication istio-system/default "), expected, "{edge}");
    }
}

#[test]
fn authn_e11_e15_no_peers_is_plaintext_only() {
    check(
        &all(&[WEB, &mesh_policy("{}"), &policy("web", "{targets: [{name: web}]}")]),
        &expect![[r#"
            PeerAuthentication istio-system/default DISABLE
            PeerAuthentication foo/web {app: web} DISABLE
            plaintext-only note none
            plaintext-only note none
        "#]],
    );
}

#[test]
fn authn_e12_an_empty_spec_for_the_namespace() {
    check(
        &all(&[WEB, &mesh_policy("{peers: [{mtls: {}}]}"), &policy("default", "{}")]),
        &expect![[r#"
            PeerAuthentication istio-system/default STRICT
            PeerAuthentication foo/default DISABLE
            plaintext-only note none
        "#]],
    );
}

#[test]
fn authn_e13_no_mesh_policy_on_1_4() {
    let input = all(&[
        WEB,
        &service("db", "app: db", "{port: 90}"),
        &policy("web", "{targets: [{name: web}], peers: [{mtls: {}}]}"),
    ]);
    Case::new().on_1_4().check(
        &input,
        &expect![[r#"
            PeerAuthentication foo/web {app: web} STRICT
            PeerAuthentication istio-system/default DISABLE
            implicit-mesh-default note none
            strict-below-disable warning narrower
        "#]],
    );
    Case::new().on_1_4().permissive().check(
        &input,
        &expect![[r#"
            PeerAuthentication foo/web {app: web} STRICT
            plaintext-made-permissive note wider
        "#]],
    );
    Case::new().on_1_4().incomplete().check(
        &input,
        &expect![[r#"
        unknown-mesh-policy error wider
    "#]],
    );
}

#[test]
fn authn_e14_no_mesh_policy_on_1_5() {
    check(
        &all(&[WEB, &policy("web", "{targets: [{name: web}], peers: [{mtls: {}}]}")]),
        &expect![[r#"
            PeerAuthentication foo/web {app: web} STRICT
        "#]],
    );
}

#[test]
fn authn_e17_a_service_policy_below_a_namespace_policy() {
    let input = all(&[
        WEB,
        &policy("default", "{peers: [{mtls: {}}]}"),
        &policy("web", "{targets: [{name: web}], peers: [{mtls: {mode: PERMISSIVE}}]}"),
    ]);
    check(
        &input,
        &expect![[r#"
            PeerAuthentication foo/default STRICT
            PeerAuthentication foo/web {app: web} PERMISSIVE
        "#]],
    );
}

#[test]
fn authn_e18_an_older_policy_for_the_service_and_a_newer_one_for_the_port() {
    let input = all(&[
        WEB,
        &dated_policy("a", "2019-01-01T00:00:00Z", "{targets: [{name: web}]}"),
        &dated_policy(
            "b",
            "2020-01-01T00:00:00Z",
            "{targets: [{name: web, ports: [{number: 80}]}], peers: [{mtls: {}}]}",
        ),
    ]);
    check(
        &input,
        &expect![[r#"
            PeerAuthentication foo/b {app: web} 8080 STRICT
            policy-order-by-release warning none
        "#]],
    );
    Case::new().on_1_4().check(
        &input,
        &expect![[r#"
            PeerAuthentication foo/a {app: web} DISABLE
            plaintext-only note none
            policy-order-by-release warning none
        "#]],
    );
}

#[test]
fn authn_e19_an_older_policy_for_the_port() {
    let input = all(&[
        WEB,
        &dated_policy("a", "2020-01-01T00:00:00Z", "{targets: [{name: web}]}"),
        &dated_policy(
            "b",
            "2019-01-01T00:00:00Z",
            "{targets: [{name: web, ports: [{number: 80}]}], peers: [{mtls: {}}]}",
        ),
    ]);
    check(
        &input,
        &expect![[r#"
            PeerAuthentication foo/b {app: web} 8080 STRICT
            policy-without-effect warning none
        "#]],
    );
}

#[test]
fn authn_e20_without_creation_times_the_stricter_loser_refuses() {
    let strict = "{targets: [{name: web, ports: [{number: 80}]}], peers: [{mtls: {}}]}";
    let open = "{targets: [{name: web, ports: [{number: 80}]}]}";
    check(
        &all(&[WEB, &policy("a", open), &policy("b", strict)]),
        &expect![[r#"
            plaintext-only note none
            policy-order-unknown error wider
        "#]],
    );
    // Whether it was plaintext only or mutual TLS only, the other one opens the port to somebody.
    check(
        &all(&[WEB, &policy("a", strict), &policy("b", open)]),
        &expect![[r#"
            policy-order-unknown error wider
        "#]],
    );
    let both = "{targets: [{name: web, ports: [{number: 80}]}], peers: [{mtls: {mode: PERMISSIVE}}]}";
    check(
        &all(&[WEB, &policy("a", strict), &policy("b", both)]),
        &expect![[r#"
            PeerAuthentication foo/a {app: web} 8080 STRICT
            policy-order-unknown warning narrower
        "#]],
    );
}

#[test]
fn authn_e21_ties_are_broken_by_name_and_namespace() {
    let strict = "{targets: [{name: web}], peers: [{mtls: {}}]}";
    let open = "{targets: [{name: web}]}";
    let same = "2020-01-01T00:00:00Z";
    check(
        &all(&[WEB, &dated_policy("a", same, open), &dated_policy("a-b", same, strict)]),
        &expect![[r#"
            PeerAuthentication foo/a-b {app: web} STRICT
            policy-without-effect warning none
        "#]],
    );
}

#[test]
fn authn_e22_a_target_never_crosses_namespaces() {
    let input = all(&[
        &service_in("bar", "api", "app: api", "{port: 80}"),
        &policy("x", "{targets: [{name: api}], peers: [{mtls: {}}]}"),
    ]);
    check(
        &input,
        &expect![[r#"
        missing-target warning none
    "#]],
    );
    Case::new().incomplete().check(
        &input,
        &expect![[r#"
        unresolved-target error wider
    "#]],
    );
}

#[test]
fn authn_e23_a_container_port_is_no_service_port() {
    let input = all(&[WEB, &policy("web", "{targets: [{name: web, ports: [{number: 8080}]}], peers: [{mtls: {}}]}")]);
    check(
        &input,
        &expect![[r#"
        missing-target-port warning none
    "#]],
    );
}

#[test]
fn authn_e25_e26_a_port_named_twice_and_a_service_named_twice() {
    check(
        &all(&[
            WEB,
            &policy("web", "{targets: [{name: web, ports: [{number: 80}, {name: http}]}], peers: [{mtls: {}}]}"),
        ]),
        &expect![[r#"
            PeerAuthentication foo/web {app: web} 8080 STRICT
        "#]],
    );
    check(
        &all(&[
            WEB,
            &policy("web", "{targets: [{name: web}, {name: web, ports: [{number: 80}]}], peers: [{mtls: {}}]}"),
        ]),
        &expect![[r#"
            PeerAuthentication foo/web {app: web} 8080 STRICT
        "#]],
    );
}

#[test]
fn authn_e31_a_port_specific_target_speaks_of_the_container_port() {
    let input = all(&[WEB, &policy("web", "{targets: [{name: web, ports: [{number: 80}]}], peers: [{mtls: {}}]}")]);
    check(
        &input,
        &expect![[r#"
            PeerAuthentication foo/web {app: web} 8080 STRICT
        "#]],
    );
}

#[test]
fn authn_e32_a_named_target_port_is_resolved_in_the_pods() {
    let web = service("web", "app: web", "{name: http, port: 80, targetPort: http-web}, {name: x, port: 81}");
    let input = all(&[
        &web,
        &deployment("web", "app: web", "{name: http-web, containerPort: 9090}"),
        &policy("web", "{targets: [{name: web, ports: [{number: 80}]}], peers: [{mtls: {}}]}"),
    ]);
    check(
        &input,
        &expect![[r#"
            PeerAuthentication foo/web {app: web} 9090 STRICT
        "#]],
    );
}

#[test]
fn authn_e33_a_named_target_port_without_pods() {
    let web = service("web", "app: web", "{name: http, port: 80, targetPort: http-web}, {name: x, port: 81}");
    let input = all(&[&web, &policy("web", "{targets: [{name: web, ports: [{number: 80}]}], peers: [{mtls: {}}]}")]);
    check(
        &input,
        &expect![[r#"
        unresolved-target-port error wider
    "#]],
    );
    let whole = all(&[&web, &policy("web", "{targets: [{name: web}], peers: [{mtls: {}}]}")]);
    check(
        &whole,
        &expect![[r#"
            PeerAuthentication foo/web {app: web} STRICT
        "#]],
    );
}

#[test]
fn authn_e34_two_deployments_with_different_numbers() {
    let web = service("web", "app: web", "{name: http, port: 80, targetPort: http-web}, {name: x, port: 81}");
    let strict = policy("web", "{targets: [{name: web, ports: [{number: 80}]}], peers: [{mtls: {}}]}");
    let v1 = deployment("v1", "app: web, version: v1", "{name: http-web, containerPort: 8080}");
    let v2 = deployment("v2", "app: web, version: v2", "{name: http-web, containerPort: 9090}");
    check(
        &all(&[&web, &strict, &v1, &v2]),
        &expect![[r#"
            PeerAuthentication foo/web {app: web} 8080 STRICT, 9090 STRICT
        "#]],
    );
    let v1 = deployment(
        "v1",
        "app: web, version: v1",
        "{name: http-web, containerPort: 8080}, {name: debug, containerPort: 9090}",
    );
    check(
        &all(&[&web, &strict, &v1, &v2]),
        &expect![[r#"
            PeerAuthentication foo/web-v1 {app: web, version: v1} 8080 STRICT
            PeerAuthentication foo/web-v2 {app: web, version: v2} 9090 STRICT
        "#]],
    );
    let v1 = deployment("v1", "app: web", "{name: http-web, containerPort: 8080}, {name: debug, containerPort: 9090}");
    let v2 = deployment("v2", "app: web", "{name: http-web, containerPort: 9090}");
    check(
        &all(&[&web, &strict, &v1, &v2]),
        &expect![[r#"
        inseparable-workloads error wider
        inseparable-workloads error wider
    "#]],
    );
}

#[test]
fn authn_e36_a_udp_port_of_the_same_name_is_no_match() {
    let web = service("web", "app: web", "{name: http, port: 80, targetPort: http-web}, {name: x, port: 81}");
    let input = all(&[
        &web,
        &deployment("web", "app: web", "{name: http-web, containerPort: 9090, protocol: UDP}"),
        &policy("web", "{targets: [{name: web, ports: [{number: 80}]}], peers: [{mtls: {}}]}"),
    ]);
    check(
        &input,
        &expect![[r#"
        policy-without-effect warning none
    "#]],
    );
}

#[test]
fn authn_e37_other_services_on_the_same_pods_are_left_alone() {
    let input = all(&[
        WEB,
        &service("admin", "app: web", "{port: 81, targetPort: 8081}"),
        &policy("web", "{targets: [{name: web}], peers: [{mtls: {}}]}"),
    ]);
    check(
        &input,
        &expect![[r#"
            PeerAuthentication foo/web {app: web} 8080 STRICT
        "#]],
    );
}

#[test]
fn authn_e38_two_services_on_one_container_port() {
    let admin = service("admin", "app: web", "{name: http, port: 81, targetPort: 8080}");
    let strict = policy("web", "{targets: [{name: web}], peers: [{mtls: {}}]}");
    check(
        &all(&[WEB, &admin, &strict]),
        &expect![[r#"
        service-order-unknown error wider
    "#]],
    );
    check(
        &all(&[WEB, &admin, &strict, &policy("admin", "{targets: [{name: admin}], peers: [{mtls: {}}]}")]),
        &expect![[r#"
            PeerAuthentication foo/web {app: web} STRICT
        "#]],
    );
}

#[test]
fn authn_e39_two_ports_of_one_service_on_one_container_port() {
    let web =
        service("web", "app: web", "{name: a, port: 80, targetPort: 8080}, {name: b, port: 8443, targetPort: 8080}");
    let input = all(&[&web, &policy("web", "{targets: [{name: web, ports: [{number: 80}]}], peers: [{mtls: {}}]}")]);
    check(
        &input,
        &expect![[r#"
            PeerAuthentication foo/web {app: web} 8080 STRICT
            shadowed-policy warning none
        "#]],
    );
}

#[test]
fn authn_e40_two_policies_for_one_workload_become_one_object() {
    let web = service("web", "app: web", "{name: http, port: 80, targetPort: 8080}, {name: x, port: 9000}");
    let input = all(&[
        &web,
        &policy("p1", "{targets: [{name: web, ports: [{number: 80}]}], peers: [{mtls: {}}]}"),
        &policy("p2", "{targets: [{name: web, ports: [{number: 9000}]}]}"),
    ]);
    check(
        &input,
        &expect![[r#"
            PeerAuthentication foo/p1 {app: web} 8080 STRICT, 9000 DISABLE
            plaintext-only note none
        "#]],
    );
}

#[test]
fn authn_e41_overlapping_selectors() {
    let a = service("a", "app: x", "{port: 80}");
    let b = service("b", "app: x, tier: b", "{port: 90}");
    let open = policy("a", "{targets: [{name: a, ports: [{number: 80}]}]}");
    let strict = policy("b", "{targets: [{name: b, ports: [{number: 90}]}], peers: [{mtls: {}}]}");
    check(
        &all(&[&a, &b, &open, &strict]),
        &expect![[r#"
            PeerAuthentication foo/a {app: x} 80 DISABLE, 90 STRICT
            plaintext-only note none
        "#]],
    );
    let one = deployment("one", "app: x, tier: a", "");
    let two = deployment("two", "app: x, tier: b", "");
    check(
        &all(&[&a, &b, &open, &strict, &one, &two]),
        &expect![[r#"
            PeerAuthentication foo/a-one {app: x, tier: a} 80 DISABLE
            PeerAuthentication foo/a-two {app: x, tier: b} 80 DISABLE, 90 STRICT
            plaintext-only note none
        "#]],
    );
}

#[test]
fn authn_e42_e43_services_without_pods() {
    let plain = "apiVersion: v1\nkind: Service\nmetadata: {name: ext, namespace: foo}\nspec: {ports: [{port: 80}]}\n";
    let external = "apiVersion: v1\nkind: Service\nmetadata: {name: ext, namespace: foo}\nspec: {type: ExternalName, externalName: a.b}\n";
    let strict = policy("ext", "{targets: [{name: ext}], peers: [{mtls: {}}]}");
    check(
        &all(&[plain, &strict]),
        &expect![[r#"
        target-without-selector error wider
    "#]],
    );
    check(
        &all(&[external, &strict]),
        &expect![[r#"
            target-without-selector warning none
        "#]],
    );
}

#[test]
fn authn_e44_a_headless_service_that_takes_plaintext_only() {
    let db = "apiVersion: v1\nkind: Service\nmetadata: {name: db, namespace: foo}\nspec: {clusterIP: None, selector: {app: db}, ports: [{name: tcp, port: 5432}]}\n";
    let input = all(&[db, &policy("default", "{peers: [{mtls: {}}]}"), &policy("db", "{targets: [{name: db}]}")]);
    check(
        &input,
        &expect![[r#"
            PeerAuthentication foo/default STRICT
            PeerAuthentication foo/db {app: db} DISABLE
            disable-unseen-by-clients warning narrower
            plaintext-only note none
        "#]],
    );
}

#[test]
fn authn_e46_a_sidecar_listener_replaces_the_service_port() {
    let sidecar = "apiVersion: networking.istio.io/v1alpha3\nkind: Sidecar\nmetadata: {name: s, namespace: foo}\nspec: {workloadSelector: {labels: {app: web}}, ingress: [{port: {number: 7070, name: http, protocol: HTTP}, defaultEndpoint: '127.0.0.1:8080'}]}\n";
    let web = service("web", "app: web", "{name: http, port: 80, targetPort: 7070}");
    let by = |number: u16| {
        policy("web", &format!("{{targets: [{{name: web, ports: [{{number: {number}}}]}}], peers: [{{mtls: {{}}}}]}}"))
    };
    check(
        &all(&[sidecar, &web, &by(80)]),
        &expect![[r#"
        policy-without-effect warning none
    "#]],
    );
    check(
        &all(&[sidecar, &web, &by(7070)]),
        &expect![[r#"
            PeerAuthentication foo/web {app: web} 7070 STRICT
        "#]],
    );
}

#[test]
fn authn_e47_ports_that_no_service_declares() {
    let input = all(&[
        WEB,
        &deployment("web", "app: web", "{containerPort: 8080}, {name: metrics, containerPort: 9102}"),
        &policy("default", "{peers: [{mtls: {}}]}"),
    ]);
    check(
        &input,
        &expect![[r#"
            PeerAuthentication foo/default STRICT
            undeclared-ports note narrower
        "#]],
    );
}

#[test]
fn authn_e48_e49_e50_the_root_namespace() {
    let grafana = service_in("istio-system", "grafana", "app: grafana", "{name: http, port: 3000}");
    let strict_mesh = mesh_policy("{peers: [{mtls: {}}]}");
    let open = policy_in("istio-system", "grafana-ports-mtls-disabled", "{targets: [{name: grafana}]}");
    check(
        &all(&[&grafana, &strict_mesh, &open]),
        &expect![[r#"
            PeerAuthentication istio-system/default STRICT
            root-namespace-target error wider
        "#]],
    );
    let strict = policy_in("istio-system", "default", "{peers: [{mtls: {}}]}");
    check(
        &all(&[&mesh_policy("{peers: [{mtls: {mode: PERMISSIVE}}]}"), &strict]),
        &expect![[r#"
            PeerAuthentication istio-system/default PERMISSIVE
            root-namespace-policy error wider
        "#]],
    );
    check(
        &all(&[&strict_mesh, &strict]),
        &expect![[r#"
            PeerAuthentication istio-system/default STRICT
            root-namespace-policy note none
        "#]],
    );
}

#[test]
fn authn_e52_another_root_namespace() {
    let grafana = service_in("istio-system", "grafana", "app: grafana", "{name: http, port: 3000}");
    let open = policy_in("istio-system", "grafana-ports-mtls-disabled", "{targets: [{name: grafana}]}");
    Case::new().with(|build| build.settings.root_namespace = "istio-config".to_owned()).check(
        &all(&[&grafana, &mesh_policy("{peers: [{mtls: {}}]}"), &open]),
        &expect![[r#"
            PeerAuthentication istio-config/default STRICT
            PeerAuthentication istio-system/grafana-ports-mtls-disabled {app: grafana} DISABLE
            plaintext-only note none
        "#]],
    );
}

const EXISTING: &str = "
apiVersion: security.istio.io/v1beta1
kind: PeerAuthentication
metadata: {name: old, namespace: foo}
spec: {selector: {matchLabels: {app: web}}, mtls: {mode: PERMISSIVE}}
";

#[test]
fn authn_e87_e88_an_existing_peer_authentication() {
    let input = all(&[WEB, EXISTING, &policy("web", "{targets: [{name: web}], peers: [{mtls: {}}]}")]);
    check(
        &input,
        &expect![[r#"
        mtls-already-replaced note none
    "#]],
    );
    Case::new().on_1_4().check(
        &input,
        &expect![[r#"
        existing-peer-authentication error wider
        mtls-already-replaced note none
    "#]],
    );
}

#[test]
fn authn_e90_on_1_5_the_inherited_mode_is_written_down() {
    let input = all(&[
        WEB,
        &policy("default", "{peers: [{mtls: {}}]}"),
        &policy("web", "{targets: [{name: web, ports: [{number: 80}]}]}"),
    ]);
    Case::new().to(5).check(
        &input,
        &expect![[r#"
            PeerAuthentication foo/default STRICT
            PeerAuthentication foo/web {app: web} STRICT, 8080 DISABLE
            disable-unseen-by-clients warning narrower
            plaintext-only note none
        "#]],
    );
}

#[test]
fn authn_e93_ambient_namespaces_cannot_disable() {
    let namespace =
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: foo, labels: {istio.io/dataplane-mode: ambient}}\n";
    check(
        &all(&[namespace, WEB, &policy("web", "{targets: [{name: web}]}")]),
        &expect![[r#"
            ambient-namespace error wider
        "#]],
    );
}

#[test]
fn authn_e94_strict_below_disable() {
    let input = all(&[WEB, &mesh_policy("{}"), &policy("web", "{targets: [{name: web}], peers: [{mtls: {}}]}")]);
    check(
        &input,
        &expect![[r#"
            PeerAuthentication istio-system/default DISABLE
            PeerAuthentication foo/web {app: web} STRICT
            plaintext-only note none
            strict-below-disable warning narrower
        "#]],
    );
}

#[test]
fn authn_e95_disable_on_a_release_whose_clients_do_not_look() {
    let input = all(&[WEB, &mesh_policy("{peers: [{mtls: {}}]}"), &policy("web", "{targets: [{name: web}]}")]);
    Case::new().to(9).check(
        &input,
        &expect![[r#"
            PeerAuthentication istio-system/default STRICT
            PeerAuthentication foo/web {app: web} DISABLE
            disable-unseen-by-clients warning narrower
            plaintext-only note none
        "#]],
    );
}

#[test]
fn authn_e96_e97_destination_rules() {
    let rule = |spec: &str| {
        format!(
            "apiVersion: networking.istio.io/v1alpha3\nkind: DestinationRule\nmetadata: {{name: web, namespace: foo}}\nspec: {{host: web, trafficPolicy: {spec}}}\n"
        )
    };
    let open = policy("web", "{targets: [{name: web, ports: [{number: 80}]}]}");
    let mutual = rule("{portLevelSettings: [{port: {number: 80}, tls: {mode: ISTIO_MUTUAL}}]}");
    check(
        &all(&[WEB, &open, &mutual]),
        &expect![[r#"
            PeerAuthentication foo/web {app: web} 8080 DISABLE
            plaintext-only note none
            destination-rule-conflict warning none
        "#]],
    );
    let unset = rule("{tls: {mode: ISTIO_MUTUAL}, portLevelSettings: [{port: {number: 80}}]}");
    check(
        &all(&[WEB, &open, &unset]),
        &expect![[r#"
            PeerAuthentication foo/web {app: web} 8080 DISABLE
            plaintext-only note none
        "#]],
    );
    let strict = policy("web", "{targets: [{name: web}], peers: [{mtls: {}}]}");
    check(
        &all(&[WEB, &strict, &rule("{tls: {mode: DISABLE}}")]),
        &expect![[r#"
            PeerAuthentication foo/web {app: web} STRICT
            destination-rule-conflict warning none
        "#]],
    );
}

#[test]
fn rabbitmq_three_services_on_the_same_pods_become_one_object() {
    let ports = "{name: epmd, port: 4369, targetPort: epmd}, {name: amqp, port: 5672, targetPort: amqp}, {name: amqps, port: 5671, targetPort: amqps}";
    let stateful_set = "
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: rabbitmq, namespace: rabbitns}
spec:
  template:
    metadata: {labels: {app: rabbitmq-ha, release: rabbitmq}}
    spec:
      containers:
      - name: rabbitmq
        ports: [{name: epmd, containerPort: 4369}, {name: amqp, containerPort: 5672}, {name: amqps, containerPort: 5671}]
";
    let disable = "
apiVersion: authentication.istio.io/v1alpha1
kind: Policy
metadata: {name: rabbitmq-disable-mtls, namespace: rabbitns}
spec:
  targets:
  - name: rabbitmq-discovery
    ports:
    - number: 4369 # epmd talks to the pod's own address
    # amqps brings its own TLS
    - number: 5671
  - name: rabbitmq
    ports: [{number: 5671}]
  - name: rabbitmq-internal
    ports: [{number: 5671}]
";
    let selector = "app: rabbitmq-ha, release: rabbitmq";
    let input = all(&[
        &policy_in("rabbitns", "default", "{peers: [{mtls: {}}]}"),
        disable,
        &service_in("rabbitns", "rabbitmq-discovery", selector, ports),
        &service_in("rabbitns", "rabbitmq", selector, "{name: amqps, port: 5671, targetPort: amqps}"),
        &service_in(
            "rabbitns",
            "rabbitmq-internal",
            selector,
            "{name: amqp, port: 5672, targetPort: amqp}, {name: amqps, port: 5671, targetPort: amqps}",
        ),
        stateful_set,
    ]);
    Case::new().incomplete().check(
        &input,
        &expect![[r#"
            PeerAuthentication rabbitns/default STRICT
            PeerAuthentication rabbitns/rabbitmq-disable-mtls {app: rabbitmq-ha, release: rabbitmq} 4369 DISABLE, 5671 DISABLE
              # epmd talks to the pod's own address
              # amqps brings its own TLS
            plaintext-only note none
        "#]],
    );
}

#[test]
fn authn_e27_labels_of_a_target_are_ignored() {
    let input = all(&[WEB, &policy("web", "{targets: [{name: web, labels: {version: v1}}], peers: [{mtls: {}}]}")]);
    check(
        &input,
        &expect![[r#"
            PeerAuthentication foo/web {app: web} STRICT
            target-labels-ignored note none
        "#]],
    );
}

#[test]
fn authn_e35_a_missing_target_port_is_the_service_port() {
    let input = all(&[
        &service("web", "app: web", "{name: http, port: 80}"),
        &policy("web", "{targets: [{name: web, ports: [{name: http}]}], peers: [{mtls: {}}]}"),
    ]);
    check(
        &input,
        &expect![[r#"
            PeerAuthentication foo/web {app: web} 80 STRICT
        "#]],
    );
}

#[test]
fn authn_e83_one_policy_for_two_services_gives_two_names() {
    let input = all(&[
        WEB,
        &service("db", "app: db", "{name: tcp, port: 5432}"),
        &policy("strict", "{targets: [{name: web}, {name: db}], peers: [{mtls: {}}]}"),
    ]);
    check(
        &input,
        &expect![[r#"
            PeerAuthentication foo/strict-db {app: db} STRICT
            PeerAuthentication foo/strict-web {app: web} STRICT
        "#]],
    );
}
