//! Ports that no Service declares: kept open by a fence where that is asked for and safe, told where they are closed.

use crate::api::Labels;
use crate::api::core::Service;
use crate::convert::rbac::clause::Clause;
use crate::convert::rbac::config::defaults::builder::{Builder, Selection, selected};
use crate::convert::rbac::config::defaults::findings;
use crate::convert::rbac::config::defaults::ports::PortsOf;
use crate::convert::rbac::config::fence;
use crate::convert::rbac::place::survey::Pod;
use crate::convert::rbac::policy;
use crate::finding::catalogue::rbac as codes;
use crate::finding::{Finding, Place, Severity};
use std::collections::BTreeSet;

impl Builder<'_> {
    /// A rule that opens every port of the pods but those that checked services may have there.
    pub fn fence(&mut self, service: &Service, selector: &Labels, at: &Place) -> Clause {
        let closed = fence::closed_ports(self.scope, self.survey, &service.meta.namespace, selector);
        let scope = self.scope;
        let pods = self.survey.pods(&service.meta.namespace, Some(selector)).filter(|pod| !pod.replaced);
        let open = pods.flat_map(|pod| pod.ports.iter().filter(move |port| !pod.checks(port, &scope)));
        let shut: BTreeSet<u16> = open.map(|port| port.number).filter(|number| closed.contains(number)).collect();
        if let Some(number) = shut.first() {
            self.tell(at, findings::fence_closes_port_of_another(service, *number));
        }
        fence::rule(&closed)
    }

    /// Keeps the undeclared ports of checked services open where a mesh-wide or namespace-wide denial closes them.
    pub fn fences(&mut self) {
        for service in &self.scope.mesh.services {
            let Some(selector) = &service.selector else { continue };
            let namespace = &service.meta.namespace;
            let pods: Vec<&Pod<'_>> = self.survey.pods(namespace, Some(selector)).collect();
            let fenced_already = self.converted.drafts.iter().any(|draft| {
                draft.namespace == *namespace && draft.name == format!("default-deny-{}", service.meta.name)
            });
            let ports = PortsOf::survey(&pods, self.scope);
            let possible = !service.external_name
                && self.scope.covers(service)
                && namespace != self.root()
                && !fenced_already
                && ports.known
                && !ports.closed.is_empty()
                && !pods.iter().any(|pod| pod.restricted)
                && fence::is_safe(self.scope, namespace, selector);
            if possible {
                self.kept_open.push(Selection { namespace: Some(namespace), selector: Some(selector) });
                let rule = self.fence(service, selector, &self.scope.config.meta.place);
                let spec = policy::allow(Some(selector), &[rule]);
                self.add_once(namespace, &format!("port-fence-{}", service.meta.name), spec);
            }
        }
        self.tell_unfenced();
    }

    /// Pods whose undeclared ports were open and that no fence keeps open.
    pub fn tell_unfenced(&mut self) {
        let unfenced: Vec<String> = self
            .survey
            .pods
            .iter()
            .filter(|pod| !pod.replaced && selected(&self.closed, pod) && !selected(&self.kept_open, pod))
            .map(|pod| pod.workload.meta.object().to_string())
            .collect();
        if unfenced.is_empty() && (self.scope.pods_are_known() || !self.converted.closes) {
            return;
        }
        let at = self.scope.config.meta.place.clone();
        let finding = match unfenced.as_slice() {
            [] => Finding::new(
                codes::UNDECLARED_CLOSED,
                "Pods that are not in the input keep none of their undeclared ports open, and the input may not hold all pods.",
            )
            .severity(Severity::Note),
            pods => Finding::new(
                codes::UNDECLARED_CLOSED,
                format!("Ports that no Service declares were open and are now denied by default on {}.", pods.join(", ")),
            )
            .remedy(self.remedy_for_closed_ports()),
        };
        self.tell(&at, finding);
    }

    /// Only where the input shows everything a fence is known to open nothing else.
    pub fn remedy_for_closed_ports(&self) -> &'static str {
        if self.scope.pods_are_known() {
            codes::UNDECLARED_CLOSED.entry().remedy
        } else {
            "Declare the ports in a Service and write policies for them; or, when the input shows every Service and every pod, say `--inventory-complete=services,workloads`, so that a fence can keep them open."
        }
    }
}
