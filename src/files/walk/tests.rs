use super::*;
use std::collections::BTreeSet;

/// A folder with empty files; names ending in `/` are folders.
fn tree(names: &[&str]) -> tempfile::TempDir {
    let temp = tempfile::tempdir().unwrap();
    for name in names {
        let path = temp.path().join(name);
        if name.ends_with('/') {
            fs::create_dir_all(path).unwrap();
        } else {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
    }
    temp
}

/// Shown paths and codes, relative to the temporary folder.
fn outcome(temp: &tempfile::TempDir, walked: &Walked) -> (Vec<String>, Vec<String>) {
    let top = format!("{}/", shown(temp.path()));
    let paths = walked.sources.iter().map(|source| source.shown.replace(&top, "")).collect();
    let codes = walked
        .findings
        .iter()
        .map(|finding| format!("{} {}", finding.code, finding.place.as_ref().unwrap().file.replace(&top, "")));
    let codes: BTreeSet<String> = codes.collect();
    (paths, codes.into_iter().collect())
}

fn check(temp: &tempfile::TempDir, roots: &[&str], paths: &[&str], findings: &[&str]) -> Walked {
    let roots: Vec<Root> = roots.iter().map(|root| Root::input(temp.path().join(root))).collect();
    let walked = walk(&roots);
    let (found, codes) = outcome(temp, &walked);
    assert_eq!((found.as_slice(), codes.as_slice()), (strings(paths).as_slice(), strings(findings).as_slice()));
    walked
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn folders_mean_their_manifests_in_path_order() {
    let temp = tree(&["b.yaml", "a/z.yml", "a.json", "a-b/c.YAML", "readme.md", ".hidden/x.yaml", ".git/y.yaml"]);
    check(&temp, &["."], &["a-b/c.YAML", "a.json", "a/z.yml", "b.yaml"], &[]);
}

#[test]
fn ignore_files_count_outside_git_too() {
    let temp = tree(&["a.yaml", "out/b.yaml", "c.yaml"]);
    fs::write(temp.path().join(".gitignore"), "out/\n").unwrap();
    fs::write(temp.path().join(".ignore"), "c.yaml\n").unwrap();
    check(&temp, &["."], &["a.yaml"], &[]);
}

#[test]
fn named_files_are_read_whatever_they_are_called() {
    let temp = tree(&["a.txt", ".b.yaml", "c.yaml"]);
    fs::write(temp.path().join(".gitignore"), "c.yaml\n").unwrap();
    check(&temp, &["a.txt", ".b.yaml", "c.yaml"], &[".b.yaml", "a.txt", "c.yaml"], &[]);
}

#[test]
fn overlapping_paths_are_read_once() {
    let temp = tree(&["d/a.yaml", "d/b.yaml"]);
    let walked = check(&temp, &["d", ".", "d/a.yaml", "d/../d"], &["d/a.yaml", "d/b.yaml"], &[]);
    // Named wins over met, so that `a.yaml` is checked in any case.
    assert!(walked.sources.first().unwrap().named);
}

#[test]
fn an_input_that_is_also_inventory_stays_an_input() {
    let temp = tree(&["a.yaml", "i/b.yaml"]);
    let walked = walk(&[Root::inventory(temp.path()), Root::input(temp.path().join("a.yaml"))]);
    let roles: Vec<Role> = walked.sources.iter().map(|source| source.role).collect();
    assert_eq!(roles, [Role::Input, Role::Inventory]);
}

#[test]
fn missing_paths_are_reported() {
    let temp = tree(&["a.yaml"]);
    check(
        &temp,
        &["none.yaml", "a.yaml/b", "a.yaml"],
        &["a.yaml"],
        &["missing-path a.yaml/b", "missing-path none.yaml"],
    );
}

#[test]
fn folders_without_manifests_are_reported() {
    let temp = tree(&["empty/", "full/a.yaml", "hidden/.a.yaml"]);
    check(&temp, &["empty", "full", "hidden"], &["full/a.yaml"], &["no-manifests empty", "no-manifests hidden"]);
}

#[test]
fn the_copies_of_an_earlier_run_can_be_left_out() {
    let temp = tree(&["a.yaml", "out/a.yaml", "out/b/c.yaml", "outer.yaml"]);
    let mut walked = walk(&[Root::input(temp.path())]);
    assert_eq!(walked.leave_out(&temp.path().join("out")), 2);
    assert_eq!(outcome(&temp, &walked).0, strings(&["a.yaml", "outer.yaml"]));
    assert_eq!(walked.leave_out(&temp.path().join("none")), 0);
}

#[cfg(unix)]
mod links {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_link_to_a_file_is_followed_and_the_files_own_name_is_preferred() {
        let temp = tree(&["d/real.yaml", "elsewhere/b.yaml"]);
        symlink("real.yaml", temp.path().join("d/alias.yaml")).unwrap();
        symlink("../elsewhere/b.yaml", temp.path().join("d/c.yaml")).unwrap();
        let walked = check(&temp, &["d"], &["d/c.yaml", "d/real.yaml"], &[]);
        assert_eq!(walked.sources.first().unwrap().path, Some(temp.path().join("d/c.yaml")));
    }

    #[test]
    fn loops_do_not_hang_and_folders_behind_links_are_reported() {
        let temp = tree(&["d/a.yaml", "other/b.yaml"]);
        symlink(".", temp.path().join("d/self")).unwrap();
        symlink("../other", temp.path().join("d/linked")).unwrap();
        symlink("loop.yaml", temp.path().join("d/loop.yaml")).unwrap();
        symlink("nowhere", temp.path().join("d/dangling.yaml")).unwrap();
        check(
            &temp,
            &["d"],
            &["d/a.yaml"],
            &["linked-folder d/linked", "unreadable-file d/dangling.yaml", "unreadable-file d/loop.yaml"],
        );
    }

    #[test]
    fn what_is_no_regular_file_is_reported_and_not_opened() {
        let temp = tree(&["a.yaml"]);
        let socket = std::os::unix::net::UnixListener::bind(temp.path().join("b.yaml")).unwrap();
        symlink("b.yaml", temp.path().join("c.yaml")).unwrap();
        check(&temp, &["."], &["a.yaml"], &["unreadable-file b.yaml", "unreadable-file c.yaml"]);
        drop(socket);
    }

    #[test]
    fn a_named_link_to_a_folder_is_walked() {
        let temp = tree(&["real/a.yaml"]);
        symlink("real", temp.path().join("link")).unwrap();
        check(&temp, &["link"], &["link/a.yaml"], &[]);
        check(&temp, &["link", "real"], &["link/a.yaml"], &[]);
    }

    #[test]
    fn a_named_link_that_leads_nowhere_is_missing() {
        let temp = tree(&[]);
        symlink("nowhere", temp.path().join("a.yaml")).unwrap();
        check(&temp, &["a.yaml"], &[], &["missing-path a.yaml"]);
    }
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_entered_is_reported() {
    use std::os::unix::fs::PermissionsExt;
    let temp = tree(&["d/locked/a.yaml", "d/b.yaml"]);
    let locked = temp.path().join("d/locked");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    // Root enters it all the same, and then there is nothing to report.
    if fs::read_dir(&locked).is_ok() {
        check(&temp, &["d"], &["d/b.yaml", "d/locked/a.yaml"], &[]);
    } else {
        check(&temp, &["d"], &["d/b.yaml"], &["unreadable-file d/locked"]);
    }
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o755)).unwrap();
}
