//! Whether git could give a file back: whether it holds the text that stands in the work tree now.
//!
//! The index is asked and not the last commit, because what was staged comes back with `git restore` too. The texts are
//! compared here, byte for byte, and `git status` is not called: it would run the filters that a repository's
//! configuration names.

use super::program::Git;
use super::tree::path_of;
use crate::finding::Finding;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What git knows of a file's present text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// The file lies in no git work tree.
    NoRepository,
    /// git holds it.
    Held,
    /// git holds another text of this file.
    Changed,
    /// git does not track the file.
    Untracked,
}

/// For each of these files (path with links resolved, text), in order.
///
/// # Errors
/// When a file lies in a work tree and git cannot be asked.
pub fn known(files: &[(PathBuf, &str)]) -> Result<Vec<Known>, Finding> {
    let mut trees: BTreeMap<&Path, Index> = BTreeMap::new();
    let mut answers = Vec::new();
    for (path, text) in files {
        let Some(top) = path.ancestors().skip(1).find(|folder| folder.join(".git").symlink_metadata().is_ok()) else {
            answers.push(Known::NoRepository);
            continue;
        };
        if !trees.contains_key(top) {
            trees.insert(top, Index::of(&Git::around(top)?)?);
        }
        answers.push(trees.get_mut(top).map_or(Known::NoRepository, |index| index.knows(path, text)));
    }
    Ok(answers)
}

/// What git holds for the next commit.
struct Index {
    top: PathBuf,
    /// The ids of the contents by path; of a file in conflict there is none.
    entries: BTreeMap<PathBuf, String>,
    objects: super::program::Objects,
}

impl Index {
    fn of(git: &Git) -> Result<Index, Finding> {
        Ok(Index { top: git.top.clone(), entries: entries(&git.index()?), objects: git.objects()? })
    }

    fn knows(&mut self, path: &Path, text: &str) -> Known {
        let Some(id) = path.strip_prefix(&self.top).ok().and_then(|below| self.entries.get(below)) else {
            return Known::Untracked;
        };
        // A text of another size by more than its line endings is another one.
        match self.objects.read(id, 2 * text.len() as u64 + 1) {
            Ok(held) if same(&held, text.as_bytes()) => Known::Held,
            _ => Known::Changed,
        }
    }
}

/// Equal, or equal apart from line endings, which git converts by a person's settings on the way in and out.
fn same(held: &[u8], text: &[u8]) -> bool {
    let lines = |bytes: &[u8]| -> Vec<u8> {
        let followed = bytes.iter().skip(1).map(Some).chain([None]);
        bytes
            .iter()
            .zip(followed)
            .filter(|(byte, next)| (**byte, *next) != (b'\r', Some(&b'\n')))
            .map(|(byte, _)| *byte)
            .collect()
    };
    held == text || lines(held) == lines(text)
}

/// Reads lines of the form `MODE ID STAGE<tab>PATH`, each ended by NUL; a stage other than 0 is one side of a conflict.
fn entries(listing: &[u8]) -> BTreeMap<PathBuf, String> {
    let entries = listing.split(|&byte| byte == 0).filter_map(|line| {
        let tab = memchr::memchr(b'\t', line)?;
        let (about, path) = (std::str::from_utf8(line.get(..tab)?).ok()?, line.get(tab + 1..)?);
        let mut words = about.split(' ');
        let (_mode, id, stage) = (words.next()?, words.next()?, words.next()?);
        (stage == "0").then(|| (path_of(path), id.to_owned()))
    });
    entries.collect()
}
