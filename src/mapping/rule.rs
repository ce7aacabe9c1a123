//! A mapping after checking: what the engine runs. Every field has its decision, every code exists.

use super::format::{CopyText, EntriesText, SetText};
use super::schema::Schema;
use super::selector::{KeyPattern, Selector, Target};
use crate::finding::Code;

/// One mapping file, ready to apply.
#[derive(Debug)]
pub struct Mapping {
    /// One line a person reads.
    pub title: String,
    /// The API version it is for.
    pub api_version: String,
    /// The kinds it is for.
    pub kinds: Vec<String>,
    /// Where the legacy API is documented.
    pub reference: Option<String>,
    /// The fields of those kinds.
    pub schema: Schema,
    /// The decisions, in order.
    pub rules: Vec<Rule>,
    /// The fields that are left to Rust, each with the pointer to the line of the file that says so.
    pub handled: Vec<(Selector, String)>,
}

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Pointer to the rule in its mapping file.
    pub at: String,
    /// What it does.
    pub action: Action,
}

impl Rule {
    /// Where the rule writes, in its usual form.
    pub fn target(&self) -> Option<&Target> {
        match &self.action {
            Action::Copy(copy) => Some(&copy.to),
            Action::Entries(entries) => Some(&entries.text.to),
            Action::Set(set) => Some(&set.to),
            Action::Refuse { .. } | Action::Drop { .. } => None,
        }
    }
}

/// What a rule does.
#[derive(Debug)]
pub enum Action {
    /// Copies a value.
    Copy(CopyText),
    /// Entries by key become conditions.
    Entries(Entries),
    /// A constant.
    Set(SetText),
    /// No safe equivalent.
    Refuse {
        /// The field.
        at: Spot,
        /// The finding's code.
        code: Code,
        /// Why.
        because: String,
    },
    /// Never had an effect.
    Drop {
        /// The field.
        at: Spot,
        /// Why.
        because: String,
    },
}

/// Entries that become conditions.
#[derive(Debug)]
pub struct Entries {
    /// Which of the schema's tables.
    pub table: usize,
    /// The rest.
    pub text: EntriesText,
}

/// What a refusal or a drop is about.
#[derive(Debug)]
pub enum Spot {
    /// Fields, with everything in them.
    Field(Selector),
    /// Entries of a table whose key fits.
    Key(usize, KeyPattern),
    /// Entries of a table whose keys belong to a family.
    Family(usize, &'static str),
}
