//! Tests of the room as its users see it.

mod places;
mod reading;
mod rewriting;
mod wide;
mod writing;

use super::*;
use serde_json::json;

fn stream(text: &str) -> Stream {
    Stream::parse("in.yaml", text.into())
}

/// The values of the objects of a text, which must read without findings.
fn values(text: &str) -> Vec<Value> {
    let stream = stream(text);
    assert_eq!(stream.findings, [], "{text}");
    stream.manifests().iter().map(|manifest| manifest.value().clone()).collect()
}

/// The only object of a text.
fn only(text: &str) -> Manifest {
    let mut manifests = stream(text).manifests();
    assert_eq!(manifests.len(), 1, "{text}");
    manifests.remove(0)
}

/// Code and `line:column` of every finding.
fn codes(text: &str) -> Vec<String> {
    let place = |finding: &crate::finding::Finding| finding.place.clone().map(|p| format!("{}:{}", p.line, p.column));
    stream(text).findings.iter().map(|f| format!("{} {}", f.code, place(f).unwrap_or_default())).collect()
}
