//! The shipped mapping files on real-looking objects, and what a user's own file can do.

use super::schema::{Leaf, Schema};
use super::selector::Part;
use super::*;
use crate::api::legacy::{fields, keys};
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
    let mut items: Vec<Item> = applied.items;
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

/// What is left to Rust of the one item: families of keys to pointers below the item.
#[track_caller]
fn check_left(text: &str, expected: &[(&str, &[&str])]) {
    let item = item(text, false);
    let left: Vec<(&str, Vec<&str>)> = item
        .left
        .iter()
        .map(|(family, at)| (*family, at.iter().map(|at| at.strip_prefix(&item.from).unwrap()).collect()))
        .collect();
    let expected: Vec<(&str, Vec<&str>)> = expected.iter().map(|(family, at)| (*family, at.to_vec())).collect();
    assert_eq!(left, expected);
}

#[test]
fn every_embedded_mapping_can_be_used() {
    let (mappings, findings) = Mappings::load(&[]);
    assert_eq!(findings, []);
    let kinds: Vec<String> = mappings.list().into_iter().flat_map(|listed| listed.kinds).collect();
    let all = ["Policy", "MeshPolicy", "ClusterRbacConfig", "RbacConfig", "ServiceRole", "ServiceRoleBinding"];
    assert_eq!(kinds, all);
    for listed in mappings.list() {
        let text = mappings.text(&listed.name).expect("listed names can be shown");
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
fn e64_methods_are_carried_verbatim() {
    check_role("methods: ['*']", json!({"operation": {"methods": ["*"]}}));
}

#[test]
fn empty_texts_become_presence_and_empty_lists_nothing() {
    check_role("methods: ['', GET]\npaths: []", json!({"operation": {"methods": ["*", "GET"]}}));
    check_role("paths: []\nports: [80]", json!({"operation": {"ports": ["80"]}}));
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
fn what_is_no_table_is_left_to_rust_with_its_place() {
    let constraint = |key: &str| role(&format!("constraints:\n- key: {key}\n  values: [a]"));
    for (key, family) in [
        ("destination.port", keys::DESTINATION_PORT),
        ("destination.labels[version]", keys::DESTINATION_LABELS),
        ("destination.labels[]", keys::DESTINATION_LABELS),
        ("destination.labels", keys::UNKNOWN),
        ("destination.name", keys::DESTINATION_NAME),
        ("destination.namespace", keys::DESTINATION_NAMESPACE),
        ("destination.user", keys::DESTINATION_USER),
        ("path-matcher", keys::PATH_MATCHER),
        ("request.headers", keys::HEADERS_WITHOUT_NAME),
        ("request.headersx[a]", keys::HEADERS_WITHOUT_NAME),
        ("request.headers[]", keys::ODD_HEADER),
        ("request.headers[a][b]", keys::ODD_HEADER),
        ("experimental.envoy.filters.a[b][c]", keys::ODD_FILTER),
        ("experimental.envoy.filters.a", keys::UNKNOWN),
        ("version", keys::UNKNOWN),
    ] {
        check_left(&constraint(key), &[(family, &["/constraints/0"])]);
    }
}

#[test]
fn e104_of_two_constraints_with_one_key_the_last_counts() {
    let text =
        role("constraints:\n- key: request.headers[a]\n  values: [one]\n- key: request.headers[a]\n  values: [two]");
    let applied = apply(&text, false);
    assert_eq!(applied.items[0].value, json!({"when": [{"key": "request.headers[a]", "values": ["two"]}]}));
    assert_eq!(told(&applied), Vec::<String>::new());
}

#[test]
fn items_know_their_place_in_the_input() {
    let text = "apiVersion: rbac.istio.io/v1alpha1\nkind: ServiceRole\nspec:\n  rules:\n  - methods: [GET]\n  - methods: [POST]\n";
    let applied = apply(text, false);
    let from: Vec<&str> = applied.items.iter().map(|item| item.from.as_str()).collect();
    assert_eq!(from, ["/spec/rules/0", "/spec/rules/1"]);
    let values: Vec<&Value> = applied.items.iter().map(|item| &item.value).collect();
    assert_eq!(values, [&json!({"operation": {"methods": ["GET"]}}), &json!({"operation": {"methods": ["POST"]}})]);
}

#[test]
fn e55_e56_e82_groups_are_conditions_on_the_claim_groups() {
    let when = |values: Value| json!({"key": "request.auth.claims[groups]", "values": values});
    check_subject("group: admins", json!({"when": [when(json!(["admins"]))]}));
    check_subject("group: '*'\ngroups: [b, c]", json!({"when": [when(json!(["*"])), when(json!(["b", "c"]))]}));
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
fn identities_and_other_meanings_are_left_to_rust() {
    check_left(
        &binding(
            "user: x\nnames: [y]\nnot_names: [z]\nnotGroups: [a]\nproperties: {source.principal: p, source.user: u}",
        ),
        &[("source.principal", &["/properties/source.principal"]), ("source.user", &["/properties/source.user"])],
    );
    for (key, family) in [
        ("source.ip", "source.ip"),
        ("request.auth.principal", "request.auth.principal"),
        ("service", keys::UNKNOWN),
        ("connection.sni", keys::UNKNOWN),
        ("request.auth.raw_claims", keys::UNKNOWN),
        ("request.auth.claims", keys::CLAIMS_WITHOUT_NAME),
        ("request.auth.claims[a][b]", keys::ODD_CLAIM),
        ("request.auth.claims[]", keys::ODD_CLAIM),
    ] {
        let pointer = format!("/properties/{key}");
        check_left(&binding(&format!("properties: {{'{key}': v}}")), &[(family, &[&pointer])]);
    }
}

#[test]
fn a_property_that_is_an_empty_text_matched_nobody() {
    for key in ["source.ip", "source.namespace", "source.principal", "service"] {
        let pointer = format!("/properties/{key}");
        check_left(&binding(&format!("user: x\nproperties: {{{key}: ''}}")), &[(keys::UNKNOWN, &[&pointer])]);
    }
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
    assert_eq!(applied.items[0].value, json!({}), "the rule acts as if the line were not there");
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
    assert_eq!(applied.items[0].value, json!({"operation": {"notHosts": ["a"]}}));
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
fn authn_e84_jwt_fields_are_carried_in_either_spelling() {
    let applied = apply(
        &policy(
            "origins:\n- jwt:\n    issuer: https://a\n    audiences: [b]\n    jwks_uri: https://a/k\n    jwt_headers: [x-a, x-b]\n    \
             jwtParams: [t]\n    trigger_rules:\n    - excluded_paths:\n      - exact: /ok\nprincipal_binding: USE_ORIGIN",
        ),
        false,
    );
    assert_eq!(told(&applied), Vec::<String>::new());
    let item = &applied.items[0];
    assert_eq!(
        item.value,
        json!({
            "issuer": "https://a", "audiences": ["b"], "jwksUri": "https://a/k",
            "fromHeaders": [{"name": "x-a"}, {"name": "x-b"}], "fromParams": ["t"], "forwardOriginalToken": true
        })
    );
}

fn config(spec: &str) -> String {
    format!(
        "apiVersion: rbac.istio.io/v1alpha1\nkind: ClusterRbacConfig\nmetadata: {{name: default}}\nspec:\n  {}\n",
        spec.replace('\n', "\n  ")
    )
}

#[test]
fn dropped_fields_are_noted() {
    let applied = apply(&config("mode: 'ON'\ninclusion:\n  workloadSelectors:\n  - labels: {a: b}"), false);
    assert_eq!(told(&applied), ["7:5 field-without-effect"]);
    assert!(applied.findings.iter().all(|finding| finding.severity == Severity::Note));
}

#[test]
fn configs_are_left_to_rust() {
    let text =
        "mode: 'ON_WITH_INCLUSION'\ninclusion:\n  services: [a.b.svc.cluster.local]\nenforcement_mode: PERMISSIVE";
    let applied = apply(&config(text), false);
    assert_eq!(told(&applied), Vec::<String>::new());
    assert_eq!(applied.items, []);
}

#[test]
fn a_kind_without_a_mapping_is_refused() {
    let applied = apply("apiVersion: rbac.istio.io/v1alpha1\nkind: AuthorizationPolicy\n", false);
    assert_eq!(told(&applied), ["1:1 unmapped-kind"]);
}

/// A copy of a shipped file with a change, as a user would make it.
fn changed(name: &str, from: &str, to: &str) -> (Mappings, Vec<Finding>) {
    let shipped = Mappings::embedded().text(name).unwrap().to_owned();
    let text = shipped.replacen(from, to, 1);
    assert_ne!(text, shipped, "nothing to change");
    Mappings::load(&[(format!("my/{name}.yaml"), text)])
}

/// What `rules:` is followed by in a file that adds a rule.
fn adding(name: &str, rule: &str) -> (Mappings, Vec<Finding>) {
    changed(name, "rules:\n", &format!("rules:\n- {rule}\n"))
}

const TENANT: &str = "entries: { of: '$.spec.rules[*].constraints', matching: acme.tenant, legacy: 'request.headers[x-tenant]', to: /when/-, key: 'request.headers[x-acme-tenant]' }";

/// `--mappings DIR`: a new constraint key without a line of Rust.
#[test]
fn a_user_adds_a_constraint_key_by_writing_yaml_only() {
    let text = role("constraints:\n- key: acme.tenant\n  values: [blue]");
    check_left(&text, &[(keys::UNKNOWN, &["/constraints/0"])]);
    let (mappings, findings) = adding("service-role", TENANT);
    assert_eq!(findings, []);
    let applied = mappings.apply(&manifest(&text), false);
    assert_eq!(told(&applied), ["8:7 key-from-mapping"]);
    let when = json!({"when": [{"key": "request.headers[x-acme-tenant]", "values": ["blue"]}]});
    assert_eq!((&applied.items[0].value, applied.items[0].http_only), (&when, true));
    assert_eq!(mappings.added_keys().constraint("acme.tenant"), "request.headers[x-tenant]");
    let listed = mappings.find("ServiceRole").unwrap();
    assert_eq!(listed.path.as_deref(), Some("my/service-role.yaml"));
}

#[test]
fn a_user_refuses_what_the_shipped_file_converts() {
    for (rule, text, expected) in [
        (
            "refuse: { at: '$.spec.rules[*].notPaths', because: we do not use it }",
            "notPaths: [/a]",
            "7:5 refused-by-mapping",
        ),
        (
            "refuse: { at: \"$.spec.rules[*].constraints['request.headers[x-*]']\", because: we do not use it }",
            "constraints:\n- key: request.headers[x-id]\n  values: [a]",
            "8:7 refused-by-mapping",
        ),
        // A warning elsewhere, and a refusal here.
        (
            "refuse: { at: '$.spec.rules[*].hosts', code: unknown-field, because: we do not use it }",
            "hosts: [a]",
            "7:5 unknown-field",
        ),
    ] {
        let (mappings, findings) = adding("service-role", rule);
        assert_eq!(findings, []);
        let applied = mappings.apply(&manifest(&role(text)), false);
        assert_eq!(told(&applied), [expected]);
        assert!(applied.findings[0].refuses());
    }
}

/// A refusal by a family is about the keys that belong to it, not about every key that fits its pattern.
#[test]
fn other_keys_can_be_refused_without_istios_own() {
    let rule = "refuse: { at: \"$.spec.rules[*].constraints['**']\", because: we want to look at them }";
    let (mappings, findings) = adding("service-role", rule);
    assert_eq!(findings, []);
    let constraint = |key: &str| manifest(&role(&format!("constraints:\n- key: {key}\n  values: [a]")));
    assert_eq!(told(&mappings.apply(&constraint("version"), false)), ["8:7 refused-by-mapping"]);
    assert_eq!(told(&mappings.apply(&constraint("request.headers[x-id]"), false)), Vec::<String>::new());
}

/// An object of a kind that holds a text at a path; items of lists and keys of tables are made up.
fn object_with(leaf: &Leaf, schema: &Schema, kind: &str) -> String {
    let key = |pattern: &str| pattern.replace("**", "x[").replace('*', "x");
    let mut value = json!("a");
    let mut parts = leaf.parts.clone();
    if let Some(table) = leaf.table.and_then(|table| schema.tables.get(table)) {
        let key = key(leaf.name());
        value = if table.is_list() { json!([{"key": key, "values": ["a"]}]) } else { json!({ key: "a" }) };
        parts = table.parts.clone();
    }
    for part in parts.iter().rev() {
        value = match part {
            Part::Any => json!([value]),
            Part::Name(name) => json!({ name: value }),
        };
    }
    let mut object = json!({"apiVersion": schema.fields.api_version, "kind": kind, "metadata": {"name": "n"}});
    object["spec"] = value["spec"].clone();
    object.to_string()
}

/// The table for people says of every field what becomes of it, and names no finding that does not exist.
#[test]
fn what_the_converter_makes_of_a_field_is_said() {
    let code = |text: &str| Some(text.rsplit_once('(')?.1.split_once(')')?.0.to_owned());
    for fields in fields::ALL {
        let keys = fields.tables.iter().flat_map(|table| table.keys);
        for field in fields.fields.iter().chain(keys) {
            assert_eq!(field.becomes.is_empty(), field.reader != fields::Reader::Rust, "{}", field.path);
            let named = code(field.becomes);
            assert!(named.is_none_or(|code| crate::finding::Code::find(&code).is_some()), "{}", field.becomes);
        }
    }
    for listed in Mappings::embedded().list() {
        let decisions = Mappings::embedded().decisions(&listed.name);
        assert!(decisions.iter().all(|decision| !decision.becomes.is_empty() && decision.line > 0), "{decisions:?}");
        assert!(decisions.first().is_some_and(|decision| !decision.why.is_empty()), "{decisions:?}");
    }
}

/// What the page promises: every field and family of keys of every kind can be refused, whoever reads it.
#[test]
fn a_user_can_refuse_any_field() {
    for listed in Mappings::embedded().list() {
        let schema = Schema::new(fields::of(&listed.api_version, &listed.kinds[0]).unwrap());
        for leaf in &schema.leaves {
            let rule = format!("refuse: {{ at: \"{}\", because: we do not use it }}", leaf.text());
            let (mappings, findings) = adding(&listed.name, &rule);
            assert_eq!(findings, [], "{}", leaf.text());
            let applied = mappings.apply(&manifest(&object_with(leaf, &schema, &listed.kinds[0])), false);
            let refused = |finding: &Finding| finding.code.name() == "refused-by-mapping" && finding.refuses();
            assert!(applied.findings.iter().any(refused), "{}: {:?}", leaf.text(), applied.findings);
        }
    }
}

#[test]
fn a_user_notes_a_constraint_that_istio_ignored() {
    let (mappings, findings) =
        adding("service-role", "drop: { at: \"$.spec.rules[*].constraints['version']\", because: nobody read it }");
    assert_eq!(findings, []);
    let applied = mappings.apply(&manifest(&role("constraints:\n- key: version\n  values: [a]")), false);
    assert_eq!(told(&applied), ["8:7 field-without-effect"]);
    assert!(applied.items[0].left.is_empty());
}

#[test]
fn two_files_for_one_kind_are_an_error() {
    let text = Mappings::embedded().text("rbac-config").unwrap().to_owned();
    let one = text.replace("[ClusterRbacConfig, RbacConfig]", "[RbacConfig]");
    let (_, findings) = Mappings::load(&[("a.yaml".to_owned(), text), ("b.yaml".to_owned(), one)]);
    assert_eq!(findings.iter().map(line).collect::<Vec<_>>(), ["1:1 broken-mapping"]);
}

#[test]
fn a_file_for_one_of_two_kinds_leaves_the_other_as_it_was() {
    let (mappings, findings) = changed("rbac-config", "[ClusterRbacConfig, RbacConfig]", "[RbacConfig]");
    assert_eq!(findings, []);
    assert_eq!(mappings.find("RbacConfig").unwrap().path.as_deref(), Some("my/rbac-config.yaml"));
    assert_eq!(mappings.find("cluster-rbac-config").unwrap().path, None);
}

/// What is said about a file with a change: the code, and the text it points at.
#[track_caller]
fn check_changed(name: &str, from: &str, to: &str, expected: (&str, &str)) {
    let shipped = Mappings::embedded().text(name).unwrap().to_owned();
    let text = shipped.replacen(from, to, 1);
    assert_ne!(text, shipped, "nothing to change: {from}");
    let findings = check("m.yaml", &text);
    let Some(finding) = findings.iter().find(|finding| finding.code.name() == expected.0) else {
        panic!("{to}: {findings:?}");
    };
    let place = finding.place.as_ref().expect("a place");
    let pointed = &text.lines().nth(place.line - 1).expect("a line of the file")[place.column - 1..];
    assert!(pointed.starts_with(expected.1), "points at `{pointed}`: {}", finding.message);
}

#[test]
fn load_errors_are_located() {
    let role = |from: &str, to: &str, at: &str| check_changed("service-role", from, to, ("broken-mapping", at));
    let added = |rule: &str, at: &str| role("rules:\n", &format!("rules:\n- {rule}\n"), at);
    role("title:", "titel:", "titel");
    added("coppy: {from: $.a, to: /a}", "coppy");
    added("copy: {from: a, to: /a}", "a,");
    added("copy: {from: $..a, to: /a}", "$..a");
    added("copy: {from: $.spec.a, to: /operation/paths/-}", "$.spec.a");
    added("copy: {from: $.spec.a, to: a}", "a}");
    added("copy: {from: $.spec.a, too: /a}", "too");
    added("{}", "{}");
    role("as: text }", "as: text, key: k }", "k }");
    role("to: /operation/ports/-", "to: /operation/prots/-", "/operation/prots/-");
    role("to: /operation/ports/-", "to: /when/-", "/when/-");
    role("    relaxation: query-string\n", "", "from:");
    added("refuse: {at: '$.spec.rules[*].paths', code: no-such-code, because: b}", "no-such-code");
    added("refuse: {at: '$.spec.rules[*].path', because: b}", "'$.spec.rules[*].path'");
    added("set: {value: 1, to: /operation/ports/-}", "/operation/ports");
    added("entries: {of: $.spec, matching: b, to: /when/-}", "$.spec");
    added("entries: {of: '$.spec.rules[*].constraints', matching: 'acme.*', to: /when/-}", "'acme.*'");
    added("entries: {of: '$.spec.rules[*].constraints', matching: destination.user, to: /when/-}", "destination.user");
    added(
        "entries: {of: '$.spec.rules[*].constraints', matching: destination.ip, to: /when/-, legacy: ':path'}",
        "':path'",
    );
    check_changed("service-role", "kinds: [ServiceRole]", "kinds: [ServicRole]", ("broken-mapping", "ServicRole"));
    check_changed(
        "service-role",
        "kinds: [ServiceRole]",
        "kinds: [ServiceRole, RbacConfig]",
        ("broken-mapping", "RbacConfig"),
    );
}

#[test]
fn an_added_key_says_what_it_meant_and_what_it_becomes() {
    for (from, to) in [
        ("legacy: 'request.headers[x-tenant]', ", ""),
        (", key: 'request.headers[x-acme-tenant]'", ""),
        ("legacy: 'request.headers[x-tenant]'", "legacy: acme.other"),
        ("legacy: 'request.headers[x-tenant]'", "legacy: destination.user"),
        ("legacy: 'request.headers[x-tenant]'", "legacy: 'request.headers[*]'"),
    ] {
        let (_, findings) = adding("service-role", &TENANT.replace(from, to));
        assert_eq!(findings.len(), 1, "{to}: {findings:?}");
    }
}

#[test]
fn what_rust_reads_cannot_be_dropped_and_what_it_does_not_read_cannot_be_left_to_it() {
    let broken = ("broken-mapping", "\"$.spec");
    let drop = |at: &str| format!("rules:\n- drop: {{ at: \"{at}\", because: b }}\n");
    check_changed("service-role", "rules:\n", &drop("$.spec.rules[*].services"), broken);
    check_changed("service-role", "rules:\n", &drop("$.spec.rules[*].constraints['destination.user']"), broken);
    check_changed("service-role", "rules:\n", &drop("$.spec.rules[*].constraints['request.headers[x]']"), broken);
    check_changed("service-role-binding", "rules:\n", &drop("$.spec.subjects[*].properties['service']"), broken);
    check_changed("policy", "rules:\n", &drop("$.spec.peerIsOptional"), broken);
    let left = |at: &str| format!("handled-in-rust:\n- \"{at}\"\n");
    check_changed("service-role", "handled-in-rust:\n", &left("$.spec.rules[*].hosts"), broken);
    check_changed("service-role", "handled-in-rust:\n", &left("$.spec.rules[*].constraints['acme.tenant']"), broken);
    check_changed("rbac-config", "handled-in-rust:\n", &left("$.spec.inclusion.workloadSelectors"), broken);
}

#[test]
fn a_field_without_a_rule_is_another_finding_than_an_unknown_field() {
    check_changed("service-role", "- \"$.spec.rules[*].services\"\n", "", ("no-rule", "- copy"));
    check_changed("policy", "- $.spec.principalBinding\n", "", ("no-rule", "- copy"));
    check_changed(
        "service-role",
        "matching: destination.ip,",
        "matching: 'request.headers[x]',",
        ("no-rule", "- copy"),
    );
}

#[test]
fn one_rule_per_field_and_one_writer_per_target() {
    let copy = "rules:\n- copy: { from: \"$.spec.rules[*].ports[*]\", to: /operation/hosts/-, as: text }\n";
    check_changed("service-role", "rules:\n", copy, ("broken-mapping", "\"$.spec"));
    check_changed("service-role", "rules:\n", copy, ("two-writers", "copy:"));
}

#[test]
fn the_schema_accepts_the_shipped_files_and_rejects_slips() {
    let validator = jsonschema::validator_for(&schema()).expect("a valid schema");
    let value = |text: &str| serde_yaml::from_str::<Value>(text).expect("YAML");
    for listed in Mappings::embedded().list() {
        let text = Mappings::embedded().text(&listed.name).unwrap().to_owned();
        let errors: Vec<String> = validator.iter_errors(&value(&text)).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{}", listed.name);
    }
    let head = "title: t\nfrom: {apiVersion: a/v1, kinds: [B]}\n";
    for wrong in [
        "rules: [{step: role-join}]",
        "rules: [{drop: {at: $..a, because: b}}]",
        "rules: [{drop: {at: $.a}}]",
        "rules: [{}]",
        "handled-in-rust: [a]",
        "outputs: []",
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
