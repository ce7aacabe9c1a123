//! What `meshlift explain` prints: one code's cause, risk and remedy, or the list of all codes.

use super::paint::{self, paint};
use super::{Style, gate};
use crate::finding::catalogue::{self, AREAS};
use crate::finding::{Code, Direction};

/// Lines of prose are not made longer than this, however wide the terminal is.
const WIDEST: usize = 100;

/// One code in full.
pub fn render(code: Code, style: &Style) -> String {
    let entry = code.entry();
    let severity = paint(style, paint::of_severity(entry.severity), entry.severity.word());
    let direction = match entry.direction {
        Direction::Wider => "\nAccess: wider, requests that were denied before would be allowed.",
        Direction::Narrower => "\nAccess: narrower, requests that were allowed before would be denied.",
        Direction::None => "",
    };
    let mut text = format!("{} ({severity}): {}\n{direction}", paint(style, paint::BOLD, entry.code), entry.title);
    for (heading, prose) in [("Cause", entry.cause), ("Risk", entry.risk), ("Remedy", entry.remedy)] {
        text.truncate(text.trim_end_matches('\n').len());
        text += &format!("\n\n{}\n{}", paint(style, paint::BOLD, heading), wrap(prose, "  ", style.width));
    }
    text
}

/// Every code with its title, area by area.
pub fn list(style: &Style) -> String {
    let widest = catalogue::all().map(|code| code.name().len()).max().unwrap_or(0);
    let mut text = String::new();
    for (area, codes) in AREAS.iter().filter(|(_, codes)| !codes.is_empty()) {
        text += &format!("{}\n", paint(style, paint::BOLD, area));
        for code in *codes {
            text += &format!("  {:<widest$}  {}\n", code.name(), code.entry().title);
        }
        text.push('\n');
    }
    text + "meshlift explain CODE tells cause, risk and remedy of one of them.\n"
}

/// What to say about a name that is no code.
pub fn unknown(name: &str) -> String {
    let name = gate::line(name);
    match nearest(&name, catalogue::all().map(Code::name)) {
        Some(near) => format!("error: there is no code \"{name}\"; did you mean {near}?\n"),
        None => format!("error: there is no code \"{name}\"; meshlift explain lists all of them\n"),
    }
}

/// The candidate that needs the fewest edits, if that is at most a third of the name; the first one of equals.
fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase().replace(['_', ' '], "-");
    let limit = (name.chars().count() / 3).max(1);
    candidates
        .map(|candidate| (edits(&name, candidate), candidate))
        .filter(|(edits, _)| *edits <= limit)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance: insertions, deletions and replacements of characters that turn `a` into `b`.
fn edits(a: &str, b: &str) -> usize {
    // `row` holds the distances from the part of `a` read so far to each prefix of `b`.
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (index, from) in a.chars().enumerate() {
        let mut diagonal = index;
        let mut left = index + 1;
        let mut next = vec![left];
        for (to, above) in b.chars().zip(row.iter().skip(1)) {
            left = (diagonal + usize::from(from != to)).min(left + 1).min(above + 1);
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

/// Prose in lines of at most `width` columns, each with `indent`; ends with a newline. Words are never broken.
fn wrap(prose: &str, indent: &str, width: usize) -> String {
    let width = width.min(WIDEST);
    let mut text = String::new();
    let mut line = String::new();
    for word in prose.split_whitespace() {
        let length = indent.len() + line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && length > width {
            text += &format!("{indent}{line}\n");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line += word;
    }
    text + &format!("{indent}{line}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        for (a, b, expected) in [("", "", 0), ("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("ab", "ba", 2)]
        {
            assert_eq!(edits(a, b), expected, "{a} {b}");
        }
    }

    #[test]
    fn a_slip_is_recognised_and_a_guess_is_not() {
        let codes = ["unresolved-service", "unknown-field", "regex-trigger"];
        let near = |name| nearest(name, codes.into_iter());
        assert_eq!(near("unresolved-servce"), Some("unresolved-service"));
        assert_eq!(near("Unknown_Field"), Some("unknown-field"));
        assert_eq!(near("jwt"), None);
        assert_eq!(near(""), None);
    }

    #[test]
    fn prose_is_wrapped_between_words() {
        assert_eq!(wrap("aa bb cc dddddddddd", "  ", 8), "  aa bb\n  cc\n  dddddddddd\n");
    }
}
