//! Imports point downwards only (`ARCHITECTURE.md`): this test reads the `use` lines of every module and enforces the table.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "a test fails by panicking and may say why it skips")]

#[path = "architecture/circles.rs"]
mod circles;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Room → rooms it may import.
const MAY_USE: &[(&str, &[&str])] = &[
    ("finding", &[]),
    ("files", &["finding"]),
    ("yaml", &["finding"]),
    ("api", &["finding"]),
    ("mesh", &["api", "yaml", "finding"]),
    ("mapping", &["api", "yaml", "finding"]),
    ("access", &["mesh", "api", "finding"]),
    ("convert", &["mapping", "mesh", "api", "yaml", "finding"]),
    ("report", &["finding", "yaml"]),
    ("run", &["report", "convert", "access", "mapping", "mesh", "api", "yaml", "finding", "files"]),
    ("cli", &["run", "report", "convert", "access", "mapping", "mesh", "api", "yaml", "finding", "files"]),
];

/// In `access`: shelf → shelves it may use. The first two are what the proof decides with, the last is what it asks.
const SHELVES_OF_ACCESS: &[(&str, &[&str])] =
    &[("logic", &[]), ("worlds", &["logic"]), ("question", &["logic", "worlds"])];

/// Crates that are an implementation detail of one room.
const NAMED_ONLY_IN: &[(&str, &str)] = &[
    ("granit_parser", "yaml"),
    ("jsonpath_rust", "mapping"),
    ("batsat", "access"),
    ("ignore", "files"),
    ("signal_hook", "files"),
    ("globset", "files"),
    ("tempfile", "files"),
    ("aho_corasick", "files"),
    ("annotate_snippets", "report"),
    ("similar", "report"),
];

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).expect("a readable folder").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// (room, file, code without comments) of every source file.
fn rooms() -> Vec<(String, PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    files
        .into_iter()
        .map(|path| {
            let inside = path.strip_prefix(&root).expect("below src").to_path_buf();
            let first = inside.iter().next().expect("a name").to_string_lossy().into_owned();
            let room = first.trim_end_matches(".rs").to_owned();
            let text = fs::read_to_string(&path).expect("UTF-8");
            let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).fold(
                String::new(),
                |mut code, line| {
                    code.push_str(line);
                    code.push('\n');
                    code
                },
            );
            (room, inside, code)
        })
        .collect()
}

/// The rooms named by `crate::ROOM` and `crate::{ROOM::..., ROOM::...}` in a text.
fn imported(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let word = |text: &str| text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>();
    for (at, _) in code.match_indices("crate::") {
        // `$crate::` in a macro names the room as well.
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut start = true;
            for (index, c) in group.char_indices() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => start = true,
                    c if c.is_whitespace() => {}
                    _ if start && depth == 0 => {
                        found.insert(word(&group[index..]));
                        start = false;
                    }
                    _ => {}
                }
            }
        } else {
            found.insert(word(rest));
        }
    }
    found.remove("");
    found
}

#[test]
fn imports_point_downwards_only() {
    let table: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    let mut wrong = Vec::new();
    for (room, file, code) in rooms() {
        if room == "main" || room == "lib" {
            continue;
        }
        let Some(allowed) = table.get(room.as_str()) else {
            wrong.push(format!("{}: the room `{room}` is not in the table", file.display()));
            continue;
        };
        for other in imported(&code) {
            let is_room = table.contains_key(other.as_str());
            if is_room && other != room && !allowed.contains(&other.as_str()) {
                wrong.push(format!("{}: `{room}` may not use `{other}`", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn access_is_independent_of_the_conversion_it_checks() {
    for (room, file, code) in rooms() {
        if room == "access" {
            let used = imported(&code);
            assert!(!used.contains("convert") && !used.contains("mapping"), "{} is not independent", file.display());
        }
    }
}

#[test]
fn the_shelves_of_access_know_only_those_before_them() {
    let table: BTreeMap<&str, &[&str]> = SHELVES_OF_ACCESS.iter().copied().collect();
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for (room, file, code) in rooms() {
        let Some(shelf) = file.iter().nth(1).and_then(|name| name.to_str()).filter(|_| room == "access") else {
            continue;
        };
        let Some(allowed) = table.get(shelf) else { continue };
        seen.insert(shelf.to_owned());
        for other in table.keys().filter(|other| **other != shelf && !allowed.contains(other)) {
            if code.contains(&format!("access::{other}")) {
                wrong.push(format!("{}: `{shelf}` may not use `{other}`", file.display()));
            }
        }
    }
    assert_eq!(seen.len(), table.len(), "every shelf is there");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The path of the module that a file below `src` holds; `None` for tests.
fn module_of(file: &Path) -> Option<Vec<String>> {
    let mut parts: Vec<String> =
        file.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    (!parts.iter().any(|part| part == "tests")).then_some(parts)
}

#[test]
fn the_modules_of_convert_do_not_import_each_other_in_circles() {
    let convert = rooms().into_iter().filter(|(room, ..)| room == "convert").filter_map(|(_, file, code)| {
        let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
        Some((module_of(&file)?, code))
    });
    // The room's own file calls its parts and defines what they hand to each other.
    let found = circles::circles(&convert.collect(), &["convert"]);
    assert!(found.is_empty(), "circles of imports in `convert`: {found:#?}");
}

#[test]
fn every_library_is_named_in_one_room_only() {
    let mut wrong = Vec::new();
    for (room, file, code) in rooms() {
        for (library, home) in NAMED_ONLY_IN {
            let named = code.contains(&format!("{library}::")) || code.contains(&format!("use {library}"));
            if named && room != *home {
                wrong.push(format!("{}: `{library}` belongs to `{home}`", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn only_files_touches_the_disk() {
    let mut wrong = Vec::new();
    for (room, file, code) in rooms() {
        let tests = code.find("#[cfg(test)]").unwrap_or(code.len());
        if room != "files" && code[..tests].contains("std::fs") {
            wrong.push(file.display().to_string());
        }
    }
    assert!(wrong.is_empty(), "these read or write files outside `files`: {}", wrong.join(", "));
}

#[test]
fn the_reader_of_use_lines_finds_what_it_looks_for() {
    let code =
        "use crate::access::prove;\nuse crate::{api::Meta, mesh::{Mesh, selects}, yaml};\nlet x = crate::convert::f();";
    let expected = ["access", "api", "convert", "mesh", "yaml"].map(str::to_owned);
    assert_eq!(imported(code), BTreeSet::from(expected));
}
