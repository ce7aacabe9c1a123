//! Interim emitter, until the real one lands.
#![allow(missing_docs, clippy::all)]
use super::{Notes, Replacement, Slot, Stream, Tree, resolve_plain};
use serde_json::Value;
use std::collections::BTreeMap;

pub fn value_of(tree: &Tree) -> Value {
    match tree {
        Tree::Scalar(v) => v.clone(),
        Tree::Seq(v) => Value::Array(v.iter().map(|(_, x)| value_of(x)).collect()),
        Tree::Map(m) => Value::Object(m.iter().map(|(_, k, x)| (k.clone(), value_of(x))).collect()),
    }
}
pub fn rewrite(stream: &Stream, changes: &BTreeMap<Slot, Replacement>) -> String {
    let mut text = stream.text.to_string();
    for (slot, r) in changes.iter().rev() {
        let Some(d) = stream.syntax.documents.get(slot.document) else { continue };
        let new = match r {
            Replacement::Objects(t) => t.iter().map(emit).collect::<Vec<_>>().join("---\n"),
            Replacement::Comment(l) => l.iter().map(|l| format!("# {l}\n")).collect(),
        };
        text.replace_range(d.body.range(), new.trim_end());
    }
    text
}
pub fn emit(tree: &Tree) -> String {
    let mut s = String::new();
    block(tree, 0, &mut s, true);
    s
}
fn scalar(v: &Value) -> String {
    match v {
        Value::String(t)
            if !t.is_empty()
                && resolve_plain(t).is_string()
                && !t.starts_with(|c: char| "-?:,[]{}#&*!|>'\"%@` ".contains(c))
                && !t.contains(": ")
                && !t.contains(" #")
                && !t.ends_with(':')
                && !t.ends_with(' ')
                && !t.contains('\n') =>
        {
            t.clone()
        }
        Value::String(t) => serde_json::to_string(t).unwrap_or_default(),
        o => o.to_string(),
    }
}
fn inline(t: &Tree) -> Option<String> {
    match t {
        Tree::Scalar(v) => Some(scalar(v)),
        Tree::Seq(v) if v.is_empty() => Some("[]".into()),
        Tree::Map(v) if v.is_empty() => Some("{}".into()),
        _ => None,
    }
}
fn head(n: &Notes, i: usize, s: &mut String) {
    for l in &n.head {
        s.push_str(&" ".repeat(i));
        s.push_str(l);
        s.push('\n')
    }
}
fn side(n: &Notes, s: &mut String) {
    if let Some(c) = &n.side {
        s.push(' ');
        s.push_str(c)
    }
    s.push('\n')
}
fn block(t: &Tree, ind: usize, s: &mut String, fresh: bool) {
    match t {
        Tree::Map(m) if !m.is_empty() => {
            for (i, (n, k, v)) in m.iter().enumerate() {
                if !(i == 0 && !fresh) {
                    head(n, ind, s);
                    s.push_str(&" ".repeat(ind));
                }
                s.push_str(&scalar(&Value::String(k.clone())));
                s.push(':');
                match inline(v) {
                    Some(x) => {
                        s.push(' ');
                        s.push_str(&x);
                        side(n, s)
                    }
                    None => {
                        side(n, s);
                        block(v, if matches!(v, Tree::Seq(_)) { ind } else { ind + 2 }, s, true)
                    }
                }
            }
        }
        Tree::Seq(v) if !v.is_empty() => {
            for (i, (n, x)) in v.iter().enumerate() {
                if !(i == 0 && !fresh) {
                    head(n, ind, s);
                    s.push_str(&" ".repeat(ind));
                }
                s.push('-');
                match inline(x) {
                    Some(x) => {
                        s.push(' ');
                        s.push_str(&x);
                        side(n, s)
                    }
                    None => {
                        s.push(' ');
                        block(x, ind + 2, s, false)
                    }
                }
            }
        }
        o => {
            s.push_str(&inline(o).unwrap_or_default());
            s.push('\n')
        }
    }
}
