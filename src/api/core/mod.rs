//! Core Kubernetes objects, as far as mesh security depends on them.

use super::{Labels, Meta};

/// A Service (`v1`).
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// Name, namespace, labels, place.
    pub meta: Meta,
    /// `spec.selector`. `None` when absent **or empty**: Kubernetes treats both as "no selector".
    pub selector: Option<Labels>,
    /// `type: ExternalName`: has no workload here.
    pub external_name: bool,
    /// `clusterIP: None`.
    pub headless: bool,
    /// `spec.ports` in spec order, which matters: the first to claim a container port wins (`meaning/authn.md` §2.2).
    pub ports: Vec<ServicePort>,
}

/// One entry of a Service's `spec.ports`.
#[derive(Clone, Debug, PartialEq)]
pub struct ServicePort {
    /// Port name; empty when absent. Its prefix decides the protocol in old Istio.
    pub name: String,
    /// The **service** port.
    pub port: u16,
    /// Where it leads in the pod.
    pub target: TargetPort,
    /// Transport protocol; `TCP` when absent.
    pub transport: Transport,
    /// `appProtocol`, if given. Unknown to old Istio (`meaning/rbac.md` §6.3).
    pub app_protocol: Option<String>,
}

/// A Service port's `targetPort`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TargetPort {
    /// A **container** port by number; also what an absent `targetPort` means (the service port's own number).
    Number(u16),
    /// A container port by name, resolved per pod template.
    Name(String),
}

/// The transport protocol of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP: never touched by Istio security.
    Udp,
    /// SCTP: never touched by Istio security.
    Sctp,
}

/// Anything that makes pods: Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob, or a Pod itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// Name, namespace, place of the object; its own labels are **not** the pods' labels.
    pub meta: Meta,
    /// The labels of its pods.
    pub pod_labels: Labels,
    /// `serviceAccountName` of its pods; `default` when absent.
    pub service_account: String,
    /// Declared container ports, in order, init containers excluded.
    pub ports: Vec<ContainerPort>,
    /// What decides which proxy carries its pods' traffic, beside labels.
    pub capture: Capture,
    /// Made up from a Service's selector because no manifest of its pods is known (`mesh::Mesh::stand_ins`).
    pub stand_in: bool,
}

/// What a pod template says about proxies outside of its labels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capture {
    /// `hostNetwork: true`: no proxy takes its traffic.
    pub host_network: bool,
    /// A sidecar is already in the pod: annotation `sidecar.istio.io/status`, or a container `istio-proxy`.
    pub has_sidecar: bool,
    /// Annotation `sidecar.istio.io/inject`, where it says `true` or `false`.
    pub inject: Option<bool>,
}

/// A declared container port.
#[derive(Clone, Debug, PartialEq)]
pub struct ContainerPort {
    /// Port name; empty when absent.
    pub name: String,
    /// The **container** port.
    pub number: u16,
    /// Transport protocol.
    pub transport: Transport,
}

/// A Namespace.
#[derive(Clone, Debug, PartialEq)]
pub struct Namespace {
    /// Name, labels, place.
    pub meta: Meta,
}
