//! The shipped mapping files on real-looking objects, and what a user's own file can do.

use super::*;
use crate::finding::{Direction, Severity};
use crate::yaml::{Manifest, Stream};
use serde_json::json;

fn manifest(text: &str) -> Manifest {
    Stream::parse("old.yaml", text.into()).manifests().into_iter().next().expect("one object")
}

/// A ServiceRole with one access rule, the indented lines given.
fn role(rule: &str) -> String {
    let head = "apiVersion: rbac.istio.io/v1alpha1\nkind: ServiceRole\nmetadata:\n  name: r\nspec:\n  rules:\n  - ";
    format!("{head}{}\n", rule.trim().replace('\n', "\n    "))
}

/// A ServiceRoleBinding with one subject, the indented lines given.
fn binding(subject: &str) -> String {
    let head =
        "apiVersion: rbac.istio.io/v1alpha1\nkind: ServiceRoleBinding\nmetadata:\n  name: b\nspec:\n  subjects:\n  - ";
    let tail = "  roleRef:\n    kind: ServiceRole\n    name: r\n";
    format!("{head}{}\n{tail}", subject.trim().replace('\n', "\n    "))
}

fn policy(spec: &str) -> String {
    let head = "apiVersion: authentication.istio.io/v1alpha1\nkind: Policy\nmetadata:\n  name: default\nspec:\n  ";
    format!("{head}{}\n", spec.trim().replace('\n', "\n  "))
}

fn apply(text: &str, strict: bool) -> Applied {
    Mappings::embedded().apply(&manifest(text), strict)
}

/// The one item of the one output that has items, without any finding.
#[track_caller]
fn item(text: &str, strict: bool) -> Item {
    let applied = apply(text, strict);
    assert_eq!(told(&applied), Vec::<String>::new());
    let mut items: Vec<Item> = applied.items.into_values().flatten().collect();
    assert_eq!(items.len(), 1);
    items.remove(0)
}

/// Findings as `line:column code`.
fn told(applied: &Applied) -> Vec<String> {
    applied.findings.iter().map(line).collect()
}

fn line(finding: &Finding) -> String {
    let place = finding.place.as_ref().expect("every finding of a mapping has a place");
    format!("{}:{} {}", place.line, place.column, finding.code)
}

#[track_caller]
fn check_role(rule: &str, expected: Value) {
    assert_eq!(item(&role(rule), false).value, expected);
}

#[track_caller]
fn check_strict_role(rule: &str, expected: Value) {
    assert_eq!(item(&role(rule), true).value, expected);
}

#[track_caller]
fn check_subject(subject: &str, expected: Value) {
    assert_eq!(item(&binding(subject), false).value, expected);
}

/// The steps of the one item: name to pointers below the item.
#[track_caller]
fn check_steps(text: &str, expected: &[(&str, &[&str])]) {
    let item = item(text, false);
    let steps: Vec<(&str, Vec<&str>)> = item
        .steps
        .iter()
        .map(|(step, at)| (step.as_str(), at.iter().map(|at| at.strip_prefix(&item.from).unwrap()).collect()))
        .collect();
    let expected: Vec<(&str, Vec<&str>)> = expected.iter().map(|(step, at)| (*step, at.to_vec())).collect();
    assert_eq!(steps, expected);
}

#[test]
fn every_embedded_mapping_can_be_used() {
    let (mappings, findings) = Mappings::load(&[]);
    assert_eq!(findings, []);
    let kinds: Vec<String> = mappings.list().into_iter().map(|listed| listed.kind).collect();
    let all = ["ClusterRbacConfig", "MeshPolicy", "Policy", "RbacConfig", "ServiceRole", "ServiceRoleBinding"];
    assert_eq!(kinds, all);
    for listed in mappings.list() {
        let text = mappings.show(&listed.name).expect("listed names can be shown");
        assert_eq!(check(&listed.name, text), []);
    }
}

#[test]
fn e86_exact_paths_are_paths_with_a_relaxation_and_the_header_form_when_strict() {
    let text = role("paths: [/a, /b/*]");
    let usual = item(&text, false);
    assert_eq!(usual.value, json!({"operation": {"paths": ["/a", "/b/*"]}}));
    assert_eq!(usual.relaxations.iter().collect::<Vec<_>>(), ["query-string"]);
    let exact = item(&text, true);
    assert_eq!(exact.value, json!({"when": [{"key": "request.headers[:path]", "values": ["/a", "/b/*"]}]}));
    assert!(exact.relaxations.is_empty());
}

#[test]
fn prefix_paths_need_no_relaxation() {
    let strict = item(&role("paths: [/b/*, '*']"), true);
    assert_eq!(strict.value, json!({"operation": {"paths": ["/b/*", "*"]}}));
    assert!(item(&role("paths: [/b/*]"), false).relaxations.is_empty());
}

#[test]
fn e89_e130_paths_that_the_new_field_cannot_say_use_the_header_for_the_whole_list() {
    check_role(
        "paths: [/a/*, '/a/{id}']",
        json!({"when": [{"key": "request.headers[:path]", "values": ["/a/*", "/a/{id}"]}]}),
    );
    check_role("notPaths: ['/a?x=1']", json!({"when": [{"key": "request.headers[:path]", "notValues": ["/a?x=1"]}]}));
}

#[test]
fn e92_hosts_with_capitals_use_the_header() {
    check_role(
        "hosts: [API.example.com]",
        json!({"when": [{"key": "request.headers[:authority]", "values": ["API.example.com"]}]}),
    );
    check_role("hosts: [api.example.com]", json!({"operation": {"hosts": ["api.example.com"]}}));
    check_strict_role(
        "notHosts: [api.example.com]",
        json!({"when": [{"key": "request.headers[:authority]", "notValues": ["api.example.com"]}]}),
    );
}

#[test]
fn e64_methods_are_carried_verbatim_and_mark_the_rule_http_only() {
    let item = item(&role("methods: ['*']"), false);
    assert_eq!((item.value, item.http_only), (json!({"operation": {"methods": ["*"]}}), true));
}

#[test]
fn empty_texts_become_presence_and_empty_lists_nothing() {
    check_role("methods: ['', GET]\npaths: []", json!({"operation": {"methods": ["*", "GET"]}}));
    assert!(!item(&role("paths: []\nports: [80]"), false).http_only);
}

#[test]
fn e16_ports_become_text_in_either_spelling() {
    check_role(
        "ports: [80, '8080']\nnot_ports: [1]",
        json!({"operation": {"ports": ["80", "8080"], "notPorts": ["1"]}}),
    );
}

#[test]
fn e93_e107_e97_e120_constraints_become_conditions() {
    let when =
        |rule: &str, key: &str, values: Value| check_role(rule, json!({"when": [{"key": key, "values": values}]}));
    when("constraints:\n- key: request.headers[x-id]\n  values: ['*']", "request.headers[x-id]", json!(["*"]));
    let mysql = "experimental.envoy.filters.network.mysql_proxy[db.table]";
    when(&format!("constraints:\n- key: {mysql}\n  values: ['[update]']"), mysql, json!(["[update]"]));
    when(
        "constraints:\n- key: destination.ip\n  values: [10.0.0.1, 10.0.0.0/8]",
        "destination.ip",
        json!(["10.0.0.1", "10.0.0.0/8"]),
    );
    when("constraints:\n- key: ':path'\n  values: ['/a*']", "request.headers[:path]", json!(["/a*"]));
}

#[test]
fn e106_sni_presence_was_no_condition() {
    check_role("constraints:\n- key: connection.sni\n  values: [a.com, '*']", json!({}));
    check_role(
        "constraints:\n- key: connection.sni\n  values: ['*.x.com']",
        json!({"when": [{"key": "connection.sni", "values": ["*.x.com"]}]}),
    );
}

#[test]
fn what_is_no_table_goes_to_a_step_with_its_place() {
    let constraint = |key: &str| role(&format!("constraints:\n- key: {key}\n  values: [a]"));
    for (key, step) in [
        ("destination.port", "constraint-port"),
        ("destination.labels[version]", "static-constraint"),
        ("destination.labels[]", "static-constraint"),
        ("destination.labels", "unknown-constraint"),
        ("destination.name", "static-constraint"),
        ("destination.namespace", "static-constraint"),
        ("destination.user", "static-constraint"),
        ("path-matcher", "path-matcher"),
        ("request.headers", "http-guard"),
        ("request.headersx[a]", "http-guard"),
        ("request.headers[]", "odd-key"),
        ("request.headers[a][b]", "odd-key"),
        ("experimental.envoy.filters.a[b][c]", "odd-key"),
        ("experimental.envoy.filters.a", "unknown-constraint"),
        ("version", "unknown-constraint"),
    ] {
        check_steps(&constraint(key), &[(step, &["/constraints/0"])]);
    }
    check_steps(&role("services: [a.*, b.*]"), &[("service-patterns", &["/services/0", "/services/1"])]);
}

#[test]
fn path_matcher_was_unknown_in_1_4() {
    let text = role("constraints:\n- key: path-matcher\n  values: [/a]");
    let applied = Mappings::embedded().for_source(4).apply(&manifest(&text), false);
    let steps: Vec<&String> = applied.items["rule"][0].steps.keys().collect();
    assert_eq!(steps, ["unknown-constraint"]);
    assert!(!applied.items["rule"][0].http_only);
}

#[test]
fn e104_of_two_constraints_with_one_key_the_last_counts() {
    let text =
        role("constraints:\n- key: request.headers[a]\n  values: [one]\n- key: request.headers[a]\n  values: [two]");
    let applied = apply(&text, false);
    assert_eq!(applied.items["rule"][0].value, json!({"when": [{"key": "request.headers[a]", "values": ["two"]}]}));
    assert_eq!(told(&applied), Vec::<String>::new());
}

#[test]
fn items_know_their_place_in_the_input() {
    let text = "apiVersion: rbac.istio.io/v1alpha1\nkind: ServiceRole\nspec:\n  rules:\n  - methods: [GET]\n  - methods: [POST]\n";
    let applied = apply(text, false);
    let from: Vec<&str> = applied.items["rule"].iter().map(|item| item.from.as_str()).collect();
    assert_eq!(from, ["/spec/rules/0", "/spec/rules/1"]);
    assert_eq!(
        applied.outputs["rule"],
        json!([{"operation": {"methods": ["GET"]}}, {"operation": {"methods": ["POST"]}}])
    );
}

#[test]
fn e55_e56_e82_groups_are_conditions_on_the_claim_groups() {
    let when = |values: Value| json!({"key": "request.auth.claims[groups]", "values": values});
    check_subject("group: admins", json!({"when": [when(json!(["admins"]))]}));
    check_subject("group: '*'\ngroups: [b, c]", json!({"when": [when(json!(["*"])), when(json!(["b", "c"]))]}));
    assert!(item(&binding("groups: [a]"), false).http_only);
}

#[test]
fn e58_e60_namespaces_from_the_list_or_the_property() {
    check_subject("properties: {source.namespace: '*'}", json!({"source": {"namespaces": ["*"]}}));
    check_subject(
        "namespaces: [a, b]\nnotNamespaces: [c]",
        json!({"source": {"namespaces": ["a", "b"], "notNamespaces": ["c"]}}),
    );
}

#[test]
fn e83_namespaces_from_both_are_refused() {
    let applied = apply(&binding("namespaces: [a]\nproperties: {source.namespace: b}"), false);
    assert_eq!(told(&applied), ["8:36 exclusive-fields"]);
    assert!(applied.findings[0].refuses());
}

#[test]
fn the_subject_of_the_worked_example() {
    let item = item(&binding("properties:\n  source.namespace: ops\ngroup: sre"), false);
    assert_eq!(
        item.value,
        json!({"source": {"namespaces": ["ops"]}, "when": [{"key": "request.auth.claims[groups]", "values": ["sre"]}]})
    );
}

#[test]
fn identities_and_other_meanings_are_left_to_steps() {
    check_steps(
        &binding("user: x\nnames: [y]\nnot_names: [z]\nproperties: {source.principal: p, source.user: u}"),
        &[(
            "peer-identity",
            &["/user", "/names/0", "/not_names/0", "/properties/source.principal", "/properties/source.user"],
        )],
    );
    check_steps(
        &binding("ips: [10.0.0.1]\nnotIps: [10.0.0.2]\nproperties: {source.ip: 10.0.0.3}"),
        &[("source-addresses", &["/ips/0", "/notIps/0", "/properties/source.ip"])],
    );
    for (key, step) in [
        ("request.auth.principal", "request-principal"),
        ("service", "unknown-property"),
        ("connection.sni", "unknown-property"),
        ("request.auth.raw_claims", "unknown-property"),
        ("request.auth.claims", "http-guard"),
        ("request.auth.claims[a][b]", "odd-key"),
        ("request.auth.claims[]", "odd-key"),
    ] {
        let pointer = format!("/properties/{key}");
        check_steps(&binding(&format!("properties: {{'{key}': v}}")), &[(step, &[&pointer])]);
    }
    check_steps(&binding("notGroups: [a]"), &[("not-groups", &["/notGroups/0"])]);
}

#[test]
fn only_a_source_user_or_a_request_key_makes_a_subject_http_only() {
    assert!(item(&binding("properties: {source.user: u}"), false).http_only);
    assert!(!item(&binding("user: u\nproperties: {source.ip: 10.0.0.1}"), false).http_only);
}

#[test]
fn e45_inline_roles_are_refused() {
    let text = "apiVersion: rbac.istio.io/v1alpha1\nkind: ServiceRoleBinding\nspec:\n  subjects:\n  - user: x\n  role: r\n  actions:\n  - methods: [GET]\n";
    assert_eq!(told(&apply(text, false)), ["6:3 inline-role", "7:3 inline-role"]);
}

#[test]
fn e46_role_ref_is_unknown_and_the_right_name_is_offered() {
    let text = "apiVersion: rbac.istio.io/v1alpha1\nkind: ServiceRoleBinding\nspec:\n  subjects:\n  - user: x\n  role_ref:\n    kind: ServiceRole\n    name: r\n";
    let applied = apply(text, false);
    assert_eq!(told(&applied), ["6:3 unknown-field"]);
    assert!(applied.findings[0].remedy.contains("`roleRef`"), "{}", applied.findings[0].remedy);
}

#[test]
fn e47_a_misspelt_field_is_a_warning_that_names_the_right_one() {
    let applied = apply(&role("method: [GET]"), false);
    assert_eq!(told(&applied), ["7:5 unknown-field"]);
    let finding = &applied.findings[0];
    assert_eq!((finding.severity, finding.direction), (Severity::Warning, Direction::None));
    assert!(finding.message.contains("`method`") && finding.remedy.contains("`methods`"), "{finding:?}");
    assert_eq!(applied.items["rule"][0].value, json!({}), "the rule acts as if the line were not there");
}

#[test]
fn authn_e85_unknown_fields_are_found_at_any_depth_and_reported_once() {
    let applied = apply(&policy("peers:\n- mtls: {modus: STRICT}\nextra:\n  a: 1\n  b: [2, 3]"), false);
    assert_eq!(told(&applied), ["7:12 unknown-field", "8:3 unknown-field"]);
    let text = format!("{}targets: []\nsurprise: 1\n", policy("peers: []"));
    assert_eq!(told(&apply(&text, false)), ["7:1 unknown-field", "8:1 unknown-field"]);
}

#[test]
fn a_typo_beside_known_fields_of_a_step_is_found() {
    let applied = apply(&binding("user: x").replace("    name: r", "    nane: r"), false);
    assert_eq!(told(&applied), ["10:5 unknown-field"]);
}

#[test]
fn the_losing_spelling_is_reported() {
    let applied = apply(&role("notHosts: [a]\nnot_hosts: [b]"), false);
    assert_eq!(told(&applied), ["8:5 unknown-field"]);
    assert_eq!(applied.items["rule"][0].value, json!({"operation": {"notHosts": ["a"]}}));
}

#[test]
fn values_of_the_wrong_shape_are_refused() {
    for rule in [
        "methods: GET",
        "methods: [1]",
        "methods: [[GET]]",
        "ports: [http]",
        "constraints:\n- key: request.headers[a]\n  values: [1]",
    ] {
        let applied = apply(&role(rule), false);
        assert!(applied.findings.iter().any(|finding| finding.refuses()), "{rule}: {:?}", applied.findings);
    }
}

#[test]
fn mtls_modes_are_a_closed_table() {
    let modes = |peers: &str| apply(&policy(&format!("peers:\n{peers}")), false);
    let applied = modes("- mtls:\n- mtls: {}\n- mtls: {mode: PERMISSIVE}");
    assert_eq!(told(&applied), Vec::<String>::new());
    assert_eq!(applied.outputs["peer"], json!([{"mode": "STRICT"}, {"mode": "STRICT"}, {"mode": "PERMISSIVE"}]));
    let applied = modes("- mtls: {mode: strict}");
    assert_eq!(told(&applied), ["7:18 value-outside-table"]);
    assert!(applied.findings[0].refuses());
}

#[test]
fn authn_e84_jwt_fields_are_carried_in_either_spelling() {
    let applied = apply(
        &policy(
            "origins:\n- jwt:\n    issuer: https://a\n    audiences: [b]\n    jwks_uri: https://a/k\n    jwt_headers: [x-a, x-b]\n    \
             jwtParams: [t]\n    trigger_rules:\n    - excluded_paths:\n      - exact: /ok\nprincipal_binding: USE_ORIGIN",
        ),
        false,
    );
    assert_eq!(told(&applied), Vec::<String>::new());
    let item = &applied.items["request"][0];
    assert_eq!(
        item.value,
        json!({
            "issuer": "https://a", "audiences": ["b"], "jwksUri": "https://a/k",
            "fromHeaders": [{"name": "x-a"}, {"name": "x-b"}], "fromParams": ["t"], "forwardOriginalToken": true
        })
    );
    assert_eq!(item.steps["trigger-rules"], ["/spec/origins/0/jwt/trigger_rules/0/excluded_paths/0/exact"]);
    assert_eq!(applied.steps["principal-binding"], ["/spec/principal_binding"]);
}

#[test]
fn dropped_fields_are_noted() {
    let applied = apply(&policy("peers:\n- mtls: {allowTls: true}\npeerIsOptional: true"), false);
    assert_eq!(told(&applied), ["7:12 field-without-effect", "8:3 field-without-effect"]);
    assert!(applied.findings.iter().all(|finding| finding.severity == Severity::Note));
}

#[test]
fn a_mesh_policy_with_targets_is_refused() {
    let text = policy("targets:\n- name: a\n  labels: {x: y}").replace("kind: Policy", "kind: MeshPolicy");
    assert_eq!(told(&apply(&text, false)), ["6:3 mesh-policy-with-targets"]);
}

#[test]
fn configs_are_steps() {
    let text = "apiVersion: rbac.istio.io/v1alpha1\nkind: ClusterRbacConfig\nmetadata: {name: default}\nspec:\n  mode: 'ON_WITH_INCLUSION'\n  inclusion:\n    services: [a.b.svc.cluster.local]\n  enforcement_mode: PERMISSIVE\n";
    let applied = apply(text, false);
    assert_eq!(told(&applied), Vec::<String>::new());
    assert_eq!(applied.steps["rbac-scope"], ["/spec/mode", "/spec/inclusion/services/0"]);
    assert_eq!(applied.steps["enforcement-mode"], ["/spec/enforcement_mode"]);
}

#[test]
fn a_kind_without_a_mapping_is_refused() {
    let applied = apply("apiVersion: rbac.istio.io/v1alpha1\nkind: AuthorizationPolicy\n", false);
    assert_eq!(told(&applied), ["1:1 unmapped-kind"]);
}

/// `--mappings DIR`: a new constraint key without a line of Rust.
#[test]
fn a_user_supports_a_new_constraint_key_by_writing_yaml_only() {
    let text = role("constraints:\n- key: acme.tenant\n  values: [blue]");
    check_steps(&text, &[("unknown-constraint", &["/constraints/0"])]);

    let catch_all = "      - entries: { of: \"$.constraints[*]\", matching: \"**\"";
    let mine = "      - entries: { of: \"$.constraints[*]\", matching: acme.tenant, to: /when/-, key: \"experimental.envoy.filters.http.acme[tenant]\" }\n";
    let shipped = Mappings::embedded().show("service-role").unwrap().to_owned();
    let file = shipped.replace(catch_all, &format!("{mine}{catch_all}"));
    assert_ne!(file, shipped);

    let (mappings, findings) = Mappings::load(&[("my/service-role.yaml".to_owned(), file)]);
    assert_eq!(findings, []);
    let applied = mappings.apply(&manifest(&text), false);
    assert_eq!(told(&applied), Vec::<String>::new());
    assert_eq!(
        applied.items["rule"][0].value,
        json!({"when": [{"key": "experimental.envoy.filters.http.acme[tenant]", "values": ["blue"]}]})
    );
    let listed = mappings.list().into_iter().find(|listed| listed.kind == "ServiceRole").unwrap();
    assert_eq!(listed.path.as_deref(), Some("my/service-role.yaml"));
}

#[test]
fn two_files_for_one_kind_are_an_error() {
    let text = Mappings::embedded().show("policy").unwrap().to_owned();
    let (_, findings) = Mappings::load(&[("a.yaml".to_owned(), text.clone()), ("b.yaml".to_owned(), text)]);
    assert_eq!(findings.iter().map(line).collect::<Vec<_>>(), ["1:1 broken-mapping"]);
}

/// Checks a mapping file with one output whose fields are given: each finding's code and the text it points at.
#[track_caller]
fn check_fields(fields: &str, expected: &[(&str, &str)]) {
    let head = "title: t\nfrom: {apiVersion: a/v1, kind: B}\noutputs:\n- id: x\n  about: y\n  fields:\n";
    let text = format!("{head}{fields}");
    let findings = check("m.yaml", &text);
    let codes: Vec<&str> = findings.iter().map(|finding| finding.code.name()).collect();
    assert_eq!(codes, expected.iter().map(|(code, _)| *code).collect::<Vec<_>>(), "{findings:?}");
    for (finding, (_, at)) in findings.iter().zip(expected) {
        let place = finding.place.as_ref().expect("a place");
        let pointed = &text.lines().nth(place.line - 1).expect("a line of the file")[place.column - 1..];
        assert!(pointed.starts_with(at), "points at `{pointed}`, not at `{at}`: {}", finding.message);
        assert!(text[place.span.start..].starts_with(at), "the span points elsewhere: {:?}", place.span);
    }
}

#[test]
fn load_errors_are_located() {
    let broken = |fields: &str, at: &str| check_fields(&format!("  - {fields}\n"), &[("broken-mapping", at)]);
    broken("coppy: {from: $.a, to: /a}", "coppy");
    broken("copy: {from: a, to: /a}", "a,");
    broken("copy: {from: $..a, to: /a}", "$..a");
    broken("copy: {from: $.a, to: a}", "a}");
    broken("copy: {from: $.a, too: /a}", "too");
    broken("step: fly-to-the-moon\n    consumes: [$.a]", "fly");
    broken("step: role-join", "step");
    broken("{}", "{}");
    broken("copy: {from: $.a, to: /a}\n    set: {value: 1, to: /b}", "copy");
    broken("copy: {from: '$.a[*]', to: /a}", "/a");
    broken("copy: {from: $.a, to: /when/-}", "/when");
    broken("copy: {from: $.a, to: /b/-, key: k}", "k}");
    broken("copy: {from: $.a, to: /b, negated: true}", "true");
    broken("copy: {from: $.a, to: /b, when: $.c}", "$.c");
    broken("refuse: {at: $.a, code: no-such-code, because: b}", "no-such-code");
    broken("copy: {from: $.a, to: /a}\n    relaxation: host-case", "host-case");
    broken("entries: {of: $.a, matching: b}", "{of");
    broken("entries: {of: $.a, matching: b, to: /c/-}", "/c");
    broken("drop: {at: $.a, because: b}\n    since: \"1.5\"\n    until: \"1.4\"", "\"1.5");
    broken("each: {of: $.a, to: /b, fields: []}", "/b");
}

#[test]
fn an_exact_form_reads_what_the_usual_form_reads() {
    let rule =
        "  - copy: {from: $.a, to: /a}\n    relaxation: host-case\n    strict:\n      copy: {from: $.b, to: /a}\n";
    check_fields(rule, &[("broken-mapping", "copy: {from: $.b")]);
}

#[test]
fn one_writer_per_target() {
    let copy = |from: &str, to: &str| format!("  - copy: {{from: {from}, to: {to}}}\n");
    let second = |to: &str| format!("copy: {{from: $.b, to: {to}");
    let clash = |a: &str, b: &str| check_fields(&(copy("$.a", a) + &copy("$.b", b)), &[("two-writers", &second(b))]);
    clash("/x", "/x");
    clash("/x/-", "/x/-");
    clash("/x/y", "/x");
    clash("/x", "/x/-");
    check_fields(&(copy("$.a", "/x/y") + &copy("$.b", "/x/z")), &[]);
    check_fields(&(copy("$.a", "/when/-, key: k") + &copy("$.b", "/when/-, key: k")), &[]);
    check_fields(&format!("{}    until: \"1.4\"\n{}    since: \"1.5\"\n", copy("$.a", "/x"), copy("$.b", "/x")), &[]);
    let nested = "  - each:\n      of: $.s[*]\n      to: /-\n      fields:\n      - copy: {from: $.a, to: /x/-}\n      - copy: {from: $.b, to: /x/-}\n";
    check_fields(nested, &[("two-writers", &second("/x/-"))]);
}

#[test]
fn the_schema_accepts_the_shipped_files_and_rejects_slips() {
    let validator = jsonschema::validator_for(&schema()).expect("a valid schema");
    let value = |text: &str| serde_yaml::from_str::<Value>(text).expect("YAML");
    for listed in Mappings::embedded().list() {
        let text = Mappings::embedded().show(&listed.name).unwrap().to_owned();
        let errors: Vec<String> = validator.iter_errors(&value(&text)).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{}", listed.name);
    }
    let head = "title: t\nfrom: {apiVersion: a/v1, kind: B}\nrules:\n";
    for wrong in [
        "- {step: no-such-step, consumes: [$.a]}",
        "- {step: role-join}",
        "- {drop: {at: $..a, because: b}}",
        "- {drop: {at: $.a}}",
        "- {}",
    ] {
        assert!(!validator.is_valid(&value(&format!("{head}{wrong}\n"))), "{wrong}");
    }
}

/// The file that editors read; `UPDATE_EXPECT=1` rewrites it.
#[test]
fn the_schema_beside_the_mappings_is_the_schema_of_the_code() {
    let text = serde_json::to_string_pretty(&schema()).expect("JSON") + "\n";
    expect_test::expect_file!["../../mappings/mapping.schema.json"].assert_eq(&text);
}
