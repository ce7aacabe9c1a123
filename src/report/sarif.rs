//! SARIF 2.1.0, for code scanning: findings and differences in access as results, their codes as rules.

use super::alike::{self, Shown};
use super::model::Report;
use super::{Style, gate, words};
use crate::finding::{Code, Direction, Place, Severity};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The report as one SARIF run, ending with a newline. `style` changes nothing: programs read this.
pub fn render(report: &Report, _style: &Style) -> String {
    let rules = rules(report);
    let mut results: Vec<Value> =
        alike::shown(&report.findings).into_iter().map(|shown| of_finding(shown, report, &rules)).collect();
    for verification in &report.verification {
        if let Some((code, severity)) = words::as_finding(report, verification.verdict) {
            let message = words::verdict_message(verification);
            let mut result = result(code, severity, &message, &rules);
            insert_location(&mut result, words::verdict_place(verification), report);
            insert(&mut result, "properties", json!({ "direction": code.entry().direction.word() }));
            results.push(Value::Object(result));
        }
    }
    let mut log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "meshlift",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|code| rule(*code)).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    let mut properties = Map::new();
    if let Some(settings) = &report.settings {
        properties.insert("settings".to_owned(), json!(settings));
    }
    let given = words::assumption_lines(report);
    if !given.is_empty() {
        properties.insert("given".to_owned(), json!(given));
    }
    if let (false, Some(run)) = (properties.is_empty(), log.pointer_mut("/runs/0").and_then(Value::as_object_mut)) {
        run.insert("properties".to_owned(), Value::Object(properties));
    }
    // Serialising a `Value` cannot fail.
    gate::json(&serde_json::to_string_pretty(&log).unwrap_or_default()) + "\n"
}

/// The codes that occur, by name: the same findings give the same file, however many codes the catalogue holds.
fn rules(report: &Report) -> Vec<Code> {
    let found = report.findings.iter().map(|finding| finding.code);
    let compared =
        report.verification.iter().filter_map(|verification| words::as_finding(report, verification.verdict));
    let compared = compared.map(|(code, _)| code);
    found.chain(compared).collect::<BTreeSet<Code>>().into_iter().collect()
}

fn rule(code: Code) -> Value {
    let entry = code.entry();
    json!({
        "id": entry.code,
        "shortDescription": { "text": entry.title },
        "fullDescription": { "text": format!("{} {}", entry.cause, entry.risk) },
        "help": {
            "text": format!("{}\n\n{}\n\n{}", entry.cause, entry.risk, entry.remedy),
            "markdown": format!(
                "**Cause:** {}\n\n**Risk:** {}\n\n**Remedy:** {}", entry.cause, entry.risk, entry.remedy
            ),
        },
        "defaultConfiguration": { "level": entry.severity.word() },
        "properties": { "tags": tags(entry.direction) },
    })
}

fn tags(direction: Direction) -> Vec<&'static str> {
    match direction {
        Direction::Wider | Direction::Narrower => vec!["security", "istio", direction.word()],
        Direction::None => vec!["security", "istio"],
    }
}

fn of_finding(shown: Shown<'_>, report: &Report, rules: &[Code]) -> Value {
    let finding = shown.finding;
    let message = words::message(shown);
    let mut result = result(finding.code, finding.severity, &message, rules);
    insert_location(&mut result, finding.place.as_ref(), report);
    if !finding.related.is_empty() {
        let related = finding.related.iter().enumerate().map(|(id, (place, label))| {
            let mut location = location(place, report);
            if let Value::Object(fields) = &mut location {
                insert(fields, "id", json!(id));
                insert(fields, "message", json!({ "text": sentence(label) }));
            }
            location
        });
        insert(&mut result, "relatedLocations", related.collect());
    }
    insert(&mut result, "properties", json!({ "direction": finding.direction.word() }));
    Value::Object(result)
}

/// `level` uses the same three words as a severity.
fn result(code: Code, severity: Severity, message: &str, rules: &[Code]) -> Map<String, Value> {
    let mut result = Map::new();
    insert(&mut result, "ruleId", code.name().into());
    insert(&mut result, "ruleIndex", rules.iter().position(|rule| *rule == code).into());
    insert(&mut result, "level", severity.word().into());
    insert(&mut result, "message", json!({ "text": sentence(message) }));
    result
}

/// A message's text. Viewers make a link of `[words](address)` even in plain text (SARIF 2.1.0, section 3.11.6).
fn sentence(text: &str) -> String {
    gate::prose(text).replace("](", "]\\u{28}")
}

fn insert_location(result: &mut Map<String, Value>, place: Option<&Place>, report: &Report) {
    if let Some(place) = place {
        insert(result, "locations", json!([location(place, report)]));
    }
}

fn insert(fields: &mut Map<String, Value>, name: &str, value: Value) {
    fields.insert(name.to_owned(), value);
}

fn location(place: &Place, report: &Report) -> Value {
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(&place.file) },
        "region": region(place, report),
    } })
}

/// From the place to the end of its span, where the file's text is known. `endColumn` is exclusive.
fn region(place: &Place, report: &Report) -> Value {
    let marked = report.sources.get(&place.file).and_then(|text| text.get(place.span.range()));
    let Some(marked) = marked.filter(|marked| !marked.is_empty()) else {
        return json!({ "startLine": place.line, "startColumn": place.column });
    };
    let end_line = place.line + marked.matches('\n').count();
    let end_column = match marked.rsplit_once('\n') {
        Some((_, last)) => last.chars().count() + 1,
        None => place.column + marked.chars().count(),
    };
    json!({
        "startLine": place.line, "startColumn": place.column, "endLine": end_line, "endColumn": end_column,
    })
}

/// A path as a relative URI reference: everything but unreserved characters and slashes is percent-encoded.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.replace('\\', "/").bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}
