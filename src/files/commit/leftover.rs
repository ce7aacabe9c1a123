//! What an interrupted run left behind, and how the next one undoes it.
//!
//! Until all files are in place a run is undone: its old files are still there, so every file gets its old text back,
//! and the next run decides anew what to write, with its own options. From then on only hidden files remain, which go.
//!
//! A journal may also come from a stranger, in a branch or an archive. It can do no more than its author could have
//! done: a file is replaced only by an old file that lies beside it under a name of that very run, and only while it
//! holds exactly the text that the run gave it; nothing but files named by that run is removed.

#[cfg(test)]
mod tests;

use super::claim::{Found, Intent, Left, Lost, journal_in, look, run_in};
use super::folders;
use super::plan::{Digest, PREFIX, Plan, Step, new_file, old_file};
use crate::files::shown::shown;
use crate::files::walk::{Role, Source};
use crate::finding::catalogue::input;
use crate::finding::{Finding, Place, Severity};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What is to become of an interrupted run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leftovers {
    /// It is reported; nothing is changed.
    #[default]
    Report,
    /// It is undone.
    Undo,
}

/// Looks for interrupted runs beside the files that will be read, and says what was found, and what was done about it.
/// Beside files of the inventory nothing is ever changed.
pub fn settle(sources: &[Source], leftovers: Leftovers) -> Vec<Finding> {
    let mut folders: BTreeSet<(Role, &Path)> = BTreeSet::new();
    let mut last = None;
    for source in sources {
        // In path order, so that the files of a folder mostly follow each other.
        let folder = source.path.as_deref().map(|path| (source.role, super::folder_of(path)));
        if folder.is_some() && folder != last {
            folders.extend(folder);
            last = folder;
        }
    }
    let mut findings = Vec::new();
    let mut runs = BTreeSet::new();
    for (role, folder) in folders {
        let undo = leftovers == Leftovers::Undo && role == Role::Input;
        let found = look(folder, if undo { Intent::TakeOver } else { Intent::Look });
        if let Found::Left(left) = &found
            && !runs.insert(left.plan.run.clone())
        {
            continue; // Several folders lead to one plan.
        }
        findings.extend(if undo { clear(folder, found) } else { report(folder, found) });
    }
    findings
}

/// Undoes what an interrupted run left in a folder; what stands in the way of writing there is an error.
pub(super) fn clear(folder: &Path, found: Found) -> Option<Finding> {
    match found {
        Found::Nothing => None,
        Found::Running => Some(running(folder, "so nothing was written", Severity::Error)),
        Found::Unclear(why) => Some(unclear(folder, &why, Severity::Error)),
        Found::Left(left) => Some(undo(&left)),
        Found::Lost(lost) => Some(clear_lost(&lost)),
    }
}

fn report(folder: &Path, found: Found) -> Option<Finding> {
    match found {
        Found::Nothing => None,
        Found::Running => {
            let so = "so what was read may be some old and some new files";
            Some(running(folder, so, Severity::Warning))
        }
        Found::Unclear(why) => Some(unclear(folder, &why, Severity::Warning)),
        Found::Left(Left { home, plan, .. }) => Some(interrupted(&home, &describe(&plan))),
        Found::Lost(lost) => Some(interrupted(&lost.folder, LOST)),
    }
}

/// `so` is what follows from it, as part of a sentence.
pub(super) fn running(folder: &Path, so: &str, severity: Severity) -> Finding {
    let message = format!("Another run of meshlift is writing files in {} at this moment, {so}.", name(folder));
    Finding::new(input::RUN_UNDER_WAY, message).severity(severity).at(place(folder))
}

fn unclear(folder: &Path, why: &str, severity: Severity) -> Finding {
    let message = format!("A file stands where a run of meshlift keeps its journal, but {why}.");
    Finding::new(input::UNKNOWN_JOURNAL, message).severity(severity).at(place(folder))
}

fn interrupted(home: &Path, message: &str) -> Finding {
    Finding::new(input::INTERRUPTED_RUN, message).at(place(home))
}

/// As a user would name it: below the working directory where it lies there.
fn name(folder: &Path) -> String {
    let here = std::env::current_dir().and_then(|here| here.canonicalize()).unwrap_or_default();
    let below = folder.strip_prefix(here).unwrap_or(folder);
    crate::files::shown::folder(&shown(below)).to_owned()
}

fn place(folder: &Path) -> Place {
    let folder = name(folder);
    Place::start_of(shown(&journal_in(Path::new(&folder))))
}

fn files(count: usize) -> String {
    if count == 1 { "1 file".to_owned() } else { format!("{count} files") }
}

/// What stands at a step.
enum Stands {
    /// The old text, or still no file.
    Old,
    /// The new text.
    New,
    /// Something else: somebody changed it since.
    Other,
}

fn stands(plan: &Plan, number: usize, step: &Step) -> Stands {
    let kept = old_file(&step.folder, &plan.run, number);
    // The new file waits until it is moved into place, and the old one is kept until all are.
    let waits = fs::symlink_metadata(new_file(&step.folder, &plan.run, number)).is_ok();
    if waits || !fs::symlink_metadata(&kept).is_ok_and(|about| about.is_file()) {
        return Stands::Old;
    }
    match regular(&step.target()) {
        Some(text) if Digest::of(&text) == step.after => Stands::New,
        Some(text) if step.existed && regular(&kept).is_some_and(|old| old == text) => Stands::Old,
        None if !step.existed && fs::symlink_metadata(step.target()).is_err() => Stands::Old,
        _ => Stands::Other,
    }
}

/// The bytes of a regular file that is no link.
fn regular(path: &Path) -> Option<Vec<u8>> {
    fs::symlink_metadata(path).is_ok_and(|about| about.is_file()).then(|| fs::read(path).ok())?
}

fn describe(plan: &Plan) -> String {
    let all = files(plan.steps.len());
    if plan.done {
        return format!(
            "An earlier run of meshlift was stopped when it had written {all}; only its hidden files are left."
        );
    }
    let new = numbered(plan).filter(|(number, step)| matches!(stands(plan, *number, step), Stands::New)).count();
    let begun = format!("An earlier run of meshlift was stopped while it was writing {all}");
    match (new, plan.steps.len()) {
        (0, 1) => format!("{begun}; it holds its old text."),
        (1, 1) => format!("{begun}; it holds its new text."),
        (0, _) => format!("{begun}; none of them holds its new text."),
        _ => format!("{begun}; {new} of them {} the new text.", if new == 1 { "holds" } else { "hold" }),
    }
}

fn numbered(plan: &Plan) -> impl Iterator<Item = (usize, &Step)> {
    plan.steps.iter().enumerate()
}

/// Undoes or finishes the run and removes its journals. Where that fails they stay, for the next start.
pub(super) fn undo(left: &Left) -> Finding {
    let (plan, all) = (&left.plan, files(left.plan.steps.len()));
    let outcome = if plan.done { Ok(Undone::default()) } else { put_back(plan) };
    let undone = match outcome.and_then(|undone| remove_traces(left, &undone.changed).map(|()| undone)) {
        Ok(undone) => undone,
        Err((path, error)) => {
            let message = format!(
                "An earlier run of meshlift was stopped while it was writing {all}, and it cannot be undone, because {} \
                 cannot be written ({error}).",
                name(&path)
            );
            return interrupted(&left.home, &message).severity(Severity::Error);
        }
    };
    if plan.done {
        let message =
            format!("An earlier run of meshlift was stopped when it had written {all}; its hidden files were removed.");
        return interrupted(&left.home, &message).severity(Severity::Note);
    }
    let mut message = format!("An earlier run of meshlift was stopped while it was writing {all}; ");
    message += &match (undone.restored, plan.steps.len()) {
        (0, 1) => "it still held its old text, and the run's hidden files were removed".to_owned(),
        (0, _) => "none of them held its new text, and the run's hidden files were removed".to_owned(),
        (1, 1) => "it held its new text and has its old one back".to_owned(),
        (1, _) => "1 of them held its new text and has its old one back".to_owned(),
        (count, _) => format!("{count} of them held their new text and have their old one back"),
    };
    for (target, kept) in &undone.changed {
        message += &format!("; {} was changed since and left as it is", name(target));
        if let Some(kept) = kept {
            message += &format!(" (its old text is {})", name(kept));
        }
    }
    interrupted(&left.home, &(message + "."))
}

#[derive(Default)]
struct Undone {
    restored: usize,
    /// Files that were changed since, with the old file that stays.
    changed: Vec<(PathBuf, Option<PathBuf>)>,
}

type Trouble = (PathBuf, io::Error);

/// Gives every file its old text back, the last first.
fn put_back(plan: &Plan) -> Result<Undone, Trouble> {
    let mut undone = Undone::default();
    for (number, step) in numbered(plan).collect::<Vec<_>>().into_iter().rev() {
        let (target, kept) = (step.target(), old_file(&step.folder, &plan.run, number));
        match stands(plan, number, step) {
            Stands::Old => {}
            Stands::New if step.existed => {
                fs::rename(&kept, &target).map_err(|error| (target, error))?;
                undone.restored += 1;
            }
            Stands::New => {
                fs::remove_file(&target).map_err(|error| (target, error))?;
                undone.restored += 1;
            }
            Stands::Other => undone.changed.push((target, step.existed.then_some(kept))),
        }
    }
    folders::sync_all(plan.steps.iter().map(|step| step.folder.as_path()))?;
    Ok(undone)
}

/// Removes the run's hidden files, and its journals last, the plan at the very end. Old files that hold the only copy
/// of a text stay.
fn remove_traces(left: &Left, changed: &[(PathBuf, Option<PathBuf>)]) -> Result<(), Trouble> {
    let run = &left.plan.run;
    let stay: BTreeSet<&PathBuf> = changed.iter().filter_map(|(_, kept)| kept.as_ref()).collect();
    for (number, step) in numbered(&left.plan) {
        // The old file goes first: a new one that is still there tells that its target was not replaced.
        let kept = old_file(&step.folder, run, number);
        if !stay.contains(&kept) {
            remove(&kept)?;
        }
        remove(&new_file(&step.folder, run, number))?;
    }
    let folders: BTreeSet<PathBuf> =
        left.plan.steps.iter().map(|step| step.folder.canonicalize().unwrap_or_else(|_| step.folder.clone())).collect();
    for folder in folders.iter().filter(|folder| **folder != left.home) {
        remove(&folder.join(format!("{PREFIX}{run}-plan.tmp")))?;
        // Another run's journal is not ours to remove.
        if run_in(folder).is_none_or(|other| other == *run) {
            remove(&journal_in(folder))?;
        }
    }
    remove(&journal_in(&left.home))
}

fn remove(path: &Path) -> Result<(), Trouble> {
    match fs::remove_file(path) {
        Err(error) if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Err((path.to_owned(), error))
        }
        _ => Ok(()),
    }
}

const LOST: &str = "An earlier run of meshlift was stopped while it was writing, and its plan is gone, so nobody knows \
                    which of its files hold their new text.";

/// The plan is gone, which happens when somebody removes its folder. Old files that are only a second name of what
/// stands in the folder go; others hold the only copy of a text and stay.
fn clear_lost(lost: &Lost) -> Finding {
    let own = |name: &str| name.starts_with(&format!("{PREFIX}{}-", lost.run));
    let entries = fs::read_dir(&lost.folder).into_iter().flatten().flatten();
    let mut kept = Vec::new();
    for path in entries.filter(|entry| entry.file_name().to_str().is_some_and(own)).map(|entry| entry.path()) {
        let is_new = path.extension().is_some_and(|extension| extension == "new" || extension == "tmp");
        if is_new || has_other_names(&path) {
            let _ = fs::remove_file(path);
        } else {
            kept.push(name(&path));
        }
    }
    if let Err((path, error)) = remove(&journal_in(&lost.folder)) {
        let message = format!("{LOST} Its journal cannot be removed ({}: {error}).", name(&path));
        return interrupted(&lost.folder, &message).severity(Severity::Error);
    }
    kept.sort();
    let rest = if kept.is_empty() { String::new() } else { format!(" Old texts are kept in {}.", kept.join(", ")) };
    interrupted(&lost.folder, &format!("{LOST}{rest}"))
}

#[cfg(unix)]
fn has_other_names(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|about| std::os::unix::fs::MetadataExt::nlink(&about) > 1)
}

#[cfg(not(unix))]
fn has_other_names(_path: &Path) -> bool {
    false
}
