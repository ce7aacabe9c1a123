//! Each verdict, each relaxation, and new policies with a subtle hole.

use super::*;
use crate::access::Relaxation::*;

/// Old: rule for user X. New: default deny and one policy for app.
fn pair(rule: &str, subjects: &str, spec: &str) -> Sides {
    sides(&[APP, INCLUDED, &role(rule, subjects)], &[APP, DENY_DEFAULT, &policy("new", spec)])
}

#[test]
fn equal_is_proved() {
    pair(
        "[{services: ['app.*'], methods: [GET, POST]}]",
        &format!("[{{user: {X}}}]"),
        &format!(
            "{{selector: {{matchLabels: {{app: app}}}}, action: ALLOW, rules: [{{from: [{{source: {{principals: [{X}]}}}}], \
             to: [{{operation: {{methods: [GET, POST]}}}}]}}]}}"
        ),
    )
    .expect(Outcome::Equal, &[]);
}

#[test]
fn principals_star_is_narrower_than_user_star() {
    // E49: `user: "*"` needs no identity.
    let sides = pair(
        "[{services: ['*'], methods: [GET]}]",
        "[{user: '*'}]",
        "{rules: [{from: [{source: {principals: ['*']}}], to: [{operation: {methods: [GET]}}]}]}",
    );
    let verdict = sides.http();
    assert_eq!(verdict.outcome, Outcome::Narrower);
    let witness = verdict.narrower.expect("a witness");
    assert!(witness.old.allowed && !witness.new.allowed);
    assert_eq!(witness.request[0].1, "a caller without identity, in plaintext");
    assert!(witness.old.at.is_some(), "the role is named");
    assert!(verdict.wider.is_none());
}

#[test]
fn a_forgotten_identity_is_wider() {
    let sides = pair(
        "[{services: ['*'], methods: [GET]}]",
        &format!("[{{user: {X}}}]"),
        "{rules: [{to: [{operation: {methods: [GET]}}]}]}",
    );
    let verdict = sides.http();
    assert_eq!(verdict.outcome, Outcome::Wider);
    let witness = verdict.wider.expect("a witness");
    assert!(!witness.old.allowed && witness.new.allowed);
    assert_eq!(witness.curl.as_deref(), Some("curl -H 'Host: service.example' http://POD-IP:8080/"));
}

#[test]
fn another_method_is_different() {
    pair("[{services: ['*'], methods: [GET]}]", "[{user: '*'}]", "{rules: [{to: [{operation: {methods: [PUT]}}]}]}")
        .expect(Outcome::Different, &[]);
}

#[test]
fn e86_paths_differ_only_with_a_query() {
    let sides =
        pair("[{services: ['*'], paths: [/a]}]", "[{user: '*'}]", "{rules: [{to: [{operation: {paths: [/a]}}]}]}");
    sides.expect(Outcome::Equal, &[QueryString]);
    let strict = sides.at(8080, Transport::Http, true);
    assert_eq!(strict.outcome, Outcome::Wider);
    assert!(strict.wider.is_some_and(|w| w.request.iter().any(|(_, value)| value.starts_with("/a?"))));
    sides.check(Request::http("GET", "/a?x=1"), false, true);
}

#[test]
fn e86_the_header_form_is_exact() {
    let sides = pair(
        "[{services: ['*'], paths: [/a, '/b/*', '*/c']}]",
        "[{user: '*'}]",
        "{rules: [{when: [{key: 'request.headers[:path]', values: [/a, '/b/*', '*/c']}]}]}",
    );
    assert_eq!(sides.at(8080, Transport::Http, true).outcome, Outcome::Equal);
    sides.check(Request::http("GET", "/a?x=1"), false, false);
}

#[test]
fn e87_a_suffix_flips_both_ways_with_a_query() {
    let sides = pair(
        "[{services: ['*'], paths: ['*/b']}]",
        "[{user: '*'}]",
        "{rules: [{to: [{operation: {paths: ['*/b']}}]}]}",
    );
    sides.expect(Outcome::Equal, &[QueryString]);
    assert_eq!(sides.at(8080, Transport::Http, true).outcome, Outcome::Different);
    sides.check(Request::http("GET", "/z?q=/b"), true, false);
    sides.check(Request::http("GET", "/z/b?q"), false, true);
}

#[test]
fn e88_not_paths_is_narrower_with_a_query() {
    let sides = pair(
        "[{services: ['*'], notPaths: [/admin]}]",
        "[{user: '*'}]",
        "{rules: [{to: [{operation: {notPaths: [/admin]}}]}]}",
    );
    sides.expect(Outcome::Equal, &[QueryString]);
    sides.check(Request::http("GET", "/admin?x"), true, false);
}

#[test]
fn e92_hosts_differ_only_in_case() {
    let sides = pair(
        "[{services: ['*'], hosts: [api.example.com]}]",
        "[{user: '*'}]",
        "{rules: [{to: [{operation: {hosts: [api.example.com]}}]}]}",
    );
    sides.expect(Outcome::Equal, &[HostCase]);
    assert_eq!(sides.at(8080, Transport::Http, true).outcome, Outcome::Wider);
    // A pattern with capitals never matched a host in lower case, and now does.
    pair(
        "[{services: ['*'], hosts: [API.example.com]}]",
        "[{user: '*'}]",
        "{rules: [{to: [{operation: {hosts: [API.example.com]}}]}]}",
    )
    .expect(Outcome::Wider, &[]);
}

#[test]
fn e35_undeclared_ports_are_narrower_without_a_fence_and_equal_with_one() {
    let fence = "{rules: [{to: [{operation: {notPorts: ['8080']}}]}]}";
    let old = [APP, INCLUDED];
    let undeclared = |sides: &Sides, strict| {
        let verdicts = sides.prove(strict);
        verdicts.into_iter().find(|verdict| verdict.port.is_none()).expect("a verdict for undeclared ports")
    };
    let plain = sides(&old, &[APP, DENY_DEFAULT]);
    assert_eq!(undeclared(&plain, true).outcome, Outcome::Narrower);
    let relaxed = undeclared(&plain, false);
    assert_eq!((relaxed.outcome, relaxed.relaxations), (Outcome::Equal, [UndeclaredPorts].into()));
    let fenced = sides(&old, &[APP, DENY_DEFAULT, &policy("fence", fence)]);
    assert_eq!(undeclared(&fenced, true).outcome, Outcome::Equal);
}

#[test]
fn a_grant_without_ports_is_wider_on_a_service_that_nobody_shows() {
    let granted = role("[{services: ['app.*'], methods: [GET]}]", "[{user: '*'}]");
    let new = |ports: &str| policy("new", &format!("{{rules: [{{to: [{{operation: {{methods: [GET]{ports}}}}}]}}]}}"));
    let unseen = |new: String| {
        let verdicts = sides(&[APP, INCLUDED, &granted], &[APP, DENY_DEFAULT, &new]).open().prove(false);
        verdicts.into_iter().find(|verdict| verdict.unseen_service).map(|verdict| verdict.outcome)
    };
    assert_eq!(unseen(new("")), Some(Outcome::Wider));
    assert_eq!(unseen(new(", ports: ['8080']")), Some(Outcome::Equal));
}

#[test]
fn a_pattern_may_be_for_a_service_that_nobody_shows() {
    let granted = role("[{services: ['app*']}]", "[{user: '*'}]");
    let new = policy("new", "{rules: [{to: [{operation: {ports: ['8080']}}]}]}");
    let verdicts = sides(&[APP, INCLUDED, &granted], &[APP, DENY_DEFAULT, &new]).open().prove(false);
    let unseen = verdicts.into_iter().find(|verdict| verdict.unseen_service).map(|verdict| verdict.outcome);
    assert_eq!(unseen, Some(Outcome::Narrower), "callers of another Service of that pattern are turned away");
}

#[test]
fn a_wider_undeclared_port_is_never_relaxed() {
    let restricted = policy("existing", "{rules: [{to: [{operation: {ports: ['8080', '9102']}}]}]}");
    let opened = policy("existing", "{rules: [{}]}");
    let sides = sides(&[APP, &restricted], &[APP, &opened]);
    let verdicts = sides.prove(false);
    let undeclared = verdicts.iter().find(|verdict| verdict.port.is_none()).expect("a verdict");
    assert_eq!(undeclared.outcome, Outcome::Wider);
}

#[test]
fn e34_a_grant_without_ports_opens_the_second_service_of_the_pods() {
    let admin = r#"
apiVersion: v1
kind: Service
metadata: {name: admin, namespace: default}
spec: {selector: {app: app}, ports: [{name: http, port: 81, targetPort: 9090}]}
"#;
    let granted = role("[{services: ['app.*'], methods: ['*']}]", &format!("[{{user: {X}}}]"));
    let allow = |to: &str| {
        policy(
            "new",
            &format!(
                "{{selector: {{matchLabels: {{app: app}}}}, rules: [{{from: [{{source: {{principals: [{X}]}}}}], \
                 to: [{{operation: {to}}}]}}]}}"
            ),
        )
    };
    let old = [APP, admin, INCLUDED, &granted];
    let unscoped = sides(&old, &[APP, admin, DENY_DEFAULT, &allow("{methods: ['*']}")]);
    assert_eq!(unscoped.at(8080, Transport::Http, true).outcome, Outcome::Equal);
    assert_eq!(unscoped.at(9090, Transport::Http, true).outcome, Outcome::Wider);
    assert_eq!(unscoped.decide(Some(9090), &Request::http("GET", "/").peer(X)), (false, true));
    let scoped = sides(&old, &[APP, admin, DENY_DEFAULT, &allow("{methods: ['*'], ports: ['8080']}")]);
    assert_eq!(scoped.at(9090, Transport::Http, true).outcome, Outcome::Equal);
}

#[test]
fn e12_e33_an_allow_all_in_the_root_namespace_opens_the_mesh() {
    let allow_all = object("security.istio.io/v1", "AuthorizationPolicy", "istio-system", "all", "{rules: [{}]}");
    let deny = object("security.istio.io/v1", "AuthorizationPolicy", "istio-system", "deny", "{}");
    let excluded = object(
        "rbac.istio.io/v1alpha1",
        "ClusterRbacConfig",
        "",
        "default",
        "{mode: ON_WITH_EXCLUSION, exclusion: {namespaces: [istio-system]}}",
    );
    let sides = sides(&[APP, &excluded], &[APP, &deny, &allow_all]);
    sides.expect(Outcome::Wider, &[]);
    sides.check(Request::http("GET", "/").peer(X), false, true);
}

#[test]
fn a_forgotten_strict_port_is_wider() {
    let strict = object(
        "authentication.istio.io/v1alpha1",
        "Policy",
        "default",
        "app",
        "{targets: [{name: app}], peers: [{mtls: {}}]}",
    );
    let two_ports = r#"
apiVersion: v1
kind: Service
metadata: {name: app, namespace: default}
spec: {selector: {app: app}, ports: [{name: http, port: 80, targetPort: 8080}, {name: tcp, port: 90, targetPort: 9090}]}
"#;
    let pa = |spec: &str| object("security.istio.io/v1", "PeerAuthentication", "default", "app", spec);
    let one = pa("{selector: {matchLabels: {app: app}}, portLevelMtls: {8080: {mode: STRICT}}}");
    let forgotten = sides(&[two_ports, &strict], &[two_ports, &one]);
    assert_eq!(forgotten.at(8080, Transport::Http, true).outcome, Outcome::Equal);
    let verdict = forgotten.at(9090, Transport::Tcp, true);
    assert_eq!(verdict.outcome, Outcome::Wider);
    let reason = verdict.wider.expect("a witness").old.reason;
    assert!(reason.contains("STRICT"), "{reason}");
    let whole = pa("{selector: {matchLabels: {app: app}}, mtls: {mode: STRICT}}");
    assert_eq!(
        sides(&[two_ports, &strict], &[two_ports, &whole]).at(9090, Transport::Tcp, true).outcome,
        Outcome::Equal
    );
}

#[test]
fn a_selector_with_a_further_label_makes_a_further_stand_in() {
    let granted = role("[{services: ['app.*'], methods: [GET]}]", "[{user: '*'}]");
    let new = |labels: &str| {
        policy(
            "new",
            &format!(
                "{{selector: {{matchLabels: {{{labels}}}}}, rules: [{{to: [{{operation: {{methods: [GET]}}}}]}}]}}"
            ),
        )
    };
    sides(&[APP, INCLUDED, &granted], &[APP, DENY_DEFAULT, &new("app: app")]).expect(Outcome::Equal, &[]);
    let sides = sides(&[APP, INCLUDED, &granted], &[APP, DENY_DEFAULT, &new("app: app, version: v1")]);
    sides.expect(Outcome::Narrower, &[]);
    let verdict = sides.http();
    assert!(verdict.stand_in && verdict.narrower.is_some());
}

#[test]
fn out_of_budget_is_undecided_and_never_equal() {
    // Two equal parity functions over headers, written differently: hard for a solver without any budget.
    let subjects = format!("[{{user: {X}}}]");
    let rules: Vec<String> = (0..64_u32)
        .filter(|bits| bits.count_ones() % 2 == 0)
        .map(|bits| {
            let constraint = |i: u32| {
                let value = if bits >> i & 1 == 1 { "'a'" } else { "'b'" };
                format!("{{key: 'request.headers[h{i}]', values: [{value}]}}")
            };
            format!("{{services: ['*'], constraints: [{}]}}", (0..6).map(constraint).collect::<Vec<_>>().join(", "))
        })
        .collect();
    let new: Vec<String> = (0..64_u32)
        .filter(|bits| bits.count_ones() % 2 == 0)
        .map(|bits| {
            let condition = |i: u32| {
                let value = if bits >> i & 1 == 1 { "values: ['a']" } else { "values: ['b'], notValues: ['a']" };
                format!("{{key: 'request.headers[h{i}]', {value}}}")
            };
            format!(
                "{{from: [{{source: {{principals: [{X}]}}}}], when: [{}]}}",
                (0..6).map(condition).collect::<Vec<_>>().join(", ")
            )
        })
        .collect();
    let sides = sides(
        &[APP, INCLUDED, &role(&format!("[{}]", rules.join(", ")), &subjects)],
        &[APP, DENY_DEFAULT, &policy("new", &format!("{{rules: [{}]}}", new.join(", ")))],
    );
    let (old, new) = sides.sides();
    let verdict = |question| {
        let budget = Budget { question, ..Budget::default() };
        let verdicts = prove(old, new, &Options { strict: true, budget });
        verdicts.into_iter().find(|verdict| verdict.port == Some(8080)).expect("a verdict")
    };
    assert_eq!(verdict(100_000_000).outcome, Outcome::Equal);
    let hurried: Vec<Verdict> = (8..20).map(|power| verdict(1 << power)).collect();
    // Not even read; read but not sampled; sampled; proved.
    let undecided = |verdict: &Verdict| matches!(verdict.outcome, Outcome::Undecided(_));
    assert_eq!(hurried[0].outcome, Outcome::Undecided(0));
    assert!(hurried.iter().any(|verdict| matches!(verdict.outcome, Outcome::Undecided(n) if n > 0)), "{hurried:?}");
    assert!(hurried.iter().all(|verdict| undecided(verdict) || verdict.outcome == Outcome::Equal), "{hurried:?}");
    assert!(hurried.iter().all(|verdict| undecided(verdict) == verdict.doubt.is_some()), "{hurried:?}");
    let said = "2 values of the header h0, most of them in ServiceRole default/role";
    assert!(hurried.iter().any(|verdict| verdict.doubt == Some(Doubt::OutOfBudget(said.to_owned()))), "{hurried:?}");
}

#[test]
fn verdicts_come_worst_first_and_are_reproducible() {
    let other = APP.replace("name: app", "name: zeta").replace("app: app", "app: zeta");
    let spec = "{selector: {matchLabels: {app: zeta}}, rules: [{}]}";
    let sides = sides(&[APP, &other, INCLUDED], &[APP, &other, DENY_DEFAULT, &policy("hole", spec)]);
    let verdicts = sides.prove(false);
    assert_eq!(verdicts[0].outcome, Outcome::Wider);
    assert_eq!(verdicts[0].workload.name, "zeta");
    assert_eq!(verdicts, sides.prove(false));
}

#[test]
fn an_object_that_could_not_be_read_is_never_called_proved() {
    let sides = sides(&[APP], &[APP]);
    sides.expect(Outcome::Equal, &[]);
    let mut broken = sides;
    let object = crate::finding::ObjectRef::new("ServiceRole", "default", "broken");
    broken.old.rejected.push((crate::api::ManifestId(0), object));
    assert!(matches!(broken.http().outcome, Outcome::Undecided(_)));
}

#[test]
fn authn_e33_a_named_port_of_unknown_pods_is_compared_with_any_number() {
    let named = APP.replace("targetPort: 8080", "targetPort: web");
    let granted = role("[{services: ['app.*'], methods: [GET]}]", "[{user: '*'}]");
    let new = |ports: &str| policy("new", &format!("{{rules: [{{to: [{{operation: {{methods: [GET]{ports}}}}}]}}]}}"));
    let outcome = |new: String| {
        let verdicts = sides(&[&named, INCLUDED, &granted], &[&named, DENY_DEFAULT, &new]).prove(false);
        verdicts.first().map(|verdict| (verdict.port, verdict.outcome))
    };
    // The pass-through grant on undeclared ports is narrower than before, which is accepted.
    assert_eq!(outcome(new("")), Some((None, Outcome::Equal)));
    assert_eq!(outcome(new(", ports: ['80']")), Some((None, Outcome::Narrower)));
}

#[test]
fn e32_the_older_of_two_services_governs_a_shared_port() {
    let aged = |name: &str, year: u16| {
        APP.replace("{name: app,", &format!("{{name: {name}, creationTimestamp: '{year}-01-01T00:00:00Z',"))
    };
    let granted = role("[{services: ['a.*']}]", "[{user: '*'}]");
    let decide = |a: u16, b: u16| {
        let sides = sides(&[&aged("a", a), &aged("b", b), INCLUDED, &granted], &[APP]);
        sides.decide(Some(8080), &Request::http("GET", "/")).0
    };
    assert!(decide(2019, 2020) && !decide(2020, 2019));
}

#[test]
fn e36_pods_without_a_service_were_open() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: lone, namespace: default, labels: {app: lone}}\nspec: {containers: [{name: c, image: i}]}\n";
    let sides = sides(&[pod, INCLUDED], &[pod, DENY_DEFAULT]);
    assert_eq!(sides.decide(None, &Request::http("GET", "/")), (true, false));
    assert!(sides.prove(false).iter().all(|verdict| verdict.outcome == Outcome::Equal));
    assert!(sides.prove(true).iter().all(|verdict| verdict.outcome == Outcome::Narrower));
}

#[test]
#[ignore = "a measurement: run with --release --nocapture"]
fn a_thousand_workloads_with_fifty_rules_each() {
    let (mut old, mut new) = (vec![INCLUDED.to_owned()], vec![DENY_DEFAULT.to_owned()]);
    for n in 0..1000 {
        let service = APP.replace("name: app", &format!("name: app{n}")).replace("app: app", &format!("app: app{n}"));
        let rules: Vec<String> = (0..50)
            .map(|r| format!("{{services: ['app{n}.*'], methods: [GET], paths: ['/a{n}/{r}', '/b{r}/*']}}"))
            .collect();
        let user = format!("cluster.local/ns/web/sa/x{n}");
        let granted = role(&format!("[{}]", rules.join(", ")), &format!("[{{user: {user}}}]"));
        old.extend([
            service.clone(),
            granted
                .replace("name: role", &format!("name: role{n}"))
                .replace("name: binding", &format!("name: binding{n}")),
        ]);
        let rules: Vec<String> = (0..50)
            .map(|r| {
                format!(
                    "{{from: [{{source: {{principals: [{user}]}}}}], \
                     to: [{{operation: {{methods: [GET], paths: ['/a{n}/{r}', '/b{r}/*']}}}}]}}"
                )
            })
            .collect();
        let spec = format!("{{selector: {{matchLabels: {{app: app{n}}}}}, rules: [{}]}}", rules.join(", "));
        new.extend([service, policy(&format!("new{n}"), &spec)]);
    }
    let sides =
        sides(&old.iter().map(String::as_str).collect::<Vec<_>>(), &new.iter().map(String::as_str).collect::<Vec<_>>());
    let start = std::time::Instant::now();
    let verdicts = sides.prove(false);
    eprintln!("{} verdicts in {:?}", verdicts.len(), start.elapsed());
    assert!(verdicts.iter().all(|verdict| verdict.outcome == Outcome::Equal));
}
