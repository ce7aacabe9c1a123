//! The folders around the files of a commit: made on the way, and flushed to the disk.

use rayon::prelude::*;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Asks the disk to keep the names in these folders; each is asked once. The first that fails is named.
pub(super) fn sync_all<'a>(folders: impl Iterator<Item = &'a Path>) -> Result<(), (PathBuf, io::Error)> {
    let folders: BTreeSet<&Path> = folders.collect();
    folders.into_par_iter().try_for_each(|folder| sync(folder).map_err(|error| (folder.to_owned(), error)))
}

/// Asks the disk to keep what these files hold.
pub(super) fn sync_files(paths: impl Iterator<Item = PathBuf>) -> Result<(), (PathBuf, io::Error)> {
    let paths: Vec<PathBuf> = paths.collect();
    paths
        .into_par_iter()
        .try_for_each(|path| fs::File::open(&path).and_then(|file| file.sync_all()).map_err(|error| (path, error)))
}

/// Some file systems cannot do that for folders; theirs is no failure.
#[cfg(unix)]
fn sync(folder: &Path) -> io::Result<()> {
    match fs::File::open(folder).and_then(|opened| opened.sync_all()) {
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        outcome => outcome,
    }
}

#[cfg(not(unix))]
fn sync(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Folders made on the way, removed again unless [`NewFolders::keep`] is called.
#[derive(Debug, Default)]
pub(super) struct NewFolders {
    made: Vec<PathBuf>,
}

impl NewFolders {
    /// Makes the folders above `path` that do not exist.
    pub(super) fn create_for(&mut self, path: &Path) -> io::Result<()> {
        let missing: Vec<&Path> =
            path.ancestors().skip(1).take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists()).collect();
        for folder in missing.into_iter().rev() {
            fs::create_dir(folder)?;
            self.made.push(folder.to_owned());
        }
        Ok(())
    }

    /// The folders stay.
    pub(super) fn keep(&mut self) {
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
