//! Trigger rules as sets of paths (`meaning/authn.md` §1.5, J4–J8). Rules are ORed; within a rule no excluded path may match
//! and, where paths are included, one of them has to.

use super::paths::{Pattern, Region};
use super::regex;
use crate::api::legacy::{Jwt, StringMatch, TriggerRule};
use crate::finding::Place;
use crate::mesh::Version;

/// On which paths a JWT method was triggered.
#[derive(Clone, Debug)]
pub(super) struct Trigger {
    /// The union of these.
    pub(super) regions: Vec<Region>,
    /// Conditions that could not be said exactly. The regions then hold **more** paths than the old rule did.
    pub(super) widened: Vec<Widened>,
}

/// A condition that an AuthorizationPolicy cannot say.
#[derive(Clone, Debug)]
pub(super) struct Widened {
    /// The trigger rule.
    pub(super) place: Place,
    /// The condition, as written.
    pub(super) text: String,
    /// True for a regular expression.
    pub(super) regex: bool,
    /// The list it stood in.
    pub(super) list: PathList,
}

/// A list of conditions in a trigger rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PathList {
    /// `excludedPaths`.
    Excluded,
    /// `includedPaths`.
    Included,
}

impl Trigger {
    /// The paths on which `jwt` was triggered, in the language of the target release.
    pub(super) fn of(jwt: &Jwt, target: Version) -> Trigger {
        if jwt.triggers.is_empty() {
            return Trigger { regions: vec![Region::everything()], widened: Vec::new() };
        }
        let mut trigger = Trigger { regions: Vec::new(), widened: Vec::new() };
        for rule in &jwt.triggers {
            let region = trigger.region(rule, target);
            if !region.is_empty() && !trigger.regions.contains(&region) {
                trigger.regions.push(region);
            }
        }
        if trigger.is_always() {
            trigger.regions = vec![Region::everything()];
        }
        trigger
    }

    /// True when it is triggered on every path.
    pub(super) fn is_always(&self) -> bool {
        self.regions.iter().any(Region::is_everything)
    }

    fn region(&mut self, rule: &TriggerRule, target: Version) -> Region {
        let mut exclude = Vec::new();
        for condition in &rule.excluded {
            match expressed(condition, target) {
                Expressed::Exactly(patterns) => exclude.extend(patterns),
                // Excluding more would open paths: such an exclusion is dropped.
                Expressed::Within(_) => self.widened.push(widened(rule, condition, PathList::Excluded)),
            }
        }
        if rule.included.is_empty() {
            return Region::new(None, exclude);
        }
        let mut include = Vec::new();
        for condition in &rule.included {
            match expressed(condition, target) {
                Expressed::Exactly(patterns) => include.extend(patterns),
                Expressed::Within(pattern) => {
                    self.widened.push(widened(rule, condition, PathList::Included));
                    include.push(pattern);
                }
            }
        }
        // A list of conditions that match nothing triggers nothing (E59): it is not the same as no list.
        Region::new(Some(include), exclude)
    }
}

fn widened(rule: &TriggerRule, condition: &StringMatch, list: PathList) -> Widened {
    let (kind, value) = match condition {
        StringMatch::Exact(value) => ("exact", value.as_str()),
        StringMatch::Prefix(value) => ("prefix", value.as_str()),
        StringMatch::Suffix(value) => ("suffix", value.as_str()),
        StringMatch::Regex(value) => ("regex", value.as_str()),
        StringMatch::Nothing => ("empty", ""),
    };
    Widened { place: rule.place.clone(), text: format!("{kind} `{value}`"), regex: kind == "regex", list }
}

/// A condition in the language of AuthorizationPolicies.
enum Expressed {
    /// ANY of these is equal to it; none means that it never matches.
    Exactly(Vec<Pattern>),
    /// It cannot be said; all its paths are within this pattern.
    Within(Pattern),
}

fn expressed(condition: &StringMatch, target: Version) -> Expressed {
    match condition {
        StringMatch::Nothing => Expressed::Exactly(Vec::new()),
        StringMatch::Exact(path) if path.is_empty() => Expressed::Exactly(Vec::new()),
        StringMatch::Exact(path) => exact(path, target),
        // A leading star would turn a prefix into a suffix.
        StringMatch::Prefix(start) if start.starts_with('*') => Expressed::Within(Pattern::any()),
        StringMatch::Prefix(start) => match before_brace(start, target) {
            Some(literal) => Expressed::Within(Pattern::Prefix(literal)),
            None => Expressed::Exactly(vec![Pattern::Prefix(start.clone())]),
        },
        StringMatch::Suffix(end) => match before_brace(end, target) {
            Some(_) => Expressed::Within(Pattern::any()),
            None => Expressed::Exactly(vec![Pattern::Suffix(end.clone())]),
        },
        StringMatch::Regex(text) => regular_expression(text, target),
    }
}

fn exact(path: &str, target: Version) -> Expressed {
    if let Some(literal) = before_brace(path, target) {
        let within = if literal.starts_with('*') { Pattern::any() } else { Pattern::Prefix(literal) };
        return Expressed::Within(within);
    }
    match (path.strip_prefix('*'), path.strip_suffix('*')) {
        (None, None) => Expressed::Exactly(vec![Pattern::Exact(path.to_owned())]),
        (None, Some(start)) => Expressed::Within(Pattern::Prefix(start.to_owned())),
        (Some(end), _) => Expressed::Within(Pattern::Suffix(end.to_owned())),
    }
}

/// What stands before the first brace, where the target release takes braces for path templates (1.22 and later).
fn before_brace(text: &str, target: Version) -> Option<String> {
    let (before, _) = text.split_once(['{', '}']).filter(|_| target.at_least(22))?;
    Some(before.to_owned())
}

fn regular_expression(text: &str, target: Version) -> Expressed {
    let Some(conditions) = regex::rewritten(text) else {
        // Every path, not only those with the expression's literal beginning: that is what the proof can follow (E56).
        return Expressed::Within(Pattern::any());
    };
    let mut patterns = Vec::new();
    for condition in &conditions {
        match expressed(condition, target) {
            Expressed::Exactly(more) => patterns.extend(more),
            Expressed::Within(_) if conditions.len() > 1 => return Expressed::Within(Pattern::any()),
            within @ Expressed::Within(_) => return within,
        }
    }
    Expressed::Exactly(patterns)
}
