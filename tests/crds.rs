//! Every object that a golden case expects is one that Istio's API server would accept: valid against the OpenAPI schemas and
//! the rules beside them in `../shared/crds/`. Where that folder is absent (a plain clone) the test says so and passes.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "a test fails by panicking and may say why it skips")]

use meshlift::yaml::Stream;
use serde_json::{Map, Value};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut entries: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, into);
        } else if path.extension().is_some_and(|e| e == "yaml" || e == "yml" || e == "json") {
            into.push(path);
        }
    }
}

fn objects(path: &Path) -> Vec<Value> {
    let Ok(text) = fs::read_to_string(path) else { return Vec::new() };
    let stream = Stream::parse(&path.display().to_string(), Arc::from(text));
    stream.manifests().iter().map(|manifest| manifest.value().clone()).collect()
}

/// (kind, version) to a validator of the whole object.
fn validators(crds: &Path) -> Vec<(String, String, jsonschema::Validator)> {
    let mut validators = Vec::new();
    for crd in objects(crds) {
        let kind = crd.pointer("/spec/names/kind").and_then(Value::as_str).unwrap_or_default().to_owned();
        for version in crd.pointer("/spec/versions").and_then(Value::as_array).into_iter().flatten() {
            let name = version["name"].as_str().unwrap_or_default();
            let mut schema = version.pointer("/schema/openAPIV3Schema").cloned().unwrap_or_default();
            close(&mut schema, 0);
            let validator = jsonschema::validator_for(&schema).expect("the CRD holds a JSON Schema");
            validators.push((kind.clone(), format!("security.istio.io/{name}"), validator));
        }
    }
    validators
}

/// Objects with listed properties take no others (the API server would prune them silently, which is worse than an error),
/// and int-or-string is both.
fn close(schema: &mut Value, depth: usize) {
    let Value::Object(map) = schema else {
        if let Value::Array(items) = schema {
            items.iter_mut().for_each(|item| close(item, depth + 1));
        }
        return;
    };
    let open = map.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(true));
    if depth > 0
        && map.contains_key("properties")
        && map.contains_key("type")
        && !map.contains_key("additionalProperties")
        && !open
    {
        map.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
    if map.get("x-kubernetes-int-or-string") == Some(&Value::Bool(true)) {
        map.remove("anyOf");
        map.remove("type");
    }
    let nested: Vec<String> = map.keys().cloned().collect();
    for key in nested {
        if let Some(child) = map.get_mut(&key) {
            close(child, depth + 1);
        }
    }
}

/// The rules that the CRD states as expressions, for the fields meshlift writes.
fn broken_rules(object: &Value) -> Vec<String> {
    let mut broken = Vec::new();
    let empty = Map::new();
    let spec = object.get("spec").and_then(Value::as_object).unwrap_or(&empty);
    let labels = object.pointer("/spec/selector/matchLabels").and_then(Value::as_object);
    for (key, value) in labels.unwrap_or(&empty) {
        if key.is_empty() || key.contains('*') || value.as_str().is_none_or(|value| value.contains('*')) {
            broken.push(format!("selector {key}: {value}"));
        }
    }
    if let Some(ports) = spec.get("portLevelMtls").and_then(Value::as_object) {
        if labels.is_none_or(Map::is_empty) {
            broken.push("portLevelMtls requires selector".to_owned());
        }
        if ports.is_empty() || ports.keys().any(|port| port.parse::<u16>().ok().is_none_or(|port| port == 0)) {
            broken.push("port must be between 1-65535".to_owned());
        }
    }
    for rule in spec.get("jwtRules").and_then(Value::as_array).into_iter().flatten() {
        if rule.get("jwks").is_some() && rule.get("jwksUri").is_some() {
            broken.push("only one of jwks or jwksUri can be set".to_owned());
        }
    }
    broken
}

#[test]
fn expected_objects_satisfy_the_custom_resource_definitions() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let crds = root.join("../shared/crds/security.istio.io.yaml");
    if !crds.exists() {
        println!("skipped: {} is not here", crds.display());
        return;
    }
    let validators = validators(&crds);
    assert_eq!(validators.len(), 6, "three kinds in two versions");
    let mut golden = Vec::new();
    files(&root.join("golden"), &mut golden);
    let mut checked = 0;
    let mut wrong = Vec::new();
    for path in golden.iter().filter(|path| path.components().any(|part| part.as_os_str() == "expected")) {
        for object in objects(path) {
            let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
            if !text("apiVersion").starts_with("security.istio.io/") {
                continue;
            }
            let validator =
                validators.iter().find(|(kind, version, _)| kind == text("kind") && version == text("apiVersion"));
            let Some((_, _, validator)) = validator else {
                wrong.push(format!("{}: {} {} is not served", path.display(), text("apiVersion"), text("kind")));
                continue;
            };
            checked += 1;
            let errors = validator.iter_errors(&object).map(|error| format!("{error} at {}", error.instance_path()));
            wrong.extend(errors.chain(broken_rules(&object)).map(|error| format!("{}: {error}", path.display())));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(checked > 0, "no golden case expects any object");
}
