//! `convert --write` and the way back: git holds the old texts, or a backup does, or the user said that neither is needed.
#![allow(clippy::expect_used, clippy::print_stdout, reason = "a test fails by panicking and may say why it skips")]

mod scene;

use scene::{MESH_POLICY, Scene};
use std::fs;
use std::process::Command;

/// Another file with an old object.
const POLICY: &str = "apiVersion: authentication.istio.io/v1alpha1\nkind: Policy\nmetadata: {name: default, namespace: shop}\nspec: {peers: [{mtls: {}}]}\n";

fn git(scene: &Scene, arguments: &[&str]) {
    let identity = ["-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "commit.gpgsign=false"];
    let output =
        Command::new("git").args(identity).args(arguments).current_dir(scene.path()).output().expect("git runs");
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A repository in which `a.yaml` and `sub/b.yaml` are committed; `None` where git is not installed.
fn repository() -> Option<Scene> {
    if Command::new("git").arg("--version").output().is_err() {
        println!("skipped: git is not installed");
        return None;
    }
    let scene = Scene::new(&[("a.yaml", MESH_POLICY.as_bytes()), ("sub/b.yaml", POLICY.as_bytes())]);
    git(&scene, &["init", "-q", "-b", "main"]);
    git(&scene, &["add", "."]);
    git(&scene, &["commit", "-q", "-m", "old"]);
    Some(scene)
}

fn edit(scene: &Scene, name: &str) -> Vec<u8> {
    let text = [b"# edited\n", scene.read(name).as_slice()].concat();
    fs::write(scene.path().join(name), &text).expect("written");
    text
}

#[test]
fn what_git_holds_is_rewritten_without_a_word_about_it() {
    let Some(scene) = repository() else { return };
    let ran = scene.run(&["convert", "--write"]).code(0);
    assert!(ran.err.ends_with("2 files rewritten\n"), "{}", ran.err);
}

#[test]
fn what_git_does_not_hold_is_rewritten_on_demand_only() {
    let Some(scene) = repository() else { return };
    let edited = edit(&scene, "sub/b.yaml");
    scene.run(&["convert", "--write"]).code(2).says("unknown-to-git").says("sub/b.yaml holds changes");
    assert_eq!((scene.read("a.yaml"), scene.read("sub/b.yaml")), (MESH_POLICY.as_bytes().to_vec(), edited));
    let ran = scene.run(&["convert", "--write", "--allow-dirty"]).code(0);
    assert!(
        ran.err.ends_with("2 files rewritten; the old text of 1 of them is kept nowhere (--backup DIR keeps it)\n"),
        "{}",
        ran.err
    );
}

#[test]
fn what_is_staged_can_be_given_back() {
    let Some(scene) = repository() else { return };
    edit(&scene, "sub/b.yaml");
    git(&scene, &["add", "."]);
    scene.run(&["convert", "--write"]).code(0);
}

#[test]
fn files_that_would_not_change_may_be_as_they_like() {
    let Some(scene) = repository() else { return };
    fs::write(scene.path().join("service.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
        .expect("written");
    scene.run(&["convert", "--write"]).code(0);
}

#[test]
fn untracked_and_ignored_files_are_unknown_to_git() {
    let Some(scene) = repository() else { return };
    for name in ["c.yaml", "ignored.yaml"] {
        fs::write(scene.path().join(name), POLICY.replace("shop", "other")).expect("written");
        fs::write(scene.path().join(".gitignore"), "ignored.yaml\n").expect("written");
        scene.run(&["convert", "--write", name]).code(2).says("unknown-to-git").says("not tracked by git");
        assert_eq!(scene.read(name), POLICY.replace("shop", "other").as_bytes());
        fs::remove_file(scene.path().join(name)).expect("removed");
    }
}

#[test]
fn copies_need_no_way_back() {
    let Some(scene) = repository() else { return };
    edit(&scene, "a.yaml");
    scene.run(&["convert", "-o", "out"]).code(0).says("2 files written under out");
}

/// A filter of `.git/config` that reads a file of the work tree is a program that whoever made the archive chose.
#[cfg(unix)]
#[test]
fn asking_git_runs_no_program() {
    let Some(scene) = repository() else { return };
    fs::write(scene.path().join(".gitattributes"), "*.yaml filter=evil diff=evil\n").expect("written");
    for key in
        ["filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "diff.evil.textconv", "core.fsmonitor"]
    {
        git(&scene, &["config", key, "touch pwned; cat"]);
    }
    edit(&scene, "a.yaml");
    scene.run(&["convert", "--write"]).code(2).says("unknown-to-git");
    assert!(!scene.path().join("pwned").exists() && !scene.path().join("sub/pwned").exists());
}

#[test]
fn line_endings_that_git_converts_are_no_change() {
    let Some(scene) = repository() else { return };
    git(&scene, &["config", "core.autocrlf", "true"]);
    fs::write(scene.path().join("a.yaml"), MESH_POLICY.replace('\n', "\r\n")).expect("written");
    scene.run(&["convert", "--write"]).code(0);
}

#[test]
fn outside_git_the_last_line_says_that_nobody_keeps_the_old_texts() {
    let scene = Scene::new(&[("a.yaml", MESH_POLICY.as_bytes())]);
    let ran = scene.run(&["convert", "--write"]).code(0);
    assert!(
        ran.err.ends_with("1 file rewritten; its old text is kept nowhere (--backup DIR keeps it)\n"),
        "{}",
        ran.err
    );
}

#[test]
fn a_backup_keeps_the_old_texts_and_is_never_overwritten() {
    let scene = Scene::new(&[("in/a.yaml", MESH_POLICY.as_bytes()), ("in/sub/b.yaml", POLICY.as_bytes())]);
    let write = ["convert", "in", "--write", "--backup", "old"];
    let ran = scene.run(&write).code(0);
    assert!(ran.err.ends_with("2 files rewritten; their old texts are under old\n"), "{}", ran.err);
    assert_eq!(scene.read("old/in/a.yaml"), MESH_POLICY.as_bytes());
    assert_eq!(scene.read("old/in/sub/b.yaml"), POLICY.as_bytes());
    // The same again is no overwriting.
    fs::write(scene.path().join("in/a.yaml"), MESH_POLICY).expect("written");
    scene.run(&write).code(0);
    let edited = [b"# edited\n", MESH_POLICY.as_bytes()].concat();
    fs::write(scene.path().join("in/a.yaml"), &edited).expect("written");
    scene.run(&write).code(2).says("backup-exists").says("old/in/a.yaml");
    assert_eq!((scene.read("in/a.yaml"), scene.read("old/in/a.yaml")), (edited, MESH_POLICY.as_bytes().to_vec()));
}

#[test]
fn a_backup_stands_in_for_git() {
    let Some(scene) = repository() else { return };
    let edited = edit(&scene, "a.yaml");
    scene.run(&["convert", "--write", "--backup", ".old"]).code(0);
    assert_eq!(scene.read(".old/a.yaml"), edited);
}

#[test]
fn a_backup_is_never_the_next_input() {
    let scene = Scene::new(&[("a.yaml", MESH_POLICY.as_bytes())]);
    for folder in [".", "old", "old/deeper"] {
        scene.run(&["convert", "--write", "--backup", folder]).code(2).says("unsafe-output-path");
    }
    assert_eq!(scene.read("a.yaml"), MESH_POLICY.as_bytes());
    scene.run(&["convert", "a.yaml", "--write", "--backup", "old"]).code(0);
}

#[test]
fn a_backup_that_cannot_be_written_stops_the_run() {
    let scene = Scene::new(&[("in/a.yaml", MESH_POLICY.as_bytes()), ("file", b"")]);
    scene.run(&["convert", "in", "--write", "--backup", "file"]).code(2);
    assert_eq!(scene.read("in/a.yaml"), MESH_POLICY.as_bytes());
}

#[test]
fn the_options_belong_to_write() {
    let scene = Scene::new(&[("a.yaml", MESH_POLICY.as_bytes())]);
    scene.run(&["convert", "--allow-dirty"]).code(2).says("--write");
    scene.run(&["convert", "--backup", "x"]).code(2).says("--write");
    scene.run(&["convert", "-o", "y", "--backup", "x"]).code(2).says("--output");
}

#[cfg(unix)]
#[test]
fn no_link_carries_a_new_text_out_of_the_tree() {
    let outside = Scene::new(&[("there.yaml", MESH_POLICY.as_bytes())]);
    let scene = Scene::new(&[("own/a.yaml", POLICY.as_bytes())]);
    let target = outside.path().join("there.yaml");
    std::os::unix::fs::symlink(&target, scene.path().join("own/link.yaml")).expect("a link");
    std::os::unix::fs::symlink("own/a.yaml", scene.path().join("inside.yaml")).expect("a link");
    for arguments in
        [["convert", "--write"].as_slice(), &["convert", "--write", "own"], &["convert", "own/link.yaml", "--write"]]
    {
        scene.run(arguments).code(2).says("leads-outside").says("own/link.yaml");
        let reading = [arguments, &["--follow-links"]].concat();
        scene.run(&reading).code(2).says("leads-outside").says("own/link.yaml was not written");
        assert_eq!((outside.read("there.yaml"), scene.read("own/a.yaml")), (MESH_POLICY.into(), POLICY.into()));
    }
    // A link that stays inside stays a link.
    fs::remove_file(scene.path().join("own/link.yaml")).expect("removed");
    scene.run(&["convert", "--write", "inside.yaml"]).code(0);
    assert!(scene.path().join("inside.yaml").is_symlink() && scene.read("own/a.yaml") != POLICY.as_bytes());
}
