//! Valid manifests with something wrong in them: bytes flipped, lines gone, values of another type. Nothing may panic or
//! hang, every finding says where, and what is not converted stays to the byte.
//!
//! The same checks as the fuzz targets in `fuzz/`, with a fixed sequence of random numbers. For a longer run:
//! `PROPTEST_CASES=200000 cargo test --release --test hostile`.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "hostile/checks.rs"]
mod checks;

use meshlift::convert::Options;
use meshlift::convert::placement::Style;
use meshlift::files::Root;
use meshlift::mapping::Mappings;
use meshlift::mesh::{Completeness, Settings};
use meshlift::report::{self, Purpose};
use meshlift::run::{self, Job, Reading};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::fs;
use std::path::Path;

/// Cases per property, unless PROPTEST_CASES says otherwise; the pipeline with files is the slowest.
const CASES: u32 = 400;

/// One thing that goes wrong. Numbers are positions, taken modulo the length of what they point into.
#[derive(Clone, Debug)]
enum Mutation {
    /// A byte becomes another one.
    Byte(usize, u8),
    /// A character or token is inserted.
    Insert(usize, &'static str),
    /// A line goes.
    Delete(usize),
    /// A line stands twice.
    Repeat(usize),
    /// The values of two lines change places.
    Swap(usize, usize),
    /// A value becomes one of another type.
    Retype(usize, &'static str),
    /// A line moves to the right.
    Indent(usize, usize),
    /// The rest of the text goes.
    Truncate(usize),
}

const TOKENS: &[&str] = &[
    "---\n",
    "...\n",
    "{{",
    "}}",
    "#",
    "*a",
    "&a ",
    "<<: ",
    "- ",
    ": ",
    "\t",
    "\r",
    "\u{feff}",
    "'",
    "\"",
    "|\n",
    "[",
    "]",
    "{",
    "}",
    "!!binary ",
    "\u{85}",
    "\u{2028}",
    "é",
    "\0",
    ",",
    "?",
    "%TAG\n",
];

const VALUES: &[&str] = &[
    "",
    "null",
    "~",
    "true",
    "on",
    "[]",
    "{}",
    "[{}]",
    "[[]]",
    "[null]",
    "{a: {b: [c]}}",
    "0",
    "-1",
    "65536",
    "99999999999999999999",
    "1e400",
    ".nan",
    "''",
    "'*'",
    "\"*\"",
    "[\"*\", \"a*\", \"*a\", \"a*b\", \"\"]",
    "2019-01-01",
    "|\n  text",
    "&x {a: *x}",
    "!!int x",
    "10.0.0.0/33",
    "a.b.svc.cluster.local",
];

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = any::<usize>();
    prop_oneof![
        1 => (at, any::<u8>()).prop_map(|(at, byte)| Mutation::Byte(at, byte)),
        2 => (at, prop::sample::select(TOKENS)).prop_map(|(at, token)| Mutation::Insert(at, token)),
        2 => at.prop_map(Mutation::Delete),
        2 => at.prop_map(Mutation::Repeat),
        3 => (at, at).prop_map(|(one, other)| Mutation::Swap(one, other)),
        4 => (at, prop::sample::select(VALUES)).prop_map(|(at, value)| Mutation::Retype(at, value)),
        1 => (at, 1usize..4).prop_map(|(at, by)| Mutation::Indent(at, by)),
        1 => at.prop_map(Mutation::Truncate),
    ]
}

/// Valid manifests: the inputs of the golden cases, and one that holds a bit of everything.
fn seeds() -> Vec<String> {
    let mut files = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("golden"), &mut files);
    files.sort();
    let texts = files.into_iter().filter_map(|path| fs::read_to_string(path).ok()).filter(|text| text.len() < 20_000);
    [include_str!("hostile/everything.yaml").to_owned()].into_iter().chain(texts).collect()
}

fn collect(folder: &Path, into: &mut Vec<std::path::PathBuf>) {
    for path in fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())) {
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            into.push(path);
        }
    }
}

fn apply(mutation: &Mutation, text: String) -> String {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    let count = lines.len().max(1);
    match *mutation {
        Mutation::Byte(at, byte) => {
            let mut bytes = text.into_bytes();
            let length = bytes.len().max(1);
            if let Some(found) = bytes.get_mut(at % length) {
                *found = byte;
            }
            return String::from_utf8_lossy(&bytes).into_owned();
        }
        Mutation::Insert(at, token) => {
            let mut text = text;
            let at = text.floor_char_boundary(at % (text.len() + 1));
            text.insert_str(at, token);
            return text;
        }
        Mutation::Truncate(at) => {
            let mut text = text;
            text.truncate(text.floor_char_boundary(at % (text.len() + 1)));
            return text;
        }
        Mutation::Delete(at) => {
            if !lines.is_empty() {
                lines.remove(at % count);
            }
        }
        Mutation::Repeat(at) => {
            if let Some(line) = lines.get(at % count).cloned() {
                lines.insert(at % count, line);
            }
        }
        Mutation::Swap(one, other) => {
            let value = |at: usize| lines.get(at % count).and_then(|line| Some(line.split_once(": ")?.1.to_owned()));
            if let (Some(a), Some(b)) = (value(one), value(other)) {
                replace_value(&mut lines, one % count, &b);
                replace_value(&mut lines, other % count, &a);
            }
        }
        Mutation::Retype(at, value) => replace_value(&mut lines, at % count, &format!("{value}\n")),
        Mutation::Indent(at, by) => {
            if let Some(line) = lines.get_mut(at % count) {
                line.insert_str(0, &" ".repeat(by));
            }
        }
    }
    lines.concat()
}

fn replace_value(lines: &mut [String], at: usize, value: &str) {
    if let Some(line) = lines.get_mut(at)
        && let Some(colon) = line.find(':')
    {
        line.truncate(colon + 1);
        line.push(' ');
        line.push_str(value);
    }
}

/// Runs a property over mutated seeds, always the same ones.
fn check(share: u32, property: impl Fn(&str, u64)) {
    let seeds = seeds();
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES) / share;
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let strategy = (any::<prop::sample::Index>(), prop::collection::vec(mutation(), 1..6), any::<u64>()).prop_map(
        |(seed, mutations, picks)| {
            let text = mutations.iter().fold(seed.get(&seeds).clone(), |text, mutation| apply(mutation, text));
            (text, picks)
        },
    );
    let result = runner.run(&strategy, |(text, picks)| {
        property(&text, picks);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn the_yaml_layer_reads_and_rewrites_anything() {
    check(1, checks::yaml_layer);
}

#[test]
fn the_converter_takes_anything() {
    check(2, |text, _| checks::converter(text));
}

#[test]
fn the_whole_pipeline_takes_anything_and_every_renderer_shows_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a.yaml");
    check(4, |text, picks| {
        fs::write(&file, text).expect("a file");
        let done = run::run(job(&file, picks));
        checks::assert_located(
            &done.report.findings.iter().filter(|finding| finding.object.is_none()).cloned().collect::<Vec<_>>(),
        );
        for width in [1, 20, 100] {
            let style = report::Style { width, ..report::Style::PLAIN };
            report::text::render(&done.report, &style);
            report::diff::render(&done.report, &style);
        }
        report::markdown::render(&done.report, &report::Style::PLAIN);
        report::github::render(&done.report, &report::Style::PLAIN);
        for json in [report::json::render, report::sarif::render] {
            let text = json(&done.report, &report::Style::PLAIN);
            serde_json::from_str::<serde_json::Value>(&text).expect("JSON");
        }
        if !done.may_write {
            assert!(done.exit != run::Exit::default(), "something keeps the result from being written");
        }
    });
}

fn job(file: &Path, picks: u64) -> Job {
    let flag = |bit: u32| picks >> bit & 1 == 1;
    Job {
        roots: vec![Root::input(file)],
        reading: Reading {
            settings: Settings::default(),
            one_mesh: flag(0),
            complete: if flag(1) { Completeness::All } else { Completeness::Open },
            ..Reading::default()
        },
        mappings: Mappings::embedded(),
        options: Options {
            strict: flag(2),
            plaintext_permissive: flag(3),
            port_fence: flag(4),
            shadow: flag(5),
            legacy_bug_compat: flag(6),
            ..Options::default()
        },
        style: Style { api_version: None, target: Settings::default().target },
        verify: Some(meshlift::access::Budget::default()),
        keep_going: flag(7),
        purpose: Purpose::Convert,
        findings: Vec::new(),
    }
}
