//! The kustomization files around the manifests: they set the namespace of documents that name none.
//!
//! This module finds them and reads their text; what they say is for others to parse.

use super::bounds::Bounds;
use super::open::{self, Limits};
use super::shown::{folder, shown};
use super::text::decode;
use super::walk::{Source, unreadable};
use crate::finding::catalogue::input;
use crate::finding::{Finding, Place};
use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// The names kustomize knows, in its order of preference.
const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// One kustomization file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kustomization {
    /// Its path as shown.
    pub shown: Arc<str>,
    /// The folder it governs, as shown; empty for the working directory.
    pub folder: Arc<str>,
    /// Its text.
    pub text: Arc<str>,
}

/// The kustomizations that enclose the files of a run.
#[derive(Clone, Debug, Default)]
pub struct Kustomizations {
    /// By shown folder, each folder once.
    by_folder: BTreeMap<Arc<str>, Kustomization>,
    /// For each shown folder that holds a file: the folders from it up to the limit of the search, as shown.
    chains: BTreeMap<Arc<str>, Vec<Arc<str>>>,
    /// Kustomization files that could not be read, and folders with several.
    pub findings: Vec<Finding>,
}

impl Kustomizations {
    /// All of them, in path order of their folders.
    pub fn all(&self) -> impl Iterator<Item = &Kustomization> {
        self.by_folder.values()
    }

    /// Those around a file that was given to [`find`] (by [`Source::shown`]), the nearest first.
    pub fn enclosing(&self, file: &str) -> impl Iterator<Item = &Kustomization> {
        let folder = file.rsplit_once('/').map_or("", |(folder, _)| if folder.is_empty() { "/" } else { folder });
        self.chains.get(folder).into_iter().flatten().filter_map(|folder| self.by_folder.get(folder))
    }
}

/// Finds the kustomizations in the folders of `sources` and above them.
///
/// The search ends at the working directory; for a path outside of it (absolute, or with `..`) at the input root.
/// Ignore files play no part: kustomize does not know them.
pub fn find<'a>(sources: impl IntoIterator<Item = &'a Source>, limits: &Limits) -> Kustomizations {
    let read = |path: &Path, bounds: Option<&Bounds>| match bounds {
        Some(bounds) => open::read(path, bounds, limits),
        None => open::read(path, &Bounds::of_root(path), limits),
    };
    find_with(sources, |path, bounds| match read(path, bounds) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    })
}

/// Like [`find`], with the way to read a file given: `None` when there is no such file.
pub(super) fn find_with<'a>(
    sources: impl IntoIterator<Item = &'a Source>,
    mut fetch: impl FnMut(&Path, Option<&Bounds>) -> io::Result<Option<Vec<u8>>>,
) -> Kustomizations {
    let mut found = Kustomizations::default();
    let mut folders: BTreeMap<Arc<str>, (PathBuf, Option<Bounds>)> = BTreeMap::new();
    for source in sources {
        let Some(parent) = source.path.as_deref().and_then(Path::parent) else { continue };
        found.chains.entry(shown(parent)).or_insert_with(|| {
            let chain = chain(parent, &source.root);
            folders.extend(chain.iter().map(|folder| (shown(folder), ((*folder).to_owned(), source.bounds.clone()))));
            chain.into_iter().map(shown).collect()
        });
    }
    for (name, (path, bounds)) in folders {
        let (kustomization, findings) = read_folder(&name, &path, &mut |file| fetch(file, bounds.as_ref()));
        found.findings.extend(findings);
        if let Some(kustomization) = kustomization {
            found.by_folder.insert(name, kustomization);
        }
    }
    found
}

/// The folder and those above it, up to the limit of the search, the nearest first.
fn chain<'a>(folder: &'a Path, root: &str) -> Vec<&'a Path> {
    let inside = folder.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    let mut chain = Vec::new();
    for ancestor in folder.ancestors() {
        // `./a` has both `.` and the empty path above it, which are the same folder.
        if ancestor != Path::new(".") {
            chain.push(ancestor);
        }
        if !inside && &*shown(ancestor) == root {
            break;
        }
    }
    chain
}

fn read_folder(
    name: &str,
    path: &Path,
    fetch: &mut impl FnMut(&Path) -> io::Result<Option<Vec<u8>>>,
) -> (Option<Kustomization>, Vec<Finding>) {
    let mut first: Option<Kustomization> = None;
    let mut findings = Vec::new();
    for file in NAMES.map(|file| path.join(file)) {
        let text = match fetch(&file) {
            Ok(None) => continue,
            Ok(Some(bytes)) => decode(&shown(&file), bytes),
            Err(error) => Err(unreadable(shown(&file), &error)),
        };
        match (text, &first) {
            (Err(finding), _) => findings.push(finding),
            (Ok(text), None) => first = Some(Kustomization { shown: shown(&file), folder: name.into(), text }),
            (Ok(_), Some(first)) => findings.push(
                Finding::new(
                    input::SEVERAL_KUSTOMIZATIONS,
                    format!(
                        "The folder {} holds {} beside {}, which was read.",
                        folder(name),
                        shown(&file),
                        first.shown
                    ),
                )
                .at(Place::start_of(shown(&file))),
            ),
        }
    }
    (first, findings)
}

#[cfg(test)]
mod tests {
    use super::super::walk::{Role, Root, walk};
    use super::*;
    use std::fs;

    fn source(path: &str, root: &str) -> Source {
        Source {
            shown: shown(Path::new(path)),
            path: Some(path.into()),
            root: root.into(),
            role: Role::Input,
            named: false,
            bounds: None,
        }
    }

    /// The kustomizations around `file`, when these exist.
    fn check(file: &str, root: &str, existing: &[&str], expected: &[&str]) {
        let source = source(file, root);
        let found = find_with([&source], |path, _| Ok(existing.contains(&&*shown(path)).then(|| b"x".to_vec())));
        assert_eq!(found.enclosing(&source.shown).map(|one| &*one.shown).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn the_nearest_comes_first_and_the_search_ends_at_the_working_directory() {
        let existing = ["kustomization.yaml", "a/b/Kustomization", "c/kustomization.yaml"];
        check("a/b/x.yaml", "a", &existing, &["a/b/Kustomization", "kustomization.yaml"]);
        check("x.yaml", "", &existing, &["kustomization.yaml"]);
        check("./a/b/x.yaml", "", &existing, &["a/b/Kustomization", "kustomization.yaml"]);
        check("./x.yaml", "", &existing, &["kustomization.yaml"]);
    }

    #[test]
    fn outside_the_working_directory_the_search_ends_at_the_input_root() {
        let existing =
            ["/r/kustomization.yaml", "/kustomization.yaml", "../kustomization.yaml", "../r/kustomization.yml"];
        check("/r/a/x.yaml", "/r", &existing, &["/r/kustomization.yaml"]);
        check("../r/a/x.yaml", "../r", &existing, &["../r/kustomization.yml"]);
    }

    #[test]
    fn several_in_one_folder_are_reported() {
        let temp = tempfile::tempdir().unwrap();
        for name in ["Kustomization", "kustomization.yml", "x.yaml"] {
            fs::write(temp.path().join(name), name).unwrap();
        }
        let walked = walk(&[Root::input(temp.path())]);
        let found = find(&walked.sources, &Limits::default());
        assert_eq!(found.all().map(|one| &*one.text).collect::<Vec<_>>(), ["kustomization.yml"]);
        let codes: Vec<_> = found.findings.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, [input::SEVERAL_KUSTOMIZATIONS]);
    }

    #[test]
    fn one_that_cannot_be_read_is_reported() {
        let temp = tempfile::tempdir().unwrap();
        fs::write(temp.path().join("x.yaml"), "").unwrap();
        fs::create_dir(temp.path().join("Kustomization")).unwrap();
        fs::write(temp.path().join("kustomization.yml"), b"\xFF").unwrap();
        let found = find(&walk(&[Root::input(temp.path())]).sources, &Limits::default());
        let codes: Vec<_> = found.findings.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, [input::NOT_UTF8, input::UNREADABLE_FILE]);
    }
}
