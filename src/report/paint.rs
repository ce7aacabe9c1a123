//! The few colours meshlift uses, in one place.

use super::Style;
use crate::finding::Severity;
use crate::report::model::Verdict;
use anstyle::{AnsiColor, Color};

pub(super) const PLAIN: anstyle::Style = anstyle::Style::new();
pub(super) const BOLD: anstyle::Style = anstyle::Style::new().bold();
pub(super) const DIM: anstyle::Style = anstyle::Style::new().dimmed();
pub(super) const REMOVED: anstyle::Style = foreground(AnsiColor::Red);
pub(super) const ADDED: anstyle::Style = foreground(AnsiColor::Green);
pub(super) const HUNK: anstyle::Style = foreground(AnsiColor::Cyan);
const WARNING: anstyle::Style = foreground(AnsiColor::Yellow);

const fn foreground(color: AnsiColor) -> anstyle::Style {
    anstyle::Style::new().fg_color(Some(Color::Ansi(color)))
}

/// `text` in `paint`, or as it is when the style wants no colour.
pub(super) fn paint(style: &Style, paint: anstyle::Style, text: &str) -> String {
    if style.color && paint != PLAIN { format!("{paint}{text}{paint:#}") } else { text.to_owned() }
}

/// Red for what opens access, yellow for what closes it or is not known, green for equal.
pub(super) fn of_verdict(verdict: Verdict) -> anstyle::Style {
    match verdict {
        Verdict::Different | Verdict::Wider => REMOVED.bold(),
        Verdict::Narrower | Verdict::Undecided => WARNING.bold(),
        Verdict::Equal => ADDED.bold(),
    }
}

/// The colour of a severity's word.
pub(super) fn of_severity(severity: Severity) -> anstyle::Style {
    match severity {
        Severity::Error => REMOVED.bold(),
        Severity::Warning => WARNING.bold(),
        Severity::Note => ADDED.bold(),
    }
}
