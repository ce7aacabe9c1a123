//! Rewriting touches nothing but what it replaces.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn object(value: Value) -> Replacement {
    Replacement::Objects(vec![value.into()])
}

fn objects(values: &[Value]) -> Replacement {
    Replacement::Objects(values.iter().cloned().map(Tree::from).collect())
}

fn gone(text: &str) -> Replacement {
    Replacement::Comment(vec![text.to_owned()])
}

fn check(text: &str, document: usize, item: Option<usize>, replacement: Replacement, expected: &str) {
    check_all(text, &[(document, item, replacement)], expected);
}

fn check_all(text: &str, changes: &[(usize, Option<usize>, Replacement)], expected: &str) {
    let changes =
        changes.iter().map(|(document, item, r)| (Slot { document: *document, item: *item }, r.clone())).collect();
    let rewritten = rewrite(&stream(text), &changes);
    assert_eq!(rewritten, expected, "from {text:?}");
    assert_eq!(stream(&rewritten).findings, [], "{rewritten}");
}

#[test]
fn only_the_body_of_a_document_changes() {
    let text =
        "# top\n--- # mark\n# lead\nkind: A # a\nspec:\n  x: |\n    y\n\n# tail\n...\n# next\n---\nkind:   'B'\n";
    check(text, 0, None, object(json!({"k": 1})), &text.replace("kind: A # a\nspec:\n  x: |\n    y\n", "k: 1\n"));
    check(
        text,
        0,
        None,
        objects(&[json!({"k": 1}), json!({"l": 2})]),
        &text.replace("kind: A # a\nspec:\n  x: |\n    y\n", "k: 1\n---\nl: 2\n"),
    );
    check(text, 1, None, gone("inert"), &text.replace("kind:   'B'\n", "# inert\n"));
}

#[test]
fn odd_files_keep_their_oddities() {
    check(
        "\u{feff}a: 1\r\n--- # c\r\nb: 2",
        0,
        None,
        object(json!({"k": [1]})),
        "\u{feff}k:\r\n- 1\r\n--- # c\r\nb: 2",
    );
    check(
        "\u{feff}a: 1\r\n--- # c\r\nb: 2",
        1,
        None,
        object(json!({"k": [1]})),
        "\u{feff}a: 1\r\n--- # c\r\nk:\r\n- 1",
    );
    check("--- {a: 1} # c\n---\nb: 2\n", 0, None, object(json!({"k": 1})), "--- \nk: 1\n---\nb: 2\n");
    check("  a: 1\n  b: 2\n", 0, None, object(json!({"k": 1, "l": 2})), "k: 1\nl: 2\n");
    check("--- !x\na: 1\n", 0, None, object(json!({"k": 1})), "--- \nk: 1\n");
    check("a: 1\nb:\n# tail\n", 0, None, object(json!({"k": 1})), "k: 1\n# tail\n");
    // A literal block needs its last line break.
    check("a: 1", 0, None, object(json!({"k": "x\ny\n"})), "k: |\n  x\n  y\n");
}

const LIST: &str = "\
apiVersion: v1
kind: List
items: # the items
# one
- kind: A # a
  x: 1
  # tail of one
-   kind: B
    y: 2
- # three
  kind: C
metadata: {}
";

#[test]
fn items_of_a_list_are_replaced_at_their_own_indentation() {
    check(
        LIST,
        0,
        Some(0),
        objects(&[json!({"k": [1]}), json!({"l": 2})]),
        &LIST.replace("- kind: A # a\n  x: 1\n", "- k:\n  - 1\n- l: 2\n"),
    );
    check(
        LIST,
        0,
        Some(1),
        object(json!({"k": 1, "l": 2})),
        &LIST.replace("-   kind: B\n    y: 2\n", "- k: 1\n  l: 2\n"),
    );
    check(LIST, 0, Some(2), object(json!({"k": 1})), &LIST.replace("- # three\n  kind: C\n", " # three\n- k: 1\n"));
    check(LIST, 0, Some(1), gone("inert"), &LIST.replace("-   kind: B\n    y: 2\n", "# inert\n"));
    let nested = "apiVersion: v1\nkind: List\nitems:\n  - kind: A\n  - kind: B";
    check(
        nested,
        0,
        Some(1),
        objects(&[json!({"k": {"x": 1}}), json!({"l": 2})]),
        &nested.replace("  - kind: B", "  - k:\n      x: 1\n  - l: 2"),
    );
    check(nested, 0, Some(0), gone("a\nb"), &nested.replace("  - kind: A\n", "  # a\n  # b\n"));
}

#[test]
fn a_list_that_loses_all_items_is_empty_and_not_null() {
    check_all(
        LIST,
        &[(0, Some(0), gone("a")), (0, Some(1), gone("b")), (0, Some(2), gone("c"))],
        "apiVersion: v1\nkind: List\nitems: [] # the items\n# one\n# a\n  # tail of one\n# b\n # three\n# c\nmetadata: {}\n",
    );
    check(
        "apiVersion: v1\nkind: List\nitems:\n- a: 1\n",
        0,
        Some(0),
        gone("x"),
        "apiVersion: v1\nkind: List\nitems: []\n# x\n",
    );
}

#[test]
fn items_in_flow_style_stay_in_flow_style() {
    let text = "apiVersion: v1\nkind: List\nitems: [{a: 1}, {b: 2}, {c: 3}] # c\n";
    let flow = |items: &str| format!("apiVersion: v1\nkind: List\nitems: [{items}] # c\n");
    check(
        text,
        0,
        Some(1),
        objects(&[json!({"k": "on"}), json!({"l": 2})]),
        &flow("{a: 1}, {\"k\":\"on\"}, {\"l\":2}, {c: 3}"),
    );
    check(text, 0, Some(0), gone("x"), &flow("{b: 2}, {c: 3}"));
    check(text, 0, Some(2), gone("x"), &flow("{a: 1}, {b: 2}"));
    check_all(text, &[(0, Some(1), gone("x")), (0, Some(2), gone("x"))], &flow("{a: 1}"));
    check_all(
        text,
        &[(0, Some(0), gone("x")), (0, Some(1), object(json!({"k": 1}))), (0, Some(2), gone("x"))],
        &flow("{\"k\":1}"),
    );
    check_all(text, &[(0, Some(0), gone("x")), (0, Some(1), gone("x")), (0, Some(2), gone("x"))], &flow(""));
    check(
        "{apiVersion: v1, kind: List, items: [{a: 1},]}\n",
        0,
        Some(0),
        gone("x"),
        "{apiVersion: v1, kind: List, items: []}\n",
    );
    let mixed = "apiVersion: v1\nkind: List\nitems:\n- {a: 1} # c\n- {b: 2}\n";
    check(mixed, 0, Some(0), object(json!({"k": 1})), &mixed.replace("- {a: 1} # c", "- k: 1"));
}

#[test]
fn json_stays_json() {
    let text = "{\n    \"kind\": \"A\",\n    \"x\": [1]\n}\n";
    check(
        text,
        0,
        None,
        object(json!({"k": {"l": "\u{7f}"}})),
        "{\n    \"k\": {\n        \"l\": \"\\u007f\"\n    }\n}\n",
    );
    let list = "{\n    \"apiVersion\": \"v1\",\n    \"kind\": \"List\",\n    \"items\": [\n        {\n            \"k\": 1\n        },\n        {\n            \"l\": 2\n        }\n    ]\n}\n";
    check(text, 0, None, objects(&[json!({"k": 1}), json!({"l": 2})]), list);
    check(text, 0, None, gone("x"), "{\n    \"apiVersion\": \"v1\",\n    \"kind\": \"List\",\n    \"items\": []\n}\n");
    check(
        list,
        0,
        Some(0),
        objects(&[json!({"a": 1}), json!({"b": 2})]),
        &list.replace(
            "{\n            \"k\": 1\n        }",
            "{\n            \"a\": 1\n        },\n        {\n            \"b\": 2\n        }",
        ),
    );
    check(list, 0, Some(1), gone("x"), &list.replace(",\n        {\n            \"l\": 2\n        }", ""));
    check("{\"kind\":\"A\"}", 0, None, object(json!({"k": 1})), "{\"k\":1}");
    check("{\r\n\t\"kind\": \"A\"\r\n}\r\n", 0, None, object(json!({"k": 1})), "{\r\n\t\"k\": 1\r\n}\r\n");
}

#[test]
fn aliases_of_what_goes_keep_their_value() {
    let text =
        "apiVersion: v1\nkind: List\nitems:\n- kind: A\n  l: &l {on: [x]}\n- kind: B\n  l: *l\n  m:\n    <<: *l\n";
    check(
        text,
        0,
        Some(0),
        object(json!({"k": 1})),
        "apiVersion: v1\nkind: List\nitems:\n- k: 1\n- kind: B\n  l: {\"true\":[\"x\"]}\n  m:\n    <<: {\"true\":[\"x\"]}\n",
    );
}

#[test]
fn a_broken_document_is_kept_byte_for_byte() {
    let text = "a: [\n---\nb: 1\n";
    let changes =
        BTreeMap::from([(Slot { document: 0, item: None }, gone("x")), (Slot { document: 1, item: None }, gone("y"))]);
    assert_eq!(rewrite(&stream(text), &changes), "a: [\n---\n# y\n");
}

/// Documents with their bodies, and what stands between them.
fn parts() -> impl Strategy<Value = (Vec<String>, Vec<String>, String)> {
    let body = prop_oneof![
        Just("kind: A\nspec:\n  # in\n  x: |\n    t\n\n  y: [1, # f\n    2]"),
        Just("kind: B # side"),
        Just("{kind: C, x: [a]}"),
        Just("kind: D\nlast:"),
        Just("? kind\n: E\nt: >-\n  f\n  g"),
        Just("kind: \"F\"\nm: &m {a: 1}\nn: *m"),
        Just("apiVersion: v1\nkind: List\nitems:\n- kind: G\n- kind: H # h"),
        Just("kind: 'I'\nx:\n- a\n\n- b"),
    ];
    let separator = prop_oneof![
        Just("---\n"),
        Just("--- # c\n"),
        Just("...\n---\n"),
        Just("# before\n\n---\n# after\n"),
        Just("... # end\n# between\n--- \n\n"),
        Just("\n\n---   # x\n"),
    ];
    let top = prop_oneof![Just(""), Just("---\n"), Just("# top\n\n"), Just("\u{feff}"), Just("# t\n--- # m\n# l\n")];
    (
        proptest::collection::vec(body.prop_map(str::to_owned), 1..5),
        proptest::collection::vec(separator.prop_map(str::to_owned), 4),
        top.prop_map(str::to_owned),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_rewrite_leaves_every_other_document_alone(
        (bodies, separators, top) in parts(),
        crlf in any::<bool>(),
        final_newline in any::<bool>(),
        chosen in 0..4_usize,
        count in 0..3_usize,
    ) {
        let mut text = top;
        for (index, body) in bodies.iter().enumerate() {
            text.push_str(body);
            if index + 1 < bodies.len() {
                text.push('\n');
                text.push_str(&separators[index]);
            }
        }
        if final_newline { text.push('\n'); }
        if crlf { text = text.replace('\n', "\r\n"); }
        let before = stream(&text);
        prop_assert_eq!(&before.findings, &[], "{:?}", text);
        prop_assert_eq!(before.segments().len(), bodies.len(), "{:?}", text);
        prop_assert_eq!(rewrite(&before, &BTreeMap::new()), text.clone());

        let slots: Vec<Slot> = before.manifests().iter().map(Manifest::slot).collect();
        let slot = slots[chosen % slots.len()];
        let new: Vec<Value> = (0..count).map(|n| json!({"kind": format!("New{n}"), "x": ["*", {"y": "a\nb\n"}]})).collect();
        let change = if new.is_empty() { gone("inert") } else { objects(&new) };
        let after = rewrite(&before, &BTreeMap::from([(slot, change)]));
        prop_assert_eq!(after.contains('\r') && after.replace("\r\n", "").contains('\n'), false, "{:?}", after);

        // The objects: the others, and the new ones in the old one's place.
        let again = stream(&after);
        prop_assert_eq!(&again.findings, &[], "{:?}", after);
        let expected: Vec<Value> = before.manifests().iter()
            .flat_map(|m| if m.slot() == slot { new.clone() } else { vec![m.value().clone()] })
            .collect();
        let found: Vec<Value> = again.manifests().iter().map(|m| m.value().clone()).collect();
        prop_assert_eq!(found, expected, "{:?}", after);

        // The bytes: everything before and behind the segment, and every comment outside of the object.
        let segment = before.segments()[slot.document];
        prop_assert!(after.starts_with(&text[..segment.start]), "{:?}", after);
        prop_assert!(after.ends_with(&text[segment.end..]), "{:?}", after);
        let removed = before.manifests().iter().find(|m| m.slot() == slot).map(|m| m.unclaimed_comments(&[])).unwrap_or_default();
        let comments = |text: &str| text.matches('#').count();
        prop_assert_eq!(comments(&after), comments(&text) - removed.len() + usize::from(new.is_empty()), "{:?}", after);
    }
}

#[test]
fn an_empty_block_scalar_ends_before_the_next_document() {
    for text in ["a: >\n  \u{85}\n---\nb: 1\n", "a: >\n---\nb: 1\n", "a: |-\n\n---\nb: 1\n", "a: |+\n---\nb: 1\n"] {
        let rewritten =
            rewrite(&stream(text), &BTreeMap::from([(Slot { document: 0, item: None }, object(json!({"k": 1})))]));
        assert_eq!(super::stream(&rewritten).manifests().len(), 2, "{rewritten}");
        assert!(rewritten.starts_with("k: 1\n") && rewritten.ends_with("---\nb: 1\n"), "{rewritten}");
    }
}

#[test]
fn a_last_item_without_a_value_goes_with_its_document() {
    for (text, rest) in [
        ("a:\n  b:\n  - 1\n  # c\n  - ", ""),
        ("a:\n  - # c\n\n  -\n---\nb: 1\n", "---\nb: 1\n"),
        ("a:\n  b: # c\n# d\n", "# d\n"),
    ] {
        let rewritten =
            rewrite(&stream(text), &BTreeMap::from([(Slot { document: 0, item: None }, object(json!({"k": 1})))]));
        assert!(rewritten.starts_with("k: 1") && rewritten.ends_with(rest), "{rewritten}");
        assert_eq!(super::stream(&rewritten).findings, [], "{rewritten}");
    }
}

#[test]
fn a_carriage_return_alone_breaks_a_line() {
    let rewritten = rewrite(
        &stream("# c\r  a: b\r"),
        &BTreeMap::from([(Slot { document: 0, item: None }, object(json!({"k": 1})))]),
    );
    assert_eq!(rewritten, "# c\rk: 1\r");
}

#[test]
fn a_byte_order_mark_before_an_indented_document_stays() {
    check("\u{feff}  a: 1\n  b: 2\n", 0, None, object(json!({"k": 1, "l": 2})), "\u{feff}k: 1\nl: 2\n");
}
