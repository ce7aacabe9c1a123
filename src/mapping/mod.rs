//! The declarative part of conversion: loads, validates and applies the files of `mappings/` (`design.md` §6.1).
//!
//! A mapping file says, field by field, what one legacy kind becomes, what is dropped and why, and which parts are left
//! to a named step in Rust ([`Step`]). Nothing of a legacy object's `spec` may stay unmentioned: what no rule accounts
//! for is a finding. The files are embedded in the binary and can be replaced kind by kind (`--mappings DIR`).

mod apply;
mod check;
mod coverage;
mod format;
mod input;
mod library;
mod relaxation;
mod rule;
mod selector;
mod suggest;

#[cfg(test)]
mod tests;

pub use format::{Step, schema};
pub use library::{Listed, Mappings, check};

use crate::finding::Finding;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What applying a mapping to one legacy object gives.
///
/// Pointers are JSON pointers into the manifest as it is written (`Manifest::value().pointer(..)` finds the value).
#[derive(Debug, Default)]
pub struct Applied {
    /// Output id (`request`, `rule`, `subject` ...) to the JSON built for it: a list of the values of [`Applied::items`]
    /// where the output is made of items.
    pub outputs: BTreeMap<String, Value>,
    /// Output id to its items in source order: one per match of the output's outermost `each`
    /// (one per access rule, per subject, per JWT method).
    pub items: BTreeMap<String, Vec<Item>>,
    /// Steps that concern the whole object, by name, each with pointers to the input values it has to account for.
    /// Steps that concern one item are in [`Item::steps`].
    pub steps: BTreeMap<String, Vec<String>>,
    /// Refusals, drops that need telling, unknown fields, values outside a table. Located; the caller names the object.
    pub findings: Vec<Finding>,
    /// Names of the relaxations used by rules that fired (`query-string`, `host-case`), over all items.
    pub relaxations: BTreeSet<String>,
}

/// What one match of an output's outermost `each` became.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Item {
    /// The JSON built for it; an empty object when no rule wrote anything.
    pub value: Value,
    /// Pointer to the input value it was made from, for example `/spec/rules/0`.
    pub from: String,
    /// Steps that concern this item, by name, each with pointers to the input values it has to account for.
    pub steps: BTreeMap<String, Vec<String>>,
    /// True when a field was present that old Istio enforced on HTTP only: on a TCP port it dropped the access rule or
    /// subject (`spec/rbac.md` §3.6). Compare with what the output still holds: the HTTP guard of §6.9.
    pub http_only: bool,
    /// Names of the relaxations that this item needs.
    pub relaxations: BTreeSet<String>,
}
