//! Istio networking objects, as far as security depends on them.

use super::{Labels, Meta};
use crate::finding::Place;

/// A DestinationRule: what TLS clients use (`meaning/authn.md` §7).
#[derive(Clone, Debug, PartialEq)]
pub struct DestinationRule {
    /// Name, namespace, place.
    pub meta: Meta,
    /// `spec.host` as written: a short name, a host name or a pattern with a leading `*`.
    pub host: String,
    /// `spec.exportTo`; empty exports to every namespace.
    pub export_to: Vec<String>,
    /// True when there is a `spec.trafficPolicy`: of several rules for one host the oldest that has one counts.
    pub has_traffic_policy: bool,
    /// `spec.trafficPolicy.tls.mode`, if given.
    pub tls: Option<ClientTls>,
    /// `spec.trafficPolicy.portLevelSettings`: **service** port to TLS mode (`None`: present without `tls`).
    pub port_tls: Vec<(u16, Option<ClientTls>)>,
}

/// A client TLS mode with the place where it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientTls {
    /// `DISABLE`, `SIMPLE`, `MUTUAL` or `ISTIO_MUTUAL`, as written.
    pub mode: String,
    /// Where.
    pub place: Place,
}

/// A Sidecar with custom ingress listeners (`meaning/rbac.md` §3.1).
#[derive(Clone, Debug, PartialEq)]
pub struct Sidecar {
    /// Name, namespace, place.
    pub meta: Meta,
    /// `spec.workloadSelector.labels`; empty selects every pod of the namespace.
    pub selector: Labels,
    /// `spec.ingress[].port`: (number, name, protocol).
    pub ingress: Vec<SidecarIngress>,
}

/// One custom ingress listener.
#[derive(Clone, Debug, PartialEq)]
pub struct SidecarIngress {
    /// The **container** port it listens on.
    pub number: u16,
    /// Port name.
    pub name: String,
    /// Protocol as written.
    pub protocol: String,
}

/// A ServiceEntry: hosts that are not Kubernetes Services.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceEntry {
    /// Name, namespace, place.
    pub meta: Meta,
    /// `spec.hosts`.
    pub hosts: Vec<String>,
    /// `spec.workloadSelector.labels`, if any.
    pub selector: Option<Labels>,
}
