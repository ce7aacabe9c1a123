//! The command line as a user meets it: wrong input, exit codes, pipes. Every case runs the real binary in an empty folder.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "a test fails by panicking and may say why it skips")]

mod scene;

use scene::{MESH_POLICY, Scene};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

#[test]
fn a_missing_path_is_named() {
    Scene::new(&[]).run(&["diff", "nowhere.yaml"]).code(2).says("nowhere.yaml").says("missing-path");
}

#[test]
fn a_folder_without_manifests_is_no_input() {
    Scene::new(&[("notes.txt", b"hello")]).run(&[]).code(5);
    let ran = Scene::new(&[]).run(&["check"]).code(5);
    assert!(!ran.err.contains("-->") && !ran.out.contains("-->"), "an empty folder has no line to point at");
}

#[test]
fn empty_standard_input_is_no_input() {
    Scene::new(&[]).pipe(&["convert", "-"], Some(b"")).code(5);
}

/// What the dump command does not ask for, a complete inventory cannot show.
#[test]
fn the_dump_command_of_readme_and_help_asks_for_every_kind_that_is_read() {
    let dump = meshlift::mesh::evidence::kubectl_get_all(meshlift::mesh::InventoryKind::ALL);
    let readme = fs::read_to_string("README.md").expect("the README");
    assert!(readme.replace("\\\n", "").contains(&dump), "README.md asks for something else than\n{dump}");
    let help = Scene::new(&[]).run(&["--help"]).code(0).out;
    let (help, dump) = (help.replace(char::is_whitespace, ""), dump.replace(' ', ""));
    assert!(help.contains(&dump), "`--help` asks for something else");
}

#[test]
fn manifests_without_old_objects_are_nothing_to_do() {
    let scene = Scene::new(&[("a.yaml", b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")]);
    scene.run(&["diff", "--exit-code"]).code(0);
    scene.run(&["check"]).code(0);
    scene.run(&["convert", "--write"]).code(0);
}

#[test]
fn pending_changes_are_exit_code_1_where_it_is_asked_for() {
    let scene = Scene::new(&[("a.yaml", MESH_POLICY.as_bytes())]);
    scene.run(&["check"]).code(1);
    scene.run(&["diff", "--exit-code"]).code(1);
    scene.run(&["diff"]).code(0);
    scene.run(&[]).code(0).says("PeerAuthentication");
    assert_eq!(scene.read("a.yaml"), MESH_POLICY.as_bytes(), "diff and check write nothing");
}

#[test]
fn convert_prints_objects_on_stdout_and_findings_on_stderr() {
    let scene = Scene::new(&[]);
    let ran = scene.pipe(&["convert", "-"], Some(MESH_POLICY.as_bytes())).code(0);
    assert!(ran.out.starts_with("apiVersion: security.istio.io/v1\n"), "{}", ran.out);
    assert!(ran.out.contains("namespace: istio-system"), "{}", ran.out);
}

#[test]
fn broken_yaml_between_good_documents_is_located_and_the_others_go_on() {
    let text =
        format!("{MESH_POLICY}---\nkind: [unclosed\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: x}}\n");
    let scene = Scene::new(&[("a.yaml", text.as_bytes())]);
    let ran = scene.run(&["convert"]).code(2).says("broken-yaml").says("a.yaml:");
    assert!(ran.out.contains("PeerAuthentication"), "the rest still converts:\n{}\n{}", ran.out, ran.err);
    scene.run(&["convert", "--write"]).code(2);
    assert_eq!(scene.read("a.yaml"), text.as_bytes(), "nothing is written");
    scene.run(&["convert", "--write", "--keep-going"]).code(2);
    let written = String::from_utf8(scene.read("a.yaml")).expect("UTF-8");
    assert!(written.contains("PeerAuthentication") && written.contains("kind: [unclosed\n---\n"), "{written}");
}

#[test]
fn hostile_documents_are_errors_not_accidents() {
    let legacy = "# rbac.istio.io/v1alpha1\n";
    let bomb: String = (0..9).fold("a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned(), |text, level| {
        let next = level + 1;
        text + &format!("a{next}: &a{next} [{}]\n", vec![format!("*a{level}"); 9].join(","))
    });
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("tabs", format!("{legacy}a:\n\tb: 1\n").into_bytes()),
        ("nul bytes", [legacy.as_bytes(), b"a: \0b\n"].concat()),
        ("invalid UTF-8", [legacy.as_bytes(), b"a: \xff\xfe\n"].concat()),
        (
            "an alias bomb",
            format!("{legacy}{bomb}kind: Policy\napiVersion: authentication.istio.io/v1alpha1\n").into_bytes(),
        ),
        (
            "100,000 nested brackets",
            format!("{legacy}a: {}{}\n", "[".repeat(100_000), "]".repeat(100_000)).into_bytes(),
        ),
        ("100,000 open brackets", format!("{legacy}a: {}\n", "[".repeat(100_000)).into_bytes()),
        ("deep block maps", {
            let deep: String = (0..20_000).map(|level| format!("{}a:\n", " ".repeat(level % 2_000))).collect();
            format!("{legacy}{deep}").into_bytes()
        }),
        ("duplicate keys", format!("{legacy}apiVersion: v1\nkind: Service\nkind: Pod\n").into_bytes()),
        ("an unknown alias", format!("{legacy}a: *nobody\n").into_bytes()),
        ("an alias to itself", format!("{legacy}a: &a [*a]\n").into_bytes()),
    ];
    for (what, bytes) in cases {
        let scene = Scene::new(&[("bad.yaml", &bytes), ("good.yaml", MESH_POLICY.as_bytes())]);
        let ran = scene.run(&["check"]);
        assert_eq!(ran.code, 2, "{what}: {}\n{}", ran.out, ran.err);
        assert!(ran.out.contains("bad.yaml:"), "{what} is not located:\n{}", ran.out);
        assert_eq!(scene.read("bad.yaml"), bytes);
    }
}

#[test]
fn unknown_fields_and_wrong_types_of_old_objects_are_located() {
    let wrong = "apiVersion: rbac.istio.io/v1alpha1\nkind: ClusterRbacConfig\nmetadata: {name: default}\nspec:\n  mode: SOMETIMES\n";
    Scene::new(&[("a.yaml", wrong.as_bytes())]).run(&["check"]).code(3).says("a.yaml:5:").says("SOMETIMES");
    let unknown = format!("{MESH_POLICY}  peerz: []\n");
    Scene::new(&[("a.yaml", unknown.as_bytes())]).run(&["check"]).says("unknown-field").says("peerz");
}

#[test]
fn two_default_configs_are_refused_with_both_places() {
    let config =
        "apiVersion: rbac.istio.io/v1alpha1\nkind: ClusterRbacConfig\nmetadata: {name: default}\nspec: {mode: 'ON'}\n";
    let other = config.replace("'ON'", "'OFF'");
    let scene = Scene::new(&[("a.yaml", config.as_bytes()), ("b.yaml", other.as_bytes())]);
    scene.run(&["check"]).code(3).says("ambiguous-mesh-config").says("a.yaml").says("b.yaml");
}

#[test]
fn a_read_only_target_stops_the_whole_run() {
    let scene = Scene::new(&[("a.yaml", MESH_POLICY.as_bytes()), ("sub/b.yaml", b"apiVersion: authentication.istio.io/v1alpha1\nkind: Policy\nmetadata: {name: default, namespace: shop}\nspec: {peers: [{mtls: {}}]}\n")]);
    let target = scene.path().join("a.yaml");
    let mut permissions = fs::metadata(&target).expect("the file").permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&target, permissions).expect("read-only");
    let before = scene.read("sub/b.yaml");
    scene.run(&["convert", "--write"]).code(2).says("error[read-only-target]").says("a.yaml");
    assert_eq!(scene.read("sub/b.yaml"), before, "all or nothing");
}

#[test]
fn a_second_run_changes_nothing() {
    let scene = Scene::new(&[("a.yaml", MESH_POLICY.as_bytes())]);
    scene.run(&["convert", "--write"]).code(0);
    let once = scene.read("a.yaml");
    scene.run(&["convert", "--write"]).code(0);
    assert_eq!(scene.read("a.yaml"), once);
}

#[test]
fn copies_go_below_the_output_folder() {
    let scene = Scene::new(&[("in/a.yaml", MESH_POLICY.as_bytes())]);
    scene.run(&["convert", "in", "-o", "out"]).code(0);
    assert_eq!(scene.read("in/a.yaml"), MESH_POLICY.as_bytes());
    let copy = walk(&scene.path().join("out"));
    assert_eq!(copy.len(), 1);
    assert!(fs::read_to_string(&copy[0]).expect("the copy").contains("PeerAuthentication"));
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("an entry").path();
        if path.is_dir() { found.extend(walk(&path)) } else { found.push(path) }
    }
    found
}

#[test]
fn a_reader_that_goes_away_is_not_an_error() {
    let scene = Scene::new(&[("a.yaml", MESH_POLICY.as_bytes())]);
    let mut child = Command::new(env!("CARGO_BIN_EXE_meshlift"))
        .arg("explain")
        .current_dir(scene.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the binary ends");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn usage_errors_are_exit_code_2() {
    let scene = Scene::new(&[("a.yaml", MESH_POLICY.as_bytes())]);
    scene.run(&["diff", "--no-such-option"]).code(2);
    scene.run(&["diff", "--allow", "no-such-code"]).code(2).says("no-such-code").says("meshlift explain");
    scene.run(&["diff", "--to", "ancient"]).code(2).says("ancient");
    scene.run(&["verify", "only-one"]).code(2).says("BEFORE");
    scene.run(&["explain", "unresolved-servce"]).code(2).says("unresolved-service");
    scene.run(&["convert", "--write", "-"]).code(2).says("standard input");
    scene.run(&["mapping", "show", "nothing"]).code(2).says("service-role");
}

#[test]
fn settings_come_from_the_nearest_meshlift_yaml() {
    let scene = Scene::new(&[("a.yaml", MESH_POLICY.as_bytes()), ("meshlift.yaml", b"rootNamespace: istio-config\n")]);
    scene.run(&["convert"]).code(0).says("namespace: istio-config");
    scene.run(&["convert", "--root-namespace", "other"]).code(0).says("namespace: other");
    fs::write(scene.path().join("meshlift.yaml"), "rootNamespce: x\n").expect("written");
    scene.run(&["convert"]).code(2).says("rootNamespce");
}

#[test]
fn no_config_uses_no_settings_file() {
    let scene = Scene::new(&[("a.yaml", MESH_POLICY.as_bytes()), ("meshlift.yaml", b"rootNamespace: istio-config\n")]);
    scene.run(&["convert", "--no-config"]).code(0).says("namespace: istio-system");
    scene.run(&["convert", "--no-config", "--config", "meshlift.yaml"]).code(2).says("cannot be used with");
}

#[test]
fn every_format_names_the_settings_in_force() {
    let scene =
        Scene::new(&[("d/a.yaml", MESH_POLICY.as_bytes()), ("meshlift.yaml", b"rootNamespace: istio-config\n")]);
    for format in ["text", "markdown", "github"] {
        scene.run(&["diff", "d", "--format", format]).code(0).says("Settings from meshlift.yaml");
        let ran = scene.run(&["diff", "d", "--format", format, "--no-config"]).code(0);
        assert!(!ran.out.contains("ettings"), "{}", ran.out);
    }
    for (format, pointer) in [("json", "/settings"), ("sarif", "/runs/0/properties/settings")] {
        let ran = scene.run(&["diff", "d", "--format", format]).code(0);
        let report: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
        assert_eq!(report.pointer(pointer).and_then(|name| name.as_str()), Some("meshlift.yaml"), "{format}");
    }
}

#[test]
fn a_setting_that_means_nothing_is_located() {
    for (text, told) in [
        ("strict: true\nfrom: '1.3'\n", "meshlift.yaml: `from: 1.3` is not a release"),
        ("allow:\n- no-such-code\n", "at line 2 column 3"),
        ("a: 1\n---\nb: 2\n", "second document"),
        ("- a\n", "expected names with values"),
        ("inventory: [../outside]\n", "the path ../outside leads out of the repository"),
        (
            "strict: true\nmappings: /etc\n",
            "the path /etc leads out of the repository; name it on the command line if it is meant at line 2 column 11",
        ),
    ] {
        let scene = Scene::new(&[("a.yaml", MESH_POLICY.as_bytes()), ("meshlift.yaml", text.as_bytes())]);
        scene.run(&["diff"]).code(2).says(told);
    }
}

#[test]
fn every_format_is_written() {
    let scene = Scene::new(&[("a.yaml", MESH_POLICY.as_bytes())]);
    for format in ["text", "markdown", "json", "sarif", "github"] {
        let ran = scene.run(&["diff", "--format", format]).code(0);
        if matches!(format, "json" | "sarif") {
            let value: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
            assert!(value.is_object());
        }
    }
}

#[test]
fn schemas_completions_and_manual_are_printed() {
    let scene = Scene::new(&[]);
    for which in ["mapping", "report", "config"] {
        let ran = scene.run(&["schema", which]).code(0);
        let schema: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
        jsonschema::validator_for(&schema).expect("a JSON Schema");
    }
    scene.run(&["completions", "bash"]).code(0).says("meshlift");
    scene.run(&["man"]).code(0).says(".TH meshlift");
    scene.run(&["mapping", "list"]).code(0).says("service-role-binding");
    scene.run(&["explain"]).code(0).says("broken-yaml");
}

#[test]
fn the_same_input_gives_the_same_output() {
    let files: Vec<(String, String)> = (0..30)
        .map(|n| {
            let policy = format!("apiVersion: authentication.istio.io/v1alpha1\nkind: Policy\nmetadata: {{name: default, namespace: ns{n}}}\nspec: {{peers: [{{mtls: {{}}}}]}}\n");
            (format!("d{}/f{n}.yaml", n % 5), policy)
        })
        .collect();
    let borrowed: Vec<(&str, &[u8])> = files.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    let scene = Scene::new(&borrowed);
    let first = scene.run(&["diff", "--format", "json"]);
    for _ in 0..4 {
        assert_eq!(scene.run(&["diff", "--format", "json"]).out, first.out);
    }
}

#[test]
fn files_without_any_document_are_no_input() {
    // `kubectl get` prints nothing at all when the cluster does not know one of the kinds.
    for nothing in ["", "\n\n", "# nothing\n---\n# here\n", "\u{feff}---\n---\n...\n"] {
        let scene = Scene::new(&[("dump.yaml", nothing.as_bytes())]);
        scene.run(&["check", "dump.yaml"]).code(5).says("no-manifests").says("dump.yaml");
        scene.run(&["check"]).code(5).says("dump.yaml holds no document");
        scene.run(&["convert", "--write"]).code(5);
        scene.pipe(&["check", "-"], Some(nothing.as_bytes())).code(5).says("Standard input");
        // What the inventory shows is no input.
        let service =
            "apiVersion: v1\nkind: Service\nmetadata: {name: x, namespace: y-1}\nspec: {ports: [{port: 1}]}\n";
        let scene = Scene::new(&[("dump.yaml", nothing.as_bytes()), ("services.yaml", service.as_bytes())]);
        scene.run(&["check", "dump.yaml", "--inventory", "services.yaml"]).code(5);
        // One empty file among others is nothing special, unless it was named.
        let scene = Scene::new(&[("a.yaml", nothing.as_bytes()), ("b.yaml", MESH_POLICY.as_bytes())]);
        scene.run(&["check"]).code(1);
        scene.run(&["check", "a.yaml", "b.yaml"]).code(1).says("no-manifests");
    }
    // An empty List is an answer.
    let list = "apiVersion: v1\nkind: List\nitems: []\n";
    Scene::new(&[("dump.yaml", list.as_bytes())]).run(&["check"]).code(0);
    let many = Scene::new(&[("a.yaml", b""), ("b.yaml", b"---\n")]);
    many.run(&["check"]).code(5).says("None of the 2 files");
    many.run(&["verify", "a.yaml", "b.yaml"]).code(5);
}

#[test]
fn files_that_only_look_like_manifests_are_named_until_it_is_allowed() {
    let scene = Scene::new(&[("mesh.yaml", MESH_POLICY.as_bytes()), ("old.yaml.bak", MESH_POLICY.as_bytes())]);
    scene.run(&["check"]).code(3).says("not-read").says("old.yaml.bak:1:13");
    scene.run(&["check", "--allow", "not-read"]).code(1);
    // What is named is read, whatever it is called.
    let ran = scene.run(&["convert", "old.yaml.bak"]).code(0);
    assert!(ran.out.contains("PeerAuthentication"), "{}", ran.out);
    // What ignore files exclude is not looked at.
    let ignored = Scene::new(&[
        ("mesh.yaml", MESH_POLICY.as_bytes()),
        ("old.yaml.bak", MESH_POLICY.as_bytes()),
        (".ignore", b"*.bak\n"),
    ]);
    ignored.run(&["check"]).code(1);
}

/// Formats that know only messages show a verdict under a code of its own.
#[test]
fn a_verdict_is_a_finding_where_a_format_knows_nothing_else() {
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: NS}\nspec: {selector: {app: web}, ports: [{name: http, port: 80}]}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: NS}\nspec: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web}]}}}\n---\n";
    let policy = "apiVersion: authentication.istio.io/v1alpha1\nkind: Policy\nmetadata: {name: web, namespace: NS}\nspec: {targets: [{name: web}]}\n---\n";
    let unread = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: a, namespace: NS}\nspec: {rules: 1}\n---\n";
    let role = "apiVersion: rbac.istio.io/v1alpha1\nkind: ClusterRbacConfig\nmetadata: {name: default}\nspec: {mode: 'ON'}\n---\napiVersion: rbac.istio.io/v1alpha1\nkind: ServiceRole\nmetadata: {name: r, namespace: NS}\nspec: {rules: [{services: [web.NS.svc.cluster.local]}]}\n---\napiVersion: rbac.istio.io/v1alpha1\nkind: ServiceRoleBinding\nmetadata: {name: r, namespace: NS}\nspec: {roleRef: {kind: ServiceRole, name: r}, subjects: [{properties: {source.principal: '*'}}]}\n---\n";
    let shop = |parts: &[&str]| parts.concat().replace("NS", "shop");
    for (input, more, code) in [
        (shop(&[service, policy]), ["--plaintext", "permissive"], "access-wider"),
        (shop(&[service, role]), ["--from", "1.5"], "access-narrower"),
        (
            [service, policy, MESH_POLICY].concat().replace("NS", "istio-system"),
            ["--allow", "root-namespace-target"],
            "access-different",
        ),
        (shop(&[service, policy, unread]), ["--allow", "proof-undecided"], "access-undecided"),
    ] {
        let scene = Scene::new(&[("a.yaml", input.as_bytes())]);
        for format in ["github", "sarif"] {
            scene.run(&[&["check", "--inventory-complete=all", "--format", format], &more[..]].concat()).says(code);
        }
    }
}

#[test]
fn mistakes_in_a_mapping_file_are_located() {
    let scene = Scene::new(&[]);
    let shipped = scene.run(&["mapping", "show", "service-role", "--yaml"]).code(0).out;
    let methods = "- copy: { from: \"$.spec.rules[*].methods[*]\", to: /operation/methods/-, empty: \"*\" }\n";
    assert!(shipped.contains(methods), "the test edits this line");
    for (text, code) in [
        ("title: no mapping\n".to_owned(), "error[broken-mapping]"),
        (shipped.replace(methods, ""), "error[no-rule]"),
        (shipped.replace(methods, &methods.repeat(2)), "error[two-writers]"),
    ] {
        fs::write(scene.path().join("mine.yaml"), text).expect("a file");
        scene.run(&["mapping", "check", "mine.yaml"]).code(2).says(code).says("mine.yaml");
    }
}

#[test]
fn a_policy_that_needs_more_rules_than_istio_takes_is_refused() {
    let triggers: String = (0..200)
        .map(|n| format!("{{includedPaths: [{{prefix: /p{n}/}}], excludedPaths: [{{exact: /p{n}/q}}]}}, "))
        .collect();
    let input = format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: web, namespace: shop}}\nspec: {{selector: {{app: web}}, ports: [{{name: http, port: 80}}]}}\n---\napiVersion: authentication.istio.io/v1alpha1\nkind: Policy\nmetadata: {{name: web, namespace: shop}}\nspec: {{targets: [{{name: web}}], peers: [{{mtls: {{}}}}], origins: [{{jwt: {{issuer: a, jwksUri: 'https://a/keys', triggerRules: [{triggers}]}}}}]}}\n"
    );
    let scene = Scene::new(&[("a.yaml", input.as_bytes())]);
    scene.run(&["check", "--inventory-complete=all"]).code(3).says("error[too-many-rules]").says("600 rules");
}

/// `meaning/rollout.md` R16, R20: no prefix of the stream opens anything on a mesh that still enforces the old objects.
#[test]
fn the_stream_can_be_applied_from_top_to_bottom() {
    let mesh = "apiVersion: authentication.istio.io/v1alpha1\nkind: MeshPolicy\nmetadata: {name: default}\nspec: {peers: [{mtls: {mode: PERMISSIVE}}]}\n---\n\
                apiVersion: authentication.istio.io/v1alpha1\nkind: Policy\nmetadata: {name: default, namespace: shop}\nspec: {peers: [{mtls: {}}]}\n---\n\
                apiVersion: authentication.istio.io/v1alpha1\nkind: Policy\nmetadata: {name: web, namespace: shop}\n\
                spec: {targets: [{name: web}], origins: [{jwt: {issuer: https://idp.example, jwksUri: https://idp.example/keys}}]}\n---\n\
                apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: {selector: {app: web}, ports: [{name: http, port: 80}]}\n";
    let ran = Scene::new(&[]).pipe(&["convert", "--inventory-complete=all", "-"], Some(mesh.as_bytes())).code(0);
    let value = |object: &str, key: &str| {
        let line = object.lines().find_map(|line| line.trim_start().strip_prefix(key));
        line.map(str::trim).unwrap_or_default().to_owned()
    };
    let order: Vec<String> = ran
        .out
        .split("---\n")
        .map(|object| format!("{} {}/{}", value(object, "kind:"), value(object, "namespace:"), value(object, "name:")))
        .collect();
    assert_eq!(
        order,
        [
            "PeerAuthentication shop/web",
            "PeerAuthentication shop/default",
            "PeerAuthentication istio-system/default",
            "AuthorizationPolicy shop/web-require-jwt",
            "RequestAuthentication shop/web",
        ]
    );
}
