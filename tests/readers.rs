//! Files that YAML tools read are read: odd but accepted YAML means to meshlift what it means to libyaml, the reader
//! behind PyYAML, and (as goyaml) behind kubectl.
//!
//! For a longer run: `MESHLIFT_ODD_FILES=200000 cargo test --release --test readers`. With `MESHLIFT_ODD_OUT=FILE` the
//! files and what meshlift reads in them are written as JSON lines, for `scripts/compare-readers.py`, which asks PyYAML
//! and kubectl.
//!
//! # What libyaml reads and meshlift does not
//!
//! 84 of 14,300 generated files, a third of them damaged; all are reported with their place. Why it stays is said at
//! [`reason_to_refuse`], with the numbers.
//!
//! # What kubectl reads and meshlift does not
//!
//! Of 4,000 files 161 more than meshlift, none otherwise: keys that begin with a byte order mark, `{a:}` and `[?x]`, which
//! YAML libraries do not agree about. (And keys written twice, of which kubectl takes the last; meshlift reports them.)
//!
//! # What is read otherwise
//!
//! * A block scalar whose last line has no line break: libyaml leaves the break out of the value. kubectl, which adds a
//!   line break to every file, and meshlift put it in.
//! * Plain scalars mean what kubectl reads (`yes`, `0o7`), which no YAML library does; `src/yaml/scalar.rs` has the table.
//! * Raw U+2028 and U+2029 in quotes keep the blanks around them.
//!
//! # What meshlift reads and libyaml does not
//!
//! Tabs as separation where YAML 1.2 allows them (after `-`, before a comment, on blank lines), `[:p]`, keys that
//! begin after a line comment without a blank, quoted keys over two lines, documents after a byte order mark. Nothing
//! that kubectl refuses was ever applied, so reading it cannot make a conversion wrong.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking and may explain itself"
)]

#[path = "readers/odd.rs"]
mod odd;

use meshlift::yaml::Stream;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;

/// Files that the normal run compares.
const FILES: u64 = 4000;

/// What libyaml reads: the documents that are mappings, or why there are none.
fn libyaml(text: &str) -> Result<Vec<Value>, String> {
    let mut documents = Vec::new();
    for document in serde_yaml::Deserializer::from_str(text) {
        let value = serde_yaml::Value::deserialize(document).map_err(|error| error.to_string())?;
        documents.push(json(value)?);
    }
    Ok(documents.into_iter().filter(Value::is_object).collect())
}

fn json(value: serde_yaml::Value) -> Result<Value, String> {
    Ok(match value {
        serde_yaml::Value::Null => Value::Null,
        serde_yaml::Value::Bool(value) => value.into(),
        serde_yaml::Value::Number(number) => number.to_string().into(),
        serde_yaml::Value::String(text) => text.into(),
        serde_yaml::Value::Sequence(items) => Value::Array(items.into_iter().map(json).collect::<Result<_, _>>()?),
        serde_yaml::Value::Mapping(map) => {
            let mut object = serde_json::Map::new();
            for (key, value) in map {
                let serde_yaml::Value::String(key) = key else { return Err("a key that is no text".to_owned()) };
                object.insert(key, json(value)?);
            }
            Value::Object(object)
        }
        serde_yaml::Value::Tagged(tagged) => json(tagged.value)?,
    })
}

/// What meshlift reads.
fn ours(text: &str) -> Result<Vec<Value>, String> {
    let stream = Stream::parse("odd.yaml", text.into());
    if stream.is_template().is_some() {
        return Err("template".to_owned());
    }
    match stream.findings.first() {
        Some(finding) => {
            Err(format!("{} {}", finding.place.as_ref().map(ToString::to_string).unwrap_or_default(), finding.message))
        }
        None => Ok(stream.manifests().into_iter().map(|manifest| manifest.value().clone()).collect()),
    }
}

/// The documents with empty texts for nulls.
fn texts(documents: Vec<Value>) -> Vec<Value> {
    fn text(value: Value) -> Value {
        match value {
            Value::Null => "".into(),
            Value::Array(items) => Value::Array(items.into_iter().map(text).collect()),
            Value::Object(map) => Value::Object(map.into_iter().map(|(key, value)| (key, text(value))).collect()),
            other => other,
        }
    }
    documents.into_iter().map(text).collect()
}

/// True when a file defines two anchors of one name.
fn names_an_anchor_twice(text: &str) -> bool {
    let mut names: Vec<&str> = text.split_whitespace().filter(|word| word.starts_with('&')).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    names.len() < all
}

/// Why meshlift refuses what libyaml reads; `None` when there is no good reason.
fn reason_to_refuse(refusal: &str) -> Option<&'static str> {
    let reasons = [
        // (66 of 30,000) kubectl reads `[?x]` as a mapping, the parser as text: too odd to choose, so it is refused.
        ("To kubectl this `?` announces a key", "a question mark before a text in flow style"),
        // (4) A block scalar of blank lines only, the longest of them longer than the indentation of the comment after it.
        // libyaml 0.2.5 reads `{a:}` like `{a: }`, kubectl reads a key `a:`.
        ("To kubectl this colon", "a colon that an indicator follows in flow style"),
        ("wrongly indented line in block scalar", "blank lines that only a comment follows"),
        // (2) `!!a!b`: YAML allows no second exclamation mark in a tag.
        ("while scanning a tag", "a tag with two exclamation marks"),
        // (2) A byte order mark alone on the last line, which kubectl refuses too; a block scalar at column one as the
        // value of an explicit key.
        ("simple key expected ':'", "text in the first column"),
        ("byte order mark", "a byte order mark in a key"),
        // (10) Braces in `apiVersion` or a name, where damage put them.
        ("template", "a template"),
    ];
    reasons.iter().find(|(part, _)| refusal.contains(part)).map(|(_, reason)| *reason)
}

#[test]
fn what_libyaml_reads_is_read_alike() {
    let files = std::env::var("MESHLIFT_ODD_FILES").ok().and_then(|count| count.parse().ok()).unwrap_or(FILES);
    let mut out = std::env::var_os("MESHLIFT_ODD_OUT").map(|path| std::fs::File::create(path).expect("a file"));
    let (mut alike, mut refused, mut reasons) = (0, 0, BTreeMap::<&str, u64>::new());
    for seed in 0..files {
        let mut text = odd::file(seed);
        // As kubectl does; see above.
        if !text.ends_with('\n') {
            text.push('\n');
        }
        let mine = ours(&text);
        if let Some(out) = &mut out {
            let line = serde_json::json!({"seed": seed, "text": text, "read": mine.as_ref().ok(), "refused": mine.as_ref().err()});
            writeln!(out, "{line}").expect("a line");
        }
        match (libyaml(&text), mine) {
            // The crate that is asked here takes another node's value then; PyYAML and kubectl do not.
            (Ok(_), _) if names_an_anchor_twice(&text) => {}
            (Ok(theirs), Ok(mine)) => {
                // A tag without a text is an empty text to kubectl, and null to the crate that is asked here.
                let (theirs, mine) = if text.contains('!') { (texts(theirs), texts(mine)) } else { (theirs, mine) };
                assert_eq!(mine, theirs, "file {seed} is read otherwise:\n{text}");
                alike += 1;
            }
            (Ok(_), Err(refusal)) => match reason_to_refuse(&refusal) {
                Some(reason) => *reasons.entry(reason).or_default() += 1,
                None => panic!("file {seed} is refused: {refusal}\n{text}"),
            },
            (Err(_), _) => refused += 1,
        }
    }
    println!("{alike} of {files} files are read alike, {refused} are no YAML to libyaml");
    for (reason, count) in &reasons {
        println!("{count:6} refused for {reason}");
    }
    assert!(alike > files / 3, "the generator makes too few files that libyaml reads");
    assert!(reasons.values().sum::<u64>() < files / 100, "too many files are refused: {reasons:?}");
}

/// Readings of single files that kubectl 1.32 confirmed (`kubectl patch --local`).
#[test]
fn odd_files_mean_what_kubectl_reads() {
    let read = |text: &str, expected: Value| {
        let read = ours(&format!("kind: Odd\n{text}"));
        assert_eq!(read, Ok(vec![expected]), "{text:?}");
    };
    let data = |value: &str| serde_json::json!({"kind": "Odd", "data": value});
    read("data: '{\n  a\n  }'\n", data("{ a }"));
    read("data: '{\na\n}'\n", data("{ a }"));
    read("data: \"x\ny\"\n", data("x y"));
    read("data: 'a\n\tb'\n", data("a b"));
    read("data: a\n    \tb\n", data("a b"));
    read("data:\ta\t\n", data("a"));
    read("data: |\n  a", data("a\n"));
    read("data: \u{feff}x\n", data("\u{feff}x"));
    // U+0085 breaks a line, also that of a comment.
    read("data: 'a\u{85}b'\n", data("a b"));
    read("data: |\n    a\u{85}    b\n", data("a\nb\n"));
    read("# c\u{85}data: a\n", data("a"));
    read("data: 'a\u{2028}b' # c\u{2028}\n", data("a\u{2028}b"));
    read("data: {\"a\":b, c:d}\n", serde_json::json!({"kind": "Odd", "data": {"a": "b", "c:d": null}}));
    read("data:\n- {\n\t\"a\": \"b\"\n\t}\n", serde_json::json!({"kind": "Odd", "data": [{"a": "b"}]}));
    // A file made of files that each begin with a byte order mark.
    assert_eq!(ours("\u{feff}a: 1\n---\n\u{feff}a: 2\n").map(|read| read.len()), Ok(2));
}

/// Where readers disagree about the very structure, nobody can say what the cluster has.
#[test]
fn what_readers_disagree_about_is_refused_with_its_place() {
    for (text, place) in [
        ("data: |\n  a\u{2028}b: c\n", "2:4"),
        ("a: b # c\u{2028}d: e\n", "1:9"),
        ("a: b\u{2029}c\n", "1:5"),
        ("a: [?b, c]\n", "1:5"),
        ("a: b\n\u{feff}c: d\n", "2:1"),
        ("a: [{mtls:}]\n", "1:10"),
        ("a: {b:, c: d}\n", "1:6"),
    ] {
        let refusal = ours(text).expect_err(text);
        assert!(refusal.starts_with(&format!("odd.yaml:{place} ")), "{text:?}: {refusal}");
    }
}
