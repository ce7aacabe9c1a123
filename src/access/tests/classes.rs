//! Classes of values listed one by one: what the proof's own way of cutting values (`partition`) is held against.

use crate::access::logic::attribute::Attribute;
use crate::access::logic::pattern::{Glob, Test};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Values that no test can tell apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Class {
    /// One of them; `None` is the absent value.
    pub witness: Option<String>,
    /// True when the class holds a value that is compared even with relaxations: no query, a host in lower case.
    pub plain: bool,
    /// Which tests pass, in the order of the tests given.
    pub passes: Vec<bool>,
}

/// More candidates than this for one attribute are not looked at.
const LIMIT: usize = 200_000;

/// The classes of an attribute; `None` when there are too many. `declared` are the ports that [`Attribute::Port`]
/// cannot be. For a list attribute these are the classes of its elements.
pub fn classes(attribute: &Attribute, tests: &[&Test], declared: &BTreeSet<u16>) -> Option<Vec<Class>> {
    let mut found: BTreeMap<Vec<bool>, usize> = BTreeMap::new();
    let mut classes: Vec<Class> = Vec::new();
    let mut offer = |witness: Option<String>| {
        let passes = match &witness {
            Some(text) => tests.iter().map(|test| test.holds(text)).collect(),
            None => vec![false; tests.len()],
        };
        let plain = is_plain(attribute, witness.as_deref());
        // The absent value is a class of its own only where a test can tell.
        match found.get(&passes).and_then(|&index| classes.get_mut(index)) {
            Some(class) if !class.plain && plain => *class = Class { witness, plain, passes },
            Some(_) => {}
            None => {
                found.insert(passes.clone(), classes.len());
                classes.push(Class { witness, plain, passes });
            }
        }
    };
    if attribute.may_be_absent() && !attribute.is_list() {
        offer(None);
    }
    for text in attribute.ordinary() {
        offer(Some((*text).to_owned()));
    }
    let candidates = match attribute {
        Attribute::SourceIp | Attribute::RemoteIp | Attribute::DestinationIp => addresses(tests),
        Attribute::Port => ports(tests, declared),
        _ => texts(attribute, tests)?,
    };
    for text in candidates {
        if attribute.admits(&text) {
            offer(Some(text));
        }
    }
    Some(classes)
}

/// True when the value is compared even with every relaxation (`inside/design.md` §6.3).
fn is_plain(attribute: &Attribute, witness: Option<&str>) -> bool {
    match attribute {
        Attribute::Query => witness.is_none(),
        Attribute::Host => witness.is_some_and(|host| !host.chars().any(|c| c.is_ascii_uppercase())),
        _ => true,
    }
}

/// The first address of every interval that the blocks cut.
fn addresses(tests: &[&Test]) -> Vec<String> {
    let mut found: BTreeSet<IpAddr> =
        [IpAddr::from(Ipv4Addr::UNSPECIFIED), IpAddr::from(Ipv6Addr::UNSPECIFIED)].into_iter().collect();
    for test in tests {
        if let Test::Cidr(net) = test {
            found.insert(net.network());
            match net.broadcast() {
                IpAddr::V4(last) => {
                    found.extend(u32::from(last).checked_add(1).map(|n| IpAddr::from(Ipv4Addr::from(n))))
                }
                IpAddr::V6(last) => {
                    found.extend(u128::from(last).checked_add(1).map(|n| IpAddr::from(Ipv6Addr::from(n))))
                }
            }
        }
    }
    found.into_iter().map(|ip| ip.to_string()).collect()
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

/// The literals, prefixes and suffixes that the tests name.
#[derive(Default)]
struct Texts {
    whole: BTreeSet<String>,
    starts: BTreeSet<String>,
    ends: BTreeSet<String>,
}

impl Texts {
    fn of(attribute: &Attribute, tests: &[&Test]) -> Texts {
        let mut texts = Texts::default();
        texts.starts.insert(String::new());
        texts.ends.insert(String::new());
        if *attribute == Attribute::Path {
            // Every path starts with a slash; that takes part in overlaps.
            texts.starts.insert("/".to_owned());
        }
        for test in tests {
            match test {
                Test::Glob(glob) => texts.add(glob),
                Test::AnyCase(glob) => texts.add(glob),
                Test::Template(template) => texts.whole.extend(instances(template, tests)),
                Test::Repeats { head, last } => {
                    texts.whole.extend((0..4).map(|n| head.clone() + &last.to_string().repeat(n)));
                }
                Test::LooseSuffix(suffix) => {
                    texts.ends.insert(suffix.clone());
                    texts.ends.insert(suffix.replace('.', "x"));
                }
                Test::Cidr(_) => {}
            }
        }
        if tests.iter().any(|test| matches!(test, Test::AnyCase(_))) {
            texts.vary_case();
        }
        texts
    }

    fn add(&mut self, glob: &Glob) {
        match glob {
            Glob::Any => {}
            Glob::Exact(text) => drop(self.whole.insert(text.clone())),
            Glob::Prefix(text) => drop(self.starts.insert(text.clone())),
            Glob::Suffix(text) => drop(self.ends.insert(text.clone())),
        }
    }

    /// Adds every text in lower case, in upper case, and each longer text in the case of each shorter one.
    fn vary_case(&mut self) {
        for set in [&mut self.whole, &mut self.starts, &mut self.ends] {
            let plain: Vec<String> = set.iter().cloned().collect();
            set.extend(plain.iter().map(|text| text.to_ascii_lowercase()));
            set.extend(plain.iter().map(|text| text.to_ascii_uppercase()));
            for short in &plain {
                for long in &plain {
                    let lower = long.to_ascii_lowercase();
                    if let Some(rest) = lower.strip_prefix(&short.to_ascii_lowercase()) {
                        set.extend([format!("{short}{rest}"), format!("{short}{}", rest.to_ascii_uppercase())]);
                    }
                    if let Some(rest) = lower.strip_suffix(&short.to_ascii_lowercase()) {
                        set.extend([format!("{rest}{short}"), format!("{}{short}", rest.to_ascii_uppercase())]);
                    }
                }
            }
        }
    }
}

/// A string for every class of strings; `None` when there are too many.
fn texts(attribute: &Attribute, tests: &[&Test]) -> Option<Vec<String>> {
    let texts = Texts::of(attribute, tests);
    if texts.starts.len().saturating_mul(texts.ends.len()) > LIMIT {
        return None;
    }
    let words = fresh_words(tests);
    let mut candidates: Vec<String> = vec![String::new()];
    candidates.extend(texts.whole.iter().cloned());
    for start in &texts.starts {
        for end in &texts.ends {
            candidates.push(between(start, end, &texts, &words));
            overlaps(start, end, &mut candidates);
        }
    }
    Some(candidates)
}

/// `start`, a fresh word, `end`, so that no longer start and no longer end matches.
fn between(start: &str, end: &str, texts: &Texts, words: &[String]) -> String {
    let is_plain = |text: &str| {
        !texts.whole.contains(text)
            && texts.starts.iter().all(|other| other.len() <= start.len() || !text.starts_with(other.as_str()))
            && texts.ends.iter().all(|other| other.len() <= end.len() || !text.ends_with(other.as_str()))
    };
    let build = |word: &String| format!("{start}{word}{end}");
    words.iter().map(build).find(|text| is_plain(text)).unwrap_or_else(|| format!("{start}{end}"))
}

/// Every string shorter than both together that has this start and this end.
fn overlaps(start: &str, end: &str, candidates: &mut Vec<String>) {
    for (at, _) in start.char_indices() {
        if let Some(rest) = end.strip_prefix(&start[at..]) {
            candidates.push(format!("{start}{rest}"));
        } else if start[at..].starts_with(end) && start.ends_with(end) {
            candidates.push(start.to_owned());
        }
    }
    if end.ends_with(start) {
        candidates.push(end.to_owned());
    }
    candidates.push(format!("{start}{end}"));
}

/// Words to put between a start and an end, most readable first; the last one has a character that no test names.
fn fresh_words(tests: &[&Test]) -> Vec<String> {
    let named: BTreeSet<char> = tests.iter().flat_map(|test| format!("{test:?}").chars().collect::<Vec<_>>()).collect();
    let unnamed = ('a'..='z').chain('0'..='9').chain('\u{e000}'..='\u{f8ff}').find(|c| !named.contains(c));
    let mut words: Vec<String> = ["other", "x", "some", "anything", "zz"].map(str::to_owned).to_vec();
    words.extend(unnamed.map(|c| c.to_string()));
    words
}

/// Paths for a template: every star filled with a fresh segment, and with the segments that other tests name at the
/// same depth. Not exact: templates occur only in policies that stand on both sides.
fn instances(template: &str, tests: &[&Test]) -> Vec<String> {
    let mut made = vec![String::new()];
    for (depth, segment) in template.split('/').enumerate() {
        let choices: Vec<String> = match segment {
            "{*}" | "{**}" => {
                let named = tests.iter().filter_map(|test| match test {
                    Test::Glob(Glob::Exact(text) | Glob::Prefix(text) | Glob::Suffix(text)) => {
                        text.split('/').nth(depth)
                    }
                    _ => None,
                });
                let mut choices: BTreeSet<String> = named.filter(|s| !s.is_empty()).map(str::to_owned).collect();
                choices.insert("segment".to_owned());
                // A star of a template stands for no star.
                choices.insert("seg*ment".to_owned());
                if segment == "{**}" {
                    choices.extend([String::new(), "segment/segment".to_owned()]);
                }
                choices.into_iter().collect()
            }
            literal => vec![literal.to_owned()],
        };
        let separator = if depth == 0 { "" } else { "/" };
        made = made
            .iter()
            .flat_map(|head| choices.iter().map(move |choice| format!("{head}{separator}{choice}")))
            .take(1000)
            .collect();
    }
    made
}
