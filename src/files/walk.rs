//! From the PATHs of the command line to the list of files, each once, in path order.

#[cfg(test)]
mod tests;

use super::resolve::resolved;
use super::shown::{self, STDIN, shown};
use crate::finding::catalogue::input;
use crate::finding::{Finding, Place};
use ignore::{DirEntry, WalkBuilder, WalkState};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
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
}

/// What [`walk`] found.
#[derive(Debug, Default)]
pub struct Walked {
    /// The files in path order: the byte order of [`Source::shown`], as git sorts.
    pub sources: Vec<Source>,
    /// Paths that do not exist or cannot be read, folders without manifests, folders not entered.
    pub findings: Vec<Finding>,
}

impl Walked {
    /// Leaves out the files below `folder` and returns how many those are: for `-o DIR` inside an input folder, whose
    /// copies of the last run are no input of this one.
    pub fn leave_out(&mut self, folder: &Path) -> usize {
        let (before, folder) = (self.sources.len(), resolved(folder));
        self.sources.retain(|source| !source.path.as_ref().is_some_and(|path| resolved(path).starts_with(&folder)));
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
    let mut found = Vec::new();
    let mut findings = Vec::new();
    for root in roots {
        find(root, &mut found, &mut findings);
    }
    if roots.len() > 1 || found.iter().any(|file: &Found| file.linked) {
        found.sort_by(|a, b| (&a.identity, rank(&a.source, a.linked)).cmp(&(&b.identity, rank(&b.source, b.linked))));
        found.dedup_by(|later, earlier| later.identity == earlier.identity);
    }
    let mut sources: Vec<Source> = found.into_iter().map(|file| file.source).collect();
    sources.sort_by(|a, b| a.shown.cmp(&b.shown));
    Walked { sources, findings }
}

/// A file on its way into the list, with what decides between several ways to reach it.
struct Found {
    source: Source,
    /// The path with all links resolved.
    identity: PathBuf,
    /// Reached through a link to the file itself.
    linked: bool,
}

/// Of several ways to reach a file, the one with the lowest rank is kept: input before inventory, its own name before
/// a link's, named before met, then the shorter path.
pub(super) fn rank(source: &Source, linked: bool) -> (Role, bool, bool, usize, &str) {
    (source.role, linked, !source.named, source.shown.len(), &source.shown)
}

fn find(root: &Root, found: &mut Vec<Found>, findings: &mut Vec<Finding>) {
    if root.path.as_os_str() == STDIN {
        found.push(standard_input(root.role));
        return;
    }
    let name = shown(&root.path);
    match fs::metadata(&root.path) {
        Ok(about) if about.is_dir() => find_in_folder(root, name, found, findings),
        Ok(_) => found.push(named_file(root, name)),
        Err(error) => findings.push(unreachable(name, &root.path, &error)),
    }
}

fn standard_input(role: Role) -> Found {
    let source = Source { shown: STDIN.into(), path: None, root: "".into(), role, named: true };
    Found { source, identity: PathBuf::from(STDIN), linked: false }
}

fn named_file(root: &Root, name: Arc<str>) -> Found {
    // A pipe (`<(kubectl get ...)`) has no resolved path; it is read under the name it was given.
    let identity = root.path.canonicalize().unwrap_or_else(|_| root.path.clone());
    let folder = root.path.parent().map(shown).unwrap_or_default();
    let linked = root.path.is_symlink();
    let source = Source { shown: name, path: Some(root.path.clone()), root: folder, role: root.role, named: true };
    Found { source, identity, linked }
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

/// The finding for a file or folder that exists and cannot be read.
pub(super) fn unreadable(name: Arc<str>, error: &io::Error) -> Finding {
    let message = format!("{} cannot be read: {error}.", shown::folder(&name));
    Finding::new(input::UNREADABLE_FILE, message).at(Place::start_of(name))
}

fn find_in_folder(root: &Root, name: Arc<str>, found: &mut Vec<Found>, findings: &mut Vec<Finding>) {
    let top = match root.path.canonicalize() {
        Ok(top) => top,
        Err(error) => return findings.push(unreadable(name, &error)),
    };
    let folder = Folder { given: &root.path, top, name, role: root.role };
    let before = (found.len(), findings.len());
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            walker(&root.path).run(|| {
                let sender = sender.clone();
                let folder = &folder;
                Box::new(move |entry| {
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
                Met::Trouble(finding) => findings.push(*finding),
            }
        }
    });
    if (found.len(), findings.len()) == before {
        findings.push(no_manifests(folder.name));
    }
}

fn no_manifests(name: Arc<str>) -> Finding {
    let message = format!(
        "The folder {} holds no .yaml, .yml or .json file that is neither hidden nor ignored.",
        shown::folder(&name)
    );
    Finding::new(input::NO_MANIFESTS, message).at(Place::start_of(name))
}

fn walker(path: &Path) -> ignore::WalkParallel {
    WalkBuilder::new(path).require_git(false).git_global(false).git_exclude(false).follow_links(false).build_parallel()
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
        if kind.is_dir() || !is_manifest_name(entry.path()) {
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
        };
        Met::File(Box::new(Found { source, identity, linked }))
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
    let name = shown(path);
    let message = format!("{name} is no regular file, so it was not read.");
    Met::Trouble(Box::new(Finding::new(input::UNREADABLE_FILE, message).at(Place::start_of(name))))
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
