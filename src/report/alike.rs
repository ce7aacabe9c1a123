//! Findings that say the same of one object: the first few are shown, the others counted.

use crate::finding::{Code, Finding, Severity};
use std::collections::BTreeMap;

/// Findings shown of one code about one object (or, where they name none, one file).
pub(super) const SHOWN: usize = 50;

/// A finding that is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shown<'a> {
    /// The finding.
    pub finding: &'a Finding,
    /// How many like it follow that are not shown; 0 for all but the last of their group.
    pub more: usize,
}

impl Shown<'_> {
    /// "and 49950 more like this"; `None` when all are shown.
    pub fn rest(&self) -> Option<String> {
        (self.more > 0).then(|| format!("and {} more like this", self.more))
    }
}

/// The findings to be shown, in their order.
pub(super) fn shown<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Vec<Shown<'a>> {
    let mut groups: BTreeMap<_, (usize, usize)> = BTreeMap::new();
    let mut shown: Vec<Shown<'a>> = Vec::new();
    for finding in findings {
        let (count, last) = groups.entry(subject(finding)).or_default();
        *count += 1;
        if *count <= SHOWN {
            *last = shown.len();
            shown.push(Shown { finding, more: 0 });
        } else if let Some(last) = shown.get_mut(*last) {
            last.more += 1;
        }
    }
    shown
}

/// What a finding is about, apart from its place and its words.
fn subject(finding: &Finding) -> (Code, Severity, Option<&crate::finding::ObjectRef>, Option<&str>) {
    let file = finding.place.as_ref().map(|place| &*place.file);
    (finding.code, finding.severity, finding.object.as_ref(), file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::catalogue::{input, mapping};
    use crate::finding::{ObjectRef, Place, Span};

    fn finding(code: Code, object: &str, line: usize) -> Finding {
        let place = Place { file: "a.yaml".into(), line, column: 1, span: Span::default() };
        Finding::new(code, format!("line {line}")).on(ObjectRef::new("Policy", "a", object)).at(place)
    }

    #[test]
    fn equal_findings_on_one_object_are_counted_beyond_the_first_fifty() {
        let many = (1..=1_000).map(|line| finding(mapping::UNKNOWN_FIELD, "x", line));
        let other = [finding(mapping::UNKNOWN_FIELD, "y", 1_001), finding(input::BROKEN_YAML, "x", 1_002)];
        let findings: Vec<Finding> = many.chain(other).collect();
        let shown = shown(&findings);
        assert_eq!(shown.len(), SHOWN + 2);
        let rest: Vec<_> =
            shown.iter().filter_map(|shown| Some((shown.finding.place.clone()?.line, shown.rest()?))).collect();
        assert_eq!(rest, [(50, "and 950 more like this".to_owned())]);
        assert_eq!(shown.iter().map(|shown| 1 + shown.more).sum::<usize>(), findings.len());
    }

    #[test]
    fn fifty_are_all_shown() {
        let findings: Vec<Finding> = (1..=50).map(|line| finding(mapping::UNKNOWN_FIELD, "x", line)).collect();
        assert!(shown(&findings).iter().all(|shown| shown.more == 0));
        assert_eq!(shown(&findings).len(), 50);
    }
}
