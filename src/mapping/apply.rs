//! The engine: applies the rules of one mapping to one legacy object.

mod entries;

use super::coverage::{Account, report};
use super::format::{CopyText, FormText};
use super::input::{Input, Match, children, present, select};
use super::relaxation::Fit;
use super::rule::{Action, Mapping, Spot};
use super::selector::{Part, Selector, Target};
use super::{Applied, Item};
use crate::finding::catalogue::mapping::{EMPTY_VALUE, EXCLUSIVE_FIELDS, FIELD_WITHOUT_EFFECT, UNACCOUNTED_VALUE};
use crate::finding::{Code, Finding, Severity};
use crate::yaml::Manifest;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Applies a mapping to an object.
pub fn apply(mapping: &Mapping, manifest: &Manifest, strict: bool) -> Applied {
    let input = Input::read(manifest.value());
    let mut run = Run { mapping, input: &input, manifest, strict, account: Account::default(), findings: Vec::new() };
    run.whole_object();
    let items = match &mapping.schema.items {
        Some(path) => select(path, &input.root()).iter().map(|found| run.item(path.len(), found)).collect(),
        None => Vec::new(),
    };
    let mut findings = run.findings;
    findings.extend(report(mapping, &input, manifest, &run.account));
    Applied { items, findings }
}

/// What the rules have made so far of one item.
struct Built {
    value: Value,
    http_only: bool,
    relaxations: BTreeSet<String>,
}

impl Built {
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

    /// Adds a condition, unless nothing is left of it.
    fn require(&mut self, target: &Target, key: &str, values: Vec<Value>, excludes: bool) {
        if !values.is_empty() {
            let list = if excludes { "notValues" } else { "values" };
            self.write(target, json!({ "key": key, list: values }));
        }
    }
}

/// One application of a mapping.
struct Run<'a> {
    mapping: &'a Mapping,
    input: &'a Input,
    manifest: &'a Manifest,
    strict: bool,
    account: Account,
    findings: Vec<Finding>,
}

impl<'a> Run<'a> {
    fn tell(&mut self, code: Code, found: &Match<'_>, message: String) {
        let place = self.manifest.place(self.input.written(&found.pointer));
        self.findings.push(Finding::new(code, message).at(place));
    }

    /// Refusals, drops, and the fields that are left to Rust.
    fn whole_object(&mut self) {
        let mapping = self.mapping;
        let root = self.input.root();
        for rule in &mapping.rules {
            match &rule.action {
                Action::Refuse { at: Spot::Field(field), code, because } => {
                    present(field.parts(), &root).iter().for_each(|found| self.refuse(*code, found, because));
                }
                Action::Drop { at: Spot::Field(field), because } => {
                    present(field.parts(), &root).iter().for_each(|found| self.drop(found, because));
                }
                _ => {}
            }
        }
        for (selector, _) in &mapping.handled {
            let named = mapping.schema.named(selector).leaves;
            let leaves = named.iter().filter_map(|index| mapping.schema.leaves.get(*index));
            for leaf in leaves.filter(|leaf| leaf.table.is_none()) {
                for found in &present(&leaf.parts, &root) {
                    match leaf.deep {
                        true => self.account.uses_all(&found.pointer),
                        false => self.account.uses(found),
                    }
                }
            }
        }
    }

    /// An error, whatever the severity of its code is elsewhere.
    fn refuse(&mut self, code: Code, found: &Match<'_>, because: &str) {
        self.account.uses_all(&found.pointer);
        let message = format!("`{}` cannot be converted: {because}.", name_of(found));
        let place = self.manifest.key_place(self.input.written(&found.pointer));
        self.findings.push(Finding::new(code, message).severity(Severity::Error).at(place));
    }

    fn drop(&mut self, found: &Match<'_>, because: &str) {
        self.account.uses_all(&found.pointer);
        let place = self.manifest.key_place(self.input.written(&found.pointer));
        let message = format!("`{}` is left out: {because}.", name_of(found));
        self.findings.push(Finding::new(FIELD_WITHOUT_EFFECT, message).at(place));
    }

    /// Makes one item. `depth` is the length of the path that leads to it.
    fn item(&mut self, depth: usize, found: &Match<'a>) -> Item {
        if children(found.value).is_empty() && (found.value.is_null() || found.value.is_object()) {
            self.account.uses(found);
        }
        let mapping = self.mapping;
        let entries = self.entries(depth, found);
        let mut built = Built { value: json!({}), http_only: false, relaxations: BTreeSet::new() };
        for rule in &mapping.rules {
            match &rule.action {
                Action::Copy(copy) => self.copy(copy, depth, found, &mut built),
                Action::Set(set) => built.write(&set.to, set.value.clone()),
                Action::Entries(of) => self.conditions(rule, of, &entries, &mut built),
                Action::Refuse { .. } | Action::Drop { .. } => {}
            }
        }
        let left = self.left(&entries);
        let from = self.input.written(&found.pointer).to_owned();
        Item { value: built.value, from, left, http_only: built.http_only, relaxations: built.relaxations }
    }

    /// Writes the values of a field. ANY value that does not fit the usual form moves the whole list to the exact form: the
    /// list is one OR, and splitting it over two places would make it an AND.
    fn copy(&mut self, copy: &CopyText, depth: usize, item: &Match<'a>, built: &mut Built) {
        let found = self.sources(copy, depth, item);
        if found.is_empty() {
            return;
        }
        let values: Vec<Value> = found.iter().filter_map(|found| self.value(copy, found)).collect();
        let excludes = copy.to.excludes();
        if let Some(key) = &copy.key {
            return built.require(&copy.to, key, values, false);
        }
        let usual = |built: &mut Built, values: Vec<Value>| {
            values.into_iter().for_each(|value| built.write(&copy.to, value));
        };
        let (Some(relaxation), Some(exact)) = (copy.relaxation, &copy.exact) else { return usual(built, values) };
        // What is no text was reported above and is not among the values.
        let fit = values.iter().filter_map(Value::as_str).map(|value| relaxation.fit(value)).max().unwrap_or(Fit::Same);
        match fit {
            Fit::Same => usual(built, values),
            Fit::Relaxed if !self.strict => {
                built.relaxations.insert(relaxation.name().to_owned());
                usual(built, values);
            }
            Fit::Relaxed | Fit::Unfit => built.require(&Target::conditions(), exact, values, excludes),
        }
    }

    /// The values a `copy` is about.
    fn sources(&mut self, copy: &CopyText, depth: usize, item: &Match<'a>) -> Vec<Match<'a>> {
        let at = |selector: &Selector| present(relative(selector.parts(), depth), item);
        let first = at(&copy.from);
        let second = copy.or.as_ref().map(at).unwrap_or_default();
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
        let empty = copy.empty.as_deref();
        match copy.form {
            None => self.text(empty, found),
            Some(FormText::Name) => self.text(empty, found).map(|name| json!({ "name": name })),
            Some(FormText::Text) => self.number(found),
        }
    }

    fn text(&mut self, empty: Option<&str>, found: &Match<'a>) -> Option<Value> {
        match found.value {
            Value::String(text) if text.is_empty() => {
                if empty.is_none() {
                    self.tell(EMPTY_VALUE, found, format!("`{}` holds an empty text.", list_of(found)));
                }
                empty.map(Value::from)
            }
            Value::String(text) => Some(Value::from(text.as_str())),
            other => self.misshapen("text", other, found),
        }
    }

    /// A whole number as text.
    fn number(&mut self, found: &Match<'a>) -> Option<Value> {
        let number = match found.value {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.parse::<u64>().ok(),
            _ => None,
        };
        match number {
            Some(number) => Some(Value::from(number.to_string())),
            None => self.misshapen("a whole number", found.value, found),
        }
    }

    fn misshapen(&mut self, wanted: &str, value: &Value, found: &Match<'a>) -> Option<Value> {
        self.tell(UNACCOUNTED_VALUE, found, format!("`{}` holds {value}, which is not {wanted}.", list_of(found)));
        None
    }
}

/// The rest of a path from the root, below the item.
fn relative(path: &[Part], depth: usize) -> &[Part] {
    path.get(depth..).unwrap_or_default()
}

/// The name of the field or key at a match.
fn name_of(found: &Match<'_>) -> String {
    match (found.pointer.ends_with("/key"), found.value.as_str()) {
        (true, Some(key)) => key.to_owned(),
        _ => found.pointer.rsplit('/').next().map(super::selector::unescape).unwrap_or_default(),
    }
}

/// The name of the list that holds a match, or of the field itself.
fn list_of(found: &Match<'_>) -> String {
    let named = found.pointer.rsplit('/').find(|key| key.parse::<usize>().is_err());
    named.map(super::selector::unescape).unwrap_or_default()
}
