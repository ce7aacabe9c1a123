//! `convert --write` that is killed, stopped, run twice at once, or out of disk: every file is old or new, and the next
//! run completes and says truly what it found.
//!
//! `MESHLIFT_KILLS=500 cargo test --release --test interrupted -- --nocapture` is the long run (`CONTRIBUTING.md`).

#![cfg(unix)]
#![allow(clippy::expect_used, clippy::print_stdout, reason = "a test fails by panicking and may say why it skips")]

mod scene;

use scene::Scene;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const SIGINT: i32 = 2;
const SIGKILL: i32 = 9;
const SIGTERM: i32 = 15;

/// Path and text of the files of a tree, hidden ones included.
type Tree = BTreeMap<PathBuf, Vec<u8>>;

/// So many files with one old object each, in folders of 25.
fn old_tree(files: usize) -> Tree {
    (0..files)
        .map(|n| {
            let text = format!(
                "# file {n}\napiVersion: authentication.istio.io/v1alpha1\nkind: Policy\nmetadata:\n  name: default\n  namespace: n{n}\nspec:\n  peers:\n  - mtls: {{}}\n"
            );
            (PathBuf::from(format!("d{:02}/sub/f{n:03}.yaml", n / 25)), text.into_bytes())
        })
        .collect()
}

fn write_tree(at: &Path, tree: &Tree) {
    for (name, text) in tree {
        let path = at.join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(path, text).expect("a file");
    }
}

fn read_tree(at: &Path) -> Tree {
    let mut tree = Tree::new();
    let mut folders = vec![at.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = fs::read(&path).expect("a file");
                tree.insert(path.strip_prefix(at).expect("below").to_owned(), text);
            }
        }
    }
    tree
}

fn is_stray(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".meshlift-"))
}

/// What a tree is made of.
struct State {
    new: usize,
    strays: BTreeSet<PathBuf>,
}

/// EVERY file must be the old or the new one.
#[track_caller]
fn state(tree: &Tree, old: &Tree, new: &Tree) -> State {
    let (strays, files): (Vec<_>, Vec<_>) = tree.iter().partition(|(path, _)| is_stray(path));
    assert_eq!(files.len(), old.len(), "no file may be lost or added");
    let mut count = 0;
    for (path, text) in files {
        if Some(text) == new.get(path) {
            count += 1;
        } else {
            assert_eq!(Some(text), old.get(path), "{} is neither old nor new", path.display());
        }
    }
    State { new: count, strays: strays.into_iter().map(|(path, _)| path.clone()).collect() }
}

fn start(at: &Path, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_meshlift"))
        .args(arguments)
        .current_dir(at)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts")
}

/// Exit code (or minus the signal) and standard error.
fn end(child: Child) -> (i32, String) {
    let output = child.wait_with_output().expect("it ends");
    let error = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(!error.contains("panicked"), "{error}");
    (output.status.code().unwrap_or_else(|| -output.status.signal().unwrap_or(0)), error)
}

fn write(at: &Path) -> (i32, String) {
    end(start(at, &["convert", "--write"]))
}

fn send(child: &mut Child, signal: i32) {
    if signal == SIGKILL {
        child.kill().expect("a signal");
    } else {
        let sent = Command::new("kill").arg(format!("-{signal}")).arg(child.id().to_string()).status();
        assert!(sent.is_ok(), "kill runs");
    }
}

/// Numbers that are the same in every run (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end.max(1)
    }
}

/// When things happen in a run that nobody disturbs, from its beginning.
#[derive(Clone, Copy, Debug)]
struct Moments {
    /// The journal appears.
    journal: Duration,
    /// The first file is replaced.
    first: Duration,
    /// The run has ended.
    end: Duration,
}

/// The new tree, and the moments.
fn measure(old: &Tree) -> (Tree, Moments) {
    let scene = Scene::new(&[]);
    write_tree(scene.path(), old);
    let begin = Instant::now();
    let mut child = start(scene.path(), &["convert", "--write"]);
    let (mut journal, mut first) = (None, None);
    let first_file = inode(scene.path(), old);
    while child.try_wait().expect("a state").is_none() {
        if journal.is_none() && scene.path().join("d00/sub/.meshlift-journal").exists() {
            journal = Some(begin.elapsed());
        }
        if first.is_none() && inode(scene.path(), old) != first_file {
            first = Some(begin.elapsed());
        }
        sleep(Duration::from_micros(200));
    }
    let whole = begin.elapsed();
    let (code, error) = end(child);
    assert_eq!(code, 0, "{error}");
    let new = read_tree(scene.path());
    assert!(new.iter().all(|(path, text)| !is_stray(path) && old.get(path) != Some(text)), "all files are converted");
    let moments = Moments { journal: journal.unwrap_or(whole / 2), first: first.unwrap_or(whole), end: whole };
    (new, moments)
}

/// Of the file that is replaced first.
fn inode(at: &Path, tree: &Tree) -> u64 {
    let first = tree.keys().next().expect("a file");
    fs::metadata(at.join(first)).expect("the file").ino()
}

#[derive(Default, Debug)]
struct Tally {
    before: usize,
    staging: usize,
    mixed: usize,
    all_new: usize,
    undone_live: usize,
    finished_live: usize,
}

#[test]
fn a_run_killed_at_any_moment_leaves_old_or_new_files_and_the_next_one_completes() {
    let kills: u64 = std::env::var("MESHLIFT_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(10);
    let old = old_tree(if kills < 100 { 60 } else { 300 });
    let (new, moments) = measure(&old);
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut tally = Tally::default();
    let mut took = Duration::ZERO;
    for kill in 0..kills {
        let scene = Scene::new(&[]);
        write_tree(scene.path(), &old);
        let signal = [SIGKILL, SIGTERM, SIGKILL, SIGINT][(kill % 4) as usize];
        let first_file = inode(scene.path(), &old);
        let mut child = start(scene.path(), &["convert", "--write"]);
        let mut wait = |from: Duration, to: Duration| {
            sleep(from + Duration::from_micros(dice.below(to.saturating_sub(from).as_micros() as u64)));
        };
        match kill / 4 % 4 {
            // At any moment of the run.
            0 => wait(Duration::ZERO, moments.end),
            // While it writes.
            1 => wait(moments.journal * 9 / 10, moments.end),
            // While it replaces files: not before the first one is, and mostly soon after.
            phase => {
                while child.try_wait().expect("a state").is_none() && inode(scene.path(), &old) == first_file {
                    sleep(Duration::from_micros(50));
                }
                let rest = moments.end.saturating_sub(moments.first);
                wait(Duration::ZERO, if phase == 2 { rest / 12 } else { rest / 2 });
            }
        }
        send(&mut child, signal);
        let (code, error) = end(child);
        let begin = Instant::now();
        after_kill(kill, signal, code, &error, &scene, (&old, &new), &mut tally);
        took += begin.elapsed();
    }
    println!("{kills} kills: {tally:?}; {moments:?}; all next runs {took:?}");
    assert!(kills < 100 || tally.mixed > 0 && tally.undone_live > 0, "the moments miss what they are for: {tally:?}");
}

/// What must hold after a run that got a signal, and after the next one.
fn after_kill(kill: u64, signal: i32, code: i32, error: &str, scene: &Scene, trees: (&Tree, &Tree), tally: &mut Tally) {
    let (old, new) = trees;
    let tree = read_tree(scene.path());
    let found = state(&tree, old, new);
    let story = format!("kill {kill}, signal {signal}, exit {code}, {} new files: {error}", found.new);
    let journals: Vec<String> = found
        .strays
        .iter()
        .filter(|path| path.ends_with(".meshlift-journal"))
        .map(|path| String::from_utf8_lossy(&tree[path]).into_owned())
        .collect();
    let plan = journals.iter().find(|text| !text.contains("\nplan "));
    let done = plan.is_some_and(|text| text.ends_with("done\n"));
    if signal != SIGKILL {
        // The run undid what it did, or finished, and said which; or the signal met it before it wrote anything.
        assert!(found.strays.is_empty(), "{story}: {:?}", found.strays);
        assert!(found.new == 0 || found.new == old.len(), "{story}");
        assert!(code == -signal || code == 0 && found.new == old.len(), "{story}");
        if found.new == 0 && !error.is_empty() {
            assert!(error.contains("The run was stopped by SIG") && error.contains("has its old text"), "{story}");
            tally.undone_live += 1;
        } else if found.new > 0 && !error.is_empty() {
            assert!(error.contains(&format!("{} files rewritten", old.len())), "{story}");
            tally.finished_live += 1;
        }
    }
    match (&plan, found.new) {
        (None, 0) => tally.before += 1,
        (Some(_), 0) => tally.staging += 1,
        (Some(_), _) if !done => tally.mixed += 1,
        _ => tally.all_new += 1,
    }
    if kill % 2 == 1 && plan.is_some() {
        let output = start(scene.path(), &["check"]).wait_with_output().expect("it ends");
        assert!(String::from_utf8_lossy(&output.stdout).contains("interrupted-run"), "{story}");
        assert_eq!(read_tree(scene.path()), tree, "{story}: check writes nothing");
    }
    let (code, error) = write(scene.path());
    assert_eq!(code, 0, "{story}\nand then: {error}");
    assert_eq!(&read_tree(scene.path()), new, "{story}\nand then: {error}");
    let all = format!("{} files", old.len());
    let sentence = match (plan, done, found.new) {
        (None, ..) => String::new(),
        (_, true, _) => format!("was stopped when it had written {all}; its hidden files were removed."),
        (_, _, 0) => format!("was stopped while it was writing {all}; none of them held its new text"),
        (_, _, 1) => format!("while it was writing {all}; 1 of them held its new text and has its old one back."),
        (_, _, count) => format!("writing {all}; {count} of them held their new text and have their old one back."),
    };
    let flowing = error.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flowing.contains(&sentence), "{story}\nand then, without `{sentence}`: {error}");
    assert_eq!(error.contains("An earlier run"), !sentence.is_empty(), "{story}\nand then: {error}");
}

#[test]
fn of_two_runs_at_once_one_writes_and_the_other_says_why_not() {
    let old = old_tree(60);
    let (new, moments) = measure(&old);
    let mut dice = Dice(7);
    for _ in 0..3 {
        let scene = Scene::new(&[]);
        write_tree(scene.path(), &old);
        let first = start(scene.path(), &["convert", "--write"]);
        sleep(Duration::from_micros(dice.below(moments.end.as_micros() as u64 / 2)));
        let second = start(scene.path(), &["convert", "--write"]);
        let outcomes = [end(first), end(second)];
        for (code, error) in &outcomes {
            let said = error.contains("run-under-way") || error.contains("changed-while-running");
            assert!(*code == 0 || *code == 2 && said, "{code}: {error}");
        }
        assert!(outcomes.iter().any(|(code, _)| *code == 0), "{outcomes:?}");
        assert_eq!(read_tree(scene.path()), new, "{outcomes:?}");
    }
}

/// A limit on the size of a file stands in for a full disk where nobody may mount one: writing fails in the middle.
#[test]
fn a_file_that_cannot_be_written_whole_leaves_everything_as_it_was() {
    let mut old = old_tree(30);
    let padding = "#".repeat(90_000);
    for (n, text) in old.values_mut().enumerate() {
        if n % 10 == 9 {
            text.extend(padding.as_bytes());
        }
    }
    let (new, _) = measure(&old);
    // In blocks of 512 bytes: too small for the plan, for the new texts, and just large enough. The signal that the
    // system sends is ignored, so that the write fails, or not, so that the process is killed.
    for (blocks, trap) in [(1, true), (40, true), (40, false), (1, false), (1000, true)] {
        let scene = Scene::new(&[]);
        write_tree(scene.path(), &old);
        let ignore = if trap { "trap '' XFSZ;" } else { "" };
        let script = format!("{ignore} ulimit -f {blocks}; exec \"$0\" convert --write");
        let output = Command::new("/bin/sh")
            .args(["-c", &script, env!("CARGO_BIN_EXE_meshlift")])
            .current_dir(scene.path())
            .env_clear()
            .stdin(Stdio::null())
            .output()
            .expect("sh runs");
        let error = String::from_utf8_lossy(&output.stderr);
        let found = state(&read_tree(scene.path()), &old, &new);
        if blocks == 1000 {
            assert_eq!((output.status.code(), found.new), (Some(0), 30), "{error}");
            continue;
        }
        assert_eq!(found.new, 0, "{error}");
        if trap {
            assert_eq!(output.status.code(), Some(2), "{error}");
            assert!(error.contains("write-failed") && found.strays.is_empty(), "{error} {:?}", found.strays);
        }
        let (code, error) = write(scene.path());
        assert_eq!((code, read_tree(scene.path()) == new), (0, true), "{blocks} {trap}: {error}");
    }
}

/// The real thing, for root on Linux.
#[test]
fn a_disk_that_fills_up_leaves_everything_as_it_was() {
    let old = old_tree(60);
    let (new, _) = measure(&old);
    for kilobytes in [340, 480, 560, 1200] {
        let disk = tempfile::tempdir().expect("a folder");
        let options = format!("size={kilobytes}k");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(disk.path()).output();
        if !mounted.is_ok_and(|output| output.status.success()) {
            println!("skipped: only root may mount a small disk");
            return;
        }
        let outcome = std::panic::catch_unwind(|| fill_up(disk.path(), &old, &new));
        let unmounted = Command::new("umount").arg(disk.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()));
        assert!(outcome.is_ok(), "with {kilobytes} KiB");
    }
}

fn fill_up(disk: &Path, old: &Tree, new: &Tree) {
    write_tree(disk, old);
    let (code, error) = write(disk);
    let found = state(&read_tree(disk), old, new);
    assert!(found.strays.is_empty(), "{error}");
    match code {
        0 => assert_eq!(found.new, old.len(), "{error}"),
        _ => assert!(code == 2 && found.new == 0 && error.contains("write-failed"), "{code} {}: {error}", found.new),
    }
}
