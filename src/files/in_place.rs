//! `--write`: the changes that give files a new text where they are. Never outside the tree, and never without a way back
//! unless the user waived it.

use super::commit::{Before, Change, Commit};
use super::git::{Known, known};
use super::output;
use super::read::SourceFile;
use super::resolve::resolved;
use super::shown::shown;
use super::walk::Source;
use crate::finding::catalogue::input;
use crate::finding::{Finding, Place};
use std::fs;
use std::path::{Path, PathBuf};

/// A file that shall have a new text.
#[derive(Clone, Debug)]
pub struct Rewrite {
    /// As it was read.
    pub file: SourceFile,
    /// The whole new text.
    pub after: String,
}

/// What the user said about the way back.
#[derive(Clone, Copy, Debug)]
pub struct Safety<'a> {
    /// What becomes of a file whose present text git does not hold.
    pub dirty: Dirty,
    /// Where copies of the old texts go.
    pub backup: Option<&'a Path>,
}

/// Whether files may be rewritten although their work tree's git does not hold their present text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dirty {
    /// No file is written then.
    Refuse,
    /// `--allow-dirty`.
    Allow,
}

/// What was done.
#[derive(Debug)]
pub struct Rewritten {
    /// What had to be done before.
    pub notes: Vec<Finding>,
    /// For how many files nobody keeps the old text: neither git nor a backup.
    pub unkept: usize,
}

/// Gives all files their new texts, or none of them. `inputs` are ALL files that were read.
///
/// # Errors
/// Why nothing was written.
pub fn rewrite(files: &[Rewrite], inputs: &[&Source], safety: Safety<'_>) -> Result<Rewritten, Vec<Finding>> {
    let outside = output::leaving(files.iter().map(|one| &one.file.source));
    if !outside.is_empty() {
        return Err(outside);
    }
    let unkept = match safety.backup {
        Some(_) => 0,
        None => unkept(files, safety.dirty)?,
    };
    let backup = safety.backup.map(|folder| backup(folder, files, inputs)).transpose()?;
    let changes = files.iter().filter_map(|one| Change::in_place(&one.file, one.after.clone())).collect();
    let backup = backup.map(Commit::prepare).transpose()?;
    let commit = Commit::prepare(changes)?;
    let mut notes = backup.map(Commit::finish).transpose()?.unwrap_or_default();
    notes.extend(commit.finish()?);
    Ok(Rewritten { notes, unkept })
}

/// How many files nobody keeps the old text of.
fn unkept(files: &[Rewrite], dirty: Dirty) -> Result<usize, Vec<Finding>> {
    let places: Vec<(PathBuf, &str)> =
        files.iter().filter_map(|one| Some((resolved(one.file.source.path.as_ref()?), &*one.file.text))).collect();
    let known = match (known(&places), dirty) {
        (Ok(known), _) => known,
        (Err(_), Dirty::Allow) => return Ok(files.len()),
        (Err(finding), Dirty::Refuse) => {
            let message = format!(
                "Nothing was written, because git cannot say whether it holds the old texts. {}",
                finding.message
            );
            return Err(vec![Finding::new(input::UNKNOWN_TO_GIT, message)]);
        }
    };
    if dirty == Dirty::Refuse {
        let with = |wanted: Known| -> Vec<&Source> {
            let pairs = files.iter().zip(&known).filter(|(_, known)| **known == wanted);
            pairs.map(|(one, _)| &one.file.source).collect()
        };
        let findings: Vec<Finding> = [
            refusal(&with(Known::Changed), "holds changes", "hold changes", "that are neither committed nor staged"),
            refusal(&with(Known::Untracked), "is", "are", "not tracked by git"),
        ]
        .into_iter()
        .flatten()
        .collect();
        if !findings.is_empty() {
            return Err(findings);
        }
    }
    Ok(known.iter().filter(|known| **known != Known::Held).count())
}

/// One finding for all files of a kind: a person wants to know which, not to scroll.
fn refusal(files: &[&Source], one: &str, many: &str, what: &str) -> Option<Finding> {
    const NAMED: usize = 5;
    let first = files.first()?;
    let mut names: Vec<String> = files.iter().take(NAMED).map(|source| source.shown.to_string()).collect();
    if files.len() > NAMED {
        names.push(format!("{} more", files.len() - NAMED));
    }
    let verb = if files.len() == 1 { one } else { many };
    let last = names.pop().unwrap_or_default();
    let names = if names.is_empty() { last } else { format!("{} and {last}", names.join(", ")) };
    let message =
        format!("{names} {verb} {what}, so git could not give back what would be replaced; nothing was written.");
    Some(Finding::new(input::UNKNOWN_TO_GIT, message).at(Place::start_of(first.shown.clone())))
}

/// The changes that copy the old texts under `folder`, by the paths of the files. A copy that is there already and holds
/// the same text is left out; one that holds another is never overwritten.
fn backup(folder: &Path, files: &[Rewrite], inputs: &[&Source]) -> Result<Vec<Change>, Vec<Finding>> {
    // Copies inside a folder that is walked would be the next run's input.
    let walked = inputs.iter().find(|source| !source.named && is_walked(source, folder));
    if let Some(source) = walked {
        let message = format!(
            "The backup folder {} lies inside the input {}, so its copies would be converted by the next run; nothing \
             was written.",
            shown(folder),
            super::shown::folder(&source.root)
        );
        return Err(vec![Finding::new(input::UNSAFE_OUTPUT_PATH, message)]);
    }
    let texts = files.iter().map(|one| (&one.file.source, one.file.text.to_string())).collect();
    let mut findings = Vec::new();
    let mut changes = Vec::new();
    for mut change in output::copies(folder, texts, inputs)? {
        match fs::symlink_metadata(&change.path) {
            Err(_) => {
                if let Before::Any { model } = change.before {
                    change.before = Before::Nothing { model };
                }
                changes.push(change);
            }
            Ok(about)
                if about.is_file() && fs::read(&change.path).is_ok_and(|held| held == change.after.as_bytes()) => {}
            Ok(_) => {
                let message =
                    format!("{} is there already and holds another text, so nothing was written.", change.shown);
                findings.push(Finding::new(input::BACKUP_EXISTS, message).at(Place::start_of(change.shown)));
            }
        }
    }
    if findings.is_empty() { Ok(changes) } else { Err(findings) }
}

/// True when a walk of the input that `source` belongs to would meet files in `folder`.
fn is_walked(source: &Source, folder: &Path) -> bool {
    let Some(root) = root(source) else { return false };
    match resolved(folder).strip_prefix(resolved(root)) {
        Ok(below) => !below.components().any(|part| part.as_os_str().as_encoded_bytes().starts_with(b".")),
        Err(_) => false,
    }
}

/// The folder that the file was met in, as it was named.
fn root(source: &Source) -> Option<&Path> {
    let parts = |path: &str| Path::new(path).components().count();
    let depth = parts(&source.shown).checked_sub(parts(&source.root))?;
    source
        .path
        .as_ref()?
        .ancestors()
        .nth(depth)
        .map(|root| if root.as_os_str().is_empty() { Path::new(".") } else { root })
}
