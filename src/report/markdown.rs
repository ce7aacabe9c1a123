//! Markdown for pull request comments: the verdict first, then what a reviewer has to look at, then the differences.

use super::model::{Purpose, Report, Verdict, Verification};
use super::{Style, diff, words};
use crate::finding::{Finding, ObjectRef, Severity};
use std::fmt::Write as _;

/// GitHub refuses comments of more than 65,536 characters; diffs stop before that.
const DIFF_BUDGET: usize = 40_000;
/// Rows shown of each table or list before the rest is only counted.
const ROWS: usize = 50;

/// The report as Markdown. Colour and width change nothing.
pub fn render(report: &Report, _style: &Style) -> String {
    let mut text = format!("## meshlift: {}\n\n", headline(report));
    text += &summary(report);
    text += &verdicts(report);
    text += &findings(report);
    text += &conversions(report);
    text += &diffs(report);
    text
}

/// The answer a reviewer came for.
fn headline(report: &Report) -> &'static str {
    if report.unverified.is_some() {
        return "access was not compared";
    }
    match report.worst() {
        Some(Verdict::Different) => "access changes in both directions",
        Some(Verdict::Wider) => "access becomes wider",
        Some(Verdict::Narrower) => "access becomes narrower",
        Some(Verdict::Undecided) => "no difference in access found, but not everything is proved",
        Some(Verdict::Equal) => "access stays the same",
        None if report.purpose == Purpose::Compare => "nothing to compare",
        None if report.summary.legacy == 0 => "nothing to convert",
        None => "nothing was compared",
    }
}

fn summary(report: &Report) -> String {
    let lines = [
        words::access_line(report),
        Some(words::objects_line(report)),
        words::findings_line(report),
        words::files_line(report),
        words::settings_line(report),
    ];
    let lines: Vec<String> = lines.into_iter().flatten().map(|line| format!("- {}\n", escape(&line))).collect();
    lines.concat() + "\n"
}

/// A table of all verdicts but the equal ones, with a request that shows each difference.
fn verdicts(report: &Report) -> String {
    let unequal: Vec<&Verification> = report.verification.iter().filter(|v| v.verdict != Verdict::Equal).collect();
    if unequal.is_empty() {
        return String::new();
    }
    let mut text = "### Access\n\n| Verdict | Workload | Port | Traffic | Request | Before | After |\n".to_owned();
    text += "|---|---|---|---|---|---|---|\n";
    for verification in unequal.iter().take(ROWS) {
        text += &verdict_rows(verification);
    }
    text + &rest(unequal.len(), "comparison") + "\n"
}

/// One row per request that shows a difference; one row when there is none.
fn verdict_rows(verification: &Verification) -> String {
    let port = verification.port.map_or("undeclared".to_owned(), |port| port.to_string());
    let workload = cell_code(&words::workload(verification));
    let start =
        format!("| **{}** | {workload} | {port} | {} |", verification.verdict.word(), verification.transport.word());
    let rows: String = verification
        .witness
        .iter()
        .map(|witness| {
            let request = cell_code(&words::request(verification, witness));
            let (before, after) = (words::decision(&witness.before), words::decision(&witness.after));
            format!("{start} {request} | {} | {} |\n", escape(&before), escape(&after))
        })
        .collect();
    if rows.is_empty() { format!("{start} {} | | |\n", escape(&words::statement(verification))) } else { rows }
}

fn findings(report: &Report) -> String {
    let mut text = String::new();
    for (severity, heading) in [(Severity::Error, "Errors"), (Severity::Warning, "Warnings"), (Severity::Note, "Notes")]
    {
        let found: Vec<&Finding> = report.findings.iter().filter(|finding| finding.severity == severity).collect();
        if found.is_empty() {
            continue;
        }
        let _ = writeln!(text, "### {heading} ({})\n", found.len());
        text.extend(found.iter().take(ROWS).map(|finding| item(finding)));
        text += &rest(found.len(), "finding");
        text.push('\n');
    }
    text
}

fn item(finding: &Finding) -> String {
    let place = match words::place(finding).as_str() {
        "" => String::new(),
        place => format!(" {}", code(place)),
    };
    let remedy = if finding.remedy.is_empty() { String::new() } else { format!("  \n  {}", escape(&finding.remedy)) };
    format!("- **{}**{place}: {}{remedy}\n", finding.code, escape(&finding.message))
}

fn conversions(report: &Report) -> String {
    if report.conversions.is_empty() {
        return String::new();
    }
    let mut text = "### Conversions\n\n| Old | New |\n|---|---|\n".to_owned();
    for conversion in report.conversions.iter().take(ROWS) {
        let old = conversion.from.iter().map(|old| object(&old.object, &old.file, old.line));
        let new = conversion.to.iter().map(|new| object(&new.object, &new.file, new.line));
        let new = match &conversion.inert {
            Some(why) if conversion.to.is_empty() => format!("nothing: {}", escape(why)),
            None if conversion.to.is_empty() => "nothing".to_owned(),
            _ => new.collect::<Vec<_>>().join("<br>"),
        };
        let _ = writeln!(text, "| {} | {new} |", old.collect::<Vec<_>>().join("<br>"));
    }
    text + &rest(report.conversions.len(), "conversion") + "\n"
}

fn object(object: &ObjectRef, file: &str, line: usize) -> String {
    format!("{} ({})", cell_code(&object.to_string()), cell_code(&format!("{file}:{line}")))
}

/// The paired diffs, folded away, as far as a comment may be long.
fn diffs(report: &Report) -> String {
    let mut text = String::new();
    let mut shown = 0;
    let mut left_out = 0;
    for conversion in &report.conversions {
        let diff = diff::pair(conversion, &Style::PLAIN);
        if diff.is_empty() {
            continue;
        }
        if text.len() + diff.len() > DIFF_BUDGET {
            left_out += 1;
            continue;
        }
        shown += 1;
        let fence = "`".repeat(longest_run(&diff, '`').max(2) + 1);
        let _ = write!(text, "{fence}diff\n{diff}{fence}\n\n");
    }
    if shown + left_out == 0 {
        return String::new();
    }
    if left_out > 0 {
        let _ = writeln!(
            text,
            "{} not shown here, because a comment has a limited length; `meshlift diff` shows all.\n",
            words::count(left_out, "more difference")
        );
    }
    let total = words::count(shown + left_out, "difference");
    format!("<details>\n<summary>{total}</summary>\n\n{text}</details>\n")
}

/// The line that says how many rows are missing; empty when none is.
fn rest(total: usize, noun: &str) -> String {
    match total.checked_sub(ROWS) {
        None | Some(0) => String::new(),
        Some(missing) => format!("\n{} not shown.\n", words::count(missing, &format!("more {noun}"))),
    }
}

/// Prose that means itself in Markdown, also in a table cell, and mentions nobody.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for character in words::clean(text).chars() {
        match character {
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '&' => escaped += "&amp;",
            '@' => escaped += "&#64;",
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '$' => {
                escaped.push('\\');
                escaped.push(character);
            }
            _ => escaped.push(character),
        }
    }
    escaped
}

/// A code span; the delimiters are longer than any run of backticks inside.
fn code(text: &str) -> String {
    let text = words::clean(text);
    let fence = "`".repeat(longest_run(&text, '`') + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A code span in a table cell, where a pipe would end the cell even inside code.
fn cell_code(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// The length of the longest run of `wanted` in `text`.
fn longest_run(text: &str, wanted: char) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for character in text.chars() {
        run = if character == wanted { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}
