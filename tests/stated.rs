//! What a user states about the mesh (`--assume`, `mesh:` and `inventory:` of the settings), as a user sees it.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

mod scene;

use scene::{MESH_POLICY, Scene};
use std::fs;

const ROLE: &[u8] = b"apiVersion: v1\nkind: Service\nmetadata: {name: app, namespace: shop}\nspec: {selector: {app: app}, ports: [{name: http, port: 80}]}\n---\napiVersion: rbac.istio.io/v1alpha1\nkind: ServiceRole\nmetadata: {name: reader, namespace: shop}\nspec: {rules: [{services: [app.shop.svc.cluster.local], methods: [GET]}]}\n---\napiVersion: rbac.istio.io/v1alpha1\nkind: ServiceRoleBinding\nmetadata: {name: readers, namespace: shop}\nspec: {subjects: [{user: '*'}], roleRef: {kind: ServiceRole, name: reader}}\n";

#[test]
fn what_cannot_be_stated_is_a_usage_error() {
    let scene = Scene::new(&[("a.yaml", MESH_POLICY.as_bytes())]);
    for (args, told) in [
        (&["--assume", "rbac"][..], "states nothing; say KEY=VALUE"),
        (&["--assume", "tls=on"], "`tls` is nothing that can be stated"),
        (&["--assume", "rbac=maybe"], "it is `on`, `off` or `namespaces:a,b`"),
        (&["--assume", "rbac=namespaces:a,{}"], "`{}` is not the name of a namespace"),
        (&["--assume", "rbac=on", "--assume", "rbac=off"], "`--assume rbac=on` and `--assume rbac=off` contradict"),
        (&["--assume", "sniffing=off", "--inbound-sniffing"], "`--inbound-sniffing` contradict"),
    ] {
        scene.run(&[&["diff"], args].concat()).code(2).says(told);
    }
    for (text, told) in [
        ("mesh: {rbac: maybe}\n", "meshlift.yaml: `rbac` cannot be `maybe`"),
        ("mesh:\n  tls: on\n", "unknown field `tls`"),
        ("mesh: {sniffing: off}\ninboundSniffing: true\n", "contradict each other at line 2"),
        ("inventory: {complete: [pigs]}\n", "`pigs` is not a kind whose absence matters"),
        ("inventory: {paths: [../outside]}\n", "the path ../outside leads out of the repository"),
    ] {
        let scene = Scene::new(&[("a.yaml", MESH_POLICY.as_bytes()), ("meshlift.yaml", text.as_bytes())]);
        scene.run(&["diff"]).code(2).says(told);
    }
}

#[test]
fn facts_of_the_settings_count_and_are_given_in_every_format() {
    let scene = Scene::new(&[("d/a.yaml", ROLE), ("meshlift.yaml", b"mesh: {rbac: on}\n")]);
    for format in ["text", "markdown", "json", "sarif", "github"] {
        let ran = scene.run(&["diff", "d", "--format", format]).code(0);
        ran.says("RBAC is on in the whole mesh (meshlift.yaml mesh.rbac).");
    }
    scene.run(&["diff", "d", "--no-verify"]).code(0).says("RBAC is on in the whole mesh");
    // The command line wins, and a statement is no guess that `--strict` would refuse.
    scene
        .run(&["diff", "d", "--assume", "rbac=off"])
        .code(0)
        .says("RBAC is off in the whole mesh (--assume rbac=off).");
    let strict = ["convert", "d", "--strict", "--inventory-complete=all"];
    let ran = scene.run(&strict).code(0);
    assert!(ran.out.contains("name: reader") && !ran.out.contains("istio-system"), "{}", ran.out);
    scene.run(&["diff", "d", "--no-config"]).code(3).says("--assume rbac=on");
}

#[test]
fn a_stated_config_is_no_evidence_and_gives_way_to_an_inventory() {
    let config = b"apiVersion: rbac.istio.io/v1alpha1\nkind: ClusterRbacConfig\nmetadata: {name: default}\nspec: {mode: 'OFF'}\n";
    let scene = Scene::new(&[("d/a.yaml", ROLE), ("i/config.yaml", config)]);
    let ran = scene.run(&["diff", "d", "--inventory", "i", "--assume", "rbac=on"]).code(0);
    let ran = ran.says("stated-fact-overruled").says("rbac-off");
    assert!(!ran.out.contains("RBAC is on"), "{}", ran.out);
}

#[test]
fn verify_reads_a_stated_config_in_the_api_of_each_side() {
    let scene = Scene::new(&[("old/a.yaml", ROLE)]);
    let new = scene.run(&["convert", "old", "--assume", "rbac=on", "--inventory-complete=all"]).code(0).out.clone();
    let (service, _) = std::str::from_utf8(ROLE).expect("UTF-8").split_once("---\n").expect("two documents");
    fs::create_dir(scene.path().join("new")).expect("made");
    fs::write(scene.path().join("new/a.yaml"), format!("{service}---\n{new}")).expect("written");
    let verify = ["verify", "old", "new", "--inventory-complete=all"];
    scene.run(&[&verify[..], &["--assume", "rbac=on"]].concat()).code(0).says("given 1 assumption");
    scene.run(&[&verify[..], &["--assume", "rbac=off"]].concat()).code(4);
}

#[test]
fn an_inventory_in_the_settings_closes_what_it_says() {
    for (settings, code) in [
        ("inventory: {complete: [clusterrbacconfigs, rbacconfigs]}\n", 0),
        ("inventory: {paths: [d], complete: all}\n", 0),
        ("inventory: [d]\n", 3),
    ] {
        let scene = Scene::new(&[("d/a.yaml", ROLE), ("meshlift.yaml", settings.as_bytes())]);
        scene.run(&["diff", "d"]).code(code).says("no-rbac-config");
    }
}
