//! What the golden cases show, read from their `case.yaml`, reports and verdicts.

use super::layers;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// One golden case.
pub struct Indexed {
    /// `rbac`, the folder above it.
    pub area: String,
    /// `a-sentence-about-behaviour`, its folder.
    pub sentence: String,
    /// Why it exists.
    pub shows: String,
    /// Folders of `golden/shared/` it uses.
    pub shares: Vec<String>,
    /// Codes of the findings, assumptions and refusals that its report or verdict tells.
    pub codes: BTreeSet<String>,
}

impl Indexed {
    /// A Markdown link from `golden/README.md`.
    pub fn link(&self) -> String {
        format!("[{}]({}/{})", self.sentence.replace('-', " "), self.area, self.sentence)
    }
}

/// Every golden case, by area and sentence.
pub fn cases() -> Result<Vec<Indexed>, Box<dyn std::error::Error>> {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let mut cases = Vec::new();
    for area in folders(&golden)?.iter().filter(|area| !area.ends_with("shared")) {
        for folder in folders(area)? {
            let case = layers::case(&folder)?;
            let told: String = ["report.txt", "verdict.txt"]
                .iter()
                .filter_map(|name| fs::read_to_string(folder.join(name)).ok())
                .collect();
            let codes = told.lines().filter_map(code).map(str::to_owned).collect();
            let (area, sentence) = (name(area), name(&folder));
            cases.push(Indexed { area, sentence, shows: case.shows, shares: case.shares, codes });
        }
    }
    Ok(cases)
}

/// The folders in a folder, in order.
pub fn folders(of: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(of)?.flatten();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    Ok(folders)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The code that a line of a report or verdict tells: `error[CODE]: …`, `error CODE …`, `assumed CODE for …`,
/// `  given CODE: …`, `… stays: CODE`.
fn code(line: &str) -> Option<&str> {
    let is_code = |word: &&str| {
        word.contains('-') && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-' || b.is_ascii_digit())
    };
    if let Some((_, rest)) = line.split_once(" stays: ") {
        return rest.split(' ').next().filter(is_code);
    }
    let rest = ["error", "warning", "note", "assumed", "  given"].iter().find_map(|word| line.strip_prefix(word))?;
    rest.strip_prefix(['[', ' '])?.split([']', ' ', ':']).next().filter(is_code)
}

/// Edge case numbers (`authn-E45`, `E102`, `J13`, `S4`, `C8`) that a text names; "authn-E66 to authn-E70" names five.
pub fn numbers(area: &str, shows: &str) -> BTreeSet<Number> {
    let words: Vec<&str> =
        shows.split(|c: char| !(c.is_alphanumeric() || c == '-')).filter(|word| !word.is_empty()).collect();
    let mut numbers = BTreeSet::new();
    for (index, word) in words.iter().enumerate() {
        let Some(number) = Number::read(area, word) else { continue };
        let before = index.checked_sub(2).and_then(|before| Number::read(area, words.get(before)?));
        match before {
            Some(first) if words.get(index - 1) == Some(&"to") && first.table == number.table => {
                numbers.extend(
                    (first.number..=number.number).map(|between| Number { table: number.table, number: between }),
                );
            }
            _ => {
                numbers.insert(number);
            }
        }
    }
    numbers
}

/// A row of a table of edge cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number {
    /// Which table, as `authn-E` or `E`.
    pub table: &'static str,
    /// Its row.
    pub number: u32,
}

/// How the tables are cited, and the areas where another table may be cited in short.
const TABLES: [(&str, &str, &[&str]); 6] = [
    ("authn-E", "authn-E", &[]),
    ("authn-S", "S", &[]),
    ("E", "E", &["rbac", "verify", "repository", "ambient", "openshift"]),
    ("E", "authn-E", &["jwt", "mtls", "systems"]),
    ("J", "J", &[]),
    ("S", "S", &[]),
];

impl Number {
    fn read(area: &str, word: &str) -> Option<Number> {
        let in_area = |areas: &[&str]| areas.is_empty() || areas.contains(&area);
        if let Some(number) = word.strip_prefix('C').filter(|_| area == "rbac").and_then(|rest| rest.parse().ok()) {
            return Some(Number { table: "C", number });
        }
        TABLES.iter().filter(|(_, _, areas)| in_area(areas)).find_map(|(prefix, table, _)| {
            let number = word.strip_prefix(prefix)?.parse().ok()?;
            Some(Number { table, number })
        })
    }
}

/// Cases by what they are listed under.
pub fn by<K: Ord>(cases: &[Indexed], keys: impl Fn(&Indexed) -> BTreeSet<K>) -> BTreeMap<K, Vec<&Indexed>> {
    let mut found: BTreeMap<K, Vec<&Indexed>> = BTreeMap::new();
    for case in cases {
        for key in keys(case) {
            found.entry(key).or_default().push(case);
        }
    }
    found
}
