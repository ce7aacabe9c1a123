//! The engine: applies the rules of one mapping to one legacy object.

use super::coverage::{Account, is_list, report};
use super::format::{CopyText, FormText, Step};
use super::input::{Input, Match, child, children, present, select};
use super::relaxation::Fit;
use super::rule::{Action, Condition, Each, Entries, Fate, Mapping, Rule};
use super::selector::Target;
use super::{Applied, Item};
use crate::finding::catalogue::mapping::{
    EMPTY_VALUE, EXCLUSIVE_FIELDS, FIELD_WITHOUT_EFFECT, UNACCOUNTED_VALUE, VALUE_OUTSIDE_TABLE,
};
use crate::finding::{Code, Finding};
use crate::yaml::Manifest;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Applies a mapping to an object that ran on Istio 1.`minor`.
pub fn apply(mapping: &Mapping, manifest: &Manifest, minor: u16, strict: bool) -> Applied {
    let input = Input::read(manifest.value());
    let mut run = Run { input: &input, manifest, minor, strict, account: Account::default(), findings: Vec::new() };
    let mut applied = Applied::default();
    let mut whole = Built::default();
    for output in &mapping.outputs {
        let mut built = Built::default();
        let mut items = Vec::new();
        for rule in output.fields.iter().filter(|rule| rule.is_for(minor)) {
            match &rule.action {
                Action::Each(each) if each.makes_items() => items.extend(run.items(each)),
                _ => run.rule(rule, &input.root(), &mut built),
            }
        }
        let value = match items.is_empty() {
            true => built.value.take(),
            false => items.iter().map(|item| item.value.clone()).collect(),
        };
        applied.outputs.insert(output.id.clone(), value);
        applied.relaxations.extend(items.iter().flat_map(|item| item.relaxations.clone()));
        applied.items.insert(output.id.clone(), items);
        whole.absorb(built);
    }
    run.rules(&mapping.rules, &input.root(), &mut whole);
    applied.steps = whole.steps;
    applied.relaxations.extend(whole.relaxations);
    applied.findings = run.findings;
    applied.findings.extend(report(mapping, minor, &input, manifest, &run.account));
    applied
}

/// What rules have made so far in one scope: an output, an item, or an object nested in one.
struct Built {
    value: Value,
    steps: BTreeMap<String, Vec<String>>,
    http_only: bool,
    relaxations: BTreeSet<String>,
}

impl Default for Built {
    fn default() -> Built {
        Built { value: json!({}), steps: BTreeMap::new(), http_only: false, relaxations: BTreeSet::new() }
    }
}

impl Built {
    /// Takes over everything but the value.
    fn absorb(&mut self, nested: Built) {
        for (step, pointers) in nested.steps {
            self.steps.entry(step).or_default().extend(pointers);
        }
        self.http_only |= nested.http_only;
        self.relaxations.extend(nested.relaxations);
    }

    fn step(&mut self, step: Step, pointer: &str) {
        self.steps.entry(step.name().to_owned()).or_default().push(pointer.to_owned());
    }

    /// Writes a value; a target that appends gets one more item.
    fn write(&mut self, target: &Target, value: Value) {
        let mut slot = &mut self.value;
        for name in &target.names {
            if !slot.is_object() {
                // One writer per target means that nothing was written here.
                *slot = json!({});
            }
            slot = &mut slot[name.as_str()];
        }
        match (target.append, slot) {
            (true, Value::Array(items)) => items.push(value),
            (true, slot) => *slot = Value::Array(vec![value]),
            (false, slot) => *slot = value,
        }
    }
}

/// An entry of a map, or an item of a list of `{key, values}`.
struct Entry<'a> {
    key: String,
    /// The whole entry.
    found: Match<'a>,
    values: Vec<Match<'a>>,
}

/// One application of a mapping.
struct Run<'a> {
    input: &'a Input,
    manifest: &'a Manifest,
    minor: u16,
    strict: bool,
    account: Account,
    findings: Vec<Finding>,
}

impl<'a> Run<'a> {
    fn tell(&mut self, code: Code, found: &Match<'_>, message: String) {
        let place = self.manifest.place(self.input.written(&found.pointer));
        self.findings.push(Finding::new(code, message).at(place));
    }

    /// Like [`Run::tell`], at the field's name.
    fn tell_at_key(&mut self, code: Code, found: &Match<'_>, message: String) {
        let place = self.manifest.key_place(self.input.written(&found.pointer));
        self.findings.push(Finding::new(code, message).at(place));
    }

    fn items(&mut self, each: &Each) -> Vec<Item> {
        let input = self.input;
        let matches = select(&each.of, &input.root());
        let items = matches.iter().map(|found| {
            let built = self.nested(each, found);
            Item {
                value: built.value,
                from: input.written(&found.pointer).to_owned(),
                steps: built.steps,
                http_only: built.http_only,
                relaxations: built.relaxations,
            }
        });
        items.collect()
    }

    /// Fills one object. A null match is an empty object: `- mtls:` stands for `- mtls: {}` (`spec/authn.md` §1.4).
    fn nested(&mut self, each: &Each, found: &Match<'a>) -> Built {
        if children(found.value).is_empty() && (found.value.is_null() || found.value.is_object()) {
            self.account.uses(found);
        }
        let mut built = Built::default();
        self.rules(&each.fields, found, &mut built);
        built
    }

    fn rules(&mut self, rules: &[Rule], at: &Match<'a>, built: &mut Built) {
        let minor = self.minor;
        for rule in rules.iter().filter(|rule| rule.is_for(minor)) {
            self.rule(rule, at, built);
        }
    }

    fn rule(&mut self, rule: &Rule, at: &Match<'a>, built: &mut Built) {
        let fired = match &rule.action {
            Action::Copy(copy) => self.copy(rule, copy, at, built),
            Action::Each(each) => self.each(each, at, built),
            Action::Entries(entries) => self.entries(entries, at, built),
            Action::Set(set) => {
                built.write(&set.to, set.value.clone());
                false
            }
            Action::Step { step, consumes } => {
                let found: Vec<Match<'a>> = consumes.iter().flat_map(|selector| present(selector, at)).collect();
                for found in &found {
                    self.account.uses(found);
                    built.step(*step, self.input.written(&found.pointer));
                }
                !found.is_empty()
            }
            Action::Refuse { at: field, code, because } => {
                let found = present(field, at);
                for found in &found {
                    self.refuse(*code, found, because);
                }
                !found.is_empty()
            }
            Action::Drop { at: field, because } => {
                for found in &present(field, at) {
                    self.drop(found, because);
                }
                false
            }
        };
        built.http_only |= fired && rule.http_only;
    }

    fn refuse(&mut self, code: Code, found: &Match<'_>, because: &str) {
        self.account.uses_all(&found.pointer);
        self.tell_at_key(code, found, format!("`{}` cannot be converted: {because}.", name_of(found)));
    }

    fn drop(&mut self, found: &Match<'_>, because: &str) {
        self.account.uses_all(&found.pointer);
        self.tell_at_key(FIELD_WITHOUT_EFFECT, found, format!("`{}` is left out: {because}.", name_of(found)));
    }

    fn each(&mut self, each: &Each, at: &Match<'a>, built: &mut Built) -> bool {
        let matches = select(&each.of, at);
        for found in &matches {
            let mut nested = self.nested(each, found);
            built.write(&each.to, nested.value.take());
            built.absorb(nested);
        }
        !matches.is_empty()
    }

    /// True when a value was there. ANY value that does not fit the usual form moves the whole list to the exact form:
    /// the list is one OR, and splitting it over two places would make it an AND.
    fn copy(&mut self, rule: &Rule, copy: &CopyText, at: &Match<'a>, built: &mut Built) -> bool {
        let found = self.sources(copy, at);
        if found.is_empty() {
            let wanted = copy.when.as_ref().is_none_or(|when| !select(when, at).is_empty());
            if let (Some(default), true) = (&copy.default, wanted) {
                built.write(&copy.to, default.clone());
            }
            return false;
        }
        let values: Vec<Value> = found.iter().filter_map(|found| self.value(copy, found)).collect();
        let Some((relaxation, strict)) = &rule.relaxed else {
            write(copy, values, built);
            return true;
        };
        // What is no text was reported above and is not among the values.
        let fit = values.iter().filter_map(Value::as_str).map(|value| relaxation.fit(value)).max().unwrap_or(Fit::Same);
        match (fit, &strict.action) {
            (Fit::Same, _) => write(copy, values, built),
            (Fit::Relaxed, _) if !self.strict => {
                built.relaxations.insert(relaxation.name().to_owned());
                write(copy, values, built);
            }
            (_, Action::Copy(exact)) => {
                let values = found.iter().filter_map(|found| self.value(exact, found)).collect();
                write(exact, values, built);
            }
            _ => {}
        }
        true
    }

    /// The values a `copy` is about.
    fn sources(&mut self, copy: &CopyText, at: &Match<'a>) -> Vec<Match<'a>> {
        let first = present(&copy.from, at);
        let second = copy.or.as_ref().map(|or| present(or, at)).unwrap_or_default();
        for found in first.iter().chain(&second) {
            self.account.uses(found);
        }
        if let (Some(a), Some(b)) = (first.first(), second.first()) {
            let message = format!(
                "`{}` and `{}` are both set, and Istio rejected objects that hold both.",
                list_of(a),
                list_of(b)
            );
            let place = self.manifest.place(self.input.written(&a.pointer));
            let other = self.manifest.place(self.input.written(&b.pointer));
            self.findings.push(Finding::new(EXCLUSIVE_FIELDS, message).at(other).related(place, "the other field"));
        }
        if first.is_empty() { second } else { first }
    }

    /// A value as it is written, or `None` with a finding.
    fn value(&mut self, copy: &CopyText, found: &Match<'a>) -> Option<Value> {
        if let (Value::Array(_), false) = (found.value, copy.to.append) {
            let items = children(found.value).into_iter();
            let items = items.map(|(key, value)| Match { pointer: child(&found.pointer, &key), value });
            return items.map(|item| self.scalar(copy.empty.as_deref(), copy.form, &item)).collect();
        }
        let Some(table) = &copy.values else { return self.scalar(copy.empty.as_deref(), copy.form, found) };
        let written = match found.value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        if let Some(value) = table.get(&written) {
            return Some(value.clone());
        }
        let known: Vec<&str> = table.keys().map(String::as_str).collect();
        let message = format!("`{}: {written}` has no meaning here; known are {}.", name_of(found), known.join(", "));
        self.tell(VALUE_OUTSIDE_TABLE, found, message);
        None
    }

    /// A text, or what a form makes of it.
    fn scalar(&mut self, empty: Option<&str>, form: Option<FormText>, found: &Match<'a>) -> Option<Value> {
        match (form, found.value) {
            (None, Value::String(text)) if text.is_empty() => {
                if empty.is_none() {
                    self.tell(EMPTY_VALUE, found, format!("`{}` holds an empty text.", list_of(found)));
                }
                empty.map(Value::from)
            }
            (None, Value::String(text)) => Some(Value::from(text.as_str())),
            (Some(FormText::Text), Value::Number(number)) if number.is_u64() => Some(Value::from(number.to_string())),
            (Some(FormText::Text), Value::String(text)) if text.parse::<u64>().is_ok() => {
                text.parse::<u64>().ok().map(|number| Value::from(number.to_string()))
            }
            (form, value) => {
                let wanted = match form {
                    None => "text",
                    Some(FormText::Text) => "a whole number",
                };
                self.tell(
                    UNACCOUNTED_VALUE,
                    found,
                    format!("`{}` holds {value}, which is not {wanted}.", list_of(found)),
                );
                None
            }
        }
    }

    fn entries(&mut self, entries: &Entries, at: &Match<'a>, built: &mut Built) -> bool {
        let mut fired = false;
        for entry in self.untaken(entries, at) {
            if !entries.matching.fits(&entry.key) {
                continue;
            }
            fired = true;
            self.take(&entry);
            match &entries.fate {
                Fate::Condition(condition) => self.condition(condition, &entry, built),
                Fate::Step(step) => built.step(*step, self.input.written(&entry.found.pointer)),
                Fate::Refuse(code, because) => self.refuse(*code, &entry.found, because),
                Fate::Drop(because) => self.drop(&entry.found, because),
            }
        }
        fired
    }

    /// The entries that no earlier rule took. Of the items of a list that share a key only the last one counts (E104);
    /// `convert::rbac` tells the user.
    fn untaken(&mut self, entries: &Entries, at: &Match<'a>) -> Vec<Entry<'a>> {
        let list = is_list(&entries.of);
        let mut all: Vec<Entry<'a>> = Vec::new();
        for found in present(&entries.of, at) {
            match list {
                true => all.push(item(found)),
                false => all.extend(children(found.value).into_iter().map(|(key, value)| {
                    let found = Match { pointer: child(&found.pointer, &key), value };
                    Entry { key, values: vec![found.clone()], found }
                })),
            }
        }
        all.retain(|entry| !self.account.has(&entry.found.pointer));
        let last: BTreeMap<String, String> =
            all.iter().map(|entry| (entry.key.clone(), entry.found.pointer.clone())).collect();
        let (kept, superseded): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|entry| last.get(&entry.key) == Some(&entry.found.pointer));
        superseded.iter().for_each(|entry| self.take(entry));
        kept
    }

    fn take(&mut self, entry: &Entry<'_>) {
        self.account.uses(&entry.found);
        for value in &entry.values {
            self.account.uses(value);
        }
        for field in ["key", "values"] {
            if let Some(value) = entry.found.value.get(field) {
                self.account.uses(&Match { pointer: child(&entry.found.pointer, field), value });
            }
        }
    }

    fn condition(&mut self, condition: &Condition, entry: &Entry<'a>, built: &mut Built) {
        // ANY value that was always true makes the whole condition true, for values are ORed.
        let always =
            |found: &Match<'_>| condition.always.is_some() && found.value.as_str() == condition.always.as_deref();
        if entry.values.iter().any(always) {
            return;
        }
        let empty = condition.empty.as_deref();
        let values: Vec<Value> =
            entry.values.iter().filter_map(|value| self.scalar(empty, condition.form, value)).collect();
        if entry.values.is_empty() {
            self.tell(UNACCOUNTED_VALUE, &entry.found, format!("The constraint `{}` has no values.", entry.key));
        }
        if !values.is_empty() {
            let key = condition.key.as_deref().unwrap_or(&entry.key);
            built.write(&condition.to, json!({ "key": key, "values": values }));
        }
    }
}

/// Writes the values of a `copy`: one condition, one item each, or the one value.
fn write(copy: &CopyText, values: Vec<Value>, built: &mut Built) {
    match &copy.key {
        Some(_) if values.is_empty() => {}
        Some(key) => {
            let list = if copy.negated { "notValues" } else { "values" };
            built.write(&copy.to, json!({ "key": key, list: values }));
        }
        None => values.into_iter().for_each(|value| built.write(&copy.to, value)),
    }
}

/// An item of a list of `{key, values}`. One without a key has the empty key, which only `**` fits.
fn item(found: Match<'_>) -> Entry<'_> {
    let key = found.value.get("key").and_then(Value::as_str).unwrap_or_default().to_owned();
    let pointer = child(&found.pointer, "values");
    let values = found.value.get("values").map(children).unwrap_or_default().into_iter();
    let values = values.map(|(key, value)| Match { pointer: child(&pointer, &key), value }).collect();
    Entry { key, values, found }
}

/// The name of the field at a match.
fn name_of(found: &Match<'_>) -> String {
    found.pointer.rsplit('/').next().map(super::selector::unescape).unwrap_or_default()
}

/// The name of the list that holds a match, or of the field itself.
fn list_of(found: &Match<'_>) -> String {
    let named = found.pointer.rsplit('/').find(|key| key.parse::<usize>().is_err());
    named.map(super::selector::unescape).unwrap_or_default()
}
