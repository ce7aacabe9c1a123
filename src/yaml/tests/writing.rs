//! What is written is read back: by our own reader here, by kubectl while this was developed.

use super::*;
use proptest::prelude::*;

/// Strings that one YAML reader or another takes for something else.
pub(super) const HOSTILE: &[&str] = &[
    "",
    " ",
    "  ",
    "a ",
    " a",
    "y",
    "Y",
    "n",
    "N",
    "yes",
    "Yes",
    "YES",
    "no",
    "No",
    "NO",
    "on",
    "On",
    "ON",
    "off",
    "Off",
    "OFF",
    "true",
    "True",
    "TRUE",
    "false",
    "False",
    "FALSE",
    "null",
    "Null",
    "NULL",
    "~",
    "<<",
    "=",
    "*",
    "*a",
    "&a",
    "!a",
    "!!str a",
    "|",
    ">",
    "|-",
    "> a",
    "%",
    "%a",
    "@",
    "@a",
    "`",
    "`a",
    "'",
    "''",
    "'a'",
    "it's",
    "\"",
    "\"a\"",
    "a\"b",
    "\\",
    "a\\b",
    "\\n",
    "#",
    "# a",
    "a #b",
    "a# b",
    "a#b",
    "a # b",
    ":",
    ": a",
    "a:",
    "a: b",
    "a:b",
    "a :b",
    "::1",
    "-",
    "--",
    "---",
    "--- a",
    "...",
    "... a",
    "- a",
    "-a",
    "-1",
    "?",
    "? a",
    "?a",
    ",",
    ",a",
    "a,b",
    "[",
    "[]",
    "[a]",
    "]",
    "a]",
    "{",
    "{}",
    "{a}",
    "}",
    "a}",
    "{{ .x }}",
    "a {{ .x }}",
    "0",
    "00",
    "012",
    "08",
    "0o7",
    "0x1F",
    "0X1f",
    "0b11",
    "0b-1",
    "-0b1",
    "1_000",
    "1_",
    "1__0",
    "_1",
    "+1",
    "1.",
    "1.0",
    ".5",
    ".5_4",
    "._5",
    "1e3",
    "1E3",
    "1e",
    "e1",
    "685_230.15",
    "0b1010_0111",
    "18446744073709551616",
    ".inf",
    "-.inf",
    "+.INF",
    ".nan",
    ".NaN",
    "1:30",
    "190:20:30",
    "190:20:30.15",
    "2001-01-01",
    "2001-12-14t21:59:43.10-05:00",
    "1.2.3.4",
    "10.0.0.0/8",
    "fe80::1",
    "/a/*",
    "*/a",
    "a*",
    "*.example.com",
    "^a$",
    "a\tb",
    "\ta",
    "a\t",
    "a\nb",
    "a\nb\n",
    "a\n\nb",
    "a\n",
    "\na",
    "\n",
    "\n\n",
    "a\n\n",
    "a\nb\n\n",
    " a\nb",
    "a\n b",
    "a\n  b\n c\n",
    "a\n\tb",
    "a \nb ",
    "a\n \nb",
    "# a\nb",
    "---\na",
    "a\n---\nb",
    "a\n# b\nc",
    "a\r\nb",
    "a\rb",
    "\r",
    "\u{0}",
    "a\u{7}b",
    "\u{1b}[0m",
    "\u{7f}",
    "\u{80}",
    "\u{85}",
    "a\u{85}b",
    "\u{a0}",
    "\u{2028}",
    "a\u{2029}b",
    "\u{feff}",
    "a\u{feff}",
    "\u{fffe}",
    "é",
    "日本",
    "😀",
    "😀: x",
    "a: |\n  b",
    "spiffe://cluster.local/ns/a/sa/b",
    "request.headers[:path]",
    "cluster.local/ns/*/sa/x",
];

fn check(value: &Value) {
    let text = emit(&Tree::from(value.clone()));
    assert!(text.ends_with('\n'), "{text}");
    assert_eq!(values(&text), std::slice::from_ref(value), "{text}");
}

#[test]
fn hostile_strings_are_read_back_as_values_keys_and_items() {
    for text in HOSTILE {
        check(&json!({"k": text}));
        check(&json!({*text: "v", "z": 1}));
        check(&json!({"k": [text, {*text: text}, [text]], "m": {*text: {"x": text}}}));
    }
}

#[test]
fn ordinary_strings_stay_bare() {
    for text in
        ["a", "a-b", "GET", "/a/b", "10.0.0.0/8", "a b", "cluster.local/ns/x", "v1", "a:b", "it's", "a#b", "http://x/y"]
    {
        assert_eq!(emit(&Tree::from(json!({"k": text}))), format!("k: {text}\n"));
    }
    assert_eq!(emit(&Tree::from(json!({"k": ["*", "8080", "*\"b"]}))), "k:\n- \"*\"\n- \"8080\"\n- '*\"b'\n");
}

#[test]
fn long_keys_are_announced() {
    check(&json!({"k".repeat(1500): {"a": ["x"]}, "日".repeat(1001): 1, "b": 2}));
}

#[test]
fn the_style_is_that_of_kubernetes() {
    let value = json!({
        "apiVersion": "v1", "spec": {"rules": [{"from": [{"source": {"principals": ["*"]}}], "m": 1}, [], {}, [["a"], "b"]],
        "text": "a\nb\n", "empty": {}, "none": null, "yes": true}
    });
    let expected = "\
apiVersion: v1
spec:
  rules:
  - from:
    - source:
        principals:
        - \"*\"
    m: 1
  - []
  - {}
  - - - a
    - b
  text: |
    a
    b
  empty: {}
  none: null
  \"yes\": true
";
    assert_eq!(emit(&Tree::from(value)), expected);
}

#[test]
fn notes_are_written_beside_their_entries() {
    let note = |head: &[&str], side: Option<&str>| Notes {
        head: head.iter().map(|line| (*line).to_owned()).collect(),
        side: side.map(str::to_owned),
    };
    let leaf = |text: &str| Tree::Scalar(text.into());
    let item = Tree::Map(vec![
        (note(&["# first key"], Some("# k")), "k".into(), leaf("v")),
        (note(&["two\nlines"], Some("# block")), "t".into(), leaf("a\nb")),
    ]);
    let tree = Tree::Map(vec![
        (
            note(&["# head"], Some("# list")),
            "l".into(),
            Tree::Seq(vec![(note(&["# item"], Some("# beside")), item), (note(&[], Some("# x")), leaf("x"))]),
        ),
        (note(&[], Some("bad\u{0}one")), "e".into(), Tree::Seq(vec![])),
    ]);
    let expected = "\
# head
l: # list
# item
# beside
# first key
- k: v # k
  # two
  # lines
  t: |- # block
    a
    b
- x # x
e: [] # bad one
";
    let text = emit(&tree);
    assert_eq!(text, expected);
    assert_eq!(values(&text), [value_of(&tree)]);
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e9..1e9_f64).prop_map(Value::from),
        text().prop_map(Value::from),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::sample::select(HOSTILE).prop_map(str::to_owned),
        "[-+.:_0-9a-fxoeE]{0,8}",
        "[ \\-:#,'\"\\[\\]{}&*!|>%@`?a\\\\\n\t]{0,10}",
        any::<String>(),
    ]
}

fn tree() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((text(), inner), 0..4)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

/// 8080.0 and 8080 are the same to Kubernetes and are written alike.
fn settled(value: Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => resolve_plain(&number.to_string()),
        Value::Array(items) => items.into_iter().map(settled).collect(),
        Value::Object(map) => Value::Object(map.into_iter().map(|(key, value)| (key, settled(value))).collect()),
        other => other,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_back(value in tree()) {
        let value = settled(json!({ "k": value }));
        let text = emit(&Tree::from(value.clone()));
        let stream = stream(&text);
        prop_assert_eq!(&stream.findings, &[]);
        prop_assert_eq!(stream.manifests().iter().map(|m| m.value().clone()).collect::<Vec<_>>(), [value], "{}", text);
    }

    #[test]
    fn no_list_makes_the_rewriter_fail(text in "[-?:,\\[\\]{}#&*!|>'\" \n\ta-c<]{0,40}", crlf in any::<bool>()) {
        let text = format!("apiVersion: v1\nkind: List\nitems:\n- a: 1\n{text}\n- b: 2\n");
        let stream = stream(&if crlf { text.replace('\n', "\r\n") } else { text });
        for manifest in stream.manifests() {
            let change = Replacement::Objects(vec![json!({"k": 1}).into(), json!({"l": 2}).into()]);
            let text = rewrite(&stream, &std::collections::BTreeMap::from([(manifest.slot(), change)]));
            let again = super::stream(&text);
            prop_assert_eq!(&again.findings, &[], "{:?} from {:?}", text, stream.text);
            prop_assert_eq!(again.manifests().len(), stream.manifests().len() + usize::from(manifest.slot().item.is_some()), "{:?} from {:?}", text, stream.text);
        }
    }

    #[test]
    fn no_text_makes_the_reader_fail(text in "[-?:,\\[\\]{}#&*!|>'\"%@` \n\r\ta-c0\u{0}\u{feff}<.]{0,60}") {
        let stream = stream(&text);
        let mut at = 0;
        for segment in stream.segments() {
            prop_assert_eq!(segment.start, at);
            prop_assert!(segment.end >= segment.start);
            at = segment.end;
        }
        prop_assert!(at == text.len() || at == 0);
        for manifest in stream.manifests() {
            manifest.source();
            manifest.unclaimed_comments(&[]);
            manifest.place("/a/0/b");
            let slot = manifest.slot();
            for change in [Replacement::Objects(vec![json!({"k": 1}).into()]), Replacement::Comment(vec!["x".into()])] {
                rewrite(&stream, &std::collections::BTreeMap::from([(slot, change)]));
            }
        }
    }
}
