//! Mapping files as a user meets them: what `meshlift mapping` shows, and what a file of one's own can do.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

mod scene;

use scene::Scene;

/// A mesh with one role and one binding.
fn mesh(rule: &str, subject: &str) -> String {
    format!(
        "{{apiVersion: v1, kind: Namespace, metadata: {{name: default}}}}
---
{{apiVersion: v1, kind: Service, metadata: {{name: app, namespace: default}}, spec: {{selector: {{app: app}}, ports: [{{name: http, port: 80, targetPort: 8080}}]}}}}
---
{{apiVersion: authentication.istio.io/v1alpha1, kind: MeshPolicy, metadata: {{name: default}}, spec: {{peers: [{{mtls: {{mode: PERMISSIVE}}}}]}}}}
---
{{apiVersion: rbac.istio.io/v1alpha1, kind: ClusterRbacConfig, metadata: {{name: default}}, spec: {{mode: ON_WITH_INCLUSION, inclusion: {{namespaces: [default]}}}}}}
---
{{apiVersion: rbac.istio.io/v1alpha1, kind: ServiceRole, metadata: {{name: r, namespace: default}}, spec: {{rules: [{{services: ['*'], {rule}}}]}}}}
---
{{apiVersion: rbac.istio.io/v1alpha1, kind: ServiceRoleBinding, metadata: {{name: b, namespace: default}}, spec: {{subjects: [{{{subject}}}], roleRef: {{kind: ServiceRole, name: r}}}}}}
"
    )
}

/// A file that a user starts from (`mapping show --yaml`), with one more rule.
fn with_rule(kind: &str, rule: &str) -> String {
    let shipped = Scene::new(&[]).run(&["mapping", "show", kind, "--yaml"]).code(0).out;
    let text = shipped.replacen("\nrules:\n", &format!("\nrules:\n- {rule}\n"), 1);
    assert_ne!(text, shipped);
    text
}

const CONVERT: [&str; 5] = ["check", "--mappings", "mappings", "--inventory-complete=all", "mesh.yaml"];

const CONSTRAINT: &str = "constraints: [{key: acme.tenant, values: [blue]}]";
const USER: &str = "user: cluster.local/ns/a/sa/x";

/// An entry for the constraint key of a mesh of one's own.
fn tenant(legacy: &str, key: &str) -> String {
    format!(
        "entries: {{ of: \"$.spec.rules[*].constraints\", matching: acme.tenant, legacy: \"{legacy}\", to: /when/-, key: \"{key}\" }}"
    )
}

fn scene_with(kind: &str, rule: &str, mesh: &str) -> Scene {
    let mapping = with_rule(kind, rule);
    Scene::new(&[("mesh.yaml", mesh.as_bytes()), ("mappings/mine.yaml", mapping.as_bytes())])
}

#[test]
fn a_constraint_key_of_a_mesh_of_ones_own_is_proved_equal() {
    let rule = tenant("request.headers[x-tenant]", "request.headers[x-tenant]");
    let scene = scene_with("service-role", &rule, &mesh(CONSTRAINT, USER));
    let ran = scene.run(&CONVERT).code(1).says("key-from-mapping");
    assert!(!ran.out.contains("unexplained"), "{}", ran.out);
    let shown = scene.run(&["diff", "--mappings", "mappings", "--inventory-complete=all", "mesh.yaml"]).code(0);
    assert!(shown.out.contains("request.headers[x-tenant]"), "{}", shown.out);
    // Without the file the key was ignored, as Istio did.
    let ignored = scene.run(&["diff", "--inventory-complete=all", "mesh.yaml"]).code(0).says("ignored-constraint");
    assert!(!ignored.out.contains("request.headers[x-tenant]"));
}

#[test]
fn what_a_key_meant_and_what_it_becomes_contradict_each_other() {
    for key in ["request.headers[x-other]", "acme.tenant"] {
        let rule = tenant("request.headers[x-tenant]", key);
        let scene = scene_with("service-role", &rule, &mesh(CONSTRAINT, USER));
        scene.run(&CONVERT).code(4).says("unexplained-difference");
    }
}

#[test]
fn a_property_key_of_a_mesh_of_ones_own_is_proved_equal_or_contradicted() {
    let rule = |key: &str| {
        format!(
            "entries: {{ of: \"$.spec.subjects[*].properties\", matching: acme.tenant, legacy: \"request.headers[x-tenant]\", to: /when/-, key: \"{key}\" }}"
        )
    };
    let mesh = mesh("paths: ['*']", "properties: {acme.tenant: blue}");
    let scene = scene_with("service-role-binding", &rule("request.headers[x-tenant]"), &mesh);
    scene.run(&CONVERT).code(1).says("key-from-mapping");
    let scene = scene_with("service-role-binding", &rule("request.headers[x-other]"), &mesh);
    scene.run(&CONVERT).code(4).says("unexplained-difference");
}

/// The old side was dropped on TCP ports, because the key was about HTTP.
#[test]
fn an_added_key_about_http_keeps_the_rule_off_tcp_ports() {
    let filter = "experimental.envoy.filters.network.acme[tenant]";
    let mesh = mesh(CONSTRAINT, USER).replace("name: http, port", "name: tcp, port");
    let scene = scene_with("service-role", &tenant("request.headers[x-tenant]", filter), &mesh);
    let ran = scene.run(&CONVERT);
    assert!(!ran.out.contains("unexplained") && ran.code != 4, "{}{}", ran.out, ran.err);
    let scene = scene_with("service-role", &tenant(filter, filter), &mesh);
    scene.run(&CONVERT).code(1);
}

/// A verification reads the old objects as the conversion's proof did.
#[test]
fn an_added_key_counts_where_two_states_are_compared() {
    let mapping = with_rule("service-role", &tenant("request.headers[x-tenant]", "request.headers[x-tenant]"));
    let mesh = mesh(CONSTRAINT, USER);
    let files: [(&str, &[u8]); 3] = [
        ("mesh.yaml", mesh.as_bytes()),
        ("mappings/mine.yaml", mapping.as_bytes()),
        ("meshlift.yaml", b"mappings: mappings\n"),
    ];
    let scene = Scene::new(&files);
    std::fs::copy(scene.path().join("mesh.yaml"), scene.path().join("before.yaml")).expect("a copy");
    scene.run(&["convert", "--write", "--inventory-complete=all", "mesh.yaml"]).code(0);
    let compare = ["verify", "--inventory-complete=all", "before.yaml", "mesh.yaml"];
    scene.run(&compare).code(0);
    scene.run(&[&compare[..], &["--no-config", "--mappings", "mappings"]].concat()).code(0);
    // Without the file the old mesh is one that ignored the key.
    scene.run(&[&compare[..], &["--no-config"]].concat()).code(4);
}

#[test]
fn a_refusal_of_ones_own_leaves_the_object_as_it_is() {
    let refuse = |at: &str| format!("refuse: {{ at: \"{at}\", code: unknown-field, because: we do not use it }}");
    let mesh = mesh("paths: [/a]", USER);
    let scene = scene_with("service-role", &refuse("$.spec.rules[*].paths"), &mesh);
    scene.run(&CONVERT).code(3).says("error[unknown-field]: `paths` cannot be converted: we do not use it");
    let plain = "refuse: { at: \"$.spec.rules[*].paths\", because: we do not use it }";
    scene_with("service-role", plain, &mesh).run(&CONVERT).code(3).says("error[refused-by-mapping]");
    let scene = scene_with("rbac-config", &refuse("$.spec.inclusion.namespaces"), &mesh);
    let ran = scene.run(&[
        "convert",
        "--keep-going",
        "--write",
        "--mappings",
        "mappings",
        "--inventory-complete=all",
        "mesh.yaml",
    ]);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    let text = String::from_utf8(scene.read("mesh.yaml")).expect("UTF-8");
    assert!(text.contains("kind: ClusterRbacConfig"), "{text}");
}

#[test]
fn a_mapping_is_shown_as_a_table_by_its_kind_however_that_is_spelled() {
    let scene = Scene::new(&[]);
    for name in ["service-role", "ServiceRole", "serviceRole", "SERVICE_ROLE"] {
        let ran = scene.run(&["mapping", "show", name]).code(0);
        let row = |field: &str| ran.out.lines().find(|line| line.starts_with(field)).unwrap_or_default().to_owned();
        assert!(row("rules[*].methods[*]").contains("operation.methods"), "{}", ran.out);
        assert!(row("rules[*].services").contains("selector of each policy"), "{}", ran.out);
        assert!(ran.out.contains("Ports are container ports"), "{}", ran.out);
        assert!(ran.out.contains("service-role.yaml:"), "{}", ran.out);
        assert!(ran.out.lines().all(|line| line.chars().count() <= 100), "{}", ran.out);
    }
    scene.run(&["mapping", "show", "mesh-policy"]).code(0).says("Policy and MeshPolicy");
    scene.run(&["mapping", "show", "ClusterRbacConfig"]).code(0).says("left out: no release of");
}

#[test]
fn a_misspelt_kind_is_guessed() {
    let scene = Scene::new(&[]);
    scene.run(&["mapping", "show", "servicerol"]).code(2).says("did you mean `ServiceRole`?");
    scene.run(&["mapping", "show", "MeshPolcy"]).code(2).says("did you mean `MeshPolicy`?");
    scene.run(&["mapping", "show", "nothing"]).code(2).says("There are policy, rbac-config");
}

#[test]
fn a_shown_file_is_without_mistakes_and_a_mistake_is_located() {
    let text = Scene::new(&[]).run(&["mapping", "show", "policy", "--yaml"]).code(0).out;
    let broken = text.replace("jwtParams[*]", "jwtParms[*]");
    let forgetful = text.replace("- $.spec.principalBinding\n", "");
    let scene = Scene::new(&[
        ("policy.yaml", text.as_bytes()),
        ("broken.yaml", broken.as_bytes()),
        ("forgetful.yaml", forgetful.as_bytes()),
    ]);
    scene.run(&["mapping", "check", "policy.yaml"]).code(0).says("no mistakes found");
    scene.run(&["mapping", "check", "forgetful.yaml"]).code(2).says("error[no-rule]").says("$.spec.principalBinding");
    scene.run(&["mapping", "check", "broken.yaml"]).code(2).says("Did you mean `$.spec.origins[*].jwt.jwtParams[*]`?");
}
