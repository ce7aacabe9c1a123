//! One file of a commit: checked, written beside its target, moved into place, and moved back.

use super::{Before, Change, failed};
use crate::finding::catalogue::input;
use crate::finding::{Finding, Place};
use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::{Builder, TempPath};

/// New and old files beside the target begin like this, which hides them from a walk.
const PREFIX: &str = ".meshlift-";

/// A change whose new text is on the disk, beside the target.
#[derive(Debug)]
pub(super) struct Staged {
    shown: Arc<str>,
    /// The file itself, links resolved.
    target: PathBuf,
    /// What the target must still hold; `None` when that does not matter.
    before: Option<Arc<str>>,
    /// The new file, until it is moved into place.
    fresh: Option<TempPath>,
    /// The old file under a second name; `None` when there was none.
    old: Option<TempPath>,
    /// True once the target is the new file.
    replaced: bool,
}

impl Staged {
    /// Checks the target and writes the new text beside it. Removes what it wrote when it fails.
    pub(super) fn new(change: Change) -> Result<Staged, Finding> {
        let Change { shown, path, before, after } = change;
        let target = resolve(&path).map_err(|error| failed(&shown, "it cannot be reached", &error))?;
        let about = match fs::metadata(&target) {
            Ok(about) => Some(about),
            Err(error) if error.kind() == io::ErrorKind::NotFound && matches!(before, Before::Any { .. }) => None,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(changed(&shown)),
            Err(error) => return Err(failed(&shown, "it cannot be examined", &error)),
        };
        check_folder(&shown, folder_of(&target))?;
        if let Some(about) = &about {
            check_target(&shown, &target, about)?;
        }
        let (before, model) = match before {
            Before::Text(text) => (Some(text), None),
            Before::Any { model } => (None, model.and_then(|path| fs::metadata(path).ok())),
        };
        check_unchanged(&shown, &target, before.as_ref())?;
        let fresh = write_beside(&target, after.as_bytes(), about.as_ref(), model.as_ref())
            .map_err(|error| failed(&shown, "the new text cannot be written beside it", &error))?;
        let old = about
            .map(|_| keep_beside(&target))
            .transpose()
            .map_err(|error| failed(&shown, "the old file cannot be kept beside it", &error))?;
        Ok(Staged { shown, target, before, fresh: Some(fresh), old, replaced: false })
    }

    pub(super) fn target(&self) -> &Path {
        &self.target
    }

    /// Moves the new file into place, if the target still is what it was.
    pub(super) fn replace(&mut self) -> Result<(), Finding> {
        check_unchanged(&self.shown, &self.target, self.before.as_ref())?;
        let Some(fresh) = self.fresh.take() else { return Ok(()) };
        let moved = match &self.old {
            Some(_) => fresh.persist(&self.target),
            None => fresh.persist_noclobber(&self.target),
        };
        match moved {
            Ok(()) => {
                self.replaced = true;
                Ok(())
            }
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Err(changed(&self.shown)),
            Err(error) => Err(failed(&self.shown, "the new file cannot be moved into place", &error.error)),
        }
    }

    /// Undoes [`Staged::replace`]. When even that fails, the old file stays where it was kept, and the finding says
    /// where that is.
    pub(super) fn restore(&mut self) -> Result<(), Finding> {
        if !std::mem::take(&mut self.replaced) {
            return Ok(());
        }
        let Some(old) = self.old.take() else {
            return fs::remove_file(&self.target).map_err(|error| {
                failed(&self.shown, "the run failed elsewhere and the new file cannot be removed", &error)
            });
        };
        old.persist(&self.target).map_err(|failure| {
            let kept = failure.path.keep().unwrap_or_else(|error| error.path.to_path_buf());
            let message = format!(
                "{} holds its new text although the run failed, because the old file cannot be moved back ({}); the \
                 old file is {}.",
                self.shown,
                failure.error,
                kept.display()
            );
            Finding::new(input::WRITE_FAILED, message).at(Place::start_of(self.shown.clone())).remedy(format!(
                "Move {} back to {} by hand.",
                kept.display(),
                self.shown
            ))
        })
    }
}

/// The file behind all links. A file that does not exist yet is its resolved folder and its name.
fn resolve(path: &Path) -> io::Result<PathBuf> {
    match path.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => {
            let name = path.file_name().ok_or(error)?;
            Ok(folder_of(path).canonicalize()?.join(name))
        }
        outcome => outcome,
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The mode bits count even for root, who could write all the same: whoever removed them meant it.
fn check_folder(shown: &Arc<str>, folder: &Path) -> Result<(), Finding> {
    match fs::metadata(folder) {
        Ok(about) if about.permissions().readonly() => {
            Err(read_only(shown, &format!("its folder {} is read-only", folder.display())))
        }
        Ok(_) => Ok(()),
        Err(error) => Err(failed(shown, "its folder cannot be examined", &error)),
    }
}

fn check_target(shown: &Arc<str>, target: &Path, about: &Metadata) -> Result<(), Finding> {
    if !about.is_file() {
        let message = format!("{shown} is not a regular file, so it was not written.");
        return Err(Finding::new(input::WRITE_FAILED, message).at(Place::start_of(shown.clone())));
    }
    if about.permissions().readonly() {
        return Err(read_only(shown, "the file is read-only"));
    }
    let names = names_of(about);
    if names > 1 {
        let message = format!("{shown} has {names} names (hard links), so replacing it would part them.");
        return Err(Finding::new(input::HARD_LINKED_FILE, message).at(Place::start_of(shown.clone())));
    }
    match OpenOptions::new().write(true).open(target) {
        Ok(_) => Ok(()),
        Err(error) => Err(failed(shown, "it cannot be opened for writing", &error)),
    }
}

fn read_only(shown: &Arc<str>, why: &str) -> Finding {
    Finding::new(input::READ_ONLY_TARGET, format!("{shown} was not written: {why}.")).at(Place::start_of(shown.clone()))
}

fn check_unchanged(shown: &Arc<str>, target: &Path, before: Option<&Arc<str>>) -> Result<(), Finding> {
    let Some(before) = before else { return Ok(()) };
    match fs::read(target) {
        Ok(bytes) if bytes == before.as_bytes() => Ok(()),
        // Gone, replaced by a folder, or unreadable all of a sudden: changed as well.
        Ok(_) | Err(_) => Err(changed(shown)),
    }
}

fn changed(shown: &Arc<str>) -> Finding {
    let message = format!("{shown} changed on the disk while meshlift was running, so nothing was written.");
    Finding::new(input::CHANGED_WHILE_RUNNING, message).at(Place::start_of(shown.clone()))
}

/// Writes a new file in the target's folder and flushes it to the disk. It gets the mode and owner of `about`, the file
/// it will replace, or else the mode of `model`.
fn write_beside(
    target: &Path,
    bytes: &[u8],
    about: Option<&Metadata>,
    model: Option<&Metadata>,
) -> io::Result<TempPath> {
    let mut fresh = Builder::new().prefix(PREFIX).suffix(".new").tempfile_in(folder_of(target))?;
    write_durably(fresh.as_file_mut(), bytes)?;
    if let Some(about) = about {
        keep_owner(fresh.as_file(), about);
    }
    fresh.as_file().set_permissions(about.or(model).map_or_else(usual_permissions, |like| Ok(like.permissions()))?)?;
    fresh.as_file().sync_all()?;
    Ok(fresh.into_temp_path())
}

/// Writes all bytes, or says why it cannot; a full disk may show only in the flush.
pub(super) fn write_durably(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    file.sync_all()
}

/// Gives the target a second name in its folder; where the file system has no hard links, a copy.
fn keep_beside(target: &Path) -> io::Result<TempPath> {
    let mut builder = Builder::new();
    builder.prefix(PREFIX).suffix(".old");
    let folder = folder_of(target);
    match builder.make_in(folder, |path| fs::hard_link(target, path)) {
        Ok(kept) => Ok(kept.into_temp_path()),
        Err(_) => {
            let kept = builder.tempfile_in(folder)?.into_temp_path();
            fs::copy(target, &kept)?;
            File::open(&kept)?.sync_all()?;
            Ok(kept)
        }
    }
}

#[cfg(unix)]
fn names_of(about: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(about)
}

#[cfg(not(unix))]
fn names_of(_about: &Metadata) -> u64 {
    1
}

/// Only root may give files away, and members of a group may keep it. Where the system refuses, the new file belongs to
/// whoever runs meshlift, as with every editor.
#[cfg(unix)]
fn keep_owner(file: &File, about: &Metadata) {
    use std::os::unix::fs::{MetadataExt, fchown};
    let Ok(own) = file.metadata() else { return };
    if (own.uid(), own.gid()) != (about.uid(), about.gid()) {
        let _ = fchown(file, Some(about.uid()), Some(about.gid())).or_else(|_| fchown(file, None, Some(about.gid())));
    }
}

#[cfg(not(unix))]
fn keep_owner(_file: &File, _about: &Metadata) {}

/// The mode of a new file that is a copy of no file (standard input).
#[cfg(unix)]
fn usual_permissions() -> io::Result<Permissions> {
    Ok(std::os::unix::fs::PermissionsExt::from_mode(0o644))
}

#[cfg(not(unix))]
fn usual_permissions() -> io::Result<Permissions> {
    fs::metadata(std::env::current_dir()?).map(|about| about.permissions())
}
