//! Texts in order, so that whatever begins with one of them is a range, and the longest one that begins a word is found
//! without trying all. Ends are the same for texts read backwards.

use std::ops::Range;

/// Where a text is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// From its first character.
    Forwards,
    /// From its last character.
    Backwards,
}

/// A set of texts.
#[derive(Clone, Debug)]
pub struct Nesting {
    reading: Reading,
    /// In order, without duplicates, as they are read.
    keys: Vec<Vec<u8>>,
    /// For each the position after the last one that it begins.
    ends: Vec<usize>,
    /// For each the longest other one that begins it.
    parents: Vec<Option<usize>>,
}

impl Nesting {
    /// Sorts the texts and sweeps over them once.
    pub fn new<'a>(texts: impl IntoIterator<Item = &'a str>, reading: Reading) -> Nesting {
        let mut keys: Vec<Vec<u8>> = texts.into_iter().map(|text| read(text, reading)).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut ends = vec![keys.len(); keys.len()];
        let mut parents = vec![None; keys.len()];
        // What begins the key at hand, shortest first.
        let mut open: Vec<usize> = Vec::new();
        for (index, key) in keys.iter().enumerate() {
            while let Some(&last) = open.last() {
                if keys.get(last).is_some_and(|outer| key.starts_with(outer)) {
                    break;
                }
                if let Some(end) = ends.get_mut(last) {
                    *end = index;
                }
                open.pop();
            }
            if let Some(parent) = parents.get_mut(index) {
                *parent = open.last().copied();
            }
            open.push(index);
        }
        Nesting { reading, keys, ends, parents }
    }

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// The text at a position.
    pub fn text(&self, index: usize) -> String {
        let mut bytes = self.keys.get(index).cloned().unwrap_or_default();
        if self.reading == Reading::Backwards {
            bytes.reverse();
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Where a text stands.
    pub fn position(&self, text: &str) -> Option<usize> {
        self.keys.binary_search(&read(text, self.reading)).ok()
    }

    /// Those that begin (backwards: end) with `text`, which is one of them.
    pub fn within(&self, text: &str) -> Option<Range<usize>> {
        let index = self.position(text)?;
        Some(index..self.ends.get(index).copied()?)
    }

    /// The longest that begins (backwards: ends) `word`.
    pub fn innermost(&self, word: &str) -> Option<usize> {
        let key = read(word, self.reading);
        let mut next = self.keys.partition_point(|other| *other <= key).checked_sub(1);
        while let Some(index) = next {
            if self.keys.get(index).is_some_and(|outer| key.starts_with(outer)) {
                return Some(index);
            }
            next = self.parents.get(index).copied().flatten();
        }
        None
    }

    /// All that begin (backwards: end) `word`, longest first.
    pub fn around(&self, word: &str) -> impl Iterator<Item = usize> {
        std::iter::successors(self.innermost(word), |&index| self.parents.get(index).copied().flatten())
    }
}

fn read(text: &str, reading: Reading) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    if reading == Reading::Backwards {
        bytes.reverse();
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn ranges_and_longest_beginnings_are_those_of_a_plain_search(
            texts in prop::collection::vec("[abé]{0,4}", 0..8),
            word in "[abé]{0,6}",
        ) {
            for reading in [Reading::Forwards, Reading::Backwards] {
                let begins = |outer: &str, inner: &str| match reading {
                    Reading::Forwards => inner.starts_with(outer),
                    Reading::Backwards => inner.ends_with(outer),
                };
                let nesting = Nesting::new(texts.iter().map(String::as_str), reading);
                let all: Vec<String> = (0..nesting.len()).map(|index| nesting.text(index)).collect();
                for text in &texts {
                    let range = nesting.within(text).unwrap();
                    for (index, other) in all.iter().enumerate() {
                        prop_assert_eq!(range.contains(&index), begins(text, other));
                    }
                }
                let around: Vec<String> = nesting.around(&word).map(|index| nesting.text(index)).collect();
                let mut expected: Vec<String> = all.iter().filter(|text| begins(text, &word)).cloned().collect();
                expected.sort_by_key(|text| std::cmp::Reverse(text.len()));
                prop_assert_eq!(around, expected);
            }
        }
    }
}
