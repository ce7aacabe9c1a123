//! The book is whole: every number that a comment or a golden case refers to has its anchor, every link leads somewhere,
//! and the generated pages are those that the catalogue and the golden cases give.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../xtask/cases.rs"]
mod cases;
#[path = "../xtask/findings.rs"]
mod findings;
#[path = "../xtask/references.rs"]
mod references;

use references::{Book, Reference};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn source() -> PathBuf {
    root().join("docs/src")
}

fn book() -> Book {
    Book::read(&source()).expect("readable pages")
}

fn none(problems: &[String], advice: &str) {
    assert!(problems.is_empty(), "{}\n\n{advice}", problems.join("\n"));
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

/// (file, line, text) of every comment and of every description of a golden case.
fn texts() -> Vec<(String, usize, String)> {
    let mut found = Vec::new();
    for folder in ["src", "tests", "benches", "fuzz/fuzz_targets", "xtask"] {
        let mut sources = Vec::new();
        references::files(&root().join(folder), "rs", &mut sources).expect("readable folders");
        for file in sources.into_iter().filter(|file| !file.ends_with("tests/docs.rs")) {
            let text = fs::read_to_string(&file).expect("UTF-8");
            found.extend(references::comments(&text).into_iter().map(|(line, text)| (relative(&file), line, text)));
        }
    }
    let mut cases = Vec::new();
    references::files(&root().join("golden"), "yaml", &mut cases).expect("readable folders");
    for file in cases.into_iter().filter(|file| file.ends_with("case.yaml")) {
        let text = fs::read_to_string(&file).expect("UTF-8");
        found.push((relative(&file), 1, text));
    }
    found
}

#[test]
fn every_reference_of_comments_and_golden_cases_is_in_the_book() {
    let book = book();
    let (mut problems, mut resolved) = (BTreeSet::new(), 0);
    for (file, line, text) in texts() {
        for reference in references::references(&text, references::is_about_authentication(&file)) {
            resolved += 1;
            problems.extend(book.problem(&reference).map(|problem| format!("{file}:{line}: {problem}")));
        }
    }
    assert!(resolved > 1000, "only {resolved} references were recognised");
    let problems: Vec<String> = problems.into_iter().collect();
    none(&problems, "docs/src/meaning/index.md says how references are written");
}

#[test]
fn every_link_leads_to_a_file_or_an_anchor() {
    let mut pages = Vec::new();
    references::files(&source(), "md", &mut pages).expect("readable folders");
    let book = source();
    let mut problems = Vec::new();
    let others = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "golden/README.md"];
    for file in pages.into_iter().chain(others.map(|name| root().join(name))) {
        let text = references::included(&file).expect("a readable page");
        let own = references::anchors(&text);
        let inside = file.starts_with(&book).then_some(book.as_path());
        for (line, target) in references::links(&text) {
            let problem = references::link_problem(&file, &own, &target, inside);
            problems.extend(problem.map(|problem| format!("{}:{line}: {problem}", relative(&file))));
        }
    }
    none(&problems, "a page of the book can link to pages of the book only");
}

#[test]
fn the_table_of_contents_holds_every_page() {
    let summary = fs::read_to_string(source().join("SUMMARY.md")).expect("a table of contents");
    let listed: BTreeSet<String> = references::links(&summary).into_iter().map(|(_, target)| target).collect();
    let book = book();
    let pages: BTreeSet<String> = book.pages().filter(|page| *page != "SUMMARY.md").map(str::to_owned).collect();
    assert_eq!(listed, pages);
}

#[test]
fn generated_pages_are_current() {
    let pages = findings::pages(root()).expect("readable golden cases");
    let outdated = findings::outdated(root(), &pages);
    let mut problems: Vec<String> = outdated.iter().map(|page| page.path.display().to_string()).collect();
    let strays = findings::strays(root(), &pages).expect("a readable folder");
    problems.extend(strays.iter().map(|path| format!("{} is not generated any more", path.display())));
    none(&problems, "`cargo xtask docs` writes these pages; read the change before you commit it");
}

#[test]
fn the_book_speaks_to_strangers() {
    let mut pages = Vec::new();
    references::files(&source(), "md", &mut pages).expect("readable folders");
    let mut problems = Vec::new();
    for file in pages {
        let text = references::included(&file).expect("a readable page");
        for word in ["/work/", "../shared", "spec/rbac.md", "spec/authn.md", "house.md"] {
            if text.contains(word) {
                problems.push(format!("{} mentions {word}", relative(&file)));
            }
        }
    }
    none(&problems, "name what is in the repository");
}

mod the_checker {
    use super::*;

    fn found(text: &str, about_authentication: bool) -> Vec<String> {
        references::references(text, about_authentication)
            .into_iter()
            .map(|Reference { page, anchor }| format!("{page}#{}", anchor.unwrap_or_default()))
            .collect()
    }

    #[test]
    fn sees_a_dangling_reference() {
        let book = book();
        let problem = |page: &str, anchor: &str| {
            book.problem(&Reference { page: page.to_owned(), anchor: Some(anchor.to_owned()) })
        };
        assert_eq!(problem("meaning/rbac.md", "E37"), None);
        assert_eq!(problem("meaning/rbac.md", "6.3"), None);
        assert_eq!(problem("meaning/rbac.md", "E999").as_deref(), Some("meaning/rbac.md has no anchor E999"));
        assert_eq!(problem("spec/rbac.md", "6.3").as_deref(), Some("the book has no page spec/rbac.md"));
    }

    #[test]
    fn reads_sections_after_the_page_that_is_named() {
        assert_eq!(
            found("Ports (`meaning/authn.md` §4.3, §2.2–2.4) and J4–J8.", false),
            [
                "meaning/authn.md#",
                "meaning/authn.md#4.3",
                "meaning/authn.md#2.2",
                "meaning/authn.md#2.4",
                "meaning/authn.md#J4",
                "meaning/authn.md#J8"
            ]
        );
        assert_eq!(
            found("knowledge §10.3, design law 6", false),
            ["meaning/knowledge.md#10.3", "inside/design.md#law-6"]
        );
        assert_eq!(found("surroundings 4.14 to 4.16: denials", false).len(), 2);
        assert_eq!(found("rollout R47, R51: clients", true), ["meaning/rollout.md#R47", "meaning/rollout.md#R51"]);
        assert_eq!(
            found("see `meaning/rbac.md` Appendix C, C2", false).last().map(String::as_str),
            Some("meaning/rbac.md#C2")
        );
    }

    #[test]
    fn reads_bare_numbers_by_the_subject_of_the_file() {
        assert_eq!(found("E37, §6.3", false), ["meaning/rbac.md#E37", "meaning/rbac.md#6.3"]);
        assert_eq!(
            found("E37, §2.2, J13", true),
            ["meaning/authn.md#E37", "meaning/authn.md#2.2", "meaning/authn.md#J13"]
        );
        assert_eq!(found("authn-E12", false), ["meaning/authn.md#E12"]);
        assert!(references::is_about_authentication("src/convert/authn/mtls/scopes.rs"));
        assert!(references::is_about_authentication("golden/jwt/a-case/case.yaml"));
        assert!(!references::is_about_authentication("golden/rbac/a-case/case.yaml"));
        assert!(!references::is_about_authentication("src/access/jwt.rs"));
    }

    #[test]
    fn leaves_other_words_alone() {
        assert!(found("README.md, HTTP/1.1, V4, C0, SHA256, 1.5, L15, v1beta1", false).is_empty());
    }

    #[test]
    fn reads_comments_as_blocks() {
        let source = "//! One\n//! two\nlet x = 1; // three\n/// four\n";
        let blocks: Vec<(usize, String)> = references::comments(source);
        assert_eq!(blocks, [(1, " One\n two".to_owned()), (3, "three".to_owned()), (4, " four".to_owned())]);
    }

    #[test]
    fn sees_a_dangling_link() {
        let readme = root().join("README.md");
        let own = references::anchors("# A title\n\n<a id=\"x\"></a>\n\n## `code` here\n");
        let problem = |target: &str| references::link_problem(&readme, &own, target, None);
        assert_eq!(problem("#a-title"), None);
        assert_eq!(problem("#code-here"), None);
        assert_eq!(problem("#x"), None);
        assert_eq!(problem("https://example.com/nowhere"), None);
        assert_eq!(problem("SECURITY.md#output"), None);
        assert!(problem("#y").is_some());
        assert!(problem("NOWHERE.md").is_some());
        assert!(problem("SECURITY.md#nowhere").is_some());
        let book = source();
        let page = book.join("introduction.md");
        assert!(references::link_problem(&page, &own, "../../README.md", Some(&book)).is_some());
    }

    #[test]
    fn reads_no_links_in_code() {
        assert_eq!(references::links("[a](b.md) `[c](d.md)`\n```\n[e](f.md)\n```\n"), [(1, "b.md".to_owned())]);
    }
}
