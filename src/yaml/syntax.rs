//! What stands where in a file: nodes, documents and comments with their bytes, but not yet what they mean.

use super::names::{Names, WIDE};
use crate::finding::{Place, Span};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// What YAML takes for blank. Other spaces of Unicode are text.
pub(super) const BLANK: [char; 4] = [' ', '\t', '\r', '\n'];

/// Bytes between two counts of characters.
const STEP: usize = 4096;

/// Index of a node in [`Syntax::nodes`].
pub(super) type Id = u32;

/// How deep collections may nest, in the source and again through aliases. Kubernetes objects stay far below, and
/// everything that recurses over nodes or values can rely on it.
pub(super) const MAX_DEPTH: usize = 100;

/// The text of a scalar after quoting and folding.
#[derive(Debug)]
pub(super) enum Text {
    /// It stands in the file just so.
    At(Span),
    /// It had to be put together.
    Owned(Box<str>),
}

/// An explicit tag, as far as it changes what a scalar means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// None: the scalar's own look decides.
    Absent,
    /// `!` or a tag nobody knows: a string.
    Other,
    /// `!!name`.
    Core(Box<str>),
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    /// In single or double quotes.
    Quoted,
    /// `|` or `>`.
    Block,
}

/// What a node is.
#[derive(Debug)]
pub(super) enum Kind {
    Scalar { text: Text, style: Style, tag: Tag },
    Seq { items: Vec<Id>, flow: bool },
    Map { entries: Vec<(Id, Id)>, flow: bool },
    Alias(Id),
}

/// A node; `span` runs from its anchor or tag to the end of its last leaf, without trailing comments.
#[derive(Debug)]
pub(super) struct Node {
    pub span: Span,
    pub kind: Kind,
    /// The node's `&name`, when it has one.
    pub anchored: bool,
}

/// One document. `segment`s tile the file; `body` is the root node's own text.
#[derive(Debug)]
pub(super) struct Document {
    pub segment: Span,
    pub body: Span,
    /// `None` when the document cannot be read.
    pub root: Option<Id>,
}

/// True when one of some spans, in source order and without overlaps, holds an offset.
pub(super) fn any_holds(spans: &[Span], at: usize) -> bool {
    let next = spans.partition_point(|span| span.start <= at);
    next.checked_sub(1).and_then(|last| spans.get(last)).is_some_and(|span| at < span.end)
}

/// A file cut into nodes.
#[derive(Debug)]
pub(super) struct Syntax {
    pub path: Arc<str>,
    pub text: Arc<str>,
    pub nodes: Vec<Node>,
    pub documents: Vec<Document>,
    /// In source order.
    pub comments: Vec<Span>,
    /// Offset of the first byte of every line.
    pub lines: Vec<usize>,
    /// In ASCII a column can be told from an offset, which matters where everything stands on one line.
    ascii: bool,
    /// Characters that begin before every [`STEP`]th byte.
    steps: OnceLock<Vec<usize>>,
    /// Mappings with many keys, each with its keys by name once somebody has asked for one.
    wide: OnceLock<BTreeMap<Id, OnceLock<Names>>>,
}

impl Syntax {
    /// An empty syntax over a text.
    pub fn new(path: &str, text: Arc<str>) -> Syntax {
        let bytes = text.as_bytes();
        // To YAML a carriage return alone breaks a line too.
        let is_break = |at: &usize| bytes.get(*at) == Some(&b'\n') || bytes.get(at + 1) != Some(&b'\n');
        let breaks = memchr::memchr2_iter(b'\n', b'\r', bytes).filter(is_break).map(|at| at + 1);
        let lines = std::iter::once(0).chain(breaks).collect();
        let ascii = text.is_ascii();
        let (nodes, documents, comments) = (Vec::new(), Vec::new(), Vec::new());
        let (steps, wide) = (OnceLock::new(), OnceLock::new());
        Syntax { path: path.into(), text, nodes, documents, comments, lines, ascii, steps, wide }
    }

    /// The node, when the id is one.
    pub fn node(&self, id: Id) -> Option<&Node> {
        self.nodes.get(id as usize)
    }

    /// The node that an alias (of an alias ...) stands for.
    pub fn target(&self, id: Id) -> Option<&Node> {
        self.node(self.target_id(id)?)
    }

    /// The id of the node that an alias (of an alias ...) stands for.
    pub fn target_id(&self, mut id: Id) -> Option<Id> {
        for _ in 0..MAX_DEPTH {
            match self.node(id)? {
                Node { kind: Kind::Alias(target), .. } => id = *target,
                _ => return Some(id),
            }
        }
        None
    }

    /// The keys of a mapping by name, where it has so many that looking through them for each would take too long. The
    /// id is the mapping's own, not an alias.
    pub fn names(&self, id: Id) -> Option<&Names> {
        let wide = self.wide.get_or_init(|| {
            let is_wide = |node: &Node| matches!(&node.kind, Kind::Map { entries, .. } if entries.len() > WIDE);
            let ids = (0..).zip(&self.nodes).filter(|(_, node)| is_wide(node));
            ids.map(|(id, _)| (id, OnceLock::new())).collect()
        });
        let Kind::Map { entries, .. } = &self.node(id)?.kind else { return None };
        Some(wide.get(&id)?.get_or_init(|| Names::of(self, entries)))
    }

    /// The bytes of a node; empty when there is no such node.
    pub fn span(&self, id: Id) -> Span {
        self.node(id).map(|node| node.span).unwrap_or_default()
    }

    /// The text between two offsets; empty when they do not fit the file.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or_default()
    }

    /// A scalar's text.
    pub fn scalar<'s>(&'s self, text: &'s Text) -> &'s str {
        match text {
            Text::At(span) => self.slice(*span),
            Text::Owned(text) => text,
        }
    }

    /// A key as it appears in the object's JSON; `None` when it is no possible key.
    pub fn key(&self, id: Id) -> Option<Cow<'_, str>> {
        let Kind::Scalar { text, style, tag } = &self.target(id)?.kind else { return None };
        let text = self.scalar(text);
        let value = match tag {
            Tag::Absent if *style == Style::Plain => super::resolve_plain(text),
            Tag::Absent | Tag::Other => return Some(Cow::Borrowed(text)),
            Tag::Core(name) => super::scalar::resolve_tagged(name, text).ok()?,
        };
        match value {
            serde_json::Value::String(resolved) if resolved == text => Some(Cow::Borrowed(text)),
            value => super::scalar::key_text(&value, text).map(Cow::Owned),
        }
    }

    /// True for an unquoted `<<`.
    pub fn is_merge(&self, key: Id) -> bool {
        match self.node(key).map(|node| &node.kind) {
            Some(Kind::Scalar { text, style, tag }) => {
                self.scalar(text) == "<<"
                    && match tag {
                        Tag::Absent => *style == Style::Plain,
                        Tag::Core(name) => &**name == "merge",
                        Tag::Other => false,
                    }
            }
            _ => false,
        }
    }

    /// A span as a place for people.
    pub fn place(&self, span: Span) -> Place {
        let line = self.lines.partition_point(|start| *start <= span.start).max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or_default();
        let column = if self.ascii {
            span.start - start + 1
        } else {
            // A byte order mark is invisible in an editor.
            let before = self.text.get(start..span.start).unwrap_or_default();
            let marks = (before.len() - before.trim_start_matches('\u{feff}').len()) / '\u{feff}'.len_utf8();
            self.characters_before(span.start) - self.characters_before(start) - marks + 1
        };
        Place { file: self.path.clone(), line, column, span }
    }

    /// How many characters begin before an offset. Counted once in steps, because a file may stand on one line.
    fn characters_before(&self, at: usize) -> usize {
        let begins = |byte: &&u8| **byte & 0xc0 != 0x80;
        let bytes = self.text.as_bytes();
        let steps = self.steps.get_or_init(|| {
            let counts = bytes.chunks(STEP).scan(0, |sum, chunk| {
                let before = *sum;
                *sum += chunk.iter().filter(begins).count();
                Some(before)
            });
            counts.collect()
        });
        let step = at / STEP;
        let last = bytes.get(step * STEP..at.min(bytes.len())).unwrap_or_default();
        steps.get(step).copied().unwrap_or_default() + last.iter().filter(begins).count()
    }

    /// Offset of the first byte of the line that holds `at`.
    pub fn line_start(&self, at: usize) -> usize {
        let line = self.lines.partition_point(|start| *start <= at);
        self.lines.get(line.saturating_sub(1)).copied().unwrap_or_default()
    }

    /// Offset just after the line break that ends the line holding `at`, or of the end of the file.
    pub fn line_end(&self, at: usize) -> usize {
        let line = self.lines.partition_point(|start| *start <= at);
        self.lines.get(line).copied().unwrap_or(self.text.len())
    }

    /// The spans of the scalars that are written in one of these styles, in source order. They never overlap.
    pub fn scalars_in(&self, styles: &[Style]) -> Vec<Span> {
        let spans = self.nodes.iter().filter_map(|node| match &node.kind {
            Kind::Scalar { style, .. } if styles.contains(style) => Some(node.span),
            _ => None,
        });
        spans.collect()
    }

    /// The comments that begin inside a span.
    pub fn comments_in(&self, span: Span) -> &[Span] {
        let from = self.comments.partition_point(|comment| comment.start < span.start);
        let to = self.comments.partition_point(|comment| comment.start < span.end);
        self.comments.get(from..to).unwrap_or_default()
    }
}
