//! What is read, what is refused, and where.

use super::*;
use std::sync::Arc;
use std::time::{Duration, Instant};

#[test]
fn a_stream_yields_its_mappings() {
    assert_eq!(
        values("a: 1\n--- # two\nb: [x, 'y']\n---\n# nothing\n---\n- 1\n---\nc: {}\n...\n"),
        [json!({"a": 1}), json!({"b": ["x", "y"]}), json!({"c": {}})]
    );
    for empty in ["", "\n", "# only\n", "---\n", "---\n---\n", "text\n", "- a\n", "\u{feff}"] {
        assert_eq!(values(empty), Vec::<Value>::new(), "{empty:?}");
    }
}

#[test]
fn items_of_a_list_are_objects_and_the_list_is_not() {
    let text = "apiVersion: v1\nkind: List\nitems:\n- kind: A\n- null\n-   kind: B\n    x: |\n      t\n---\nkind: C\n";
    let stream = stream(text);
    let found: Vec<_> = stream.manifests().iter().map(|m| (m.slot(), m.value()["kind"].clone())).collect();
    assert_eq!(
        found,
        [
            (Slot { document: 0, item: Some(0) }, json!("A")),
            (Slot { document: 0, item: Some(2) }, json!("B")),
            (Slot { document: 1, item: None }, json!("C")),
        ]
    );
    assert_eq!(stream.manifests()[1].source(), "kind: B\nx: |\n  t\n");
    assert_eq!(values("apiVersion: v1\nkind: PolicyList\nitems: []\n"), Vec::<Value>::new());
    // Without an array of items it is an object like any other.
    assert_eq!(values("apiVersion: v1\nkind: AccessList\nspec: 1\n").len(), 1);
    assert_eq!(
        codes("apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: List\n  items: []\n"),
        ["nested-list 4:3"]
    );
}

#[test]
fn merge_keys_mean_what_kubectl_reads() {
    let check = |text: &str, expected: Value| assert_eq!(values(text), [expected], "{text}");
    // goyaml.v2 merges in place: over what stands above, under what stands below.
    check("a: 1\n<<: {a: 2, b: 3}\n", json!({"a": 2, "b": 3}));
    check("<<: {a: 2, b: 3}\na: 1\n", json!({"a": 1, "b": 3}));
    check("<<: [{a: 1}, {a: 2, b: 3}]\n", json!({"a": 1, "b": 3}));
    check("\"<<\": {a: 1}\n", json!({"<<": {"a": 1}}));
    check("x: &x {a: 1}\nz:\n  <<: *x\n  b: 2\n", json!({"x": {"a": 1}, "z": {"a": 1, "b": 2}}));
    assert_eq!(codes("<<: 3\n"), ["broken-yaml 1:5"]);
}

#[test]
fn tags_and_keys_mean_what_kubectl_reads() {
    let check = |text: &str, expected: Value| assert_eq!(values(text), [expected], "{text}");
    check(
        "a: ! 12\nb: !!int \"12\"\nc: !foo 1\nd: !!str y\ne: !!str\n",
        json!({"a": "12", "b": 12, "c": "1", "d": "y", "e": ""}),
    );
    check("on: 1\n0x10: 2\n1.10: 3\n'y': 4\n", json!({"true": 1, "16": 2, "1.1": 3, "y": 4}));
    for text in ["null: 1\n", "? [a]\n: 1\n", "a: .inf\n", "a: !!int x\n", "{{ .x }}: 1\n"] {
        assert_eq!(stream(text).manifests().len(), 0, "{text}");
    }
    assert_eq!(codes("a: .inf\n"), ["broken-yaml 1:4"]);
}

#[test]
fn a_broken_document_is_located_and_the_others_are_read() {
    let text = "a: 1\n---\nb: [\n---\nc: \"x\n---\nd: *no\n---\ne:\n\tx: 1\n---\nf: 1\nf: 2\n---\ng: 1\n...\nh: 2\n";
    let stream = stream(text);
    let read: Vec<_> = stream.manifests().iter().map(|m| m.value().clone()).collect();
    assert_eq!(read, [json!({"a": 1}), json!({"g": 1}), json!({"h": 2})]);
    let codes = codes(text);
    assert_eq!(codes.len(), 5, "{codes:?}");
    assert_eq!(codes[0], "broken-yaml 3:4");
    assert_eq!(codes[4], "duplicate-key 13:1");
    assert_tiles(&stream);
}

#[test]
fn hostile_input_is_refused_quickly_where_it_stands() {
    let bomb = (1..9).fold("a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned(), |text, level| {
        let alias = format!("*a{}", level - 1);
        format!("{text}a{level}: &a{level} [{}]\n", [alias.as_str(); 9].join(","))
    });
    let merges = (1..40).fold("a0: &a0 {k0: v}\n".to_owned(), |text, level| {
        format!("{text}a{level}: &a{level} {{<<: [*a{0}, *a{0}], k{level}: v}}\n", level - 1)
    });
    let table = [
        ("bomb", bomb, "alias-bomb 1:1"),
        ("merges", merges, "alias-bomb"),
        ("closed brackets", format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)), "nesting-too-deep 1:"),
        ("open brackets", "[".repeat(100_000), "nesting-too-deep 1:"),
        ("open braces", "{a: ".repeat(50_000), "nesting-too-deep 1:"),
        ("dashes", "- ".repeat(100_000), "nesting-too-deep 1:"),
        ("questions", "? ".repeat(100_000), "nesting-too-deep 1:"),
        ("indents", (0..2_000).map(|n| format!("{}a:\n", " ".repeat(n))).collect(), "nesting-too-deep 1"),
        ("itself", "a: &a [*a]\n".to_owned(), "broken-yaml 1:8"),
        ("nul", "a: 1\n\0\n".to_owned(), "nul-byte 2:1"),
        ("nul in quotes", "a: \"x\0y\"\n---\nb: 1\n".to_owned(), "nul-byte 1:6"),
        ("tab", "a:\n\tb: 1\n".to_owned(), "tab-indentation 2:2"),
    ];
    for (name, text, expected) in table {
        let started = Instant::now();
        let found = codes(&format!("{text}\n---\nok: 1\n"));
        let expected = expected.strip_suffix("1:1").filter(|_| name == "bomb").unwrap_or(expected);
        assert!(found.first().is_some_and(|code| code.starts_with(expected)), "{name}: {found:?}");
        assert!(started.elapsed() < Duration::from_secs(5), "{name} took {:?}", started.elapsed());
    }
}

#[test]
fn deep_but_legal_nesting_is_read_and_written() {
    let nested = |blocks: usize, brackets: usize| {
        let keys: String = (0..blocks).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
        format!("{keys}{}{}{}\n", " ".repeat(blocks), "[".repeat(brackets), "]".repeat(brackets))
    };
    let value = only(&nested(45, 45)).value().clone();
    assert_eq!(values(&emit(&value.clone().into())), [value]);
    assert_eq!(codes(&nested(90, 90)).len(), 1);
    let chain: String = (1..40).map(|level| format!("k{level}: &k{level} [*k{}]\n", level - 1)).collect();
    assert_eq!(values(&format!("k0: &k0 x\n{chain}")).len(), 1);
    let chain: String = (1..500).map(|level| format!("k{level}: &k{level} [*k{}]\n", level - 1)).collect();
    assert_eq!(codes(&format!("k0: &k0 x\n{chain}")).len(), 1);
}

#[test]
fn long_lines_and_many_documents_are_ordinary() {
    let line = format!("a: {}\nb: \"{}\"\n", "x".repeat(5_000_000), "y ".repeat(2_500_000));
    assert_eq!(values(&line).len(), 1);
    assert_eq!(values(&"a: 1\n---\n".repeat(20_000)).len(), 20_000);
    assert_eq!(values(&format!("{}a: 1\n", "# commented out\n".repeat(20_000))).len(), 1);
}

#[test]
fn json_is_read_however_it_is_indented() {
    let text = "{\n\t\"kind\": \"A\",\n\t\"l\": [\n\t\t1,\n\t\t{\"b\":\"\\ud83d\\ude00\\/\"}\n\t]\n}\n";
    assert_eq!(values(text), [json!({"kind": "A", "l": [1, {"b": "😀/"}]})]);
    assert_eq!(values("{\"a\":1,\"b\":{\"c\":null}}"), [json!({"a": 1, "b": {"c": null}})]);
}

#[test]
fn line_ends_and_marks_of_other_systems_are_read() {
    assert_eq!(
        values("\u{feff}a: 1\r\nb:\r\n- c\r\n---\r\nd: |\r\n  x\r\n  y\r\n"),
        [json!({"a": 1, "b": ["c"]}), json!({"d": "x\ny\n"})]
    );
    assert_eq!(only("\u{feff}a: 1\r\n").place("/a").column, 4);
}

#[test]
fn segments_tile_the_file() {
    for text in [
        "a: 1\n",
        "# c\n---\na: 1\n---\n\n# d\n---\nb: 2\n...\n# e\nc: 3\n... # f\n---\nd: 4",
        "%YAML 1.1\n---\na: 1\n",
        "a: [\n---\nb: }\n---\nc: 1\n",
        "%FOO\n%BAR baz\nx\n---\na: 1\n",
        "a\u{0}b\n---\nc: 1\n",
    ] {
        assert_tiles(&stream(text));
    }
}

fn assert_tiles(stream: &Stream) {
    let mut at = 0;
    for segment in stream.segments() {
        assert_eq!(segment.start, at, "{:?}", stream.text);
        assert!(segment.end >= segment.start, "{:?}", stream.text);
        at = segment.end;
    }
    assert_eq!(at, stream.text.len(), "{:?}", stream.text);
}

#[test]
fn templates_are_told_from_text_with_braces() {
    let template = |text: &str| stream(text).is_template().map(|place| (place.line, place.column));
    let check = |text: &str, expected: Option<(usize, usize)>| assert_eq!(template(text), expected, "{text}");
    check("{{- if .Values.mtls }}\napiVersion: v1\n{{- end }}\n", Some((1, 1)));
    check("kind: Policy\nmetadata:\n  name: {{ .x }}\n", Some((3, 9)));
    check("apiVersion: authentication.istio.io/v1alpha1\nspec:\n  targets: [{name: a-{{ .x }}}]\n", Some((3, 22)));
    check("apiVersion: v1\nkind: Service\nmetadata:\n  name: a-{{ .x }}\n", Some((4, 11)));
    check("apiVersion: v1\nkind: Service\nspec:\n  selector:\n    app: a-{{ .x }}\n", Some((5, 12)));
    check("apiVersion: v1\nkind: List\nitems:\n- apiVersion: rbac.istio.io/v1\n  spec: {{ .b }}\n", Some((5, 9)));
    check("a: 'b'\nmetadata:\n  {{- include \"x\" . | nindent 4 }}\n", Some((3, 3)));
    // Text.
    check("apiVersion: authentication.istio.io/v1alpha1\nspec:\n  targets: [{name: \"{{ .x }}\"}]\n", None);
    check("a: 1\n# {{ if }}\nb: 1\n", None);
    check("apiVersion: v1\nkind: ConfigMap\ndata:\n  d: |\n    {{ $x }}\n  e: 'a {{ b }}'\n", None);
    check("apiVersion: v1\nkind: ConfigMap\ndata:\n  d.json: '{\n\n  \"title\": \"{{ pod }}\"\n\n  }'\n", None);
    check("apiVersion: monitoring.coreos.com/v1\nspec:\n  labels: {a: '{{ $b }}'}\n  text: up {{ $c }}\n", None);
    check("apiVersion: v1\nkind: Pod\nmetadata:\n  annotations: {a: '{{ b }}'}\nspec: {args: ['{{.x}}']}\n", None);
    check("apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  data: {a: '{{ b }}'}\n", None);
    check("apiVersion: v1\nkind: List\nitems:\n- apiVersion: rbac.istio.io/v1\n  spec: {a: '{{ b }}'}\n", None);
    // Broken for another reason: a template would hide an error.
    for text in [
        "a: [ # {{ no }}\nb: '{{ c }}'\n",
        "a: |\n  {{ b }}\n  c\nd: e: f\n",
        "a: b: c\nd: e\nf: |\n  {{ g }}\n",
        "a: |\n  {{ b }}\na: c\n",
    ] {
        check(text, None);
        assert_eq!(codes(text).len(), 1, "{text}");
    }
    let ytt = stream("#@ load(\"@ytt:data\", \"data\")\na: #@ data.values.a\n");
    assert_eq!(ytt.template_language(), Some(TemplateLanguage::Ytt));
    assert_eq!(ytt.is_template().map(|place| (place.line, place.column)), Some((1, 1)));
    check("a: 1 #@ data.values.a\n", Some((1, 6)));
    check("a: |\n  #@ text\nb: '#@ text'\n#! a comment\n", None);
    // A template has neither objects nor findings.
    let templated = stream("a: 1\n---\n{{ end }}\nb: [\n");
    assert!(templated.is_template().is_some());
    assert_eq!((templated.manifests().len(), templated.findings.len()), (0, 0));
}

#[test]
fn manifests_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + Clone>() {}
    shared::<Manifest>();
}

#[test]
fn a_document_that_breaks_in_the_middle_is_broken_as_a_whole() {
    for text in [" a: b\na: c\n---\nk: v\n", "--- {a: b} }\n---\nk: v\n", "a: b\n...\n--- [c] d\n---\nk: v\n"] {
        let stream = Stream::parse("a.yaml", Arc::from(text));
        assert_eq!(stream.findings.len(), 1, "{text}");
        let whole = stream.manifests().iter().filter(|manifest| manifest.value().get("k").is_none()).count();
        assert_eq!(whole, usize::from(text.contains("...")), "no half of a document is an object: {text}");
    }
}
