//! A branch that changes what it is judged by, or hides what it changes.

use super::ground::{Ground, STRICT, permissive};

/// A branch that opens the namespace to plaintext.
fn opened(more: &[(&str, &str)]) -> Ground {
    let ground = Ground::new(&[("deploy/mesh.yaml", STRICT)]);
    ground.write(&[("deploy/mesh.yaml", &permissive())]);
    ground.write(more);
    ground.commit("branch");
    ground
}

#[test]
fn c3_ignore_files_hide_nothing_that_is_tracked() {
    for name in [".gitignore", ".ignore", "deploy/.gitignore", "deploy/.ignore"] {
        for rule in ["mesh.yaml\n", "*.yaml\n", "*\n"] {
            let ground = opened(&[(name, rule)]);
            ground.run(&["verify", "--base", "main"]).exits(4).says("wider");
            ground.run(&["verify", "--base", "main", "deploy"]).exits(4).says("wider");
        }
    }
    opened(&[(".gitignore", "deploy/\n")]).run(&["verify", "--base", "main"]).exits(4).says("wider");
}

#[test]
fn c3_a_new_manifest_that_is_ignored_and_tracked_is_seen() {
    let ground = Ground::new(&[("deploy/mesh.yaml", STRICT)]);
    let open = "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: web, namespace: shop}\nspec: {selector: {matchLabels: {app: web}}, mtls: {mode: PERMISSIVE}}\n";
    ground.write(&[("deploy/zz.yaml", open), (".gitignore", "zz.yaml\n")]);
    ground.commit("branch");
    ground.run(&["verify", "--base", "main"]).exits(4).says("wider");
}

#[test]
fn what_git_does_not_track_is_left_out_and_counted() {
    let ground = Ground::new(&[("deploy/mesh.yaml", STRICT), (".gitignore", "out/\n")]);
    ground.write(&[("out/a.yaml", &permissive()), ("out/b/c.json", "{}"), ("out/readme.md", "")]);
    ground
        .run(&["verify", "--base", "main"])
        .exits(0)
        .says("proved equal")
        .says("2 manifests")
        .says("manifests-ignored");
}

#[test]
fn two_folders_are_compared_by_the_ignore_files_of_the_first() {
    let ground = Ground::new(&[
        ("before/mesh.yaml", STRICT),
        ("after/mesh.yaml", &permissive()),
        ("after/.gitignore", "*.yaml\n"),
    ]);
    ground.run(&["verify", "before", "after"]).exits(4).says("wider");
    ground.run(&["verify", "after", "before"]).exits(5).says("1 manifest was left out of BEFORE");
}

#[test]
fn c3_settings_of_the_branch_do_not_count_and_are_reported() {
    for settings in ["rootNamespace: nowhere\n", "trustDomainAliases: [x]\n", "inventory: [other]\n", "oneMesh: true\n"]
    {
        let ground = Ground::new(&[(
            "deploy/mesh.yaml",
            &STRICT.replace("namespace: shop}\nspec: {mtls", "namespace: istio-system}\nspec: {mtls"),
        )]);
        ground.write(&[("meshlift.yaml", settings)]);
        ground.commit("branch");
        let ran = ground.run(&["verify", "--base", "main"]).exits(3);
        ran.says("settings-changed").says("The branch adds meshlift.yaml").never_says("Settings from");
        ground.write(&[("deploy/mesh.yaml", &permissive())]);
        ground.run(&["verify", "--base", "main"]).exits(4).says("wider").says("settings-changed");
        ground.run(&["verify", "--base", "main", "--no-config"]).exits(4).never_says("settings-changed");
    }
}

#[test]
fn settings_are_those_of_the_revision_in_every_format() {
    let ground = Ground::new(&[("deploy/mesh.yaml", STRICT), ("meshlift.yaml", "rootNamespace: istio-config\n")]);
    for change in [Some("rootNamespace: nowhere\n"), None] {
        match change {
            Some(text) => ground.write(&[("meshlift.yaml", text)]),
            None => std::fs::remove_file(ground.repo().join("meshlift.yaml")).expect("removed"),
        }
        for (format, name) in [
            ("text", "Settings from meshlift.yaml@main"),
            ("markdown", "Settings from `meshlift.yaml@main`"),
            ("json", "\"settings\": \"meshlift.yaml@main\""),
        ] {
            let ran = ground.run(&["verify", "--base", "main", "--format", format]).exits(3);
            ran.says(name).says("settings-changed");
        }
        ground.run(&["verify", "--base", "main", "--accept", "settings"]).exits(0).says("settings-changed");
    }
    ground.write(&[("meshlift.yaml", "rootNamespace: istio-config\n")]);
    ground
        .run(&["verify", "--base", "main"])
        .exits(0)
        .says("Settings from meshlift.yaml@main")
        .never_says("settings-changed");
}

#[test]
fn settings_of_the_branch_count_where_they_are_named_and_are_still_reported() {
    let ground = Ground::new(&[("deploy/mesh.yaml", STRICT)]);
    ground.write(&[("meshlift.yaml", "rootNamespace: istio-config\n")]);
    ground
        .run(&["verify", "--base", "main", "--config", "meshlift.yaml"])
        .exits(3)
        .says("Settings from meshlift.yaml")
        .never_says("meshlift.yaml@main")
        .says("settings-changed");
}

#[test]
fn a_nearer_settings_file_of_the_branch_does_not_count() {
    let ground = Ground::new(&[("deploy/mesh.yaml", STRICT), ("meshlift.yaml", "rootNamespace: istio-config\n")]);
    ground.write(&[("deploy/meshlift.yaml", "rootNamespace: nowhere\n")]);
    let inside = ground.repo().join("deploy");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_meshlift"))
        .args(["verify", "--base", "main"])
        .current_dir(inside)
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.contains("Settings from meshlift.yaml@main"), "{text}");
    assert!(text.contains("The branch adds deploy/meshlift.yaml"), "{text}");
}

/// A mapping file as meshlift brings it.
const POLICY_MAPPING: &str = include_str!("../../mappings/policy.yaml");

#[test]
fn a_changed_mapping_file_is_reported() {
    let other = POLICY_MAPPING.replace("title: Policy", "title: another Policy");
    let ground = Ground::new(&[
        ("deploy/mesh.yaml", STRICT),
        ("meshlift.yaml", "mappings: maps\n"),
        ("maps/b.yaml", POLICY_MAPPING),
    ]);
    ground.run(&["verify", "--base", "main"]).never_says("settings-changed");
    ground.write(&[("maps/b.yaml", &other)]);
    ground.run(&["verify", "--base", "main"]).exits(3).says("The branch changes maps/b.yaml");
    let config = include_str!("../../mappings/rbac-config.yaml");
    ground.write(&[("maps/b.yaml", POLICY_MAPPING), ("maps/c.yaml", config)]);
    ground.run(&["verify", "--base", "main"]).exits(3).says("The branch adds maps/c.yaml");
}

#[test]
fn settings_of_a_revision_can_be_named_for_every_command() {
    let policy = "apiVersion: authentication.istio.io/v1alpha1\nkind: MeshPolicy\nmetadata: {name: default}\nspec: {peers: [{mtls: {}}]}\n";
    let refusal = "rules:\n- refuse: { at: $.spec.peers, code: refused-by-mapping, because: the revision says so }\n";
    let title = &POLICY_MAPPING.replacen("rules:\n", refusal, 1);
    let ground = Ground::new(&[
        ("deploy/a.yaml", policy),
        ("ci/meshlift.yaml", "rootNamespace: istio-config\nmappings: ../maps\n"),
        ("maps/mesh.yaml", title),
    ]);
    ground.write(&[("ci/meshlift.yaml", "rootNamespace: nowhere\n")]);
    std::fs::remove_dir_all(ground.repo().join("maps")).expect("removed");
    let ran = ground.run(&["convert", "deploy", "--config", "main:ci/meshlift.yaml"]).exits(3);
    ran.says("Settings from ci/meshlift.yaml@main").says("the revision says so");
    ground.run(&["convert", "deploy", "--config", "ci/meshlift.yaml"]).exits(0).says("namespace: nowhere");
    ground.run(&["convert", "deploy", "--config", "main:no.yaml"]).exits(2).says("there is no file no.yaml at main");
    ground.run(&["convert", "deploy", "--config", "nowhere:ci/meshlift.yaml"]).exits(2).says("no revision");
    ground.run(&["verify", "--base", "main", "--config", "main:ci/meshlift.yaml"]).says("ci/meshlift.yaml@main");
}

#[test]
fn c3_check_can_be_run_without_the_settings_of_the_branch() {
    let ground = Ground::new(&[(
        "deploy/a.yaml",
        "apiVersion: authentication.istio.io/v1alpha1\nkind: Policy\nmetadata: {name: a, namespace: shop}\nspec: {targets: [{name: web}]}\n",
    )]);
    ground.write(&[("meshlift.yaml", "allow: [unknown-field]\n")]);
    ground.run(&["check", "deploy"]).says("Settings from meshlift.yaml");
    ground.run(&["check", "deploy", "--no-config"]).never_says("Settings from");
}
