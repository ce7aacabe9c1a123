//! Replacing many files at once, or none of them.
//!
//! 1. [`Commit::prepare`] checks every target, records its [plan] in a journal beside them ([claim]), writes every new
//!    text beside its target and flushes it to the disk. Until then no target was touched, and whatever fails (a
//!    read-only file, a full disk) leaves nothing behind.
//! 2. [`Commit::finish`] moves the new files into place, one rename each, so that no reader ever sees half a file. When
//!    one of them fails, or a [signal](signals) asks for an end, those already replaced get their old file back: the very
//!    same file, which was kept beside under a second name. When all are in place the journal says so, and goes.
//!
//! A process that is killed, or a machine that loses its power, leaves whole files, old or new, and the journal; the next
//! run that writes undoes what was not complete ([leftover]). Every step that the undoing relies on is on the disk before
//! the next one begins: the journal before the first new file, all new and kept files before the first rename, all
//! renames before the journal says that all are in place.
//!
//! Kept: mode bits, owner where the system allows it, and symbolic links (the file behind the link is replaced). Hard
//! links cannot be kept by a rename, so a file that has several names is refused. Extended attributes are not copied.

mod claim;
mod folders;
mod leftover;
mod plan;
pub mod signals;
mod stage;
#[cfg(test)]
mod tests;

pub use leftover::{Leftovers, settle};

use super::read::SourceFile;
use super::resolve::resolved;
use super::walk::Source;
use crate::finding::catalogue::input;
use crate::finding::{Finding, Place, Severity};
use claim::{Claim, Intent, Obstacle};
use folders::NewFolders;
use plan::Plan;
use rayon::prelude::*;
use signals::Hold;
use stage::{Checked, Staged};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file that shall have a new text.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The path shown in messages.
    pub shown: Arc<str>,
    /// The file; a link is followed.
    pub path: PathBuf,
    /// What is there now.
    pub before: Before,
    /// The whole new text.
    pub after: String,
}

/// What a [`Change`] expects to find at its path.
#[derive(Clone, Debug, PartialEq)]
pub enum Before {
    /// A file with exactly this text, because the new text was made from it.
    Text(Arc<str>),
    /// Anything or nothing: a copy. A new file gets the mode bits of `model`.
    Any {
        /// The file that this one is a copy of.
        model: Option<PathBuf>,
    },
    /// Nothing: a copy that never overwrites.
    Nothing {
        /// The file that this one is a copy of.
        model: Option<PathBuf>,
    },
}

impl Change {
    /// The change that gives a file which was read a new text; `None` for standard input, which cannot be rewritten.
    pub fn in_place(file: &SourceFile, after: String) -> Option<Change> {
        Some(Change {
            shown: file.source.shown.clone(),
            path: file.source.path.clone()?,
            before: Before::Text(file.text.clone()),
            after,
        })
    }

    /// The change that writes a copy of a file to `path`.
    pub fn copy(source: &Source, path: PathBuf, after: String) -> Change {
        let shown = super::shown::shown(&path);
        Change { shown, path, before: Before::Any { model: source.path.clone() }, after }
    }
}

/// Changes that are ready to be made. Dropping it makes none of them and removes every trace.
#[derive(Debug)]
pub struct Commit {
    // Dropped in this order: the journal goes after the files that it is about, and the folders that were made last.
    staged: Vec<Staged>,
    claim: Claim,
    folders: NewFolders,
    notes: Vec<Finding>,
    _hold: Hold,
}

impl Commit {
    /// Checks all targets and writes all new texts beside them. On failure nothing has changed, and ALL targets that
    /// cannot be written are named.
    pub fn prepare(changes: Vec<Change>) -> Result<Commit, Vec<Finding>> {
        let hold = signals::hold();
        let mut folders = NewFolders::default();
        make_folders(&changes, &mut folders)?;
        let notes = clear_the_way(&changes)?;
        let checked = all(changes.into_par_iter().map(Checked::new).collect())?;
        let plan = Plan { run: plan::new_run(), steps: checked.iter().map(Checked::step).collect(), done: false };
        let claim = Claim::take(&plan).map_err(|obstacle| vec![in_the_way(obstacle)])?;
        let stage = |(number, one): (usize, Checked)| one.stage(&plan.run, number);
        let staged = all(checked.into_par_iter().enumerate().map(stage).collect())?;
        sync_folders(&staged)?;
        Ok(Commit { staged, claim, folders, notes, _hold: hold })
    }

    /// Makes all changes, or none: when one fails, the others are undone and the reason is returned. What had to be
    /// done before is returned too.
    pub fn finish(mut self) -> Result<Vec<Finding>, Vec<Finding>> {
        if let Err(findings) = self.replace_all() {
            return Err(self.restore_all(findings));
        }
        self.folders.keep();
        Ok(std::mem::take(&mut self.notes))
    }

    fn replace_all(&mut self) -> Result<(), Vec<Finding>> {
        for one in &mut self.staged {
            one.replace().map_err(|finding| vec![finding])?;
        }
        sync_folders(&self.staged)?;
        self.claim.done().map_err(|error| vec![in_the_way(Obstacle::Failed(self.claim.home().to_owned(), error))])
    }

    /// Undoes what was done. When that fails too, the journal stays, so that the next start tries again.
    fn restore_all(&mut self, mut findings: Vec<Finding>) -> Vec<Finding> {
        // In reverse order, so that the latest change is the first to be undone.
        let stuck: Vec<Finding> = self.staged.iter_mut().rev().filter_map(|one| one.restore().err()).collect();
        if !stuck.is_empty() {
            self.claim.stays();
        }
        // The disk may be what failed; then the order in which it keeps the names is its own.
        let _ = sync_folders(&self.staged);
        findings.extend(stuck);
        findings
    }
}

#[cfg(test)]
impl Commit {
    /// Makes so many of the changes and then leaves everything as a process does that is killed.
    fn killed_after(mut self, changes: usize) {
        for one in self.staged.iter_mut().take(changes) {
            one.replace().unwrap();
        }
        self.staged.drain(..).for_each(Staged::leave);
        self.claim.stays();
        self.folders.keep();
    }
}

/// Replaces one file that belongs to no others: a rename does it whole, so nothing has to be kept for an undoing.
pub(super) fn replace_one(change: Change) -> Result<(), Finding> {
    let mut staged = Checked::new(change)?.stage_alone(&plan::new_run(), 0)?;
    staged.replace()?;
    let outcome = folders::sync_all(staged.target().parent().into_iter());
    outcome.map_err(|(folder, error)| failed(&super::shown::shown(&folder), UNCONFIRMED, &error))
}

fn make_folders(changes: &[Change], folders: &mut NewFolders) -> Result<(), Vec<Finding>> {
    let mut findings = Vec::new();
    let mut targets = BTreeSet::new();
    for change in changes {
        if !targets.insert(resolved(&change.path)) {
            findings.push(reached_twice(&change.shown));
        } else if let Err(error) = folders.create_for(&change.path) {
            findings.push(failed(&change.shown, "its folder cannot be made", &error));
        }
    }
    if findings.is_empty() { Ok(()) } else { Err(findings) }
}

/// All outcomes, or all findings. What stopped the run as a whole is said once.
fn all<T>(outcomes: Vec<Result<T, Finding>>) -> Result<Vec<T>, Vec<Finding>> {
    let (mut good, mut findings) = (Vec::new(), Vec::new());
    for outcome in outcomes {
        match outcome {
            Ok(one) => good.push(one),
            Err(finding) if finding.code == input::STOPPED => return Err(vec![finding]),
            Err(finding) => findings.push(finding),
        }
    }
    if findings.is_empty() { Ok(good) } else { Err(findings) }
}

/// Undoes an interrupted run that was beside none of the files that were read: a link led to it, or it wrote copies.
/// When files are rewritten, those that were read are not what they were any more, and the run ends.
fn clear_the_way(changes: &[Change]) -> Result<Vec<Finding>, Vec<Finding>> {
    let folders: BTreeSet<PathBuf> =
        changes.iter().map(|change| folder_of(&resolved(&change.path)).to_owned()).collect();
    let rewrites = changes.iter().any(|change| matches!(change.before, Before::Text(_)));
    let mut notes = Vec::new();
    for folder in folders {
        let Some(finding) = leftover::clear(&folder, claim::look(&folder, Intent::TakeOver)) else { continue };
        if finding.severity == Severity::Error {
            return Err(vec![finding]);
        }
        if rewrites {
            return Err(vec![finding.severity(Severity::Error).remedy("Run meshlift again; nothing was written now.")]);
        }
        notes.push(finding);
    }
    Ok(notes)
}

fn in_the_way(obstacle: Obstacle) -> Finding {
    match obstacle {
        Obstacle::Occupied(folder) => leftover::running(&folder, "so nothing was written", Severity::Error),
        Obstacle::Failed(folder, error) => {
            failed(&super::shown::shown(&folder), "the plan of the run cannot be recorded there", &error)
        }
    }
}

const UNCONFIRMED: &str = "the disk does not confirm that the folder was written";

fn sync_folders(staged: &[Staged]) -> Result<(), Vec<Finding>> {
    folders::sync_all(staged.iter().filter_map(|one| one.target().parent()))
        .map_err(|(folder, error)| vec![failed(&super::shown::shown(&folder), UNCONFIRMED, &error)])
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn reached_twice(shown: &Arc<str>) -> Finding {
    let message = format!("{shown} would be written twice in one run, so nothing was written.");
    Finding::new(input::WRITE_FAILED, message).at(Place::start_of(shown.clone()))
}

/// A finding for a file that cannot be written: `read-only-target` where permissions are the reason.
fn failed(shown: &Arc<str>, what: &str, error: &io::Error) -> Finding {
    let code = match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => input::READ_ONLY_TARGET,
        _ => input::WRITE_FAILED,
    };
    let message = format!("{shown} was not written: {what} ({error}).");
    Finding::new(code, message).at(Place::start_of(shown.clone()))
}
