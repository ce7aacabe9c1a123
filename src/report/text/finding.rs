//! One finding as rustc would show it: the source line with a caret, related places, remedy, pointer to `explain`.

use crate::finding::{Direction, Finding, Place, Severity};
use crate::report::model::Report;
use crate::report::{Style, gate};
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Element, Level, Origin, Renderer, Snippet};
use std::borrow::Cow;
use std::ops::Range;

/// Lines between two places of one file that are still shown as one excerpt.
const NEAR: usize = 30;
/// Source lines longer than this (bytes) are cut around the place meant before they are laid out.
const LONG_LINE: usize = 2_000;
/// How much of a long line is kept on each side of the place, in bytes.
const KEPT: usize = 300;

/// The finding as a block of lines that ends with a newline.
pub(super) fn render(finding: &Finding, report: &Report, explain: bool, style: &Style) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let mut elements: Vec<Element<'_>> = Vec::new();
    for excerpt in excerpts(finding, report) {
        elements.extend(excerpt.elements());
    }
    if let Some(text) = consequence(finding.direction) {
        elements.push(Level::NOTE.message(text).into());
    }
    if !finding.remedy.is_empty() {
        elements.push(Level::HELP.message(gate::line(&finding.remedy)).into());
    }
    if explain {
        elements.push(Level::NOTE.message(format!("meshlift explain {}", finding.code)).into());
    }
    let group = level.primary_title(gate::line(&finding.message)).id(finding.code.name()).elements(elements);
    let text = renderer(style).render(&[group]);
    text.lines().map(|line| related_mark(line) + "\n").collect()
}

/// The mark of a related place, `:::` as rustc shows it, begins a line like a command to a CI runner; an arrow does not.
fn related_mark(line: &str) -> String {
    let only_colour = |before: &str| before.chars().all(|c| c == ' ' || c == '\u{1b}' || "[;m0123456789".contains(c));
    match line.split_once("::: ") {
        Some((before, place)) if only_colour(before) => format!("{before}--> {place}"),
        _ => line.to_owned(),
    }
}

fn renderer(style: &Style) -> Renderer {
    let renderer = if style.color { Renderer::styled() } else { Renderer::plain() };
    renderer.term_width(style.width.max(40)).decor_style(if style.unicode {
        DecorStyle::Unicode
    } else {
        DecorStyle::Ascii
    })
}

/// What a direction means for traffic, where it means something.
fn consequence(direction: Direction) -> Option<&'static str> {
    match direction {
        Direction::Wider => Some("wider: requests that were denied before would be allowed"),
        Direction::Narrower => Some("narrower: requests that were allowed before would be denied"),
        Direction::None => None,
    }
}

/// A place to be marked, with the words beside its mark.
struct Mark<'a> {
    kind: AnnotationKind,
    place: &'a Place,
    label: Option<&'a str>,
}

/// Some lines of one file with the marks in them; without lines when the text is not known or no line is meant.
struct Excerpt<'a> {
    marks: Vec<Mark<'a>>,
    lines: Option<Lines<'a>>,
}

/// A piece of a file's text.
struct Lines<'a> {
    text: &'a str,
    /// Bytes of `text` in the file.
    range: Range<usize>,
    /// 1-based number of the first line.
    first: usize,
    /// True when the piece does not begin and end with a line.
    cut: bool,
}

/// The finding's place and its related ones, those near each other together.
fn excerpts<'a>(finding: &'a Finding, report: &'a Report) -> Vec<Excerpt<'a>> {
    let primary = finding.place.as_ref().map(|place| Mark { kind: AnnotationKind::Primary, place, label: None });
    let related = finding.related.iter().map(|(place, label)| Mark {
        kind: AnnotationKind::Context,
        place,
        label: Some(label.as_str()),
    });
    let mut excerpts: Vec<Excerpt<'a>> = Vec::new();
    for mark in primary.into_iter().chain(related) {
        let source = report.sources.get(&mark.place.file).map(|text| &**text);
        let lines = source.and_then(|text| lines(text, mark.place));
        let joined = excerpts.iter_mut().any(|excerpt| match (source, &lines) {
            (Some(text), Some(lines)) => excerpt.join(text, lines, &mark),
            _ => false,
        });
        if !joined {
            excerpts.push(Excerpt { marks: vec![mark], lines });
        }
    }
    excerpts
}

impl<'a> Excerpt<'a> {
    /// Takes the mark in when it is near this excerpt in the same file.
    fn join(&mut self, text: &'a str, lines: &Lines<'a>, mark: &Mark<'a>) -> bool {
        let (Some(own), Some(first)) = (&mut self.lines, self.marks.first()) else { return false };
        let near = first.place.file == mark.place.file && first.place.line.abs_diff(mark.place.line) <= NEAR;
        if !near || own.cut || lines.cut {
            return false;
        }
        let range = own.range.start.min(lines.range.start)..own.range.end.max(lines.range.end);
        let Some(joint) = text.get(range.clone()) else { return false };
        *own = Lines { text: joint, range, first: own.first.min(lines.first), cut: false };
        self.marks.push(Mark { kind: mark.kind, place: mark.place, label: mark.label });
        true
    }

    fn elements(self) -> Vec<Element<'a>> {
        let Some(first) = self.marks.first() else { return Vec::new() };
        let file = gate::line(&first.place.file);
        let Some(lines) = self.lines else {
            let labels = self.marks.iter().filter_map(|mark| mark.label);
            let labels = labels.map(|label| Level::NOTE.message(gate::line(label)).into());
            return std::iter::once(origin(first.place).into()).chain(labels).collect();
        };
        let unix = unix_lines(lines.text);
        let shown = gate::prose(&unix);
        let changed = matches!(shown, Cow::Owned(_));
        let snippet = Snippet::source(shown.into_owned())
            .line_start(lines.first)
            .annotations(self.marks.iter().map(|mark| annotation(mark, &lines)));
        if lines.cut || changed {
            // The column would be counted from the cut, or with the escapes, so the place is given apart from the line.
            vec![snippet.into(), origin(first.place).into()]
        } else {
            vec![snippet.path(file).into()]
        }
    }
}

/// Where, without the source line. The start of a file stands for the file as a whole.
fn origin(place: &Place) -> Origin<'_> {
    let origin = Origin::path(gate::line(&place.file));
    if is_whole_file(place) { origin } else { origin.line(place.line).char_column(place.column) }
}

fn is_whole_file(place: &Place) -> bool {
    place.line == 1 && place.column == 1 && place.span.range().is_empty()
}

/// Line ends of Windows are no characters to be shown.
fn unix_lines(text: &str) -> Cow<'_, str> {
    if text.contains("\r\n") { Cow::Owned(text.replace("\r\n", "\n")) } else { Cow::Borrowed(text) }
}

fn annotation<'a>(mark: &Mark<'a>, lines: &Lines<'a>) -> Annotation<'a> {
    let span = mark.place.span;
    let start = span.start.saturating_sub(lines.range.start).min(lines.text.len());
    // A mark over many lines (a whole object) is drawn on its first line only.
    let line_end =
        lines.text.get(start..).and_then(|rest| rest.find(['\n', '\r'])).map_or(lines.text.len(), |n| start + n);
    let end = span.end.saturating_sub(lines.range.start).clamp(start, line_end);
    // What stands before an offset is shown as a beginning of what is shown of the whole.
    let shown = |offset: usize| lines.text.get(..offset).map_or(0, |before| gate::prose(&unix_lines(before)).len());
    mark.kind.span(shown(start)..shown(end)).label(mark.label.map(gate::line).as_deref().map(str::to_owned))
}

/// The line in which `place` begins. `None` when the text has no such place or the file as a whole is meant.
fn lines<'a>(text: &'a str, place: &Place) -> Option<Lines<'a>> {
    let at = place.span.start;
    if is_whole_file(place) || place.span.end > text.len() {
        return None;
    }
    let start = text.get(..at)?.rfind('\n').map_or(0, |newline| newline + 1);
    let end = text.get(at..)?.find('\n').map_or(text.len(), |newline| at + newline);
    let end = if text.get(start..end)?.ends_with('\r') { end - 1 } else { end };
    let (start, end) = (start.min(at), end.max(at));
    let cut = end - start > LONG_LINE;
    let range = if cut {
        text.floor_char_boundary(at.saturating_sub(KEPT).max(start))..text.ceil_char_boundary((at + KEPT).min(end))
    } else {
        start..end
    };
    Some(Lines { text: text.get(range.clone())?, range, first: place.line, cut })
}
