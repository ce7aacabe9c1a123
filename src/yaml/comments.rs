//! Which comment belongs to which entry of an object. Every comment has exactly one owner or none, so that none is
//! lost and none is carried twice.

use super::Notes;
use super::pointer;
use super::syntax::{BLANK, Id, Kind, Syntax};
use crate::finding::Span;

/// The comments inside one object, in source order.
#[derive(Debug, Default)]
pub(super) struct Comments {
    all: Vec<Comment>,
}

#[derive(Debug)]
struct Comment {
    text: String,
    /// The entry it stands beside, as the tokens of a normal pointer. `None` after the last entry.
    owner: Option<Vec<String>>,
    /// On the owner's line rather than above it.
    side: bool,
    /// Before the object's first entry.
    leading: bool,
}

/// A map entry or list item, where it begins.
struct Entry {
    start: usize,
    /// Stands in a flow collection.
    flow: bool,
    parent: Option<usize>,
    token: String,
}

impl Comments {
    /// Collects the comments of a region; `root` is the object's node.
    pub fn of(syntax: &Syntax, root: Id, region: Span) -> Comments {
        let spans = syntax.comments_in(region);
        if spans.is_empty() {
            return Comments::default();
        }
        let mut entries = Vec::new();
        collect(syntax, root, None, &mut entries);
        // A stable sort keeps an item before its first key, which starts at the same byte.
        let mut order: Vec<usize> = (0..entries.len()).collect();
        order.sort_by_key(|index| entries.get(*index).map(|entry| entry.start));
        let ordered: Vec<(usize, &Entry)> =
            order.iter().filter_map(|index| Some((*index, entries.get(*index)?))).collect();
        let all = spans
            .iter()
            .map(|span| {
                let line = syntax.line_start(span.start);
                let before = syntax.slice(Span { start: line.max(region.start), end: span.start });
                let own_line = before.trim_matches(BLANK).is_empty() && line >= region.start;
                let next = ordered.partition_point(|(_, entry)| entry.start < span.start);
                let owner = if own_line {
                    ordered.get(next).map(|(index, _)| *index)
                } else {
                    beside(ordered.get(..next).unwrap_or_default(), line)
                };
                Comment {
                    text: syntax.slice(*span).trim_end().to_owned(),
                    owner: owner.map(|index| path(&entries, index)),
                    side: !own_line,
                    leading: own_line && next == 0,
                }
            })
            .collect();
        Comments { all }
    }

    /// The comments of one entry.
    pub fn notes(&self, pointer: &str) -> Notes {
        let wanted = pointer::normal(pointer);
        let mut notes = Notes::default();
        for comment in self.all.iter().filter(|comment| !comment.leading && comment.owner.as_ref() == Some(&wanted)) {
            if comment.side && notes.side.is_none() {
                notes.side = Some(comment.text.clone());
            } else {
                notes.head.push(comment.text.clone());
            }
        }
        notes
    }

    /// The comments before the first entry.
    pub fn leading(&self) -> Vec<String> {
        self.all.iter().filter(|comment| comment.leading).map(|comment| comment.text.clone()).collect()
    }

    /// The comments of no claimed entry.
    pub fn unclaimed(&self, claimed: &[&str]) -> Vec<String> {
        let claimed: Vec<Vec<String>> = claimed.iter().map(|pointer| pointer::normal(pointer)).collect();
        let is_claimed = |comment: &Comment| {
            let owner = if comment.leading { None } else { comment.owner.as_deref() };
            // ANY claimed pointer at or above the owner.
            claimed.iter().any(|pointer| owner.unwrap_or_default().starts_with(pointer))
        };
        self.all.iter().filter(|comment| !is_claimed(comment)).map(|comment| comment.text.clone()).collect()
    }
}

/// The entry that a comment after content belongs to: on its own line the innermost block entry, else the innermost
/// flow entry; from a line where no entry begins (the end of a long value) the last block entry.
fn beside(before: &[(usize, &Entry)], line: usize) -> Option<usize> {
    let on_line = before.iter().rev().take_while(|(_, entry)| entry.start >= line);
    let block_on_line = on_line.clone().find(|(_, entry)| !entry.flow);
    block_on_line
        .or_else(|| on_line.clone().next())
        .or_else(|| before.iter().rev().find(|(_, entry)| !entry.flow))
        .or_else(|| before.last())
        .map(|(index, _)| *index)
}

/// The entries below a node, parents first. Aliases are not followed: what they name has comments of its own.
fn collect(syntax: &Syntax, id: Id, parent: Option<usize>, entries: &mut Vec<Entry>) {
    let mut add = |start: usize, flow: bool, token: String, value: Id| {
        entries.push(Entry { start, flow, parent, token });
        let index = entries.len() - 1;
        collect(syntax, value, Some(index), entries);
    };
    match syntax.node(id).map(|node| &node.kind) {
        Some(Kind::Map { entries: pairs, flow }) => {
            for (key, value) in pairs {
                let token = syntax.key(*key).map(|key| pointer::camel(&key).into_owned()).unwrap_or_default();
                add(syntax.span(*key).start, *flow, token, *value);
            }
        }
        Some(Kind::Seq { items, flow }) => {
            for (index, item) in items.iter().enumerate() {
                add(syntax.span(*item).start, *flow, index.to_string(), *item);
            }
        }
        _ => {}
    }
}

fn path(entries: &[Entry], index: usize) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut at = entries.get(index);
    while let Some(entry) = at {
        tokens.push(entry.token.clone());
        at = entry.parent.and_then(|parent| entries.get(parent));
    }
    tokens.reverse();
    tokens
}
