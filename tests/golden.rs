//! Golden cases: `golden/<area>/<sentence about behaviour>/` with a `case.yaml`.
//!
//! A conversion case copies `input/` into an empty folder, runs `meshlift convert --write` there and compares the
//! folder byte for byte with `expected/`, which holds what has to change (`golden/layers.rs`), what a user reads with `report.txt`, the exit code with `case.yaml`, and, where
//! the file exists, the JSON report with `report.json` and the output of `meshlift diff` with `diff.txt`. A second run must
//! change nothing. `report.txt` ends with the JSON report as short lines (`golden/outcome.rs`).
//! A verification case (`before/` and `after/`) compares the output of `meshlift verify` with `verdict.txt`.
//! `golden/README.md` is generated from the cases. `UPDATE_GOLDEN=1 cargo test --test golden` rewrites what is expected; read the change before you commit it.

#[path = "golden/outcome.rs"]
mod outcome;

#[path = "golden/contents.rs"]
mod contents;
#[path = "golden/index.rs"]
mod index;
#[path = "golden/layers.rs"]
mod layers;

use layers::{Case, Tree, read_tree, write_tree};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

type Outcome = datatest_stable::Result<()>;

fn run_case(file: &Path) -> Outcome {
    let folder = file.parent().ok_or("a case has a folder")?;
    let case = layers::case(folder)?;
    let is_verification = folder.join("before").is_dir() || folder.join("verdict.txt").exists();
    if is_verification { verification(folder, &case) } else { conversion(folder, &case) }
}

fn meshlift(inside: &Path, arguments: &[&str], case: &Case) -> Result<(i32, String, String), std::io::Error> {
    let output = Command::new(env!("CARGO_BIN_EXE_meshlift"))
        .args(arguments)
        .args(&case.args)
        .args(["--color", "never"])
        .current_dir(inside)
        .env_clear()
        .output()?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok((output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr)))
}

fn conversion(folder: &Path, case: &Case) -> Outcome {
    let updating = std::env::var_os("UPDATE_GOLDEN").is_some();
    let place = tempfile::tempdir()?;
    let work = place.path().join("work");
    write_tree(&layers::given(folder, case, "input")?, &work)?;
    let report = place.path().join("report.json");
    let report_argument = report.display().to_string();

    let mut problems = Vec::new();
    if folder.join("diff.txt").exists() {
        let (_, diff, _) = meshlift(&work, &["diff"], case)?;
        compare_text(&folder.join("diff.txt"), &diff, updating, &mut problems)?;
    }
    let (code, output, errors) = meshlift(&work, &["convert", "--write", "--report", &report_argument], case)?;
    let json = fs::read_to_string(&report)?;
    if code != case.exit && !updating {
        problems.push(format!("exit code {code} instead of {}:\n{errors}", case.exit));
    } else if code != case.exit {
        problems.push(format!("exit code {code}: write it into case.yaml yourself\n{errors}"));
    }
    let told = outcome::told(&format!("{output}{errors}"), &json)?;
    let untold = outcome::untold(&told, &json)?;
    problems.extend(untold.iter().map(|text| format!("report.txt does not tell what the JSON report says: {text}")));
    compare_text(&folder.join("report.txt"), &told, updating, &mut problems)?;
    if folder.join("report.json").exists() {
        compare_text(&folder.join("report.json"), &json, updating, &mut problems)?;
    }
    compare_folders(folder, case, &read_tree(&work)?, &mut problems)?;

    let before = read_tree(&work)?;
    let (_, _, errors) = meshlift(&work, &["convert", "--write"], case)?;
    if read_tree(&work)? != before {
        problems.push(format!("a second run must change nothing\n{errors}"));
    }
    finish(problems)
}

fn verification(folder: &Path, case: &Case) -> Outcome {
    let updating = std::env::var_os("UPDATE_GOLDEN").is_some();
    let place = tempfile::tempdir()?;
    for side in ["before", "after"] {
        write_tree(&layers::given(folder, case, side)?, &place.path().join(side))?;
    }
    let (code, output, errors) = meshlift(place.path(), &["verify", "before", "after"], case)?;
    let mut problems = Vec::new();
    if code != case.exit {
        problems.push(format!("exit code {code} instead of {}:\n{output}{errors}", case.exit));
    }
    compare_text(&folder.join("verdict.txt"), &output, updating, &mut problems)?;
    finish(problems)
}

/// `golden/README.md` is what the cases say.
fn table_of_contents(readme: &Path) -> Outcome {
    let mut problems = Vec::new();
    let updating = std::env::var_os("UPDATE_GOLDEN").is_some();
    compare_text(readme, &contents::readme(&index::cases()?), updating, &mut problems)?;
    if !problems.is_empty() {
        problems.push("run UPDATE_GOLDEN=1 cargo test --test golden -- README".to_owned());
    }
    finish(problems)
}

fn finish(problems: Vec<String>) -> Outcome {
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n\n").into()) }
}

fn compare_text(expected: &Path, found: &str, updating: bool, problems: &mut Vec<String>) -> Outcome {
    if updating {
        fs::write(expected, found)?;
        return Ok(());
    }
    let wanted = fs::read_to_string(expected).unwrap_or_default();
    if wanted != found {
        let name = expected.file_name().unwrap_or_default().to_string_lossy();
        problems.push(format!("{name} differs:\n{}", difference(&wanted, found)));
    }
    Ok(())
}

fn compare_folders(folder: &Path, case: &Case, found: &Tree, problems: &mut Vec<String>) -> Outcome {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        return update_folder(folder, case, found);
    }
    let wanted = layers::expected(folder, case)?;
    let names: std::collections::BTreeSet<&PathBuf> = wanted.keys().chain(found.keys()).collect();
    for name in names {
        match (wanted.get(name), found.get(name)) {
            (Some(wanted), Some(found)) if wanted == found => {}
            (Some(wanted), Some(found)) => {
                let (wanted, found) = (String::from_utf8_lossy(wanted), String::from_utf8_lossy(found));
                problems.push(format!("{} differs:\n{}", name.display(), difference(&wanted, &found)));
            }
            (Some(_), None) => problems.push(format!("{} is missing", name.display())),
            (None, _) => problems.push(format!("{} was not expected", name.display())),
        }
    }
    Ok(())
}

/// Keeps in `expected/` what is not as it was or as a shared folder expects it.
fn update_folder(folder: &Path, case: &Case, found: &Tree) -> Outcome {
    let own = folder.join("expected");
    if own.exists() {
        fs::remove_dir_all(&own)?;
    }
    let known = layers::expected_without_own(folder, case)?;
    let changed: Tree = found
        .iter()
        .filter(|(path, bytes)| known.get(*path) != Some(bytes))
        .map(|(p, b)| (p.clone(), b.clone()))
        .collect();
    if !changed.is_empty() {
        write_tree(&changed, &own)?;
    }
    Ok(())
}

fn difference(wanted: &str, found: &str) -> String {
    similar::TextDiff::from_lines(wanted, found).unified_diff().header("expected", "found").to_string()
}

datatest_stable::harness! {
    { test = run_case, root = "golden", pattern = r"case\.yaml$" },
    { test = table_of_contents, root = "golden", pattern = r"^README\.md$" },
}
