//! From text to [`Syntax`]: the only place that talks to the YAML parser.
//!
//! A document that cannot be read becomes a finding and an opaque document; reading resumes at the next one.

use super::syntax::{Document, Id, Kind, MAX_DEPTH, Node, Style, Syntax, Tag, Text};
use super::{extent, older};
use crate::finding::catalogue::input;
use crate::finding::{Code, Finding, Span};
use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, StructureStyle};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

/// How many bytes are read again, in all, after tabs at the beginning of lines in flow style became spaces.
const SECOND_LOOKS: usize = 16 << 20;

/// Cuts a file into nodes. Findings say which documents cannot be read.
pub(super) fn parse(path: &str, text: Arc<str>) -> (Syntax, Vec<Finding>) {
    let mut source = older::as_yaml_1_1(&text);
    let mut left = SECOND_LOOKS;
    loop {
        let on_tab = if left < source.len() { OnTab::Report } else { OnTab::Stop };
        let builder = read(path, &text, &source, on_tab);
        let Some(at) = builder.tab_in_flow else { return builder.finish() };
        let spaced = older::with_spaces_for_tabs(&source, at);
        // Without a change the same tab would be met for ever.
        left = if spaced == *source { 0 } else { left.saturating_sub(source.len()) };
        source = Cow::Owned(spaced);
    }
}

/// What to do about a tab that the parser does not take for white space although it stands in flow style.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OnTab {
    /// Stop and say where it is.
    Stop,
    /// Take it for the error that the parser sees.
    Report,
}

/// Reads `source`, which has every byte of `text` at its offset.
fn read(path: &str, text: &Arc<str>, source: &str, on_tab: OnTab) -> Builder {
    let mut builder = Builder {
        syntax: Syntax::new(path, text.clone()),
        source: source.as_ptr() as usize,
        findings: Vec::new(),
        doubts: Vec::new(),
        open: Vec::new(),
        anchors: HashMap::new(),
        root: None,
        in_document: false,
        content_end: 0,
        next_cut: None,
        tab_in_flow: None,
    };
    let options = granit_parser::options! {
        // Long runs of comments are commented-out manifests, not an attack.
        max_buffered_comment_events: usize::MAX,
        emit_anchor_events: true,
        // As libyaml reads it.
        bom_inside_document_as_content: true,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let mut parser = Parser::new_from_str_with_options(source, options);
    let mut last_error = None;
    loop {
        match parser.next_event() {
            None | Some(Ok((Event::StreamEnd, _))) => break,
            Some(Ok((event, span))) => {
                let bytes = span.byte_range().unwrap_or_default();
                let tag = span.tag_span().and_then(|tag| tag.byte_range()).map(Span::from);
                builder.event(event, bytes.into(), tag);
            }
            Some(Err(error)) => {
                let at = error.marker().byte_offset().unwrap_or_default().min(source.len());
                // What stands behind the last event was scanned already.
                let ahead = || older::leaves_flow_open(source.get(builder.content_end..at).unwrap_or_default());
                let is_tab = *error.kind() == ErrorKind::TabInBlockIndentation;
                if on_tab == OnTab::Stop && is_tab && (builder.in_flow() || ahead()) {
                    builder.tab_in_flow = Some(at);
                    break;
                }
                builder.broken(&error, at);
                // An error that does not move on would come for ever.
                if last_error == Some(at) || !matches!(parser.proceed_next_document(), Ok(true)) {
                    break;
                }
                last_error = Some(at);
            }
        }
    }
    builder
}

/// A collection that is not complete yet.
enum Open {
    Seq(Id, Vec<Id>),
    Map(Id, Vec<(Id, Id)>, Option<Id>),
}

struct Builder {
    syntax: Syntax,
    /// Address of the text that is parsed.
    source: usize,
    findings: Vec<Finding>,
    /// What the parser reads otherwise than kubectl, so that its document has no certain meaning.
    doubts: Vec<(Span, String)>,
    open: Vec<Open>,
    anchors: HashMap<usize, Id>,
    root: Option<Id>,
    in_document: bool,
    /// End of the last token that is content. The parser's own end of a block collection is the next token, which
    /// would swallow comments and blank lines.
    content_end: usize,
    /// Where the next document starts, when a `...` line ended the previous one.
    next_cut: Option<usize>,
    /// Where reading stopped for a tab in flow style.
    tab_in_flow: Option<usize>,
}

impl Builder {
    fn event(&mut self, event: Event<'_>, span: Span, tag: Option<Span>) {
        let node_span = Span { start: tag.map_or(span.start, |tag| tag.start.min(span.start)), end: span.end };
        match event {
            Event::DocumentStart(explicit, _) => {
                let start = if explicit { span.start } else { self.syntax.line_start(span.start) };
                self.start_document(self.next_cut.unwrap_or(start));
                self.content_end = if explicit { span.end } else { start };
            }
            Event::DocumentEnd => {
                if span.start < span.end {
                    self.next_cut = Some(self.syntax.line_end(span.end));
                }
                self.end_document(span.start);
            }
            Event::Comment(..) => self.syntax.comments.push(span),
            Event::Scalar(text, style, anchor, written_tag) => {
                let span = self.scalar_span(span, tag, style);
                let style = style_of(style);
                self.doubt(&text, style, span);
                let kind = Kind::Scalar {
                    text: self.text(text),
                    style,
                    tag: written_tag.map_or(Tag::Absent, |tag| meaning_of_tag(&tag)),
                };
                let id = self.push(span, kind, anchor);
                self.complete(id);
            }
            Event::Alias(anchor) => {
                self.content_end = self.content_end.max(span.end);
                let target = self.anchors.get(&anchor).copied().unwrap_or(Id::MAX);
                let id = self.push(span, Kind::Alias(target), 0);
                self.complete(id);
            }
            Event::Anchor(_, _) => {
                self.content_end = self.content_end.max(span.end);
                if let Some(node) = self.syntax.nodes.last_mut() {
                    node.span.start = node.span.start.min(span.start);
                    node.span.end = node.span.end.max(span.end);
                    node.anchored = true;
                }
            }
            Event::SequenceStart(style, anchor, _) => {
                self.content_end = self.content_end.max(span.end);
                let flow = style == StructureStyle::Flow;
                let node_span = if flow { node_span } else { extent::including_dash(&self.syntax, node_span) };
                let id = self.push(node_span, Kind::Seq { items: Vec::new(), flow }, anchor);
                self.open.push(Open::Seq(id, Vec::new()));
            }
            Event::MappingStart(style, anchor, _) => {
                self.content_end = self.content_end.max(span.end);
                let flow = style == StructureStyle::Flow;
                let id = self.push(node_span, Kind::Map { entries: Vec::new(), flow }, anchor);
                self.open.push(Open::Map(id, Vec::new(), None));
            }
            Event::SequenceEnd | Event::MappingEnd => self.close_collection(span),
            _ => {}
        }
    }

    fn push(&mut self, span: Span, kind: Kind, anchor: usize) -> Id {
        let id = Id::try_from(self.syntax.nodes.len()).unwrap_or(Id::MAX);
        self.syntax.nodes.push(Node { span, kind, anchored: false });
        if anchor != 0 {
            self.anchors.insert(anchor, id);
        }
        id
    }

    /// Hands a complete node to the collection it stands in.
    fn complete(&mut self, id: Id) {
        match self.open.last_mut() {
            None => self.root = Some(id),
            Some(Open::Seq(_, items)) => items.push(id),
            Some(Open::Map(_, entries, key)) => match key.take() {
                None => *key = Some(id),
                Some(key) => entries.push((key, id)),
            },
        }
    }

    fn close_collection(&mut self, span: Span) {
        // `]` and `}` are content; the end of a block collection is nothing but the next token.
        if span.start < span.end {
            self.content_end = self.content_end.max(span.end);
        }
        let (id, done_items, done_entries) = match self.open.pop() {
            Some(Open::Seq(id, items)) => (id, items, Vec::new()),
            Some(Open::Map(id, entries, _)) => (id, Vec::new(), entries),
            None => return,
        };
        if let Some(node) = self.syntax.nodes.get_mut(id as usize) {
            node.span.end = self.content_end.max(node.span.start);
            match &mut node.kind {
                Kind::Seq { items, .. } => *items = done_items,
                Kind::Map { entries, .. } => *entries = done_entries,
                Kind::Scalar { .. } | Kind::Alias(_) => {}
            }
        }
        self.complete(id);
    }

    /// A scalar's bytes; moves the end of content behind them.
    fn scalar_span(&mut self, span: Span, tag: Option<Span>, style: ScalarStyle) -> Span {
        let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        let extent = extent::of_scalar(&self.syntax, self.content_end, span, tag, is_block);
        self.content_end = self.content_end.max(extent.content_end);
        extent.node
    }

    /// True inside `[]` or `{}`.
    fn in_flow(&self) -> bool {
        let (Some(Open::Seq(id, _)) | Some(Open::Map(id, _, _))) = self.open.last() else { return false };
        matches!(
            self.syntax.node(*id).map(|node| &node.kind),
            Some(Kind::Seq { flow: true, .. } | Kind::Map { flow: true, .. })
        )
    }

    /// Notes a plain scalar that kubectl reads otherwise.
    fn doubt(&mut self, text: &str, style: Style, span: Span) {
        if style != Style::Plain {
            return;
        }
        let is_key = matches!(self.open.last(), Some(Open::Map(_, _, None)));
        if is_key && text.starts_with('\u{feff}') {
            let message = "This key begins with an invisible byte order mark, which kubectl takes for a part of it.";
            self.doubts.push((span, message.to_owned()));
        } else if self.in_flow() && self.syntax.text.get(span.end..).is_some_and(is_glued_colon) {
            let message = "To kubectl this colon is a part of the text before it; put a blank after it.";
            self.doubts.push((Span { start: span.end, end: span.end + 1 }, message.to_owned()));
        } else if text.starts_with('?') && self.in_flow() {
            let message = "To kubectl this `?` announces a key; put the text in quotes.";
            self.doubts.push((span, message.to_owned()));
        }
    }

    /// Keeps a scalar's text as a range of the file where it stands there as it is.
    fn text(&self, text: Cow<'_, str>) -> Text {
        if let Cow::Borrowed(part) = &text {
            let start = (part.as_ptr() as usize).wrapping_sub(self.source);
            let span = Span { start, end: start.wrapping_add(part.len()) };
            if span.start <= span.end && self.syntax.text.get(span.range()) == Some(*part) {
                return Text::At(span);
            }
        }
        Text::Owned(text.into())
    }

    fn start_document(&mut self, cut: usize) {
        let previous = self.syntax.documents.last_mut();
        let start = match &previous {
            None => 0,
            Some(document) => cut.max(document.body.end).max(document.segment.start),
        };
        if let Some(document) = previous {
            document.segment.end = start;
        }
        let end = self.syntax.text.len();
        let segment = Span { start, end };
        self.syntax.documents.push(Document { segment, body: Span { start, end: start }, root: None });
        self.in_document = true;
        self.next_cut = None;
        self.root = None;
        self.open.clear();
        self.anchors.clear();
    }

    fn end_document(&mut self, at: usize) {
        self.in_document = false;
        let root = self.root.take();
        let span = root.map(|id| self.syntax.span(id)).unwrap_or(Span { start: at, end: at });
        let content_end = self.content_end;
        if let Some(document) = self.syntax.documents.last_mut() {
            document.root = root;
            let start = span.start.max(document.segment.start);
            document.body = Span { start, end: if span.start == span.end { start } else { content_end.max(start) } };
        }
    }

    /// Makes the current document opaque. When no document is open, what stands between two is made one; without a mark
    /// before it the parser had ended a document where it only broke, and all of it is opaque.
    fn broken(&mut self, error: &ScanError, at: usize) {
        if !self.in_document && !self.continues_a_document(at) {
            self.start_document(self.next_cut.unwrap_or(self.syntax.line_start(at)).min(at));
        }
        self.in_document = false;
        self.open.clear();
        self.root = None;
        if let Some(document) = self.syntax.documents.last_mut() {
            document.root = None;
            document.body.end = document.body.start.max(at);
        }
        let (code, message) = self.describe(error.kind(), at);
        let end =
            self.syntax.text.get(at..).and_then(|rest| rest.chars().next()).map_or(at, |first| at + first.len_utf8());
        let place = self.syntax.place(Span { start: at, end });
        self.findings.push(Finding::new(code, message).at(place));
    }

    /// True when no `---` or `...` stands between the last document and `at`.
    fn continues_a_document(&self, at: usize) -> bool {
        let Some(document) = self.syntax.documents.last() else { return false };
        let end = document.body.end;
        let start = if self.syntax.line_start(end) == end { end } else { self.syntax.line_end(end) };
        let between = self.syntax.slice(Span { start, end: at.max(start) });
        let is_mark = |line: &str| line.starts_with("---") || line.starts_with("...");
        self.next_cut.is_none() && !between.lines().any(is_mark)
    }

    fn describe(&self, kind: &ErrorKind, at: usize) -> (Code, String) {
        if self.syntax.text.as_bytes().get(at) == Some(&0) {
            return (input::NUL_BYTE, "The document holds a NUL byte here.".to_owned());
        }
        match kind {
            ErrorKind::RecursionLimitExceeded => {
                (input::NESTING_TOO_DEEP, format!("Collections nest more than {} levels deep here.", MAX_DEPTH))
            }
            ErrorKind::TabInBlockIndentation
            | ErrorKind::TabInIndentation
            | ErrorKind::TabNotAllowed
            | ErrorKind::TabAtBlockScalarStart => {
                (input::TAB_INDENTATION, "A tab stands where YAML wants spaces for indentation.".to_owned())
            }
            kind => (input::BROKEN_YAML, format!("This document is not valid YAML: {kind}.")),
        }
    }

    fn finish(mut self) -> (Syntax, Vec<Finding>) {
        // Comments before a document's first token can be reported after an anchor they follow.
        self.syntax.comments.sort_unstable();
        self.syntax.comments.dedup();
        if let Some(document) = self.syntax.documents.last_mut() {
            document.segment.end = self.syntax.text.len();
        }
        let message =
            "An invisible U+2028 or U+2029 stands here: to kubectl the line ends before it, to others it does not.";
        self.doubts.extend(older::line_separators(&self.syntax).into_iter().map(|span| (span, message.to_owned())));
        for (span, message) in std::mem::take(&mut self.doubts) {
            let next = self.syntax.documents.partition_point(|document| document.segment.start <= span.start);
            let around = next.checked_sub(1).and_then(|index| self.syntax.documents.get_mut(index));
            // Of a document that is opaque already the reason is known.
            if let Some(document) = around.filter(|document| document.root.is_some()) {
                document.root = None;
                self.findings.push(Finding::new(input::BROKEN_YAML, message).at(self.syntax.place(span)));
            }
        }
        (self.syntax, self.findings)
    }
}

/// True for a colon that an indicator of flow style follows at once, as in `{a:, b:}`.
fn is_glued_colon(text: &str) -> bool {
    text.strip_prefix(':').is_some_and(|rest| rest.starts_with([',', '[', ']', '{', '}']))
}

fn style_of(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
        ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
    }
}

fn meaning_of_tag(tag: &granit_parser::Tag) -> Tag {
    match tag.parts() {
        ("tag:yaml.org,2002:", name) => Tag::Core(name.into()),
        _ => Tag::Other,
    }
}
