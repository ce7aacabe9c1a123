//! The `report.json` files of the golden cases pin the JSON report: each is valid against `meshlift schema report`, and
//! together they show every field of it.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Fields that no golden case can hold: unit tests make them.
const IN_NO_CASE: [&str; 4] = [
    // More than 50 findings of one code about one object.
    "Finding.more",
    // A proof that runs out of its budget.
    "Undecided.at",
    "Undecided.sampled",
    // A mistake of meshlift.
    "Undecided.what",
];

fn reports() -> Vec<(String, Value)> {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let mut reports = Vec::new();
    for area in fs::read_dir(golden).expect("the golden cases").flatten() {
        for case in fs::read_dir(area.path()).into_iter().flatten().flatten() {
            if let Ok(text) = fs::read_to_string(case.path().join("report.json")) {
                let report = serde_json::from_str(&text).expect("a report is JSON");
                reports.push((case.path().display().to_string(), report));
            }
        }
    }
    reports
}

fn schema() -> Value {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_meshlift"))
        .args(["schema", "report"])
        .output()
        .expect("meshlift runs");
    serde_json::from_slice(&output.stdout).expect("the schema is JSON")
}

/// Notes every field that a value shows, as `Definition.field`.
fn note_fields(schema: &Value, rule: &Value, name: &str, value: &Value, shown: &mut BTreeSet<String>) {
    if let Some(target) = rule["$ref"].as_str() {
        let name = target.rsplit('/').next().unwrap_or_default();
        return note_fields(schema, &schema["$defs"][name], name, value, shown);
    }
    for alternative in ["anyOf", "oneOf"].iter().filter_map(|key| rule[*key].as_array()).flatten() {
        note_fields(schema, alternative, name, value, shown);
    }
    for item in value.as_array().into_iter().flatten() {
        note_fields(schema, &rule["items"], name, item, shown);
    }
    for (field, rule) in rule["properties"].as_object().into_iter().flatten() {
        if let Some(value) = value.get(field) {
            shown.insert(format!("{name}.{field}"));
            note_fields(schema, rule, name, value, shown);
        }
    }
}

/// Every field that the schema declares, as `Definition.field`.
fn declared(schema: &Value) -> BTreeSet<String> {
    let definitions = schema["$defs"].as_object().expect("definitions");
    let named = definitions.iter().map(|(name, rule)| (name.as_str(), rule)).chain([("Report", schema)]);
    let mut fields = BTreeSet::new();
    for (name, rule) in named {
        let alternatives = rule["oneOf"].as_array().into_iter().flatten();
        for rule in alternatives.chain([rule]) {
            let properties = rule["properties"].as_object().into_iter().flatten();
            fields.extend(properties.map(|(field, _)| format!("{name}.{field}")));
        }
    }
    fields
}

#[test]
fn every_json_report_is_valid_against_the_schema() {
    let schema = schema();
    let validator = jsonschema::validator_for(&schema).expect("the schema is a schema");
    let mut wrong = Vec::new();
    for (case, report) in reports() {
        wrong.extend(validator.iter_errors(&report).map(|error| format!("{case}{}: {error}", error.instance_path())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_json_reports_show_every_field() {
    let schema = schema();
    let mut shown = BTreeSet::new();
    for (_, report) in reports() {
        note_fields(&schema, &schema, "Report", &report, &mut shown);
    }
    let unshown: Vec<String> = declared(&schema).difference(&shown).cloned().collect();
    assert_eq!(
        unshown, IN_NO_CASE,
        "give a case that shows the field a `report.json` (an empty one, then UPDATE_GOLDEN=1)"
    );
}
