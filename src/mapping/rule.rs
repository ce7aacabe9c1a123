//! A mapping after checking: what the engine runs. Every rule has exactly one action, every code exists.

use super::format::{CopyText, FormText, RelaxationText, SetText, Step};
use super::selector::{KeyPattern, Selector, Target};
use crate::finding::Code;

/// One mapping file, ready to apply.
#[derive(Debug)]
pub struct Mapping {
    /// One line a person reads.
    pub title: String,
    /// The API version it is for.
    pub api_version: String,
    /// The kind it is for.
    pub kind: String,
    /// What is made.
    pub outputs: Vec<Output>,
    /// What concerns the object as a whole.
    pub rules: Vec<Rule>,
}

/// A piece of JSON that Rust places in the new objects.
#[derive(Debug)]
pub struct Output {
    /// Its name.
    pub id: String,
    /// How it is filled.
    pub fields: Vec<Rule>,
}

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Pointer to the rule in its mapping file.
    pub at: String,
    /// What it does.
    pub action: Action,
    /// Old Istio enforced the field on HTTP only.
    pub http_only: bool,
    /// First source release, as the 4 of 1.4.
    pub since: u16,
    /// Last source release.
    pub until: u16,
    /// The accepted difference of the usual form, and the exact form.
    pub relaxed: Option<(RelaxationText, Box<Rule>)>,
}

impl Rule {
    /// True when the rule is for objects that ran on Istio 1.`minor`.
    pub fn is_for(&self, minor: u16) -> bool {
        (self.since..=self.until).contains(&minor)
    }

    /// True when some source release has both rules.
    pub fn meets(&self, other: &Rule) -> bool {
        self.since <= other.until && other.since <= self.until
    }

    /// Where the rule writes, in its usual form.
    pub fn target(&self) -> Option<&Target> {
        match &self.action {
            Action::Copy(copy) => Some(&copy.to),
            Action::Each(each) => Some(&each.to),
            Action::Set(set) => Some(&set.to),
            Action::Entries(Entries { fate: Fate::Condition(condition), .. }) => Some(&condition.to),
            _ => None,
        }
    }

    /// Where the rule may write: in its usual form and in its exact form.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        self.target().into_iter().chain(self.relaxed.iter().filter_map(|(_, strict)| strict.target()))
    }

    /// What the rule reads.
    pub fn sources(&self) -> Vec<&Selector> {
        match &self.action {
            Action::Copy(copy) => [Some(&copy.from), copy.or.as_ref()].into_iter().flatten().collect(),
            Action::Each(each) => vec![&each.of],
            Action::Entries(entries) => vec![&entries.of],
            Action::Set(_) => Vec::new(),
            Action::Step { consumes, .. } => consumes.iter().collect(),
            Action::Refuse { at, .. } | Action::Drop { at, .. } => vec![at],
        }
    }
}

/// What a rule does.
#[derive(Debug)]
pub enum Action {
    /// Copies a value.
    Copy(CopyText),
    /// One object per match.
    Each(Each),
    /// Entries by key.
    Entries(Entries),
    /// A constant.
    Set(SetText),
    /// Left to Rust.
    Step {
        /// The step.
        step: Step,
        /// What it accounts for.
        consumes: Vec<Selector>,
    },
    /// No safe equivalent.
    Refuse {
        /// The field.
        at: Selector,
        /// The finding's code.
        code: Code,
        /// Why.
        because: String,
    },
    /// Never had an effect.
    Drop {
        /// The field.
        at: Selector,
        /// Why.
        because: String,
    },
}

/// One object per match.
#[derive(Debug)]
pub struct Each {
    /// The matches.
    pub of: Selector,
    /// The list that takes the objects.
    pub to: Target,
    /// How an object is filled.
    pub fields: Vec<Rule>,
}

impl Each {
    /// True when the objects are the items of an output.
    pub fn makes_items(&self) -> bool {
        self.to.names.is_empty()
    }
}

/// Entries by key.
#[derive(Debug)]
pub struct Entries {
    /// The map, or the items of the list of `{key, values}`.
    pub of: Selector,
    /// The keys.
    pub matching: KeyPattern,
    /// What becomes of them.
    pub fate: Fate,
}

/// What becomes of an entry.
#[derive(Debug)]
pub enum Fate {
    /// A condition.
    Condition(Condition),
    /// Left to Rust.
    Step(Step),
    /// No safe equivalent.
    Refuse(Code, String),
    /// Never had an effect.
    Drop(String),
}

/// How an entry becomes a condition.
#[derive(Debug)]
pub struct Condition {
    /// `/when/-`.
    pub to: Target,
    /// The key, when it is another than the entry's.
    pub key: Option<String>,
    /// What an empty value becomes.
    pub empty: Option<String>,
    /// A value that was always true.
    pub always: Option<String>,
    /// How a value is written.
    pub form: Option<FormText>,
}
