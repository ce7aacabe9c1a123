//! What a golden case keeps of a report beside the text for people: the same run's JSON report as short lines.
//!
//! The text tells findings in sentences, and of the verdicts only those that somebody has to look at. The lines tell the
//! rest: what became of each old object, where and about what each finding is, and every verdict. Together they say all
//! that the JSON report says: a field that is new in it is a mistake here ("unknown field") until it has its place in a
//! line, and [`untold`] looks for every string.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write;

/// Stands between the text for people and the lines.
const HEADING: &str = "\n--- the same in short, and what the text leaves out ---\n";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Report {
    schema_version: u32,
    settings: Option<String>,
    summary: Summary,
    conversions: Vec<Conversion>,
    findings: Vec<Finding>,
    verification: Vec<Verification>,
    #[serde(default)]
    assumptions: Vec<Assumption>,
    #[serde(default)]
    refused: Vec<Refused>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Summary {
    files: usize,
    documents: usize,
    legacy: usize,
    converted: usize,
    refused: usize,
    inert: usize,
    generated: usize,
    skipped: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Conversion {
    from: Vec<Located>,
    to: Vec<Located>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Located {
    object: Object,
    file: String,
    line: usize,
}

#[derive(Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Object {
    kind: String,
    namespace: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refused {
    object: Object,
    file: String,
    line: usize,
    because: String,
    with: Option<Object>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Finding {
    code: String,
    severity: String,
    direction: String,
    file: Option<String>,
    line: Option<usize>,
    column: Option<usize>,
    object: Option<Object>,
    /// In the text.
    #[serde(rename = "message")]
    _message: String,
    /// In the text.
    #[serde(rename = "remedy")]
    _remedy: String,
    #[serde(default)]
    more: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Assumption {
    code: String,
    object: Option<Object>,
    message: String,
    if_false: String,
    check: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Verification {
    workload: Object,
    port: Option<u16>,
    transport: String,
    verdict: String,
    relaxations: BTreeSet<String>,
    /// In the text: the request, and what decides it on each side.
    #[serde(rename = "witness")]
    _witness: Value,
    #[serde(default)]
    unseen_service: bool,
    /// In the text.
    #[serde(default, rename = "undecided")]
    _undecided: Value,
}

/// The text for people, then the JSON report of the same run as lines.
pub fn told(text: &str, json: &str) -> Result<String, serde_json::Error> {
    let report: Report = serde_json::from_str(json)?;
    let mut told = format!("{text}{HEADING}");
    for line in lines(&report, text) {
        told += &line;
        told.push('\n');
    }
    Ok(told)
}

/// Words of the JSON report for which the text has a sentence or a position: `GET /x` tells `method` and `path`.
const SAID_OTHERWISE: [&str; 4] = ["none", "method", "path", "not-understood"];

/// Strings of the JSON report that do not occur in what is told.
pub fn untold(told: &str, json: &str) -> Result<Vec<String>, serde_json::Error> {
    let told = one_line(told);
    let mut untold = Vec::new();
    let mut left = vec![serde_json::from_str::<Value>(json)?];
    while let Some(value) = left.pop() {
        match value {
            Value::Array(items) => left.extend(items),
            Value::Object(fields) => left.extend(fields.into_iter().map(|(_, value)| value)),
            Value::String(text) if SAID_OTHERWISE.contains(&text.as_str()) => {}
            Value::String(text) if !told.contains(&one_line(&seen(&text))) => untold.push(text),
            _ => {}
        }
    }
    Ok(untold)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A name with escapes for what a reader would not see.
fn seen(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() }).collect()
}

fn lines(report: &Report, text: &str) -> Vec<String> {
    let mut lines = vec![summary(report)];
    lines.extend(report.conversions.iter().map(conversion));
    lines.extend(report.refused.iter().map(refused));
    lines.extend(report.findings.iter().map(finding));
    lines.extend(report.assumptions.iter().map(|given| assumption(given, text)));
    lines.extend(verdicts(&report.verification));
    lines
}

fn summary(report: &Report) -> String {
    let Summary { files, documents, legacy, converted, refused, inert, generated, skipped } = &report.summary;
    let settings = report.settings.as_ref().map(|name| format!(", settings {name}")).unwrap_or_default();
    let version = report.schema_version;
    format!(
        "report {version}: files {files}, documents {documents}, legacy {legacy}, converted {converted}, refused {refused}, \
         inert {inert}, generated {generated}, skipped {skipped}{settings}"
    )
}

/// "roles.yaml:1 ServiceRole shop/a + roles.yaml:9 ServiceRoleBinding shop/a -> roles.yaml:1 AuthorizationPolicy shop/a"
fn conversion(conversion: &Conversion) -> String {
    let side = |objects: &[Located]| objects.iter().map(located).collect::<Vec<_>>().join(" + ");
    let to = if conversion.to.is_empty() { "nothing".to_owned() } else { side(&conversion.to) };
    format!("{} -> {to}", side(&conversion.from))
}

fn located(Located { object, file, line }: &Located) -> String {
    format!("{}:{line} {}", seen(file), name(object))
}

/// `kind namespace/name`; without a namespace only `kind name`.
fn name(Object { kind, namespace, name }: &Object) -> String {
    let namespace = if namespace.is_empty() { String::new() } else { format!("{}/", seen(namespace)) };
    format!("{} {namespace}{}", seen(kind), seen(name))
}

fn refused(Refused { object, file, line, because, with }: &Refused) -> String {
    let with = with.as_ref().map(|with| format!(" of {}", name(with))).unwrap_or_default();
    format!("{}:{line} {} stays: {because}{with}", seen(file), name(object))
}

fn finding(finding: &Finding) -> String {
    let Finding { code, severity, direction, file, line, column, object, more, .. } = finding;
    let mut text = format!("{severity} {code}");
    if direction != "none" {
        text += &format!(" ({direction})");
    }
    let numbers = [line, column].into_iter().flatten().map(|number| format!(":{number}"));
    if let Some(file) = file {
        text += &format!(" {}{}", seen(file), numbers.collect::<String>());
    }
    if let Some(object) = object {
        text += &format!(" {}", name(object));
    }
    if *more > 0 {
        text += &format!(", and {more} more");
    }
    text
}

/// With its sentence only where the text for people counts it among the rest.
fn assumption(assumption: &Assumption, text: &str) -> String {
    let Assumption { code, object, message, if_false, check } = assumption;
    let object = object.as_ref().map_or_else(|| "everything".to_owned(), name);
    let (message, check) = (seen(message), seen(check));
    let sentence = if text.contains(&message) && text.contains(&check) {
        String::new()
    } else {
        format!(": {message} Check: {check}")
    };
    format!("assumed {code} for {object} (if not: {if_false}){sentence}")
}

/// One line per run of rows about one workload with one verdict: "equal Deployment shop/cart: http 8080, tcp 9000".
fn verdicts(rows: &[Verification]) -> Vec<String> {
    let same = |a: &Verification, b: &Verification| a.workload == b.workload && a.verdict == b.verdict;
    let mut lines = Vec::new();
    for group in rows.chunk_by(same) {
        let Some(first) = group.first() else { continue };
        let mut line = format!("{} {}:", first.verdict, name(&first.workload));
        for (index, row) in group.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let _ = write!(line, "{comma} {}", port(row));
        }
        lines.push(line);
    }
    lines
}

fn port(row: &Verification) -> String {
    let port = match (row.port, row.unseen_service) {
        (Some(port), false) => port.to_string(),
        (Some(port), true) => format!("{port} of an unseen Service"),
        (None, true) => "of an unseen Service".to_owned(),
        (None, false) => "undeclared".to_owned(),
    };
    let relaxations: Vec<&str> = row.relaxations.iter().map(String::as_str).collect();
    let but = if relaxations.is_empty() { String::new() } else { format!(" ({})", relaxations.join(", ")) };
    format!("{} {port}{but}", row.transport)
}
