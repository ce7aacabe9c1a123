//! Constraints and properties: entries whose key decides what they mean.

use super::{Built, Run, relative};
use crate::api::legacy::fields::Reader;
use crate::api::legacy::keys;
use crate::finding::catalogue::mapping::{KEY_FROM_MAPPING, UNACCOUNTED_VALUE};
use crate::mapping::input::{Match, child, children, is_absent, present};
use crate::mapping::rule::{Action, Entries, Mapping, Rule, Spot};
use crate::mapping::schema::KeyTable;
use crate::mapping::selector::KeyPattern;
use serde_json::Value;
use std::collections::BTreeMap;

/// An entry of a map, or an item of a list of `{key, values}`.
pub(super) struct Entry<'a> {
    table: usize,
    key: String,
    /// The whole entry.
    found: Match<'a>,
    values: Vec<Match<'a>>,
}

impl<'a> Entry<'a> {
    fn fits(&self, table: usize, key: &KeyPattern) -> bool {
        self.table == table && key.fits(&self.key)
    }

    /// True when a refusal or a drop is about the entry: by its key, or by the family that its key belongs to.
    fn is_meant(&self, spot: &Spot, mapping: &Mapping) -> bool {
        match spot {
            Spot::Field(_) => false,
            Spot::Key(table, key) => self.fits(*table, key),
            Spot::Family(table, family) => {
                let own = mapping.schema.tables.get(*table).and_then(|table| table.family(&self.key));
                self.table == *table && own.is_some_and(|own| own.path == *family)
            }
        }
    }

    /// What a finding about the entry points at and names: its key.
    fn shown(&self) -> Match<'a> {
        match self.found.value.get("key") {
            Some(value) if self.found.value.is_object() => Match { pointer: child(&self.found.pointer, "key"), value },
            _ => self.found.clone(),
        }
    }
}

impl<'a> Run<'a> {
    /// The entries of every table of an item. Of the items of a list that share a key only the last one counts (E104);
    /// `convert::rbac` tells the user. Refused and dropped ones are told here.
    pub(super) fn entries(&mut self, depth: usize, item: &Match<'a>) -> Vec<Entry<'a>> {
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
                    Action::Refuse { at, code, because } if entry.is_meant(at, mapping) => {
                        self.refuse(*code, &entry.shown(), because);
                    }
                    Action::Drop { at, because } if entry.is_meant(at, mapping) => {
                        self.drop(&entry.shown(), because);
                        self.account.uses_all(&entry.found.pointer);
                    }
                    _ => {}
                }
            }
        }
        kept
    }

    /// Makes conditions of the entries that a rule is for and that nothing took before.
    pub(super) fn conditions(&mut self, rule: &Rule, of: &Entries, entries: &[Entry<'a>], built: &mut Built) {
        let mapping = self.mapping;
        for entry in entries.iter().filter(|entry| decides(mapping, rule, of, entry)) {
            if !self.account.has(&entry.found.pointer) {
                self.take(entry);
                self.condition(of, entry, built);
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

    /// The entries that no rule took, by the family of their keys.
    pub(super) fn left(&mut self, entries: &[Entry<'a>]) -> BTreeMap<&'static str, Vec<String>> {
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
