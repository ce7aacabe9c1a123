//! Nothing is passed over in silence: which values of an object the rules accounted for, and what to say of the rest.

use super::input::{Input, Match, USER_KEYED, camel_case, child, children, is_absent};
use super::rule::{Action, Mapping, Rule};
use super::selector::{Part, Selector, unescape};
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

/// Every path a mapping knows, from the root of the object.
#[derive(Debug)]
pub struct Known(Vec<Vec<Part>>);

impl Known {
    /// The paths of the rules that are for objects of Istio 1.`minor`.
    pub fn of(mapping: &Mapping, minor: u16) -> Known {
        let mut known = Known(Vec::new());
        for rules in mapping.outputs.iter().map(|output| &output.fields).chain([&mapping.rules]) {
            known.add(rules, &[], minor);
        }
        known
    }

    fn add(&mut self, rules: &[Rule], base: &[Part], minor: u16) {
        let under = |selector: &Selector| [base, selector.parts()].concat();
        for rule in rules.iter().filter(|rule| rule.is_for(minor)) {
            self.0.extend(rule.sources().into_iter().map(under));
            match &rule.action {
                Action::Each(each) => self.add(&each.fields, &under(&each.of), minor),
                Action::Entries(entries) => {
                    let tails: &[&[Part]] = match is_list(&entries.of) {
                        true => &[&[Part::Name("key".into())], &[Part::Name("values".into()), Part::Any]],
                        false => &[&[Part::Any]],
                    };
                    self.0.extend(tails.iter().map(|tail| [&under(&entries.of), *tail].concat()));
                }
                _ => {}
            }
        }
    }

    /// The known paths that start with `keys`.
    fn starting<'a>(&'a self, keys: &'a [String]) -> impl Iterator<Item = &'a Vec<Part>> {
        let fits = |(part, key): (&Part, &String)| match part {
            Part::Name(name) => name == key,
            Part::Index(index) => index.to_string() == *key,
            Part::Any => true,
        };
        self.0.iter().filter(move |path| path.len() >= keys.len() && path.iter().zip(keys).all(fits))
    }

    /// The field names known right below `keys`.
    fn names_below<'a>(&'a self, keys: &'a [String]) -> impl Iterator<Item = &'a str> {
        self.starting(keys).filter_map(|path| match path.get(keys.len()) {
            Some(Part::Name(name)) => Some(name.as_str()),
            _ => None,
        })
    }
}

/// True when entries are the items of a list of `{key, values}`, false when they are the entries of a map.
pub fn is_list(of: &Selector) -> bool {
    !of.ends_in_name()
}

/// What is said about the values that no rule accounted for: one finding per unknown field, however much it holds.
pub fn report(mapping: &Mapping, minor: u16, input: &Input, manifest: &Manifest, account: &Account) -> Vec<Finding> {
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
    let known = Known::of(mapping, minor);
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
            // An empty list or map where the mapping knows a fuller one says nothing.
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
    let message = format!("No rule of the mapping says what becomes of `{name}: {}`.", leaf.value);
    Finding::new(UNACCOUNTED_VALUE, message).at(manifest.place(written))
}
