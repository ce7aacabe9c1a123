//! Every object that a golden case expects is one that Istio's API server would accept: valid against the OpenAPI schemas of
//! its CustomResourceDefinitions and the rules beside them (`schemas/security.istio.io.yaml`).

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use meshlift::yaml::Stream;
use serde::Deserialize;
use serde_json::{Map, Value, json};
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

/// One kind of `schemas/security.istio.io.yaml`.
#[derive(Deserialize)]
struct Served {
    kind: String,
    versions: Vec<String>,
    schema: Value,
}

/// Each kind that the API server takes, with a validator of the whole object.
fn served() -> Vec<(Served, jsonschema::Validator)> {
    let text = include_str!("schemas/security.istio.io.yaml");
    let kinds = serde_yaml::Deserializer::from_str(text).map(Served::deserialize);
    kinds
        .map(|kind| {
            let mut kind = kind.expect("kind, versions and schema");
            close(&mut kind.schema, 0);
            let validator = jsonschema::validator_for(&kind.schema).expect("a JSON Schema");
            (kind, validator)
        })
        .collect()
}

/// What is wrong with an object of `security.istio.io`.
fn mistakes(object: &Value, served: &[(Served, jsonschema::Validator)]) -> Vec<String> {
    let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
    let (kind, version) = (text("kind"), text("apiVersion"));
    let is_meant = |served: &Served| served.kind == kind && served.versions.iter().any(|served| served == version);
    let Some((_, validator)) = served.iter().find(|(served, _)| is_meant(served)) else {
        return vec![format!("{version} {kind} is not served")];
    };
    let errors = validator.iter_errors(object).map(|error| format!("{error} at {}", error.instance_path()));
    errors.chain(broken_rules(object)).collect()
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
    let served = served();
    let mut golden = Vec::new();
    files(&root.join("golden"), &mut golden);
    let (mut checked, mut wrong) = (0, Vec::new());
    for path in golden.iter().filter(|path| path.components().any(|part| part.as_os_str() == "expected")) {
        for object in objects(path) {
            let version = object.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
            if version.starts_with("security.istio.io/") {
                checked += 1;
                wrong.extend(
                    mistakes(&object, &served).into_iter().map(|mistake| format!("{}: {mistake}", path.display())),
                );
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(checked > 300, "the golden cases expect only {checked} objects");
}

#[test]
fn what_the_api_server_would_refuse_is_found() {
    let served = served();
    let wrong = |kind: &str, version: &str, spec: Value| {
        let meta = json!({"name": "a", "namespace": "b"});
        let object =
            json!({"apiVersion": format!("security.istio.io/{version}"), "kind": kind, "metadata": meta, "spec": spec});
        mistakes(&object, &served).join("; ")
    };
    assert_eq!(wrong("PeerAuthentication", "v1", json!({"mtls": {"mode": "STRICT"}})), "");
    for (kind, version, spec, says) in [
        ("PeerAuthentication", "v1alpha1", json!({}), "is not served"),
        ("PeerAuthentication", "v1beta1", json!({"mtls": {"mode": "MUTUAL"}}), "MUTUAL"),
        ("PeerAuthentication", "v1", json!({"portLevelMtls": {"80": {"mode": "STRICT"}}}), "requires selector"),
        ("AuthorizationPolicy", "v1", json!({"rules": [{"when": [{"values": ["a"]}]}]}), "key"),
        ("AuthorizationPolicy", "v1", json!({"action": "REFUSE"}), "REFUSE"),
        ("AuthorizationPolicy", "v1", json!({"rules": [{"to": [{"operation": {"path": ["/"]}}]}]}), "path"),
        ("AuthorizationPolicy", "v1", json!({"selector": {"matchLabels": {"app": "a*"}}}), "selector app"),
        ("RequestAuthentication", "v1", json!({"jwtRules": [{"issuer": ""}]}), "issuer"),
        (
            "RequestAuthentication",
            "v1",
            json!({"jwtRules": [{"issuer": "a", "jwks": "{}", "jwksUri": "https://a"}]}),
            "only one of",
        ),
    ] {
        let found = wrong(kind, version, spec.clone());
        assert!(found.contains(says), "{kind} {spec}: {found:?} instead of {says:?}");
    }
}
