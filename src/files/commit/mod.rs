//! Replacing many files at once, or none of them.
//!
//! 1. [`Commit::prepare`] checks every target, writes every new text beside its target and flushes it to the disk. Until
//!    then no target was touched, and whatever fails (a read-only file, a full disk) leaves nothing behind.
//! 2. [`Commit::finish`] moves the new files into place, one rename each, so that no reader ever sees half a file. When
//!    one of them fails, those already replaced get their old file back: the very same file, which was kept beside
//!    under a second name.
//!
//! Kept: mode bits, owner where the system allows it, and symbolic links (the file behind the link is replaced). Hard
//! links cannot be kept by a rename, so a file that has several names is refused. Extended attributes are not copied.
//! A process killed in the middle of step 2 leaves whole files, old or new, and the old ones as `.meshlift-*.old`.

mod stage;
#[cfg(test)]
mod tests;

use super::read::SourceFile;
use super::resolve::resolved;
use super::walk::Source;
use crate::finding::catalogue::input;
use crate::finding::{Finding, Place};
use rayon::prelude::*;
use stage::Staged;
use std::collections::BTreeSet;
use std::fs;
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
    // Dropped in this order: the new files go before the folders that were made for them.
    staged: Vec<Staged>,
    folders: NewFolders,
}

impl Commit {
    /// Checks all targets and writes all new texts beside them. On failure nothing has changed, and ALL targets that
    /// cannot be written are named.
    pub fn prepare(changes: Vec<Change>) -> Result<Commit, Vec<Finding>> {
        let mut folders = NewFolders::default();
        let mut findings = Vec::new();
        let mut targets = BTreeSet::new();
        for change in &changes {
            if !targets.insert(resolved(&change.path)) {
                findings.push(reached_twice(&change.shown));
            } else if let Err(error) = folders.create_for(&change.path) {
                findings.push(failed(&change.shown, "its folder cannot be made", &error));
            }
        }
        if !findings.is_empty() {
            return Err(findings);
        }
        let outcomes: Vec<Result<Staged, Finding>> = changes.into_par_iter().map(Staged::new).collect();
        let mut staged = Vec::new();
        for outcome in outcomes {
            match outcome {
                Ok(one) => staged.push(one),
                Err(finding) => findings.push(finding),
            }
        }
        if findings.is_empty() { Ok(Commit { staged, folders }) } else { Err(findings) }
    }

    /// Makes all changes, or none: when one fails, the others are undone and the reason is returned.
    pub fn finish(mut self) -> Result<(), Vec<Finding>> {
        if let Err(finding) = self.replace_all() {
            let mut findings = vec![finding];
            // In reverse order, so that the latest change is the first to be undone.
            findings.extend(self.staged.iter_mut().rev().filter_map(|one| one.restore().err()));
            return Err(findings);
        }
        self.folders.keep();
        Ok(())
    }

    fn replace_all(&mut self) -> Result<(), Finding> {
        for one in &mut self.staged {
            one.replace()?;
        }
        let folders: BTreeSet<&Path> = self.staged.iter().filter_map(|one| one.target().parent()).collect();
        for folder in folders {
            sync_folder(folder).map_err(|error| {
                failed(&super::shown::shown(folder), "the disk does not confirm that the folder was written", &error)
            })?;
        }
        Ok(())
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

/// Asks the disk to keep the names in a folder. Some file systems cannot do that for folders; theirs is no failure.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    match fs::File::open(folder).and_then(|opened| opened.sync_all()) {
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        outcome => outcome,
    }
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Folders made on the way, removed again unless [`NewFolders::keep`] is called.
#[derive(Debug, Default)]
struct NewFolders {
    made: Vec<PathBuf>,
}

impl NewFolders {
    /// Makes the folders above `path` that do not exist.
    fn create_for(&mut self, path: &Path) -> io::Result<()> {
        let missing: Vec<&Path> =
            path.ancestors().skip(1).take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists()).collect();
        for folder in missing.into_iter().rev() {
            fs::create_dir(folder)?;
            self.made.push(folder.to_owned());
        }
        Ok(())
    }

    fn keep(&mut self) {
        self.made.clear();
    }
}

impl Drop for NewFolders {
    fn drop(&mut self) {
        for folder in self.made.iter().rev() {
            // Fails when somebody else put a file there meanwhile, and then the folder has to stay.
            let _ = fs::remove_dir(folder);
        }
    }
}
