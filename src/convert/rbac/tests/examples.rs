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
            with-istio/default-deny <- default: ALLOW nothing
            with-istio/couchdb-role <- couchdb-role, bind-test-app-service-couchdb-role: {app.kubernetes.io/instance: couchdb, app.kubernetes.io/name: couchdb} ALLOW GET * from cluster.local/ns/with-istio/sa/test-app-test-app-chart
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
            shop/default-deny <- default: ALLOW nothing
            shop/cart-rw-cart <- cart-rw, cart-users: {app: cart} ALLOW
              GET,POST /v1/* from cluster.local/ns/web/sa/front
              GET,POST /v1/* from namespaces=ops if request.auth.claims[groups]=sre
              # the shop itself
              # no DELETE
            shop/cart-rw-cart-db <- cart-rw, cart-users: {app: cart-db} ALLOW
              3306 from cluster.local/ns/web/sa/front
              3306 from namespaces=ops if request.auth.claims[groups]=sre
            note claim-form@35 narrower
            warning permissive-binding@39 none
            inert probe (permissive-binding)
            relaxations: undeclared-ports
        "#]],
    );
}
