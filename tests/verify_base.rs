//! `meshlift verify --base REF`: compares a git revision with the working tree, without touching either.
#![allow(clippy::expect_used, clippy::print_stderr, reason = "a test fails by panicking and may say why it skips")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const STRICT: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: {selector: {app: web}, ports: [{name: http, port: 80}]}\n---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default, namespace: shop}\nspec: {mtls: {mode: STRICT}}\n";

fn git(folder: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "commit.gpgsign=false"];
    let output = Command::new("git").args(identity).args(arguments).current_dir(folder).output().expect("git runs");
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn meshlift(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let Output { status, stdout, stderr } =
        Command::new(env!("CARGO_BIN_EXE_meshlift")).args(arguments).current_dir(folder).output().expect("it runs");
    (status.code().unwrap_or(-1), String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned())
}

/// A repository with one commit, and `None` where git is not installed.
fn repository() -> Option<tempfile::TempDir> {
    if Command::new("git").arg("--version").output().is_err() {
        eprintln!("skipped: git is not installed");
        return None;
    }
    let folder = tempfile::tempdir().expect("a folder");
    git(folder.path(), &["init", "-q", "-b", "main"]);
    fs::create_dir(folder.path().join("policies")).expect("a folder");
    fs::write(folder.path().join("policies/mesh.yaml"), STRICT).expect("written");
    git(folder.path(), &["add", "."]);
    git(folder.path(), &["commit", "-q", "-m", "strict"]);
    Some(folder)
}

#[test]
fn an_unchanged_tree_is_equal() {
    let Some(folder) = repository() else { return };
    let (code, text) = meshlift(folder.path(), &["verify", "--base", "HEAD"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("proved equal"), "{text}");
}

#[test]
fn a_change_in_the_tree_is_found_and_the_tree_stays_as_it_is() {
    let Some(folder) = repository() else { return };
    let file = folder.path().join("policies/mesh.yaml");
    let changed = STRICT.replace("STRICT", "PERMISSIVE");
    fs::write(&file, &changed).expect("written");
    let (code, text) = meshlift(folder.path(), &["verify", "--base", "main", "policies"]);
    assert_eq!(code, 4, "{text}");
    assert!(text.starts_with("wider:") && text.contains("in plaintext"), "{text}");
    assert_eq!(fs::read_to_string(&file).expect("read"), changed);
    let status = Command::new("git").args(["status", "--porcelain"]).current_dir(folder.path()).output().expect("git");
    assert_eq!(String::from_utf8_lossy(&status.stdout), " M policies/mesh.yaml\n");
    let (code, text) = meshlift(folder.path(), &["verify", "--base", "main", "policies", "--accept", "wider"]);
    assert_eq!(code, 0, "{text}");
}

#[test]
fn a_revision_that_is_not_there_or_looks_like_an_option_is_an_error() {
    let Some(folder) = repository() else { return };
    let (code, text) = meshlift(folder.path(), &["verify", "--base", "no-such-branch"]);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("has no revision \"no-such-branch\""), "{text}");
    let (code, text) = meshlift(folder.path(), &["verify", "--base=--upload-pack=touch hacked"]);
    assert_eq!(code, 2, "{text}");
    assert!(!folder.path().join("hacked").exists());
}

#[test]
fn outside_of_a_repository_it_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("mesh.yaml"), STRICT).expect("written");
    let (code, text) = meshlift(folder.path(), &["verify", "--base", "HEAD"]);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("is in no git work tree"), "{text}");
}

#[test]
fn without_the_git_program_it_says_what_it_is_for() {
    let Some(folder) = repository() else { return };
    let output = Command::new(env!("CARGO_BIN_EXE_meshlift"))
        .args(["verify", "--base", "HEAD"])
        .current_dir(folder.path())
        .env("PATH", folder.path())
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("needed to read a revision"), "{text}");
}

#[test]
fn a_repository_inside_is_another_one_and_a_submodule_is_not_read() {
    let Some(folder) = repository() else { return };
    let inner = folder.path().join("policies/inner");
    fs::create_dir(&inner).expect("a folder");
    git(&inner, &["init", "-q", "-b", "main"]);
    fs::write(inner.join("mesh.yaml"), STRICT).expect("written");
    let (code, text) = meshlift(folder.path(), &["verify", "--base", "HEAD", "policies/inner"]);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("belongs to another git repository"), "{text}");
    git(&inner, &["add", "."]);
    git(&inner, &["commit", "-q", "-m", "inner"]);
    git(folder.path(), &["add", "policies"]);
    git(folder.path(), &["commit", "-q", "-m", "a submodule"]);
    let (_, text) = meshlift(folder.path(), &["verify", "--base", "HEAD"]);
    assert!(text.contains("warning[submodule-not-read]") && text.contains("policies/inner"), "{text}");
}

#[test]
fn json_and_markdown_hold_the_same_verdict() {
    let Some(folder) = repository() else { return };
    fs::write(folder.path().join("policies/mesh.yaml"), STRICT.replace("STRICT", "PERMISSIVE")).expect("written");
    let (code, text) = meshlift(folder.path(), &["verify", "--base", "HEAD", "--format", "json"]);
    assert_eq!(code, 4, "{text}");
    let report: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(report.pointer("/verification/0/verdict").and_then(|v| v.as_str()), Some("wider"));
    let (code, text) = meshlift(folder.path(), &["verify", "--base", "HEAD", "--format", "markdown"]);
    assert_eq!(code, 4, "{text}");
    assert!(text.contains("wider"), "{text}");
}
