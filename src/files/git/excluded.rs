//! Which committed files a walk of the work tree would leave out because of ignore files.
//!
//! The work tree's present `.gitignore` and `.ignore` files decide for the revision too: the question is always what
//! the other side of the comparison holds. `git check-ignore` would not do, because it knows `.gitignore` only and
//! adds a person's own settings, which a walk does not.

use ignore::Match;
use ignore::gitignore::Gitignore;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The ignore files of a work tree, read as they are needed.
#[derive(Debug)]
pub(super) struct Excluded {
    top: PathBuf,
    by_folder: BTreeMap<PathBuf, [Gitignore; 2]>,
}

/// A stronger kind comes first: `.ignore` in any folder beats `.gitignore` in any folder.
const NAMES: [&str; 2] = [".ignore", ".gitignore"];

impl Excluded {
    /// For the work tree with this top folder.
    pub(super) fn new(top: &Path) -> Excluded {
        Excluded { top: top.to_owned(), by_folder: BTreeMap::new() }
    }

    /// True when a walk of the folder `root` would not reach the file at `path`; both are relative to the top. ANY
    /// excluded folder between the two suffices; `root` itself was named, and is walked in any case.
    pub(super) fn excludes(&mut self, root: &Path, path: &Path) -> bool {
        path.ancestors()
            .take_while(|ancestor| *ancestor != root)
            .collect::<Vec<_>>()
            .into_iter()
            .any(|ancestor| self.matches(ancestor, ancestor != path))
    }

    /// The nearest folder whose ignore file says something about `path` decides.
    fn matches(&mut self, path: &Path, is_folder: bool) -> bool {
        let full = self.top.join(path);
        for kind in 0..NAMES.len() {
            for folder in path.ancestors().skip(1) {
                match self.rules(folder).get(kind).map(|rules| rules.matched(&full, is_folder)) {
                    Some(Match::Ignore(_)) => return true,
                    Some(Match::Whitelist(_)) => return false,
                    Some(Match::None) | None => {}
                }
            }
        }
        false
    }

    fn rules(&mut self, folder: &Path) -> &[Gitignore; 2] {
        let top = &self.top;
        // A missing ignore file has no rules, and a broken line counts for nothing, as in a walk.
        self.by_folder
            .entry(folder.to_owned())
            .or_insert_with(|| NAMES.map(|name| Gitignore::new(top.join(folder).join(name)).0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::walk::{Root, walk};
    use std::fs;

    /// Whatever the ignore files say, the answer is that of a walk.
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
        let expected: Vec<PathBuf> = walked.sources.into_iter().filter_map(|source| source.path).collect();
        let mut excluded = Excluded::new(&top);
        let found: Vec<PathBuf> = paths
            .iter()
            .map(Path::new)
            .filter(|path| path.starts_with(root) && !excluded.excludes(Path::new(root), path))
            .map(|path| top.join(path))
            .collect();
        assert_eq!(found, expected, "{ignore_files:?}");
    }

    #[test]
    fn the_answer_is_that_of_a_walk() {
        check(&[], "");
        check(&[(".gitignore", "out/\n")], "");
        check(&[(".gitignore", "out/\n")], "out");
        check(&[(".gitignore", "out/*\n!out/keep/\n")], "");
        check(&[(".gitignore", "*.json\n"), ("d/.gitignore", "!b.json\n")], "");
        check(&[(".gitignore", "/a.yaml\n/d/e\n")], "");
        check(&[(".gitignore", "/a.yaml\n"), (".ignore", "!a.yaml\nb.json\n")], "");
        check(&[(".ignore", "d/e/a.yaml\n")], "d");
        check(&[(".gitignore", "!b.json\n"), ("d/.ignore", "b.json\n")], "");
        check(&[(".ignore", "b.json\n"), ("d/e/.gitignore", "!b.json\n")], "");
    }
}
