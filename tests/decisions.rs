//! Every decision of every mapping file is read: each is flipped, one at a time, and either the file cannot be loaded any
//! more, or some object of a corpus becomes something else. A decision that could be flipped unnoticed would be a promise
//! that nobody keeps.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use meshlift::access::{self, Side, World as Mode};
use meshlift::convert::Options;
use meshlift::convert::placement::{Style, place};
use meshlift::convert::plan::plan;
use meshlift::finding::catalogue::rbac::ANY_AUDIENCE;
use meshlift::mapping::Mappings;
use meshlift::mesh::{self, BuildOptions, Completeness, Input, World};
use meshlift::yaml::{self, Stream};
use serde_json::{Value, json};
use std::sync::Arc;

/// The files, as they are shipped; each with its corpus.
const FILES: [(&str, &str, &[&str]); 4] = [
    ("policy", include_str!("../mappings/policy.yaml"), &[POLICIES]),
    ("rbac-config", include_str!("../mappings/rbac-config.yaml"), &[CONFIG]),
    ("service-role", include_str!("../mappings/service-role.yaml"), &[ROLES, UNREADABLE_ROLES]),
    ("service-role-binding", include_str!("../mappings/service-role-binding.yaml"), &[BINDINGS, UNREADABLE_BINDINGS]),
];

/// A Service, RBAC for its namespace, and the MeshPolicy that charts installed.
const MESH: &str = "
{apiVersion: v1, kind: Namespace, metadata: {name: default}}
---
{apiVersion: v1, kind: Service, metadata: {name: app, namespace: default}, spec: {selector: {app: app}, ports: [{name: http, port: 80, targetPort: 8080}]}}
---
{apiVersion: authentication.istio.io/v1alpha1, kind: MeshPolicy, metadata: {name: default}, spec: {peers: [{mtls: {mode: PERMISSIVE}}]}}
";

const RBAC: &str = "
---
{apiVersion: rbac.istio.io/v1alpha1, kind: ClusterRbacConfig, metadata: {name: default}, spec: {mode: ON_WITH_INCLUSION, inclusion: {namespaces: [default]}}}
";

const TO_ALL: &str = "
---
{apiVersion: rbac.istio.io/v1alpha1, kind: ServiceRoleBinding, metadata: {name: b, namespace: default}, spec: {subjects: [{user: cluster.local/ns/a/sa/x}], roleRef: {kind: ServiceRole, name: r}}}
";

/// Every field and family of keys that the file decides about, with the values that its options are for.
const ROLES: &str = "
---
apiVersion: rbac.istio.io/v1alpha1
kind: ServiceRole
metadata: {name: r, namespace: default}
spec:
  rules:
  - {services: ['*'], methods: ['', GET]}
  - {services: ['*'], notMethods: ['', PUT]}
  - {services: ['*'], paths: ['', /a]}
  - {services: ['*'], paths: ['/a/{id}']}
  - {services: ['*'], notPaths: ['', /b]}
  - {services: ['*'], notPaths: ['/b?x']}
  - {services: ['*'], hosts: ['', a.example]}
  - {services: ['*'], hosts: [A.example]}
  - {services: ['*'], notHosts: ['', b.example]}
  - {services: ['*'], notHosts: [B.example]}
  - {services: ['*'], ports: [8080]}
  - {services: ['*'], notPorts: [9090]}
  - {services: ['*'], constraints: [{key: 'request.headers[x-id]', values: ['', a.example]}]}
  - {services: ['*'], constraints: [{key: 'experimental.envoy.filters.a.b[c]', values: [d, a.example]}]}
  - {services: ['*'], constraints: [{key: destination.ip, values: [10.0.0.1, a.example]}]}
  - {services: ['*'], constraints: [{key: connection.sni, values: [a.example, '*']}]}
  - {services: ['*'], constraints: [{key: connection.sni, values: [a.example]}]}
  - {services: ['*'], constraints: [{key: ':path', values: ['', /c, a.example]}]}
  - {services: ['*'], constraints: [{key: ':method', values: ['', GET, a.example]}]}
  - {services: ['*'], constraints: [{key: ':authority', values: ['', a.example]}]}
  - {services: ['*'], constraints: [{key: acme.tenant, values: [blue, a.example]}]}
";

/// Empty values that the new API does not take.
const UNREADABLE_ROLES: &str = "
---
apiVersion: rbac.istio.io/v1alpha1
kind: ServiceRole
metadata: {name: r, namespace: default}
spec:
  rules:
  - {services: ['*'], constraints: [{key: destination.ip, values: ['']}, {key: connection.sni, values: ['']}]}
  - {services: ['*'], constraints: [{key: 'experimental.envoy.filters.a.b[c]', values: ['']}]}
  - {services: ['*'], constraints: [{key: acme.tenant, values: ['']}]}
";

const BINDINGS: &str = "
---
{apiVersion: rbac.istio.io/v1alpha1, kind: ServiceRole, metadata: {name: r, namespace: default}, spec: {rules: [{services: ['*']}]}}
---
apiVersion: rbac.istio.io/v1alpha1
kind: ServiceRoleBinding
metadata: {name: b, namespace: default}
spec:
  subjects:
  - {namespaces: [a]}
  - {properties: {source.namespace: c}}
  - {user: cluster.local/ns/a/sa/x, notNamespaces: [b]}
  - {group: one}
  - {groups: [two]}
  - {properties: {'request.headers[x-id]': ''}}
  - {properties: {'request.headers[x-id]': a.example}}
  - {properties: {request.auth.audiences: a.example}}
  - {properties: {request.auth.presenter: a.example}}
  - {properties: {'request.auth.claims[d]': a.example}}
  - {properties: {acme.tenant: a.example}}
  roleRef: {kind: ServiceRole, name: r}
";

const UNREADABLE_BINDINGS: &str = "
---
{apiVersion: rbac.istio.io/v1alpha1, kind: ServiceRole, metadata: {name: r, namespace: default}, spec: {rules: [{services: ['*']}]}}
---
apiVersion: rbac.istio.io/v1alpha1
kind: ServiceRoleBinding
metadata: {name: b, namespace: default}
spec:
  subjects:
  - {namespaces: ['']}
  - {user: cluster.local/ns/a/sa/x, notNamespaces: ['']}
  - {groups: ['']}
  - {properties: {request.auth.audiences: ''}}
  - {properties: {request.auth.presenter: ''}}
  - {properties: {'request.auth.claims[d]': ''}}
  - {properties: {acme.tenant: ''}}
  role:
    a: b
  actions:
  - {methods: [GET]}
  roleRef: {kind: ServiceRole, name: r}
";

const POLICIES: &str = "
---
apiVersion: authentication.istio.io/v1alpha1
kind: Policy
metadata: {name: app, namespace: default}
spec:
  targets: [{name: app}]
  peers: [{mtls: {}}]
  origins:
  - jwt: {issuer: https://a.example, audiences: [b], jwksUri: https://a.example/keys, jwtHeaders: [x-token], jwtParams: [token]}
  - jwt: {issuer: https://c.example, jwks: '{\"keys\":[]}'}
  principalBinding: USE_ORIGIN
";

const CONFIG: &str = "
---
apiVersion: rbac.istio.io/v1alpha1
kind: ClusterRbacConfig
metadata: {name: default}
spec:
  mode: ON_WITH_INCLUSION
  inclusion: {namespaces: [default], workloadSelectors: [{labels: {a: b}}]}
  exclusion: {workloadSelectors: [{labels: {c: d}}]}
";

/// Keys that a mesh of ours knew, so that the options of added keys are flipped, too.
const ADDED: [(&str, &str); 2] =
    [("service-role", "$.spec.rules[*].constraints"), ("service-role-binding", "$.spec.subjects[*].properties")];

/// The whole input of a corpus.
fn mesh_of(name: &str, corpus: &str) -> String {
    match name {
        "policy" | "rbac-config" => format!("{MESH}{corpus}"),
        "service-role" => format!("{MESH}{RBAC}{TO_ALL}{corpus}"),
        _ => format!("{MESH}{RBAC}{corpus}"),
    }
}

fn inputs(file: &str, text: &str) -> Vec<Input> {
    let stream = Stream::parse(file, Arc::from(text));
    assert_eq!(stream.findings, [], "{text}");
    stream.manifests().into_iter().map(|manifest| Input { manifest, inventory: false }).collect()
}

fn options_with(mappings: &Mappings) -> BuildOptions {
    let mut options = BuildOptions { one_mesh: true, complete: Completeness::All, ..BuildOptions::default() };
    options.settings.added_keys = mappings.added_keys();
    options
}

fn read(text: &str, mappings: &Mappings) -> World {
    mesh::build(inputs("mesh.yaml", text), &options_with(mappings))
}

/// What is wider with any form is not what this is about.
fn accepting() -> Options {
    Options { allow: [ANY_AUDIENCE].into(), ..Options::default() }
}

/// What a conversion comes to: objects, findings, refusals, relaxations.
fn converted(text: &str, mappings: &Mappings, strict: bool) -> String {
    let world = read(text, mappings);
    format!("{:?}", plan(&world, mappings, &Options { strict, ..accepting() }))
}

/// What the proof says of the result.
fn proved(text: &str, mappings: &Mappings) -> String {
    let world = read(text, mappings);
    let plan = plan(&world, mappings, &accepting());
    let style = Style { api_version: None, target: BuildOptions::default().settings.target };
    let mut new: Vec<Input> = inputs("mesh.yaml", MESH);
    new.truncate(2);
    for placed in place(&plan, &world, style).placed {
        new.extend(inputs("new.yaml", &yaml::emit(&placed.standalone())));
    }
    let after = mesh::build(new, &options_with(mappings));
    let (Some(before), Some(after)) = (world.environments.first(), after.environments.first()) else {
        panic!("one mesh before and after")
    };
    let verdicts = access::prove(
        Side { mesh: &before.mesh, world: Mode::Source },
        Side { mesh: &after.mesh, world: Mode::Target },
        &access::Options { strict: false, budget: access::Budget::default() },
    );
    format!("{verdicts:?}")
}

/// A changed file, and what was changed.
struct Flip {
    told: String,
    file: Value,
}

/// Every single change of a file.
fn flips(name: &str, file: &Value, targets: &[String]) -> Vec<Flip> {
    let mut flips = Vec::new();
    let mut add = |told: String, change: &dyn Fn(&mut Value)| {
        let mut changed = file.clone();
        change(&mut changed);
        assert_ne!(&changed, file, "{told} changes nothing");
        flips.push(Flip { told, file: changed });
    };
    for key in ["title", "reference"] {
        add(format!("another {key}"), &|file| file[key] = json!("another"));
    }
    for (index, kind) in list(file.pointer("/from/kinds")).iter().enumerate() {
        add(format!("not for {kind}"), &|file| remove(file, "/from/kinds", index));
    }
    for (index, field) in list(file.get("handled-in-rust")).iter().enumerate() {
        add(format!("{field} is not handled in Rust"), &|file| remove(file, "/handled-in-rust", index));
        let field = field.clone();
        let dropped = move |file: &mut Value| {
            remove(file, "/handled-in-rust", index);
            push(file, json!({"drop": {"at": field, "because": "of a flip"}}));
        };
        add(format!("{index}. field of Rust is dropped"), &dropped);
    }
    for (index, rule) in list(file.get("rules")).iter().enumerate() {
        let Some((action, body)) = rule.as_object().and_then(|rule| rule.iter().next()) else { panic!("a rule") };
        let told = |what: &str| format!("rule {index} ({action}): {what}");
        add(told("removed"), &|file| remove(file, "/rules", index));
        for (what, other) in other_actions(action, body) {
            add(told(&what), &move |file| file["rules"][index] = other.clone());
        }
        for (key, value) in body.as_object().into_iter().flatten() {
            add(told(&format!("without {key}")), &|file| {
                file["rules"][index][action].as_object_mut().expect("a body").remove(key);
            });
            for other in other_values(key, value, targets) {
                add(told(&format!("{key}: {other}")), &|file| file["rules"][index][action][key] = other.clone());
            }
        }
        for (key, value) in absent_options(name, action, body) {
            add(told(&format!("with {key}")), &|file| file["rules"][index][action][key] = value.clone());
        }
    }
    flips
}

fn list(value: Option<&Value>) -> Vec<Value> {
    value.and_then(Value::as_array).cloned().unwrap_or_default()
}

fn remove(file: &mut Value, pointer: &str, index: usize) {
    file.pointer_mut(pointer).and_then(Value::as_array_mut).expect("a list").remove(index);
}

fn push(file: &mut Value, rule: Value) {
    file["rules"].as_array_mut().expect("rules").push(rule);
}

/// Other things that could be done with the same field.
fn other_actions(action: &str, body: &Value) -> Vec<(String, Value)> {
    let at = match action {
        "copy" => body["from"].clone(),
        "entries" => {
            let (of, key) = (body["of"].as_str().expect("a table"), body["matching"].as_str().expect("a key"));
            json!(format!("{of}['{key}']"))
        }
        "refuse" | "drop" => body["at"].clone(),
        _ => return Vec::new(),
    };
    ["refuse", "drop"]
        .into_iter()
        .filter(|other| *other != action)
        .map(|other| (format!("{other} instead"), json!({ other: {"at": at, "because": "of a flip"} })))
        .collect()
}

fn other_values(key: &str, value: &Value, targets: &[String]) -> Vec<Value> {
    let text = value.as_str().unwrap_or_default();
    match key {
        "to" => targets.iter().filter(|to| *to != text).map(|to| json!(to)).collect(),
        "as" => ["text", "name"].into_iter().filter(|form| *form != text).map(Value::from).collect(),
        "relaxation" => {
            ["query-string", "host-case"].into_iter().filter(|name| *name != text).map(Value::from).collect()
        }
        "code" => vec![json!("unknown-field")],
        "value" => vec![json!(false), json!("another")],
        "from" | "or" | "of" | "at" => vec![json!(text.trim_end_matches("[*]").to_owned() + "x")],
        _ => vec![json!(format!("{text}x"))],
    }
}

/// Options that a rule could have and has not.
fn absent_options(name: &str, action: &str, body: &Value) -> Vec<(&'static str, Value)> {
    let options: &[(&str, Value)] = match action {
        "copy" => &[
            ("empty", json!("*")),
            ("as", json!("text")),
            ("as", json!("name")),
            ("key", json!("request.headers[x]")),
            ("exact", json!("request.headers[x]")),
            ("relaxation", json!("host-case")),
        ],
        "entries" => &[
            ("empty", json!("*")),
            ("always", json!("a.example")),
            ("key", json!("request.headers[x]")),
            ("legacy", json!("request.headers[x]")),
        ],
        "refuse" => &[("code", json!("unknown-field"))],
        _ => &[],
    };
    // Empty texts in a list of a JWT method never get as far: Istio's validation, which Rust repeats, rejected them.
    let rejected = |key: &str| name == "policy" && key == "empty";
    options.iter().filter(|(key, _)| body.get(key).is_none() && !rejected(key)).cloned().collect()
}

#[test]
fn no_decision_of_a_mapping_file_can_be_flipped_unnoticed() {
    let mut unnoticed = Vec::new();
    let mut tried = 0;
    for (name, text, corpora) in FILES {
        let mut file: Value = serde_yaml::from_str(text).expect("YAML");
        for (_, table) in ADDED.iter().filter(|(of, _)| *of == name) {
            let entry = json!({"of": table, "matching": "acme.tenant", "legacy": "request.headers[x-tenant]", "to": "/when/-", "key": "request.headers[x-tenant]"});
            push(&mut file, json!({ "entries": entry }));
        }
        let load = |file: &Value| {
            let (mappings, findings) = Mappings::load(&[(format!("{name}.yaml"), file.to_string())]);
            findings.is_empty().then_some(mappings)
        };
        let usual = load(&file).expect("the file as it is can be loaded");
        let outputs = |mappings: &Mappings| {
            let meshes = corpora.iter().map(|corpus| mesh_of(name, corpus));
            let of = |mesh: String| [false, true].map(|strict| converted(&mesh, mappings, strict));
            (mappings.list(), meshes.map(of).collect::<Vec<_>>())
        };
        let (expected, proof) = (outputs(&usual), proved(&mesh_of(name, corpora[0]), &usual));
        for flip in flips(name, &file, &usual.targets(name)) {
            tried += 1;
            let Some(mappings) = load(&flip.file) else { continue };
            // What a key meant is for the proof alone.
            if outputs(&mappings) == expected && proved(&mesh_of(name, corpora[0]), &mappings) == proof {
                unnoticed.push(format!("{name}: {}", flip.told));
            }
        }
    }
    assert_eq!(unnoticed, Vec::<String>::new());
    assert!(tried > 300, "only {tried} flips were tried");
}

/// The corpus shows what it is meant to show: it is converted, not refused for another reason.
#[test]
fn the_corpus_of_the_flips_is_converted() {
    for (name, _, corpora) in FILES {
        let mappings = Mappings::embedded();
        let world = read(&mesh_of(name, corpora[0]), &mappings);
        let plan = plan(&world, &mappings, &accepting());
        let refusing: Vec<String> =
            plan.ledger.findings().iter().filter(|f| f.refuses()).map(|f| f.message.clone()).collect();
        assert_eq!((refusing, plan.ledger.refused().len()), (Vec::new(), 0), "{name}");
        assert!(!plan.drafts.is_empty(), "{name}");
    }
}
