//! The only module that touches the disk: it knows which files a run reads, what they hold, and how to replace many
//! of them at once or not at all.
//!
//! The way in is [`walk()`] (which files), then [`read()`] (their text, as far as the byte filter finds them
//! interesting), then [`kustomize::find`]. [`Snapshot::read`] takes the place of the first two for a git revision. The
//! way out is [`Commit`]: in place, or as copies under a folder ([`output`]).
//!
//! Nothing here fails on what is on the disk: a file that cannot be read becomes a [`Finding`](crate::finding::Finding).

#![allow(
    clippy::result_large_err,
    reason = "a finding is made once per broken file; boxing it would only cost clarity"
)]

pub mod bounds;
pub mod commit;
pub mod filter;
pub mod git;
pub mod globs;
mod ignored;
pub mod in_place;
pub mod kustomize;
pub mod open;
pub mod output;
pub mod read;
mod resolve;
pub mod shown;
pub mod single;
pub mod text;
pub mod tracked;
mod unread;
pub mod walk;

pub use bounds::Bounds;
pub use commit::{Change, Commit, Leftovers};
pub use filter::Interest;
pub use git::{Revision, Snapshot};
pub use globs::Globs;
pub use kustomize::{Kustomization, Kustomizations};
pub use open::{Limits, Links};
pub use read::{Scan, SourceFile, Want, read};
pub use single::{is_mapping_name, mapping_paths, read_if_there, read_mappings, read_text, write_whole};
pub use tracked::Tracked;
pub use walk::{Ignoring, Manner, Role, Root, Source, Walked, walk, walk_as};

use std::path::{Path, PathBuf};

/// The nearest file called `name` in the folder `from` or above it, for `meshlift.yaml`.
///
/// The search ends at the root of the repository (a folder holding `.git`): settings are kept with the manifests they
/// are about, and a file that happens to lie in somebody's home folder is not among them.
pub fn find_upwards(name: &str, from: &Path) -> Option<PathBuf> {
    let start = from.canonicalize().ok()?;
    for folder in start.ancestors() {
        let candidate = folder.join(name);
        if candidate.is_file() {
            return Some(candidate);
        }
        if folder.join(".git").exists() {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn settings_are_found_upwards_but_not_beyond_the_repository() {
        let temp = tempfile::tempdir().unwrap();
        let top = temp.path().canonicalize().unwrap();
        fs::create_dir_all(top.join("repo/.git")).unwrap();
        fs::create_dir_all(top.join("repo/a/b")).unwrap();
        fs::write(top.join("meshlift.yaml"), "").unwrap();
        assert_eq!(find_upwards("meshlift.yaml", &top.join("repo/a/b")), None);
        fs::write(top.join("repo/meshlift.yaml"), "").unwrap();
        assert_eq!(find_upwards("meshlift.yaml", &top.join("repo/a/b")), Some(top.join("repo/meshlift.yaml")));
        fs::write(top.join("repo/a/meshlift.yaml"), "").unwrap();
        assert_eq!(find_upwards("meshlift.yaml", &top.join("repo/a/b")), Some(top.join("repo/a/meshlift.yaml")));
    }
}
