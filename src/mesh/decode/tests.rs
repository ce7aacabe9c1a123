use crate::api::core::{TargetPort, Transport};
use crate::api::legacy::fields::{self, Fields, Reader, Shape, Table};
use crate::api::legacy::{Enforcement, PeerMethod, PortSelector, PrincipalBinding, RbacMode, StringMatch};
use crate::api::namespace;
use crate::api::security::{Action, MtlsMode};
use crate::finding::Severity;
use crate::mesh::testing::{codes, inputs, mesh, options, world};
use crate::mesh::{BuildOptions, Mesh, build};
use std::collections::BTreeSet;

/// The spec of a MeshPolicy `default`, as flow YAML.
fn mesh_policy(spec: &str) -> String {
    format!(
        "apiVersion: authentication.istio.io/v1alpha1\nkind: MeshPolicy\nmetadata: {{name: default}}\nspec: {spec}\n"
    )
}

fn cluster_config(spec: &str) -> String {
    format!("apiVersion: rbac.istio.io/v1alpha1\nkind: ClusterRbacConfig\nmetadata: {{name: default}}\nspec: {spec}\n")
}

fn role(rule: &str) -> String {
    format!(
        "apiVersion: rbac.istio.io/v1alpha1\nkind: ServiceRole\nmetadata: {{name: r, namespace: shop}}\nspec: {{rules: [{rule}]}}\n"
    )
}

fn binding(spec: &str) -> String {
    format!(
        "apiVersion: rbac.istio.io/v1alpha1\nkind: ServiceRoleBinding\nmetadata: {{name: b, namespace: shop}}\nspec: {spec}\n"
    )
}

/// Decodes a document and checks the codes of its findings, and that an error and only an error puts it out.
fn check(yaml: &str, expected: &[&str]) -> Mesh {
    let mut world = world(&[("input.yaml", yaml)]);
    let found: Vec<&str> = world.findings.iter().map(|finding| finding.code.name()).collect();
    assert_eq!(found, expected, "{yaml}\n{:#?}", world.findings);
    let mesh = world.environments.remove(0).mesh;
    let refused = world.findings.iter().any(|finding| finding.severity == Severity::Error);
    assert_eq!(
        refused,
        mesh.rejected.iter().any(|(id, _)| !mesh.inert.iter().any(|(inert, ..)| inert == id)),
        "{yaml}"
    );
    mesh
}

/// The peers of a MeshPolicy: `STRICT`, `PERMISSIVE`, `jwt` or `-`.
fn check_peers(peers: &str, codes: &[&str], expected: &[&str]) {
    let mesh = check(&mesh_policy(&format!("{{peers: {peers}}}")), codes);
    let shown = |peer: &PeerMethod| match peer {
        PeerMethod::Mtls(mtls) if mtls.permissive => "PERMISSIVE",
        PeerMethod::Mtls(_) => "STRICT",
        PeerMethod::Jwt(_) => "jwt",
        PeerMethod::Empty => "-",
    };
    let found: Vec<&str> = mesh.authentication.iter().flat_map(|policy| &policy.peers).map(shown).collect();
    assert_eq!(found, expected, "{peers}");
}

#[test]
fn authn_e1_e2_e3_e5_every_spelling_of_mtls() {
    check_peers("[{mtls: {}}]", &[], &["STRICT"]);
    check_peers("[{mtls: null}]", &[], &["STRICT"]);
    check_peers("[{mtls: }]", &[], &["STRICT"]);
    check_peers("[{mtls: {mode: STRICT}}]", &[], &["STRICT"]);
    check_peers("[{mtls: {mode: PERMISSIVE}}]", &[], &["PERMISSIVE"]);
    check_peers("[{mtls: {mode: null}}]", &[], &["STRICT"]);
    check_peers("[{}, null, {mtls: {}}]", &[], &["-", "-", "STRICT"]);
}

#[test]
fn authn_e4_modes_by_number_are_read_with_a_warning() {
    check_peers("[{mtls: {mode: 1}}]", &["numeric-enum"], &["PERMISSIVE"]);
    check_peers("[{mtls: {mode: 0}}]", &["numeric-enum"], &["STRICT"]);
    check_peers("[{mtls: {mode: 2}}]", &["undecodable-policy"], &[]);
}

#[test]
fn authn_e86_words_are_exact_and_wrong_types_do_not_decode() {
    for peers in [
        "[{mtls: {mode: strict}}]",
        "[{mtls: {mode: DISABLE}}]",
        "[{mtls: true}]",
        "[{mtls: STRICT}]",
        "[{mtls: {allowTls: 'true'}}]",
        "[STRICT]",
        "{mtls: {}}",
        "[{mtls: {}, jwt: {issuer: a}}]",
    ] {
        check_peers(peers, &["undecodable-policy"], &[]);
    }
    check(&mesh_policy("[]"), &["undecodable-policy"]);
    check(&mesh_policy("{principalBinding: USE_BOTH}"), &["undecodable-policy"]);
}

#[test]
fn an_undecodable_value_is_shown_where_it_stands() {
    let yaml = "apiVersion: authentication.istio.io/v1alpha1\nkind: MeshPolicy\nmetadata:\n  name: default\nspec:\n  peers:\n  - mtls:\n      mode: strict\n";
    let world = world(&[("input.yaml", yaml)]);
    assert_eq!(codes(&world), ["undecodable-policy 8:13"]);
    assert_eq!(
        world.findings[0].message,
        "`spec.peers[0].mtls.mode` must be one of STRICT, PERMISSIVE, but is \"strict\"."
    );
    assert_eq!(world.legacy.len(), 1, "rejected legacy objects are still legacy objects");
}

#[test]
fn authn_e84_snake_case_reads_like_camel_case() {
    let camel = "{targets: [{name: web, ports: [{number: '80'}, {name: http}]}], peerIsOptional: true, originIsOptional: true, principalBinding: USE_ORIGIN, origins: [{jwt: {issuer: i, jwksUri: 'https://i/k', jwtHeaders: [h], jwtParams: [p], triggerRules: [{excludedPaths: [{exact: /a}, {}], includedPaths: [{prefix: /b}, {suffix: c}, {regex: d}]}]}}]}";
    let snake = "{targets: [{name: web, ports: [{number: '80'}, {name: http}]}], peer_is_optional: true, origin_is_optional: true, principal_binding: USE_ORIGIN, origins: [{jwt: {issuer: i, jwks_uri: 'https://i/k', jwt_headers: [h], jwt_params: [p], trigger_rules: [{excluded_paths: [{exact: /a}, {}], included_paths: [{prefix: /b}, {suffix: c}, {regex: d}]}]}}]}";
    for spec in [camel, snake] {
        let yaml =
            mesh_policy(spec).replace("MeshPolicy", "Policy").replace("name: default", "name: web, namespace: shop");
        let mesh = check(&yaml, &[]);
        let policy = &mesh.authentication[0];
        assert!(policy.peer_is_optional && policy.origin_is_optional);
        assert_eq!(policy.principal_binding, PrincipalBinding::UseOrigin);
        assert!(
            matches!(&policy.targets[0].ports[..], [PortSelector::Number(80, _), PortSelector::Name(name, _)] if name == "http")
        );
        let jwt = &policy.origins[0];
        assert_eq!((jwt.jwks_uri.as_str(), jwt.headers.len(), jwt.params.len()), ("https://i/k", 1, 1));
        assert_eq!(jwt.triggers[0].excluded, [StringMatch::Exact("/a".into()), StringMatch::Nothing]);
        let included =
            [StringMatch::Prefix("/b".into()), StringMatch::Suffix("c".into()), StringMatch::Regex("d".into())];
        assert_eq!(jwt.triggers[0].included, included);
    }
}

#[test]
fn camel_case_wins_when_both_spellings_are_written() {
    let mesh = check(&mesh_policy("{peer_is_optional: true, peerIsOptional: false}"), &[]);
    assert!(!mesh.authentication[0].peer_is_optional);
}

#[test]
fn authn_e91_kinds_count_by_group() {
    let mesh = check("apiVersion: kyverno.io/v1\nkind: Policy\nmetadata: {name: p}\nspec: {rules: 3}\n", &[]);
    assert!(mesh.authentication.is_empty() && mesh.rejected.is_empty());
    assert!(world(&[("a.yaml", "apiVersion: policy/v1\nkind: Policy\n")]).legacy.is_empty());
}

#[test]
fn authn_e92_a_mesh_policy_with_a_namespace_is_still_for_the_mesh() {
    let yaml = mesh_policy("{peers: [{mtls: {}}]}").replace("name: default", "name: default, namespace: istio-system");
    let mesh = check(&yaml, &["namespace-on-cluster-object"]);
    assert_eq!(mesh.authentication[0].meta.namespace, "");
    let yaml = cluster_config("{mode: 'ON'}").replace("name: default", "name: default, namespace: istio-system");
    assert_eq!(check(&yaml, &["namespace-on-cluster-object"]).configs[0].meta.namespace, "");
}

#[test]
fn e115_the_alpha_authorization_policy_is_refused() {
    let alpha = "apiVersion: rbac.istio.io/v1alpha1\nkind: AuthorizationPolicy\nmetadata: {name: a, namespace: shop}\nspec: {allow: []}\n";
    let mesh = check(alpha, &["unsupported-legacy-api"]);
    assert!(mesh.authorization.is_empty());
    let old =
        "apiVersion: config.istio.io/v1alpha2\nkind: ServiceRole\nmetadata: {name: a, namespace: shop}\nspec: {}\n";
    assert!(check(old, &["unsupported-legacy-api"]).roles.is_empty());
    let mixer = "apiVersion: config.istio.io/v1alpha2\nkind: rule\nmetadata: {name: a, namespace: shop}\nspec: {}\n";
    assert!(check(mixer, &[]).rejected.is_empty());
}

#[test]
fn a_legacy_object_needs_a_name() {
    check(
        "apiVersion: rbac.istio.io/v1alpha1\nkind: ServiceRole\nmetadata: {namespace: shop}\nspec: {}\n",
        &["missing-name"],
    );
    check("apiVersion: rbac.istio.io/v1alpha1\nkind: ServiceRole\n", &["missing-name"]);
}

#[test]
fn e03_an_empty_config_is_off() {
    assert_eq!(check(&cluster_config("{}"), &[]).configs[0].mode, RbacMode::Off);
    assert_eq!(check(&cluster_config(""), &[]).configs[0].mode, RbacMode::Off);
}

#[test]
fn e04_modes_without_quotes_are_taken_as_written() {
    for (mode, expected, codes) in [
        ("ON", RbacMode::On, &["boolean-mode"][..]),
        ("OFF", RbacMode::Off, &["boolean-mode"]),
        ("'ON'", RbacMode::On, &[]),
        ("ON_WITH_INCLUSION, inclusion: {}", RbacMode::OnWithInclusion, &[]),
        ("3, exclusion: {}", RbacMode::OnWithExclusion, &["numeric-enum"]),
    ] {
        assert_eq!(check(&cluster_config(&format!("{{mode: {mode}}}")), codes).configs[0].mode, expected, "{mode}");
    }
    check(&cluster_config("{mode: 'on'}"), &["undecodable-policy"]);
}

#[test]
fn e16_both_spellings_of_the_enforcement_mode() {
    for field in ["enforcementMode", "enforcement_mode"] {
        let mesh = check(&cluster_config(&format!("{{mode: 'ON', {field}: PERMISSIVE}}")), &[]);
        assert_eq!(mesh.configs[0].enforcement, Enforcement::Permissive);
    }
}

#[test]
fn e46_role_ref_in_snake_case_is_no_role_ref() {
    check(
        &binding("{subjects: [{user: x}], role_ref: {kind: ServiceRole, name: r}}"),
        &["invalid-service-role-binding"],
    );
    let mesh = check(&binding("{subjects: [{user: x}], roleRef: {kind: ServiceRole, name: r}}"), &[]);
    assert_eq!(mesh.bindings[0].role.name, "r");
}

#[test]
fn e47_an_unknown_field_is_ignored_here() {
    assert_eq!(check(&role("{services: ['*'], method: [GET]}"), &[]).roles[0].rules[0].methods.len(), 0);
}

#[test]
fn numbers_may_be_quoted_but_text_may_not_be_a_number() {
    assert_eq!(check(&role("{ports: [80, '8080', 9090.0]}"), &[]).roles[0].rules[0].ports, [80, 8080, 9090]);
    check(&role("{ports: [http]}"), &["undecodable-policy"]);
    check(&role("{constraints: [{key: destination.port, values: [8080]}]}"), &["undecodable-policy"]);
    check(&role("{services: web}"), &["undecodable-policy"]);
    check(&role("{services: [null]}"), &["undecodable-policy"]);
    check(&role("null"), &["undecodable-policy"]);
    check(
        &binding("{subjects: [{properties: {source.ip: 1}}], roleRef: {kind: ServiceRole, name: r}}"),
        &["undecodable-policy"],
    );
}

#[test]
fn properties_keep_their_order() {
    let yaml = binding("{subjects: [{properties: {z: '1', a: '2', m: '3'}}], roleRef: {kind: ServiceRole, name: r}}");
    let mesh = check(&yaml, &[]);
    let keys: Vec<&str> = mesh.bindings[0].subjects[0].properties.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["z", "a", "m"]);
}

#[test]
fn authn_e30_the_namespace_is_the_documents_then_the_kustomizations_then_the_options_else_nobody_knows_it() {
    let policy = |metadata: &str| {
        format!("apiVersion: authentication.istio.io/v1alpha1\nkind: Policy\nmetadata: {{{metadata}}}\n")
    };
    let (own, none) = (policy("name: default, namespace: own"), policy("name: default"));
    let files = [
        ("apps/shop/own.yaml", own.as_str()),
        ("apps/shop/deep/none.yaml", none.as_str()),
        ("apps/cart/none.yaml", none.as_str()),
        ("none.yaml", none.as_str()),
    ];
    let kustomization = |folder: &str, namespace: Option<&str>| (folder.to_owned(), namespace.map(str::to_owned));
    let kustomizations = [
        kustomization("apps", Some("apps")),
        kustomization("apps/shop", Some("shop")),
        kustomization("apps/cart", None),
    ];
    let options = BuildOptions { kustomizations: kustomizations.into(), one_mesh: true, ..options() };
    let found = |options: &BuildOptions| -> Vec<String> {
        let world = build(inputs(&files), options);
        world.environments[0].mesh.authentication.iter().map(|policy| policy.meta.namespace.clone()).collect()
    };
    assert_eq!(found(&options), ["own", "shop", "apps", &namespace::unnamed("")]);
    let mut named = options;
    named.settings.default_namespace = Some("default".to_owned());
    assert_eq!(found(&named), ["own", "shop", "apps", "default"]);
}

#[test]
fn authn_e32_e35_services_and_their_pods() {
    let mesh = mesh(
        "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop, creationTimestamp: '2020-01-01T00:00:00Z'}\nspec:\n  selector: {app: web}\n  ports: [{name: http, port: 80, targetPort: http-web}, {port: 81}, {port: 53, protocol: UDP, targetPort: 5353}]\n---\napiVersion: extensions/v1beta1\nkind: Deployment\nmetadata: {name: web, namespace: shop, labels: {own: label}}\nspec:\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n      serviceAccountName: web\n      initContainers: [{ports: [{name: http-web, containerPort: 1}]}]\n      containers: [{ports: [{name: http-web, containerPort: 9090}]}, {name: x}]\n",
    );
    let service = &mesh.services[0];
    assert_eq!(service.meta.created.as_deref(), Some("2020-01-01T00:00:00Z"));
    let targets: Vec<&TargetPort> = service.ports.iter().map(|port| &port.target).collect();
    assert_eq!(targets, [&TargetPort::Name("http-web".into()), &TargetPort::Number(81), &TargetPort::Number(5353)]);
    assert_eq!(service.ports[2].transport, Transport::Udp);
    let workload = &mesh.workloads[0];
    assert_eq!((workload.service_account.as_str(), workload.pod_labels.len()), ("web", 1));
    let governed: Vec<(u16, u16)> =
        mesh.governed_ports(workload).iter().map(|p| (p.number, p.service_port.port)).collect();
    assert_eq!(governed, [(81, 81), (9090, 80)]);
}

#[test]
fn every_kind_that_makes_pods_has_pod_labels() {
    let template = "{metadata: {labels: {app: a}}, spec: {containers: [{ports: [{containerPort: 80}]}]}}";
    for (api, kind) in
        [("apps/v1", "StatefulSet"), ("apps/v1beta1", "DaemonSet"), ("batch/v1", "Job"), ("apps/v1", "ReplicaSet")]
    {
        let yaml = format!("apiVersion: {api}\nkind: {kind}\nmetadata: {{name: a}}\nspec: {{template: {template}}}\n");
        assert_eq!(mesh(&yaml).workloads[0].ports[0].number, 80, "{kind}");
    }
    let cron = format!(
        "apiVersion: batch/v1beta1\nkind: CronJob\nmetadata: {{name: a}}\nspec: {{jobTemplate: {{spec: {{template: {template}}}}}}}\n"
    );
    assert_eq!(mesh(&cron).workloads[0].pod_labels.len(), 1);
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {generateName: a-, labels: {app: a}}\nspec: {containers: []}\n";
    let mesh = mesh(pod);
    assert_eq!((mesh.workloads[0].pod_labels.len(), mesh.workloads[0].service_account.as_str()), (1, "default"));
}

#[test]
fn a_patch_is_no_object() {
    let yaml = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 3}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: LoadBalancer}\n";
    let mesh = check(yaml, &["partial-manifest", "partial-manifest"]);
    assert!(mesh.workloads.is_empty() && mesh.services.is_empty() && mesh.unreadable.is_empty());
}

#[test]
fn what_cannot_be_read_is_not_absent() {
    let yaml =
        "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: {ports: [{port: eighty}]}\n";
    let mesh = check(yaml, &["unreadable-object"]);
    assert_eq!(mesh.unreadable[0].1.to_string(), "Service shop/web");
}

#[test]
fn services_without_selector_and_headless_ones() {
    let yaml = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {selector: {}, clusterIP: None}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: b}\nspec: {type: ExternalName, externalName: x.example}\n";
    let mesh = check(yaml, &[]);
    assert!(mesh.services[0].headless && mesh.services[0].selector.is_none());
    assert!(mesh.services[1].external_name);
}

#[test]
fn current_policies_in_both_versions() {
    let mesh = check(
        "apiVersion: security.istio.io/v1beta1\nkind: PeerAuthentication\nmetadata: {name: p, namespace: shop}\nspec: {selector: {matchLabels: {app: web}}, mtls: {mode: STRICT}, portLevelMtls: {8080: {mode: DISABLE}, '9090': {}}}\n---\napiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {name: r, namespace: shop}\nspec: {jwtRules: [{issuer: i, jwks_uri: 'https://i', fromHeaders: [{name: h, prefix: 'B '}], forwardOriginalToken: true}]}\n---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: a, namespace: shop, annotations: {istio.io/dry-run: 'true'}}\nspec: {action: DENY, rules: [null, {from: [{source: {principals: [x], notNamespaces: [z]}}, {}], to: [{operation: {ports: ['80']}}], when: [{key: k, notValues: [v]}]}]}\n",
        &[],
    );
    let peer = &mesh.peer[0];
    assert_eq!((peer.mode, peer.selector.len()), (Some(MtlsMode::Strict), 1));
    assert_eq!(peer.ports.iter().collect::<Vec<_>>(), [(&8080, &Some(MtlsMode::Disable)), (&9090, &None)]);
    let rule = &mesh.request[0].rules[0];
    assert_eq!((rule.jwks_uri.as_deref(), rule.from_headers[0].prefix.as_str()), (Some("https://i"), "B "));
    assert!(rule.forward_original_token && rule.jwks.is_none());
    let policy = &mesh.authorization[0];
    assert!(policy.dry_run && policy.action == Action::Deny && policy.rules.len() == 1, "{policy:?}");
    let rule = &policy.rules[0];
    assert_eq!((rule.from.len(), rule.from[0].namespaces.not.len(), rule.to[0].ports.values[0].as_str()), (2, 1, "80"));
    assert_eq!(rule.when[0].field.not, ["v"]);
}

#[test]
fn a_current_policy_that_cannot_be_read_is_a_warning_and_blocks_proofs() {
    for spec in [
        "{action: PERMIT}",
        "{rules: [{to: [{operation: {ports: [80]}}]}]}",
        "{rules: [{when: [{key: 'request.headers[x-env]'}]}]}",
    ] {
        let yaml = format!(
            "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: a, namespace: shop}}\nspec: {spec}\n"
        );
        let mesh = check(&yaml, &["unreadable-object"]);
        assert_eq!((mesh.authorization.len(), mesh.unreadable.len()), (0, 1), "{spec}");
    }
}

#[test]
fn a_peer_authentication_with_a_selector_in_the_root_namespace_has_no_effect() {
    let yaml = |namespace: &str, spec: &str| {
        format!(
            "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {{name: p, namespace: {namespace}}}\nspec: {spec}\n"
        )
    };
    check(&yaml("istio-system", "{selector: {matchLabels: {app: web}}}"), &["ineffective-peer-authentication"]);
    check(&yaml("istio-system", "{mtls: {mode: STRICT}}"), &[]);
    check(&yaml("shop", "{selector: {matchLabels: {app: web}}}"), &[]);
}

#[test]
fn networking_objects() {
    let mesh = check(
        "apiVersion: networking.istio.io/v1alpha3\nkind: DestinationRule\nmetadata: {name: d, namespace: shop}\nspec: {host: '*.local', trafficPolicy: {tls: {mode: ISTIO_MUTUAL}, portLevelSettings: [{port: {number: 80}}, {port: {number: 81}, tls: {mode: DISABLE}}]}}\n---\napiVersion: networking.istio.io/v1alpha3\nkind: Sidecar\nmetadata: {name: s, namespace: shop}\nspec: {workloadSelector: {labels: {app: web}}, ingress: [{port: {number: 7070, protocol: HTTP, name: http}}]}\n---\napiVersion: networking.istio.io/v1alpha3\nkind: ServiceEntry\nmetadata: {name: e, namespace: shop}\nspec: {hosts: [x.example]}\n",
        &[],
    );
    let rule = &mesh.destination_rules[0];
    assert_eq!(rule.tls.as_ref().map(|tls| tls.mode.as_str()), Some("ISTIO_MUTUAL"));
    let ports: Vec<(u16, Option<&str>)> =
        rule.port_tls.iter().map(|(port, tls)| (*port, tls.as_ref().map(|tls| tls.mode.as_str()))).collect();
    assert_eq!(ports, [(80, None), (81, Some("DISABLE"))]);
    assert_eq!(mesh.sidecars[0].ingress[0].number, 7070);
    assert_eq!((mesh.service_entries[0].hosts.len(), &mesh.service_entries[0].selector), (1, &None));
}

/// The fields below `spec` that the decoder asks for in objects, as `api::legacy::fields` writes them.
fn asked_of(objects: &[String]) -> BTreeSet<String> {
    super::node::asked::take();
    for yaml in objects {
        let input = inputs(&[("input.yaml", yaml)]).remove(0);
        super::decode(crate::api::ManifestId(0), &input, &options(), &mut Vec::new());
    }
    let asked = super::node::asked::take();
    let camel = asked.into_iter().filter(|path| path.starts_with("spec.") && !path.contains('_'));
    let camel: BTreeSet<String> = camel.collect();
    let is_leaf = |path: &&String| {
        !camel.iter().any(|other| other.starts_with(&format!("{path}.")) || other.starts_with(&format!("{path}[")))
    };
    camel.iter().filter(is_leaf).cloned().collect()
}

/// What Rust declares of these kinds: the fields that somebody reads.
fn declared(fields: &Fields) -> BTreeSet<String> {
    let read = fields.fields.iter().filter(|field| field.reader != Reader::Nobody);
    let plain = read.map(|field| field.path.trim_end_matches(".**").trim_end_matches("[*]").to_owned());
    let table = |table: &Table| match table.shape {
        Shape::Map => vec![table.path.to_owned()],
        Shape::List => ["key", "values"].map(|field| format!("{}[*].{field}", table.path)).to_vec(),
    };
    plain.chain(fields.tables.iter().flat_map(table)).collect()
}

/// `api::legacy::fields` is what mapping files are checked against, so it says exactly what the decoder reads.
#[test]
fn what_rust_declares_to_read_is_what_the_decoder_reads() {
    let jwt = "{issuer: a, triggerRules: [{excludedPaths: [{exact: /}], includedPaths: [{exact: /}]}]}";
    for (objects, kind) in [
        (
            vec![cluster_config("{mode: 'ON', inclusion: {services: [a]}, exclusion: {services: [b]}}")],
            "ClusterRbacConfig",
        ),
        (vec![role("{services: [a], constraints: [{key: a, values: [b]}]}")], "ServiceRole"),
        (vec![binding("{subjects: [{user: a}], roleRef: {kind: ServiceRole, name: r}}")], "ServiceRoleBinding"),
        (
            vec![mesh_policy(&format!(
                "{{targets: [{{name: a, ports: [{{number: 1}}]}}], peers: [{{mtls: {{}}}}, {{jwt: {jwt}}}], origins: [{{jwt: {jwt}}}]}}"
            ))],
            "MeshPolicy",
        ),
    ] {
        let fields = fields::ALL.into_iter().find(|fields| fields.kinds.contains(&kind)).expect("a known kind");
        assert_eq!(asked_of(&objects), declared(fields), "{kind}");
    }
}
