//! Which of many tests a string passes, without trying each.

use crate::access::logic::nesting::{Nesting, Reading};
use crate::access::logic::pattern::{Glob, Test};
use std::collections::HashMap;

/// A set of tests, by what they look at.
pub struct Matcher<'t> {
    same_case: Globs,
    any_case: Globs,
    /// Tests that have to be tried, with their numbers.
    others: Vec<(usize, &'t Test)>,
}

/// Globs with their numbers.
#[derive(Default)]
struct Globs {
    any: Vec<usize>,
    exact: HashMap<String, usize>,
    prefixes: Option<Nested>,
    suffixes: Option<Nested>,
}

struct Nested {
    nesting: Nesting,
    numbers: HashMap<usize, usize>,
}

impl Nested {
    fn new(texts: &[(&str, usize)], reading: Reading) -> Option<Nested> {
        let nesting = Nesting::new(texts.iter().map(|(text, _)| *text), reading);
        let numbers = texts.iter().filter_map(|(text, number)| Some((nesting.position(text)?, *number))).collect();
        (!texts.is_empty()).then_some(Nested { nesting, numbers })
    }
}

impl Globs {
    fn new<'t>(globs: impl Iterator<Item = (usize, &'t Glob)>) -> Globs {
        let mut found = Globs::default();
        let (mut prefixes, mut suffixes) = (Vec::new(), Vec::new());
        for (number, glob) in globs {
            match glob {
                Glob::Any => found.any.push(number),
                Glob::Exact(text) => drop(found.exact.insert(text.clone(), number)),
                Glob::Prefix(text) => prefixes.push((text.as_str(), number)),
                Glob::Suffix(text) => suffixes.push((text.as_str(), number)),
            }
        }
        found.prefixes = Nested::new(&prefixes, Reading::Forwards);
        found.suffixes = Nested::new(&suffixes, Reading::Backwards);
        found
    }

    fn passed(&self, text: &str, passed: &mut Vec<usize>) {
        passed.extend(&self.any);
        passed.extend(self.exact.get(text));
        for nested in [&self.prefixes, &self.suffixes].into_iter().flatten() {
            passed.extend(nested.nesting.around(text).filter_map(|index| nested.numbers.get(&index)));
        }
    }
}

impl<'t> Matcher<'t> {
    /// Tests, each once; their numbers are their positions.
    pub fn new(tests: &[&'t Test]) -> Matcher<'t> {
        let glob = |(number, test): (usize, &&'t Test)| match test {
            Test::Glob(glob) => Some((number, glob)),
            _ => None,
        };
        let any_case = |(number, test): (usize, &&'t Test)| match test {
            Test::AnyCase(glob) => Some((number, glob)),
            _ => None,
        };
        let other = |(number, test): (usize, &&'t Test)| match test {
            Test::Glob(_) | Test::AnyCase(_) => None,
            test => Some((number, *test)),
        };
        Matcher {
            same_case: Globs::new(tests.iter().enumerate().filter_map(glob)),
            any_case: Globs::new(tests.iter().enumerate().filter_map(any_case)),
            others: tests.iter().enumerate().filter_map(other).collect(),
        }
    }

    /// How many tests have to be tried one by one, each star of a template as one more.
    pub fn irregular(&self) -> usize {
        self.others.iter().map(|(_, test)| 1 + test.text().matches("{*").count()).sum()
    }

    /// The numbers of the tests that a string passes, rising.
    pub fn passed(&self, text: &str) -> Vec<usize> {
        let mut passed = Vec::new();
        self.same_case.passed(text, &mut passed);
        self.any_case.passed(&text.to_ascii_lowercase(), &mut passed);
        passed.extend(self.others.iter().filter(|(_, test)| test.holds(text)).map(|(number, _)| *number));
        passed.sort_unstable();
        passed
    }
}
