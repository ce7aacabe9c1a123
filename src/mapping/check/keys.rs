//! Rules for entries by their keys: Istio's own families, and keys that a user's mesh knew beyond them.

use super::{Checker, Claims};
use crate::api::legacy::fields::Reader;
use crate::mapping::format::EntriesText;
use crate::mapping::rule::{Action, Entries};
use crate::mapping::schema::{self, KeyTable, Leaf, Schema};

impl Checker<'_> {
    pub(super) fn entries(
        &mut self,
        text: &EntriesText,
        at: &str,
        schema: &Schema,
        claims: &mut Claims<'_>,
    ) -> Option<Action> {
        let table = schema.tables.iter().position(|table| table.parts == text.of.parts());
        let Some((index, table)) = table.and_then(|index| Some((index, schema.tables.get(index)?))) else {
            let known: Vec<String> = schema.tables.iter().map(|table| schema::text(&table.parts)).collect();
            let message = format!("`{}` holds no keys to go by; there are: {}.", text.of.text(), known.join(", "));
            self.problem(&format!("{at}/of"), message);
            return None;
        };
        if !text.to.is_conditions() {
            self.problem(&format!("{at}/to"), "Entries become conditions, so their target is `/when/-`.");
        }
        self.target(&text.to, at, schema);
        let pattern = text.matching.text();
        if let Some(family) = table.named(pattern) {
            if family.reader != Reader::Mapping {
                self.problem(
                    &format!("{at}/matching"),
                    format!("Rust reads `{pattern}` itself: list it in `handled-in-rust`."),
                );
            }
            let is_family = |leaf: &Leaf| leaf.table == Some(index) && leaf.name() == pattern;
            let leaf = schema.leaves.iter().position(is_family);
            self.claim(&leaf.into_iter().collect::<Vec<_>>(), at, claims);
        } else if !text.matching.is_one_key() {
            let message = format!("`{pattern}` is no family of keys that Istio knew: write the key in full.");
            self.problem(&format!("{at}/matching"), message);
        } else if table.family(pattern).is_some_and(|family| family.reader == Reader::Rust && !table.is_unknown(family))
        {
            self.problem(&format!("{at}/matching"), format!("Rust reads `{pattern}` itself: it can only be refused."));
        }
        self.meaning(text, table, at);
        self.claim_key(index, pattern, &format!("{at}/matching"), claims);
        Some(Action::Entries(Entries { table: index, text: text.clone() }))
    }

    /// Notes the rule for a key; there is only one.
    pub(super) fn claim_key(&mut self, table: usize, key: &str, at: &str, claims: &mut Claims<'_>) {
        if !claims.once(format!("{table} {key}")) {
            self.problem(at, format!("Another rule says already what becomes of `{key}`."));
        }
    }

    /// An added key says what it meant and what it becomes; of Istio's own keys the proof knows what they meant.
    fn meaning(&mut self, text: &EntriesText, table: &KeyTable, at: &str) {
        let pattern = text.matching.text();
        match (&text.legacy, adds(table, text)) {
            (None, false) => {}
            (Some(_), false) => {
                let message = format!("What `{pattern}` meant is known: `legacy` is for keys that Istio did not know.");
                self.problem(&format!("{at}/legacy"), message);
            }
            (None, true) => {
                let message = format!(
                    "Istio did not know the key `{pattern}`: say with `legacy` which of its keys meant the same in your mesh, so that the result can be proved."
                );
                self.problem(at, message);
            }
            (Some(legacy), true) => {
                let family = table.family(legacy).filter(|_| !legacy.contains('*'));
                if family.is_none_or(|family| family.reader != Reader::Mapping) {
                    let known: Vec<&str> = table
                        .families
                        .iter()
                        .map(|(_, field)| *field)
                        .filter(|field| field.reader == Reader::Mapping)
                        .map(|field| field.path)
                        .collect();
                    let message = format!(
                        "`legacy: {legacy}` is no key that Istio read at the request; there are {}.",
                        known.join(", ")
                    );
                    self.problem(&format!("{at}/legacy"), message);
                }
                if text.key.is_none() {
                    self.problem(
                        at,
                        format!(
                            "The new Istio does not know the key `{pattern}` either: say with `key` what it becomes."
                        ),
                    );
                }
            }
        }
    }
}

/// True when the rule is for a key that Istio did not know.
fn adds(table: &KeyTable, text: &EntriesText) -> bool {
    text.matching.is_one_key() && table.family(text.matching.text()).is_some_and(|family| table.is_unknown(family))
}
