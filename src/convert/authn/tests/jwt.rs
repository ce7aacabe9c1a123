//! E53–E82: tokens.

use super::{Case, WEB, all, check, mesh_policy, policy, policy_in, service, service_in};
use expect_test::{Expect, expect};

/// A policy for `web` with these origins and a STRICT peer.
fn origins(origins: &str) -> String {
    policy("web", &format!("{{targets: [{{name: web}}], peers: [{{mtls: {{}}}}], origins: [{origins}]}}"))
}

fn check_origins(text: &str, expected: &Expect) {
    check(&all(&[WEB, &origins(text)]), expected);
}

/// A method of issuer `name` with these further fields.
fn jwt(name: &str, more: &str) -> String {
    format!("{{jwt: {{issuer: {name}, jwksUri: 'https://{name}/keys'{more}}}}}")
}

#[test]
fn authn_e10_origins_alone_turn_mtls_off() {
    let input = all(&[
        WEB,
        &mesh_policy("{peers: [{mtls: {}}]}"),
        &policy("web", &format!("{{targets: [{{name: web}}], origins: [{}]}}", jwt("a", ""))),
    ]);
    check(
        &input,
        &expect![[r#"
            PeerAuthentication istio-system/default STRICT
            PeerAuthentication foo/web {app: web} DISABLE
            RequestAuthentication foo/web {app: web} token of a: jwksUri=https://a/keys, forwarded
            AuthorizationPolicy foo/web-require-jwt {app: web} DENY 8080 unless iss=a; preflights free
            plaintext-only note none
            use-peer-principal note none
        "#]],
    );
}

/// Where the token of `a` is demanded, and what is said about it.
#[test]
fn authn_e53_to_e62_trigger_rules() {
    let cases: &[(&str, &str, &[&str])] = &[
        (
            "E53 included and excluded paths",
            "[{includedPaths: [{prefix: /admin/}], excludedPaths: [{exact: /admin/status}]}]",
            &[
                "DENY 8080 /admin/* but not /admin/status unless iss=a; preflights free",
                "bad-token-rejected note narrower",
                "use-peer-principal note none",
            ],
        ),
        (
            "E54 separate rules are ored",
            "[{excludedPaths: [{exact: /health}]}, {includedPaths: [{prefix: /api}]}]",
            &[
                "DENY",
                "8080 but not /health unless iss=a; preflights free",
                "8080 /api* unless iss=a; preflights free",
                "bad-token-rejected note narrower",
                "use-peer-principal note none",
            ],
        ),
        (
            "E55 an empty rule is always triggered",
            "[{}]",
            &["DENY 8080 unless iss=a; preflights free", "use-peer-principal note none"],
        ),
        (
            "E58 E60 E57 excluded conditions",
            r#"[{excludedPaths: [{exact: /ok}, {}, {suffix: .js}, {regex: "/pub/.*"}]}]"#,
            &[
                "DENY 8080 but not /ok,*.js,/pub/* unless iss=a; preflights free",
                "bad-token-rejected note narrower",
                "use-peer-principal note none",
            ],
        ),
        (
            "E59 a rule that can never trigger",
            "[{includedPaths: [{}]}]",
            &["bad-token-rejected note narrower", "use-peer-principal note none"],
        ),
        (
            "E61 E62 characters with a meaning",
            r#"[{includedPaths: [{exact: "/a*"}, {exact: "/users/{id}"}], excludedPaths: [{exact: "/a/b*"}]}]"#,
            &[
                "DENY 8080 /a*,/users/* unless iss=a; preflights free",
                "bad-token-rejected note narrower",
                "use-peer-principal note none",
                "path-not-expressible warning narrower",
                "path-not-expressible warning narrower",
                "path-not-expressible warning narrower",
            ],
        ),
    ];
    for (edge, triggers, expected) in cases {
        let shown = Case::new().shown(&all(&[WEB, &origins(&jwt("a", &format!(", triggerRules: {triggers}")))]));
        let rest = shown.strip_prefix(concat!(
            "PeerAuthentication foo/web {app: web} STRICT\n",
            "RequestAuthentication foo/web {app: web} token of a: jwksUri=https://a/keys, forwarded\n",
        ));
        let said = rest.unwrap_or(&shown).replace("AuthorizationPolicy foo/web-require-jwt {app: web} ", "");
        assert_eq!(said.lines().map(str::trim).collect::<Vec<_>>(), *expected, "{edge}");
    }
}

#[test]
fn authn_e56_a_regex_is_refused() {
    let input = all(&[WEB, &origins(&jwt("a", r#", triggerRules: [{includedPaths: [{regex: "/v[0-9]+/x"}]}]"#))]);
    check(
        &input,
        &expect![[r#"
        regex-trigger error narrower
    "#]],
    );
    Case::new().allow("regex-trigger").check(
        &input,
        &expect![[r#"
            PeerAuthentication foo/web {app: web} STRICT
            RequestAuthentication foo/web {app: web} token of a: jwksUri=https://a/keys, forwarded
            AuthorizationPolicy foo/web-require-jwt {app: web} DENY 8080 unless iss=a; preflights free
            use-peer-principal note none
            regex-trigger warning narrower
        "#]],
    );
}

#[test]
fn authn_e62_a_widened_trigger_beside_another_one() {
    let two =
        format!("{}, {}", jwt("a", ""), jwt("b", r#", triggerRules: [{includedPaths: [{exact: "/users/{id}"}]}]"#));
    check_origins(
        &two,
        &expect![[r#"
        trigger-overlap error narrower
        path-not-expressible warning narrower
    "#]],
    );
    Case::new().allow("trigger-overlap").check(
        &all(&[WEB, &origins(&two)]),
        &expect![[r#"
            PeerAuthentication foo/web {app: web} STRICT
            RequestAuthentication foo/web {app: web}
              token of a: jwksUri=https://a/keys, forwarded
              token of b: jwksUri=https://b/keys, forwarded
            AuthorizationPolicy foo/web-require-jwt {app: web} DENY
              8080 unless iss=a; preflights free
              8080 /users/* unless iss=b; preflights free
            trigger-overlap warning narrower
            use-peer-principal note none
            path-not-expressible warning narrower
        "#]],
    );
}

#[test]
fn authn_e63_one_method_everywhere_and_one_on_a_path() {
    let two = format!("{}, {}", jwt("a", ""), jwt("b", ", triggerRules: [{includedPaths: [{exact: /b}]}]"));
    check_origins(
        &two,
        &expect![[r#"
            PeerAuthentication foo/web {app: web} STRICT
            RequestAuthentication foo/web {app: web}
              token of a: jwksUri=https://a/keys, forwarded
              token of b: jwksUri=https://b/keys, forwarded
            AuthorizationPolicy foo/web-require-jwt {app: web} DENY
              8080 but not /b unless iss=a; preflights free
              8080 /b unless iss=a,b; preflights free
            use-peer-principal note none
        "#]],
    );
}

#[test]
fn authn_e64_two_methods_on_two_paths() {
    let two = format!(
        "{}, {}",
        jwt("a", ", triggerRules: [{includedPaths: [{prefix: /a}]}]"),
        jwt("b", ", triggerRules: [{includedPaths: [{prefix: /b}]}]")
    );
    check_origins(
        &two,
        &expect![[r#"
            PeerAuthentication foo/web {app: web} STRICT
            RequestAuthentication foo/web {app: web}
              token of a: jwksUri=https://a/keys, forwarded
              token of b: jwksUri=https://b/keys, forwarded
            AuthorizationPolicy foo/web-require-jwt {app: web} DENY
              8080 /a* unless iss=a; preflights free
              8080 /b* unless iss=b; preflights free
            bad-token-rejected note narrower
            use-peer-principal note none
        "#]],
    );
}

#[test]
fn authn_e65_optional_origins_deny_nothing() {
    let input = all(&[
        WEB,
        &policy(
            "web",
            &format!(
                "{{targets: [{{name: web}}], peers: [{{mtls: {{}}}}], originIsOptional: true, principalBinding: USE_ORIGIN, origins: [{}]}}",
                jwt("a", "")
            ),
        ),
    ]);
    check(
        &input,
        &expect![[r#"
            PeerAuthentication foo/web {app: web} STRICT
            RequestAuthentication foo/web {app: web} token of a: jwksUri=https://a/keys, forwarded
            bad-token-rejected note narrower
        "#]],
    );
}

#[test]
fn authn_e66_to_e70_fields_of_a_method() {
    let two = format!(
        "{}, {}",
        jwt("a", ", audiences: [x, w], jwtHeaders: [x-goog-iap-jwt-assertion, ingress-authorization], jwtParams: [t]"),
        jwt("b", r#", jwks: '{"keys": []}', audiences: [z]"#)
    );
    check_origins(
        &two,
        &expect![[r#"
            PeerAuthentication foo/web {app: web} STRICT
            RequestAuthentication foo/web {app: web}
              token of a: audiences=x,w, jwksUri=https://a/keys, fromHeaders=[{"name":"x-goog-iap-jwt-assertion"},{"name":"ingress-authorization","prefix":"istio"}], fromParams=t, forwarded
              token of b: audiences=z, jwks={"keys": []}, forwarded
            AuthorizationPolicy foo/web-require-jwt {app: web} DENY 8080 unless iss=a,b; preflights free
            use-peer-principal note none
            exchanged-token warning narrower
        "#]],
    );
}

#[test]
fn authn_e71_e72_keys() {
    check_origins(
        "{jwt: {issuer: a, jwks: 'no key set'}}",
        &expect![[r#"
        use-peer-principal note none
        invalid-jwks error none
    "#]],
    );
    check_origins(
        "{jwt: {issuer: 'https://idp/'}}",
        &expect![[r#"
        use-peer-principal note none
        issuer-ends-with-slash error wider
    "#]],
    );
}

#[test]
fn authn_e73_a_namespace_policy_that_is_overridden() {
    let input = all(&[
        WEB,
        &service("open", "app: open", "{name: http, port: 80, targetPort: 8080}"),
        &policy("default", &format!("{{peers: [{{mtls: {{}}}}], origins: [{}]}}", jwt("a", ""))),
        &policy("open", "{targets: [{name: open}], peers: [{mtls: {}}]}"),
    ]);
    check(
        &input,
        &expect![[r#"
            PeerAuthentication foo/default STRICT
            RequestAuthentication foo/default-web {app: web} token of a: jwksUri=https://a/keys, forwarded
            AuthorizationPolicy foo/default-web-require-jwt {app: web} DENY 8080 unless iss=a; preflights free
            PeerAuthentication foo/open {app: open} STRICT
            known-workloads-only warning none
            use-peer-principal note none
        "#]],
    );
    Case::new().incomplete().check(
        &input,
        &expect![[r#"
            PeerAuthentication foo/open {app: open} STRICT
            known-workloads-only error wider
            use-peer-principal note none
        "#]],
    );
}

#[test]
fn authn_j15_a_namespace_policy_that_nothing_overrides() {
    let input = all(&[
        WEB,
        &service("other", "app: other", "{name: http, port: 80, targetPort: 8081}"),
        &policy("default", &format!("{{peers: [{{mtls: {{}}}}], origins: [{}]}}", jwt("a", ""))),
    ]);
    check(
        &input,
        &expect![[r#"
            PeerAuthentication foo/default STRICT
            RequestAuthentication foo/default token of a: jwksUri=https://a/keys, forwarded
            AuthorizationPolicy foo/default-require-jwt DENY 8080,8081 unless iss=a; preflights free
            known-workloads-only warning none
            use-peer-principal note none
        "#]],
    );
}

#[test]
fn authn_j16_a_mesh_policy_with_origins() {
    let mesh = mesh_policy(&format!("{{peers: [{{mtls: {{}}}}], origins: [{}]}}", jwt("a", "")));
    let other = service_in("bar", "api", "app: api", "{name: http, port: 80, targetPort: 8081}");
    check(
        &all(&[WEB, &other, &mesh]),
        &expect![[r#"
            PeerAuthentication istio-system/default STRICT
            RequestAuthentication istio-system/default token of a: jwksUri=https://a/keys, forwarded
            AuthorizationPolicy istio-system/default-require-jwt DENY 8080,8081 unless iss=a; preflights free
            known-workloads-only warning none
            use-peer-principal note none
        "#]],
    );
    let open = policy_in("bar", "default", "{peers: [{mtls: {}}]}");
    check(
        &all(&[WEB, &other, &mesh, &open]),
        &expect![[r#"
            PeerAuthentication istio-system/default STRICT
            RequestAuthentication foo/default token of a: jwksUri=https://a/keys, forwarded
            AuthorizationPolicy foo/default-require-jwt DENY 8080 unless iss=a; preflights free
            PeerAuthentication bar/default STRICT
            known-workloads-only warning none
            use-peer-principal note none
        "#]],
    );
}

#[test]
fn authn_e74_http_and_tcp_ports() {
    let web = service("web", "app: web", "{name: http, port: 80, targetPort: 8080}, {name: tcp, port: 5000}");
    check(
        &all(&[&web, &origins(&jwt("a", ""))]),
        &expect![[r#"
            PeerAuthentication foo/web {app: web} STRICT
            RequestAuthentication foo/web {app: web} token of a: jwksUri=https://a/keys, forwarded
            AuthorizationPolicy foo/web-require-jwt {app: web} DENY 8080 unless iss=a; preflights free
            use-peer-principal note none
            jwt-on-tcp-port note none
        "#]],
    );
}

#[test]
fn authn_e45_tokens_on_an_unnamed_port() {
    let web = service("web", "app: web", "{port: 80, targetPort: 8080}");
    check(
        &all(&[&web, &origins(&jwt("a", ""))]),
        &expect![[r#"
            jwt-on-tcp-port error wider
        "#]],
    );
}

#[test]
fn authn_j12_different_audiences_on_two_ports() {
    let web = service("web", "app: web", "{name: http, port: 80, targetPort: 8080}, {name: http-b, port: 90}");
    let on = |name: &str, port: u16, more: &str| {
        policy(
            name,
            &format!(
                "{{targets: [{{name: web, ports: [{{number: {port}}}]}}], peers: [{{mtls: {{}}}}], principalBinding: USE_ORIGIN, origins: [{}]}}",
                jwt("a", more)
            ),
        )
    };
    check(
        &all(&[&web, &on("p", 80, ", audiences: [x]"), &on("q", 90, ", audiences: [z]")]),
        &expect![[r#"
            PeerAuthentication foo/p {app: web} 90 STRICT, 8080 STRICT
            RequestAuthentication foo/p {app: web}
              token of a: audiences=z, jwksUri=https://a/keys, forwarded
              token of a: audiences=x, jwksUri=https://a/keys, forwarded
            AuthorizationPolicy foo/p-require-jwt {app: web} DENY
              90 unless iss=a; preflights free
              90 if iss=a unless aud=z; preflights free
              8080 unless iss=a; preflights free
              8080 if iss=a unless aud=x; preflights free
            bad-token-rejected note narrower
        "#]],
    );
    check(
        &all(&[&web, &on("p", 80, ""), &on("q", 90, ", jwtParams: [t]")]),
        &expect![[r#"
            bad-token-rejected note narrower
            issuer-with-two-keys error wider
            refused-together error none
        "#]],
    );
}

#[test]
fn authn_e51_j17_an_ingress_gateway() {
    let gateway = service_in(
        "istio-system",
        "istio-ingressgateway",
        "app: istio-ingressgateway, istio: ingressgateway",
        "{name: status-port, port: 15020}, {name: http2, port: 80}, {name: https, port: 443}, {name: tcp, port: 31400}",
    );
    let input = all(&[
        &gateway,
        &policy_in(
            "istio-system",
            "ingress",
            &format!(
                "{{targets: [{{name: istio-ingressgateway}}], principalBinding: USE_ORIGIN, origins: [{}]}}",
                jwt("a", "")
            ),
        ),
    ]);
    check(
        &input,
        &expect![[r#"
            RequestAuthentication istio-system/ingress {app: istio-ingressgateway, istio: ingressgateway} token of a: jwksUri=https://a/keys, forwarded
            AuthorizationPolicy istio-system/ingress-require-jwt {app: istio-ingressgateway, istio: ingressgateway} DENY 80,443,8080,8443 unless iss=a; preflights free
            bad-token-rejected note narrower
            gateway-ports note none
            gateway-ports note none
            gateway-tls-port note narrower
        "#]],
    );
}

#[test]
fn authn_e75_e76_old_targets() {
    let role = "apiVersion: rbac.istio.io/v1alpha1\nkind: ServiceRole\nmetadata: {name: r, namespace: foo}\nspec: {rules: [{services: ['*']}]}\n";
    let input = all(&[WEB, role, &origins(&jwt("a", ""))]);
    Case::new().to(5).check(
        &input,
        &expect![[r#"
            bad-token-rejected note narrower
            jwt-policy-disables-rbac error wider
            use-peer-principal note none
        "#]],
    );
    Case::new().to(4).check(
        &input,
        &expect![[r#"
        target-release-too-old error wider
    "#]],
    );
}

#[test]
fn authn_e79_e80_use_origin_without_origins() {
    let input =
        all(&[WEB, &policy("web", "{targets: [{name: web}], peers: [{mtls: {}}], principalBinding: USE_ORIGIN}")]);
    check(
        &input,
        &expect![[r#"
        use-origin-without-origins error wider
    "#]],
    );
    Case::new().allow("use-origin-without-origins").check(
        &input,
        &expect![[r#"
            PeerAuthentication foo/web {app: web} STRICT
            AuthorizationPolicy foo/web-require-jwt {app: web} DENY 8080
            use-origin-without-origins warning wider
        "#]],
    );
    check(
        &all(&[WEB, &policy("web", "{targets: [{name: web}], principalBinding: USE_ORIGIN}")]),
        &expect![[r#"
            PeerAuthentication foo/web {app: web} DISABLE
            plaintext-only note none
        "#]],
    );
}

#[test]
fn authn_e84_snake_case() {
    let input = all(&[
        WEB,
        &policy(
            "web",
            "{targets: [{name: web}], peers: [{mtls: {}}], principal_binding: USE_ORIGIN, origins: [{jwt: {issuer: a, jwks_uri: 'https://a/k', trigger_rules: [{included_paths: [{prefix: /x}]}]}}]}",
        ),
    ]);
    check(
        &input,
        &expect![[r#"
            PeerAuthentication foo/web {app: web} STRICT
            RequestAuthentication foo/web {app: web} token of a: jwksUri=https://a/k, forwarded
            AuthorizationPolicy foo/web-require-jwt {app: web} DENY 8080 /x* unless iss=a; preflights free
            bad-token-rejected note narrower
        "#]],
    );
}

#[test]
fn authn_j24_a_jwt_peer() {
    let input =
        all(&[WEB, &policy("web", "{targets: [{name: web}], peers: [{jwt: {issuer: a, jwksUri: 'https://a/k'}}]}")]);
    check(
        &input,
        &expect![[r#"
            PeerAuthentication foo/web {app: web} DISABLE
            RequestAuthentication foo/web {app: web} token of a: jwksUri=https://a/k, forwarded
            AuthorizationPolicy foo/web-require-jwt {app: web} DENY 8080 unless iss=a
            peer-jwt warning narrower
            plaintext-only note none
        "#]],
    );
}

#[test]
fn authn_j23_a_mesh_policy_without_keys() {
    check(
        &all(&[WEB, &mesh_policy("{peers: [{mtls: {}}], origins: [{jwt: {issuer: a}}]}")]),
        &expect![[r#"
        known-workloads-only warning none
        use-peer-principal note none
        mesh-jwt-without-keys error wider
    "#]],
    );
}

#[test]
fn authn_e87_existing_request_authentications() {
    let existing = "apiVersion: security.istio.io/v1beta1\nkind: RequestAuthentication\nmetadata: {name: old, namespace: foo}\nspec: {selector: {matchLabels: {app: web}}, jwtRules: [{issuer: a, jwksUri: 'https://a/keys'}]}\n";
    let input = all(&[WEB, existing, &origins(&jwt("a", ""))]);
    check(
        &input,
        &expect![[r#"
            PeerAuthentication foo/web {app: web} STRICT
            jwt-already-replaced note none
        "#]],
    );
    Case::new().on_1_4().check(
        &input,
        &expect![[r#"
        existing-request-authentication error wider
        use-peer-principal note none
    "#]],
    );
}

fn binding(property: &str) -> String {
    format!(
        "apiVersion: rbac.istio.io/v1alpha1\nkind: ServiceRole\nmetadata: {{name: r, namespace: foo}}\nspec: {{rules: [{{services: ['web.foo.svc.cluster.local']}}]}}\n---\napiVersion: rbac.istio.io/v1alpha1\nkind: ServiceRoleBinding\nmetadata: {{name: b, namespace: foo}}\nspec: {{roleRef: {{kind: ServiceRole, name: r}}, subjects: [{{properties: {{{property}}}}}]}}\n"
    )
}

#[test]
fn authn_e89_a_rule_that_reads_the_request_principal_under_use_peer() {
    let rule = binding("request.auth.principal: cluster.local/ns/a/sa/b");
    check(
        &all(&[WEB, &origins(&jwt("a", "")), &rule]),
        &expect![[r#"
            PeerAuthentication foo/web {app: web} STRICT
            RequestAuthentication foo/web {app: web} token of a: jwksUri=https://a/keys, forwarded
            AuthorizationPolicy foo/web-require-jwt {app: web} DENY 8080 unless iss=a; preflights free
        "#]],
    );
}

#[test]
fn claims_become_visible_where_tokens_were_not_read() {
    let rule = binding("'request.auth.claims[role]': admin");
    let some = jwt("a", ", triggerRules: [{includedPaths: [{prefix: /x}]}]");
    check(
        &all(&[WEB, &origins(&some), &rule]),
        &expect![[r#"
            bad-token-rejected note narrower
            claims-on-more-requests error wider
            use-peer-principal note none
        "#]],
    );
    check(
        &all(&[WEB, &origins(&jwt("a", "")), &rule]),
        &expect![[r#"
            PeerAuthentication foo/web {app: web} STRICT
            RequestAuthentication foo/web {app: web} token of a: jwksUri=https://a/keys, forwarded
            AuthorizationPolicy foo/web-require-jwt {app: web} DENY 8080 unless iss=a; preflights free
            use-peer-principal note none
        "#]],
    );
}

#[test]
fn a_namespace_policy_with_tokens_and_no_known_port() {
    let input = policy("default", &format!("{{peers: [{{mtls: {{}}}}], origins: [{}]}}", jwt("a", "")));
    check(
        &input,
        &expect![[r#"
            PeerAuthentication foo/default STRICT
            known-workloads-only warning none
        "#]],
    );
    Case::new().incomplete().check(
        &input,
        &expect![[r#"
        known-workloads-only error wider
    "#]],
    );
}
