use super::*;
use crate::files::commit::{Before, Change, Commit};
use crate::files::walk::{Root, walk};

/// The files `a/x.yaml`, `a/y.yaml` and `b/z.yaml`, all `old`.
fn tree() -> tempfile::TempDir {
    let temp = tempfile::tempdir().unwrap();
    for name in ["a/x.yaml", "a/y.yaml", "b/z.yaml"] {
        fs::create_dir_all(temp.path().join(name).parent().unwrap()).unwrap();
        fs::write(temp.path().join(name), "old").unwrap();
    }
    temp
}

fn prepare(top: &Path) -> Commit {
    let change = |name: &str| Change {
        shown: name.into(),
        path: top.join(name),
        before: Before::Text("old".into()),
        after: "new".into(),
    };
    Commit::prepare(["a/x.yaml", "a/y.yaml", "b/z.yaml"].map(change).into()).unwrap()
}

fn settle_in(folder: &Path, leftovers: Leftovers) -> Vec<Finding> {
    settle(&walk(&[Root::input(folder)]).sources, leftovers)
}

/// One finding, with this code, severity and words in it.
#[track_caller]
fn check(findings: &[Finding], code: &str, severity: Severity, words: &str) {
    let [finding] = findings else { panic!("{findings:?}") };
    assert_eq!((finding.code.name(), finding.severity), (code, severity));
    assert!(finding.message.contains(words), "{}", finding.message);
}

#[track_caller]
fn check_texts(top: &Path, expected: [&str; 3]) {
    let texts = ["a/x.yaml", "a/y.yaml", "b/z.yaml"].map(|name| fs::read_to_string(top.join(name)).unwrap());
    assert_eq!(texts, expected);
}

fn strays(top: &Path) -> Vec<PathBuf> {
    let folders = [top.join("a"), top.join("b")];
    let entries = folders.iter().flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten());
    let own = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(PREFIX);
    entries.map(|entry| entry.path()).filter(own).collect()
}

#[test]
fn a_killed_run_is_undone_from_whichever_folder_the_next_one_begins() {
    for begin in ["a", "b", ""] {
        for (renames, words) in [
            (0, "writing 3 files; none of them held its new text"),
            (1, "1 of them held its new text and has its old one back."),
            (3, "3 of them held their new text and have their old one back."),
        ] {
            let temp = tree();
            prepare(temp.path()).killed_after(renames);
            assert!(!strays(temp.path()).is_empty());
            let findings = settle_in(&temp.path().join(begin), Leftovers::Undo);
            check(&findings, "interrupted-run", Severity::Warning, words);
            check_texts(temp.path(), ["old"; 3]);
            assert!(strays(temp.path()).is_empty(), "{:?}", strays(temp.path()));
            assert_eq!(settle_in(temp.path(), Leftovers::Undo), []);
            prepare(temp.path()).finish().unwrap();
            check_texts(temp.path(), ["new"; 3]);
            assert!(strays(temp.path()).is_empty(), "{:?}", strays(temp.path()));
        }
    }
}

#[test]
fn the_tree_may_have_moved_since() {
    let temp = tree();
    fs::create_dir(temp.path().join("t")).unwrap();
    for name in ["a", "b"] {
        fs::rename(temp.path().join(name), temp.path().join("t").join(name)).unwrap();
    }
    prepare(&temp.path().join("t")).killed_after(2);
    fs::rename(temp.path().join("t"), temp.path().join("elsewhere")).unwrap();
    let moved = temp.path().join("elsewhere");
    check(&settle_in(&moved.join("b"), Leftovers::Undo), "interrupted-run", Severity::Warning, "2 of them held");
    check_texts(&moved, ["old"; 3]);
}

#[test]
fn a_command_that_writes_nothing_only_reports_it() {
    let temp = tree();
    prepare(temp.path()).killed_after(2);
    let before = strays(temp.path());
    let findings = settle_in(temp.path(), Leftovers::Report);
    check(&findings, "interrupted-run", Severity::Warning, "writing 3 files; 2 of them hold the new text.");
    assert_eq!(strays(temp.path()), before);
    check_texts(temp.path(), ["new", "new", "old"]);
}

#[test]
fn beside_the_inventory_it_is_only_reported() {
    let temp = tree();
    prepare(temp.path()).killed_after(2);
    let sources = walk(&[Root::inventory(temp.path())]).sources;
    check(&settle(&sources, Leftovers::Undo), "interrupted-run", Severity::Warning, "2 of them hold the new text.");
    check_texts(temp.path(), ["new", "new", "old"]);
}

#[test]
fn a_run_that_was_complete_is_not_undone() {
    let temp = tree();
    let mut commit = prepare(temp.path());
    commit.replace_all().unwrap();
    commit.killed_after(0);
    check(&settle_in(temp.path(), Leftovers::Report), "interrupted-run", Severity::Warning, "had written 3 files");
    let words = "had written 3 files; its hidden files were removed.";
    check(&settle_in(temp.path(), Leftovers::Undo), "interrupted-run", Severity::Note, words);
    check_texts(temp.path(), ["new"; 3]);
    assert!(strays(temp.path()).is_empty(), "{:?}", strays(temp.path()));
}

#[test]
fn what_was_changed_since_stays_and_so_does_its_old_text() {
    let temp = tree();
    prepare(temp.path()).killed_after(2);
    fs::write(temp.path().join("a/y.yaml"), "edited").unwrap();
    let words = "y.yaml was changed since and left as it is (its old text is ";
    check(&settle_in(temp.path(), Leftovers::Undo), "interrupted-run", Severity::Warning, words);
    check_texts(temp.path(), ["old", "edited", "old"]);
    let [kept] = &strays(temp.path())[..] else { panic!("{:?}", strays(temp.path())) };
    assert_eq!(fs::read_to_string(kept).unwrap(), "old");
}

#[test]
fn a_living_run_is_left_alone() {
    let temp = tree();
    let living = prepare(temp.path());
    let before = strays(temp.path());
    check(&settle_in(&temp.path().join("b"), Leftovers::Undo), "run-under-way", Severity::Error, "nothing was written");
    check(&settle_in(&temp.path().join("a"), Leftovers::Report), "run-under-way", Severity::Warning, "some old");
    let change = Change {
        shown: "z".into(),
        path: temp.path().join("b/z.yaml"),
        before: Before::Text("old".into()),
        after: "other".into(),
    };
    check(&Commit::prepare(vec![change]).unwrap_err(), "run-under-way", Severity::Error, "at this moment");
    assert_eq!(strays(temp.path()), before);
    living.finish().unwrap();
    check_texts(temp.path(), ["new"; 3]);
}

#[test]
fn old_texts_stay_where_the_plan_is_gone() {
    let temp = tree();
    prepare(temp.path()).killed_after(3);
    fs::remove_dir_all(temp.path().join("a")).unwrap();
    check(&settle_in(temp.path(), Leftovers::Undo), "interrupted-run", Severity::Warning, "Old texts are kept in ");
    assert_eq!(fs::read_to_string(temp.path().join("b/z.yaml")).unwrap(), "new");
    let [kept] = &strays(temp.path())[..] else { panic!("{:?}", strays(temp.path())) };
    assert_eq!(fs::read_to_string(kept).unwrap(), "old");
}

#[test]
fn a_file_that_is_no_journal_stops_the_run_and_stays() {
    let temp = tree();
    fs::write(temp.path().join("b/.meshlift-journal"), "meshlift journal 9\n").unwrap();
    check(&settle_in(temp.path(), Leftovers::Undo), "unknown-journal", Severity::Error, "no journal that this version");
    check(&settle_in(temp.path(), Leftovers::Report), "unknown-journal", Severity::Warning, "no journal");
    assert_eq!(strays(temp.path()).len(), 1);
}

/// A branch may bring a journal. It names files elsewhere whose texts its author knows, and cannot touch them.
#[test]
fn a_journal_from_a_stranger_changes_nothing_outside() {
    let temp = tree();
    let secret = temp.path().join("home");
    fs::create_dir(&secret).unwrap();
    for name in ["rc", "keys"] {
        fs::write(secret.join(name), "known").unwrap();
    }
    let run = "0123456789abcdef";
    let step =
        |name: &str, existed| Step { folder: secret.clone(), name: name.into(), existed, after: Digest::of(b"known") };
    let plan = Plan { run: run.into(), steps: vec![step("rc", true), step("keys", false)], done: false };
    fs::write(temp.path().join("a/.meshlift-journal"), plan.text(&temp.path().join("a")).0).unwrap();
    for number in [0, 1] {
        fs::write(old_file(&temp.path().join("a"), run, number), "evil").unwrap();
    }
    check(&settle_in(temp.path(), Leftovers::Undo), "interrupted-run", Severity::Warning, "none of them held");
    for name in ["rc", "keys"] {
        assert_eq!(fs::read_to_string(secret.join(name)).unwrap(), "known");
    }
    check_texts(temp.path(), ["old"; 3]);
}

#[cfg(unix)]
#[test]
fn a_journal_that_is_a_link_or_a_pipe_is_not_opened() {
    let temp = tree();
    std::os::unix::fs::symlink("/dev/zero", temp.path().join("a/.meshlift-journal")).unwrap();
    check(&settle_in(temp.path(), Leftovers::Undo), "unknown-journal", Severity::Error, "no regular file");
}

#[cfg(unix)]
#[test]
fn a_second_name_that_only_an_interrupted_run_gives_does_not_part_a_file() {
    let temp = tree();
    fs::hard_link(temp.path().join("a/x.yaml"), temp.path().join("a/.meshlift-3kXw1P.old")).unwrap();
    prepare(temp.path()).finish().unwrap();
    check_texts(temp.path(), ["new"; 3]);
    assert!(strays(temp.path()).is_empty(), "{:?}", strays(temp.path()));
}

#[test]
fn copies_of_a_killed_run_are_removed_and_made_again() {
    let temp = tree();
    let copies = || {
        ["b/1.yaml", "b/2.yaml"].map(|name| Change {
            shown: name.into(),
            path: temp.path().join(name),
            before: Before::Any { model: None },
            after: "copy".into(),
        })
    };
    Commit::prepare(copies().into()).unwrap().killed_after(1);
    assert!(temp.path().join("b/1.yaml").exists());
    let notes = Commit::prepare(copies().into()).unwrap().finish().unwrap();
    check(&notes, "interrupted-run", Severity::Warning, "writing 2 files; 1 of them held its new text");
    assert!(strays(temp.path()).is_empty(), "{:?}", strays(temp.path()));
    assert_eq!(fs::read_to_string(temp.path().join("b/2.yaml")).unwrap(), "copy");
}
