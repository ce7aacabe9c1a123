//! Where things stand, and whose comment is whose.

use super::*;

const TEXT: &str = "\
# above the object
apiVersion: x/v1 # version
kind: A
spec:
  # about rules
  rules:
  # the first rule
  - service_names: [\"a\"] # names
    methods:
    - GET # read
    # write
    - PUT
    empty:
  - paths: [
      \"/x\", # ex
    ] # closed
  # not a rule
  last: |  # block
    text # no comment
# after
";

#[test]
fn pointers_find_their_places() {
    let object = only(TEXT);
    let check = |pointer: &str, value: (usize, usize), key: (usize, usize)| {
        let (at, key_at) = (object.place(pointer), object.key_place(pointer));
        assert_eq!((at.line, at.column), value, "{pointer}");
        assert_eq!((key_at.line, key_at.column), key, "key of {pointer}");
    };
    check("", (2, 1), (2, 1));
    check("/kind", (3, 7), (3, 1));
    check("/spec/rules", (7 + 1, 3), (6, 3));
    check("/spec/rules/0", (8, 5), (8, 5));
    check("/spec/rules/0/service_names", (8, 20), (8, 5));
    check("/spec/rules/0/serviceNames/0", (8, 21), (8, 21));
    check("/spec/rules/0/methods/1", (12, 7), (12, 7));
    // A missing value stands at its key.
    check("/spec/rules/0/empty", (13, 5), (13, 5));
    // The nearest existing ancestor.
    check("/spec/rules/7/x", (8, 3), (6, 3));
    check("/spec/last", (18, 9), (18, 3));
    assert_eq!(&TEXT[object.place("/spec/last").span.range()], "|  # block\n    text # no comment");
    assert_eq!(&TEXT[object.place("/spec/rules/1").span.range()], "paths: [\n      \"/x\", # ex\n    ]");
}

#[test]
fn aliases_stand_where_they_are_used_and_merges_where_they_are_defined() {
    let object = only("b: &b\n  x: 1\nc: *b\nd:\n  <<: *b\n  z: 2\n");
    assert_eq!(object.place("/c").line, 3);
    assert_eq!(object.place("/c/x").line, 2);
    assert_eq!(object.place("/d/x").line, 2);
    assert_eq!(object.place("/d/z").line, 6);
}

#[test]
fn comments_belong_to_one_entry_each() {
    let object = only(TEXT);
    let check = |pointer: &str, head: &[&str], side: Option<&str>| {
        let notes = object.notes(pointer);
        assert_eq!(
            (notes.head, notes.side.as_deref()),
            (head.iter().map(|s| (*s).to_owned()).collect(), side),
            "{pointer}"
        );
    };
    check("/apiVersion", &[], Some("# version"));
    check("/spec/rules", &["# about rules"], None);
    check("/spec/rules/0", &["# the first rule"], None);
    check("/spec/rules/0/serviceNames", &[], Some("# names"));
    check("/spec/rules/0/methods/0", &[], Some("# read"));
    check("/spec/rules/0/methods/1", &["# write"], None);
    check("/spec/rules/1/paths/0", &[], Some("# ex"));
    check("/spec/rules/1/paths", &[], Some("# closed"));
    check("/spec/last", &["# not a rule"], Some("# block"));
    check("/kind", &[], None);
}

#[test]
fn unclaimed_comments_are_the_rest_in_source_order() {
    let object = only(TEXT);
    assert_eq!(object.unclaimed_comments(&[""]), Vec::<String>::new());
    assert_eq!(object.unclaimed_comments(&[]).len(), 10);
    assert_eq!(
        object.unclaimed_comments(&["/spec/rules/0", "/spec/rules/1/paths/0"]),
        ["# version", "# about rules", "# closed", "# not a rule", "# block"]
    );
    assert_eq!(
        object.unclaimed_comments(&["/spec/rules/0/service_names", "/spec/rules/1", "/spec/last"]),
        ["# version", "# about rules", "# the first rule", "# read", "# write"]
    );
}

#[test]
fn comments_of_list_items_stay_with_their_item() {
    let text =
        "apiVersion: v1\nkind: List\nitems:\n# one\n- kind: A # a\n  # in one\n  x: 1\n# two\n- kind: B # b\n# end\n";
    let manifests = stream(text).manifests();
    assert_eq!(manifests[0].unclaimed_comments(&[]), ["# a", "# in one"]);
    assert_eq!(manifests[1].unclaimed_comments(&[]), ["# b"]);
    assert_eq!(manifests[0].source(), "kind: A # a\n# in one\nx: 1\n");
}
