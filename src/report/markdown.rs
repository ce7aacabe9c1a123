//! Markdown for pull request comments: the verdict first, then what a reviewer has to look at, then the differences.
//!
//! GitHub refuses comments of more than 65,536 characters. Every part may grow up to a mark of its own; what a part
//! leaves over, those behind it may use, and what does not fit is counted.

use super::gate::markdown::{Within, code, longest_run, prose};
use super::model::{Conversion, Purpose, Report, Verdict, Verification};
use super::{Style, alike, diff, words};
use crate::finding::{Finding, ObjectRef, Severity};

/// Bytes of the comment at which each part ends, so that its sentences about what is missing still fit.
const ACCESS_ENDS: usize = 26_000;
const FINDINGS_END: usize = 46_000;
const CONVERSIONS_END: usize = 55_000;
const DIFFS_END: usize = 64_500;
/// Diffs alone are not longer than this.
const DIFF_BUDGET: usize = 40_000;
/// Rows shown of each table or list before the rest is only counted.
const ROWS: usize = 50;
/// Objects named in one cell before the rest is only counted.
const OBJECTS: usize = 10;
/// Characters of one name, place or value.
const NAME: usize = 250;
/// Characters of one sentence.
const SENTENCE: usize = 1_000;

/// The report as Markdown. Colour and width change nothing.
pub fn render(report: &Report, _style: &Style) -> String {
    let mut text = format!("## meshlift: {}\n\n", headline(report));
    text += &summary(report);
    verdicts(report, &mut text);
    findings(report, &mut text);
    conversions(report, &mut text);
    diffs(report, &mut text);
    text
}

/// Appends rows while they are few enough and the comment stays below `end` bytes; says how many were appended.
fn fill(text: &mut String, rows: impl Iterator<Item = String>, end: usize) -> usize {
    let mut shown = 0;
    for row in rows.take(ROWS) {
        if text.len() + row.len() > end {
            break;
        }
        *text += &row;
        shown += 1;
    }
    shown
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
    let lines = lines.into_iter().flatten().map(|line| format!("- {}\n", prose(&line, SENTENCE, Within::Text)));
    lines.collect::<String>() + &assumptions(report) + "\n"
}

/// What the verdict rests on, above everything else that a reviewer reads.
fn assumptions(report: &Report) -> String {
    let lines = words::assumption_lines(report);
    let lines: String = lines.iter().map(|line| format!("- {}\n", prose(line, SENTENCE, Within::Text))).collect();
    if lines.is_empty() { lines } else { format!("\n### Given\n\n{lines}") }
}

/// A table of all verdicts but the equal ones, with a request that shows each difference.
fn verdicts(report: &Report, text: &mut String) {
    let unequal: Vec<&Verification> = report.verification.iter().filter(|v| v.verdict != Verdict::Equal).collect();
    if unequal.is_empty() {
        return;
    }
    *text += "### Access\n\n| Verdict | Workload | Port | Traffic | Request | Before | After |\n";
    *text += "|---|---|---|---|---|---|---|\n";
    let shown = fill(text, unequal.iter().map(|verification| verdict_rows(verification)), ACCESS_ENDS);
    *text += &rest(unequal.len() - shown, "comparison");
    text.push('\n');
}

/// One row per request that shows a difference; one row when there is none.
fn verdict_rows(verification: &Verification) -> String {
    let port = verification.port.map_or("undeclared".to_owned(), |port| port.to_string());
    let workload = code(&words::workload(verification), NAME, Within::Cell);
    let start =
        format!("| **{}** | {workload} | {port} | {} |", verification.verdict.word(), verification.transport.word());
    let sentence = |text: &str| prose(text, SENTENCE, Within::Cell);
    let rows: String = verification
        .witness
        .iter()
        .map(|witness| {
            let request = code(&words::request(verification, witness), SENTENCE, Within::Cell);
            let (before, after) = (words::decision(&witness.before), words::decision(&witness.after));
            format!("{start} {request} | {} | {} |\n", sentence(&before), sentence(&after))
        })
        .collect();
    if rows.is_empty() { format!("{start} {} | | |\n", sentence(&words::statement(verification))) } else { rows }
}

fn findings(report: &Report, text: &mut String) {
    for (severity, heading) in [(Severity::Error, "Errors"), (Severity::Warning, "Warnings"), (Severity::Note, "Notes")]
    {
        let found: Vec<&Finding> = report.findings.iter().filter(|finding| finding.severity == severity).collect();
        if found.is_empty() {
            continue;
        }
        *text += &format!("### {heading} ({})\n\n", found.len());
        let listed = alike::shown(found.iter().copied());
        let shown = fill(text, listed.iter().map(|shown| item(shown.finding)), FINDINGS_END);
        *text += &rest(found.len() - shown, "finding");
        text.push('\n');
    }
}

fn item(finding: &Finding) -> String {
    let sentence = |text: &str| prose(text, SENTENCE, Within::Text);
    let place = match words::place(finding).as_str() {
        "" => String::new(),
        place => format!(" {}", code(place, NAME, Within::Text)),
    };
    let remedy = if finding.remedy.is_empty() { String::new() } else { format!("  \n  {}", sentence(&finding.remedy)) };
    format!("- **{}**{place}: {}{remedy}\n", finding.code, sentence(&finding.message))
}

fn conversions(report: &Report, text: &mut String) {
    if report.conversions.is_empty() {
        return;
    }
    *text += "### Conversions\n\n| Old | New |\n|---|---|\n";
    let shown = fill(text, report.conversions.iter().map(conversion), CONVERSIONS_END);
    *text += &rest(report.conversions.len() - shown, "conversion");
    text.push('\n');
}

fn conversion(conversion: &Conversion) -> String {
    let old = objects(conversion.from.iter().map(|old| (&old.object, old.file.as_str(), old.line)));
    let new = match &conversion.inert {
        Some(why) if conversion.to.is_empty() => format!("nothing: {}", prose(why, SENTENCE, Within::Cell)),
        None if conversion.to.is_empty() => "nothing".to_owned(),
        _ => objects(conversion.to.iter().map(|new| (&new.object, new.file.as_str(), new.line))),
    };
    format!("| {old} | {new} |\n")
}

/// Objects with their places, one below the other in a cell; the first few of many.
fn objects<'a>(objects: impl ExactSizeIterator<Item = (&'a ObjectRef, &'a str, usize)>) -> String {
    let more = objects.len().saturating_sub(OBJECTS);
    let name = |text: &str| code(text, NAME, Within::Cell);
    let shown = objects
        .take(OBJECTS)
        .map(|(object, file, line)| format!("{} ({})", name(&object.to_string()), name(&format!("{file}:{line}"))));
    let mut lines: Vec<String> = shown.collect();
    if more > 0 {
        lines.push(format!("and {}", words::count(more, "more object")));
    }
    lines.join("<br>")
}

/// The paired diffs, folded away, as far as a comment may be long.
fn diffs(report: &Report, text: &mut String) {
    let budget = DIFF_BUDGET.min(DIFFS_END.saturating_sub(text.len()));
    let mut fenced = String::new();
    let mut shown = 0;
    let mut left_out = 0;
    for conversion in &report.conversions {
        let diff = diff::pair(conversion, &Style::PLAIN);
        if diff.is_empty() {
            continue;
        }
        let fence = "`".repeat(longest_run(&diff, '`').max(2) + 1);
        if fenced.len() + diff.len() + 2 * fence.len() > budget {
            left_out += 1;
            continue;
        }
        shown += 1;
        fenced += &format!("{fence}diff\n{diff}{fence}\n\n");
    }
    if shown + left_out == 0 {
        return;
    }
    if left_out > 0 {
        fenced += &format!(
            "{} not shown here, because a comment has a limited length; `meshlift diff` shows all.\n\n",
            words::count(left_out, "more difference")
        );
    }
    let total = words::count(shown + left_out, "difference");
    *text += &format!("<details>\n<summary>{total}</summary>\n\n{fenced}</details>\n");
}

/// The line that says how many rows are missing; empty when none is.
fn rest(missing: usize, noun: &str) -> String {
    match missing {
        0 => String::new(),
        missing => {
            let count = words::count(missing, &format!("more {noun}"));
            format!("\n{count} not shown. The JSON report (`--format json`) has more.\n")
        }
    }
}
