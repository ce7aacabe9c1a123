//! Strings under exact, prefix and suffix tests: literals on the first axis, with one more item for all other strings;
//! the longest prefix pattern on the second, the longest suffix pattern on the third.

use super::{Grid, Passing, Pin, Plain, Show, fresh_words};
use crate::access::logic::attribute::Attribute;
use crate::access::logic::budget::{Meter, Overdrawn, steps};
use crate::access::logic::nesting::{Nesting, Reading};
use crate::access::logic::pattern::{Glob, Test};
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

/// What the items of the three axes stand for.
#[derive(Clone, Debug)]
pub struct Texts {
    literals: Vec<String>,
    positions: HashMap<String, usize>,
    starts: Nesting,
    ends: Nesting,
    words: Vec<String>,
}

impl Texts {
    /// The literal; or the start, something new, and the end.
    pub fn text(&self, literal: usize, start: usize, end: usize) -> String {
        if let Some(text) = self.literals.get(literal) {
            return text.clone();
        }
        let (before, after) = (self.starts.text(start), self.ends.text(end));
        // No literal, and neither a longer start nor a longer end.
        let is_new = |text: &String| {
            !self.positions.contains_key(text)
                && self.starts.innermost(text) == Some(start)
                && self.ends.innermost(text) == Some(end)
        };
        let mut built = self.words.iter().map(|word| format!("{before}{word}{after}"));
        built.find(is_new).unwrap_or_else(|| format!("{before}{after}"))
    }
}

/// True when any word may stand in the values, so that there always is a new one.
pub fn admits_new_words(attribute: &Attribute) -> bool {
    attribute.admits("/new") || attribute.admits("new")
}

/// True when ALL tests are globs, or ALL are globs in lower case that are compared without case: then nothing depends on
/// the case of a value, and values in lower case stand for all.
pub fn is_regular(tests: &[&Test]) -> bool {
    let glob = |test: &&Test| matches!(test, Test::Glob(_));
    let any_case = |test: &&Test| matches!(test, Test::AnyCase(glob) if glob.lower() == *glob);
    tests.iter().all(glob) || tests.iter().all(any_case)
}

fn glob_of<'t>(test: &&'t Test) -> Option<&'t Glob> {
    match test {
        Test::Glob(glob) | Test::AnyCase(glob) => Some(glob),
        _ => None,
    }
}

/// The grid of [`is_regular`] tests.
pub fn grid(attribute: &Attribute, tests: &[&Test], meter: &mut Meter) -> Result<Grid, Overdrawn> {
    let globs: Vec<&Glob> = tests.iter().filter_map(glob_of).collect();
    let mut starts: BTreeSet<&str> = [""].into();
    if *attribute == Attribute::Path {
        // Every path starts with a slash.
        starts.insert("/");
    }
    let mut ends: BTreeSet<&str> = [""].into();
    let mut literals: Vec<String> = attribute.ordinary().iter().map(|text| (*text).to_owned()).collect();
    let mut exact: BTreeSet<&str> = BTreeSet::new();
    for glob in &globs {
        meter.spend(20)?;
        let text = match glob {
            Glob::Any => continue,
            Glob::Exact(text) => exact.insert(text).then_some(text),
            Glob::Prefix(text) => starts.insert(text).then_some(text),
            Glob::Suffix(text) => ends.insert(text).then_some(text),
        };
        meter.spend(steps(text.map_or(0, String::len)) / 4)?;
    }
    let ordinary: BTreeSet<String> = literals.iter().cloned().collect();
    literals.extend(exact.iter().filter(|text| !ordinary.contains(**text)).map(|text| (*text).to_owned()));
    literals.retain(|text| attribute.admits(text));
    // Whether a value is admitted depends on each of its parts alone.
    let first = if attribute.admits("new") { "" } else { "/" };
    starts.retain(|start| attribute.admits(&format!("{start}new")));
    ends.retain(|end| attribute.admits(&format!("{first}new{end}")));
    let texts = Texts {
        positions: literals.iter().enumerate().map(|(index, text)| (text.clone(), index)).collect(),
        literals,
        starts: Nesting::new(starts.iter().copied(), Reading::Forwards),
        ends: Nesting::new(ends.iter().copied(), Reading::Backwards),
        words: fresh_words(tests),
    };
    Ok(Grid {
        axes: vec![texts.literals.len() + 1, texts.starts.len(), texts.ends.len()],
        pins: pins(&texts, meter)?,
        plain: plain(attribute, &texts),
        passing: globs.iter().map(|glob| passing(glob, &texts)).collect(),
        show: Show::Text(Box::new(texts)),
    })
}

/// Which start and which end each literal has, joined where neighbours have the same.
fn pins(texts: &Texts, meter: &mut Meter) -> Result<Vec<Pin>, Overdrawn> {
    let mut pins: Vec<Pin> = Vec::new();
    for (axis, nesting) in [(1, &texts.starts), (2, &texts.ends)] {
        for (index, text) in texts.literals.iter().enumerate() {
            meter.spend(20)?;
            let Some(item) = nesting.innermost(text) else { continue };
            match pins.last_mut() {
                Some(last) if last.axis == axis && last.item == item && last.items.end == index => {
                    last.items.end += 1;
                }
                _ => pins.push(Pin { items: index..index + 1, axis, item }),
            }
        }
    }
    Ok(pins)
}

fn passing(glob: &Glob, texts: &Texts) -> Passing {
    let items = |axis, range: Option<Range<usize>>| Passing::Items(axis, range.into_iter().collect());
    match glob {
        Glob::Any => Passing::Present,
        Glob::Exact(text) => items(0, texts.positions.get(text).map(|&index| index..index + 1)),
        Glob::Prefix(text) => items(1, texts.starts.within(text)),
        Glob::Suffix(text) => items(2, texts.ends.within(text)),
    }
}

/// A host is plain when ALL its parts are in lower case.
fn plain(attribute: &Attribute, texts: &Texts) -> Plain {
    let is_lower = |text: &str| !text.chars().any(|c| c.is_ascii_uppercase());
    match attribute {
        Attribute::Query => Plain::Absent,
        Attribute::Host => Plain::Items(vec![
            (0, runs((0..=texts.literals.len()).filter(|&i| texts.literals.get(i).is_none_or(|text| is_lower(text))))),
            (1, runs((0..texts.starts.len()).filter(|&index| is_lower(&texts.starts.text(index))))),
            (2, runs((0..texts.ends.len()).filter(|&index| is_lower(&texts.ends.text(index))))),
        ]),
        _ => Plain::All,
    }
}

/// Rising numbers as ranges.
pub fn runs(numbers: impl IntoIterator<Item = usize>) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some(last) if last.end == number => last.end += 1,
            _ => runs.push(number..number + 1),
        }
    }
    runs
}
