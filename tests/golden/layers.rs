//! The files of a golden case: its own, over those of the `golden/shared/` folders that its `case.yaml` names.
//!
//! A shared folder is laid out like a case (`input/`, `expected/`, `before/`, `after/`). `expected/` holds only what a run
//! changes: a file that neither the case nor a shared folder expects otherwise has to stay as it was.

#![allow(dead_code, reason = "who includes this reads a part of a case")]

use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What `case.yaml` says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Why the case exists: the rule and the edge cases it shows.
    pub shows: String,
    /// Further arguments.
    #[serde(default)]
    pub args: Vec<String>,
    /// Expected exit code.
    #[serde(default)]
    pub exit: i32,
    /// Folders of `golden/shared/` whose files the case has too.
    #[serde(default)]
    pub shares: Vec<String>,
}

/// File contents by path inside a folder.
pub type Tree = BTreeMap<PathBuf, Vec<u8>>;

/// Reads the `case.yaml` of a case's folder.
pub fn case(folder: &Path) -> Result<Case, Box<dyn std::error::Error>> {
    Ok(serde_yaml::from_str(&fs::read_to_string(folder.join("case.yaml"))?)?)
}

/// What a run starts from: `side` is `input`, `before` or `after`. Two files of one name are a mistake in the case.
pub fn given(folder: &Path, case: &Case, side: &str) -> Result<Tree, Box<dyn std::error::Error>> {
    let mut files = Tree::new();
    for layer in shared(folder, case, side)?.into_iter().chain([read_tree(&folder.join(side))?]) {
        for (path, bytes) in layer {
            if files.contains_key(&path) {
                return Err(format!("{side}/{} is there twice, in the case and what it shares", path.display()).into());
            }
            files.insert(path, bytes);
        }
    }
    Ok(files)
}

/// What a conversion is expected to leave, apart from what the case itself expects: the input, and over it what shared
/// folders expect.
pub fn expected_without_own(folder: &Path, case: &Case) -> Result<Tree, Box<dyn std::error::Error>> {
    let mut files = given(folder, case, "input")?;
    files.extend(shared(folder, case, "expected")?.into_iter().flatten());
    Ok(files)
}

/// What a conversion is expected to leave.
pub fn expected(folder: &Path, case: &Case) -> Result<Tree, Box<dyn std::error::Error>> {
    let mut files = expected_without_own(folder, case)?;
    files.extend(read_tree(&folder.join("expected"))?);
    Ok(files)
}

/// One side of every shared folder that the case names.
fn shared(folder: &Path, case: &Case, side: &str) -> Result<Vec<Tree>, Box<dyn std::error::Error>> {
    let golden = folder.parent().and_then(Path::parent).ok_or("a case lies in an area of the golden cases")?;
    let mut layers = Vec::new();
    for name in &case.shares {
        let shared = golden.join("shared").join(name);
        if !shared.is_dir() {
            return Err(format!("there is no golden/shared/{name}").into());
        }
        layers.push(read_tree(&shared.join(side))?);
    }
    Ok(layers)
}

/// Every file below a folder, by its path inside it; nothing where there is no folder.
pub fn read_tree(root: &Path) -> std::io::Result<Tree> {
    let mut files = Tree::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        if !folder.is_dir() {
            continue;
        }
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(inside) = path.strip_prefix(root) {
                files.insert(inside.to_path_buf(), fs::read(&path)?);
            }
        }
    }
    Ok(files)
}

/// Writes files into a folder, which is made.
pub fn write_tree(files: &Tree, into: &Path) -> std::io::Result<()> {
    fs::create_dir_all(into)?;
    for (path, bytes) in files {
        let target = into.join(path);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(target, bytes)?;
    }
    Ok(())
}
