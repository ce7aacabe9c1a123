//! Service, Namespace, and everything that makes pods.

use super::node::Node;
use super::problems::Problems;
use crate::api::Meta;
use crate::api::core::{Capture, ContainerPort, Service, ServicePort, TargetPort, Transport, Workload};
use serde_json::Value;

/// A Service.
pub(super) fn service(meta: Meta, spec: &Node<'_>, problems: &mut Problems) -> Service {
    let selector = spec.labels("selector", problems);
    let ports = spec.messages("ports", problems);
    Service {
        meta,
        selector: (!selector.is_empty()).then_some(selector),
        external_name: spec.text("type", problems) == "ExternalName",
        headless: spec.text("clusterIP", problems) == "None",
        ports: ports.iter().filter_map(|port| service_port(port, problems)).collect(),
    }
}

/// True for a patch of a Service: it declares no ports, which only headless Services and ExternalNames may.
pub(super) fn is_service_patch(service: &Service) -> bool {
    service.ports.is_empty() && !service.external_name && !service.headless
}

fn service_port(node: &Node<'_>, problems: &mut Problems) -> Option<ServicePort> {
    let Some(port) = node.key("port") else {
        node.expected("a mapping with `port`", problems);
        return None;
    };
    let port = port.port(problems)?;
    Some(ServicePort {
        name: node.text("name", problems),
        port,
        target: target_port(node, port, problems)?,
        transport: transport(node, problems),
        app_protocol: node.key("appProtocol").and_then(|node| node.as_text(problems)).map(str::to_owned),
    })
}

/// An absent targetPort, also 0 and `""`, is the service port's own number.
fn target_port(node: &Node<'_>, port: u16, problems: &mut Problems) -> Option<TargetPort> {
    match node.key("targetPort") {
        None => Some(TargetPort::Number(port)),
        Some(target) => match target.value() {
            Value::String(name) if name.is_empty() => Some(TargetPort::Number(port)),
            Value::String(name) => Some(TargetPort::Name(name.clone())),
            value if value.as_i64() == Some(0) => Some(TargetPort::Number(port)),
            _ => target.port(problems).map(TargetPort::Number),
        },
    }
}

fn transport(node: &Node<'_>, problems: &mut Problems) -> Transport {
    match node.text("protocol", problems).as_str() {
        "UDP" => Transport::Udp,
        "SCTP" => Transport::Sctp,
        _ => Transport::Tcp,
    }
}

/// The pod template of a workload: a Pod is its own.
pub(super) fn pod_template<'a>(root: &Node<'a>, kind: &str) -> Option<Node<'a>> {
    match kind {
        "Pod" => Some(root.clone()),
        "CronJob" => root.key("spec")?.key("jobTemplate")?.key("spec")?.key("template"),
        _ => root.key("spec")?.key("template"),
    }
}

/// A Deployment, StatefulSet, DaemonSet, ReplicaSet, ReplicationController, Job, CronJob or Pod.
pub(super) fn workload(meta: Meta, template: Option<&Node<'_>>, problems: &mut Problems) -> Workload {
    let metadata = template.and_then(|template| template.message("metadata", problems));
    let spec = template.and_then(|template| template.message("spec", problems));
    let account = spec.as_ref().map(|spec| service_account(spec, problems)).unwrap_or_default();
    let host_network = spec.as_ref().is_some_and(|spec| spec.boolean("hostNetwork", problems));
    let containers = spec.map(|spec| spec.messages("containers", problems)).unwrap_or_default();
    let has_proxy = containers.iter().any(|container| container.text("name", problems) == "istio-proxy");
    let annotations = metadata.as_ref().map(|metadata| metadata.labels("annotations", problems)).unwrap_or_default();
    let inject = annotations.get("sidecar.istio.io/inject").map(String::as_str);
    let mut ports = Vec::new();
    for port in containers.iter().flat_map(|container| container.messages("ports", problems)).collect::<Vec<_>>() {
        ports.extend(container_port(&port, problems));
    }
    Workload {
        meta,
        pod_labels: metadata.map(|metadata| metadata.labels("labels", problems)).unwrap_or_default(),
        service_account: if account.is_empty() { "default".to_owned() } else { account },
        ports,
        capture: Capture {
            host_network,
            has_sidecar: has_proxy || annotations.contains_key("sidecar.istio.io/status"),
            inject: inject.and_then(|text| text.parse().ok()),
        },
        stand_in: false,
    }
}

/// True for a patch of a workload: its template has no labels, which only Pods and Jobs may.
pub(super) fn is_workload_patch(workload: &Workload) -> bool {
    workload.pod_labels.is_empty() && !matches!(workload.meta.kind.as_str(), "Pod" | "Job" | "CronJob")
}

/// `serviceAccountName`, or its old name `serviceAccount`.
fn service_account(spec: &Node<'_>, problems: &mut Problems) -> String {
    let name = spec.text("serviceAccountName", problems);
    if name.is_empty() { spec.text("serviceAccount", problems) } else { name }
}

fn container_port(node: &Node<'_>, problems: &mut Problems) -> Option<ContainerPort> {
    let Some(number) = node.key("containerPort") else {
        node.expected("a mapping with `containerPort`", problems);
        return None;
    };
    Some(ContainerPort {
        name: node.text("name", problems),
        number: number.port(problems)?,
        transport: transport(node, problems),
    })
}
