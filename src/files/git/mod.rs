//! A git revision as input: the files that a walk of the same paths would have found there.
//!
//! Works by calling `git` (how, and why that is safe: [`program`]), reads objects and the index only, and never touches
//! the work tree.

mod known;
mod program;
#[cfg(test)]
mod tests;
mod tree;

use super::bounds::Bounds;
use super::kustomize::{self, Kustomizations};
use super::open::Limits;
use super::read::{Scan, Want, sift};
use super::resolve::resolved;
use super::shown::{STDIN, shown};
use super::tracked::Tracked;
use super::walk::{Root, Source, is_manifest_name, linked_folder, rank};
use crate::finding::catalogue::input;
use crate::finding::{Finding, Place};
use program::{Git, Objects};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use tree::{Entry, Tree};

pub use known::{Known, known};

/// What roots held at a revision.
#[derive(Debug, Default)]
pub struct Revision {
    /// The manifests, as [`super::read()`] returns those of the work tree. Paths are shown as in the work tree.
    pub scan: Scan,
    /// The kustomizations around them, at the same revision.
    pub kustomizations: Kustomizations,
}

/// The repository of the working directory at one revision.
#[derive(Debug)]
pub struct Snapshot {
    base: String,
    git: Git,
    bounds: Bounds,
    tree: Tree,
    objects: Objects,
    limits: Limits,
}

impl Snapshot {
    /// The repository that holds the working directory, at the revision `base` (a branch, tag or commit).
    ///
    /// # Errors
    /// When there is no repository, no such revision, or no git.
    pub fn open(base: &str, limits: &Limits) -> Result<Snapshot, Finding> {
        Snapshot::around(Path::new("."), base, limits)
    }

    /// Like [`Snapshot::open`] for another working directory.
    fn around(folder: &Path, base: &str, limits: &Limits) -> Result<Snapshot, Finding> {
        let git = Git::around(folder)?;
        let commit = git.commit(base)?;
        let tree = Tree::parse(&git.list(&commit)?);
        let (bounds, objects) = (Bounds::around(&git.top), git.objects()?);
        Ok(Snapshot { base: base.to_owned(), git, bounds, tree, objects, limits: *limits })
    }

    /// The revision as it was asked for.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The top folder of the work tree, links resolved.
    pub fn top(&self) -> &Path {
        &self.git.top
    }

    /// The files that git tracks in the work tree now.
    ///
    /// # Errors
    /// When git cannot say.
    pub fn tracked(&self) -> Result<Tracked, Finding> {
        let listing = self.git.tracked()?;
        let paths = listing.split(|&byte| byte == 0).filter(|path| !path.is_empty());
        Ok(Tracked::new(&self.git.top, paths.map(tree::path_of)))
    }

    /// What the file at a path of the work tree held at the revision, links inside the revision followed; `None` when
    /// there was no such file.
    pub fn file(&mut self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        let Some(below) = self.below(path) else { return Ok(None) };
        match self.locate(&below).and_then(|at| self.tree.get(&at).cloned()) {
            Some(Entry::File(object)) => self.objects.read(&object, self.limits.file).map(Some),
            _ => Ok(None),
        }
    }

    /// The paths of the files that stood directly in a folder of the work tree at the revision, in path order.
    pub fn files_in(&mut self, folder: &Path) -> Vec<PathBuf> {
        let Some(at) = self.below(folder).and_then(|below| self.locate(&below)) else { return Vec::new() };
        let direct = self.tree.below(&at).filter_map(|(path, _)| path.strip_prefix(&at).ok());
        direct.filter(|inner| inner.components().count() == 1).map(|inner| folder.join(inner)).collect()
    }

    /// True when a path of the command line is in this repository, at least by its name.
    pub fn covers(&self, path: &Path) -> bool {
        self.below(path).is_some()
    }

    /// Reads the files below `roots` as they were.
    ///
    /// The rules are those of [`super::walk()`], with two differences: ignore files play no part, because whatever a
    /// revision holds is tracked; and links are followed inside the revision only. A root that did not exist is simply
    /// empty. Contents are those git stores: filters such as LFS do not run.
    ///
    /// # Errors
    /// When a root is not in this repository: nothing can be compared then.
    pub fn read(&mut self, roots: &[Root], want: Want) -> Result<Revision, Finding> {
        let mut files: BTreeMap<PathBuf, File> = BTreeMap::new();
        let mut findings = Vec::new();
        for root in roots {
            let below = self.place(root)?;
            for file in self.files(root, &below, &mut findings) {
                let known = files.get(&file.stored);
                if known.is_none_or(|known| rank(&file.source, file.linked) < rank(&known.source, known.linked)) {
                    files.insert(file.stored.clone(), file);
                }
            }
        }
        let mut files: Vec<File> = files.into_values().collect();
        files.sort_by(|a, b| a.source.shown.cmp(&b.source.shown));
        let contents = files.into_iter().map(|file| {
            let bytes = self.objects.read(&file.object, self.limits.file);
            (file.source, bytes)
        });
        let mut scan = sift(contents, want);
        scan.findings.splice(0..0, findings);
        let sources: Vec<Source> = scan.files.iter().map(|file| file.source.clone()).collect();
        let kustomizations = kustomize::find_with(&sources, |path, _| self.file(path));
        Ok(Revision { scan, kustomizations })
    }

    /// Where a root is in the tree, or why it is not.
    fn place(&self, root: &Root) -> Result<PathBuf, Finding> {
        let name = shown(&root.path);
        let at = |code, message: String| Err(Finding::new(code, message).at(Place::start_of(name.clone())));
        if &*name == STDIN {
            return at(
                input::NO_REPOSITORY,
                format!("Standard input has no revision {:?} to compare with.", self.base),
            );
        }
        let Some(below) = self.below(&root.path) else {
            let message = format!("{name} is not in the git work tree at {}.", shown(&self.git.top));
            return at(input::NO_REPOSITORY, message);
        };
        // From the root upwards, the first folder with a `.git` decides whose files these are.
        let inner = below.ancestors().filter(|ancestor| !ancestor.as_os_str().is_empty());
        match inner.into_iter().find(|ancestor| self.git.top.join(ancestor).join(".git").symlink_metadata().is_ok()) {
            Some(other) => {
                let message = format!(
                    "{name} belongs to another git repository, {}, which lies inside the one at {}.",
                    shown(other),
                    shown(&self.git.top)
                );
                at(input::OTHER_REPOSITORY, message)
            }
            None => Ok(below),
        }
    }

    /// A path of the work tree relative to its top, by its name: where links of the work tree lead says nothing about the
    /// revision. Only a path that reaches the work tree through a link above it is resolved.
    fn below(&self, path: &Path) -> Option<PathBuf> {
        self.bounds.named_below(path).or_else(|| self.bounds.below(&resolved(path)).map(Path::to_owned))
    }

    /// The files that `root`, which is `below` in the tree, means at this revision.
    fn files(&mut self, root: &Root, below: &Path, findings: &mut Vec<Finding>) -> Vec<File> {
        match self.tree.get(below).cloned() {
            // A link to a folder that is named is walked.
            Some(Entry::Link(_)) => {}
            Some(entry) => return self.file_at(root, below, below, &entry, findings).into_iter().collect(),
            None => {}
        }
        let Some(real) = self.locate(below) else { return Vec::new() };
        if let Some(Entry::File(object)) = self.tree.get(&real) {
            let object = object.clone();
            return vec![File { source: named(root), linked: real != below, stored: real, object }];
        }
        let met: Vec<(PathBuf, Entry)> = self
            .tree
            .below(&real)
            .filter(|(path, entry)| {
                let inner = path.strip_prefix(&real).unwrap_or(path);
                !is_hidden(inner) && (is_manifest_name(inner) || matches!(entry, Entry::Submodule))
            })
            .map(|(path, entry)| (path.to_owned(), entry.clone()))
            .collect();
        met.iter().filter_map(|(path, entry)| self.file_at(root, &real, path, entry, findings)).collect()
    }

    /// The file at `path`, which was named when `path` is the root's own place, `below`.
    fn file_at(
        &mut self,
        root: &Root,
        below: &Path,
        path: &Path,
        entry: &Entry,
        findings: &mut Vec<Finding>,
    ) -> Option<File> {
        let source = if path == below { named(root) } else { met(root, path.strip_prefix(below).unwrap_or(path)) };
        let name = source.shown.clone();
        match entry {
            Entry::File(object) => {
                Some(File { source, linked: false, stored: path.to_owned(), object: object.clone() })
            }
            Entry::Submodule => {
                let message = format!("{name} is a git submodule, whose manifests were not read at the revision.");
                findings.push(Finding::new(input::SUBMODULE_NOT_READ, message).at(Place::start_of(name)));
                None
            }
            Entry::Link(_) => match self.follow(path) {
                Ok((stored, object)) => Some(File { source, linked: true, stored, object }),
                Err(target) => {
                    // A link to a folder of the same root hides nothing: the folder itself is read.
                    if self.tree.below(&target).next().is_some() {
                        if !target.starts_with(below) {
                            findings.push(linked_folder(name, &target));
                        }
                    } else {
                        let message =
                            format!("{name} is a link to {}, which the revision does not hold.", shown(&target));
                        findings.push(Finding::new(input::UNREADABLE_FILE, message).at(Place::start_of(name)));
                    }
                    None
                }
            },
        }
    }

    /// The file behind a link, or the path where the chain of links ends without one.
    fn follow(&mut self, link: &Path) -> Result<(PathBuf, String), PathBuf> {
        let mut at = link.to_owned();
        for _ in 0..MAX_LINKS {
            match self.tree.get(&at).cloned() {
                Some(Entry::File(object)) => return Ok((at, object)),
                Some(Entry::Link(object)) => {
                    let Ok(target) = self.objects.read(&object, self.limits.file) else { return Err(at) };
                    let Some(next) = tree::target(&at, &target) else { return Err(tree::path_of(&target)) };
                    at = next;
                }
                _ => return Err(at),
            }
        }
        Err(at)
    }

    /// A path of the tree with the links on its way resolved, itself included; `None` when one of them leaves the tree.
    fn locate(&mut self, below: &Path) -> Option<PathBuf> {
        let mut at = PathBuf::new();
        for part in below.components() {
            at.push(part);
            for _ in 0..MAX_LINKS {
                let Some(Entry::Link(object)) = self.tree.get(&at).cloned() else { break };
                let target = self.objects.read(&object, self.limits.file).ok()?;
                at = tree::target(&at, &target)?;
            }
        }
        Some(at)
    }
}

/// As many links in a row as Linux follows.
const MAX_LINKS: usize = 40;

/// A file of the revision.
struct File {
    source: Source,
    /// Reached through a link.
    linked: bool,
    /// Its path in the tree; for a link, the path of the file behind it.
    stored: PathBuf,
    /// The id of its contents.
    object: String,
}

/// A root that is a file.
fn named(root: &Root) -> Source {
    let folder = root.path.parent().map(shown).unwrap_or_default();
    let path = Some(root.path.clone());
    Source { shown: shown(&root.path), path, root: folder, role: root.role, named: true, bounds: None }
}

/// A file met at `inner` below a root.
fn met(root: &Root, inner: &Path) -> Source {
    let path = root.path.join(inner);
    let root_shown = shown(&root.path);
    Source { shown: shown(&path), path: Some(path), root: root_shown, role: root.role, named: false, bounds: None }
}

fn is_hidden(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str().as_encoded_bytes().starts_with(b"."))
}
