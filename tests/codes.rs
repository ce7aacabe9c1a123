//! Every code of the catalogue is raised somewhere in the source and shown by a case: a golden one, or a test that runs the
//! command line.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "only codes, numbers and shared folders are read here")]
#[path = "golden/index.rs"]
mod index;
#[path = "golden/layers.rs"]
mod layers;

use index::Indexed;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Codes that no case can show, each with the reason.
const NOT_SHOWN: &[(&str, &str)] = &[
    // Told as `meshlift: …` before there is a report; tests/verify_base.rs looks for the sentences.
    ("git-failed", "a revision cannot be read, and the run ends with the sentence alone"),
    ("no-repository", "the same"),
    ("other-repository", "the same"),
    ("unknown-revision", "the same"),
    // Only a mapping file of `--mappings` can raise them; src/mapping/tests.rs does.
    ("origin-not-mapped", "the built-in mapping makes a rule of every origin"),
    ("unaccounted-value", "decoding lets no shape through that the built-in mappings do not expect"),
    ("empty-value", "validation refuses the empty texts that the built-in mappings have no meaning for"),
    ("exclusive-fields", "validation refuses the fields that exclude each other before they are mapped"),
    ("unmapped-kind", "every old kind has a built-in mapping, and one of `--mappings` only replaces or adds"),
    // Guards: a case that showed one would show a mistake of meshlift.
    ("internal-error", "the proof has met what cannot be; a unit test of src/run/proof.rs asserts it"),
    ("result-not-readable", "an edit broke the file"),
    (
        "several-rbac-configs",
        "configs that contradict each other are taken out of the mesh before (ambiguous-mesh-config)",
    ),
    ("role-grants-nothing", "every reason why a grant gives nothing has a finding of its own so far"),
];

/// A declaration of the catalogue.
struct Declared {
    /// `src/finding/catalogue/rbac.rs`
    file: PathBuf,
    /// `UNRESOLVED_SERVICE`
    constant: String,
    /// `unresolved-service`
    code: String,
}

/// Every declaration: `    CONSTANT = "code", Error, Wider {`.
fn declared() -> Vec<Declared> {
    let mut found = Vec::new();
    for (file, text) in files("src/finding/catalogue", "rs") {
        for line in text.lines() {
            let Some((constant, rest)) = line.trim().split_once(" = \"") else { continue };
            let Some((code, rest)) = rest.split_once("\", ") else { continue };
            if rest.ends_with('{')
                && constant.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
            {
                found.push(Declared { file: file.clone(), constant: constant.to_owned(), code: code.to_owned() });
            }
        }
    }
    found
}

/// Text files below a folder of the project, by path inside the project.
fn files(below: &str, extension: &str) -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tree = layers::read_tree(&root.join(below)).expect("a folder of the project");
    let wanted = tree.into_iter().filter(|(path, _)| path.extension().is_some_and(|found| found == extension));
    wanted.map(|(path, bytes)| (Path::new(below).join(path), String::from_utf8_lossy(&bytes).into_owned())).collect()
}

/// What is raised in the source: its words without tests and catalogue, and the codes that mapping files name.
fn raised() -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for (path, text) in files("src", "rs") {
        let is_test = path.iter().any(|part| part == "tests" || part == "tests.rs" || part == "catalogue");
        if !is_test {
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            words.extend(code.split(|c: char| !(c.is_alphanumeric() || c == '_')).map(str::to_owned));
        }
    }
    for (_, text) in files("mappings", "yaml") {
        words.extend(text.lines().filter_map(|line| Some(line.trim().strip_prefix("code: ")?.to_owned())));
    }
    words
}

/// Codes that tests of the command line look for: words outside of comments, but for those that `--allow` accepts.
fn shown_by_the_command_line() -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for (path, text) in files("tests", "rs") {
        // Generated meshes show nothing to a reader, and this file lists what is not shown.
        if path.starts_with("tests/proof") || path.ends_with("codes.rs") {
            continue;
        }
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let words = code.flat_map(|line| line.split(|c: char| !(c.is_alphanumeric() || c == '-')));
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        let accepted = words.windows(2).filter(|pair| pair.first() == Some(&"--allow")).map(|pair| pair.last());
        let accepted: BTreeSet<&str> = accepted.flatten().copied().collect();
        codes.extend(words.iter().filter(|word| !accepted.contains(*word)).map(|word| (*word).to_owned()));
    }
    codes
}

#[test]
fn every_code_is_raised_and_shown() {
    let (raised, command_line) = (raised(), shown_by_the_command_line());
    let golden: BTreeSet<String> = cases().into_iter().flat_map(|case| case.codes).collect();
    let declared = declared();
    assert!(declared.len() > 200, "only {} codes were found in the catalogue", declared.len());
    let mut problems = Vec::new();
    for Declared { file, constant, code } in &declared {
        if !raised.contains(constant) && !raised.contains(code) {
            problems.push(format!("{code} ({}) is raised nowhere: remove it", file.display()));
        }
        let shown = golden.contains(code) || command_line.contains(code);
        match NOT_SHOWN.iter().find(|(not_shown, _)| not_shown == code) {
            None if !shown => {
                problems.push(format!("{code} ({}) is shown by no case: write a golden one", file.display()))
            }
            Some(_) if shown => problems.push(format!("{code} is shown: take it off the list")),
            _ => {}
        }
    }
    let is_declared = |code: &str| declared.iter().any(|declared| declared.code == code);
    problems
        .extend(NOT_SHOWN.iter().filter(|(code, _)| !is_declared(code)).map(|(code, _)| format!("{code} is no code")));
    assert!(problems.is_empty(), "{} problems\n{}", problems.len(), problems.join("\n"));
}

fn cases() -> Vec<Indexed> {
    index::cases().expect("the golden cases can be read")
}

#[test]
fn every_shared_folder_is_used_more_than_once() {
    let mut users: BTreeMap<String, usize> = BTreeMap::new();
    for case in cases() {
        for name in case.shares {
            *users.entry(name).or_default() += 1;
        }
    }
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/shared");
    for folder in index::folders(&shared).expect("golden/shared") {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        assert!(users.get(&name).is_some_and(|users| *users > 1), "golden/shared/{name} is not shared");
    }
}

#[test]
fn a_range_names_what_lies_between_and_short_forms_mean_the_table_of_the_area() {
    let named = |area: &str, text: &str| -> Vec<String> {
        index::numbers(area, text).iter().map(|number| format!("{}{}", number.table, number.number)).collect()
    };
    assert_eq!(named("jwt", "J18, authn-E66 to authn-E68:"), ["J18", "authn-E66", "authn-E67", "authn-E68"]);
    assert_eq!(named("systems", "(authn-S12, E32)."), ["S12", "authn-E32"]);
    assert_eq!(named("rbac", "E102, C8: a C1-like Example"), ["C8", "E102"]);
}
