//! The declarative part of conversion: loads, validates and applies the files of `mappings/` (`design.md` §6.1).

use crate::finding::Finding;
use crate::yaml::Manifest;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Every mapping of the run: the embedded ones, overridden by `--mappings DIR`.
#[derive(Debug)]
pub struct Mappings {}

/// What applying a mapping to one legacy object gives.
#[derive(Debug, Default)]
pub struct Applied {
    /// Output id (`peer`, `request`, `rule`, `subject` ...) to the JSON built for it.
    pub outputs: BTreeMap<String, Value>,
    /// Steps named by the mapping, each with the JSON pointers (into the manifest) of the input values it has to account for.
    pub steps: BTreeMap<String, Vec<String>>,
    /// Refusals, drops that need telling, unknown fields, values outside a table. Located.
    pub findings: Vec<Finding>,
    /// Names of the relaxations used by rules that fired (`query-string`, `host-case`).
    pub relaxations: BTreeSet<String>,
}

impl Mappings {
    /// The mappings built into the binary.
    pub fn embedded() -> Mappings {
        todo!()
    }

    /// Applies the mapping of `(api_version, kind)` to a manifest. `strict` chooses the strict twins of relaxed rules.
    pub fn apply(&self, _manifest: &Manifest, _strict: bool) -> Applied {
        todo!()
    }
}
