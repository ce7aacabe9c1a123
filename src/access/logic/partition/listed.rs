//! Classes one by one: candidates are tried, and those that pass the same tests are one class.

use super::matcher::Matcher;
use super::{Grid, Passing, Plain, Show, fresh_words, text};
use crate::access::logic::attribute::Attribute;
use crate::access::logic::budget::{Meter, Overdrawn, steps};
use crate::access::logic::nesting::{Nesting, Reading};
use crate::access::logic::pattern::{Glob, Test};
use std::collections::{BTreeSet, HashMap};

/// One class.
struct Class {
    witness: String,
    plain: bool,
}

/// The classes that ordinary values and candidates fall into.
pub fn grid(
    attribute: &Attribute,
    tests: &[&Test],
    candidates: Vec<String>,
    meter: &mut Meter,
) -> Result<Grid, Overdrawn> {
    let matcher = Matcher::new(tests);
    let irregular = steps(matcher.irregular());
    let mut found: HashMap<Vec<usize>, usize> = HashMap::new();
    let mut classes: Vec<Class> = Vec::new();
    let mut passing: Vec<Vec<usize>> = vec![Vec::new(); tests.len()];
    let ordinary = attribute.ordinary().iter().map(|text| (*text).to_owned());
    for witness in ordinary.chain(candidates).filter(|text| attribute.admits(text)) {
        meter.spend(50 + steps(witness.len()) / 4 + irregular * (10 + steps(witness.len()) / 4))?;
        let passed = matcher.passed(&witness);
        let plain = is_plain(attribute, &witness);
        match found.get(&passed).and_then(|&index| classes.get_mut(index)) {
            Some(class) if !class.plain && plain => *class = Class { witness, plain },
            Some(_) => {}
            None => {
                meter.spend(steps(passed.len()) * 8)?;
                for &number in &passed {
                    if let Some(items) = passing.get_mut(number) {
                        items.push(classes.len());
                    }
                }
                found.insert(passed, classes.len());
                classes.push(Class { witness, plain });
            }
        }
    }
    let plain = match attribute {
        Attribute::Query => Plain::Absent,
        Attribute::Host => {
            let plain = classes.iter().enumerate().filter(|(_, class)| class.plain);
            Plain::Items(vec![(0, text::runs(plain.map(|(index, _)| index)))])
        }
        _ => Plain::All,
    };
    Ok(Grid {
        axes: vec![classes.len()],
        pins: Vec::new(),
        plain,
        passing: passing.into_iter().map(|items| Passing::Items(0, text::runs(items))).collect(),
        show: Show::Listed(classes.into_iter().map(|class| class.witness).collect()),
    })
}

/// True when the value is compared even with every relaxation (`inside/design.md` §6.3).
fn is_plain(attribute: &Attribute, witness: &str) -> bool {
    *attribute != Attribute::Host || !witness.chars().any(|c| c.is_ascii_uppercase())
}

/// The literals, prefixes and suffixes that the tests name.
#[derive(Default)]
struct Texts {
    whole: BTreeSet<String>,
    starts: BTreeSet<String>,
    ends: BTreeSet<String>,
}

impl Texts {
    fn of(attribute: &Attribute, tests: &[&Test], meter: &mut Meter) -> Result<Texts, Overdrawn> {
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
                Test::Template(template) => texts.whole.extend(instances(template, tests, meter)?),
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
            for set in [&mut texts.whole, &mut texts.starts, &mut texts.ends] {
                vary_case(set, meter)?;
            }
        }
        Ok(texts)
    }

    fn add(&mut self, glob: &Glob) {
        match glob {
            Glob::Any => {}
            Glob::Exact(text) => drop(self.whole.insert(text.clone())),
            Glob::Prefix(text) => drop(self.starts.insert(text.clone())),
            Glob::Suffix(text) => drop(self.ends.insert(text.clone())),
        }
    }
}

/// Adds every text in lower case, in upper case, and each longer text in the case of each shorter one.
fn vary_case(set: &mut BTreeSet<String>, meter: &mut Meter) -> Result<(), Overdrawn> {
    let plain: Vec<String> = set.iter().cloned().collect();
    let lower: BTreeSet<String> = plain.iter().map(|text| text.to_ascii_lowercase()).collect();
    let starts = Nesting::new(lower.iter().map(String::as_str), Reading::Forwards);
    let ends = Nesting::new(lower.iter().map(String::as_str), Reading::Backwards);
    set.extend(lower.iter().map(|text| text.to_ascii_uppercase()));
    for short in &plain {
        let lower = short.to_ascii_lowercase();
        for index in starts.within(&lower).unwrap_or_default() {
            let long = starts.text(index);
            meter.spend(30 + steps(long.len()))?;
            let rest = long.get(short.len()..).unwrap_or_default();
            set.extend([format!("{short}{rest}"), format!("{short}{}", rest.to_ascii_uppercase())]);
        }
        for index in ends.within(&lower).unwrap_or_default() {
            let long = ends.text(index);
            meter.spend(30 + steps(long.len()))?;
            let rest = long.get(..long.len().saturating_sub(short.len())).unwrap_or_default();
            set.extend([format!("{rest}{short}"), format!("{}{short}", rest.to_ascii_uppercase())]);
        }
    }
    set.extend(lower);
    Ok(())
}

/// A string for every class of strings.
pub fn candidates(attribute: &Attribute, tests: &[&Test], meter: &mut Meter) -> Result<Vec<String>, Overdrawn> {
    let texts = Texts::of(attribute, tests, meter)?;
    let starts = Nesting::new(texts.starts.iter().map(String::as_str), Reading::Forwards);
    let ends = Nesting::new(texts.ends.iter().map(String::as_str), Reading::Backwards);
    let words = fresh_words(tests);
    // `start`, a fresh word, `end`, so that no longer start and no longer end matches.
    let between = |start: &str, end: &str| {
        let is_plain = |text: &String| {
            !texts.whole.contains(text)
                && starts.innermost(text) == starts.position(start)
                && ends.innermost(text) == ends.position(end)
        };
        let mut built = words.iter().map(|word| format!("{start}{word}{end}"));
        built.find(is_plain).unwrap_or_else(|| format!("{start}{end}"))
    };
    let mut candidates: Vec<String> = vec![String::new()];
    candidates.extend(texts.whole.iter().cloned());
    meter.spend(steps(candidates.len()) * 20)?;
    for start in &texts.starts {
        for end in &texts.ends {
            meter.spend(100 + steps(start.len()) * 2 + steps(end.len()))?;
            candidates.push(between(start, end));
            overlaps(start, end, &mut candidates, meter)?;
        }
    }
    Ok(candidates)
}

/// Every string shorter than both together that has this start and this end.
fn overlaps(start: &str, end: &str, candidates: &mut Vec<String>, meter: &mut Meter) -> Result<(), Overdrawn> {
    let mut add = |text: String| {
        candidates.push(text);
        meter.spend(20 + steps(start.len() + end.len()) / 2)
    };
    for (at, _) in start.char_indices() {
        let Some(tail) = start.get(at..) else { continue };
        if let Some(rest) = end.strip_prefix(tail) {
            add(format!("{start}{rest}"))?;
        } else if tail.starts_with(end) && start.ends_with(end) {
            add(start.to_owned())?;
        }
    }
    if end.ends_with(start) {
        add(end.to_owned())?;
    }
    add(format!("{start}{end}"))
}

/// Paths for a template: every star filled with a fresh segment, and with the segments that other tests name at the
/// same depth. Not exact: templates occur only in policies that stand on both sides.
fn instances(template: &str, tests: &[&Test], meter: &mut Meter) -> Result<Vec<String>, Overdrawn> {
    let mut made = vec![String::new()];
    for (depth, segment) in template.split('/').enumerate() {
        let choices: Vec<String> = match segment {
            "{*}" | "{**}" => {
                meter.spend(steps(tests.len()).saturating_mul(10 + steps(depth)))?;
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
        let longest = made.iter().map(String::len).max().unwrap_or_default();
        meter
            .spend(steps(made.len().saturating_mul(choices.len()).min(1000)).saturating_mul(10 + steps(longest) / 4))?;
        made = made
            .iter()
            .flat_map(|head| choices.iter().map(move |choice| format!("{head}{separator}{choice}")))
            .take(1000)
            .collect();
    }
    Ok(made)
}
