//! GitHub workflow commands: each finding as an annotation at its line in the pull request.
//!
//! No `stop-commands` markers stand around text from outside: it is part of our own commands' messages, whose escapes
//! keep it on our line, and the gate takes the bracket from `##[…]`.

use super::model::Report;
use super::{Style, alike, gate, words};
use crate::finding::{Place, Severity};

/// One command per line. `style` changes nothing: a program reads this.
pub fn render(report: &Report, _style: &Style) -> String {
    let mut text = String::new();
    for shown in alike::shown(&report.findings) {
        let finding = shown.finding;
        text += &command(finding.severity, finding.place.as_ref(), finding.code.name(), &words::message(shown));
    }
    for verification in &report.verification {
        if let Some((code, severity)) = words::as_finding(report, verification.verdict) {
            let place = words::verdict_place(verification);
            text += &command(severity, place, code.name(), &words::verdict_message(verification));
        }
    }
    let summary = [
        words::settings_line(report),
        Some(words::objects_line(report)),
        words::access_line(report),
        words::files_line(report),
    ];
    let given = words::assumption_lines(report).into_iter().map(|line| Some(format!("given {line}")));
    text.extend(
        summary.into_iter().chain(given).flatten().map(|line| command(Severity::Note, None, "meshlift", &line)),
    );
    text
}

fn command(severity: Severity, place: Option<&Place>, title: &str, message: &str) -> String {
    let name = match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let location = match place {
        Some(place) if &*place.file != "-" => {
            format!("file={},line={},col={},", property(&place.file), place.line, place.column)
        }
        _ => String::new(),
    };
    format!("::{name} {location}title={}::{}\n", property(title), data(message))
}

/// The escapes GitHub undoes in a command's message.
fn data(text: &str) -> String {
    escaped(&gate::prose(text), &['%', '\r', '\n'])
}

/// The escapes GitHub undoes in a command's properties.
fn property(text: &str) -> String {
    escaped(&gate::line(text), &['%', '\r', '\n', ':', ','])
}

fn escaped(text: &str, special: &[char]) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if special.contains(&character) {
            escaped += &format!("%{:02X}", u32::from(character));
        } else {
            escaped.push(character);
        }
    }
    escaped
}
