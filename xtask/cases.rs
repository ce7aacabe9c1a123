//! Golden cases as examples: which findings a case shows, and what the documents at that place were and became.

// How the files of a case lie together is told in one place.
#[path = "../tests/golden/layers.rs"]
mod layers;

use serde_json::Value;
use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// Longest excerpt of a document, in lines.
const LONGEST: usize = 40;

/// A golden case, as far as an example needs it.
#[derive(Debug)]
pub struct Case {
    /// The folder, relative to the repository: `golden/rbac/…`.
    pub folder: String,
    /// Further arguments of the run.
    pub args: Vec<String>,
    /// Files before and after, by path inside the case. A case for `verify` has no file after a conversion.
    before: BTreeMap<String, String>,
    after: BTreeMap<String, String>,
    /// What the case reports, first of each code.
    shown: BTreeMap<String, Shown>,
}

/// One finding or assumption of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// `error`, `warning`, `note` or `given`.
    pub label: String,
    /// The sentence.
    pub message: String,
    /// File and line (from 1), where it has a place.
    pub place: Option<(String, usize)>,
}

/// What becomes of the documents that a finding is about.
#[derive(Debug, PartialEq, Eq)]
pub struct Change {
    /// The file that the documents stand in.
    pub file: String,
    /// The documents that are replaced, and the one that the finding stands in.
    pub before: String,
    /// What stands in their place; `None` where nothing changes.
    pub after: Option<String>,
}

/// Every golden case, sorted by folder.
///
/// # Errors
/// When a case cannot be read.
pub fn all(root: &Path) -> Result<Vec<Case>, Box<dyn Error>> {
    let mut cases = Vec::new();
    for area in folders(&root.join("golden"))? {
        for folder in folders(&area)? {
            let file = folder.join("case.yaml");
            if file.exists() {
                cases.push(read(root, &folder).map_err(|error| format!("{}: {error}", file.display()))?);
            }
        }
    }
    Ok(cases)
}

fn read(root: &Path, folder: &Path) -> Result<Case, Box<dyn Error>> {
    let case = layers::case(folder)?;
    let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
    let mut shown = from_text(&text("report.txt"));
    for (code, one) in from_text(&text("verdict.txt")).into_iter().chain(from_json(&text("report.json"))) {
        shown.entry(code).or_insert(one);
    }
    Ok(Case {
        folder: folder.strip_prefix(root)?.to_string_lossy().replace('\\', "/"),
        before: texts(layers::given(folder, &case, "input")?),
        after: texts(layers::expected(folder, &case)?),
        args: case.args,
        shown,
    })
}

impl Case {
    /// The name as a sentence.
    pub fn sentence(&self) -> String {
        self.folder.rsplit('/').next().unwrap_or_default().replace('-', " ")
    }

    /// The finding or assumption with this code.
    pub fn shown(&self, code: &str) -> Option<&Shown> {
        self.shown.get(code)
    }

    /// How much a reader has to read to see one code: few codes, then little text.
    pub fn weight(&self) -> (usize, usize) {
        let findings = self.shown.values().filter(|one| one.label != "given").count();
        (findings, self.before.values().map(String::len).sum())
    }

    /// True for a case of a conversion, where something was before and something is after.
    pub fn converts(&self) -> bool {
        !self.before.is_empty()
    }

    /// What becomes of the documents around a finding.
    pub fn change(&self, shown: &Shown) -> Option<Change> {
        let (file, line) = shown.place.as_ref()?;
        let text = self.before.get(file)?;
        let empty = String::new();
        let (old, new) = (documents(text), documents(self.after.get(file).unwrap_or(&empty)));
        let is_in = |all: &[(usize, &str)], one: &str| all.iter().any(|(_, other)| other.trim() == one.trim());
        let here = old.iter().rposition(|(first, _)| first <= line)?;
        let replaced: Vec<&str> = old
            .iter()
            .enumerate()
            .filter(|(at, (_, one))| *at == here || !is_in(&new, one))
            .map(|(_, (_, one))| *one)
            .collect();
        let written: Vec<&str> = new.iter().filter(|(_, one)| !is_in(&old, one)).map(|(_, one)| *one).collect();
        let unchanged = self.after.get(file).is_some_and(|after| after == text);
        let (before, after) = (excerpt(&replaced), excerpt(&written));
        Some(Change {
            file: file.clone(),
            before: if before.is_empty() { return None } else { before },
            after: if unchanged { None } else { Some(after) },
        })
    }
}

/// The documents of a file with their first line (from 1), without the separators.
fn documents(text: &str) -> Vec<(usize, &str)> {
    let (mut found, mut first, mut start, mut at) = (Vec::new(), 1, 0, 0);
    for (number, line) in text.split_inclusive('\n').enumerate() {
        if line.trim_end() == "---" {
            found.push((first, text.get(start..at).unwrap_or_default()));
            (first, start) = (number + 2, at + line.len());
        }
        at += line.len();
    }
    found.push((first, text.get(start..).unwrap_or_default()));
    found.retain(|(_, text)| !text.trim().is_empty());
    found
}

/// Documents as one block, cut where it gets long.
fn excerpt(documents: &[&str]) -> String {
    let whole = documents.iter().map(|one| one.trim_matches(['\n', '\r'])).collect::<Vec<_>>().join("\n---\n");
    let lines: Vec<&str> = whole.lines().map(str::trim_end).collect();
    match lines.get(..LONGEST) {
        Some(first) if lines.len() > LONGEST + 3 => {
            format!("{}\n# … {} more lines", first.join("\n"), lines.len() - LONGEST)
        }
        _ => lines.join("\n"),
    }
}

/// Findings and assumptions of a report as text: `warning[CODE]: sentence` with `--> FILE:LINE:COLUMN` below it, and
/// `given CODE: sentence`.
fn from_text(report: &str) -> BTreeMap<String, Shown> {
    let mut found = BTreeMap::new();
    let lines: Vec<&str> = report.lines().take_while(|line| !line.starts_with("--- the same in short")).collect();
    for (at, line) in lines.iter().enumerate() {
        let Some((code, mut one)) = finding(line).or_else(|| assumption(line)) else { continue };
        one.place = lines.get(at + 1).and_then(|next| next.trim_start().strip_prefix("--> ")).and_then(place);
        found.entry(code).or_insert(one);
    }
    found
}

fn finding(line: &str) -> Option<(String, Shown)> {
    let (head, message) = line.split_once("]: ")?;
    let (label, code) = head.split_once('[')?;
    let known = matches!(label, "error" | "warning" | "note") && is_code(code);
    known.then(|| (code.to_owned(), Shown { label: label.to_owned(), message: message.to_owned(), place: None }))
}

fn assumption(line: &str) -> Option<(String, Shown)> {
    let (code, message) = line.trim_start().strip_prefix("given ")?.split_once(": ")?;
    is_code(code)
        .then(|| (code.to_owned(), Shown { label: "given".to_owned(), message: message.to_owned(), place: None }))
}

fn is_code(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// `roles.yaml:23:5` as a file and a line.
fn place(text: &str) -> Option<(String, usize)> {
    let mut parts = text.trim_end().rsplitn(3, ':');
    let (_, line, file) = (parts.next()?, parts.next()?, parts.next()?);
    Some((file.to_owned(), line.parse().ok()?))
}

/// The same from a JSON report.
fn from_json(report: &str) -> BTreeMap<String, Shown> {
    let report: Value = serde_json::from_str(report).unwrap_or_default();
    let mut found = BTreeMap::new();
    for (list, label) in [("findings", None), ("assumptions", Some("given"))] {
        for one in report[list].as_array().into_iter().flatten() {
            let text = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
            let line = one["line"].as_u64().and_then(|line| usize::try_from(line).ok());
            let place = line.filter(|_| one["file"].is_string()).map(|line| (text("file"), line));
            let label = label.map_or_else(|| text("severity"), str::to_owned);
            found.entry(text("code")).or_insert(Shown { label, message: text("message"), place });
        }
    }
    found
}

fn folders(parent: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found: Vec<PathBuf> =
        fs::read_dir(parent)?.filter_map(Result::ok).map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    found.sort();
    Ok(found)
}

/// The files that are text, by path with `/`.
fn texts(files: layers::Tree) -> BTreeMap<String, String> {
    let text = |(path, bytes): (PathBuf, Vec<u8>)| {
        Some((path.to_string_lossy().replace('\\', "/"), String::from_utf8(bytes).ok()?))
    };
    files.into_iter().filter_map(text).collect()
}
