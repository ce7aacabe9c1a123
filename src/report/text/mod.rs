//! Text for people: findings with their source lines, then verdicts worst first, then the summary.

mod finding;
mod verdict;

use super::model::Report;
use super::paint::{self, paint};
use super::{Detail, Style, alike, words};
use crate::finding::{Finding, Severity};
use std::collections::BTreeSet;

/// The whole report as text. Ends with a newline.
pub fn render(report: &Report, style: &Style) -> String {
    let mut blocks = findings(report, style);
    blocks.extend(verdict::render(report, style));
    blocks.push(summary(report, style));
    blocks.join("\n")
}

/// Each finding as a block that ends with a newline. The pointer to `explain` is given once per code.
pub fn findings(report: &Report, style: &Style) -> Vec<String> {
    let mut explained = BTreeSet::new();
    let wanted = |finding: &&Finding| style.detail > Detail::Quiet || finding.severity == Severity::Error;
    alike::shown(report.findings.iter().filter(wanted))
        .into_iter()
        .map(|shown| {
            let block = finding::render(shown.finding, report, explained.insert(shown.finding.code), style);
            match shown.rest() {
                None => block,
                Some(rest) => format!("{block}... {rest}\n"),
            }
        })
        .collect()
}

/// The closing lines: what was read, what was found, what was proved, what was written.
fn summary(report: &Report, style: &Style) -> String {
    let verdict_paint = match report.worst() {
        Some(verdict) if report.unverified.is_none() => paint::of_verdict(verdict),
        _ => paint::BOLD,
    };
    let mut lines = vec![
        (words::settings_line(report), paint::PLAIN),
        (Some(words::objects_line(report)), paint::PLAIN),
        (words::findings_line(report), paint::PLAIN),
        (words::access_line(report), verdict_paint),
    ];
    let given = words::assumption_lines(report).into_iter();
    lines.extend(given.map(|line| (Some(format!("  given {}", super::gate::line(&line))), paint::PLAIN)));
    lines.push((words::files_line(report), paint::PLAIN));
    let mut text = String::new();
    for (line, colour) in lines {
        if let Some(line) = line {
            text += &paint(style, colour, &line);
            text.push('\n');
        }
    }
    text
}
