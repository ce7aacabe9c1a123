//! The declarative part of conversion: loads, validates and applies the files of `mappings/` (`inside/design.md` §6.1).
//!
//! A mapping file says, field by field, what one legacy kind becomes, what is refused and why, and which fields are left to
//! Rust. Every field of Istio's schema (`api::legacy::fields`) has its decision in the file, every decision has a reader,
//! and a file that claims otherwise cannot be loaded. The files are embedded in the binary and can be replaced kind by
//! kind (`--mappings DIR`).

mod apply;
mod check;
mod claims;
mod coverage;
mod format;
mod input;
mod library;
mod relaxation;
mod rule;
mod schema;
mod selector;
mod show;
mod suggest;

#[cfg(test)]
mod tests;

pub use format::schema;
pub use library::{Listed, Mappings, check};
pub use show::Decision;

use crate::finding::Finding;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What applying a mapping to one legacy object gives.
///
/// Pointers are JSON pointers into the manifest as it is written (`Manifest::value().pointer(..)` finds the value).
#[derive(Debug, Default)]
pub struct Applied {
    /// One per access rule, subject or JWT method of `origins`, in source order.
    pub items: Vec<Item>,
    /// Refusals, drops, unknown fields, values that cannot be carried over. Located; the caller names the object.
    pub findings: Vec<Finding>,
}

/// What one access rule, subject or JWT method became.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Item {
    /// The JSON built for it; an empty object when no rule wrote anything.
    pub value: Value,
    /// Pointer to the input value it was made from, for example `/spec/rules/0`.
    pub from: String,
    /// Constraints or properties that are left to Rust: the family of their keys (`api::legacy::keys`) to pointers.
    pub left: BTreeMap<&'static str, Vec<String>>,
    /// True when a key that the mapping file adds was about HTTP in the old mesh: on a TCP port it dropped the access rule
    /// or subject (`meaning/rbac.md` §3.6). Of Istio's own fields Rust knows that.
    pub http_only: bool,
    /// Names of the relaxations that this item needs.
    pub relaxations: BTreeSet<String>,
}
