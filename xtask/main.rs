//! `cargo xtask docs`: writes the generated pages of the book. `cargo xtask docs --check`: fails where they are not current.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a tool for the terminal")]

mod cases;
mod findings;

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask docs [--check]";

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    match words.as_slice() {
        ["docs"] => write(root),
        ["docs", "--check"] => check(root),
        _ => {
            eprintln!("{USAGE}");
            Ok(ExitCode::from(2))
        }
    }
}

fn write(root: &Path) -> Result<ExitCode, Box<dyn Error>> {
    let pages = findings::pages(root)?;
    for stray in findings::strays(root, &pages)? {
        println!("removing {}", stray.display());
        fs::remove_file(root.join(stray))?;
    }
    for page in findings::outdated(root, &pages) {
        println!("writing {}", page.path.display());
        fs::write(root.join(&page.path), &page.text)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn check(root: &Path) -> Result<ExitCode, Box<dyn Error>> {
    let pages = findings::pages(root)?;
    let mut problems: Vec<String> =
        findings::outdated(root, &pages).iter().map(|page| page.path.display().to_string()).collect();
    problems.extend(
        findings::strays(root, &pages)?.iter().map(|path| format!("{} (not generated any more)", path.display())),
    );
    for problem in &problems {
        eprintln!("not current: {problem}");
    }
    if problems.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("`cargo xtask docs` writes them; read the change before you commit it");
    Ok(ExitCode::FAILURE)
}
