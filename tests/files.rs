//! Files, folders, pipes and disks that do not do what one hopes: a clear message, the documented exit code, and never a
//! half-written file.

#![cfg(unix)]
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

mod scene;

use scene::{MESH_POLICY, Scene};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Output, Stdio};

/// Runs the binary in the scene's folder with a standard output of its own.
fn run_into(scene: &Scene, arguments: &[&str], out: Stdio) -> Output {
    Command::new(env!("CARGO_BIN_EXE_meshlift"))
        .args(arguments)
        .current_dir(scene.path())
        .env_clear()
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(Stdio::piped())
        .output()
        .expect("the binary runs")
}

#[test]
fn a_path_that_is_not_utf_8_is_read_and_rewritten() {
    let scene = Scene::new(&[]);
    let path = scene.path().join(OsStr::from_bytes(b"\xff\xfe.yaml"));
    fs::write(&path, MESH_POLICY).expect("a file");
    scene.run(&["diff"]).code(0).says("PeerAuthentication");
    scene.run(&["convert", "--write"]).code(0);
    assert!(fs::read_to_string(&path).expect("the file").contains("PeerAuthentication"));
}

#[test]
fn a_pipe_among_the_manifests_is_reported_and_not_waited_for() {
    let scene = Scene::new(&[("a.yaml", MESH_POLICY.as_bytes())]);
    let made = Command::new("mkfifo").arg(scene.path().join("pipe.yaml")).status().expect("mkfifo runs");
    assert!(made.success());
    scene.run(&["check"]).code(2).says("pipe.yaml").says("unreadable-file");
    scene.run(&["convert", "--write"]).code(2);
    assert_eq!(scene.read("a.yaml"), MESH_POLICY.as_bytes(), "all or nothing");
}

#[test]
fn one_line_of_megabytes_is_converted() {
    let padding = "x".repeat(4_000_000);
    let text = format!(
        r#"{{"apiVersion":"authentication.istio.io/v1alpha1","kind":"MeshPolicy","metadata":{{"name":"default","annotations":{{"a":"{padding}"}}}},"spec":{{"peers":[{{"mtls":{{}}}}]}}}}"#
    );
    let scene = Scene::new(&[("a.json", text.as_bytes())]);
    scene.run(&["convert", "--write"]).code(0);
    let written = String::from_utf8(scene.read("a.json")).expect("UTF-8");
    assert!(written.contains("PeerAuthentication") && written.contains(&padding));
}

#[test]
fn standard_input_and_paths_are_read_together() {
    let scene = Scene::new(&[("a.yaml", MESH_POLICY.as_bytes())]);
    let policy = "apiVersion: authentication.istio.io/v1alpha1\nkind: Policy\nmetadata: {name: default, namespace: shop}\nspec: {peers: [{mtls: {}}]}\n";
    let ran = scene.pipe(&["convert", "-", "a.yaml"], Some(policy.as_bytes())).code(0);
    assert!(ran.out.contains("namespace: shop") && ran.out.contains("namespace: istio-system"), "{}", ran.out);
    scene.pipe(&["convert", "--write", "-", "a.yaml"], Some(policy.as_bytes())).code(2).says("standard input");
    assert_eq!(scene.read("a.yaml"), MESH_POLICY.as_bytes());
}

#[test]
fn copies_inside_the_input_never_overwrite_an_input() {
    let scene = Scene::new(&[("in/a.yaml", MESH_POLICY.as_bytes())]);
    scene.run(&["convert", "in", "-o", "in/out"]).code(0);
    let copy = scene.read("in/out/in/a.yaml");
    scene.run(&["convert", "in", "-o", "in/out"]).code(2).says("unsafe-output-path");
    assert_eq!(scene.read("in/out/in/a.yaml"), copy);
    assert_eq!(scene.read("in/a.yaml"), MESH_POLICY.as_bytes());
}

#[test]
fn a_report_that_cannot_be_written_is_an_error() {
    let scene = Scene::new(&[("a.yaml", MESH_POLICY.as_bytes()), ("file", b"")]);
    scene.run(&["check", "--report", "file/report.json"]).code(2).says("file/report.json");
    scene.run(&["check", "--report", "."]).code(2);
    scene.run(&["check", "--report", "report.json"]).code(1);
    let report: serde_json::Value = serde_json::from_slice(&scene.read("report.json")).expect("JSON");
    assert_eq!(report.get("schemaVersion").and_then(serde_json::Value::as_u64), Some(1));
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_under_standard_output_is_an_error() {
    let scene = Scene::new(&[("a.yaml", MESH_POLICY.as_bytes())]);
    for arguments in [&["convert"][..], &["diff"], &["check"], &["schema", "config"], &["explain"]] {
        let full = File::options().write(true).open("/dev/full").expect("/dev/full");
        let output = run_into(&scene, arguments, full.into());
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains("No space left"), "{arguments:?}: {error}");
    }
    assert_eq!(scene.read("a.yaml"), MESH_POLICY.as_bytes());
}

#[test]
fn a_reader_that_stops_early_is_no_error() {
    let many: String = (0..300)
        .map(|n| format!("---\napiVersion: authentication.istio.io/v1alpha1\nkind: Policy\nmetadata: {{name: default, namespace: n{n}}}\nspec: {{peers: [{{mtls: {{}}}}]}}\n"))
        .collect();
    let scene = Scene::new(&[("a.yaml", many.as_bytes())]);
    for arguments in [&["diff"][..], &["convert", "--no-verify"], &["check"]] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = run_into(&scene, arguments, writer.into());
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{arguments:?}: {:?} {error}", output.status);
        assert!(!error.contains("roken pipe"), "{error}");
    }
}

#[test]
fn a_file_that_is_not_utf_8_is_named_with_its_encoding() {
    let utf_16: Vec<u8> = [0xff, 0xfe].into_iter().chain(MESH_POLICY.bytes().flat_map(|byte| [byte, 0])).collect();
    let scene = Scene::new(&[("a.yaml", &utf_16), ("b.yaml", b"apiVersion: rbac.istio.io/v1alpha1 # \xff\n")]);
    scene.run(&["check"]).code(2).says("error[not-utf8]").says("UTF-16").says("b.yaml");
}

#[test]
fn a_file_that_is_too_large_for_a_manifest_is_not_read() {
    let scene = Scene::new(&[("a.yaml", MESH_POLICY.as_bytes()), ("large.yaml", b"")]);
    let large = File::options().write(true).open(scene.path().join("large.yaml")).expect("a file");
    large.set_len(100_000_000).expect("a large file");
    scene.run(&["check"]).code(2).says("error[file-too-large]").says("large.yaml");
}

#[test]
fn a_link_to_a_folder_is_named_and_not_entered() {
    let scene = Scene::new(&[("in/a.yaml", MESH_POLICY.as_bytes()), ("other/b.yaml", b"a: 1\n")]);
    std::os::unix::fs::symlink("../other", scene.path().join("in/link")).expect("a link");
    scene.run(&["check", "in"]).code(1).says("warning[linked-folder]").says("in/link");
}

#[test]
fn a_file_with_a_second_name_is_not_parted_from_it() {
    let scene = Scene::new(&[("in/a.yaml", MESH_POLICY.as_bytes())]);
    fs::hard_link(scene.path().join("in/a.yaml"), scene.path().join("second")).expect("a second name");
    scene.run(&["convert", "--write", "in"]).code(2).says("error[hard-linked-file]");
    assert_eq!(scene.read("in/a.yaml"), MESH_POLICY.as_bytes());
}

#[test]
fn a_strange_file_in_the_place_of_the_journal_stops_the_run() {
    let scene = Scene::new(&[("a.yaml", MESH_POLICY.as_bytes()), (".meshlift-journal", b"somebody's notes\n")]);
    scene.run(&["convert", "--write"]).code(2).says("error[unknown-journal]");
    assert_eq!(scene.read("a.yaml"), MESH_POLICY.as_bytes());
    assert_eq!(scene.read(".meshlift-journal"), b"somebody's notes\n");
}
