//! What generated meshes brought to light, each as a mesh of its own.

use super::Document;
use super::mesh::Scene;
use super::run;
use meshlift::mesh::{Completeness, InventoryKind};
use std::fs;

/// A Service in namespace shop.
fn service(name: &str, selector: &str, port: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{selector: {selector}, ports: [{port}]}}\n"
    )
}

fn rbac_config(spec: &str) -> String {
    format!(
        "apiVersion: rbac.istio.io/v1alpha1\nkind: RbacConfig\nmetadata: {{name: default, namespace: istio-system}}\nspec: {spec}\n"
    )
}

fn policy(spec: &str) -> String {
    format!(
        "apiVersion: authentication.istio.io/v1alpha1\nkind: Policy\nmetadata: {{name: locks, namespace: shop}}\nspec: {spec}\n"
    )
}

fn role(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: rbac.istio.io/v1alpha1\nkind: ServiceRole\nmetadata: {{name: {name}, namespace: shop}}\nspec: {spec}\n"
    )
}

fn binding(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: rbac.istio.io/v1alpha1\nkind: ServiceRoleBinding\nmetadata: {{name: {name}, namespace: shop}}\nspec: {spec}\n"
    )
}

const HTTP: &str = "{name: http, port: 80, targetPort: 8080}";
const NAMED: &str = "{name: http-admin, port: 81, targetPort: admin}";

fn scene(documents: &[String]) -> Scene {
    Scene {
        documents: documents.iter().map(|text| Document { key: String::new(), text: text.clone() }).collect(),
        old_release: false,
        complete: Completeness::All,
        strict: false,
        port_fence: false,
        shadow: false,
        legacy_bug_compat: false,
        plaintext_permissive: false,
        allow_all: false,
    }
}

/// Converts, and expects this finding, and that the result may be written or not.
#[track_caller]
#[allow(clippy::expect_used, reason = "a test fails by them")]
fn check(scene: &Scene, code: &str, may_write: bool) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join(run::FILE), scene.yaml()).expect("a file");
    let done = run::convert(scene, folder.path(), false);
    let codes: Vec<String> = done.report.findings.iter().map(|finding| finding.code.to_string()).collect();
    assert!(codes.iter().any(|found| found == code), "{code} is not among {codes:?}");
    assert!(!codes.iter().any(|found| found == "unexplained-difference"), "{codes:?}");
    assert_eq!(done.may_write, may_write, "{codes:?}");
}

/// Converts with `--keep-going`, and expects this finding, no contradiction, and that nothing wider is written.
#[track_caller]
#[allow(clippy::expect_used, reason = "a test fails by them")]
fn check_going_on(scene: &Scene, code: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join(run::FILE), scene.yaml()).expect("a file");
    let done = run::convert(scene, folder.path(), true);
    let codes: Vec<String> = done.report.findings.iter().map(|finding| finding.code.to_string()).collect();
    assert!(codes.iter().any(|found| found == code), "{code} is not among {codes:?}");
    assert!(!run::about_the_tool(&done), "{}", run::said(&done));
}

#[test]
fn plaintext_permissive_is_asked_for_and_needs_no_second_word() {
    let mut scene = scene(&[service("web", "{app: web}", HTTP), policy("{targets: [{name: web}]}")]);
    scene.plaintext_permissive = true;
    check(&scene, "plaintext-made-permissive", true);
}

#[test]
fn a_namespaced_rbac_config_speaks_for_every_namespace() {
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n\
                      spec: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: main, image: x}]}}}\n";
    let mut scene = scene(&[deployment.to_owned(), rbac_config("{mode: ON_WITH_EXCLUSION, exclusion: {}}")]);
    scene.strict = true;
    check(&scene, "undeclared-ports-closed", true);
}

#[test]
fn pods_that_two_services_may_share_are_asked_about() {
    let scene = scene(&[
        service("web", "{app: web}", HTTP),
        service("api", "{tier: back}", HTTP),
        rbac_config("{mode: ON_WITH_EXCLUSION, exclusion: {services: ['web.shop.svc.cluster.local']}}"),
    ]);
    check(&scene, "pods-may-be-shared", false);
}

#[test]
fn a_port_of_another_service_is_not_closed_in_silence() {
    let scene = scene(&[
        service("web", "{app: web}", HTTP),
        service("api", "{app: web, version: v1}", HTTP),
        rbac_config("{mode: ON_WITH_INCLUSION, inclusion: {services: ['web.shop.svc.cluster.local']}}"),
    ]);
    check(&scene, "shared-port", false);
}

#[test]
fn an_excluded_service_behind_a_named_port_is_not_closed_in_silence() {
    let scene = scene(&[
        service("web", "{app: web}", HTTP),
        service("api", "{app: web}", NAMED),
        rbac_config("{mode: ON_WITH_EXCLUSION, exclusion: {services: ['api.shop.svc.cluster.local']}}"),
    ]);
    check(&scene, "named-port-unresolved", true);
}

#[test]
fn a_mesh_of_1_4_without_authentication_policies_starts_to_take_mutual_tls() {
    let mut scene = scene(&[service("web", "{app: web}", HTTP), rbac_config("{mode: 'ON'}")]);
    scene.old_release = true;
    check(&scene, "unknown-mesh-policy", false);
    scene.complete = Completeness::Open;
    check(&scene, "unknown-mesh-policy", false);
    scene.allow_all = true;
    check(&scene, "unknown-mesh-policy", true);
}

#[test]
fn a_token_of_the_peer_beside_a_request_authentication_is_refused() {
    let request = "apiVersion: security.istio.io/v1beta1\nkind: RequestAuthentication\nmetadata: {name: modern, namespace: shop}\n\
                   spec: {selector: {matchLabels: {app: web}}, jwtRules: [{issuer: iss, jwksUri: 'https://keys.example'}]}\n";
    let scene = scene(&[
        service("web", "{app: web}", HTTP),
        request.to_owned(),
        policy("{targets: [{name: web}], peers: [{jwt: {issuer: peer, jwksUri: 'https://keys.example'}}]}"),
    ]);
    check(&scene, "peer-and-origin-tokens", false);
}

#[test]
fn a_token_of_the_peer_before_its_certificate_names_the_caller() {
    let role = role("r", "{rules: [{services: ['*']}]}");
    let binding = binding("r", "{subjects: [{names: [allAuthenticatedUsers]}], roleRef: {kind: ServiceRole, name: r}}");
    let peers = |list: &str| policy(&format!("{{targets: [{{name: web}}], peers: [{list}]}}"));
    let jwt = "{jwt: {issuer: peer, jwksUri: 'https://keys.example'}}";
    let scene_of = |list: &str| {
        let config = rbac_config("{mode: 'ON'}");
        scene(&[service("web", "{app: web}", HTTP), config, role.clone(), binding.clone(), peers(list)])
    };
    let mut first = scene_of(&format!("{jwt}, {{mtls: {{}}}}"));
    check(&first, "peer-token-comes-first", false);
    first.strict = true;
    check(&first, "peer-token-comes-first", false);
    first.strict = false;
    first.allow_all = true;
    check(&first, "peer-token-comes-first", true);
    check(&scene_of(&format!("{{mtls: {{}}}}, {jwt}")), "peer-jwt-ignored", true);
}

#[test]
fn a_fence_in_the_root_namespace_would_open_pods_elsewhere() {
    let web =
        service("web", "{app: web}", "{name: grpc, port: 8080}").replace("namespace: shop", "namespace: istio-system");
    let config = rbac_config(
        "{mode: ON_WITH_INCLUSION, inclusion: {namespaces: ['istio-system'], services: ['api.shop.svc.cluster.local']}}",
    );
    let mut scene = scene(&[web, service("api", "{app: web, version: v1}", NAMED), config]);
    scene.strict = true;
    check(&scene, "root-selector-collision", false);
    scene.allow_all = true;
    check(&scene, "undeclared-ports-closed", true);
}

#[test]
fn a_principal_bound_to_the_peer_is_unset_on_preflights() {
    let role = |rule: &str| role("r", &format!("{{rules: [{rule}]}}"));
    let binding = binding(
        "r",
        "{subjects: [{properties: {request.auth.principal: cluster.local/ns/a/sa/x}}], roleRef: {kind: ServiceRole, name: r}}",
    );
    for rule in [
        "{services: ['*']}",
        "{services: ['*'], methods: [GET]}",
        "{services: ['*'], methods: ['O*']}",
        "{services: ['*'], methods: ['*']}",
        "{services: ['*'], notMethods: [GET]}",
    ] {
        let config = rbac_config("{mode: 'ON'}");
        let locks = policy("{targets: [{name: web}], peers: [{mtls: {}}]}");
        let scene = scene(&[service("web", "{app: web}", HTTP), config, role(rule), binding.clone(), locks]);
        check(&scene, "request-principal-was-peer", true);
    }
    let optional = policy(
        "{targets: [{name: web}], peers: [{mtls: {}}], origins: [{jwt: {issuer: i, jwksUri: 'https://keys.example'}}], originIsOptional: true}",
    );
    let config = rbac_config("{mode: 'ON'}");
    let mut scene = scene(&[service("web", "{app: web}", HTTP), config, role("{services: ['*']}"), binding, optional]);
    check(&scene, "principal-of-optional-token", false);
    scene.allow_all = true;
    check(&scene, "principal-of-optional-token", true);
}

#[test]
fn a_preflight_with_a_bad_token_is_no_difference_of_an_object_that_stays() {
    let request = "apiVersion: security.istio.io/v1beta1\nkind: RequestAuthentication\nmetadata: {name: modern, namespace: shop}\n\
                   spec: {selector: {matchLabels: {app: web}}, jwtRules: [{issuer: iss, jwksUri: 'https://keys.example'}]}\n";
    let scene = scene(&[
        service("web", "{app: web}", HTTP),
        request.to_owned(),
        rbac_config("{mode: ON_WITH_INCLUSION, inclusion: {}}"),
    ]);
    check(&scene, "rbac-config-enables-nothing", true);
}

#[test]
fn a_port_left_out_for_tcp_may_be_the_named_port_of_another_service() {
    let role = role("editor", "{rules: [{methods: ['P*']}]}");
    let binding = binding("bind", "{subjects: [{user: '*'}], roleRef: {kind: ServiceRole, name: editor}}");
    let scene = scene(&[
        service("cart", "{app: api}", NAMED),
        service("web", "{app: web}", "{name: web, port: 82, targetPort: 8082}"),
        rbac_config("{mode: ON_WITH_EXCLUSION, exclusion: {}}"),
        role,
        binding,
    ]);
    check(&scene, "http-rule-on-tcp-port", true);
}

#[test]
fn a_fence_opens_no_port_of_a_service_that_is_not_shown() {
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n\
                      spec: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: main, image: x}]}}}\n";
    let config = rbac_config("{mode: 'ON'}");
    let mut scene = scene(&[service("web", "{app: web}", HTTP), deployment.to_owned(), config]);
    scene.complete = Completeness::Open;
    scene.port_fence = true;
    check(&scene, "undeclared-ports-closed", true);
}

#[test]
fn what_1_4_did_without_a_mesh_policy_is_asked_also_where_no_pods_are_shown() {
    let mut scene = scene(&[policy("{}").replace("locks", "default")]);
    scene.old_release = true;
    scene.complete = Completeness::Open;
    check(&scene, "unknown-mesh-policy", false);
}

#[test]
fn a_default_denial_over_pods_that_only_a_denying_policy_knows_is_told() {
    let denies = "apiVersion: security.istio.io/v1beta1\nkind: AuthorizationPolicy\nmetadata: {name: modern, namespace: shop}\n\
                  spec: {selector: {matchLabels: {app: api}}, action: DENY, rules: [{to: [{operation: {ports: ['9090']}}]}]}\n";
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n\
                      spec: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: main, image: x}]}}}\n";
    let mut scene = scene(&[deployment.to_owned(), denies.to_owned(), rbac_config("{mode: 'ON'}")]);
    scene.complete = Completeness::Open;
    check(&scene, "default-deny-closes-workload", true);
}

#[test]
fn a_role_for_every_service_is_not_without_effect_where_only_excluded_ones_are_shown() {
    let role = role("editor", "{rules: [{}]}");
    let binding = binding("bind", "{subjects: [{user: '*'}], roleRef: {kind: ServiceRole, name: editor}}");
    let mut scene = scene(&[
        service("web", "{app: web}", HTTP),
        rbac_config("{mode: ON_WITH_EXCLUSION, exclusion: {services: ['web.shop.svc.cluster.local']}}"),
        role,
        binding,
    ]);
    check(&scene, "rbac-not-enabled", true);
    scene.complete = Completeness::Open;
    check(&scene, "unresolved-service", false);
}

#[test]
fn what_1_4_did_without_a_mesh_policy_stays_with_the_policy_that_carries_it() {
    let elsewhere = service("web", "{app: web}", HTTP).replace("namespace: shop", "namespace: ops");
    let demand = policy("{origins: [{jwt: {issuer: iss, jwksUri: 'https://keys.example'}}]}");
    let mut scene = scene(&[
        elsewhere,
        service("web", "{app: web}", NAMED),
        rbac_config("{mode: ON_WITH_INCLUSION, inclusion: {namespaces: ['nowhere']}}"),
        demand.replace("locks", "default"),
    ]);
    scene.old_release = true;
    check(&scene, "unresolved-target-port", false);
    check_going_on(&scene, "left-with-refused");
}

#[test]
fn what_1_4_did_without_a_mesh_policy_is_asked_where_other_pods_may_exist() {
    let mut scene = scene(&[service("web", "{app: web}", HTTP), policy("{}").replace("locks", "default")]);
    scene.old_release = true;
    check(&scene, "plaintext-only", true);
    scene.complete = Completeness::Open;
    check(&scene, "unknown-mesh-policy", false);
}

#[test]
fn a_named_port_that_the_shown_pods_do_not_have_may_be_one_of_others() {
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n\
                      spec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: main, image: x}]}}}\n";
    let mesh_policy = "apiVersion: authentication.istio.io/v1alpha1\nkind: MeshPolicy\nmetadata: {name: default}\nspec: {peers: [{mtls: {}}]}\n";
    let mut scene = scene(&[
        service("api", "{app: web}", NAMED),
        deployment.to_owned(),
        mesh_policy.to_owned(),
        policy("{targets: [{name: api}]}"),
    ]);
    check(&scene, "policy-without-effect", true);
    scene.complete = Completeness::Open;
    check(&scene, "unresolved-target-port", false);
}

#[test]
fn strict_says_that_ports_of_pods_which_are_not_shown_are_closed_too() {
    let mesh_policy =
        "apiVersion: authentication.istio.io/v1alpha1\nkind: MeshPolicy\nmetadata: {name: default}\nspec: {}\n";
    let mut scene = scene(&[mesh_policy.to_owned()]);
    scene.strict = true;
    scene.complete = Completeness::Kinds(
        [
            InventoryKind::MeshPolicy,
            InventoryKind::PeerAuthentication,
            InventoryKind::RequestAuthentication,
            InventoryKind::AuthorizationPolicy,
            InventoryKind::Sidecar,
        ]
        .into(),
    );
    check(&scene, "undeclared-ports", true);
}

#[test]
fn a_role_by_name_and_pattern_is_for_services_that_are_not_shown_too() {
    let role = role("editor", "{rules: [{constraints: [{key: 'destination.name', values: ['web', '*']}]}]}");
    let binding = binding("bind", "{subjects: [{user: '*'}], roleRef: {kind: ServiceRole, name: editor}}");
    let config = rbac_config("{mode: ON_WITH_EXCLUSION, exclusion: {}}");
    let mut scene = scene(&[service("web", "{app: web}", "{name: grpc, port: 8080}"), config, role, binding]);
    scene.complete = Completeness::Open;
    check(&scene, "pattern-enumerated", true);
}

#[test]
fn a_policy_of_the_root_namespace_is_not_like_a_mesh_policy_that_nobody_shows() {
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: istio-system}\n\
                      spec: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: main, image: x}]}}}\n";
    let own = policy("{}").replace("locks", "default").replace("namespace: shop", "namespace: istio-system");
    let mut scene = scene(&[deployment.to_owned(), own]);
    scene.old_release = true;
    scene.complete = Completeness::Open;
    check(&scene, "unknown-mesh-policy", false);
}

#[test]
fn a_port_is_not_opened_by_number_beside_a_named_one_that_nothing_resolves() {
    let mut scene = scene(&[
        service("api", "{app: web, version: v1}", "{name: https, port: 443, targetPort: 8443}"),
        service("web", "{app: web}", NAMED),
        rbac_config("{mode: ON_WITH_INCLUSION, inclusion: {services: ['web.shop.svc.cluster.local']}}"),
    ]);
    scene.complete = Completeness::Open;
    check(&scene, "named-port-unresolved", true);
}

#[test]
fn a_policy_whose_peers_are_replaced_still_stands_before_a_mesh_policy_that_stays() {
    let peer = "apiVersion: security.istio.io/v1beta1\nkind: PeerAuthentication\nmetadata: {name: default, namespace: shop}\nspec: {mtls: {mode: DISABLE}}\n";
    let mesh_policy = "apiVersion: authentication.istio.io/v1alpha1\nkind: MeshPolicy\nmetadata: {name: default}\n\
                       spec: {origins: [{jwt: {issuer: iss, jwksUri: 'https://keys.example'}}]}\n";
    let mut scene = scene(&[
        service("web", "{app: web}", "{name: https, port: 443, targetPort: 8443}"),
        service("api", "{app: web}", HTTP),
        peer.to_owned(),
        mesh_policy.to_owned(),
        policy("{targets: [{name: api}]}"),
    ]);
    scene.complete = Completeness::Open;
    check(&scene, "jwt-on-tcp-port", false);
    check_going_on(&scene, "left-with-refused");
}

#[test]
fn a_token_rule_of_the_root_namespace_meets_those_of_pods_elsewhere() {
    let web = service("web", "{app: web, version: v1}", "{name: grpc, port: 8080}")
        .replace("namespace: shop", "namespace: istio-system");
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n\
                      spec: {template: {metadata: {labels: {app: web, version: v1}}, spec: {containers: [{name: main, image: x}]}}}\n";
    let request = "apiVersion: security.istio.io/v1beta1\nkind: RequestAuthentication\nmetadata: {name: modern, namespace: shop}\n\
                   spec: {selector: {matchLabels: {app: web}}, jwtRules: [{issuer: iss, jwksUri: 'https://keys.example'}]}\n";
    let mesh_policy = "apiVersion: authentication.istio.io/v1alpha1\nkind: MeshPolicy\nmetadata: {name: default}\n\
                       spec: {origins: [{jwt: {issuer: iss, jwksUri: 'https://other.example'}}]}\n";
    let scene = scene(&[web, deployment.to_owned(), request.to_owned(), mesh_policy.to_owned()]);
    check(&scene, "existing-request-authentication", false);
}

#[test]
fn a_fence_says_when_it_closes_a_port_that_another_service_governs() {
    let headless = |name: &str, ports: &str| {
        service(name, "{app: web}", ports)
            .replace("namespace: shop}", "namespace: shop, creationTimestamp: '2019-05-01T00:00:00Z'}")
    };
    let mut scene = scene(&[
        headless("cart", "{name: tcp, port: 3306}"),
        headless("web", "{name: tcp, port: 3306}, {name: grpc, port: 8080}"),
        rbac_config("{mode: ON_WITH_INCLUSION, inclusion: {services: ['web.shop.svc.cluster.local']}}"),
    ]);
    scene.strict = true;
    check(&scene, "shared-port", false);
}

#[test]
fn a_rule_names_only_ports_that_all_its_pods_have_where_other_services_may_exist() {
    let role = role("viewer", "{rules: [{paths: ['*/b']}]}");
    let binding = binding("bind", "{subjects: [{user: '*'}], roleRef: {kind: ServiceRole, name: viewer}}");
    let mut scene = scene(&[
        service("api", "{app: web, version: v1}", "{name: grpc, port: 8080}"),
        service("web", "{app: web}", "{name: http, port: 3306}"),
        rbac_config("{mode: ON_WITH_EXCLUSION, exclusion: {}}"),
        role,
        binding,
    ]);
    scene.complete = Completeness::Open;
    check(&scene, "pattern-enumerated", true);
}

#[test]
fn of_two_policies_of_unknown_age_plaintext_only_and_mutual_tls_only_take_the_place_of_neither() {
    let named = |name: &str, created: &str, spec: &str| {
        policy(spec).replace("name: locks, namespace: shop", &format!("name: {name}, namespace: shop{created}"))
    };
    let older =
        named("tokens", ", creationTimestamp: '2019-05-01T00:00:00Z'", "{targets: [{name: web}], peers: [{mtls: {}}]}");
    let scene = scene(&[service("web", "{app: web}", HTTP), older, named("locks", "", "{targets: [{name: web}]}")]);
    check(&scene, "policy-order-unknown", false);
}

#[test]
fn a_rule_is_not_written_with_numbers_that_only_some_of_its_pods_have() {
    let pods = |name: &str, number: u16| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: shop}}\n\
             spec: {{template: {{metadata: {{labels: {{app: web}}}}, spec: {{containers: [{{name: main, image: x, ports: [{{containerPort: {number}, name: admin}}]}}]}}}}}}\n"
        )
    };
    let role = role("viewer", "{rules: [{methods: ['P*']}]}");
    let binding = binding("bind", "{subjects: [{user: '*'}], roleRef: {kind: ServiceRole, name: viewer}}");
    let mut scene = scene(&[
        service("web", "{app: web}", NAMED),
        pods("api", 8082),
        pods("web", 9090),
        rbac_config("{mode: ON_WITH_EXCLUSION, exclusion: {}}"),
        role,
        binding,
    ]);
    scene.complete = Completeness::Open;
    check(&scene, "named-port-unresolved", false);
}

#[test]
fn claims_of_a_token_of_the_peer_were_no_claims_of_the_request() {
    let role = role("viewer", "{rules: [{services: ['*']}]}");
    let binding = binding("bind", "{subjects: [{group: staff}], roleRef: {kind: ServiceRole, name: viewer}}");
    let scene = scene(&[
        service("web", "{app: web}", HTTP),
        rbac_config("{mode: 'ON'}"),
        role,
        binding,
        policy("{targets: [{name: web}], peers: [{jwt: {issuer: peer, jwksUri: 'https://keys.example'}}]}"),
    ]);
    check(&scene, "claims-on-more-requests", false);
}

#[test]
fn a_policy_that_governs_no_shown_port_may_govern_one_of_pods_that_are_not_shown() {
    let created =
        |text: String| text.replace("namespace: shop}", "namespace: shop, creationTimestamp: '2019-05-01T00:00:00Z'}");
    let pods = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: old, namespace: shop}\n\
                spec: {template: {metadata: {labels: {app: web, tier: back}}, spec: {containers: [{name: main, image: x}]}}}\n";
    let mut scene = scene(&[
        created(service("cart", "{app: web}", "{name: grpc, port: 8080}")),
        created(service("web", "{tier: back}", "{name: grpc, port: 8080}")),
        pods.to_owned(),
        policy("{targets: [{name: web}]}"),
    ]);
    check(&scene, "policy-without-effect", true);
    scene.complete = Completeness::Open;
    check(&scene, "unseen-pods", false);
}

#[test]
fn what_the_upgrade_does_to_a_token_rule_of_the_root_namespace_is_told_for_pods_elsewhere() {
    let request = "apiVersion: security.istio.io/v1beta1\nkind: RequestAuthentication\nmetadata: {name: modern, namespace: istio-system}\n\
                   spec: {selector: {matchLabels: {app: web}}, jwtRules: [{issuer: iss, jwksUri: 'https://keys.example'}]}\n";
    let mut scene = scene(&[
        service("web", "{app: web, version: v1}", HTTP),
        request.to_owned(),
        policy("{targets: [{name: web}], peers: [{mtls: {}}]}"),
    ]);
    scene.strict = true;
    scene.allow_all = true;
    check(&scene, "preflight-token", true);
}

#[test]
fn a_policy_of_the_root_namespace_that_the_default_of_1_4_keeps_needs_that_default_written() {
    let root = |text: String| text.replace("namespace: shop", "namespace: istio-system");
    let mut scene = scene(&[root(service("web", "{app: web}", HTTP)), root(policy("{targets: [{name: web}]}"))]);
    scene.old_release = true;
    check(&scene, "implicit-mesh-default", true);
}

#[test]
fn a_selector_in_the_root_namespace_reaches_pods_that_are_not_shown() {
    let web = service("web", "{tier: back}", HTTP).replace("namespace: shop", "namespace: istio-system");
    let config = |mode: &str| rbac_config(&format!("{{{mode}: {{services: ['web.istio-system.svc.cluster.local']}}}}"));
    let mut closing = scene(&[web.clone(), config("mode: ON_WITH_INCLUSION, inclusion")]);
    check(&closing, "root-selector", true);
    closing.complete = Completeness::Open;
    check(&closing, "root-selector", true);
    let mut opening = scene(&[web, config("mode: ON_WITH_EXCLUSION, exclusion")]);
    opening.complete = Completeness::Open;
    check(&opening, "root-selector", false);
}

#[test]
fn a_pattern_for_one_name_may_be_for_a_service_that_is_not_shown() {
    let role = role("viewer", "{rules: [{services: ['api.*', 'web.*']}]}");
    let binding = binding("bind", "{subjects: [{user: '*'}], roleRef: {kind: ServiceRole, name: viewer}}");
    let config = rbac_config("{mode: 'ON'}");
    let mut scene = scene(&[service("web", "{app: web}", "{name: grpc, port: 8080}"), config, role, binding]);
    scene.complete = Completeness::Open;
    check(&scene, "pattern-enumerated", true);
}

#[test]
fn a_service_that_governs_no_shown_port_may_govern_one_of_pods_that_are_not_shown() {
    let created =
        |text: String| text.replace("namespace: shop}", "namespace: shop, creationTimestamp: '2019-05-01T00:00:00Z'}");
    let pods = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n\
                spec: {template: {metadata: {labels: {app: web, tier: back}}, spec: {containers: [{name: main, image: x}]}}}\n";
    let mut scene = scene(&[
        created(service("web", "{app: web}", HTTP)),
        created(service("cart", "{tier: back}", "{name: grpc, port: 8080}")),
        pods.to_owned(),
        rbac_config("{mode: 'ON'}"),
        role("viewer", "{rules: [{services: ['web.shop.svc.cluster.local']}]}"),
        binding("bind", "{subjects: [{user: '*'}], roleRef: {kind: ServiceRole, name: viewer}}"),
    ]);
    check(&scene, "governs-no-port", true);
    scene.complete = Completeness::Open;
    check(&scene, "governs-no-port", false);
}
