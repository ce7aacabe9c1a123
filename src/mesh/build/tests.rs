use crate::api::ManifestId;
use crate::mesh::Completeness;
use crate::mesh::testing::{codes, inputs, options, world};
use crate::mesh::{BuildOptions, Lookup, World, build};

const MESH_STRICT: &str = "apiVersion: authentication.istio.io/v1alpha1\nkind: MeshPolicy\nmetadata: {name: default}\nspec: {peers: [{mtls: {}}]}\n";
const MESH_PERMISSIVE: &str = "apiVersion: authentication.istio.io/v1alpha1\nkind: MeshPolicy\nmetadata: {name: default}\nspec: {peers: [{mtls: {mode: PERMISSIVE}}]}\n";
const POLICY: &str = "apiVersion: authentication.istio.io/v1alpha1\nkind: Policy\nmetadata: {name: default, namespace: shop}\nspec: {}\n";

fn service(app: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: web, namespace: shop}}\nspec: {{selector: {{app: {app}}}, ports: [{{port: 80}}]}}\n"
    )
}

fn rbac_config(namespace: &str) -> String {
    format!(
        "apiVersion: rbac.istio.io/v1alpha1\nkind: RbacConfig\nmetadata: {{name: default, namespace: {namespace}}}\nspec: {{mode: 'ON'}}\n"
    )
}

fn roots(world: &World) -> Vec<&str> {
    world.environments.iter().map(|environment| environment.root.as_str()).collect()
}

#[test]
fn two_environments_keep_their_mesh_policies_apart_and_share_services() {
    let web = service("web");
    let world = world(&[
        ("common/web.yaml", &web),
        ("dev/m.yaml", MESH_STRICT),
        ("prod/m.yaml", MESH_PERMISSIVE),
        ("shop.yaml", POLICY),
    ]);
    assert_eq!(roots(&world), ["dev", "prod"]);
    assert_eq!(codes(&world), [""; 0]);
    for environment in &world.environments {
        let mesh = &environment.mesh;
        assert_eq!((mesh.services.len(), mesh.authentication.len()), (1, 2));
        assert_eq!(mesh.shared.iter().collect::<Vec<_>>(), [&ManifestId(3)], "only legacy objects have to agree");
    }
    assert_eq!(world.legacy, [ManifestId(1), ManifestId(2), ManifestId(3)]);
}

#[test]
fn two_environments_of_a_real_repository() {
    let config = "apiVersion: rbac.istio.io/v1alpha1\nkind: ClusterRbacConfig\nmetadata: {name: default}\nspec: {mode: ON_WITH_INCLUSION, inclusion: {namespaces: [with-istio]}}\n";
    let files = [("istio-install/rbac-config.yaml", config), ("with-istio-space/rbac-config.yaml", config)];
    assert_eq!(roots(&world(&files)), ["istio-install", "with-istio-space"]);
    let one = build(inputs(&files), &BuildOptions { one_mesh: true, ..options() });
    assert_eq!(roots(&one), [""]);
    assert_eq!(codes(&one), ["duplicate-document 1:1"]);
}

#[test]
fn different_mesh_policies_side_by_side_are_all_refused() {
    let world = world(&[("a.yaml", MESH_STRICT), ("b.yaml", MESH_PERMISSIVE)]);
    assert_eq!(codes(&world), ["ambiguous-mesh-config 1:1", "ambiguous-mesh-config 1:1"]);
    assert_eq!(world.findings[0].related.len(), 1);
    let mesh = &world.environments[0].mesh;
    assert_eq!((mesh.authentication.len(), mesh.rejected.len(), mesh.in_doubt("MeshPolicy").count()), (0, 2, 2));
}

#[test]
fn different_policies_side_by_side_are_all_refused() {
    let other = POLICY.replace("spec: {}", "spec: {peers: [{mtls: {}}]}");
    let world = world(&[("a.yaml", POLICY), ("b.yaml", &other)]);
    assert_eq!(codes(&world), ["duplicate-policy 1:1", "duplicate-policy 1:1"]);
    assert_eq!(world.environments[0].mesh.rejected.len(), 2);
}

#[test]
fn the_same_document_twice_counts_once() {
    let world = world(&[("a.yaml", &format!("{POLICY}---\n{POLICY}"))]);
    assert_eq!(codes(&world), ["duplicate-document 6:1"]);
    let mesh = &world.environments[0].mesh;
    assert_eq!((mesh.authentication.len(), mesh.inert.len()), (1, 1));
    assert_eq!(mesh.inert[0].0, ManifestId(1));
    assert_eq!(mesh.in_doubt("Policy").count(), 0);
}

#[test]
fn different_services_side_by_side_are_ambiguous() {
    let world = world(&[("a.yaml", &service("web")), ("b.yaml", &service("other"))]);
    assert_eq!(codes(&world), ["ambiguous-service 1:1", "ambiguous-service 1:1"]);
    assert!(matches!(world.environments[0].mesh.service("shop", "web"), Lookup::Ambiguous(..)));
}

#[test]
fn an_object_of_the_input_hides_the_inventorys() {
    let world = world(&[
        ("a/web.yaml", &service("web")),
        ("inventory/dump.yaml", &format!("{}---\n{MESH_STRICT}", service("old"))),
    ]);
    assert_eq!(codes(&world), [""; 0]);
    let mesh = &world.environments[0].mesh;
    assert_eq!(mesh.services.len(), 1);
    assert_eq!(mesh.services[0].meta.manifest, Some(ManifestId(0)));
    assert_eq!(mesh.authentication.len(), 1, "a legacy object of the inventory was in force");
    assert!(world.legacy.is_empty(), "but it is not rewritten");
}

#[test]
fn absence_is_known_only_when_the_inventory_is_complete() {
    let files = [("a.yaml", POLICY)];
    assert_eq!(world(&files).environments[0].mesh.service("shop", "web"), Lookup::Unknown);
    let complete = build(inputs(&files), &BuildOptions { complete: Completeness::All, ..options() });
    assert_eq!(complete.environments[0].mesh.service("shop", "web"), Lookup::Absent);
}

#[test]
fn e18_one_rbac_config_counts_and_two_are_ambiguous() {
    let one = world(&[("a.yaml", &rbac_config("shop"))]);
    assert!(one.environments[0].mesh.effective_config().is_some());
    let two = world(&[("a.yaml", &format!("{}---\n{}", rbac_config("shop"), rbac_config("bar")))]);
    assert_eq!(codes(&two), ["ambiguous-mesh-config 1:1", "ambiguous-mesh-config 6:1"]);
    let mesh = &two.environments[0].mesh;
    assert!(mesh.effective_config().is_none() && mesh.config_in_doubt().is_some());
}

#[test]
fn e17_a_cluster_config_settles_it() {
    let cluster =
        "apiVersion: rbac.istio.io/v1alpha1\nkind: ClusterRbacConfig\nmetadata: {name: default}\nspec: {mode: 'ON'}\n";
    let world = world(&[("a.yaml", &format!("{}---\n{}---\n{cluster}", rbac_config("shop"), rbac_config("bar")))]);
    assert_eq!(codes(&world), [""; 0]);
    let mesh = &world.environments[0].mesh;
    assert_eq!(mesh.effective_config().map(|config| config.meta.kind.as_str()), Some("ClusterRbacConfig"));
}

#[test]
fn pods_of_a_dump_are_counted_once() {
    let template = "template: {metadata: {labels: {app: web}}}";
    let owner = |kind: &str, name: &str| format!("ownerReferences: [{{kind: {kind}, name: {name}, controller: true}}]");
    let dump = format!(
        "apiVersion: v1\nkind: List\nitems:\n- {{apiVersion: apps/v1, kind: Deployment, metadata: {{name: web}}, spec: {{{template}}}}}\n- {{apiVersion: apps/v1, kind: ReplicaSet, metadata: {{name: web-1, {}}}, spec: {{{template}}}}}\n- {{apiVersion: v1, kind: Pod, metadata: {{name: web-1-x, labels: {{app: web}}, {}}}}}\n- {{apiVersion: v1, kind: Pod, metadata: {{name: alone, labels: {{app: web}}, {}}}}}\n",
        owner("Deployment", "web"),
        owner("ReplicaSet", "web-1"),
        owner("ReplicaSet", "gone"),
    );
    let world = world(&[("dump.yaml", &dump)]);
    let names: Vec<&str> = world.environments[0].mesh.workloads.iter().map(|w| w.meta.name.as_str()).collect();
    assert_eq!(names, ["web", "alone"]);
}

#[test]
fn a_patch_separates_nothing() {
    let patch = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: {type: LoadBalancer}\n";
    let world = world(&[("base/web.yaml", &service("web")), ("overlay/patch.yaml", patch)]);
    assert_eq!(roots(&world), [""]);
    assert_eq!(codes(&world), ["partial-manifest 1:1"]);
}

#[test]
fn kinds_of_other_apis_with_the_same_name_do_not_collide() {
    let alpha = "apiVersion: rbac.istio.io/v1alpha1\nkind: AuthorizationPolicy\nmetadata: {name: a, namespace: shop}\nspec: {allow: []}\n";
    let current =
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: a, namespace: shop}\nspec: {}\n";
    let world = world(&[("old/a.yaml", alpha), ("new/a.yaml", current)]);
    assert_eq!(roots(&world), [""]);
    assert_eq!(codes(&world), ["unsupported-legacy-api 1:13"]);
    let mesh = &world.environments[0].mesh;
    assert_eq!((mesh.authorization.len(), mesh.unreadable.len(), mesh.rejected.len()), (1, 0, 1));
}

#[test]
fn an_empty_input_is_one_empty_environment() {
    assert_eq!(roots(&world(&[])), [""]);
}
