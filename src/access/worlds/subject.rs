//! What is decided about: one port of one workload and one kind of traffic.

use crate::access::Transport;
use crate::api::core::{Service, ServicePort, Workload};
use crate::mesh::{Protocol, is_gateway};

/// One port of one workload, as one side sees it.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The workload.
    pub workload: &'a Workload,
    /// The **container** port; `None` for all that no Service declares.
    pub port: Option<u16>,
    /// The (service, service port) that governs it; `None` for undeclared ports.
    pub governing: Option<(&'a Service, &'a ServicePort)>,
    /// The kind of traffic.
    pub traffic: Transport,
    /// The kind of filter chain the port has on this side.
    pub protocol: Protocol,
}

impl Subject<'_> {
    /// The kind of chain that handles the traffic; `None` when there is none: an HTTP port closes other traffic.
    pub fn chain(&self) -> Option<Transport> {
        match (self.protocol, self.traffic) {
            (Protocol::Http, Transport::Tcp) => None,
            (Protocol::Tcp, _) => Some(Transport::Tcp),
            (Protocol::Http | Protocol::Auto, traffic) => Some(traffic),
        }
    }

    /// True for the pods of a gateway ([`is_gateway`]).
    pub fn is_gateway(&self) -> bool {
        is_gateway(&self.workload.pod_labels)
    }
}
