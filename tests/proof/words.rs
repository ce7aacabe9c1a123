//! The smallest strategies: YAML flow text for fields that may be there or not.

use proptest::prelude::*;

/// One of a few texts.
pub fn one(values: &'static [&'static str]) -> BoxedStrategy<String> {
    prop::sample::select(values).prop_map(str::to_owned).boxed()
}

/// A list of one or two of a few texts, each in single quotes.
pub fn some(values: &'static [&'static str]) -> BoxedStrategy<String> {
    prop::sample::subsequence(values, 1..=values.len().min(2)).prop_map(|some| flow(&some)).boxed()
}

/// Texts as a YAML flow sequence of quoted strings.
pub fn flow(values: &[&str]) -> String {
    let quoted: Vec<String> = values.iter().map(|value| format!("'{value}'")).collect();
    format!("[{}]", quoted.join(", "))
}

/// `name: value`, or nothing.
pub fn maybe(percent: u32, name: &'static str, value: BoxedStrategy<String>) -> BoxedStrategy<Option<String>> {
    prop::option::weighted(f64::from(percent) / 100.0, value.prop_map(move |value| format!("{name}: {value}"))).boxed()
}

/// `name: value`.
pub fn always(name: &'static str, value: BoxedStrategy<String>) -> BoxedStrategy<Option<String>> {
    value.prop_map(move |value| Some(format!("{name}: {value}"))).boxed()
}

/// A flow mapping of the fields that are there.
pub fn mapping(fields: Vec<BoxedStrategy<Option<String>>>) -> BoxedStrategy<String> {
    fields.prop_map(|fields| format!("{{{}}}", fields.into_iter().flatten().collect::<Vec<_>>().join(", "))).boxed()
}

/// A flow sequence of items.
pub fn sequence(item: BoxedStrategy<String>, sizes: std::ops::RangeInclusive<usize>) -> BoxedStrategy<String> {
    prop::collection::vec(item, sizes).prop_map(|items| format!("[{}]", items.join(", "))).boxed()
}

/// One of several strategies, each with its weight.
pub fn either(choices: Vec<(u32, BoxedStrategy<String>)>) -> BoxedStrategy<String> {
    prop::strategy::Union::new_weighted(choices).boxed()
}
