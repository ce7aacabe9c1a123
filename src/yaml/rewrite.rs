//! Replaces objects in a file by splicing bytes: whatever is not replaced stays as it is, to the byte.

use super::stream::{block_region, items_of};
use super::syntax::{BLANK, Id, Kind, Syntax};
use super::{Replacement, Slot, Stream, emit, json, value, value_of};
use crate::finding::Span;
use std::collections::BTreeMap;

/// The file's text with some slots replaced; every byte outside the bodies of the replaced slots stays.
///
/// Leading comments of a replaced document stay above its first object, and so do the `---` line and what follows the
/// body. JSON stays JSON: several objects become a `v1` List, and a removed one leaves an empty List where it was the
/// whole file. Flow style and JSON items have no room for comments: those of their trees are not written, and a
/// [`Replacement::Comment`] removes the item.
///
/// Where an item that stays uses an anchor of an item that goes, the alias is replaced by the value it stood for.
pub fn rewrite(stream: &Stream, changes: &BTreeMap<Slot, Replacement>) -> String {
    let syntax = &*stream.syntax;
    let mut splices = Splices { syntax, edits: Vec::new(), crlf: false };
    for (index, document) in syntax.documents.iter().enumerate() {
        let Some(root) = document.root else { continue };
        let of_document = Slot { document: index, item: None }..=Slot { document: index, item: Some(usize::MAX) };
        if changes.range(of_document).next().is_none() {
            continue;
        }
        splices.crlf = syntax.slice(document.segment).contains("\r\n");
        if let Some(change) = changes.get(&Slot { document: index, item: None }) {
            splices.document(root, change);
            continue;
        }
        let of_items = Slot { document: index, item: Some(0) }..=Slot { document: index, item: Some(usize::MAX) };
        let wanted: BTreeMap<usize, &Replacement> =
            changes.range(of_items).filter_map(|(slot, change)| Some((slot.item?, change))).collect();
        if !wanted.is_empty() {
            splices.list(root, document.segment, &wanted);
        }
    }
    splices.apply()
}

/// Edits of one text; they never overlap.
struct Splices<'s> {
    syntax: &'s Syntax,
    edits: Vec<(Span, String)>,
    /// The document at hand ends its lines with CRLF.
    crlf: bool,
}

impl Splices<'_> {
    fn apply(mut self) -> String {
        self.edits.sort_by_key(|(span, _)| *span);
        let mut out = String::with_capacity(self.syntax.text.len());
        let mut at = 0;
        for (span, text) in self.edits {
            out.push_str(self.syntax.slice(Span { start: at, end: span.start }));
            out.push_str(&text);
            at = span.end;
        }
        out.push_str(self.syntax.slice(Span { start: at, end: self.syntax.text.len() }));
        out
    }

    /// Replaces bytes by text with the line ends of the document.
    fn edit(&mut self, span: Span, text: &str) {
        let text = if self.crlf { text.replace('\n', "\r\n") } else { text.to_owned() };
        self.edits.push((span, text));
    }

    fn document(&mut self, root: Id, change: &Replacement) {
        let span = self.syntax.span(root);
        let region = block_region(self.syntax, root);
        if self.syntax.documents.len() == 1 && json::is_json(self.syntax.slice(span)) {
            let text = json::document(self.syntax.slice(span), change);
            self.edit(span, &text);
            return;
        }
        let mut text = match change {
            Replacement::Objects(trees) => trees.iter().map(emit).collect::<Vec<_>>().join("---\n"),
            Replacement::Comment(lines) => comment(lines, 0),
        };
        // The line break after the body is not part of the region.
        let ends_in_block = match change {
            Replacement::Objects(trees) => trees.last().is_some_and(super::emit::ends_in_block),
            Replacement::Comment(_) => false,
        };
        if !(ends_in_block && region.end == self.syntax.text.len()) {
            text.pop();
        }
        let line = self.syntax.line_start(region.start);
        let before = self.syntax.slice(Span { start: line, end: region.start });
        // A byte order mark stays, and is no indentation.
        let (line, before) = match before.strip_prefix('\u{feff}') {
            Some(rest) => (region.start - rest.len(), rest),
            None => (line, before),
        };
        let indented = before.bytes().all(|byte| byte == b' ' || byte == b'\t');
        let start = if indented { line } else { region.start };
        // After `---` on one line there is no room for a block mapping.
        if before.starts_with("---") {
            text.insert(0, '\n');
        }
        self.edit(Span { start, end: region.end }, &text);
    }

    fn list(&mut self, root: Id, segment: Span, changes: &BTreeMap<usize, &Replacement>) {
        let Some((items, flow)) = items_of(self.syntax, root) else { return };
        let before = self.edits.len();
        let dashes: Vec<Option<usize>> = items.iter().map(|item| self.dash(self.syntax.span(*item).start)).collect();
        // An item that is an alias, or whose dash cannot be found, is written in flow style like its neighbours.
        if flow || changes.keys().any(|index| dashes.get(*index).is_none_or(Option::is_none)) {
            self.flow_items(root, items, changes);
        } else {
            for (index, change) in changes {
                if let (Some(item), Some(Some(dash))) = (items.get(*index), dashes.get(*index)) {
                    self.block_item(*item, *dash, change);
                }
            }
            let is_comment = |index: usize| matches!(changes.get(&index), Some(Replacement::Comment(_)));
            if (0..items.len()).all(is_comment) {
                self.write_empty_list(root);
            }
        }
        let replaced: Vec<Span> = self.edits.iter().skip(before).map(|(span, _)| *span).collect();
        self.free_aliases(segment, &replaced);
    }

    /// Where the dash of the item that begins at `start` stands: before it, perhaps with comments between.
    fn dash(&self, start: usize) -> Option<usize> {
        let mut end = start;
        loop {
            let before = self.syntax.text.get(..end)?.trim_end_matches(BLANK);
            if let Some(lead) = before.strip_suffix('-') {
                return Some(lead.len());
            }
            let line = Span { start: self.syntax.line_start(before.len()), end: before.len() };
            end = self.syntax.comments_in(line).last().map(|comment| comment.start)?;
        }
    }

    fn block_item(&mut self, item: Id, dash: usize, change: &Replacement) {
        let region = block_region(self.syntax, item);
        let column = dash - self.syntax.line_start(dash);
        let beside_dash = self.syntax.line_start(region.start) == self.syntax.line_start(dash);
        let mut text = String::new();
        match change {
            Replacement::Objects(trees) => {
                for tree in trees {
                    super::emit::item(&Default::default(), tree, column, &mut text);
                }
            }
            Replacement::Comment(lines) => text = comment(lines, column),
        }
        let ends_in_block = match change {
            Replacement::Objects(trees) => trees.last().is_some_and(super::emit::ends_in_block),
            Replacement::Comment(_) => false,
        };
        if !(ends_in_block && region.end == self.syntax.text.len()) {
            text.pop();
        }
        if beside_dash {
            // The dash's own indentation is there already.
            let text = text.get(column..).unwrap_or_default().to_owned();
            self.edit(Span { start: dash, end: region.end }, &text);
        } else {
            // Comments stand between dash and item: they stay, as comments above the new items.
            self.edit(Span { start: dash, end: dash + 1 }, "");
            let start = self.syntax.line_start(region.start);
            self.edit(Span { start, end: region.end }, &text);
        }
    }

    /// `items:` without any item would be null.
    fn write_empty_list(&mut self, root: Id) {
        let Some(Kind::Map { entries, .. }) = self.syntax.target(root).map(|node| &node.kind) else { return };
        let key = entries.iter().map(|(key, _)| *key).find(|key| self.syntax.key(*key).as_deref() == Some("items"));
        let Some(key) = key.map(|key| self.syntax.span(key)) else { return };
        let line = Span { start: key.end, end: self.syntax.line_end(key.end) };
        let end = self.syntax.comments_in(line).first().map_or(line.end, |comment| comment.start);
        let content = self.syntax.slice(Span { start: key.end, end }).trim_end_matches(BLANK);
        let at = key.end + content.len();
        self.edit(Span { start: at, end: at }, " []");
    }

    fn flow_items(&mut self, root: Id, items: &[Id], changes: &BTreeMap<usize, &Replacement>) {
        let body = self.syntax.span(root);
        let style = json::Style::of(self.syntax.slice(body));
        let span = |index: usize| items.get(index).map(|id| self.syntax.span(*id)).unwrap_or_default();
        let gone = |index: usize| changes.get(&index).is_some_and(|change| is_removal(change));
        // The run of removed items at the end takes the comma before it along.
        let tail = (0..items.len()).rev().find(|index| !gone(*index)).map_or(0, |index| index + 1);
        let mut edits = Vec::new();
        for (index, change) in changes {
            let here = span(*index);
            let Replacement::Objects(trees) = change else { continue };
            if trees.is_empty() {
                continue;
            }
            let line = self.syntax.line_start(here.start);
            let lead = self.syntax.slice(Span { start: line, end: here.start });
            let values: Vec<_> = trees.iter().map(value_of).collect();
            edits.push((here, style.items(&values, lead)));
        }
        for index in (0..tail).filter(|index| gone(*index)) {
            edits.push((Span { start: span(index).start, end: span(index + 1).start }, String::new()));
        }
        if tail < items.len() {
            let last = span(items.len() - 1).end;
            let (start, end) = match tail.checked_sub(1) {
                Some(kept) => (span(kept).end, last),
                None => (span(0).start, last + comma(self.syntax.text.get(last..).unwrap_or_default())),
            };
            edits.push((Span { start, end }, String::new()));
        }
        for (span, text) in edits {
            self.edit(span, &text);
        }
    }

    /// Replaces the aliases that stay but name something that goes by the value they stood for.
    fn free_aliases(&mut self, segment: Span, replaced: &[Span]) {
        let inside = |span: Span| replaced.iter().any(|edit| edit.start <= span.start && span.end <= edit.end);
        let freed: Vec<(Span, String)> = self
            .syntax
            .nodes
            .iter()
            .filter_map(|node| match node.kind {
                Kind::Alias(target) if segment.start <= node.span.start && node.span.end <= segment.end => {
                    Some((node.span, target))
                }
                _ => None,
            })
            .filter(|(alias, target)| !inside(*alias) && inside(self.syntax.span(*target)))
            .filter_map(|(alias, target)| {
                Some((alias, super::quote::json(&value::value_of(self.syntax, target).ok()?)))
            })
            .collect();
        self.edits.extend(freed);
    }
}

fn is_removal(change: &Replacement) -> bool {
    match change {
        Replacement::Objects(trees) => trees.is_empty(),
        Replacement::Comment(_) => true,
    }
}

/// Length of the comma, and of the blanks before it, that text begins with.
fn comma(text: &str) -> usize {
    let rest = text.trim_start_matches(BLANK);
    if rest.starts_with(',') { text.len() - rest.len() + 1 } else { 0 }
}

/// Comment lines at a column.
fn comment(lines: &[String], column: usize) -> String {
    let mut out = String::new();
    let marked: Vec<String> = lines.iter().flat_map(|line| line.split('\n')).map(|line| format!("# {line}")).collect();
    super::emit::head(&marked, column, &mut out);
    out
}
