use super::*;
use crate::report::{Style, diff};
use expect_test::expect;

#[test]
fn old_objects_are_paired_with_what_they_became() {
    expect![[r#"
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
        --- web/bindings.yaml:12 RbacConfig shop/default
        +++ nothing: Istio 1.5 reads only ClusterRbacConfig.
        @@ -12,3 +0,0 @@
        -kind: RbacConfig
        -metadata:
        -  name: default
    "#]]
    .assert_eq(&diff::render(&sample(), &Style::PLAIN));
}

#[test]
fn one_object_that_became_several_shows_them_all() {
    let mut report = sample();
    report.conversions.truncate(1);
    let conversion = &mut report.conversions[0];
    conversion.from.truncate(1);
    conversion.from[0].line = 40;
    let other =
        NewObject { object: object("AuthorizationPolicy", "shop", "viewer-2"), line: 30, ..conversion.to[0].clone() };
    conversion.to.push(other);
    expect![[r#"
        --- roles.yaml:40 ServiceRole shop/viewer
        +++ roles.yaml:1 AuthorizationPolicy shop/viewer
        +++ roles.yaml:30 AuthorizationPolicy shop/viewer-2
        @@ -40,12 +1,21 @@
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
        +  - to:
        +    - operation:
        +        methods: [GET]
        +---
        +apiVersion: security.istio.io/v1
        +kind: AuthorizationPolicy
        +metadata:
        +  name: viewer
        +  namespace: shop
        +spec:
        +  rules:
        +  - to:
        +    - operation:
        +        methods: [GET]
    "#]]
    .assert_eq(&diff::render(&report, &Style::PLAIN));
}

#[test]
fn words_that_changed_stand_out_in_colour() {
    let mut report = sample();
    report.conversions.truncate(1);
    let conversion = &mut report.conversions[0];
    conversion.from.truncate(1);
    conversion.from[0].text = "kind: Policy # old\nname: a\n".into();
    conversion.to[0].text = "kind: Policy # new\nname: a\n".into();
    let coloured = diff::render(&report, &Style { color: true, ..Style::PLAIN });
    expect![[r#"
        ^[1m^[31m--- roles.yaml:1 ServiceRole shop/viewer^[0m
        ^[1m^[32m+++ roles.yaml:1 AuthorizationPolicy shop/viewer^[0m
        ^[36m@@ -1,2 +1,2 @@^[0m
        ^[31m-^[0m^[31mkind: Policy # ^[0m^[1m^[4m^[31mold^[0m
        ^[32m+^[0m^[32mkind: Policy # ^[0m^[1m^[4m^[32mnew^[0m
         name: a
    "#]]
    .assert_eq(&coloured.replace('\u{1b}', "^"));
}

#[test]
fn equal_texts_and_line_ends_alone_are_no_change() {
    let mut report = sample();
    report.conversions.truncate(1);
    let conversion = &mut report.conversions[0];
    conversion.from.truncate(1);
    conversion.from[0].text = POLICY.replace('\n', "\r\n");
    assert_eq!(diff::render(&report, &Style::PLAIN), "");
}
