use super::*;
use expect_test::expect;

#[test]
fn the_couchdb_example_becomes_a_denial_and_one_grant() {
    // The Service leads to its pods by name, and they are not here: the rule cannot name ports, so Services are closed.
    run().with_every_service().check(
        r#"
apiVersion: rbac.istio.io/v1alpha1
kind: ClusterRbacConfig
metadata:
  name: default
spec:
  mode: 'ON_WITH_INCLUSION'
  inclusion:
    namespaces: ['with-istio']
---
apiVersion: rbac.istio.io/v1alpha1
kind: ServiceRole
metadata:
  name: couchdb-role
  namespace: with-istio
spec:
  rules:
  - services: ["couchdb.with-istio.svc.cluster.local"]
    methods: ["GET"]
    paths: ['*']
---
apiVersion: rbac.istio.io/v1alpha1
kind: ServiceRoleBinding
metadata:
  name: bind-test-app-service-couchdb-role
  namespace: with-istio
spec:
  subjects:
  - user: "cluster.local/ns/with-istio/sa/test-app-test-app-chart"
  roleRef:
    kind: ServiceRole
    name: "couchdb-role"
---
apiVersion: v1
kind: Service
metadata:
  name: couchdb
  namespace: with-istio
spec:
  ports:
  - port: 80
    targetPort: http
    protocol: TCP
    name: http
  selector:
    app.kubernetes.io/name: couchdb
    app.kubernetes.io/instance: couchdb
"#,
        expect![[r#"
            with-istio/default-deny <- default
              {}
            with-istio/couchdb-role <- couchdb-role, bind-test-app-service-couchdb-role
              selector:
                matchLabels:
                  app.kubernetes.io/instance: couchdb
                  app.kubernetes.io/name: couchdb
              action: ALLOW
              rules:
              - from:
                - source:
                    principals:
                    - cluster.local/ns/with-istio/sa/test-app-test-app-chart
                to:
                - operation:
                    methods:
                    - GET
                    paths:
                    - "*"
            relaxations: undeclared-ports
        "#]],
    );
}

#[test]
fn the_worked_example_of_appendix_b() {
    run().check(
        r#"
apiVersion: rbac.istio.io/v1alpha1
kind: ClusterRbacConfig
metadata: {name: default}
spec: {mode: ON_WITH_INCLUSION, inclusion: {namespaces: [shop]}}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {selector: {app: cart}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: cart-db, namespace: shop}
spec: {selector: {app: cart-db}, ports: [{name: tcp-mysql, port: 3306}]}
---
apiVersion: rbac.istio.io/v1alpha1
kind: ServiceRole
metadata: {name: cart-rw, namespace: shop}
spec:
  rules:
  # the shop itself
  - services: [cart.shop.svc.cluster.local]
    methods: [GET, POST]   # no DELETE
    paths: [/v1/*]
  - services: [cart-db.*]
    constraints: [{key: destination.port, values: ["3306"]}]
---
apiVersion: rbac.istio.io/v1alpha1
kind: ServiceRoleBinding
metadata: {name: cart-users, namespace: shop}
spec:
  subjects:
  - user: cluster.local/ns/web/sa/front
  - group: sre
    properties: {source.namespace: ops}
  roleRef: {kind: ServiceRole, name: cart-rw}
---
apiVersion: rbac.istio.io/v1alpha1
kind: ServiceRoleBinding
metadata: {name: probe, namespace: shop}
spec:
  mode: PERMISSIVE
  subjects: [{user: cluster.local/ns/qa/sa/probe}]
  roleRef: {kind: ServiceRole, name: cart-rw}
"#,
        expect![[r#"
            shop/default-deny <- default
              {}
            shop/cart-rw-cart <- cart-rw, cart-users
              selector:
                matchLabels:
                  app: cart
              action: ALLOW
              rules:
              # the shop itself
              - from:
                - source:
                    principals:
                    - cluster.local/ns/web/sa/front
                to:
                - operation:
                    methods: # no DELETE
                    - GET
                    - POST
                    paths:
                    - /v1/*
              - from:
                - source:
                    namespaces:
                    - ops
                to:
                - operation:
                    methods:
                    - GET
                    - POST
                    paths:
                    - /v1/*
                when:
                - key: request.auth.claims[groups]
                  values:
                  - sre
            shop/cart-rw-cart-db <- cart-rw, cart-users
              selector:
                matchLabels:
                  app: cart-db
              action: ALLOW
              rules:
              - from:
                - source:
                    principals:
                    - cluster.local/ns/web/sa/front
                to:
                - operation:
                    ports:
                    - "3306"
              - from:
                - source:
                    namespaces:
                    - ops
                to:
                - operation:
                    ports:
                    - "3306"
                when:
                - key: request.auth.claims[groups]
                  values:
                  - sre
            note claim-form@35 narrower
            warning permissive-binding@39 none
            inert probe (permissive-binding)
            relaxations: undeclared-ports
        "#]],
    );
}
