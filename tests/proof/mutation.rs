//! A result with one thing wrong in it is caught: one character of a value, a mode, a rule, a whole policy.

use super::mesh::{Scene, scene};
use super::{run, runner};
use meshlift::access::{self, Budget, Options, Outcome, Side, World};
use meshlift::mesh::{BuildOptions, Input, Mesh, build};
use meshlift::yaml::Stream;
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex};

/// Where the mutations of one kind ended.
#[derive(Debug, Default)]
struct Count {
    /// Mutated results.
    made: u32,
    /// Mutations that change what the new objects grant, as a comparison of new with new shows.
    matter: u32,
    /// Among them: the comparison of old with new is not equal.
    caught: u32,
}

#[test]
#[allow(clippy::expect_used, clippy::panic, reason = "a test fails by them")]
fn a_result_with_one_thing_wrong_in_it_is_not_equal() {
    let counts: Mutex<BTreeMap<&'static str, Count>> = Mutex::default();
    let outcome = runner(1_500).run(&(scene(), any::<prop::sample::Index>(), any::<u8>()), |(scene, which, flip)| {
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join(run::FILE), scene.yaml())?;
        let done = run::convert(&scene, folder.path(), false);
        let equal = done.report.verification.iter().all(|one| one.verdict == meshlift::report::Verdict::Equal);
        let Some(change) = done.changes.first().filter(|_| done.may_write && equal) else { return Ok(()) };
        let (before, after) = (mesh(&scene, &scene.yaml()), mesh(&scene, &change.new));
        let documents = documents(&change.new);
        let mut spots = spots(&documents);
        if flip % 4 != 0 && spots.iter().any(|(_, pointer)| !pointer.is_empty()) {
            // Most policies are one default denial: values and rules get their share.
            spots.retain(|(_, pointer)| !pointer.is_empty());
        }
        if spots.is_empty() {
            return Ok(());
        }
        let (kind, mutated) = mutate(documents, which.get(&spots), flip);
        let mutated = mesh(&scene, &mutated);
        let caught = differs((&before, World::Source), (&mutated, World::Target), scene.strict);
        let matters = differs((&after, World::Target), (&mutated, World::Target), scene.strict);
        let mut counts = counts.lock().expect("no test panics while counting");
        let count = counts.entry(kind).or_default();
        count.made += 1;
        count.matter += u32::from(matters);
        count.caught += u32::from(matters && caught);
        // Old and new were equal without any relaxation: then what tells new from new tells old from new.
        let exact = done.report.verification.iter().all(|one| one.relaxations.is_empty());
        prop_assert!(!(exact && matters && !caught), "a mutation of {kind} is not caught");
        Ok(())
    });
    let counts = counts.into_inner().expect("no test panics while counting");
    println!("{counts:#?}");
    outcome.unwrap_or_else(|error| panic!("{error}"));
    let sum = |of: fn(&Count) -> u32| counts.values().map(of).sum::<u32>();
    let (made, matter, caught) = (sum(|c| c.made), sum(|c| c.matter), sum(|c| c.caught));
    println!("{made} mutations, {matter} change what the new objects grant, {caught} of them are caught");
    assert!(made >= 50 && matter * 2 >= made, "too few mutations change anything");
    assert!(caught * 10 >= matter * 9, "{caught} of {matter} are caught");
}

/// True when ANY workload, declared port and kind of traffic is not proved equal. On ports that no Service declares old
/// Istio let everybody in: there a mutation can only come nearer to it, or lose what may be lost (`undeclared-ports`).
fn differs(before: (&Mesh, World), after: (&Mesh, World), strict: bool) -> bool {
    let side = |(mesh, world)| Side { mesh, world };
    let verdicts = access::prove(side(before), side(after), &Options { strict, budget: Budget::default() });
    verdicts.iter().any(|verdict| verdict.port.is_some() && verdict.outcome != Outcome::Equal)
}

#[allow(clippy::expect_used, reason = "a test fails by them")]
fn mesh(scene: &Scene, text: &str) -> Mesh {
    let reading = run::reading(scene);
    let stream = Stream::parse(run::FILE, Arc::from(text));
    let inputs = stream.manifests().into_iter().map(|manifest| Input { manifest, inventory: false }).collect();
    let options = BuildOptions {
        settings: reading.settings,
        one_mesh: true,
        complete: reading.complete,
        ..BuildOptions::default()
    };
    build(inputs, &options).environments.into_iter().next().expect("one environment").mesh
}

fn documents(text: &str) -> Vec<Value> {
    Stream::parse(run::FILE, Arc::from(text)).manifests().iter().map(|manifest| manifest.value().clone()).collect()
}

/// Something that can go wrong: the number of the document, and where in it (`""` is the document itself).
type Spot = (usize, String);

/// Every value, rule and policy of the new objects.
fn spots(documents: &[Value]) -> Vec<Spot> {
    let mut spots = Vec::new();
    for (number, document) in documents.iter().enumerate() {
        let new = document.get("apiVersion").and_then(Value::as_str) == Some("security.istio.io/v1");
        if new {
            spots.push((number, String::new()));
            leaves(document.get("spec").unwrap_or(&Value::Null), "/spec", &mut |pointer| spots.push((number, pointer)));
        }
    }
    spots
}

fn leaves(value: &Value, pointer: &str, found: &mut impl FnMut(String)) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let key = key.replace('~', "~0").replace('/', "~1");
                // The name of a condition is not a value.
                if key != "key" && key != "jwksUri" {
                    leaves(value, &format!("{pointer}/{key}"), found);
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let pointer = format!("{pointer}/{index}");
                if pointer.ends_with(&format!("/rules/{index}")) {
                    found(pointer.clone());
                }
                leaves(item, &pointer, found);
            }
        }
        Value::String(_) => found(pointer.to_owned()),
        _ => {}
    }
}

/// What was changed, in a word, and the new stream.
#[allow(clippy::expect_used, reason = "a test fails by them")]
fn mutate(mut documents: Vec<Value>, (number, pointer): &Spot, flip: u8) -> (&'static str, String) {
    let kind = if pointer.is_empty() {
        documents.remove(*number);
        "a policy"
    } else if let Some(Value::String(text)) = documents[*number].pointer_mut(pointer) {
        let (kind, mutated) = mutated(text, pointer, flip);
        *text = mutated;
        kind
    } else {
        let (list, index) = pointer.rsplit_once('/').expect("a rule is in a list");
        let rules = documents[*number].pointer_mut(list).and_then(Value::as_array_mut).expect("a list");
        rules.remove(index.parse().expect("an index"));
        "a rule"
    };
    (kind, documents.iter().map(Value::to_string).collect::<Vec<_>>().join("\n---\n"))
}

/// A text with one character changed; words of a closed list become another word of it.
fn mutated(text: &str, pointer: &str, flip: u8) -> (&'static str, String) {
    let other = |words: &[&str]| {
        let others: Vec<&&str> = words.iter().filter(|word| **word != text).collect();
        (*others[usize::from(flip) % others.len()]).to_owned()
    };
    if pointer.ends_with("/mode") {
        return ("a mode", other(&["STRICT", "PERMISSIVE", "DISABLE"]));
    }
    if pointer.ends_with("/action") {
        return ("an action", other(&["ALLOW", "DENY"]));
    }
    let kind = match pointer {
        _ if pointer.contains("/ports/") || pointer.contains("/notPorts/") => "a port",
        _ if pointer.contains("rincipals/") => "a principal",
        _ if pointer.contains("amespaces/") => "a namespace",
        _ if pointer.contains("aths/") => "a path",
        _ if pointer.contains("ethods/") => "a method",
        _ if pointer.contains("/matchLabels/") => "a selector",
        _ if pointer.contains("/when/") => "a condition",
        _ if pointer.contains("Blocks/") => "an address",
        _ if pointer.contains("/issuer") => "an issuer",
        _ => "another value",
    };
    let mut characters: Vec<char> = text.chars().collect();
    let at = usize::from(flip) % characters.len().max(1);
    match characters.get_mut(at) {
        Some(c) if c.is_ascii_digit() => *c = if *c == '1' { '2' } else { '1' },
        Some(c) => *c = if *c == 'x' { 'y' } else { 'x' },
        None => characters.push('x'),
    }
    (kind, characters.into_iter().collect())
}
