//! The engine: applies the rules of one mapping to one legacy object.

use super::coverage::{Account, report};
use super::format::{CopyText, FormText};
use super::input::{Input, Match, child, children, is_absent, present, select};
use super::relaxation::Fit;
use super::rule::{Action, Entries, Mapping, Rule, Spot};
use super::schema::KeyTable;
use super::selector::{Part, Selector, Target};
use super::{Applied, Item};
use crate::api::legacy::fields::Reader;
use crate::api::legacy::keys;
use crate::finding::catalogue::mapping::{
    EMPTY_VALUE, EXCLUSIVE_FIELDS, FIELD_WITHOUT_EFFECT, KEY_FROM_MAPPING, UNACCOUNTED_VALUE,
};
use crate::finding::{Code, Finding, Severity};
use crate::yaml::Manifest;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

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

/// An entry of a map, or an item of a list of `{key, values}`.
struct Entry<'a> {
    table: usize,
    key: String,
    /// The whole entry.
    found: Match<'a>,
    values: Vec<Match<'a>>,
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
                Action::Entries(of) => {
                    for entry in entries.iter().filter(|entry| decides(mapping, rule, of, entry)) {
                        if !self.account.has(&entry.found.pointer) {
                            self.take(entry);
                            self.condition(of, entry, &mut built);
                        }
                    }
                }
                Action::Refuse { .. } | Action::Drop { .. } => {}
            }
        }
        let left = self.left(&entries);
        let from = self.input.written(&found.pointer).to_owned();
        Item { value: built.value, from, left, http_only: built.http_only, relaxations: built.relaxations }
    }

    /// The entries that no rule took, by the family of their keys.
    fn left(&mut self, entries: &[Entry<'a>]) -> BTreeMap<&'static str, Vec<String>> {
        let mut left: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
        for entry in entries {
            let table = self.mapping.schema.tables.get(entry.table);
            let Some(family) = table.and_then(|table| table.family(&entry.key)) else { continue };
            if self.account.has(&entry.found.pointer) {
                continue;
            }
            // A property that is an empty text asked for something that nobody has, like one with an unknown key.
            let asks_for_nothing = is_absent(entry.found.value) && !family.path.contains('*');
            let family = match family.reader {
                _ if asks_for_nothing => keys::UNKNOWN,
                Reader::Rust => family.path,
                Reader::Mapping | Reader::Nobody => continue,
            };
            self.take(entry);
            left.entry(family).or_default().push(self.input.written(&entry.found.pointer).to_owned());
        }
        left
    }

    /// The entries of every table of an item. Of the items of a list that share a key only the last one counts (E104);
    /// `convert::rbac` tells the user. Refused and dropped ones are told here.
    fn entries(&mut self, depth: usize, item: &Match<'a>) -> Vec<Entry<'a>> {
        let mapping = self.mapping;
        let mut all: Vec<Entry<'a>> = Vec::new();
        for (index, table) in mapping.schema.tables.iter().enumerate() {
            for found in present(relative(&table.parts, depth), item) {
                all.extend(entries_of(index, table, &found));
            }
        }
        let last: BTreeMap<(usize, String), String> =
            all.iter().map(|entry| ((entry.table, entry.key.clone()), entry.found.pointer.clone())).collect();
        let counts = |entry: &Entry<'_>| last.get(&(entry.table, entry.key.clone())) == Some(&entry.found.pointer);
        let (kept, superseded): (Vec<_>, Vec<_>) = all.into_iter().partition(counts);
        superseded.iter().for_each(|entry| self.take(entry));
        for entry in &kept {
            for rule in &mapping.rules {
                match &rule.action {
                    Action::Refuse { at: Spot::Key(table, key), code, because } if entry.fits(*table, key) => {
                        self.refuse(*code, &entry.shown(), because);
                    }
                    Action::Drop { at: Spot::Key(table, key), because } if entry.fits(*table, key) => {
                        self.drop(&entry.shown(), because);
                        self.account.uses_all(&entry.found.pointer);
                    }
                    _ => {}
                }
            }
        }
        kept
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

    fn condition(&mut self, entries: &Entries, entry: &Entry<'a>, built: &mut Built) {
        let text = &entries.text;
        // ANY value that was always true makes the whole condition true, for values are ORed.
        let always = |found: &Match<'_>| text.always.is_some() && found.value.as_str() == text.always.as_deref();
        if entry.values.iter().any(always) {
            return;
        }
        let empty = text.empty.as_deref();
        let values: Vec<Value> = entry.values.iter().filter_map(|value| self.text(empty, value)).collect();
        if entry.values.is_empty() {
            self.tell(UNACCOUNTED_VALUE, &entry.found, format!("The constraint `{}` has no values.", entry.key));
        }
        if let Some(legacy) = &text.legacy {
            let message = format!(
                "That `{}` meant in the old mesh what `{legacy}` meant is taken from the mapping file.",
                entry.key
            );
            self.tell(KEY_FROM_MAPPING, &entry.found, message);
            // Old Istio enforced what it knew about requests on HTTP only.
            built.http_only |= legacy.starts_with("request.") || legacy.starts_with(':');
        }
        built.require(&text.to, text.key.as_deref().unwrap_or(&entry.key), values, false);
    }
}

impl<'a> Entry<'a> {
    fn fits(&self, table: usize, key: &super::selector::KeyPattern) -> bool {
        self.table == table && key.fits(&self.key)
    }

    /// What a finding about the entry points at and names: its key.
    fn shown(&self) -> Match<'a> {
        match self.found.value.get("key") {
            Some(value) if self.found.value.is_object() => Match { pointer: child(&self.found.pointer, "key"), value },
            _ => self.found.clone(),
        }
    }
}

/// True when this rule is the one for the entry: a rule with the key in full wins over one with a pattern.
fn decides(mapping: &Mapping, rule: &Rule, entries: &Entries, entry: &Entry<'_>) -> bool {
    if !entry.fits(entries.table, &entries.text.matching) {
        return false;
    }
    let in_full = |other: &Rule| match &other.action {
        Action::Entries(of) => of.text.matching.is_one_key() && entry.fits(of.table, &of.text.matching),
        _ => false,
    };
    entries.text.matching.is_one_key() || !mapping.rules.iter().any(|other| other.at != rule.at && in_full(other))
}

/// The entries of one map or list. An item of a list without a key has the empty key, which only `**` fits.
fn entries_of<'a>(index: usize, table: &KeyTable, found: &Match<'a>) -> Vec<Entry<'a>> {
    let each = children(found.value).into_iter().map(|(key, value)| (child(&found.pointer, &key), key, value));
    let entry = |(pointer, key, value): (String, String, &'a Value)| {
        let found = Match { pointer, value };
        if !table.is_list() {
            return Entry { table: index, key, values: vec![found.clone()], found };
        }
        let key = value.get("key").and_then(Value::as_str).unwrap_or_default().to_owned();
        let below = child(&found.pointer, "values");
        let values = value.get("values").map(children).unwrap_or_default().into_iter();
        let values = values.map(|(key, value)| Match { pointer: child(&below, &key), value }).collect();
        Entry { table: index, key, values, found }
    };
    each.map(entry).collect()
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
