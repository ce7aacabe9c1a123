//! Services and workloads: shared pods, named and missing target ports, ports without names, headless services and
//! services without pods.

use super::words::{always, either, mapping, maybe, one, sequence};
use super::{Document, document};
use proptest::prelude::*;

/// Where objects live: mostly one namespace, sometimes another one or the root namespace.
pub fn namespace() -> BoxedStrategy<String> {
    either(vec![(8, one(&["shop"])), (1, one(&["ops"])), (1, one(&["istio-system"]))])
}

/// A creation timestamp, or none. Two of them are equal, so that ties happen.
pub fn created() -> BoxedStrategy<String> {
    one(&["", "2019-05-01T00:00:00Z", "2019-06-01T00:00:00Z", "2019-06-01T00:00:00Z"])
}

fn service_port() -> BoxedStrategy<String> {
    one(&[
        "{name: http, port: 80, targetPort: 8080}",
        "{name: http-admin, port: 81, targetPort: admin}",
        "{name: grpc, port: 8080}",
        "{name: tcp, port: 3306}",
        "{name: tcp-again, port: 8081, targetPort: 8080}",
        "{name: https, port: 443, targetPort: 8443}",
        "{name: web, port: 82, targetPort: 8082}",
        "{port: 83, targetPort: 8083}",
    ])
}

fn selector() -> BoxedStrategy<String> {
    one(&["{app: web}", "{app: web}", "{app: api}", "{tier: back}", "{app: web, version: v1}"])
}

/// A Service of one of the four shapes.
pub fn service() -> BoxedStrategy<Document> {
    service_named(&["web", "api", "cart"])
}

/// The same with one of these names.
pub fn service_named(names: &'static [&'static str]) -> BoxedStrategy<Document> {
    let ports = prop::collection::vec(service_port(), 1..=2).prop_map(|mut ports| {
        ports.dedup();
        // A port without a name is only valid alone.
        if ports.iter().any(|port| !port.contains("name")) {
            ports.truncate(1);
        }
        format!("[{}]", ports.join(", "))
    });
    let shape = prop_oneof![
        12 => selector().prop_map(|selector| format!("selector: {selector}, ")),
        1 => selector().prop_map(|selector| format!("clusterIP: None, selector: {selector}, ")),
        1 => Just(String::new()),
        1 => Just("type: ExternalName, externalName: example.com, ".to_owned()),
    ];
    (namespace(), one(names), created(), shape, ports)
        .prop_map(|(namespace, name, created, shape, ports)| {
            document("v1", "Service", &namespace, &name, &created, &format!("{{{shape}ports: {ports}}}"))
        })
        .boxed()
}

/// A Deployment with its labels, container ports and service account.
pub fn deployment() -> BoxedStrategy<Document> {
    let labels = one(&[
        "{app: web}",
        "{app: web, version: v1}",
        "{app: web, version: v2}",
        "{app: api, tier: back}",
        "{app: web, tier: back}",
        "{app: other}",
    ]);
    let ports = sequence(
        one(&["{containerPort: 8080}", "{containerPort: 9090, name: admin}", "{containerPort: 8082, name: admin}"]),
        0..=2,
    );
    let pod = mapping(vec![
        maybe(40, "serviceAccountName", one(&["web", "batch"])),
        always("containers", ports.prop_map(|ports| format!("[{{name: main, image: x, ports: {ports}}}]")).boxed()),
    ]);
    (namespace(), one(&["web", "api", "old"]), labels, pod)
        .prop_map(|(namespace, name, labels, pod)| {
            let spec = format!(
                "{{selector: {{matchLabels: {labels}}}, template: {{metadata: {{labels: {labels}}}, spec: {pod}}}}}"
            );
            document("apps/v1", "Deployment", &namespace, &name, "", &spec)
        })
        .boxed()
}

/// A Namespace, some with the label that asks for sidecars.
pub fn namespace_object() -> BoxedStrategy<Document> {
    let labels = one(&["", ", labels: {istio-injection: enabled}", ", labels: {istio-injection: disabled}"]);
    (one(&["shop", "ops", "istio-system"]), labels)
        .prop_map(|(name, labels)| Document {
            key: format!("Namespace//{name}"),
            text: format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}{labels}}}\n"),
        })
        .boxed()
}

/// A current policy that was there before.
pub fn modern() -> BoxedStrategy<Document> {
    let specs: [(&str, &[&str]); 3] = [
        (
            "AuthorizationPolicy",
            &[
                "{}",
                "{selector: {matchLabels: {app: web}}, rules: [{from: [{source: {namespaces: [ops]}}]}]}",
                "{selector: {matchLabels: {app: api}}, action: DENY, rules: [{to: [{operation: {ports: ['9090']}}]}]}",
            ],
        ),
        (
            "PeerAuthentication",
            &["{mtls: {mode: STRICT}}", "{selector: {matchLabels: {app: web}}, mtls: {mode: PERMISSIVE}}"],
        ),
        (
            "RequestAuthentication",
            &["{selector: {matchLabels: {app: web}}, jwtRules: [{issuer: iss, jwksUri: 'https://keys.example'}]}"],
        ),
    ];
    prop::sample::select(specs.to_vec())
        .prop_flat_map(|(kind, specs)| {
            (namespace(), one(&["modern", "web"]), one(specs)).prop_map(move |(namespace, name, spec)| {
                document("security.istio.io/v1beta1", kind, &namespace, &name, "", &spec)
            })
        })
        .boxed()
}
