//! Nothing is passed over in silence: which values of an object the rules accounted for, and what to say of the rest.

use super::input::{Input, Match, USER_KEYED, camel_case, child, children, is_absent};
use super::rule::Mapping;
use super::selector::{Part, unescape};
use super::suggest::nearest;
use crate::finding::Finding;
use crate::finding::catalogue::mapping::{UNACCOUNTED_VALUE, UNKNOWN_FIELD};
use crate::yaml::Manifest;
use serde_json::Value;
use std::collections::BTreeSet;

/// What rules have accounted for, as pointers into the [`Input`].
#[derive(Debug, Default)]
pub struct Account {
    values: BTreeSet<String>,
    subtrees: BTreeSet<String>,
}

impl Account {
    /// A rule used this value. A map with named fields accounts for none of them: each has to be named. A scalar, a list
    /// of scalars and a map whose keys are the user's are accounted for as a whole.
    pub fn uses(&mut self, found: &Match<'_>) {
        let user_keyed = found.pointer.rsplit('/').next().is_some_and(|name| USER_KEYED.contains(&name));
        let flat = children(found.value).iter().all(|(_, value)| !value.is_object() && !value.is_array());
        if user_keyed || (found.value.is_array() && flat) {
            self.subtrees.insert(found.pointer.clone());
        }
        self.values.insert(found.pointer.clone());
    }

    /// A rule removed or refused this value with everything in it.
    pub fn uses_all(&mut self, pointer: &str) {
        self.values.insert(pointer.to_owned());
        self.subtrees.insert(pointer.to_owned());
    }

    /// True when a rule used the value itself.
    pub fn has(&self, pointer: &str) -> bool {
        self.values.contains(pointer)
    }

    fn covers(&self, pointer: &str) -> bool {
        let mut ancestors = pointer.match_indices('/').skip(1).map(|(at, _)| &pointer[..at]).chain([pointer]);
        self.has(pointer) || ancestors.any(|ancestor| self.subtrees.contains(ancestor))
    }
}

/// Every path that values of an object may have in Istio's schema.
struct Known(Vec<(Vec<Part>, bool)>);

impl Known {
    /// The known paths that start with `keys`, or hold everything below one of their starts.
    fn starting<'a>(&'a self, keys: &'a [String]) -> impl Iterator<Item = &'a Vec<Part>> {
        let fits = |(part, key): (&Part, &String)| match part {
            Part::Name(name) => name == key,
            Part::Any => true,
        };
        let reaches = move |(path, deep): &&(Vec<Part>, bool)| {
            (path.len() >= keys.len() || *deep) && path.iter().zip(keys).all(fits)
        };
        self.0.iter().filter(reaches).map(|(path, _)| path)
    }

    /// The field names known right below `keys`.
    fn names_below<'a>(&'a self, keys: &'a [String]) -> impl Iterator<Item = &'a str> {
        self.starting(keys).filter_map(|path| match path.get(keys.len()) {
            Some(Part::Name(name)) => Some(name.as_str()),
            _ => None,
        })
    }
}

/// What is said about the values that no rule accounted for. Every field of the schema has its decision in the mapping
/// (`check`), so such a value is in no field that Istio knew, which is said once per field however much it holds; or it
/// has another shape than the field.
pub fn report(mapping: &Mapping, input: &Input, manifest: &Manifest, account: &Account) -> Vec<Finding> {
    let spec = input.value.get("spec").map(|spec| leaves("/spec", spec)).unwrap_or_default();
    let left: Vec<Match<'_>> = spec.into_iter().filter(|leaf| !account.covers(&leaf.pointer)).collect();
    let outside: Vec<String> = children(&input.value)
        .into_iter()
        .map(|(key, _)| key)
        .filter(|key| !["apiVersion", "kind", "metadata", "spec", "status"].contains(&key.as_str()))
        .collect();
    if left.is_empty() && outside.is_empty() {
        return Vec::new();
    }
    let known = Known(mapping.schema.paths());
    let mut findings: Vec<Finding> = outside.iter().map(|key| outside_spec(key, manifest, &known)).collect();
    let mut seen = BTreeSet::new();
    for leaf in &left {
        let keys: Vec<String> = leaf.pointer.split('/').skip(1).map(unescape).collect();
        let unknown = (1..=keys.len()).map(|n| keys.split_at(n).0).find(|path| known.starting(path).next().is_none());
        match unknown.and_then(<[String]>::split_last) {
            Some((name, parents)) if seen.insert((parents.to_vec(), name.clone())) => {
                findings.push(unknown_field(name, parents, input, manifest, &known));
            }
            Some(_) => {}
            // An empty list or map where the schema has a fuller one says nothing.
            None if is_absent(leaf.value) || is_empty_map(leaf.value) => {}
            None => findings.push(unaccounted(leaf, input, manifest)),
        }
    }
    findings
}

/// The scalars, empty lists and empty maps of a tree.
fn leaves<'a>(pointer: &str, value: &'a Value) -> Vec<Match<'a>> {
    let below = children(value);
    if below.is_empty() {
        return vec![Match { pointer: pointer.to_owned(), value }];
    }
    below.into_iter().flat_map(|(key, value)| leaves(&child(pointer, &key), value)).collect()
}

fn is_empty_map(value: &Value) -> bool {
    value.as_object().is_some_and(serde_json::Map::is_empty)
}

/// A field of that name below `parents`, the path from the root.
fn unknown_field(name: &str, parents: &[String], input: &Input, manifest: &Manifest, known: &Known) -> Finding {
    let parent = parents.iter().fold(String::new(), |pointer, key| child(&pointer, key));
    let pointer = child(&parent, name);
    let place = manifest.key_place(input.written(&pointer));
    let parent = parents.iter().rev().find(|key| key.parse::<usize>().is_err()).map_or("spec", String::as_str);
    let twin = camel_case(name).filter(|twin| known.names_below(parents).any(|known| known == twin));
    if let Some(twin) = twin {
        let message = format!("Istio ignored `{name}`, because its other spelling `{twin}` stands beside it and wins.");
        return Finding::new(UNKNOWN_FIELD, message).at(place);
    }
    let message = format!(
        "Istio ignored `{name}`: there is no such field in `{parent}`, so whatever the line was meant to restrict was \
         never restricted."
    );
    suggest(Finding::new(UNKNOWN_FIELD, message).at(place), name, known.names_below(parents))
}

/// A field beside `metadata` and `spec`.
fn outside_spec(name: &str, manifest: &Manifest, known: &Known) -> Finding {
    let message = format!("Istio ignored `{name}`: nothing outside `metadata` and `spec` had a meaning.");
    let finding = Finding::new(UNKNOWN_FIELD, message).at(manifest.key_place(&child("", name)));
    let spec = ["spec".to_owned()];
    if known.names_below(&spec).any(|field| Some(field) == camel_case(name).as_deref() || field == name) {
        return finding.remedy(format!(
            "`{name}` is a field of `spec`; moving it there changes who has access, so do that as a change of its own."
        ));
    }
    suggest(finding, name, ["metadata", "spec"])
}

/// Names the field that was probably meant.
fn suggest<'a>(finding: Finding, name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Finding {
    match nearest(name, candidates) {
        Some(meant) => finding.remedy(format!(
            "Did you mean `{meant}`? Correct or remove `{name}`; correcting it changes who has access, so do that as a \
             change of its own."
        )),
        None => finding,
    }
}

fn unaccounted(leaf: &Match<'_>, input: &Input, manifest: &Manifest) -> Finding {
    let written = input.written(&leaf.pointer);
    let name = leaf.pointer.rsplit('/').next().map(unescape).unwrap_or_default();
    let message = format!("`{name}: {}` has another shape than Istio's schema gives the field.", leaf.value);
    Finding::new(UNACCOUNTED_VALUE, message).at(manifest.place(written))
}
