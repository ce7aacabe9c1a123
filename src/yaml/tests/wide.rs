//! Mappings with so many keys that they are found through an index.

use super::*;
use std::fmt::Write as _;
use std::time::Instant;

/// A document with `count` keys in one mapping.
fn document(count: usize, separator: &str, key: &str) -> String {
    let mut text = String::from("spec: {");
    for number in 0..count {
        let _ = write!(text, "{key}{number}: x,{separator}");
    }
    text + "}\n"
}

#[test]
fn a_key_among_many_is_found_where_it_stands() {
    let manifest = only(&document(100, "\n ", "k"));
    assert_eq!(manifest.key_place("/spec/k0").line, 1);
    assert_eq!(manifest.key_place("/spec/k99").line, 100);
    assert_eq!(manifest.key_place("/spec/none"), manifest.key_place("/spec"));
}

#[test]
fn among_many_keys_spellings_and_merges_are_found_as_among_few() {
    let filler: String = (0..50).map(|number| format!("  f{number}: 1\n")).collect();
    for filler in ["", &filler] {
        let text = format!(
            "base: &b\n  from_base: 1\n  own_key: 2\nspec:\n{filler}  <<: *b\n  own_key: 3\n  both_ways: 4\n  bothWays: 5\n"
        );
        let manifest = only(&text);
        let line =
            |pointer: &str| text.lines().nth(manifest.key_place(pointer).line - 1).map(str::trim).unwrap_or_default();
        assert_eq!(line("/spec/fromBase"), "from_base: 1");
        assert_eq!(line("/spec/ownKey"), "own_key: 3");
        assert_eq!(line("/spec/both_ways"), "both_ways: 4");
        assert_eq!(line("/spec/bothWays"), "bothWays: 5");
    }
}

#[test]
fn columns_of_a_long_line_count_characters() {
    let text = document(5_000, " ", "é");
    let manifest = only(&text);
    for number in [0, 1, 999, 4_999] {
        let name = format!("é{number}: ");
        let at = text.find(&name).expect("there");
        assert_eq!(manifest.key_place(&format!("/spec/é{number}")).column, text[..at].chars().count() + 1);
    }
}

/// Twice as many keys take about twice as long, not four times: 40,000 look-ups in a mapping of 40,000 keys took minutes.
#[test]
fn looking_up_every_key_takes_time_in_proportion() {
    for (separator, key) in [("\n ", "k"), (" ", "é")] {
        let manifest = only(&document(40_000, separator, key));
        let begin = Instant::now();
        let lines: usize = (0..40_000).map(|n| manifest.key_place(&format!("/spec/{key}{n}")).column).sum();
        assert!(lines > 0);
        assert!(begin.elapsed().as_secs() < 60, "{:?}", begin.elapsed());
    }
}
