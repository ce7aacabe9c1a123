//! Interim reader, until the real one lands.
#![allow(missing_docs, clippy::all)]
use super::interim_scalar::resolve_plain;
use super::{Notes, Replacement, Tree};
use crate::finding::catalogue::input::BROKEN_YAML;
use crate::finding::{Finding, Place, Span};
use granit_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot { pub document: usize, pub item: Option<usize> }
#[derive(Debug, Clone)]
enum Kind { Scalar(Value, bool), Seq(Vec<usize>), Map(Vec<(usize, usize)>), Alias(usize) }
#[derive(Debug, Clone)]
struct Node { span: Span, kind: Kind }
#[derive(Debug, Clone)]
struct Doc { body: Span, root: usize }
#[derive(Debug, Default)]
struct Inner { path: Arc<str>, text: Arc<str>, nodes: Vec<Node>, docs: Vec<Doc>, comments: Vec<Span> }
#[derive(Debug)]
pub struct Stream { pub path: Arc<str>, pub text: Arc<str>, pub findings: Vec<Finding>, inner: Arc<Inner> }
#[derive(Clone, Debug)]
pub struct Manifest { inner: Arc<Inner>, slot: Slot, root: usize, value: Arc<Value> }

fn place_in(path: &Arc<str>, text: &str, span: Span) -> Place {
    let start = span.start.min(text.len());
    let ls = text[..start].rfind('\n').map_or(0, |i| i + 1);
    Place { file: path.clone(), line: text[..start].matches('\n').count() + 1, column: text[ls..start].chars().count() + 1, span }
}

impl Inner {
    fn parse_part(&mut self, src: &str, base: usize) -> Result<(), (usize, String)> {
        enum Open { Seq(usize, Vec<usize>), Map(usize, Vec<(usize, usize)>, Option<usize>) }
        let opts = granit_parser::options! { max_buffered_comment_events: usize::MAX };
        let mut stack: Vec<Open> = vec![];
        let mut anchors: BTreeMap<usize, usize> = BTreeMap::new();
        let (mut root, mut end): (Option<usize>, usize) = (None, 0usize);
        for ev in Parser::new_from_str_with_options(src, opts) {
            let (ev, sp) = ev.map_err(|e| (base + e.marker().byte_offset().unwrap_or(0), e.to_string()))?;
            let r = sp.byte_range().unwrap_or(0..0);
            let r = r.start + base..r.end + base;
            let push = |anchors: &mut BTreeMap<usize, usize>, nodes: &mut Vec<Node>, span: std::ops::Range<usize>, kind, anchor: usize| {
                nodes.push(Node { span: Span { start: span.start, end: span.end }, kind });
                if anchor != 0 { anchors.insert(anchor, nodes.len() - 1); }
                nodes.len() - 1
            };
            let target = if let Event::Alias(a) = &ev { anchors.get(a).copied() } else { None };
            let done = match ev {
                Event::DocumentStart(..) => { root = None; end = r.end; None }
                Event::DocumentEnd => { if let Some(root) = root { let start = self.nodes[root].span.start; self.docs.push(Doc { body: Span { start, end: end.max(start) }, root }); } None }
                Event::Comment(..) => { self.comments.push(Span { start: r.start, end: r.end }); None }
                Event::Scalar(text, style, a, _tag) => {
                    let raw = &src[r.start - base..r.end - base];
                    let e = r.start + raw.trim_end().len();
                    end = end.max(e);
                    let plain = style == ScalarStyle::Plain;
                    let v = if plain { resolve_plain(&text) } else { Value::String(text.to_string()) };
                    Some(push(&mut anchors, &mut self.nodes, r.start..e.max(r.start), Kind::Scalar(v, plain), a))
                }
                Event::Alias(_) => { end = end.max(r.end); let t = target.unwrap_or(usize::MAX); Some(push(&mut anchors, &mut self.nodes, r, Kind::Alias(t), 0)) }
                Event::SequenceStart(_, a, _) => { end = end.max(r.end); let id = push(&mut anchors, &mut self.nodes, r, Kind::Seq(vec![]), a); stack.push(Open::Seq(id, vec![])); None }
                Event::MappingStart(_, a, _) => { end = end.max(r.end); let id = push(&mut anchors, &mut self.nodes, r, Kind::Map(vec![]), a); stack.push(Open::Map(id, vec![], None)); None }
                Event::SequenceEnd => { if r.end > r.start { end = end.max(r.end) } match stack.pop() { Some(Open::Seq(id, v)) => { self.nodes[id].span.end = end.max(self.nodes[id].span.start); self.nodes[id].kind = Kind::Seq(v); Some(id) } _ => None } }
                Event::MappingEnd => { if r.end > r.start { end = end.max(r.end) } match stack.pop() { Some(Open::Map(id, v, _)) => { self.nodes[id].span.end = end.max(self.nodes[id].span.start); self.nodes[id].kind = Kind::Map(v); Some(id) } _ => None } }
                _ => None,
            };
            if let Some(id) = done { match stack.last_mut() {
                None => root = Some(id),
                Some(Open::Seq(_, v)) => v.push(id),
                Some(Open::Map(_, v, k)) => match k.take() { None => *k = Some(id), Some(key) => v.push((key, id)) },
            } }
        }
        Ok(())
    }
    fn json(&self, id: usize, depth: usize) -> Value {
        if depth > 300 { return Value::Null }
        match self.nodes.get(id).map(|n| &n.kind) {
            None => Value::Null,
            Some(Kind::Alias(t)) => self.json(*t, depth + 1),
            Some(Kind::Scalar(v, _)) => v.clone(),
            Some(Kind::Seq(v)) => Value::Array(v.iter().map(|x| self.json(*x, depth + 1)).collect()),
            Some(Kind::Map(v)) => { let mut m = Map::new(); for (k, x) in v { m.insert(self.key(*k), self.json(*x, depth + 1)); } Value::Object(m) }
        }
    }
    fn key(&self, id: usize) -> String { match self.json(id, 0) { Value::String(s) => s, o => o.to_string() } }
    fn find(&self, root: usize, pointer: &str) -> (Option<usize>, usize) {
        let (mut key, mut at) = (None, root);
        for part in pointer.split('/').skip(1) {
            let part = part.replace("~1", "/").replace("~0", "~");
            while let Some(Kind::Alias(t)) = self.nodes.get(at).map(|n| &n.kind) { at = *t }
            match self.nodes.get(at).map(|n| &n.kind) {
                Some(Kind::Map(v)) => {
                    let flat = |s: &str| s.replace('_', "").to_lowercase();
                    let hit = v.iter().find(|(k, _)| self.key(*k) == part).or_else(|| v.iter().find(|(k, _)| flat(&self.key(*k)) == flat(&part)));
                    match hit { Some((k, x)) => { key = Some(*k); at = *x } None => return (key, at) }
                }
                Some(Kind::Seq(v)) => match part.parse::<usize>().ok().and_then(|i| v.get(i)) { Some(x) => { key = None; at = *x } None => return (key, at) },
                _ => return (key, at),
            }
        }
        (key, at)
    }
}

impl Stream {
    pub fn parse(path: &str, text: Arc<str>) -> Stream {
        let path: Arc<str> = path.into();
        let mut inner = Inner { path: path.clone(), text: text.clone(), ..Inner::default() };
        let mut findings = vec![];
        if inner.parse_part(&text, 0).is_err() {
            inner = Inner { path: path.clone(), text: text.clone(), ..Inner::default() };
            let mut cuts = vec![0];
            let mut at = 0;
            for line in text.split_inclusive('\n') { if line.starts_with("---") && at > 0 { cuts.push(at) } at += line.len(); }
            cuts.push(text.len());
            for w in cuts.windows(2) {
                let keep = inner.docs.len();
                if let Err((at, message)) = inner.parse_part(&text[w[0]..w[1]], w[0]) { inner.docs.truncate(keep); findings.push(Finding::new(BROKEN_YAML, message).at(place_in(&path, &text, Span { start: at, end: at }))); }
            }
        }
        Stream { path, text, findings, inner: Arc::new(inner) }
    }
    pub fn template(&self) -> Option<Place> { let at = self.text.find("{{")?; Some(place_in(&self.path, &self.text, Span { start: at, end: at + 2 })) }
    pub fn values(&self) -> Vec<Value> { self.inner.docs.iter().map(|d| self.inner.json(d.root, 0)).collect() }
    pub fn manifests(&self) -> Vec<Manifest> {
        let mut out = vec![];
        for (i, d) in self.inner.docs.iter().enumerate() {
            let v = self.inner.json(d.root, 0);
            if !v.is_object() { continue }
            if v.get("kind").and_then(Value::as_str).is_some_and(|k| k.ends_with("List")) && v.get("items").is_some_and(Value::is_array) {
                let (_, items) = self.inner.find(d.root, "/items");
                if let Some(Kind::Seq(list)) = self.inner.nodes.get(items).map(|n| &n.kind) {
                    for (j, id) in list.iter().enumerate() { out.push(Manifest { inner: self.inner.clone(), slot: Slot { document: i, item: Some(j) }, root: *id, value: Arc::new(self.inner.json(*id, 0)) }) }
                }
            } else { out.push(Manifest { inner: self.inner.clone(), slot: Slot { document: i, item: None }, root: d.root, value: Arc::new(v) }) }
        }
        out
    }
}
impl Manifest {
    pub fn file(&self) -> &Arc<str> { &self.inner.path }
    pub fn slot(&self) -> Slot { self.slot }
    pub fn value(&self) -> &Value { &self.value }
    pub fn place(&self, pointer: &str) -> Place { let (_, at) = self.inner.find(self.root, pointer); place_in(&self.inner.path, &self.inner.text, self.inner.nodes.get(at).map(|n| n.span).unwrap_or_default()) }
    pub fn key_place(&self, pointer: &str) -> Place { let (k, at) = self.inner.find(self.root, pointer); place_in(&self.inner.path, &self.inner.text, self.inner.nodes.get(k.unwrap_or(at)).map(|n| n.span).unwrap_or_default()) }
    pub fn notes(&self, _pointer: &str) -> Notes { Notes::default() }
    pub fn source(&self) -> &str { let s = self.inner.nodes.get(self.root).map(|n| n.span).unwrap_or_default(); &self.inner.text[s.range()] }
    pub fn unclaimed_comments(&self, _claimed: &[&str]) -> Vec<String> { vec![] }
}
pub fn value_of(tree: &Tree) -> Value { match tree {
    Tree::Scalar(v) => v.clone(), Tree::Seq(v) => Value::Array(v.iter().map(|(_, x)| value_of(x)).collect()),
    Tree::Map(m) => Value::Object(m.iter().map(|(_, k, x)| (k.clone(), value_of(x))).collect()) } }
pub fn rewrite(stream: &Stream, changes: &BTreeMap<Slot, Replacement>) -> String {
    let mut text = stream.text.to_string();
    for (slot, r) in changes.iter().rev() {
        let Some(d) = stream.inner.docs.get(slot.document) else { continue };
        let new = match r { Replacement::Objects(t) => t.iter().map(emit).collect::<Vec<_>>().join("---\n"), Replacement::Comment(l) => l.iter().map(|l| format!("# {l}\n")).collect() };
        text.replace_range(d.body.range(), new.trim_end());
    }
    text
}
pub fn emit(tree: &Tree) -> String { let mut s = String::new(); block(tree, 0, &mut s, true); s }
fn scalar(v: &Value) -> String { match v { Value::String(t) if !t.is_empty() && resolve_plain(t).is_string() && !t.starts_with(|c: char| "-?:,[]{}#&*!|>'\"%@` ".contains(c)) && !t.contains(": ") && !t.contains(" #") && !t.ends_with(':') && !t.ends_with(' ') && !t.contains('\n') => t.clone(), Value::String(t) => serde_json::to_string(t).unwrap_or_default(), o => o.to_string() } }
fn inline(t: &Tree) -> Option<String> { match t { Tree::Scalar(v) => Some(scalar(v)), Tree::Seq(v) if v.is_empty() => Some("[]".into()), Tree::Map(v) if v.is_empty() => Some("{}".into()), _ => None } }
fn head(n: &Notes, i: usize, s: &mut String) { for l in &n.head { s.push_str(&" ".repeat(i)); s.push_str(l); s.push('\n') } }
fn side(n: &Notes, s: &mut String) { if let Some(c) = &n.side { s.push(' '); s.push_str(c) } s.push('\n') }
fn block(t: &Tree, ind: usize, s: &mut String, fresh: bool) { match t {
    Tree::Map(m) if !m.is_empty() => for (i, (n, k, v)) in m.iter().enumerate() {
        if !(i == 0 && !fresh) { head(n, ind, s); s.push_str(&" ".repeat(ind)); }
        s.push_str(&scalar(&Value::String(k.clone()))); s.push(':');
        match inline(v) { Some(x) => { s.push(' '); s.push_str(&x); side(n, s) } None => { side(n, s); block(v, if matches!(v, Tree::Seq(_)) { ind } else { ind + 2 }, s, true) } } },
    Tree::Seq(v) if !v.is_empty() => for (i, (n, x)) in v.iter().enumerate() {
        if !(i == 0 && !fresh) { head(n, ind, s); s.push_str(&" ".repeat(ind)); }
        s.push('-');
        match inline(x) { Some(x) => { s.push(' '); s.push_str(&x); side(n, s) } None => { s.push(' '); block(x, ind + 2, s, false) } } },
    o => { s.push_str(&inline(o).unwrap_or_default()); s.push('\n') } } }
