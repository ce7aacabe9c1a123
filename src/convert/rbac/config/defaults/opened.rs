//! What was excluded stays open beside a denial for the whole mesh.

use crate::api::Labels;
use crate::api::core::Service;
use crate::convert::rbac::clause::Clause;
use crate::convert::rbac::config::defaults::builder::{Builder, Selection, is_namespace};
use crate::convert::rbac::config::defaults::findings;
use crate::convert::rbac::config::defaults::ports::{PortsOf, port_rule};
use crate::convert::rbac::place::given;
use crate::convert::rbac::place::survey::{self, Pod};
use crate::convert::rbac::policy;
use crate::finding::{Direction, Place};
use std::collections::BTreeSet;

impl<'a> Builder<'a> {
    pub fn open_excluded(&mut self) {
        let Some(target) = self.scope.target() else { return };
        let mut opened: BTreeSet<&str> = BTreeSet::new();
        for (namespace, at) in &target.namespaces {
            if !is_namespace(namespace) {
                self.tell(at, findings::no_such(namespace));
            } else if opened.insert(namespace) {
                self.open_namespace(namespace, at);
            }
        }
        for (host, at) in &target.services {
            if let Some(service) = self.find(host, at)
                && !opened.contains(service.meta.namespace.as_str())
            {
                self.open_service(service, at);
            }
        }
    }

    pub fn open_namespace(&mut self, namespace: &'a str, at: &Place) {
        let restricted = self.survey.pods(namespace, None).any(|pod| pod.restricted)
            || survey::may_replace_unseen(self.scope.mesh, namespace, &Labels::new()).is_some();
        if namespace == self.root() || restricted {
            // An unselected policy would open the whole mesh, or undo the restrictions that exist (E12, E124).
            for service in self.scope.mesh.services_of_namespace(namespace) {
                self.open_service(service, at);
            }
            self.open_pods_without_service(namespace, at);
            if !self.scope.pods_are_known() {
                self.tell(at, findings::enumerated(namespace));
            }
            return;
        }
        self.kept_open.push(Selection { namespace: Some(namespace), selector: None });
        self.add(namespace, "allow-all", policy::allow(None, &[Clause::default()]));
    }

    /// Workloads of an excluded namespace that no Service selects were open like the rest of it.
    pub fn open_pods_without_service(&mut self, namespace: &'a str, at: &Place) {
        let lonely = |pod: &&Pod<'a>| {
            let is_shown = !pod.workload.stand_in && !pod.workload.pod_labels.is_empty();
            is_shown && !pod.restricted && self.scope.mesh.services_of(&pod.workload).is_empty()
        };
        let pods: Vec<&'a Pod<'a>> = self.survey.pods(namespace, None).filter(lonely).collect();
        for pod in pods {
            let (labels, name) = (&pod.workload.pod_labels, &pod.workload.meta.name);
            self.check_root((namespace, name), labels, at, Direction::Wider);
            self.kept_open.push(Selection { namespace: Some(namespace), selector: Some(labels) });
            let spec = policy::allow(Some(labels), &[Clause::default()]);
            self.add_once(namespace, &format!("allow-all-{name}"), spec);
        }
    }

    pub fn open_service(&mut self, service: &'a Service, at: &Place) {
        let (false, Some(selector)) = (service.external_name, &service.selector) else { return };
        let namespace = &service.meta.namespace;
        let pods: Vec<&Pod<'_>> = self.survey.pods(namespace, Some(selector)).collect();
        if pods.iter().any(|pod| pod.restricted) {
            if !pods.iter().all(|pod| pod.replaced) {
                self.tell(at, findings::undoes_policy(service));
            }
            return;
        }
        if let Some(policy) = survey::may_replace_unseen(self.scope.mesh, namespace, selector) {
            return self.tell(at, findings::undoes_policy_of_unseen(service, policy));
        }
        self.check_root((namespace, &service.meta.name), selector, at, Direction::Wider);
        let ports = PortsOf::survey(&pods, self.scope);
        if !self.scope.services_are_closed() {
            self.converted.assumptions.push(given::excluded_is_oldest(&service.meta));
        }
        if ports.by_name && !self.scope.workloads_are_closed() {
            self.converted.assumptions.push(given::excluded_same_number(&service.meta));
        }
        // A Service that the input does not show may select the same pods, and RBAC may be on for it.
        let rule = if ports.closed.is_empty() && ports.known && self.scope.services_are_closed() {
            self.kept_open.push(Selection { namespace: Some(namespace), selector: Some(selector) });
            Clause::default()
        } else {
            let own = ports.open_only();
            if ports.contested() {
                self.tell(at, findings::opens_port_of_another(service));
            }
            let hidden = |pod: &&Pod<'_>| pod.unresolved.iter().any(|(owner, _)| owner.meta.name == service.meta.name);
            if pods.iter().any(hidden) {
                self.tell(at, findings::named_port_stays_closed(service));
            }
            if own.is_empty() {
                return;
            }
            if ports.numbers_may_be_others(self.scope) {
                return self.tell(at, findings::numbers_unknown(service));
            }
            port_rule(&own)
        };
        self.add_once(namespace, &format!("allow-all-{}", service.meta.name), policy::allow(Some(selector), &[rule]));
    }
}
