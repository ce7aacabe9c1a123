//! Lists: a test passes when ANY element does, so only elements matter whose results no others have together.

use super::matcher::Matcher;
use super::{Elements, fresh_words};
use crate::access::logic::attribute::Attribute;
use crate::access::logic::budget::{Meter, Overdrawn, steps};
use crate::access::logic::pattern::{Glob, Test};
use std::collections::BTreeSet;

/// Ordinary elements, every literal, and one element for every prefix and for every suffix: an element with both passes
/// what the two pass together.
pub fn elements(attribute: &Attribute, tests: &[&Test], meter: &mut Meter) -> Result<Elements, Overdrawn> {
    let words = fresh_words(tests);
    let new = words.last().map_or("other", String::as_str);
    let mut texts: Vec<String> = attribute.ordinary().iter().map(|text| (*text).to_owned()).collect();
    let mut named: BTreeSet<(u8, String)> = BTreeSet::new();
    for test in tests {
        named.insert(match test {
            Test::Glob(Glob::Exact(text)) => (0, text.clone()),
            Test::Glob(Glob::Suffix(text)) => (1, format!("{new}{text}")),
            Test::Glob(Glob::Prefix(text)) => (2, format!("{text}{new}")),
            _ => continue,
        });
    }
    texts.extend(named.into_iter().map(|(_, text)| text).filter(|text| !attribute.ordinary().contains(&text.as_str())));
    texts.retain(|text| attribute.admits(text));
    let matcher = Matcher::new(tests);
    let irregular = steps(matcher.irregular());
    let mut passing = vec![Vec::new(); tests.len()];
    for (index, text) in texts.iter().enumerate() {
        meter.spend(20 + steps(text.len()) / 4 + irregular * 10)?;
        let passed = matcher.passed(text);
        meter.spend(steps(passed.len()) * 8)?;
        for number in passed {
            if let Some(elements) = passing.get_mut(number) {
                elements.push(index);
            }
        }
    }
    Ok(Elements { texts, passing })
}
