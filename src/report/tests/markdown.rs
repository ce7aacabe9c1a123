use super::*;
use crate::report::{Style, markdown};
use expect_test::expect;

#[test]
fn the_verdict_comes_first() {
    expect![[r###"
        ## meshlift: access becomes wider

        - 2 workloads, 2 ports: access differs: 1 comparison wider, 1 undecided, 1 equal (1 relaxation: query-string); 1 object was refused and stays
        - 3 documents in 2 files, 4 objects of the old kinds: 2 converted into 1 new object, 1 refused, 1 without effect
        - 1 error, 2 warnings, 1 note
        - 1 file would change; meshlift convert --write changes it in place

        ### Access

        | Verdict | Workload | Port | Traffic | Request | Before | After |
        |---|---|---|---|---|---|---|
        | **wider** | `Deployment shop/cart` | 8080 | HTTP | `` from cluster.local/ns/web/sa/front over mutual TLS: GET /v1/items on shop/cart port 8080; header x-env: prod\|`x` `` | denied (no rule of any ServiceRole matches) | allowed (rule 1 of AuthorizationPolicy shop/viewer, roles.yaml:8) |
        | **undecided** | `Deployment shop/front` | undeclared | TCP | not everything is proved: the proof ran out of its budget at 440 prefixes and 440 suffixes of the path; 10000 sampled requests were compared and none differs | | |

        ### Errors (1)

        - **sample-unknown-service** `roles.yaml:8:16`: ServiceRole shop/viewer names the service "cart.shop.svc.cluster.local", and no Service of that name was read.  
          Read the Service too: kubectl get service -n shop -o yaml &gt; services.yaml, then --inventory services.yaml.

        ### Warnings (2)

        - **sample-host-case** `not-kept.yaml:7:3`: The host "API" is compared without case.  
          Accept it with --allow sample-host-case, or use --strict.
        - **sample-host-case** `roles.yaml:12:16`: The host "Cart.Shop" is compared without case, 100% of the time.  
          Accept it with --allow sample-host-case, or use --strict.

        ### Notes (1)

        - **sample-no-inventory**: No Service and no workload was read.  
          Add --inventory.

        ### Conversions

        | Old | New |
        |---|---|
        | `ServiceRole shop/viewer` (`roles.yaml:1`)<br>`ServiceRoleBinding shop/viewers` (`web/bindings.yaml:1`) | `AuthorizationPolicy shop/viewer` (`roles.yaml:1`) |
        | `RbacConfig shop/default` (`web/bindings.yaml:12`) | nothing: Istio 1.5 reads only ClusterRbacConfig. |

        <details>
        <summary>2 differences</summary>

        ```diff
        --- roles.yaml:1 ServiceRole shop/viewer
        --- web/bindings.yaml:1 ServiceRoleBinding shop/viewers
        +++ roles.yaml:1 AuthorizationPolicy shop/viewer
        @@ -1,22 +1,10 @@
        -apiVersion: rbac.istio.io/v1alpha1
        -kind: ServiceRole
        +apiVersion: security.istio.io/v1
        +kind: AuthorizationPolicy
         metadata:
           name: viewer
           namespace: shop
         spec:
           rules:
        -  - services: ["cart.shop.svc.cluster.local"]
        -    methods: [GET]
        -    constraints:
        -    - key: request.headers[:authority]
        -      values: [Cart.Shop]
        ----
        -apiVersion: rbac.istio.io/v1alpha1
        -kind: ServiceRoleBinding
        -metadata:
        -  name: viewers
        -  namespace: shop
        -spec:
        -  subjects:
        -  - user: cluster.local/ns/web/sa/front
        -  roleRef: {kind: ServiceRole, name: viewer}
        +  - to:
        +    - operation:
        +        methods: [GET]
        ```

        ```diff
        --- web/bindings.yaml:12 RbacConfig shop/default
        +++ nothing: Istio 1.5 reads only ClusterRbacConfig.
        @@ -12,3 +0,0 @@
        -kind: RbacConfig
        -metadata:
        -  name: default
        ```

        </details>
    "###]].assert_eq(&markdown::render(&sample(), &Style::PLAIN));
}

#[test]
fn a_comparison_has_no_conversions() {
    expect![[r#"
        ## meshlift: access becomes wider

        - 2 workloads, 2 ports: access differs: 1 comparison wider, 1 undecided, 1 equal (1 relaxation: query-string)
        - 9 documents in 4 files

        ### Access

        | Verdict | Workload | Port | Traffic | Request | Before | After |
        |---|---|---|---|---|---|---|
        | **wider** | `Deployment shop/cart` | 8080 | HTTP | `` from cluster.local/ns/web/sa/front over mutual TLS: GET /v1/items on shop/cart port 8080; header x-env: prod\|`x` `` | denied (no rule of any ServiceRole matches) | allowed (rule 1 of AuthorizationPolicy shop/viewer, roles.yaml:8) |
        | **undecided** | `Deployment shop/front` | undeclared | TCP | not everything is proved: the proof ran out of its budget at 440 prefixes and 440 suffixes of the path; 10000 sampled requests were compared and none differs | | |

    "#]].assert_eq(&markdown::render(&comparison(), &Style::PLAIN));
}

#[test]
fn user_text_cannot_break_out_of_its_cell_fence_or_sentence() {
    let mut report = sample();
    report.conversions.truncate(1);
    report.conversions[0].from[0].object.name = "a|b`c".into();
    report.conversions[0].from[0].text = "```\n<!-- -->\n````\n".into();
    report.findings = vec![Finding::new(Code::of(&NOTHING_READ), "<img> @all | `x` *y*\n# heading")];
    let text = markdown::render(&report, &Style::PLAIN);
    assert!(text.contains("``ServiceRole shop/a\\|b`c``"), "{text}");
    assert!(text.contains("\n`````diff\n") && text.contains("\n`````\n"), "{text}");
    assert!(text.contains(": &lt;img&gt; `@all` \\| \\`x\\` \\*y\\*\\\\n\\# heading  \n"), "{text}");
}

#[test]
fn a_merge_of_thousands_of_bindings_still_fits_a_comment() {
    let mut report = sample();
    let binding = report.conversions[0].from[1].clone();
    report.conversions[0].from.extend(vec![binding; 6_000]);
    let text = markdown::render(&report, &Style::PLAIN);
    assert!(text.len() < 10_000, "{}", text.len());
    assert!(text.contains("<br>and 5992 more objects |"), "{text}");
    assert!(text.contains("1 more difference not shown here"), "{text}");
}

/// Every field as long as it can be, of characters that grow when they are escaped.
#[test]
fn no_input_makes_a_comment_too_long() {
    for long in ["\u{e0041}|`".repeat(40_000), "<&>".repeat(40_000), "@a ".repeat(40_000), "`".repeat(100_000)] {
        let mut report = sample();
        for finding in &mut report.findings {
            finding.message = long.clone();
            finding.remedy = long.clone();
            finding.object = Some(object(&long, &long, &long));
            if let Some(place) = &mut finding.place {
                place.file = long.as_str().into();
            }
        }
        for verification in &mut report.verification {
            verification.workload = object(&long, &long, &long);
            if let Some(witness) = &mut verification.witness.wider {
                witness.request = vec![(long.clone(), long.clone()); 3];
                witness.before.reason = long.clone();
                witness.after.at = Some((object(&long, &long, &long), Place::start_of(long.as_str())));
            }
        }
        for conversion in &mut report.conversions {
            conversion.inert = conversion.inert.as_ref().map(|_| long.clone());
            for old in &mut conversion.from {
                (old.object, old.file, old.text) = (object(&long, &long, &long), long.clone(), long.clone());
            }
        }
        report.unverified = Some(long.clone());
        report.withheld = Some(long.clone());
        report.findings = report.findings.iter().cycle().take(300).cloned().collect();
        report.verification = report.verification.iter().cycle().take(90).cloned().collect();
        let text = markdown::render(&report, &Style::PLAIN);
        assert!(text.len() <= 65_536, "{}", text.len());
        assert!(text.contains("more findings not shown.") && text.contains("more comparisons not shown."));
    }
}

#[test]
fn a_comment_stays_within_its_limit() {
    let mut report = sample();
    let mut long = report.conversions[0].clone();
    long.from[0].text = ROLES.repeat(60);
    report.conversions = vec![long; 400];
    report.findings = vec![report.findings[0].clone(); 400];
    report.verification = vec![report.verification[0].clone(); 400];
    let text = markdown::render(&report, &Style::PLAIN);
    assert!(text.len() < 65_536, "{}", text.len());
    assert!(text.contains("350 more findings not shown."));
    assert!(text.contains("350 more comparisons not shown."));
    assert!(text.contains("`meshlift diff` shows all"));
}
