//! The files that git tracks: what an ignore file says about them counts for nothing.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// The tracked files of one work tree.
#[derive(Clone, Debug, Default)]
pub struct Tracked {
    top: PathBuf,
    /// Relative to the top. Only asked, never listed: its order says nothing.
    paths: HashSet<PathBuf>,
}

impl Tracked {
    /// Of the work tree with this top folder; the paths are relative to it.
    pub(super) fn new(top: &Path, paths: impl Iterator<Item = PathBuf>) -> Tracked {
        Tracked { top: top.to_owned(), paths: paths.collect() }
    }

    /// True for a file, given by its real path, that git tracks.
    pub(super) fn holds(&self, real: &Path) -> bool {
        real.strip_prefix(&self.top).is_ok_and(|below| self.paths.contains(below))
    }
}
