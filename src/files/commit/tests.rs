use super::stage::write_durably;
use super::*;
use std::fs;
use std::path::Path;

/// A folder with the files `a.yaml`, `b.yaml`, `c.yaml` that hold `old`.
fn three() -> tempfile::TempDir {
    let temp = tempfile::tempdir().unwrap();
    for name in ["a.yaml", "b.yaml", "c.yaml"] {
        fs::write(temp.path().join(name), "old").unwrap();
    }
    temp
}

fn rewrite(folder: &Path, name: &str) -> Change {
    Change { shown: name.into(), path: folder.join(name), before: Before::Text("old".into()), after: "new".into() }
}

fn rewrite_three(folder: &Path) -> Vec<Change> {
    ["a.yaml", "b.yaml", "c.yaml"].map(|name| rewrite(folder, name)).into()
}

/// Name and text of everything in the folder, hidden files included.
fn contents(folder: &Path) -> Vec<(String, String)> {
    let mut entries: Vec<(String, String)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let text = fs::read_to_string(entry.path()).unwrap_or_else(|_| "<folder>".into());
            (entry.file_name().into_string().unwrap(), text)
        })
        .collect();
    entries.sort();
    entries
}

fn check_contents(folder: &Path, expected: &[(&str, &str)]) {
    let expected: Vec<(String, String)> = expected.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect();
    assert_eq!(contents(folder), expected);
}

const UNTOUCHED: &[(&str, &str)] = &[("a.yaml", "old"), ("b.yaml", "old"), ("c.yaml", "old")];

/// Preparing fails with these codes, and the folder is as it was.
fn check_refused(folder: &Path, changes: Vec<Change>, codes: &[&str], after: &[(&str, &str)]) {
    let findings = Commit::prepare(changes).unwrap_err();
    let found: Vec<&str> = findings.iter().map(|finding| finding.code.name()).collect();
    assert_eq!(found, codes);
    check_contents(folder, after);
}

#[test]
fn all_files_are_replaced_and_nothing_else_stays() {
    let temp = three();
    Commit::prepare(rewrite_three(temp.path())).unwrap().finish().unwrap();
    check_contents(temp.path(), &[("a.yaml", "new"), ("b.yaml", "new"), ("c.yaml", "new")]);
}

#[test]
fn a_commit_that_is_dropped_leaves_no_trace() {
    let temp = three();
    let mut changes = rewrite_three(temp.path());
    let path = temp.path().join("x/y/d.yaml");
    changes.push(Change { shown: "d".into(), path, before: Before::Any { model: None }, after: "new".into() });
    drop(Commit::prepare(changes).unwrap());
    check_contents(temp.path(), UNTOUCHED);
}

#[test]
fn a_file_that_changed_since_it_was_read_stops_the_run() {
    let temp = three();
    fs::write(temp.path().join("b.yaml"), "edited").unwrap();
    let after = [("a.yaml", "old"), ("b.yaml", "edited"), ("c.yaml", "old")];
    check_refused(temp.path(), rewrite_three(temp.path()), &["changed-while-running"], &after);
}

#[test]
fn a_file_that_changes_at_the_last_moment_undoes_the_others() {
    let temp = three();
    let commit = Commit::prepare(rewrite_three(temp.path())).unwrap();
    fs::write(temp.path().join("c.yaml"), "edited").unwrap();
    let findings = commit.finish().unwrap_err();
    assert_eq!(findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), [input::CHANGED_WHILE_RUNNING]);
    check_contents(temp.path(), &[("a.yaml", "old"), ("b.yaml", "old"), ("c.yaml", "edited")]);
}

#[test]
fn a_folder_in_the_way_undoes_the_others() {
    let temp = three();
    let commit = Commit::prepare(rewrite_three(temp.path())).unwrap();
    fs::remove_file(temp.path().join("c.yaml")).unwrap();
    fs::create_dir(temp.path().join("c.yaml")).unwrap();
    assert_eq!(commit.finish().unwrap_err().len(), 1);
    check_contents(temp.path(), &[("a.yaml", "old"), ("b.yaml", "old"), ("c.yaml", "<folder>")]);
}

/// A rename that fails: here because its new file is gone.
#[test]
fn a_rename_that_fails_midway_undoes_the_others() {
    let temp = three();
    let commit = Commit::prepare(rewrite_three(temp.path())).unwrap();
    let mut staged = contents(temp.path()).into_iter().filter(|(name, _)| name.ends_with(".new"));
    // One of the three new files is lost; whichever it is, all targets keep their text.
    fs::remove_file(temp.path().join(staged.next_back().unwrap().0)).unwrap();
    let findings = commit.finish().unwrap_err();
    assert_eq!(findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), [input::WRITE_FAILED]);
    check_contents(temp.path(), UNTOUCHED);
}

#[test]
fn when_even_the_old_file_cannot_be_moved_back_the_finding_says_so() {
    let temp = three();
    let mut commit = Commit::prepare(vec![rewrite(temp.path(), "a.yaml")]).unwrap();
    commit.replace_all().unwrap();
    fs::remove_file(temp.path().join("a.yaml")).unwrap();
    fs::create_dir(temp.path().join("a.yaml")).unwrap();
    let finding = commit.staged.first_mut().unwrap().restore().unwrap_err();
    drop(commit);
    let kept = contents(temp.path()).into_iter().find(|(name, _)| name.ends_with(".old")).unwrap();
    assert_eq!(kept.1, "old");
    assert!(finding.message.contains(&kept.0), "{}", finding.message);
}

#[test]
fn a_target_that_does_not_exist_any_more_is_reported() {
    let temp = three();
    fs::remove_file(temp.path().join("b.yaml")).unwrap();
    let after = [("a.yaml", "old"), ("c.yaml", "old")];
    check_refused(temp.path(), rewrite_three(temp.path()), &["changed-while-running"], &after);
}

#[test]
fn one_target_cannot_be_written_twice() {
    let temp = three();
    let changes = vec![rewrite(temp.path(), "a.yaml"), rewrite(temp.path(), "./a.yaml")];
    check_refused(temp.path(), changes, &["write-failed"], UNTOUCHED);
}

#[test]
fn a_folder_is_no_target() {
    let temp = three();
    fs::create_dir(temp.path().join("d.yaml")).unwrap();
    let after = [UNTOUCHED, &[("d.yaml", "<folder>")]].concat();
    let path = temp.path().join("d.yaml");
    let change = Change { shown: "d.yaml".into(), path, before: Before::Any { model: None }, after: "new".into() };
    check_refused(temp.path(), vec![change], &["write-failed"], &after);
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn mode_bits_are_kept() {
        for bits in [0o600, 0o644, 0o664, 0o755] {
            let temp = three();
            let path = temp.path().join("a.yaml");
            set_mode(&path, bits);
            Commit::prepare(vec![rewrite(temp.path(), "a.yaml")]).unwrap().finish().unwrap();
            assert_eq!((mode(&path), fs::read_to_string(&path).unwrap().as_str()), (bits, "new"));
        }
    }

    #[test]
    fn links_stay_links() {
        let temp = three();
        fs::create_dir(temp.path().join("d")).unwrap();
        let link = temp.path().join("d/link.yaml");
        symlink("../a.yaml", &link).unwrap();
        Commit::prepare(vec![rewrite(temp.path(), "d/link.yaml")]).unwrap().finish().unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(temp.path().join("a.yaml")).unwrap(), "new");
        check_contents(&temp.path().join("d"), &[("link.yaml", "new")]);
    }

    #[test]
    fn a_restored_file_is_the_very_same_file() {
        let temp = three();
        let path = temp.path().join("a.yaml");
        let inode = fs::metadata(&path).unwrap().ino();
        let commit = Commit::prepare(rewrite_three(temp.path())).unwrap();
        fs::write(temp.path().join("c.yaml"), "edited").unwrap();
        commit.finish().unwrap_err();
        assert_eq!((fs::metadata(&path).unwrap().ino(), fs::metadata(&path).unwrap().nlink()), (inode, 1));
    }

    /// Also for root, who may write to such files.
    #[test]
    fn a_read_only_file_stops_the_run() {
        let temp = three();
        set_mode(&temp.path().join("b.yaml"), 0o444);
        check_refused(temp.path(), rewrite_three(temp.path()), &["read-only-target"], UNTOUCHED);
    }

    #[test]
    fn all_read_only_files_are_named() {
        let temp = three();
        set_mode(&temp.path().join("a.yaml"), 0o400);
        set_mode(&temp.path().join("c.yaml"), 0o444);
        let codes = ["read-only-target", "read-only-target"];
        check_refused(temp.path(), rewrite_three(temp.path()), &codes, UNTOUCHED);
    }

    #[test]
    fn a_read_only_folder_stops_the_run() {
        let temp = three();
        set_mode(temp.path(), 0o555);
        let findings = Commit::prepare(rewrite_three(temp.path())).unwrap_err();
        set_mode(temp.path(), 0o755);
        assert!(findings.iter().all(|finding| finding.code == input::READ_ONLY_TARGET) && findings.len() == 3);
        check_contents(temp.path(), UNTOUCHED);
    }

    #[test]
    fn a_file_with_a_second_name_is_refused() {
        let temp = three();
        fs::hard_link(temp.path().join("a.yaml"), temp.path().join("z.yaml")).unwrap();
        let after = [UNTOUCHED, &[("z.yaml", "old")]].concat();
        check_refused(temp.path(), rewrite_three(temp.path()), &["hard-linked-file"], &after);
    }

    #[test]
    fn a_pipe_or_device_is_no_target() {
        let change = Change {
            shown: "/dev/null".into(),
            path: "/dev/null".into(),
            before: Before::Text("".into()),
            after: "new".into(),
        };
        assert!(Commit::prepare(vec![change]).is_err());
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_error() {
        let mut full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let error = write_durably(&mut full, b"text").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        let finding = failed(&"a.yaml".into(), "the new text cannot be written beside it", &error);
        assert_eq!(finding.code, input::WRITE_FAILED);
    }

    #[test]
    fn new_copies_get_folders_and_the_mode_of_their_model() {
        let temp = three();
        let model = temp.path().join("a.yaml");
        set_mode(&model, 0o640);
        let copy = temp.path().join("out/x/a.yaml");
        let change = Change {
            shown: "out/x/a.yaml".into(),
            path: copy.clone(),
            before: Before::Any { model: Some(model) },
            after: "new".into(),
        };
        Commit::prepare(vec![change.clone()]).unwrap().finish().unwrap();
        assert_eq!((mode(&copy), fs::read_to_string(&copy).unwrap().as_str()), (0o640, "new"));
        // Once more, over the copy of the first run.
        Commit::prepare(vec![change]).unwrap().finish().unwrap();
        check_contents(&temp.path().join("out/x"), &[("a.yaml", "new")]);
    }

    #[test]
    fn a_new_copy_never_overwrites_a_file_that_appeared_meanwhile() {
        let temp = three();
        let path = temp.path().join("d.yaml");
        let change =
            Change { shown: "d".into(), path: path.clone(), before: Before::Any { model: None }, after: "new".into() };
        let commit = Commit::prepare(vec![rewrite(temp.path(), "a.yaml"), change]).unwrap();
        fs::write(&path, "theirs").unwrap();
        assert_eq!(commit.finish().unwrap_err().first().unwrap().code, input::CHANGED_WHILE_RUNNING);
        check_contents(temp.path(), &[UNTOUCHED, &[("d.yaml", "theirs")]].concat());
    }
}

/// A real full disk, for whoever changes this module. As root:
///
/// ```text
/// unshare -m sh -c 'mount -t tmpfs -o size=128k tmpfs /mnt && MESHLIFT_SMALL_DISK=/mnt cargo test a_disk_that_fills_up -- --ignored'
/// ```
#[test]
#[ignore = "needs a file system of 128 KiB in MESHLIFT_SMALL_DISK"]
fn a_disk_that_fills_up_leaves_everything_as_it_was() {
    let disk = std::env::var("MESHLIFT_SMALL_DISK").unwrap();
    let temp = tempfile::tempdir_in(disk).unwrap();
    for name in ["a.yaml", "b.yaml", "c.yaml"] {
        fs::write(temp.path().join(name), "old").unwrap();
    }
    let mut changes = rewrite_three(temp.path());
    for change in &mut changes {
        change.after = "x".repeat(60_000);
    }
    // How many of them do not fit depends on the threads; that nothing stays does not.
    let findings = Commit::prepare(changes).unwrap_err();
    assert!(findings.iter().all(|finding| finding.code == input::WRITE_FAILED), "{findings:?}");
    check_contents(temp.path(), UNTOUCHED);
}
