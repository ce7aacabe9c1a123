//! The list of files of a commit, as `git ls-tree -r -z` prints it.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

/// What a path of the tree is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// A file, with the id of its contents.
    File(String),
    /// A symbolic link, with the id of its target's path.
    Link(String),
    /// Another repository.
    Submodule,
}

/// All files of a commit by path.
#[derive(Debug, Default)]
pub(super) struct Tree {
    entries: BTreeMap<PathBuf, Entry>,
}

impl Tree {
    /// Reads lines of the form `MODE TYPE ID<tab>PATH`, each ended by NUL. Anything else is left out.
    pub(super) fn parse(listing: &[u8]) -> Tree {
        let entries = listing.split(|&byte| byte == 0).filter_map(|line| {
            let tab = memchr::memchr(b'\t', line)?;
            let (about, path) = (std::str::from_utf8(line.get(..tab)?).ok()?, line.get(tab + 1..)?);
            let mut words = about.split(' ');
            let (mode, _kind, id) = (words.next()?, words.next()?, words.next()?.to_owned());
            let entry = match mode {
                "120000" => Entry::Link(id),
                "160000" => Entry::Submodule,
                _ => Entry::File(id),
            };
            Some((path_of(path), entry))
        });
        Tree { entries: entries.collect() }
    }

    /// The entry at exactly this path.
    pub(super) fn get(&self, path: &Path) -> Option<&Entry> {
        self.entries.get(path)
    }

    /// The entries below a folder, in path order; all of them for the empty path.
    pub(super) fn below<'a>(&'a self, folder: &'a Path) -> impl Iterator<Item = (&'a Path, &'a Entry)> {
        self.entries
            .range(folder.to_owned()..)
            .take_while(move |(path, _)| path.starts_with(folder))
            .filter(move |(path, _)| path.as_path() != folder)
            .map(|(path, entry)| (path.as_path(), entry))
    }
}

/// The path that bytes printed by git mean.
#[cfg(unix)]
pub(super) fn path_of(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

#[cfg(not(unix))]
pub(super) fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}

/// Where a link leads inside the tree; `None` when it leaves it.
pub(super) fn target(link: &Path, target: &[u8]) -> Option<PathBuf> {
    let mut at = link.parent()?.to_owned();
    for part in path_of(target).components() {
        match part {
            Component::Normal(name) => at.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                if !at.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(at)
}
