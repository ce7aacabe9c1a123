use super::*;
use crate::report::{Detail, Style, text};
use expect_test::{Expect, expect};

fn check(report: &Report, style: &Style, expected: Expect) {
    expected.assert_eq(&text::render(report, style));
}

#[test]
fn a_report_shows_findings_then_verdicts_then_the_summary() {
    check(
        &sample(),
        &Style::PLAIN,
        expect![[r#"
            note[sample-no-inventory]: No Service and no workload was read.
             |
             = help: Add --inventory.
             = note: meshlift explain sample-no-inventory

            warning[sample-host-case]: The host "API" is compared without case.
            --> not-kept.yaml:7:3
             = note: wider: requests that were denied before would be allowed
             = help: Accept it with --allow sample-host-case, or use --strict.
             = note: meshlift explain sample-host-case

            error[sample-unknown-service]: ServiceRole shop/viewer names the service "cart.shop.svc.cluster.local", and no Service of that name was read.
             --> roles.yaml:8:16
              |
            8 |   - services: ["cart.shop.svc.cluster.local"]
              |                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            9 |     methods: [GET]
              |     -------------- the role allows this
              |
             --> web/bindings.yaml:9:32
              |
            9 |   roleRef: {kind: ServiceRole, name: viewer}
              |                                ------------- bound here
              |
              = help: Read the Service too: kubectl get service -n shop -o yaml > services.yaml, then --inventory services.yaml.
              = note: meshlift explain sample-unknown-service

            warning[sample-host-case]: The host "Cart.Shop" is compared without case, 100% of the time.
              --> roles.yaml:12:16
               |
            12 |       values: [Cart.Shop]
               |                ^^^^^^^^^
               |
               = note: wider: requests that were denied before would be allowed
               = help: Accept it with --allow sample-host-case, or use --strict.

            wider: Deployment shop/cart, port 8080, HTTP: some requests that were denied become allowed
              now allowed from cluster.local/ns/web/sa/front over mutual TLS: GET /v1/items on shop/cart port 8080; header x-env: prod|`x`
              before      denied (no rule of any ServiceRole matches)
              after       allowed (rule 1 of AuthorizationPolicy shop/viewer, roles.yaml:8)
              try         curl -H 'x-env: prod|`x`' http://cart.shop:8080/v1/items

            undecided: Deployment shop/front, ports that no Service declares, TCP: not everything is proved: the proof ran out of its budget at 440 prefixes and 440 suffixes of the path; 10000 sampled requests were compared and none differs

            3 documents in 2 files, 4 objects of the old kinds: 2 converted into 1 new object, 1 refused, 1 without effect
            1 error, 2 warnings, 1 note
            2 workloads, 2 ports: access differs: 1 comparison wider, 1 undecided, 1 equal (1 relaxation: query-string); 1 object was refused and stays
            1 file would change; meshlift convert --write changes it in place
        "#]],
    );
}

#[test]
fn a_comparison_shows_verdicts_and_no_conversion() {
    check(
        &comparison(),
        &Style { detail: Detail::Verbose, ..Style::PLAIN },
        expect![[r#"
            wider: Deployment shop/cart, port 8080, HTTP: some requests that were denied become allowed
              now allowed from cluster.local/ns/web/sa/front over mutual TLS: GET /v1/items on shop/cart port 8080; header x-env: prod|`x`
              before      denied (no rule of any ServiceRole matches)
              after       allowed (rule 1 of AuthorizationPolicy shop/viewer, roles.yaml:8)
              try         curl -H 'x-env: prod|`x`' http://cart.shop:8080/v1/items

            undecided: Deployment shop/front, ports that no Service declares, TCP: not everything is proved: the proof ran out of its budget at 440 prefixes and 440 suffixes of the path; 10000 sampled requests were compared and none differs

            equal: Deployment shop/cart, port 9090, HTTP (1 relaxation: query-string)

            9 documents in 4 files
            2 workloads, 2 ports: access differs: 1 comparison wider, 1 undecided, 1 equal (1 relaxation: query-string)
        "#]],
    );
}

#[test]
fn quiet_leaves_errors_differences_and_the_summary() {
    let text = text::render(&sample(), &Style { detail: Detail::Quiet, ..Style::PLAIN });
    assert!(text.contains("error[sample-unknown-service]") && text.contains("wider:"));
    assert!(!text.contains("warning["));
}

#[test]
fn equal_verdicts_are_only_counted() {
    let mut report = comparison();
    report.verification = vec![
        verification("cart", Some(8080), Verdict::Equal),
        Verification { transport: Transport::Tcp, ..verification("cart", Some(8080), Verdict::Equal) },
        verification("front", Some(80), Verdict::Equal),
        verification("front", None, Verdict::Equal),
    ];
    report.verification[0].relaxations = ["query-string".to_owned(), "undeclared-ports".to_owned()].into();
    check(
        &report,
        &Style::PLAIN,
        expect![[r#"
        9 documents in 4 files
        2 workloads, 2 ports: proved equal (2 relaxations: query-string, undeclared-ports)
    "#]],
    );
}

#[test]
fn what_was_written_or_withheld_is_said() {
    let mut report = Report {
        summary: Summary { files: 1, documents: 1, legacy: 1, converted: 1, generated: 1, ..Summary::default() },
        purpose: Purpose::Convert,
        wrote: Some(Wrote { files: 1, directory: None, old_texts: OldTexts::Kept }),
        unverified: Some("--no-verify was given".into()),
        ..Report::default()
    };
    check(
        &report,
        &Style::PLAIN,
        expect![[r#"
        1 document in 1 file, 1 object of the old kinds: 1 converted into 1 new object
        Access before and after was not compared: --no-verify was given
        1 file rewritten
    "#]],
    );
    report.wrote = None;
    report.withheld = Some("1 object was refused".into());
    report.summary = Summary::default();
    check(
        &report,
        &Style::PLAIN,
        expect![[r#"
        No file was read
        Access before and after was not compared: --no-verify was given
        Nothing was written: 1 object was refused
    "#]],
    );
}

#[test]
fn long_lines_are_trimmed_and_keep_their_column() {
    let source =
        format!("{{\"a\": \"{}\", \"kind\": \"Policy\", \"z\": \"{}\"}}", "x".repeat(5_000), "y".repeat(5_000));
    let finding = Finding::new(Code::of(&NOTHING_READ), "A long line.").at(place("list.json", &source, "\"Policy\""));
    let report = Report {
        findings: vec![finding],
        sources: [("list.json".into(), source.as_str().into())].into(),
        ..Report::default()
    };
    check(
        &report,
        &Style { width: 60, ..Style::PLAIN },
        expect![[r#"
            note[sample-no-inventory]: A long line.
              |
            1 | ...xxxxxxxxxx", "kind": "Policy", "z": "yyyyyyyyyyyyy...
              |                         ^^^^^^^^
             --> list.json:1:5019
              = help: Add --inventory.
              = note: meshlift explain sample-no-inventory

            No file was read
            1 note
        "#]],
    );
}

#[test]
fn a_place_that_does_not_fit_its_text_is_still_named() {
    let mut report = Report::default();
    for span in [Span { start: 1, end: 2 }, Span { start: 9, end: 4 }, Span { start: 900, end: 901 }] {
        report.findings = vec![Finding::new(Code::of(&NOTHING_READ), "Odd.").at(Place {
            file: "é.yaml".into(),
            line: 3,
            column: 2,
            span,
        })];
        report.sources = [("é.yaml".into(), "éa\nb: c\nd: e\n".into())].into();
        assert!(text::render(&report, &Style::PLAIN).contains("é.yaml:"), "{span:?}");
    }
}

#[test]
fn colour_is_used_only_when_asked_for() {
    assert!(!text::render(&sample(), &Style::PLAIN).contains('\u{1b}'));
    assert!(text::render(&sample(), &Style { color: true, ..Style::PLAIN }).contains('\u{1b}'));
}
