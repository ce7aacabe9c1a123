//! What a budget ran out at, in the words of a person: how many patterns of which attribute, and which object has most.

use crate::access::logic::attribute::Attribute;
use crate::access::logic::formula::{Formula, Formulas, Node};
use crate::access::logic::pattern::{Glob, Test};
use crate::access::logic::solve::Costly;
use crate::access::worlds::decide::{Clause, Ruling};
use crate::finding::ObjectRef;
use std::collections::{BTreeMap, BTreeSet};

/// "440 prefixes and 440 suffixes of path, most of them in AuthorizationPolicy shop/cart".
pub fn patterns(f: &Formulas, costly: &Costly, old: &Ruling, new: &Ruling) -> String {
    let mut kinds: BTreeMap<(u8, &str, &str), usize> = BTreeMap::new();
    for test in &costly.tests {
        *kinds.entry(kind(test)).or_default() += 1;
    }
    let counted = kinds.iter().map(|((_, one, many), &number)| match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {many}"),
    });
    let counted: Vec<String> = counted.collect();
    let counted = match counted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => "the conditions".to_owned(),
    };
    let object = busiest([old, new].into_iter().map(|ruling| weights(f, &ruling.clauses, &costly.attribute)));
    format!("{counted} of the {}{}", costly.attribute, mostly(object))
}

/// "the rules that apply to these pods, most of them in AuthorizationPolicy shop/cart".
pub fn rules(old: &Ruling, new: &Ruling) -> String {
    let count = |ruling: &Ruling| {
        let mut weights: Weights = BTreeMap::new();
        for (object, _) in ruling.clauses.iter().filter_map(|clause| clause.at.as_ref()) {
            *weights.entry(object.clone()).or_default() += 1;
        }
        weights
    };
    format!("the rules that apply to these pods{}", mostly(busiest([count(old), count(new)].into_iter())))
}

type Weights = BTreeMap<ObjectRef, usize>;

fn mostly(object: Option<ObjectRef>) -> String {
    object.map(|object| format!(", most of them in {object}")).unwrap_or_default()
}

/// The object with the largest weight; of equal ones the first by name.
fn busiest(sides: impl Iterator<Item = Weights>) -> Option<ObjectRef> {
    let all = sides.flatten().filter(|(_, weight)| *weight > 0);
    let mut best: Option<(ObjectRef, usize)> = None;
    for (object, weight) in all {
        if best.as_ref().is_none_or(|(_, most)| weight > *most) {
            best = Some((object, weight));
        }
    }
    best.map(|(object, _)| object)
}

/// How many patterns of an attribute each object brings in. What several have counts for the first.
fn weights(f: &Formulas, clauses: &[Clause], attribute: &Attribute) -> Weights {
    let mut weights: Weights = BTreeMap::new();
    let mut seen: BTreeSet<Formula> = BTreeSet::new();
    for clause in clauses {
        let Some((object, _)) = &clause.at else { continue };
        let mut open = vec![clause.when];
        while let Some(formula) = open.pop() {
            if !seen.insert(formula) {
                continue;
            }
            match f.node(formula) {
                Node::Not(inner) => open.push(*inner),
                Node::And(parts) | Node::Or(parts) => open.extend(parts),
                Node::Atom(found, _) if found == attribute => *weights.entry(object.clone()).or_default() += 1,
                Node::Constant(_) | Node::Atom(..) => {}
            }
        }
    }
    weights
}

/// What a test is called, one and many, and where it stands among the others.
fn kind(test: &Test) -> (u8, &'static str, &'static str) {
    match test {
        Test::Glob(Glob::Any) | Test::AnyCase(Glob::Any) => (4, "test for presence", "tests for presence"),
        Test::Glob(Glob::Exact(_)) | Test::AnyCase(Glob::Exact(_)) => (3, "value", "values"),
        Test::Glob(Glob::Prefix(_)) | Test::AnyCase(Glob::Prefix(_)) => (1, "prefix", "prefixes"),
        Test::Glob(Glob::Suffix(_)) | Test::AnyCase(Glob::Suffix(_)) => (2, "suffix", "suffixes"),
        Test::LooseSuffix(_) => (2, "suffix", "suffixes"),
        Test::Cidr(_) => (0, "block", "blocks"),
        Test::Template(_) => (0, "template", "templates"),
        Test::Repeats { .. } => (0, "repetition", "repetitions"),
    }
}
