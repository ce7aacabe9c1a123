//! Which decision of a mapping file is about which field: each field has one, and none is forgotten.

use super::schema::{Leaf, Schema};
use std::collections::{BTreeMap, BTreeSet};

/// The fields of a schema with what was said about them so far.
pub struct Claims<'a> {
    schema: &'a Schema,
    /// Field to the pointer of the rule that decides about it.
    decided: BTreeMap<usize, String>,
    /// Fields that are refused, perhaps beside another decision.
    refused: BTreeSet<usize>,
    /// Keys that have a rule of their own.
    keys: BTreeSet<String>,
}

impl<'a> Claims<'a> {
    /// Nothing was said yet.
    pub fn new(schema: &'a Schema) -> Claims<'a> {
        Claims { schema, decided: BTreeMap::new(), refused: BTreeSet::new(), keys: BTreeSet::new() }
    }

    /// Notes that the rule at `at` decides about fields. Those that another rule decides about already come back, each with
    /// that rule.
    pub fn claim(&mut self, leaves: &[usize], at: &str) -> Vec<(&'a Leaf, String)> {
        let mut taken = Vec::new();
        for index in leaves {
            let Some(leaf) = self.schema.leaves.get(*index) else { continue };
            match self.decided.get(index) {
                Some(first) => taken.push((leaf, first.clone())),
                None => drop(self.decided.insert(*index, at.to_owned())),
            }
        }
        taken
    }

    /// Notes that fields are refused.
    pub fn mention(&mut self, leaves: &[usize]) {
        self.refused.extend(leaves);
    }

    /// Notes a rule for a key; false when there was one.
    pub fn once(&mut self, key: String) -> bool {
        self.keys.insert(key)
    }

    /// The fields that no rule mentions.
    pub fn unmentioned(&self) -> impl Iterator<Item = &'a Leaf> {
        let said = |index: &usize| self.decided.contains_key(index) || self.refused.contains(index);
        self.schema.leaves.iter().enumerate().filter(move |(index, _)| !said(index)).map(|(_, leaf)| leaf)
    }
}
