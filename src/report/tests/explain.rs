use crate::finding::catalogue::{self, verify};
use crate::report::{Style, explain};
use expect_test::expect;

#[test]
fn a_code_is_explained_by_cause_risk_and_remedy() {
    expect![[r#"
        access-wider (error): requests that were denied become allowed

        Access: wider, requests that were denied before would be allowed.

        Cause
          Both sets of objects were compared for every workload,
          port and kind of traffic, and a request was found that the
          old set denies and the new set allows.

        Risk
          Callers reach what they could not reach before, and
          nothing fails that would draw attention to it.

        Remedy
          Look at the request shown and at the rules that decide it,
          mend the rule that lets it in, and compare again.
    "#]]
    .assert_eq(&explain::render(verify::ACCESS_WIDER, &Style { width: 60, ..Style::PLAIN }));
    expect![[r#"
        access-undecided (warning): access that could be neither proved equal nor shown to differ

        Cause
          Either the rules of this workload are so many or so entangled that the comparison ran out of its
          budget (then sampled requests were compared as far as the budget allowed, and none of them
          differed), or something that bears on its pods could not be read or is not understood in full. The
          message says which.

        Risk
          A difference that nothing showed would go unnoticed.

        Remedy
          If the budget ran out, allow more with `--proof-budget 10`; if something is not understood, mend
          it. Otherwise read the old and the new rules of this workload side by side before the result is
          applied.
    "#]]
    .assert_eq(&explain::render(verify::ACCESS_UNDECIDED, &Style::PLAIN));
}

#[test]
fn the_list_names_every_code_under_its_area() {
    let list = explain::list(&Style::PLAIN);
    for code in catalogue::all() {
        assert!(list.contains(&format!("\n  {}  ", code.name())), "{code} is missing");
    }
    assert!(list.contains("\nComparison of access\n"));
}

#[test]
fn a_wrong_code_is_answered_with_the_nearest_one() {
    expect![[r#"
        error: there is no code "acess-wider"; did you mean access-wider?
    "#]]
    .assert_eq(&explain::unknown("acess-wider"));
    expect![[r#"
        error: there is no code "what"; meshlift explain lists all of them
    "#]]
    .assert_eq(&explain::unknown("what"));
}
