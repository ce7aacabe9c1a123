//! Which files of a folder its ignore files (`.gitignore`, `.ignore`) leave out.
//!
//! The files are read here, as every file is, and not by the walker: they come from strangers. Only files kept with the
//! manifests decide; a person's global git settings do not. Ignore files count outside a git repository as well.

use super::bounds::Bounds;
use super::open::{self, Limits, Refused};
use super::shown::shown;
use super::walk::unreadable;
use crate::finding::Finding;
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// A stronger kind comes first: `.ignore` in any folder beats `.gitignore` in any folder.
const NAMES: [&str; 2] = [".ignore", ".gitignore"];

/// The ignore files of a folder, of those below it and of those around it, read as they are needed. Shared by threads.
#[derive(Debug)]
pub(super) struct Ignored {
    /// The folder, links resolved.
    root: PathBuf,
    bounds: Bounds,
    limits: Limits,
    /// What holds in the folder itself.
    start: Rules,
    by_folder: RwLock<HashMap<PathBuf, Rules>>,
    findings: Mutex<Vec<Finding>>,
}

/// What holds for the files of one folder.
#[derive(Clone, Debug, Default)]
struct Rules {
    /// Per kind of [`NAMES`]: the nearest rules.
    nearest: [Option<Arc<Layer>>; 2],
    /// The folder itself is left out, and with it all that it holds.
    excluded: bool,
}

/// One ignore file, and that of the same kind above it.
#[derive(Debug)]
struct Layer {
    rules: Gitignore,
    above: Option<Arc<Layer>>,
}

impl Ignored {
    /// For a folder that is walked: its ignore files, and those of the folders above it inside `bounds`.
    pub(super) fn of(root: &Path, bounds: &Bounds, limits: &Limits) -> Ignored {
        let above: Vec<PathBuf> = match root.starts_with(bounds.top()) {
            true => root
                .ancestors()
                .skip(1)
                .take_while(|folder| folder.starts_with(bounds.top()))
                .map(PathBuf::from)
                .collect(),
            false => Vec::new(),
        };
        Ignored::with(root, above, bounds, limits)
    }

    /// For a folder that is compared with another: its own ignore files alone.
    pub(super) fn alone(root: &Path, bounds: &Bounds, limits: &Limits) -> Ignored {
        Ignored::with(root, Vec::new(), bounds, limits)
    }

    fn with(root: &Path, above: Vec<PathBuf>, bounds: &Bounds, limits: &Limits) -> Ignored {
        let mut ignored = Ignored {
            root: root.to_owned(),
            bounds: bounds.clone(),
            limits: *limits,
            start: Rules::default(),
            by_folder: RwLock::default(),
            findings: Mutex::default(),
        };
        let mut start = Rules::default();
        for folder in above.iter().rev().map(PathBuf::as_path).chain([root]) {
            ignored.add(&mut start, folder);
        }
        ignored.start = start;
        ignored
    }

    /// True when the entry at `inner`, relative to the folder, is left out, by a rule of its own or with ANY of the
    /// folders that hold it. The folder itself was named and never is.
    pub(super) fn excludes(&self, inner: &Path, is_folder: bool) -> bool {
        let Some(parent) = inner.parent() else { return false };
        let rules = self.rules(parent);
        rules.excluded || rules.exclude(&self.root.join(inner), is_folder)
    }

    /// Ignore files that must not be read: they decide nothing.
    pub(super) fn findings(self) -> Vec<Finding> {
        self.findings.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// What holds for the files of the folder at `inner`.
    fn rules(&self, inner: &Path) -> Rules {
        if inner.as_os_str().is_empty() {
            return self.start.clone();
        }
        let known = |all: &HashMap<PathBuf, Rules>| all.get(inner).cloned();
        if let Some(rules) = known(&self.by_folder.read().unwrap_or_else(PoisonError::into_inner)) {
            return rules;
        }
        let mut rules = self.rules(inner.parent().unwrap_or(Path::new("")));
        let folder = self.root.join(inner);
        rules.excluded |= rules.exclude(&folder, true);
        if !rules.excluded {
            self.add(&mut rules, &folder);
        }
        self.by_folder.write().unwrap_or_else(PoisonError::into_inner).insert(inner.to_owned(), rules.clone());
        rules
    }

    /// Puts the ignore files of a folder over those above it.
    fn add(&self, rules: &mut Rules, folder: &Path) {
        for (name, nearest) in NAMES.iter().zip(&mut rules.nearest) {
            let path = folder.join(name);
            match open::read(&path, &self.bounds, &self.limits) {
                Ok(bytes) => {
                    *nearest = Some(Arc::new(Layer { rules: parse(folder, &bytes), above: nearest.take() }));
                }
                // What is no ignore file hides nothing; but nobody should believe that it does.
                Err(error) if Refused::of(&error).is_some_and(|why| why != Refused::NotRegular || !path.is_dir()) => {
                    let mut findings = self.findings.lock().unwrap_or_else(PoisonError::into_inner);
                    findings.push(unreadable(shown(&path), &error));
                }
                Err(_) => {}
            }
        }
    }
}

impl Rules {
    /// The nearest ignore file that says something about the path decides.
    fn exclude(&self, full: &Path, is_folder: bool) -> bool {
        for nearest in &self.nearest {
            let mut layer = nearest.as_ref();
            while let Some(Layer { rules, above }) = layer.map(Arc::as_ref) {
                match rules.matched(full, is_folder) {
                    Match::Ignore(_) => return true,
                    Match::Whitelist(_) => return false,
                    Match::None => layer = above.as_ref(),
                }
            }
        }
        false
    }
}

/// A broken line counts for nothing, as in git.
fn parse(folder: &Path, bytes: &[u8]) -> Gitignore {
    let text = String::from_utf8_lossy(bytes);
    let mut builder = GitignoreBuilder::new(folder);
    for line in text.trim_start_matches('\u{FEFF}').lines() {
        let _ = builder.add_line(None, line);
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::walk::{Root, walk};
    use std::fs;

    /// Whatever the ignore files say, the answer is that of the `ignore` crate's own walk, which follows ripgrep.
    fn check(ignore_files: &[(&str, &str)], root: &str) {
        let temp = tempfile::tempdir().unwrap();
        let top = temp.path().canonicalize().unwrap();
        fs::create_dir(top.join(".git")).unwrap();
        let paths = ["a.yaml", "b.json", "d/a.yaml", "d/e/a.yaml", "d/e/b.json", "out/a.yaml", "out/keep/a.yaml"];
        for (name, text) in paths.iter().map(|path| (*path, "")).chain(ignore_files.iter().copied()) {
            fs::create_dir_all(top.join(name).parent().unwrap()).unwrap();
            fs::write(top.join(name), text).unwrap();
        }
        let walked = walk(&[Root::input(top.join(root))]);
        let found: Vec<PathBuf> = walked.sources.into_iter().filter_map(|source| source.path).collect();
        let mut expected: Vec<PathBuf> = ignore::WalkBuilder::new(top.join(root))
            .require_git(false)
            .git_global(false)
            .git_exclude(false)
            .build()
            .map(|entry| entry.unwrap().into_path())
            .filter(|path| path.is_file())
            .collect();
        expected.sort();
        assert_eq!(found, expected, "{ignore_files:?}");
        // Asked about every file one by one, the folders that hold it count.
        let bounds = Bounds::around(&top);
        let ignored = Ignored::of(&top.join(root), &bounds, &Limits::default());
        let asked: Vec<PathBuf> = paths
            .iter()
            .map(Path::new)
            .filter_map(|path| path.strip_prefix(root).ok())
            .filter(|inner| !ignored.excludes(inner, false))
            .map(|inner| top.join(root).join(inner))
            .collect();
        assert_eq!(asked, expected, "{ignore_files:?}");
    }

    #[test]
    fn the_answer_is_that_of_ripgrep() {
        check(&[], "");
        check(&[(".gitignore", "out/\n")], "");
        check(&[(".gitignore", "out/\n")], "out");
        check(&[(".gitignore", "out/*\n!out/keep/\n")], "");
        check(&[(".gitignore", "*.json\n"), ("d/.gitignore", "!b.json\n")], "");
        check(&[(".gitignore", "*.json\n"), ("d/.gitignore", "!b.json\n")], "d");
        check(&[(".gitignore", "/a.yaml\n/d/e\n")], "");
        check(&[(".gitignore", "/a.yaml\n/d/e\n")], "d");
        check(&[(".gitignore", "/a.yaml\n"), (".ignore", "!a.yaml\nb.json\n")], "");
        check(&[(".ignore", "d/e/a.yaml\n")], "d");
        check(&[(".gitignore", "!b.json\n"), ("d/.ignore", "b.json\n")], "");
        check(&[(".ignore", "b.json\n"), ("d/e/.gitignore", "!b.json\n")], "");
        check(&[(".gitignore", "\u{FEFF}out/\n[\n*.json\n")], "");
    }
}
