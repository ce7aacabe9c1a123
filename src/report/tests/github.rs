use super::*;
use crate::report::{Style, github};
use expect_test::expect;

#[test]
fn findings_and_differences_become_annotations() {
    expect![[r#"
        ::notice title=sample-no-inventory::No Service and no workload was read. Add --inventory.
        ::warning file=not-kept.yaml,line=7,col=3,title=sample-host-case::The host "API" is compared without case. Accept it with --allow sample-host-case, or use --strict.
        ::error file=roles.yaml,line=8,col=16,title=sample-unknown-service::ServiceRole shop/viewer names the service "cart.shop.svc.cluster.local", and no Service of that name was read. Read the Service too: kubectl get service -n shop -o yaml > services.yaml, then --inventory services.yaml.
        ::warning file=roles.yaml,line=12,col=16,title=sample-host-case::The host "Cart.Shop" is compared without case, 100%25 of the time. Accept it with --allow sample-host-case, or use --strict.
        ::error file=roles.yaml,line=8,col=3,title=access-wider::Deployment shop/cart, port 8080, HTTP: some requests that were denied become allowed. Request: from cluster.local/ns/web/sa/front over mutual TLS: GET /v1/items on shop/cart port 8080; header x-env: prod|`x`. Before: denied (no rule of any ServiceRole matches). After: allowed (rule 1 of AuthorizationPolicy shop/viewer, roles.yaml:8).
        ::warning title=access-undecided::Deployment shop/front, ports that no Service declares, TCP: not everything is proved: the proof ran out of its budget at 440 prefixes and 440 suffixes of the path; 10000 sampled requests were compared and none differs.
        ::notice title=meshlift::3 documents in 2 files, 4 objects of the old kinds: 2 converted into 1 new object, 1 refused, 1 without effect
        ::notice title=meshlift::2 workloads, 2 ports: access differs: 1 comparison wider, 1 undecided, 1 equal (1 relaxation: query-string); 1 object was refused and stays
        ::notice title=meshlift::1 file would change; meshlift convert --write changes it in place
    "#]].assert_eq(&github::render(&sample(), &Style::PLAIN));
}

#[test]
fn a_file_name_cannot_end_its_property_and_a_message_cannot_start_a_command() {
    let place = Place { file: "a,b:c%.yaml".into(), line: 1, column: 2, span: Span::default() };
    let finding = Finding::new(Code::of(&NOTHING_READ), "one\n::error::two").at(place).remedy("");
    let report = Report { findings: vec![finding], ..Report::default() };
    expect![[r#"
        ::notice file=a%2Cb%3Ac%25.yaml,line=1,col=2,title=sample-no-inventory::one%0A::error::two
        ::notice title=meshlift::No file was read
    "#]]
    .assert_eq(&github::render(&report, &Style::PLAIN));
}

#[test]
fn access_that_opens_is_an_error_and_an_announced_closing_is_not() {
    let level = |purpose, verdict| {
        let report =
            Report { purpose, verification: vec![verification("cart", Some(80), verdict)], ..Report::default() };
        github::render(&report, &Style::PLAIN).split(' ').next().map(str::to_owned)
    };
    assert_eq!(level(Purpose::Preview, Verdict::Wider).as_deref(), Some("::error"));
    assert_eq!(level(Purpose::Preview, Verdict::Different).as_deref(), Some("::error"));
    assert_eq!(level(Purpose::Preview, Verdict::Narrower).as_deref(), Some("::warning"));
    assert_eq!(level(Purpose::Compare, Verdict::Narrower).as_deref(), Some("::error"));
    assert_eq!(level(Purpose::Compare, Verdict::Equal).as_deref(), Some("::notice"));
}
