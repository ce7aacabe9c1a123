//! One file of a commit: checked, written beside its target, moved into place, and moved back.

use super::plan::{Digest, PREFIX, Step, new_file, old_file};
use super::{Before, Change, failed, folder_of, signals};
use crate::finding::catalogue::input;
use crate::finding::{Finding, Place};
use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempPath;

/// A change whose target may be written, as far as that can be told without writing.
#[derive(Debug)]
pub(super) struct Checked {
    shown: Arc<str>,
    /// The file itself, links resolved.
    target: PathBuf,
    /// What the target must still hold; `None` when that does not matter.
    before: Option<Arc<str>>,
    /// The file that is replaced; `None` when there is none yet.
    about: Option<Metadata>,
    /// The file of which a new one is a copy.
    model: Option<Metadata>,
    after: String,
}

impl Checked {
    /// Finds the file behind the change and checks what its mode bits allow.
    pub(super) fn new(change: Change) -> Result<Checked, Finding> {
        let Change { shown, path, before, after } = change;
        let target = resolve(&path).map_err(|error| failed(&shown, "it cannot be reached", &error))?;
        let about = match fs::metadata(&target) {
            Ok(_) if matches!(before, Before::Nothing { .. }) => return Err(changed(&shown)),
            Ok(about) => Some(about),
            Err(error) if error.kind() == io::ErrorKind::NotFound && !matches!(before, Before::Text(_)) => None,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(changed(&shown)),
            Err(error) => return Err(failed(&shown, "it cannot be examined", &error)),
        };
        check_folder(&shown, folder_of(&target))?;
        if let Some(about) = &about {
            check_target(&shown, &target, about)?;
        }
        let (before, model) = match before {
            Before::Text(text) => (Some(text), None),
            Before::Any { model } | Before::Nothing { model } => (None, model.and_then(|path| fs::metadata(path).ok())),
        };
        Ok(Checked { shown, target, before, about, model, after })
    }

    /// What the plan says about it.
    pub(super) fn step(&self) -> Step {
        Step {
            folder: folder_of(&self.target).to_owned(),
            name: self.target.file_name().unwrap_or_default().to_owned(),
            existed: self.about.is_some(),
            after: Digest::of(self.after.as_bytes()),
        }
    }

    /// Writes the new text beside the target, and keeps the old file there under a second name. Removes what it wrote
    /// when it fails.
    pub(super) fn stage(self, run: &str, number: usize) -> Result<Staged, Finding> {
        let folder = folder_of(&self.target);
        let old = old_file(folder, run, number);
        let mut staged = self.stage_alone(run, number)?;
        staged.old = Some(
            keep_beside(&staged, old)
                .map_err(|error| failed(&staged.shown, "the old file cannot be kept beside it", &error))?,
        );
        Ok(staged)
    }

    /// The same without keeping the old file: for a change that is the only one, and needs no undoing.
    pub(super) fn stage_alone(self, run: &str, number: usize) -> Result<Staged, Finding> {
        let Checked { shown, target, before, about, model, after } = self;
        if let Some(signal) = signals::stopped() {
            return Err(stopped(&shown, signal));
        }
        if let Some(about) = &about {
            check_names(&shown, &target, about)?;
        }
        check_unchanged(&shown, &target, before.as_ref())?;
        let place = new_file(folder_of(&target), run, number);
        let fresh = write_beside(place, after.as_bytes(), about.as_ref(), model.as_ref())
            .map_err(|error| failed(&shown, "the new text cannot be written beside it", &error))?;
        Ok(Staged { shown, target, before, existed: about.is_some(), old: None, fresh: Some(fresh), replaced: false })
    }
}

/// A change whose new text is on the disk, beside the target.
#[derive(Debug)]
pub(super) struct Staged {
    shown: Arc<str>,
    target: PathBuf,
    before: Option<Arc<str>>,
    existed: bool,
    // Removed in this order: a new file that is still there tells the next start that its target was not replaced.
    /// The old file under a second name; an empty file when there was none.
    old: Option<TempPath>,
    /// The new file, until it is moved into place.
    fresh: Option<TempPath>,
    /// True once the target is the new file.
    replaced: bool,
}

impl Staged {
    pub(super) fn target(&self) -> &Path {
        &self.target
    }

    /// Moves the new file into place, if the target still is what it was.
    pub(super) fn replace(&mut self) -> Result<(), Finding> {
        if let Some(signal) = signals::stopped() {
            return Err(stopped(&self.shown, signal));
        }
        check_unchanged(&self.shown, &self.target, self.before.as_ref())?;
        let Some(fresh) = self.fresh.take() else { return Ok(()) };
        let moved = if self.existed { fresh.persist(&self.target) } else { fresh.persist_noclobber(&self.target) };
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
        let Some(old) = self.old.take() else { return Ok(()) };
        if !self.existed {
            return fs::remove_file(&self.target).map_err(|error| {
                let _ = old.keep();
                failed(&self.shown, "the run failed elsewhere and the new file cannot be removed", &error)
            });
        }
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
                "Move {} back to {} by hand, or run meshlift convert --write again, which does it.",
                kept.display(),
                self.shown
            ))
        })
    }
}

#[cfg(test)]
impl Staged {
    /// Leaves the files where they are.
    pub(super) fn leave(self) {
        for file in [self.old, self.fresh].into_iter().flatten() {
            file.keep().unwrap();
        }
    }
}

fn stopped(shown: &Arc<str>, signal: &str) -> Finding {
    let message = format!("The run was stopped by {signal} before it was complete, so every file has its old text.");
    Finding::new(input::STOPPED, message).at(Place::start_of(shown.clone()))
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
    match OpenOptions::new().write(true).open(target) {
        Ok(_) => Ok(()),
        Err(error) => Err(failed(shown, "it cannot be opened for writing", &error)),
    }
}

/// Second names that an interrupted run gave the file, and whose journal is gone, are removed: they are its own.
fn check_names(shown: &Arc<str>, target: &Path, about: &Metadata) -> Result<(), Finding> {
    let names = names_of(about);
    if names < 2 || names - remove_second_names(target, about) < 2 {
        return Ok(());
    }
    let message = format!("{shown} has {names} names (hard links), so replacing it would part them.");
    Err(Finding::new(input::HARD_LINKED_FILE, message).at(Place::start_of(shown.clone())))
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

/// Writes a new file and flushes it to the disk. It gets the mode and owner of `about`, the file it will replace, or
/// else the mode of `model`.
fn write_beside(
    place: PathBuf,
    bytes: &[u8],
    about: Option<&Metadata>,
    model: Option<&Metadata>,
) -> io::Result<TempPath> {
    let mut file = create(&place)?;
    let place = TempPath::try_from_path(place)?;
    if let Some(about) = about {
        keep_owner(&file, about);
    }
    let permissions = about.or(model).map_or_else(usual_permissions, |like| Ok(like.permissions()))?;
    file.set_permissions(permissions)?;
    write_durably(&mut file, bytes)?;
    Ok(place)
}

/// A new file that only its owner may read until it has the mode of the one it replaces.
fn create(place: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(place)
}

/// Writes all bytes, or says why it cannot; a full disk may show only in the flush.
pub(super) fn write_durably(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    file.sync_all()
}

/// Gives the target a second name in its folder; where the file system has no hard links, a copy. Where there is no
/// target yet, an empty file tells the next start that a file which stands there is this run's.
fn keep_beside(staged: &Staged, place: PathBuf) -> io::Result<TempPath> {
    if !staged.existed {
        create(&place)?;
        return TempPath::try_from_path(place);
    }
    if fs::hard_link(&staged.target, &place).is_ok() {
        return TempPath::try_from_path(place);
    }
    let mut copy = create(&place)?;
    let place = TempPath::try_from_path(place)?;
    io::copy(&mut File::open(&staged.target)?, &mut copy)?;
    let about = fs::metadata(&staged.target)?;
    keep_owner(&copy, &about);
    copy.set_permissions(about.permissions())?;
    copy.sync_all()?;
    Ok(place)
}

/// Removes those names of a file in its folder that only meshlift gives, and counts them.
#[cfg(unix)]
fn remove_second_names(target: &Path, about: &Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let is_old = |path: &Path| {
        let name = path.file_name().and_then(std::ffi::OsStr::to_str);
        name.is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(".old"))
    };
    let is_same = |path: &Path| {
        fs::symlink_metadata(path).is_ok_and(|other| (other.dev(), other.ino()) == (about.dev(), about.ino()))
    };
    let entries = fs::read_dir(folder_of(target)).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.filter(|path| is_old(path) && is_same(path) && fs::remove_file(path).is_ok()).count() as u64
}

#[cfg(not(unix))]
fn remove_second_names(_target: &Path, _about: &Metadata) -> u64 {
    0
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
