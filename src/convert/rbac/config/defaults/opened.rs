//! What was excluded stays open beside a denial for the whole mesh.

use crate::api::Labels;
use crate::api::core::Service;
use crate::convert::rbac::clause::Clause;
use crate::convert::rbac::config::defaults::builder::{Builder, Selection, is_namespace};
use crate::convert::rbac::config::defaults::findings::{no_such, numbers_unknown};
use crate::convert::rbac::config::defaults::ports::{PortsOf, port_rule};
use crate::convert::rbac::place::destination::Target;
use crate::convert::rbac::place::given;
use crate::convert::rbac::place::survey::{self, Pod};
use crate::convert::rbac::place::targets::root_selector;
use crate::convert::rbac::place::view::NamespaceView;
use crate::convert::rbac::policy;
use crate::finding::catalogue::rbac as codes;
use crate::finding::{Direction, Finding, Place, Severity};
use crate::mesh::InventoryKind;
use std::collections::BTreeSet;

impl<'a> Builder<'a> {
    pub fn open_excluded(&mut self) {
        let Some(target) = self.scope.target() else { return };
        let mut opened: BTreeSet<&str> = BTreeSet::new();
        for (namespace, at) in &target.namespaces {
            if !is_namespace(namespace) {
                self.tell(at, no_such(namespace));
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
            if !self.pods_are_known() {
                let finding = Finding::new(
                    codes::EXCLUSION_ENUMERATED,
                    format!(
                        "The excluded namespace `{namespace}` can only be opened for its pods one by one, and the input may not show all of them; the others would be denied by default."
                    ),
                )
                .remedy(format!(
                    "Add the output of `kubectl get services,deployments,statefulsets,daemonsets,pods -n {namespace} -o yaml` to the input and say `--inventory-complete=services,workloads`."
                ));
                self.tell(at, finding.severity(Severity::Error));
            }
            return;
        }
        self.kept_open.push(Selection { namespace: Some(namespace), selector: None });
        self.add(namespace, "allow-all", policy::allow(None, &[Clause::default()]));
    }

    /// Workloads of an excluded namespace that no Service selects were open like the rest of it.
    pub fn open_pods_without_service(&mut self, namespace: &'a str, at: &Place) {
        let root = self.root();
        let lonely = |pod: &&Pod<'a>| {
            let is_shown = !pod.workload.stand_in && !pod.workload.pod_labels.is_empty();
            is_shown && !pod.restricted && self.scope.mesh.services_of(&pod.workload).is_empty()
        };
        let pods: Vec<&'a Pod<'a>> = self.survey.pods(namespace, None).filter(lonely).collect();
        for pod in pods {
            let (labels, name) = (&pod.workload.pod_labels, &pod.workload.meta.name);
            if namespace == root {
                let view = NamespaceView { context: self.context, scope: self.scope, survey: self.survey, namespace };
                let target = Target { selector: Some(labels.clone()), suffix: vec![name.clone()], every_service: true };
                let finding = root_selector(view, &target, labels);
                let direction = if finding.refuses() { Direction::Wider } else { finding.direction };
                self.tell(at, finding.direction(direction));
            }
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
                let finding = Finding::new(
                    codes::ADDS_TO_POLICY,
                    format!(
                        "Some pods of {} are restricted by an AuthorizationPolicy of the input, which opening the excluded Service would undo.",
                        service.meta.name
                    ),
                );
                self.tell(at, finding);
            }
            return;
        }
        if let Some(policy) = survey::may_replace_unseen(self.scope.mesh, namespace, selector) {
            let finding = Finding::new(
                codes::ADDS_TO_POLICY,
                format!(
                    "{} may select some pods of the excluded Service {}, and the input may not show all of them; opening the Service would undo what it denies.",
                    policy.meta.object(),
                    service.meta.name
                ),
            );
            return self.tell(at, finding.related(policy.meta.place.clone(), "this policy"));
        }
        self.check_root(service, selector, at, Direction::Wider);
        let ports = PortsOf::survey(&pods, self.scope);
        if !self.services_are_closed() {
            self.converted.assumptions.push(given::excluded_is_oldest(&service.meta));
        }
        if ports.by_name && !self.scope.mesh.evidence.closes(&[InventoryKind::Workload]) {
            self.converted.assumptions.push(given::excluded_same_number(&service.meta));
        }
        // A Service that the input does not show may select the same pods, and RBAC may be on for it.
        let rule = if ports.closed.is_empty() && ports.known && self.services_are_closed() {
            self.kept_open.push(Selection { namespace: Some(namespace), selector: Some(selector) });
            Clause::default()
        } else {
            let own = ports.open_only();
            if ports.contested() {
                let finding = Finding::new(
                    codes::SHARED_PORT,
                    format!(
                        "A port of the excluded Service {} belongs on some of its pods to a Service that RBAC is on for.",
                        service.meta.name
                    ),
                );
                self.tell(at, finding);
            }
            let hidden = |pod: &&Pod<'_>| pod.unresolved.iter().any(|(owner, _)| owner.meta.name == service.meta.name);
            if pods.iter().any(hidden) {
                let finding = Finding::new(
                    codes::NAMED_PORT_UNRESOLVED,
                    format!(
                        "The excluded Service `{}` leads to a container port by name, and no pods in the input say which number that is; it is now denied by default.",
                        service.meta.name
                    ),
                );
                self.tell(at, finding);
            }
            if own.is_empty() {
                return;
            }
            if ports.numbers_may_be_others(self.scope) {
                return self.tell(at, numbers_unknown(service));
            }
            port_rule(&own)
        };
        self.add_once(namespace, &format!("allow-all-{}", service.meta.name), policy::allow(Some(selector), &[rule]));
    }
}
