//! The findings pages of the book, written from the catalogue and from golden cases.

use crate::cases::{self, Case, Shown};
use meshlift::finding::catalogue::{AREAS, Code};
use meshlift::finding::{Direction, Severity};
use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// Where the book's pages lie.
const BOOK: &str = "docs/src";

/// A generated file.
#[derive(Debug)]
pub struct Page {
    /// Path relative to the repository.
    pub path: PathBuf,
    /// The whole text.
    pub text: String,
}

/// Every generated file: one page for each area, their index, and the table of contents, whose other chapters stay.
///
/// # Errors
/// When a golden case or the table of contents cannot be read.
pub fn pages(root: &Path) -> Result<Vec<Page>, Box<dyn Error>> {
    let cases = cases::all(root)?;
    let mut pages: Vec<Page> = AREAS
        .iter()
        .map(|(title, codes)| Page { path: findings_file(&slug(title)), text: area(title, codes, &cases) })
        .collect();
    pages.push(Page { path: findings_file("index"), text: index() });
    let summary = Path::new(BOOK).join("SUMMARY.md");
    let text = contents(&fs::read_to_string(root.join(&summary))?).ok_or("SUMMARY.md has no chapter Findings")?;
    pages.push(Page { path: summary, text });
    Ok(pages)
}

/// The pages whose file differs or is missing.
pub fn outdated<'a>(root: &Path, pages: &'a [Page]) -> Vec<&'a Page> {
    pages.iter().filter(|page| fs::read_to_string(root.join(&page.path)).ok().as_ref() != Some(&page.text)).collect()
}

/// Files among the generated ones that nothing generates any more.
///
/// # Errors
/// When the folder cannot be read.
pub fn strays(root: &Path, pages: &[Page]) -> std::io::Result<Vec<PathBuf>> {
    let known: BTreeSet<&Path> = pages.iter().map(|page| page.path.as_path()).collect();
    let folder = Path::new(BOOK).join("findings");
    let mut found: Vec<PathBuf> = fs::read_dir(root.join(&folder))?
        .filter_map(Result::ok)
        .map(|entry| folder.join(entry.file_name()))
        .filter(|path| !known.contains(path.as_path()))
        .collect();
    found.sort();
    Ok(found)
}

fn findings_file(name: &str) -> PathBuf {
    Path::new(BOOK).join("findings").join(format!("{name}.md"))
}

fn slug(title: &str) -> String {
    let words: String =
        title.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { ' ' }).collect();
    words.split_whitespace().collect::<Vec<_>>().join("-")
}

/// The table of contents with the chapter "Findings" as it has to be.
fn contents(summary: &str) -> Option<String> {
    let (before, rest) = summary.split_once("# Findings\n")?;
    let (_, after) = rest.split_once("\n# ")?;
    let mut text = format!("{before}# Findings\n\n- [Every code](findings/index.md)\n");
    for (title, _) in AREAS {
        let _ = writeln!(text, "- [{title}](findings/{}.md)", slug(title));
    }
    Some(format!("{text}\n# {after}"))
}

fn index() -> String {
    let mut text = String::from(
        "# Every code\n\n\
         What meshlift reports has a code. `meshlift explain CODE` prints what these pages say. *Error* means that the object is refused unless the code is allowed\n\
         (`--allow CODE`), *warning* that somebody should look, *note* that nothing needs to be done. The direction says what becomes of access.\n",
    );
    for (title, codes) in AREAS {
        let page = slug(title);
        let _ = write!(text, "\n## {title}\n\n| code | severity | access | |\n|---|---|---|---|\n");
        for code in *codes {
            let entry = code.entry();
            let _ = writeln!(
                text,
                "| [`{code}`]({page}.md#{code}) | {} | {} | {} |",
                severity(entry.severity),
                direction(entry.direction),
                prose(entry.title).replace('|', "\\|"),
            );
        }
    }
    text
}

fn area(title: &str, codes: &[Code], cases: &[Case]) -> String {
    let mut text = format!("# {title}\n");
    for code in codes {
        let entry = code.entry();
        let _ = write!(
            text,
            "\n## {code}\n\n{} · access {} · *{}*\n\n**Cause.** {}\n\n**Risk.** {}\n\n**Remedy.** {}\n",
            capital(severity(entry.severity)),
            direction(entry.direction),
            prose(entry.title),
            prose(entry.cause),
            prose(entry.risk),
            prose(entry.remedy),
        );
        if let Some((case, shown)) = example(code.name(), cases) {
            text.push_str(&rendered(code.name(), case, shown));
        }
    }
    text
}

/// The case that shows a code with the least beside it; a conversion before a comparison.
fn example<'a>(code: &str, cases: &'a [Case]) -> Option<(&'a Case, &'a Shown)> {
    cases
        .iter()
        .filter_map(|case| case.shown(code).map(|shown| (case, shown)))
        .min_by_key(|(case, shown)| (!case.converts(), case.change(shown).is_none(), case.weight(), &case.folder))
}

fn rendered(code: &str, case: &Case, shown: &Shown) -> String {
    let mut text = format!("\n**Example**, from `{}`", case.folder);
    if !case.args.is_empty() {
        let _ = write!(text, " (`{}`)", case.args.join(" "));
    }
    let label = if shown.label == "given" { format!("given {code}") } else { format!("{}[{code}]", shown.label) };
    let _ = write!(text, ": {}.\n\n```text\n{label}: {}\n", case.sentence(), shown.message);
    if let Some((file, line)) = &shown.place {
        let _ = writeln!(text, "  --> {file}:{line}");
    }
    text.push_str("```\n");
    let Some(change) = case.change(shown) else { return text };
    let language = if change.file.ends_with(".json") { "json" } else { "yaml" };
    let _ = write!(text, "\nBefore, in `{}`:\n\n```{language}\n{}\n```\n", change.file, change.before);
    match change.after {
        None => text.push_str("\nAfter: the file stays as it is.\n"),
        Some(after) if after.is_empty() => text.push_str("\nAfter: nothing stands in its place.\n"),
        Some(after) => {
            let _ = write!(text, "\nAfter:\n\n```{language}\n{after}\n```\n");
        }
    }
    text
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Wider => "wider",
        Direction::Narrower => "narrower",
        Direction::None => "unchanged",
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A sentence of the catalogue as Markdown: outside of backticks every character means itself.
fn prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_code = false;
    for c in text.chars() {
        in_code ^= c == '`';
        if !in_code && matches!(c, '*' | '_' | '<' | '[' | ']' | '#' | '|' | '~') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
