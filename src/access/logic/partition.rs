//! Cuts the values of an attribute into the finitely many classes that a set of tests can tell apart, each with a
//! witness.
//!
//! For exact, prefix and suffix tests this is exact, and needs no list of all classes. Whatever a string is, two choices
//! that do not depend on each other say which prefix and suffix tests it passes: the longest prefix pattern that it
//! starts with, and the longest suffix pattern that it ends with. Every pair of such choices is a string (the prefix,
//! something new, the suffix), and beside those there are only the literals. Addresses are cut at the ends of blocks.
//! So values are a *grid*: one item per axis, and named values that fix the items of the other axes. Other tests
//! (templates, and comparisons with and without case on one attribute) are tried on a list of candidates.

mod address;
mod elements;
mod listed;
mod matcher;
mod text;

use crate::access::logic::attribute::Attribute;
use crate::access::logic::budget::{Meter, Overdrawn};
use crate::access::logic::pattern::{Glob, Test};
use std::collections::BTreeSet;
use std::ops::Range;

/// The values of an attribute, as far as tests can tell them apart.
#[derive(Clone, Debug)]
pub enum Values {
    /// A request has one of them, or none where the attribute may be absent.
    One(Box<Grid>),
    /// A request has any set of them.
    Many(Elements),
}

/// Values of which a request has one at most: one item per axis.
#[derive(Clone, Debug)]
pub struct Grid {
    /// How many items each axis has, at least one. Earlier items are the more ordinary ones on the first axis.
    pub axes: Vec<usize>,
    /// What a choice on the first axis fixes on another one.
    pub pins: Vec<Pin>,
    /// Which values are compared even with every relaxation.
    pub plain: Plain,
    /// Which values pass, for each test in the order given.
    pub passing: Vec<Passing>,
    show: Show,
}

/// Items of the first axis that leave one choice on another axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Pin {
    /// On the first axis.
    pub items: Range<usize>,
    /// The other axis.
    pub axis: usize,
    /// The item on it.
    pub item: usize,
}

/// Which values are compared even with every relaxation (`inside/design.md` §6.3): no query, a host in lower case.
#[derive(Clone, Debug, PartialEq)]
pub enum Plain {
    /// All of them.
    All,
    /// Only the absent value.
    Absent,
    /// Those with such an item on ALL of these axes.
    Items(Vec<(usize, Vec<Range<usize>>)>),
}

/// Which values pass a test.
#[derive(Clone, Debug, PartialEq)]
pub enum Passing {
    /// Every value that is there.
    Present,
    /// Those with an item in ANY of these ranges of an axis.
    Items(usize, Vec<Range<usize>>),
}

impl Passing {
    /// No value passes.
    pub fn nothing() -> Passing {
        Passing::Items(0, Vec::new())
    }
}

/// How the value of a choice is written.
#[derive(Clone, Debug)]
enum Show {
    Listed(Vec<String>),
    Text(Box<text::Texts>),
    Address(address::Addresses),
}

impl Grid {
    /// A value with these items, one per axis.
    pub fn text(&self, items: &[usize]) -> String {
        let item = |axis: usize| items.get(axis).copied().unwrap_or_default();
        match &self.show {
            Show::Listed(texts) => texts.get(item(0)).cloned().unwrap_or_default(),
            Show::Text(texts) => texts.text(item(0), item(1), item(2)),
            Show::Address(addresses) => addresses.text(item(0), item(1)),
        }
    }

    /// The items that a choice on the first axis fixes, over those chosen by the other ones.
    pub fn pinned(&self, mut items: Vec<usize>) -> Vec<usize> {
        let first = items.first().copied().unwrap_or_default();
        for pin in self.pins.iter().filter(|pin| pin.items.contains(&first)) {
            if let Some(item) = items.get_mut(pin.axis) {
                *item = pin.item;
            }
        }
        items
    }
}

/// Values of which a request has any set.
#[derive(Clone, Debug)]
pub struct Elements {
    /// The values: every union of what these pass is what some list passes.
    pub texts: Vec<String>,
    /// Which of them pass, for each test in the order given.
    pub passing: Vec<Vec<usize>>,
}

/// The classes of an attribute, for tests that are each given once. `declared` are the ports that [`Attribute::Port`] cannot be.
///
/// # Errors
/// When there are more than the meter allows.
pub fn values(
    attribute: &Attribute,
    tests: &[&Test],
    declared: &BTreeSet<u16>,
    meter: &mut Meter,
) -> Result<Values, Overdrawn> {
    if attribute.is_list() {
        return elements::elements(attribute, tests, meter).map(Values::Many);
    }
    let grid = match attribute {
        Attribute::SourceIp | Attribute::RemoteIp | Attribute::DestinationIp
            if tests.iter().all(|test| matches!(test, Test::Cidr(_))) =>
        {
            address::grid(attribute, tests, meter)
        }
        Attribute::SourceIp | Attribute::RemoteIp | Attribute::DestinationIp => {
            listed::grid(attribute, tests, address::firsts(tests), meter)
        }
        Attribute::Port => listed::grid(attribute, tests, ports(tests, declared), meter),
        _ if text::admits_new_words(attribute) && text::is_regular(tests) => text::grid(attribute, tests, meter),
        _ => {
            let candidates = listed::candidates(attribute, tests, meter)?;
            listed::grid(attribute, tests, candidates, meter)
        }
    };
    grid.map(|grid| Values::One(Box::new(grid)))
}

/// Every port named by a test that is not declared, and one that is neither.
fn ports(tests: &[&Test], declared: &BTreeSet<u16>) -> Vec<String> {
    let mut named = BTreeSet::new();
    for test in tests {
        if let Test::Glob(Glob::Exact(text)) = test {
            named.extend(text.parse::<u16>().ok());
        }
    }
    let fresh = (9999..u16::MAX).find(|port| !named.contains(port) && !declared.contains(port));
    let undeclared = named.iter().copied().filter(|port| !declared.contains(port));
    undeclared.chain(fresh).map(|port| port.to_string()).collect()
}

/// Words to put between a start and an end, most readable first; the last one has a character that no test names.
fn fresh_words(tests: &[&Test]) -> Vec<String> {
    let mut named: BTreeSet<char> = BTreeSet::new();
    for test in tests {
        named.extend(format!("{test:?}").chars());
    }
    let unnamed = ('a'..='z').chain('0'..='9').chain('\u{e000}'..='\u{f8ff}').find(|c| !named.contains(c));
    let mut words: Vec<String> = ["other", "x", "some", "anything", "zz"].map(str::to_owned).to_vec();
    words.extend(unnamed.map(|c| c.to_string()));
    words
}

#[cfg(test)]
mod tests;
