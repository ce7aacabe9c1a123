//! From the PATHs of the command line to the list of files, each once, in path order.

#[cfg(test)]
mod tests;

use super::bounds::Bounds;
use super::ignored::Ignored;
use super::open::{Limits, Links, Refused};
use super::resolve::resolved;
use super::shown::{self, STDIN, shown};
use super::tracked::Tracked;
use super::unread;
use crate::finding::catalogue::input;
use crate::finding::{Finding, Place};
use ignore::{DirEntry, WalkBuilder, WalkState};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

/// What a file is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// A `PATH`: its legacy objects are converted.
    Input,
    /// An `--inventory PATH`: read for what it says about the mesh, never rewritten.
    Inventory,
}

/// One path of the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// A file, a folder, or `-` for standard input.
    pub path: PathBuf,
    /// What it is read for.
    pub role: Role,
}

impl Root {
    /// A `PATH` argument.
    pub fn input(path: impl Into<PathBuf>) -> Root {
        Root { path: path.into(), role: Role::Input }
    }

    /// An `--inventory` argument.
    pub fn inventory(path: impl Into<PathBuf>) -> Root {
        Root { path: path.into(), role: Role::Inventory }
    }
}

/// A file to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The path as the user would write it, `/`-separated; `-` for standard input. Unique in a run.
    pub shown: Arc<str>,
    /// Where the file is, as named or met (links are not resolved); `None` for standard input.
    pub path: Option<PathBuf>,
    /// The input root, shown: the folder named on the command line, or the folder of a file named there. Empty for the
    /// working directory.
    pub root: Arc<str>,
    /// What it is read for.
    pub role: Role,
    /// True when the user named this very file (or standard input), false when it was met in a folder.
    pub named: bool,
    /// The folder that it must lie in, links followed; `None` for what the user named outside of it, for standard input
    /// and for the files of a git revision.
    pub bounds: Option<Bounds>,
}

/// What [`walk`] found.
#[derive(Debug, Default)]
pub struct Walked {
    /// The files in path order: the byte order of [`Source::shown`], as git sorts.
    pub sources: Vec<Source>,
    /// Files that are not read, although a manifest may have such a name; in path order.
    pub unread: Vec<Source>,
    /// Paths that do not exist or cannot be read, folders without manifests, folders not entered.
    pub findings: Vec<Finding>,
    /// How many manifests ignore files left out. Counted only where two states are compared: elsewhere ignored folders
    /// are not entered.
    pub ignored: usize,
    /// How much of the files is to be read.
    pub limits: Limits,
}

/// How a walk goes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner<'a> {
    /// How much is read of one file, and from where.
    pub limits: Limits,
    /// What ignore files leave out.
    pub ignoring: Ignoring<'a>,
}

/// Whose ignore files count, and for what.
#[derive(Clone, Copy, Debug, Default)]
pub enum Ignoring<'a> {
    /// Those of the folders walked, for every file.
    #[default]
    AsWritten,
    /// Those of the folders walked, except for files that git tracks: a branch cannot hide what it holds.
    Untracked(&'a Tracked),
    /// Those of another folder, whose state the walked one is compared with. A file there decides about the file of the
    /// same path here.
    AsIn(&'a Path),
}

impl Walked {
    /// Leaves out the files below `folder` and returns how many those are: for `-o DIR` inside an input folder, whose
    /// copies of the last run are no input of this one.
    pub fn leave_out(&mut self, folder: &Path) -> usize {
        let (before, folder) = (self.sources.len(), resolved(folder));
        let is_elsewhere =
            |source: &Source| !source.path.as_ref().is_some_and(|path| resolved(path).starts_with(&folder));
        self.sources.retain(is_elsewhere);
        self.unread.retain(is_elsewhere);
        before - self.sources.len()
    }
}

/// Lists the files that `roots` mean.
///
/// * A folder means the `.yaml`, `.yml` and `.json` files below it, except hidden ones and those that the ignore files
///   (`.gitignore`, `.ignore`) of the tree exclude. Only files kept with the manifests decide: a person's global git
///   settings do not. Ignore files count outside a git repository as well.
/// * A file that is named is read whatever it is called and whatever ignores it.
/// * Links to files are followed. Links to folders are followed when named; below a folder they are reported and not
///   entered, so a loop of links cannot hang the walk.
/// * A file that is reached twice is listed once: as an input rather than as inventory, under its own name rather than
///   a link's, as named rather than met.
pub fn walk(roots: &[Root]) -> Walked {
    walk_as(roots, &Manner::default())
}

/// Like [`walk`], in a manner of one's own.
pub fn walk_as(roots: &[Root], manner: &Manner<'_>) -> Walked {
    let mut walked = Walked { limits: manner.limits, ..Walked::default() };
    let mut found = Vec::new();
    for root in roots {
        find(root, manner, &mut found, &mut walked);
    }
    if roots.len() > 1 || found.iter().any(|file: &Found| file.linked) {
        found.sort_by(|a, b| (&a.identity, rank(&a.source, a.linked)).cmp(&(&b.identity, rank(&b.source, b.linked))));
        found.dedup_by(|later, earlier| later.identity == earlier.identity);
    }
    found.sort_by(|a, b| a.source.shown.cmp(&b.source.shown));
    let (read, unread): (Vec<Found>, Vec<Found>) = found.into_iter().partition(|file| file.read);
    let sources = |found: Vec<Found>| found.into_iter().map(|file| file.source).collect();
    (walked.sources, walked.unread) = (sources(read), sources(unread));
    walked
}

/// A file on its way into the list, with what decides between several ways to reach it.
struct Found {
    source: Source,
    /// The path with all links resolved.
    identity: PathBuf,
    /// Reached through a link to the file itself.
    linked: bool,
    /// False when its name only looks like that of a manifest.
    read: bool,
}

/// Of several ways to reach a file, the one with the lowest rank is kept: input before inventory, its own name before
/// a link's, named before met, then the shorter path.
pub(super) fn rank(source: &Source, linked: bool) -> (Role, bool, bool, usize, &str) {
    (source.role, linked, !source.named, source.shown.len(), &source.shown)
}

fn find(root: &Root, manner: &Manner<'_>, found: &mut Vec<Found>, walked: &mut Walked) {
    if root.path.as_os_str() == STDIN {
        found.push(standard_input(root.role));
        return;
    }
    let name = shown(&root.path);
    match fs::metadata(&root.path) {
        Ok(about) if about.is_dir() => find_in_folder(root, name, manner, found, walked),
        Ok(_) => found.push(named_file(root, name)),
        Err(error) => walked.findings.push(unreachable(name, &root.path, &error)),
    }
}

fn standard_input(role: Role) -> Found {
    let source = Source { shown: STDIN.into(), path: None, root: "".into(), role, named: true, bounds: None };
    Found { source, identity: PathBuf::from(STDIN), linked: false, read: true }
}

fn named_file(root: &Root, name: Arc<str>) -> Found {
    // A pipe (`<(kubectl get ...)`) has no resolved path; it is read under the name it was given.
    let identity = root.path.canonicalize().unwrap_or_else(|_| root.path.clone());
    let folder = root.path.parent().map(shown).unwrap_or_default();
    let linked = root.path.is_symlink();
    // A pipe or device that is named itself (`mkfifo`) is meant; behind a link it could be anybody's.
    let special = root.path.symlink_metadata().is_ok_and(|about| !about.is_file() && !about.is_symlink());
    let bounds = Bounds::of_named(&root.path).filter(|_| !special);
    let source =
        Source { shown: name, path: Some(root.path.clone()), root: folder, role: root.role, named: true, bounds };
    Found { source, identity, linked, read: true }
}

/// The finding for a named path that leads nowhere.
fn unreachable(name: Arc<str>, path: &Path, error: &io::Error) -> Finding {
    let message = match error.kind() {
        io::ErrorKind::NotFound if path.is_symlink() => format!("{name} is a link to something that does not exist."),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => format!("{name} does not exist."),
        _ => return unreadable(name, error),
    };
    Finding::new(input::MISSING_PATH, message).at(Place::start_of(name))
}

/// The finding for a file or folder that exists and cannot be read, or must not be.
pub(super) fn unreadable(name: Arc<str>, error: &io::Error) -> Finding {
    let (code, message) = match Refused::of(error) {
        Some(Refused::Outside) => (input::LEADS_OUTSIDE, format!("{} was not read: {error}.", shown::folder(&name))),
        Some(Refused::TooLarge(_)) => (input::FILE_TOO_LARGE, format!("{name} was not read: {error}.")),
        Some(Refused::NotRegular) => {
            (input::UNREADABLE_FILE, format!("{name} is no regular file, so it was not read."))
        }
        None => (input::UNREADABLE_FILE, format!("{} cannot be read: {error}.", shown::folder(&name))),
    };
    Finding::new(code, message).at(Place::start_of(name))
}

fn find_in_folder(root: &Root, name: Arc<str>, manner: &Manner<'_>, found: &mut Vec<Found>, walked: &mut Walked) {
    let top = match root.path.canonicalize() {
        Ok(top) => top,
        Err(error) => return walked.findings.push(unreadable(name, &error)),
    };
    let bounds = Bounds::of_root(&root.path);
    if manner.limits.links == Links::Inside && bounds.below(&top).is_none() {
        return walked.findings.push(unreadable(name, &Refused::Outside.into()));
    }
    let (limits, ignored) = (&manner.limits, AtomicUsize::new(0));
    let rules = match manner.ignoring {
        Ignoring::AsIn(folder) => Ignored::alone(&resolved(folder), &Bounds::of_root(folder), limits),
        Ignoring::AsWritten | Ignoring::Untracked(_) => Ignored::of(&top, &bounds, limits),
    };
    let folder = Folder { given: &root.path, top, name, role: root.role, bounds };
    let sight = Sight { rules, ignoring: manner.ignoring, ignored };
    let before = (found.len(), walked.findings.len());
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            walker(&root.path).run(|| {
                let sender = sender.clone();
                let (folder, sight) = (&folder, &sight);
                Box::new(move |entry| {
                    if let Ok(entry) = &entry
                        && !sight.takes(folder, entry)
                    {
                        return WalkState::Skip;
                    }
                    if let Some(met) = folder.meet(entry) {
                        // Fails only when the receiver is gone, and it outlives the walk.
                        let _ = sender.send(met);
                    }
                    WalkState::Continue
                })
            });
            drop(sender);
        });
        for met in receiver {
            match met {
                Met::File(file) => found.push(*file),
                Met::Trouble(finding) => walked.findings.push(*finding),
            }
        }
    });
    walked.ignored += sight.ignored.into_inner();
    walked.findings.extend(sight.rules.findings());
    let (old, silent) = (before.0, walked.findings.len() == before.1);
    if silent && !found.iter().skip(old).any(|file| file.read) {
        walked.findings.push(no_manifests(folder.name));
    }
}

/// What of a folder is seen.
struct Sight<'a> {
    rules: Ignored,
    ignoring: Ignoring<'a>,
    /// Manifests left out.
    ignored: AtomicUsize,
}

impl Sight<'_> {
    /// False for an entry that ignore files leave out.
    fn takes(&self, folder: &Folder<'_>, entry: &DirEntry) -> bool {
        let Ok(inner) = entry.path().strip_prefix(folder.given) else { return true };
        let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
        if inner.as_os_str().is_empty() || !is_folder && !is_manifest_name(inner) && !unread::may_hold_manifests(inner)
        {
            return true;
        }
        match self.ignoring {
            Ignoring::AsWritten => !self.rules.excludes(inner, is_folder),
            // A folder that is left out may hold tracked files, and all others are counted.
            Ignoring::Untracked(_) | Ignoring::AsIn(_) if is_folder => true,
            Ignoring::Untracked(tracked) if tracked.holds(&folder.top.join(inner)) => true,
            Ignoring::Untracked(_) | Ignoring::AsIn(_) => {
                let excluded = self.rules.excludes(inner, is_folder);
                self.ignored.fetch_add(usize::from(excluded && is_manifest_name(inner)), Ordering::Relaxed);
                !excluded
            }
        }
    }
}

fn no_manifests(name: Arc<str>) -> Finding {
    let message = format!(
        "The folder {} holds no .yaml, .yml or .json file that is neither hidden nor ignored.",
        shown::folder(&name)
    );
    let finding = Finding::new(input::NO_MANIFESTS, message);
    // The folder that one stands in has no name to point at.
    if name.is_empty() { finding } else { finding.at(Place::start_of(name)) }
}

/// Hidden files are left out here; what ignore files say is for [`Ignored`].
fn walker(path: &Path) -> ignore::WalkParallel {
    WalkBuilder::new(path).standard_filters(false).hidden(true).follow_links(false).build_parallel()
}

/// A folder that is being walked.
struct Folder<'a> {
    /// As named on the command line.
    given: &'a Path,
    /// With all links resolved.
    top: PathBuf,
    /// As shown.
    name: Arc<str>,
    role: Role,
    bounds: Bounds,
}

enum Met {
    File(Box<Found>),
    Trouble(Box<Finding>),
}

impl Folder<'_> {
    /// What one entry of the walk means; `None` for folders and files that are no manifests.
    fn meet(&self, entry: Result<DirEntry, ignore::Error>) -> Option<Met> {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => return Some(Met::Trouble(Box::new(self.walk_error(&error)))),
        };
        let kind = entry.file_type()?;
        if kind.is_symlink() {
            return self.meet_link(entry.path());
        }
        let is_manifest = is_manifest_name(entry.path());
        // The inventory is not converted, so nothing in it is forgotten.
        let may_be_one = self.role == Role::Input && kind.is_file() && unread::may_hold_manifests(entry.path());
        if kind.is_dir() || !is_manifest && !may_be_one {
            return None;
        }
        if !kind.is_file() {
            return Some(not_a_file(entry.path()));
        }
        // Links below the top are not entered, so the path below it is already free of links.
        let identity = self.top.join(entry.path().strip_prefix(self.given).ok()?);
        Some(self.file(entry.path(), identity, false))
    }

    fn meet_link(&self, path: &Path) -> Option<Met> {
        let about = match fs::metadata(path) {
            Ok(about) => about,
            Err(error) if is_manifest_name(path) => {
                return Some(Met::Trouble(Box::new(unreadable(shown(path), &error))));
            }
            Err(_) => return None,
        };
        let is_manifest = !about.is_dir() && is_manifest_name(path);
        if !is_manifest && !about.is_dir() {
            return None;
        }
        if is_manifest && !about.is_file() {
            return Some(not_a_file(path));
        }
        let target = match path.canonicalize() {
            Ok(target) => target,
            Err(error) => return Some(Met::Trouble(Box::new(unreadable(shown(path), &error)))),
        };
        if is_manifest {
            return Some(self.file(path, target, true));
        }
        // A link to a folder of the same tree hides nothing: the folder itself is walked.
        (!target.starts_with(&self.top)).then(|| Met::Trouble(Box::new(linked_folder(shown(path), &target))))
    }

    fn file(&self, path: &Path, identity: PathBuf, linked: bool) -> Met {
        let source = Source {
            shown: shown(path),
            path: Some(path.to_owned()),
            root: self.name.clone(),
            role: self.role,
            named: false,
            bounds: Some(self.bounds.clone()),
        };
        Met::File(Box::new(Found { source, identity, linked, read: is_manifest_name(path) }))
    }

    fn walk_error(&self, error: &ignore::Error) -> Finding {
        let name = error_path(error).map_or_else(|| self.name.clone(), shown);
        match error.io_error() {
            Some(io) => unreadable(name, io),
            None => unreadable(name, &io::Error::other(error.to_string())),
        }
    }
}

/// A pipe, socket or device among the manifests: opening it could wait for ever.
fn not_a_file(path: &Path) -> Met {
    Met::Trouble(Box::new(unreadable(shown(path), &Refused::NotRegular.into())))
}

pub(super) fn linked_folder(name: Arc<str>, target: &Path) -> Finding {
    let message = format!("{name} is a link to the folder {}, which was not entered.", shown(target));
    Finding::new(input::LINKED_FOLDER, message).at(Place::start_of(name))
}

fn error_path(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => error_path(err),
        ignore::Error::Loop { child, .. } => Some(child),
        ignore::Error::Partial(errors) => errors.iter().find_map(error_path),
        _ => None,
    }
}

/// True for the names that are read when met in a folder: `.yaml`, `.yml`, `.json`, in any case.
pub(super) fn is_manifest_name(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| ["yaml", "yml", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known)))
}
