//! What the book says where: anchors of its pages, the numbers that comments and golden cases refer to, and links.
//!
//! How references are written is told to readers in `docs/src/meaning/index.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// Words that name a page before a number, and the page.
const NAMES: [(&str, &str); 6] = [
    ("rbac", "meaning/rbac.md"),
    ("authn", "meaning/authn.md"),
    ("knowledge", "meaning/knowledge.md"),
    ("surroundings", "meaning/surroundings.md"),
    ("rollout", "meaning/rollout.md"),
    ("design", "inside/design.md"),
];
const RBAC: &str = "meaning/rbac.md";
const AUTHN: &str = "meaning/authn.md";
const SURROUNDINGS: &str = "meaning/surroundings.md";
const ROLLOUT: &str = "meaning/rollout.md";
const DESIGN: &str = "inside/design.md";

/// A sentence of the book that a text refers to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// Page below the book's source folder.
    pub page: String,
    /// Anchor on it; `None` for the page itself.
    pub anchor: Option<String>,
}

/// The pages of the book with their anchors.
#[derive(Debug)]
pub struct Book {
    anchors: BTreeMap<String, BTreeSet<String>>,
}

impl Book {
    /// Reads every page below a source folder.
    ///
    /// # Errors
    /// When a page cannot be read.
    pub fn read(source: &Path) -> io::Result<Book> {
        let mut pages = Vec::new();
        files(source, "md", &mut pages)?;
        let mut anchors = BTreeMap::new();
        for page in pages {
            let name = slashed(page.strip_prefix(source).unwrap_or(&page));
            anchors.insert(name, self::anchors(&included(&page)?));
        }
        Ok(Book { anchors })
    }

    /// Says what is wrong with a reference.
    pub fn problem(&self, reference: &Reference) -> Option<String> {
        let Some(anchors) = self.anchors.get(&reference.page) else {
            return Some(format!("the book has no page {}", reference.page));
        };
        let anchor = reference.anchor.as_ref()?;
        (!anchors.contains(anchor)).then(|| format!("{} has no anchor {anchor}", reference.page))
    }

    /// The pages, by name.
    pub fn pages(&self) -> impl Iterator<Item = &str> {
        self.anchors.keys().map(String::as_str)
    }
}

/// The references of a text: a comment, or what a golden case shows. `about_authentication` says what a bare number means.
pub fn references(text: &str, about_authentication: bool) -> Vec<Reference> {
    let bare = if about_authentication { AUTHN } else { RBAC };
    let words: Vec<&str> = text.split_whitespace().map(trimmed).filter(|word| !word.is_empty()).collect();
    let mut named: Option<String> = None;
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let next = words.get(at + 1).copied().unwrap_or_default();
        if let Some(page) = page(word) {
            found.push(Reference { page: page.clone(), anchor: None });
            named = Some(page);
        } else if let Some(page) = name(word, next) {
            named = Some(page.to_owned());
        } else {
            found.extend(numbers(word, next, named.as_deref(), bare));
        }
    }
    found
}

fn trimmed(word: &str) -> &str {
    word.trim_matches(|c: char| !(c.is_alphanumeric() || c == '§' || c == '/'))
}

/// `meaning/rbac.md`, but not `README.md`, which is no page of the book.
fn page(word: &str) -> Option<String> {
    let word = word.strip_prefix("docs/src/").unwrap_or(word);
    let lower = |c: char| c.is_ascii_lowercase() || c == '/' || c == '-' || c == '.';
    (word.ends_with(".md") && word.len() > 3 && word.chars().all(lower)).then(|| word.to_owned())
}

/// `authn` in `authn §4.5`, `Knowledge` in `Knowledge §3`, `design` in `design law 6`.
fn name(word: &str, next: &str) -> Option<&'static str> {
    let numbered =
        next.starts_with('§') || next.starts_with(|c: char| c.is_ascii_digit()) || next == "law" || is_number(next);
    let word = word.to_ascii_lowercase();
    NAMES.iter().find(|(name, _)| numbered && *name == word).map(|(_, page)| *page)
}

/// `E37`, `R30b`.
fn is_number(word: &str) -> bool {
    let mut letters = word.chars();
    let rest = if letters.next().is_some_and(|c| c.is_ascii_uppercase()) { letters.as_str() } else { return false };
    let digits = rest.trim_end_matches(|c: char| c.is_ascii_lowercase());
    (1..=3).contains(&digits.len()) && rest.len() - digits.len() <= 1 && digits.chars().all(|c| c.is_ascii_digit())
}

fn is_dotted(word: &str) -> bool {
    word.split('.').all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit()))
}

/// The references that one word makes, after a page was named or not.
fn numbers(word: &str, next: &str, named: Option<&str>, bare: &str) -> Vec<Reference> {
    let to = |page: &str, anchor: &str| Reference { page: page.to_owned(), anchor: Some(anchor.to_owned()) };
    if let Some(section) = word.strip_prefix('§') {
        let page = named.unwrap_or(bare);
        return section.split(['–', '-']).filter(|one| is_dotted(one)).map(|one| to(page, one)).collect();
    }
    if let Some(edge) = word.strip_prefix("authn-").filter(|edge| is_number(edge)) {
        return vec![to(AUTHN, edge)];
    }
    match (named, word) {
        (Some(SURROUNDINGS), "part") if is_dotted(next) => return vec![to(SURROUNDINGS, next)],
        (Some(SURROUNDINGS), number) if number.contains('.') && is_dotted(number) => {
            return vec![to(SURROUNDINGS, number)];
        }
        (Some(DESIGN), "law") if is_dotted(next) => return vec![to(DESIGN, &format!("law-{next}"))],
        (Some(RBAC), "Appendix") => return vec![to(RBAC, next)],
        _ => {}
    }
    let ends: Vec<&str> = word.split(['–', '-']).collect();
    if !ends.iter().all(|one| is_number(one)) {
        return Vec::new();
    }
    let page = match word.get(..1) {
        Some("E") => named.filter(|page| [RBAC, AUTHN].contains(page)).unwrap_or(bare),
        Some("J" | "S" | "V") if bare == AUTHN || named == Some(AUTHN) => AUTHN,
        Some("C") if named == Some(RBAC) => RBAC,
        Some("R") if named == Some(ROLLOUT) => ROLLOUT,
        _ => return Vec::new(),
    };
    ends.into_iter().map(|one| to(page, one)).collect()
}

/// The comments of a Rust source, each block as one text with its first line (from 1).
pub fn comments(source: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut open_until = 0;
    for (number, line) in source.lines().enumerate() {
        let line = line.trim_start();
        // A comment behind code counts as well; `//` inside of a text (an address) follows a colon.
        let comment = match line.strip_prefix("//") {
            Some(rest) => Some((rest, true)),
            None => line.split_once(" // ").map(|(_, rest)| (rest, false)),
        };
        let Some((comment, whole)) = comment else { continue };
        let comment = comment.trim_start_matches(['/', '!']);
        match found.last_mut() {
            Some((_, text)) if whole && open_until == number && number > 0 => {
                text.push('\n');
                text.push_str(comment);
            }
            _ => found.push((number + 1, comment.to_owned())),
        }
        open_until = if whole { number + 1 } else { 0 };
    }
    found
}

/// True for files in which a bare number means the page about authentication. Code about roles and the proof, which is
/// about both, say `authn` where they mean it.
pub fn is_about_authentication(path: &str) -> bool {
    let any = |words: &[&str]| path.split(['/', '.', '_']).any(|part| words.contains(&part));
    any(&["authn", "jwt", "mtls", "authentication"]) && !any(&["access", "rbac"])
}

/// Links of a Markdown text, with their line (from 1); not those in code.
pub fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in prose_lines(text) {
        let mut rest = line.as_str();
        while let Some((_, after)) = rest.split_once("](") {
            let (target, after) = after.split_once(')').unwrap_or((after, ""));
            found.push((number, target.trim().to_owned()));
            rest = after;
        }
    }
    found
}

/// Anchors of a Markdown text: those that are written out, and those of headings.
pub fn anchors(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (_, line) in prose_lines(text) {
        let mut rest = line.as_str();
        while let Some((_, after)) = rest.split_once("<a id=\"") {
            let (anchor, after) = after.split_once('"').unwrap_or((after, ""));
            found.insert(anchor.to_owned());
            rest = after;
        }
        let heading = line.trim_start_matches('#');
        if line.starts_with('#') && heading.starts_with(' ') {
            found.insert(heading_anchor(heading.trim()));
        }
    }
    found
}

/// The anchor that mdBook and GitHub give a heading.
fn heading_anchor(heading: &str) -> String {
    heading
        .chars()
        .filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c))
        .map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() })
        .collect()
}

/// Lines outside of code blocks, with what stands in backticks blanked out (headings keep it: it is part of the anchor).
fn prose_lines(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut in_code = false;
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if line.starts_with('#') && !in_code {
            found.push((number + 1, line.to_owned()));
        } else if !in_code {
            let outside = line.split('`').enumerate().map(|(at, part)| if at % 2 == 0 { part } else { "` `" });
            found.push((number + 1, outside.collect()));
        }
    }
    found
}

/// A page with the files that it includes.
///
/// # Errors
/// When one of them cannot be read.
pub fn included(page: &Path) -> io::Result<String> {
    let mut text = String::new();
    for line in fs::read_to_string(page)?.lines() {
        match line.trim().strip_prefix("{{#include ").and_then(|rest| rest.strip_suffix("}}")) {
            Some(file) => text.push_str(&fs::read_to_string(normal(&folder_of(page).join(file)))?),
            None => text.push_str(line),
        }
        text.push('\n');
    }
    Ok(text)
}

/// Says what is wrong with a link that stands in `file`; addresses on the web are not asked for. Where `inside` is given,
/// the target has to lie in that folder.
pub fn link_problem(file: &Path, own: &BTreeSet<String>, target: &str, inside: Option<&Path>) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = target.split_once('#').map_or((target, None), |(path, anchor)| (path, Some(anchor)));
    if path.is_empty() {
        return anchor
            .filter(|anchor| !own.contains(*anchor))
            .map(|anchor| format!("there is no anchor {anchor} here"));
    }
    let found = normal(&folder_of(file).join(path));
    if !found.exists() {
        return Some(format!("there is no {path}"));
    }
    if inside.is_some_and(|folder| !found.starts_with(folder)) {
        return Some(format!("{path} is no part of the book"));
    }
    let anchor = anchor?;
    match included(&found) {
        Ok(text) => (!anchors(&text).contains(anchor)).then(|| format!("{path} has no anchor {anchor}")),
        Err(error) => Some(format!("{path}: {error}")),
    }
}

fn folder_of(file: &Path) -> &Path {
    file.parent().unwrap_or(Path::new("."))
}

/// The path without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut found = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                found.pop();
            }
            _ => found.push(part),
        }
    }
    found
}

/// Files with an extension below a folder, sorted.
///
/// # Errors
/// When a folder cannot be read.
pub fn files(folder: &Path, extension: &str, into: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)?.filter_map(Result::ok).map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, extension, into)?;
        } else if path.extension().is_some_and(|found| found == extension) {
            into.push(path);
        }
    }
    Ok(())
}

fn slashed(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}
