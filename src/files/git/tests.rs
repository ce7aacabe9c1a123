use super::*;
use std::fs;
use std::process::Command;

const LEGACY: &str = "apiVersion: rbac.istio.io/v1alpha1\nkind: ServiceRole\n";

/// A repository whose first commit, tagged `first`, holds these files.
fn repository(files: &[(&str, &str)]) -> tempfile::TempDir {
    let temp = tempfile::tempdir().unwrap();
    git(temp.path(), &["init", "--quiet"]);
    for (name, text) in files {
        let path = temp.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    commit(temp.path(), "first");
    temp
}

fn git(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(arguments);
    for (name, value) in [("NAME", "t"), ("EMAIL", "t@example.com")] {
        command.env(format!("GIT_AUTHOR_{name}"), value).env(format!("GIT_COMMITTER_{name}"), value);
    }
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env_remove("GIT_DIR").env_remove("GIT_INDEX_FILE");
    let output = command.output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn commit(folder: &Path, tag: &str) {
    git(folder, &["add", "--all", "--force"]);
    git(folder, &["commit", "--quiet", "--message", tag]);
    git(folder, &["tag", tag]);
}

/// Names (relative to the repository) and texts of the files at `first` below `roots`, and the codes of the findings.
fn check(temp: &tempfile::TempDir, roots: &[&str], files: &[(&str, &str)], codes: &[&str]) {
    let roots: Vec<Root> = roots.iter().map(|root| Root::input(temp.path().join(root))).collect();
    let revision = read(temp.path(), "first", &roots).unwrap();
    let top = format!("{}/", shown(temp.path()));
    let found: Vec<(String, &str)> =
        revision.scan.files.iter().map(|file| (file.source.shown.replace(&top, ""), &*file.text)).collect();
    let expected: Vec<(String, &str)> = files.iter().map(|(name, text)| ((*name).to_owned(), *text)).collect();
    assert_eq!(found, expected);
    assert_eq!(revision.scan.findings.iter().map(|finding| finding.code.name()).collect::<Vec<_>>(), codes);
}

/// What `roots` held at a revision of the repository that holds `folder`.
fn read(folder: &Path, base: &str, roots: &[Root]) -> Result<Revision, Finding> {
    Snapshot::around(folder, base, &Limits::default())?.read(roots, Want::Everything)
}

fn code(base: &str, folder: &Path, root: &Path) -> &'static str {
    read(folder, base, &[Root::input(root)]).unwrap_err().code.name()
}

#[test]
fn files_are_read_as_they_were_and_the_work_tree_is_left_alone() {
    let temp = repository(&[("a/x.yaml", LEGACY), ("a/gone.yaml", LEGACY), ("b/y.yaml", LEGACY), ("a/z.txt", LEGACY)]);
    fs::write(temp.path().join("a/x.yaml"), "changed").unwrap();
    fs::write(temp.path().join("a/new.yaml"), LEGACY).unwrap();
    fs::remove_file(temp.path().join("a/gone.yaml")).unwrap();
    check(&temp, &["a"], &[("a/gone.yaml", LEGACY), ("a/x.yaml", LEGACY)], &[]);
    check(&temp, &["a/z.txt", "a/gone.yaml"], &[("a/gone.yaml", LEGACY), ("a/z.txt", LEGACY)], &[]);
    check(&temp, &[".", "a"], &[("a/gone.yaml", LEGACY), ("a/x.yaml", LEGACY), ("b/y.yaml", LEGACY)], &[]);
    assert_eq!(fs::read_to_string(temp.path().join("a/x.yaml")).unwrap(), "changed");
    assert!(!temp.path().join("a/gone.yaml").exists());
}

#[test]
fn a_path_that_is_new_or_gone_altogether_is_no_error() {
    let temp = repository(&[("a/x.yaml", LEGACY)]);
    fs::create_dir(temp.path().join("new")).unwrap();
    check(&temp, &["new"], &[], &[]);
    fs::remove_dir_all(temp.path().join("a")).unwrap();
    check(&temp, &["a"], &[("a/x.yaml", LEGACY)], &[]);
}

#[test]
fn a_folder_is_not_a_prefix_of_names() {
    let temp = repository(&[("a/x.yaml", LEGACY), ("ab/x.yaml", LEGACY), ("a-b/x.yaml", LEGACY)]);
    check(&temp, &["a"], &[("a/x.yaml", LEGACY)], &[]);
}

#[test]
fn hidden_files_are_left_out_as_in_a_walk_and_ignored_ones_are_not() {
    let files = [
        ("a.yaml", LEGACY),
        (".ci/b.yaml", LEGACY),
        ("out/c.yaml", LEGACY),
        (".gitignore", "out/\n"),
        ("d.yaml", LEGACY),
        (".ignore", "d.yaml\n"),
    ];
    check(&repository(&files), &["."], &[("a.yaml", LEGACY), ("d.yaml", LEGACY), ("out/c.yaml", LEGACY)], &[]);
}

#[test]
fn names_with_spaces_newlines_and_glob_characters_are_plain_names() {
    let temp = repository(&[("a b*.yaml", LEGACY), ("n\nl.yaml", LEGACY), ("[x].yaml", LEGACY)]);
    check(&temp, &["a b*.yaml"], &[("a b*.yaml", LEGACY)], &[]);
    check(&temp, &["."], &[("[x].yaml", LEGACY), ("a b*.yaml", LEGACY), ("n\nl.yaml", LEGACY)], &[]);
}

#[cfg(unix)]
#[test]
fn links_are_followed_inside_the_revision() {
    let temp = repository(&[("d/real.yaml", LEGACY), ("other/b.yaml", LEGACY)]);
    let link = |target: &str, name: &str| std::os::unix::fs::symlink(target, temp.path().join(name)).unwrap();
    link("real.yaml", "d/alias.yaml");
    link("../other/b.yaml", "d/c.yaml");
    link("../../outside.yaml", "d/out.yaml");
    git(temp.path(), &["tag", "--delete", "first"]);
    commit(temp.path(), "first");
    check(&temp, &["d"], &[("d/c.yaml", LEGACY), ("d/real.yaml", LEGACY)], &["unreadable-file"]);
}

#[test]
fn kustomizations_come_from_the_revision_too() {
    let temp = repository(&[("a/x.yaml", LEGACY), ("kustomization.yaml", "namespace: then\n")]);
    fs::write(temp.path().join("kustomization.yaml"), "namespace: now\n").unwrap();
    let revision = read(temp.path(), "first", &[Root::input(temp.path())]).unwrap();
    let file = &revision.scan.files.first().unwrap().source.shown;
    let texts: Vec<&str> = revision.kustomizations.enclosing(file).map(|one| &*one.text).collect();
    assert_eq!(texts, ["namespace: then\n"]);
}

#[test]
fn revisions_that_do_not_exist_are_named() {
    let temp = repository(&[("a.yaml", LEGACY)]);
    for base in ["nowhere", "", "first..first", "first:a.yaml", "a\nb", "\0"] {
        assert_eq!(code(base, temp.path(), temp.path()), "unknown-revision", "{base:?}");
    }
}

#[test]
fn a_revision_cannot_be_an_option() {
    let temp = repository(&[("a.yaml", LEGACY)]);
    for base in ["--upload-pack=touch x", "--all", "-q", "--git-dir"] {
        assert_eq!(code(base, temp.path(), temp.path()), "unknown-revision", "{base}");
    }
}

#[test]
fn a_path_outside_every_repository_is_reported() {
    let temp = tempfile::tempdir().unwrap();
    assert_eq!(code("HEAD", temp.path(), temp.path()), "no-repository");
    let inside = repository(&[("a.yaml", LEGACY)]);
    assert_eq!(code("HEAD", inside.path(), temp.path()), "no-repository");
    assert_eq!(code("HEAD", inside.path(), Path::new("-")), "no-repository");
}

#[test]
fn submodules_are_reported() {
    let temp = repository(&[("a.yaml", LEGACY)]);
    let id = "1".repeat(40);
    git(temp.path(), &["update-index", "--add", "--cacheinfo", &format!("160000,{id},sub")]);
    git(temp.path(), &["tag", "--delete", "first"]);
    git(temp.path(), &["commit", "--quiet", "--message", "second"]);
    git(temp.path(), &["tag", "first"]);
    check(&temp, &["."], &[("a.yaml", LEGACY)], &["submodule-not-read"]);
}

#[cfg(unix)]
#[test]
fn a_root_is_what_the_revision_says_not_what_the_work_tree_made_of_it() {
    let temp = repository(&[("d/a.yaml", LEGACY), ("other/b.yaml", LEGACY)]);
    std::os::unix::fs::symlink("other", temp.path().join("was-a-link")).unwrap();
    git(temp.path(), &["tag", "--delete", "first"]);
    commit(temp.path(), "first");
    fs::remove_dir_all(temp.path().join("d")).unwrap();
    std::os::unix::fs::symlink("other", temp.path().join("d")).unwrap();
    check(&temp, &["d"], &[("d/a.yaml", LEGACY)], &[]);
    check(&temp, &["was-a-link"], &[("was-a-link/b.yaml", LEGACY)], &[]);
}

#[test]
fn contents_beyond_the_limit_are_passed_over() {
    let temp = repository(&[("a.yaml", LEGACY), ("b.yaml", &LEGACY.repeat(100)), ("c.yaml", LEGACY)]);
    let limits = Limits { file: 1000, ..Limits::default() };
    let mut snapshot = Snapshot::around(temp.path(), "first", &limits).unwrap();
    let scan = snapshot.read(&[Root::input(temp.path())], Want::Everything).unwrap().scan;
    assert_eq!(scan.files.len(), 2);
    assert_eq!(scan.findings.iter().map(|finding| finding.code.name()).collect::<Vec<_>>(), ["file-too-large"]);
}

#[test]
fn a_repository_inside_another_is_refused() {
    let outer = repository(&[("a.yaml", LEGACY)]);
    let inner = outer.path().join("inner");
    fs::create_dir(&inner).unwrap();
    git(&inner, &["init", "--quiet"]);
    assert_eq!(code("HEAD", outer.path(), &inner), "other-repository");
    assert_eq!(code("HEAD", outer.path(), &inner.join("x.yaml")), "other-repository");
}
