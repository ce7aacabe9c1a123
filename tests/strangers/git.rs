//! A branch that brings a repository of its own, or variables that lead git to another one.

use super::ground::{Ground, STRICT, git, permissive};
use std::fs;
use std::path::Path;

/// Puts into `folder` of the work tree what looks like a repository to git: one commit with `base` as `mesh.yaml`, known
/// as `main` and as `origin/main`. `program` is what its configuration would run to fetch what is missing.
fn lookalike(ground: &Ground, folder: &str, base: &str, program: Option<&Path>) {
    let source = ground.beside("source");
    fs::create_dir(&source).expect("a folder");
    git(&source, &["init", "-q", "-b", "main"]);
    fs::write(source.join("mesh.yaml"), base).expect("a file");
    git(&source, &["add", "."]);
    git(&source, &["commit", "-q", "-m", "forged"]);
    git(&source, &["update-ref", "refs/remotes/origin/main", "HEAD"]);
    let target = ground.repo().join(folder);
    fs::create_dir_all(&target).expect("a folder");
    for part in ["HEAD", "objects", "refs"] {
        let copied =
            std::process::Command::new("cp").arg("-r").arg(source.join(".git").join(part)).arg(&target).status();
        assert!(copied.expect("cp runs").success());
    }
    let mut config = "[core]\n\trepositoryformatversion = 1\n\tbare = false\n\tworktree = .\n".to_owned();
    if let Some(program) = program {
        config += &format!(
            "\tsshCommand = \"touch {} #\"\n[extensions]\n\tpartialClone = origin\n[remote \"origin\"]\n\turl = ssh://nowhere.invalid/x\n\tpromisor = true\n",
            program.display()
        );
        // Every blob is missing and would have to be fetched.
        let blob =
            std::process::Command::new("git").args(["rev-parse", "HEAD:mesh.yaml"]).current_dir(&source).output();
        let blob = String::from_utf8(blob.expect("git runs").stdout).expect("an id");
        let (start, rest) = blob.trim().split_at(2);
        fs::remove_file(target.join("objects").join(start).join(rest)).expect("a blob");
    }
    fs::write(target.join("config"), config).expect("a file");
}

#[test]
fn c1_a_folder_that_looks_like_a_repository_runs_nothing_when_settings_name_it() {
    let ground = Ground::new(&[("deploy/mesh.yaml", STRICT)]);
    let marker = ground.beside("ran");
    lookalike(&ground, "lib", STRICT, Some(&marker));
    ground.write(&[("meshlift.yaml", "inventory: [lib]\n")]);
    ground.commit("branch");
    let ran = ground.run(&["verify", "--base", "main"]);
    ground.run(&["verify", "--base", "main", "--config", "meshlift.yaml"]);
    assert!(!marker.exists(), "a program of the branch ran: {}", ran.text);
    ran.exits(3).says("settings-changed");
}

#[test]
fn c1_a_folder_that_looks_like_a_repository_runs_nothing_when_it_is_named() {
    let ground = Ground::new(&[("lib/mesh.yaml", STRICT)]);
    let marker = ground.beside("ran");
    lookalike(&ground, "lib", STRICT, Some(&marker));
    ground.commit("branch");
    let ran = ground.run(&["verify", "--base", "main", "lib"]);
    assert!(!marker.exists(), "a program of the branch ran: {}", ran.text);
    ran.exits(0).says("proved equal");
}

#[test]
fn c2_a_repository_inside_cannot_forge_the_revision() {
    let ground = Ground::new(&[("deploy/mesh.yaml", STRICT)]);
    ground.git(&["update-ref", "refs/remotes/origin/main", "main"]);
    lookalike(&ground, "deploy", &permissive(), None);
    ground.write(&[("deploy/mesh.yaml", &permissive())]);
    ground.commit("branch");
    ground.run(&["verify", "--base", "origin/main", "deploy"]).exits(4).says("wider");
}

#[test]
fn c2_a_path_in_another_repository_is_refused() {
    let ground = Ground::new(&[("deploy/mesh.yaml", STRICT)]);
    let inner = ground.repo().join("vendor/mesh");
    fs::create_dir_all(&inner).expect("folders");
    git(&inner, &["init", "-q", "-b", "main"]);
    fs::write(inner.join("mesh.yaml"), permissive()).expect("a file");
    git(&inner, &["add", "."]);
    git(&inner, &["commit", "-q", "-m", "inner"]);
    for path in ["vendor/mesh", "vendor/mesh/mesh.yaml"] {
        ground
            .run(&["verify", "--base", "main", path])
            .exits(2)
            .says("belongs to another git repository, vendor/mesh, which lies inside the one");
    }
    ground.run(&["verify", "--base", "main", ground.beside("elsewhere").to_str().expect("UTF-8")]).exits(2);
}

#[test]
fn a_root_that_the_branch_replaced_by_a_link_is_still_compared_with_what_it_was() {
    let ground = Ground::new(&[("deploy/mesh.yaml", STRICT), ("other/mesh.yaml", &permissive())]);
    fs::remove_dir_all(ground.repo().join("deploy")).expect("removed");
    ground.link("deploy", "other");
    ground.commit("branch");
    ground.run(&["verify", "--base", "main", "deploy"]).exits(4).says("wider");
}

#[test]
fn m7_variables_do_not_lead_git_to_another_repository() {
    let ground = Ground::new(&[("deploy/mesh.yaml", STRICT)]);
    ground.write(&[("deploy/mesh.yaml", &permissive())]);
    ground.commit("branch");
    let forged = ground.beside("forged");
    fs::create_dir(&forged).expect("a folder");
    git(&forged, &["init", "-q", "-b", "main"]);
    fs::create_dir(forged.join("deploy")).expect("a folder");
    fs::write(forged.join("deploy/mesh.yaml"), permissive()).expect("a file");
    git(&forged, &["add", "."]);
    git(&forged, &["commit", "-q", "-m", "forged"]);
    let store = forged.join(".git");
    for variables in [
        &[("GIT_COMMON_DIR", store.as_path())][..],
        &[("GIT_DIR", store.as_path()), ("GIT_WORK_TREE", ground.repo().as_path())],
        &[("GIT_OBJECT_DIRECTORY", store.join("objects").as_path()), ("GIT_COMMON_DIR", store.as_path())],
        &[("GIT_NAMESPACE", Path::new("other"))],
    ] {
        ground.run_with(&["verify", "--base", "main", "deploy"], variables).exits(4).says("wider");
    }
}
