//! A git revision as input: the files that a walk of the same paths would have found there.
//!
//! Works by calling `git`, reads objects only, and never touches the work tree or the index.

mod excluded;
mod program;
#[cfg(test)]
mod tests;
mod tree;

use super::kustomize::{self, Kustomizations};
use super::read::{Scan, Want, sift};
use super::resolve::resolved;
use super::shown::{STDIN, shown};
use super::walk::{Root, Source, is_manifest_name, linked_folder, rank};
use crate::finding::catalogue::input;
use crate::finding::{Finding, Place};
use excluded::Excluded;
use program::{Git, Objects};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use tree::{Entry, Tree};

/// What `roots` held at a revision.
#[derive(Debug, Default)]
pub struct Revision {
    /// The manifests, as [`super::read()`] returns those of the work tree. Paths are shown as in the work tree.
    pub scan: Scan,
    /// The kustomizations around them, at the same revision.
    pub kustomizations: Kustomizations,
}

/// Reads the files below `roots` at the revision `base` (a branch, tag or commit).
///
/// The rules are those of [`super::walk()`]: the same names, hidden files left out, files that the work tree's
/// ignore files exclude left out although they were committed (so that both sides of a comparison hold the same
/// files). A root that did not exist at the revision is simply empty. Contents are those git stores: filters such as
/// LFS do not run. An error means that nothing could be read at all.
pub fn revision(base: &str, roots: &[Root], want: Want) -> Result<Revision, Finding> {
    let mut repositories: BTreeMap<PathBuf, Repository> = BTreeMap::new();
    let mut files: BTreeMap<PathBuf, File> = BTreeMap::new();
    let mut findings = Vec::new();
    for root in roots {
        let name = shown(&root.path);
        if &*name == STDIN {
            let message = format!("Standard input has no revision {base:?} to compare with.");
            return Err(Finding::new(input::NO_REPOSITORY, message).at(Place::start_of(name)));
        }
        let place = resolved(&root.path);
        let git = Git::around(&name, &place)?;
        if !repositories.contains_key(&git.top) {
            repositories.insert(git.top.clone(), Repository::open(&git, base)?);
        }
        let Some(repository) = repositories.get_mut(&git.top) else { continue };
        let below = place.strip_prefix(&git.top).unwrap_or(Path::new("")).to_owned();
        for file in repository.files(root, &below, &mut findings) {
            let identity = git.top.join(&file.stored);
            let known = files.get(&identity);
            if known.is_none_or(|known| rank(&file.source, file.linked) < rank(&known.source, known.linked)) {
                files.insert(identity, file);
            }
        }
    }
    let mut files: Vec<File> = files.into_values().collect();
    files.sort_by(|a, b| a.source.shown.cmp(&b.source.shown));
    let contents = files.into_iter().map(|file| {
        let bytes = match repositories.get_mut(&file.top) {
            Some(repository) => repository.objects.read(&file.object),
            None => Err(io::ErrorKind::NotFound.into()),
        };
        (file.source, bytes)
    });
    let mut scan = sift(contents, want);
    scan.findings.splice(0..0, findings);
    let kustomizations = kustomize::find_with(scan.files.iter().map(|file| &file.source), |path| {
        let real = resolved(path);
        let owner = repositories
            .iter_mut()
            .filter(|(top, _)| real.starts_with(top))
            .max_by_key(|(top, _)| top.as_os_str().len());
        let Some((top, repository)) = owner else { return Ok(None) };
        match real.strip_prefix(top).ok().and_then(|below| repository.tree.get(below)) {
            Some(Entry::File(object)) => repository.objects.read(object).map(Some),
            _ => Ok(None),
        }
    });
    Ok(Revision { scan, kustomizations })
}

/// A file of the revision.
struct File {
    source: Source,
    /// Reached through a link.
    linked: bool,
    /// The work tree it belongs to.
    top: PathBuf,
    /// Its path in the tree; for a link, the path of the file behind it.
    stored: PathBuf,
    /// The id of its contents.
    object: String,
}

/// A repository at one revision.
struct Repository {
    git: Git,
    tree: Tree,
    excluded: Excluded,
    objects: Objects,
}

impl Repository {
    fn open(git: &Git, base: &str) -> Result<Repository, Finding> {
        let commit = git.commit(base)?;
        let tree = Tree::parse(&git.list(&commit)?);
        Ok(Repository { git: git.clone(), tree, excluded: Excluded::new(&git.top), objects: git.objects()? })
    }

    /// The files that `root`, which is `below` in the tree, means at this revision.
    fn files(&mut self, root: &Root, below: &Path, findings: &mut Vec<Finding>) -> Vec<File> {
        let mut files = Vec::new();
        if let Some(entry) = self.tree.get(below).cloned() {
            files.extend(self.file(root, below, below, &entry, findings));
            return files;
        }
        let met: Vec<(PathBuf, Entry)> = self
            .tree
            .below(below)
            .filter(|(path, entry)| {
                let inner = path.strip_prefix(below).unwrap_or(path);
                !is_hidden(inner) && (is_manifest_name(inner) || matches!(entry, Entry::Submodule))
            })
            .map(|(path, entry)| (path.to_owned(), entry.clone()))
            .collect();
        for (path, entry) in met {
            if !self.excluded.excludes(below, &path) {
                files.extend(self.file(root, below, &path, &entry, findings));
            }
        }
        files
    }

    /// The file at `path`, which was named when `path` is `below` itself.
    fn file(
        &mut self,
        root: &Root,
        below: &Path,
        path: &Path,
        entry: &Entry,
        findings: &mut Vec<Finding>,
    ) -> Option<File> {
        let named = path == below;
        let inner = path.strip_prefix(below).unwrap_or(path);
        let given = if named { root.path.clone() } else { root.path.join(inner) };
        let name = shown(&given);
        let folder = if named { given.parent().map(shown).unwrap_or_default() } else { shown(&root.path) };
        let source = Source { shown: name.clone(), path: Some(given), root: folder, role: root.role, named };
        match entry {
            Entry::File(object) => Some(File {
                source,
                linked: false,
                top: self.git.top.clone(),
                stored: path.to_owned(),
                object: object.clone(),
            }),
            Entry::Submodule => {
                let message = format!("{name} is a git submodule, whose manifests were not read at the revision.");
                findings.push(Finding::new(input::SUBMODULE_NOT_READ, message).at(Place::start_of(name)));
                None
            }
            Entry::Link(object) => match self.follow(path, object) {
                Ok((stored, object)) => Some(File { source, linked: true, top: self.git.top.clone(), stored, object }),
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
    fn follow(&mut self, link: &Path, object: &str) -> Result<(PathBuf, String), PathBuf> {
        let mut at = link.to_owned();
        let mut object = object.to_owned();
        // As many links in a row as Linux follows.
        for _ in 0..40 {
            let Ok(target) = self.objects.read(&object) else { return Err(at) };
            let Some(next) = tree::target(&at, &target) else { return Err(tree::path_of(&target)) };
            at = next;
            match self.tree.get(&at) {
                Some(Entry::File(object)) => return Ok((at, object.clone())),
                Some(Entry::Link(next)) => object = next.clone(),
                _ => return Err(at),
            }
        }
        Err(at)
    }
}

fn is_hidden(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str().as_encoded_bytes().starts_with(b"."))
}
