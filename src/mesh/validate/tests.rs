use crate::mesh::Mesh;
use crate::mesh::testing::world;

/// Checks one document: either it is accepted, or refused with one finding of this code whose message holds this text.
fn check(kind: &str, metadata: &str, spec: &str, refusal: Option<(&str, &str)>) -> Mesh {
    let group = if kind.ends_with("Policy") { "authentication" } else { "rbac" };
    let yaml = format!("apiVersion: {group}.istio.io/v1alpha1\nkind: {kind}\nmetadata: {{{metadata}}}\nspec: {spec}\n");
    let mut world = world(&[("input.yaml", &yaml)]);
    let found: Vec<(&str, &str)> = world.findings.iter().map(|f| (f.code.name(), f.message.as_str())).collect();
    let mesh = world.environments.remove(0).mesh;
    let kept = mesh.authentication.len() + mesh.configs.len() + mesh.roles.len() + mesh.bindings.len();
    match refusal {
        None => assert_eq!((&found[..], kept, mesh.rejected.len()), (&[][..], 1, 0), "{yaml}"),
        Some((code, text)) => {
            assert!(matches!(&found[..], [(c, m)] if *c == code && m.contains(text)), "{yaml}{found:?}");
            assert_eq!((kept, mesh.rejected.len()), (0, 1), "{yaml}");
        }
    }
    mesh
}

fn policy(name: &str, spec: &str, refusal: Option<&str>) {
    let metadata = format!("name: {name}, namespace: foo");
    check("Policy", &metadata, spec, refusal.map(|text| ("invalid-policy", text)));
}

fn jwt(methods: &str, refusal: Option<&str>) {
    policy("default", &format!("{{{methods}}}"), refusal);
}

fn role(rule: &str, refusal: Option<&str>) {
    let refusal = refusal.map(|text| ("invalid-service-role", text));
    check("ServiceRole", "name: r, namespace: shop", &format!("{{rules: [{rule}]}}"), refusal);
}

fn binding(spec: &str, refusal: Option<&str>) {
    let refusal = refusal.map(|text| ("invalid-service-role-binding", text));
    check("ServiceRoleBinding", "name: b, namespace: shop", spec, refusal);
}

fn subject(subject: &str, refusal: Option<&str>) {
    binding(&format!("{{subjects: [{subject}], roleRef: {{kind: ServiceRole, name: r}}}}"), refusal);
}

#[test]
fn authn_e28_v1_a_policy_without_targets_is_named_default() {
    policy("strict", "{peers: [{mtls: {}}]}", Some("must be named `default`"));
    policy("default", "{peers: [{mtls: {}}]}", None);
}

#[test]
fn authn_e29_v2_the_policy_named_default_has_no_targets() {
    policy("default", "{targets: [{name: web}]}", Some("cannot have targets"));
    policy("web", "{targets: [{name: web}]}", None);
}

#[test]
fn v3_a_mesh_policy_with_another_name_was_never_active() {
    let mesh =
        check("MeshPolicy", "name: strict", "{peers: [{mtls: {}}]}", Some(("never-active", "MeshPolicy strict")));
    assert_eq!(mesh.inert.len(), 1);
    assert_eq!(mesh.in_doubt("MeshPolicy").count(), 0);
}

#[test]
fn v4_a_mesh_policy_has_no_targets() {
    let refusal = Some(("invalid-policy", "whole mesh"));
    let mesh = check("MeshPolicy", "name: default", "{targets: [{name: web}]}", refusal);
    assert_eq!(mesh.in_doubt("MeshPolicy").count(), 1);
}

#[test]
fn v5_targets_are_short_names() {
    for name in ["web.foo", "'*'", "Web", "''"] {
        policy("p", &format!("{{targets: [{{name: {name}}}]}}"), Some("short name"));
    }
    policy("p", "{targets: [{labels: {app: web}}]}", Some("short name"));
}

#[test]
fn v6_authn_e24_ports_are_numbers_in_range_or_dns_labels() {
    for (ports, text) in [
        ("{}", "neither"),
        ("{number: 0}", "1 to 65535"),
        ("{number: 65536}", "1 to 65535"),
        ("{name: HTTP}", "not a DNS label"),
    ] {
        policy("p", &format!("{{targets: [{{name: web, ports: [{ports}]}}]}}"), Some(text));
    }
    policy("p", "{targets: [{name: web, ports: [{number: 80}, {name: http}]}]}", None);
}

#[test]
fn v7_authn_e81_an_issuer_is_given_and_given_once() {
    jwt("origins: [{jwt: {audiences: [a]}}]", Some("needs an `issuer`"));
    jwt("peers: [{jwt: {}}]", Some("needs an `issuer`"));
    jwt("peers: [{jwt: {issuer: a}}], origins: [{jwt: {issuer: a}}]", Some("\"a\" is named by two methods"));
    jwt("origins: [{jwt: {issuer: a}}, {jwt: {issuer: a}}]", Some("\"a\" is named by two methods"));
    jwt("peers: [{jwt: {issuer: a}}], origins: [{jwt: {issuer: b}}]", None);
}

#[test]
fn v8_lists_of_a_jwt_method_hold_no_empty_text() {
    for field in ["audiences", "jwtHeaders", "jwtParams"] {
        jwt(&format!("origins: [{{jwt: {{issuer: a, {field}: [x, '']}}}}]"), Some(field));
    }
}

#[test]
fn v9_the_key_address_is_a_web_address() {
    jwt("origins: [{jwt: {issuer: a, jwksUri: 'file:///keys'}}]", Some("file:///keys"));
    jwt("origins: [{jwt: {issuer: a, jwksUri: 'https://idp:x/keys'}}]", Some("https://idp:x/keys"));
    jwt("origins: [{jwt: {issuer: a, jwksUri: 'https://idp/keys', jwks: '{}'}}]", None);
}

#[test]
fn v10_an_origin_has_a_jwt() {
    jwt("origins: [{}]", Some("no `jwt`"));
    jwt("origins: [null]", Some("no `jwt`"));
    jwt("origins: [{jwt: null}]", Some("needs an issuer"));
}

#[test]
fn what_istio_did_not_check_is_accepted() {
    jwt("principalBinding: USE_ORIGIN", None);
    jwt("peers: [{}]", None);
    policy("p", "{targets: [{name: web}, {name: web}]}", None);
    jwt("origins: [{jwt: {issuer: a, triggerRules: [{includedPaths: [{regex: '['}]}]}}]", None);
}

#[test]
fn e14_the_mode_that_names_a_list_needs_it() {
    for (mode, field) in [("ON_WITH_INCLUSION", "inclusion"), ("ON_WITH_EXCLUSION", "exclusion")] {
        let refusal = Some(("invalid-rbac-config", field));
        check("ClusterRbacConfig", "name: default", &format!("{{mode: {mode}}}"), refusal);
        let mesh = check("ClusterRbacConfig", "name: default", &format!("{{mode: {mode}, {field}: null}}"), refusal);
        assert!(mesh.config_in_doubt().is_some());
        check("ClusterRbacConfig", "name: default", &format!("{{mode: {mode}, {field}: {{}}}}"), None);
    }
}

#[test]
fn e19_a_config_with_another_name_was_never_active() {
    for (kind, metadata) in
        [("ClusterRbacConfig", "name: istio-rbac-config"), ("RbacConfig", "name: x, namespace: shop")]
    {
        let mesh = check(kind, metadata, "{mode: 'ON'}", Some(("never-active", "never active")));
        assert_eq!((mesh.inert.len(), mesh.config_in_doubt()), (1, None));
    }
}

#[test]
fn e45_a_binding_refers_to_a_role() {
    for (spec, text) in [
        ("{subjects: [{user: x}]}", "no `roleRef`"),
        ("{subjects: [{user: x}], role: r}", "`spec.role`"),
        ("{subjects: [{user: x}], roleRef: {kind: ServiceRole, name: r}, role: r}", "`spec.role`"),
        ("{subjects: [{user: x}], roleRef: {kind: ServiceRole, name: r}, actions: [{}]}", "`spec.actions`"),
        ("{subjects: [{user: x}], roleRef: {kind: Role, name: r}}", "must be ServiceRole"),
        ("{subjects: [{user: x}], roleRef: {name: r}}", "must be ServiceRole"),
        ("{subjects: [{user: x}], roleRef: {kind: ServiceRole}}", "name` is empty"),
        ("{roleRef: {kind: ServiceRole, name: r}}", "no subjects"),
    ] {
        binding(spec, Some(text));
    }
}

#[test]
fn e53_a_star_is_no_name() {
    subject("{names: ['*']}", Some("`*` is not allowed in `names`"));
    subject("{names: [a], notNames: ['*']}", Some("`*` is not allowed in `notNames`"));
    subject("{names: [allUsers]}", None);
    subject("{user: '*'}", None);
}

#[test]
fn e83_a_property_does_not_repeat_a_field() {
    for (field, property) in [
        ("names", "source.principal"),
        ("groups", "request.auth.claims[groups]"),
        ("namespaces", "source.namespace"),
        ("ips", "source.ip"),
    ] {
        subject(&format!("{{{field}: [x], properties: {{'{property}': z}}}}"), Some(property));
    }
    subject("{user: x, properties: {source.principal: z}}", None);
    subject("{group: x, groups: [z], properties: {a: b}}", None);
    subject("{names: [x], notNames: [z]}", None);
}

#[test]
fn e84_a_subject_says_something() {
    subject("{}", Some("empty"));
    subject("{user: '', names: []}", Some("empty"));
    subject("{notNamespaces: [x]}", None);
}

#[test]
fn e105_what_a_rule_cannot_combine() {
    role("{methods: [GET], notMethods: [PUT]}", Some("`notMethods`"));
    role("{ports: [1], not_ports: [2]}", Some("`notPorts`"));
    role("{hosts: [a], notHosts: [b], paths: [/a], notPaths: [/b]}", None);
    role("{ports: [0]}", Some("1 to 65535"));
    role("{ports: [80], constraints: [{key: destination.port, values: ['80']}]}", Some("destination.port"));
    role("{notPorts: [80], constraints: [{key: destination.port, values: ['80']}]}", Some("destination.port"));
    role("{constraints: [{key: '', values: [x]}]}", Some("needs a `key`"));
    role("{constraints: [{key: a, value: [x]}]}", Some("`a` has no `values`"));
    role("{constraints: [{key: a, values: [x]}, {key: a, values: [z]}]}", None);
    check("ServiceRole", "name: r, namespace: shop", "{}", Some(("invalid-service-role", "no rules")));
}
