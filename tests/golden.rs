//! Golden cases: `golden/<area>/<sentence about behaviour>/` with a `case.yaml`.
//!
//! A conversion case copies `input/` into an empty folder, runs `meshlift convert --write` there and compares the
//! folder with `expected/` byte for byte, what a user reads with `report.txt`, the exit code with `case.yaml`, and, where
//! the file exists, the JSON report with `report.json` and the output of `meshlift diff` with `diff.txt`. A second run must
//! change nothing. `report.txt` ends with the JSON report as short lines (`golden/outcome.rs`).
//! A verification case (`before/` and `after/`) compares the output of `meshlift verify` with `verdict.txt`.
//! `UPDATE_GOLDEN=1 cargo test --test golden` rewrites what is expected; read the change before you commit it.

#[path = "golden/outcome.rs"]
mod outcome;

use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What `case.yaml` says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// Why the case exists: the rule and the edge cases it shows.
    #[allow(dead_code, reason = "for the reader of the case")]
    shows: String,
    /// Further arguments.
    #[serde(default)]
    args: Vec<String>,
    /// Expected exit code.
    #[serde(default)]
    exit: i32,
}

type Outcome = datatest_stable::Result<()>;

fn run_case(file: &Path) -> Outcome {
    let folder = file.parent().ok_or("a case has a folder")?;
    let case: Case = serde_yaml::from_str(&fs::read_to_string(file)?)?;
    if folder.join("before").is_dir() { verification(folder, &case) } else { conversion(folder, &case) }
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
    copy(&folder.join("input"), &work)?;
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
    compare_folders(&folder.join("expected"), &work, updating, &mut problems)?;

    let before = read_tree(&work)?;
    let (_, _, errors) = meshlift(&work, &["convert", "--write"], case)?;
    if read_tree(&work)? != before {
        problems.push(format!("a second run must change nothing\n{errors}"));
    }
    finish(problems)
}

fn verification(folder: &Path, case: &Case) -> Outcome {
    let updating = std::env::var_os("UPDATE_GOLDEN").is_some();
    let (code, output, errors) = meshlift(folder, &["verify", "before", "after"], case)?;
    let mut problems = Vec::new();
    if code != case.exit {
        problems.push(format!("exit code {code} instead of {}:\n{output}{errors}", case.exit));
    }
    compare_text(&folder.join("verdict.txt"), &output, updating, &mut problems)?;
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

fn compare_folders(expected: &Path, found: &Path, updating: bool, problems: &mut Vec<String>) -> Outcome {
    if updating {
        if expected.exists() {
            fs::remove_dir_all(expected)?;
        }
        copy(found, expected)?;
        return Ok(());
    }
    let (wanted, found) = (read_tree(expected)?, read_tree(found)?);
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

fn difference(wanted: &str, found: &str) -> String {
    similar::TextDiff::from_lines(wanted, found).unified_diff().header("expected", "found").to_string()
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for (name, bytes) in read_tree(from)? {
        let target = to.join(name);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(target, bytes)?;
    }
    Ok(())
}

/// Every file below a folder, by its path inside it.
fn read_tree(root: &Path) -> std::io::Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        if !folder.is_dir() {
            continue;
        }
        for entry in fs::read_dir(&folder)? {
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

datatest_stable::harness! {
    { test = run_case, root = "golden", pattern = r"case\.yaml$" },
}
