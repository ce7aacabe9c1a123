//! The **container** ports of some pods, by whether RBAC was on for the Service that governs them.

use crate::convert::rbac::clause::Clause;
use crate::convert::rbac::config::scope::Scope;
use crate::convert::rbac::place::survey::Pod;
use std::collections::BTreeSet;

/// The ports of some pods, by whether RBAC was on for the service that governs them.
pub struct PortsOf {
    pub closed: BTreeSet<u16>,
    pub open: BTreeSet<u16>,
    /// Every service port leads to a known number.
    pub known: bool,
    /// ANY of the numbers is known from the pods of the input only.
    pub by_name: bool,
}

impl PortsOf {
    pub fn survey(pods: &[&Pod<'_>], scope: Scope<'_>) -> PortsOf {
        let mut ports = PortsOf { closed: BTreeSet::new(), open: BTreeSet::new(), known: true, by_name: false };
        for pod in pods {
            for port in &pod.ports {
                ports.by_name |= port.by_name;
                let on = scope.covers_host(&port.host, pod.namespace());
                let doubtful = port.rivals.iter().any(|rival| scope.covers(rival) != on);
                if on || doubtful {
                    ports.closed.insert(port.number);
                }
                if !on || doubtful {
                    ports.open.insert(port.number);
                }
            }
            ports.known &= !pod.unresolved.iter().any(|(service, _)| scope.covers(service));
        }
        ports
    }

    /// Ports that were open on ALL the pods that declare them.
    pub fn open_only(&self) -> BTreeSet<u16> {
        self.open.difference(&self.closed).copied().collect()
    }

    /// True when opening the open ports by number could open a closed one on pods that the input does not show.
    pub fn numbers_may_be_others(&self, scope: Scope<'_>) -> bool {
        let others = self.by_name && !self.closed.is_empty();
        let others_unseen = others && !scope.workloads_are_closed();
        !self.open_only().is_empty() && (others_unseen || !self.known)
    }

    /// Some port was open on one pod and closed on another.
    pub fn contested(&self) -> bool {
        self.open.intersection(&self.closed).next().is_some()
    }
}

/// A rule that opens these **container** ports.
pub fn port_rule(ports: &BTreeSet<u16>) -> Clause {
    let mut rule = Clause::default();
    rule.operation.ports.values = ports.iter().map(u16::to_string).collect();
    rule
}
