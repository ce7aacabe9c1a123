//! `-o DIR`: where the copy of an input file goes. Always below DIR, never over an input.

use super::bounds::Bounds;
use super::commit::Change;
use super::open::Refused;
use super::resolve::resolved;
use super::shown::{STDIN, shown};
use super::walk::Source;
use crate::finding::catalogue::input;
use crate::finding::{Finding, Place};
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

/// The changes that write each text under `dir`, to be handed to [`Commit::prepare`](super::Commit::prepare).
///
/// A file keeps the path it was given by; a path that is absolute or climbs with `..` keeps the part below its input
/// root. Standard input becomes `stdin.yaml`. Refused, so that nothing is written: a copy that a link would carry out
/// of `dir`, two copies at one path, and a copy that would overwrite one of `inputs` (ALL files that were read).
pub fn copies(dir: &Path, files: Vec<(&Source, String)>, inputs: &[&Source]) -> Result<Vec<Change>, Vec<Finding>> {
    let mut changes: BTreeMap<PathBuf, Change> = BTreeMap::new();
    let mut findings = Vec::new();
    let inputs: BTreeMap<PathBuf, &str> =
        inputs.iter().filter_map(|input| Some((resolved(input.path.as_ref()?), &*input.shown))).collect();
    for (source, text) in files {
        match destination(dir, source, &inputs) {
            Err(why) => findings.push(refusal(source, &why)),
            Ok(path) if changes.contains_key(&path) => {
                findings.push(refusal(source, &format!("another input file goes to {} as well", shown(&path))));
            }
            Ok(path) => {
                changes.insert(path.clone(), Change::copy(source, path, text));
            }
        }
    }
    if findings.is_empty() { Ok(changes.into_values().collect()) } else { Err(findings) }
}

/// What keeps files from being rewritten in place: those that a link would carry out of the repository or folder that they
/// were named in, however they were read. Empty when all may be written.
pub fn leaving<'a>(sources: impl IntoIterator<Item = &'a Source>) -> Vec<Finding> {
    let leaves = |source: &&Source| match (&source.bounds, &source.path) {
        (Some(bounds), Some(path)) => !bounds.holds(path),
        _ => false,
    };
    sources
        .into_iter()
        .filter(leaves)
        .map(|source| {
            let message = format!("{} was not written: {}.", source.shown, Refused::Outside);
            Finding::new(input::LEADS_OUTSIDE, message).at(Place::start_of(source.shown.clone()))
        })
        .collect()
}

fn refusal(source: &Source, why: &str) -> Finding {
    let message = format!("No copy of {} was written: {why}.", source.shown);
    Finding::new(input::UNSAFE_OUTPUT_PATH, message).at(Place::start_of(source.shown.clone()))
}

/// Where the copy of `source` goes, or why it cannot.
fn destination(dir: &Path, source: &Source, inputs: &BTreeMap<PathBuf, &str>) -> Result<PathBuf, String> {
    let below = path_below(source).ok_or("its path leaves its input root")?;
    let path = dir.join(below);
    let real = resolved(&path);
    // A folder that is named inside the repository has to be there.
    let carried_out = Bounds::of_named(dir).is_some_and(|bounds| !bounds.holds(dir));
    if carried_out {
        return Err(format!("{} is a link that leads out of the repository or folder", shown(dir)));
    }
    if !real.starts_with(resolved(dir)) || (path.is_symlink() && !path.exists()) {
        return Err(format!("{} is a link or lies behind one that leads out of {}", shown(&path), shown(dir)));
    }
    match inputs.get(&real) {
        Some(input) => Err(format!("the copy would overwrite the input {input}")),
        None => Ok(path),
    }
}

/// The path of the copy below DIR: names only, no root and no `..`.
fn path_below(source: &Source) -> Option<PathBuf> {
    if &*source.shown == STDIN {
        return Some(PathBuf::from("stdin.yaml"));
    }
    let path = Path::new(&*source.shown);
    [Some(path), path.strip_prefix(&*source.root).ok()]
        .into_iter()
        .flatten()
        .find(|path| is_plain(path))
        .map(PathBuf::from)
}

fn is_plain(path: &Path) -> bool {
    path.file_name().is_some() && path.components().all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::super::walk::{Role, Root, walk};
    use super::*;
    use std::fs;

    fn source(shown: &str, root: &str) -> Source {
        Source { shown: shown.into(), path: None, root: root.into(), role: Role::Input, named: false, bounds: None }
    }

    fn check(shown: &str, root: &str, expected: Option<&str>) {
        assert_eq!(path_below(&source(shown, root)), expected.map(PathBuf::from));
    }

    #[test]
    fn copies_keep_the_path_they_were_given_by() {
        check("a/b.yaml", "a", Some("a/b.yaml"));
        check("a.yaml", "", Some("a.yaml"));
        check("/tmp/x/a/b.yaml", "/tmp/x", Some("a/b.yaml"));
        check("../x/a/b.yaml", "../x", Some("a/b.yaml"));
        check("-", "", Some("stdin.yaml"));
        check("../x.yaml", "", None);
        check("/x.yaml", "", None);
    }

    #[test]
    fn two_copies_at_one_path_are_refused() {
        let temp = tempfile::tempdir().unwrap();
        let (one, two) = (source("/x/a.yaml", "/x"), source("/y/a.yaml", "/y"));
        let findings = copies(temp.path(), vec![(&one, String::new()), (&two, String::new())], &[]).unwrap_err();
        assert_eq!(findings.first().unwrap().code, input::UNSAFE_OUTPUT_PATH);
    }

    #[test]
    fn an_input_is_never_overwritten() {
        let temp = tempfile::tempdir().unwrap();
        fs::write(temp.path().join("a.yaml"), "").unwrap();
        let walked = walk(&[Root::input(temp.path())]);
        let inputs: Vec<&Source> = walked.sources.iter().collect();
        let file = (*inputs.first().unwrap(), String::new());
        assert!(copies(&temp.path().join("out"), vec![file.clone()], &inputs).is_ok());
        assert!(copies(temp.path(), vec![file], &inputs).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_cannot_carry_a_copy_out_of_the_folder() {
        let temp = tempfile::tempdir().unwrap();
        let out = temp.path().join("out");
        fs::create_dir_all(&out).unwrap();
        fs::create_dir_all(temp.path().join("elsewhere")).unwrap();
        std::os::unix::fs::symlink("../elsewhere", out.join("a")).unwrap();
        std::os::unix::fs::symlink("../nothing.yaml", out.join("b.yaml")).unwrap();
        for name in ["a/x.yaml", "a/new/x.yaml", "b.yaml"] {
            let source = source(name, "");
            assert!(copies(&out, vec![(&source, String::new())], &[]).is_err(), "{name}");
        }
        let source = source("c/x.yaml", "");
        assert!(copies(&out, vec![(&source, String::new())], &[]).is_ok());
    }
}
