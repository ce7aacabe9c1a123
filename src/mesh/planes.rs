//! Which proxy carries a workload's traffic in the new mesh: a sidecar, or ztunnel of an ambient mesh
//! (`meaning/surroundings.md` 2.17, 4.1, 4.2).

use super::{Mesh, is_gateway};
use crate::api::core::{Service, Workload};
use crate::api::{Labels, Meta};

/// On a Namespace or a pod: who carries the traffic.
const DATAPLANE_MODE: &str = "istio.io/dataplane-mode";
/// On a Namespace or a Service: the waypoint that traffic goes through.
const USE_WAYPOINT: &str = "istio.io/use-waypoint";

impl Mesh {
    /// True when ztunnel carries the traffic of these pods: they or their namespace ask for it, they do not opt out, are
    /// not on the host's network, and no sidecar is injected, which would win. Gateways have a proxy of their own.
    pub fn is_ambient(&self, workload: &Workload) -> bool {
        let pod = &workload.pod_labels;
        let asked = match pod.get(DATAPLANE_MODE).map(String::as_str) {
            Some("ambient") => true,
            Some("none") => false,
            _ => self.is_ambient_namespace(&workload.meta.namespace),
        };
        asked && !workload.capture.host_network && !is_gateway(pod) && !self.has_sidecar(workload)
    }

    /// True when the pods of a namespace are ambient's unless they say otherwise.
    pub fn is_ambient_namespace(&self, namespace: &str) -> bool {
        self.labels_of_namespace(namespace).any(|labels| has(labels, DATAPLANE_MODE, "ambient"))
    }

    /// True when a sidecar is in the pods already, or is injected into them. The pod's label goes before its annotation.
    fn has_sidecar(&self, workload: &Workload) -> bool {
        let pod = &workload.pod_labels;
        let label = pod.get("sidecar.istio.io/inject").and_then(|text| text.parse::<bool>().ok());
        let asks = label == Some(true) || pod.contains_key("istio.io/rev");
        let selected = self.labels_of_namespace(&workload.meta.namespace).any(|labels| {
            let unlabelled = !labels.contains_key("istio-injection") && !labels.contains_key("istio.io/rev");
            has(labels, "istio-injection", "enabled") || (unlabelled && asks)
        });
        workload.capture.has_sidecar || (selected && label.or(workload.capture.inject).unwrap_or(true))
    }

    /// The waypoint that the traffic of some Service of these pods goes through, as `NAMESPACE/NAME`.
    pub fn waypoint(&self, workload: &Workload) -> Option<String> {
        let namespace = workload.meta.namespace.as_str();
        let own =
            self.services_of(workload).into_iter().find_map(|service| waypoint_of(&service.meta.labels, namespace));
        let inherited = || self.labels_of_namespace(namespace).find_map(|labels| waypoint_of(labels, namespace));
        own.unwrap_or_else(|| inherited().flatten())
    }

    /// The waypoint that traffic to this Service goes through, as `NAMESPACE/NAME`: its own label goes before its
    /// namespace's.
    pub fn waypoint_of_service(&self, service: &Service) -> Option<String> {
        let namespace = service.meta.namespace.as_str();
        let inherited = || self.labels_of_namespace(namespace).find_map(|labels| waypoint_of(labels, namespace));
        waypoint_of(&service.meta.labels, namespace).unwrap_or_else(|| inherited().flatten())
    }

    fn labels_of_namespace<'m>(&'m self, name: &'m str) -> impl Iterator<Item = &'m Labels> {
        let named = move |meta: &&Meta| meta.name == name;
        self.namespaces.iter().map(|object| &object.meta).filter(named).map(|meta| &meta.labels)
    }
}

/// `Some(None)` for `none`, which opts out of what the namespace says.
fn waypoint_of(labels: &Labels, namespace: &str) -> Option<Option<String>> {
    let name = labels.get(USE_WAYPOINT)?;
    let namespace = labels.get("istio.io/use-waypoint-namespace").map_or(namespace, String::as_str);
    Some((name != "none").then(|| format!("{namespace}/{name}")))
}

fn has(labels: &Labels, key: &str, value: &str) -> bool {
    labels.get(key).is_some_and(|found| found == value)
}

#[cfg(test)]
mod tests {
    use super::super::testing::mesh;

    /// Whether ztunnel carries the pods of a Deployment in a namespace with these labels.
    fn check(namespace: &str, pod_labels: &str, annotations: &str, spec: &str, expected: bool) {
        let mesh = mesh(&format!(
            "apiVersion: v1\nkind: Namespace\nmetadata: {{name: shop, labels: {{{namespace}}}}}\n---\n\
             apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: cart, namespace: shop}}\n\
             spec: {{template: {{metadata: {{labels: {{app: cart, {pod_labels}}}, annotations: {{{annotations}}}}}, spec: {{{spec}}}}}}}\n"
        ));
        let found = mesh.workloads.iter().any(|workload| mesh.is_ambient(workload));
        assert_eq!(found, expected, "{namespace} | {pod_labels} | {annotations} | {spec}");
    }

    #[test]
    fn pods_are_ambient_where_they_or_their_namespace_ask_for_it() {
        let ambient = "istio.io/dataplane-mode: ambient";
        check("", "", "", "", false);
        check(ambient, "", "", "", true);
        check("", ambient, "", "", true);
        check(ambient, "istio.io/dataplane-mode: none", "", "", false);
        check(ambient, "", "", "hostNetwork: true", false);
        check(ambient, "istio: ingressgateway", "", "", false);
    }

    #[test]
    fn a_sidecar_wins_over_ambient() {
        let both = "istio.io/dataplane-mode: ambient, istio-injection: enabled";
        let ambient = "istio.io/dataplane-mode: ambient";
        check(both, "", "", "", false);
        check(both, "", r#"sidecar.istio.io/inject: "false""#, "", true);
        check(both, r#"sidecar.istio.io/inject: "false""#, "", "", true);
        check(ambient, r#"sidecar.istio.io/inject: "true""#, "", "", false);
        check(ambient, "", r#"sidecar.istio.io/inject: "true""#, "", true);
        check(ambient, "", r#"sidecar.istio.io/status: "{}""#, "", false);
        check(ambient, "", "", "containers: [{name: istio-proxy, image: x}]", false);
    }
}
