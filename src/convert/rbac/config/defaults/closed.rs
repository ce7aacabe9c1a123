//! What nothing grants is denied: for the mesh, for included namespaces, and Service by Service.

use crate::api::core::Service;
use crate::convert::rbac::config::defaults::builder::{Builder, Selection, is_namespace};
use crate::convert::rbac::config::defaults::findings::{no_such, numbers_unknown, replaced};
use crate::convert::rbac::config::defaults::ports::{PortsOf, port_rule};
use crate::convert::rbac::config::fence;
use crate::convert::rbac::place::given;
use crate::convert::rbac::place::survey::Pod;
use crate::convert::rbac::policy;
use crate::finding::catalogue::rbac as codes;
use crate::finding::{Direction, Finding, Place};
use std::collections::BTreeSet;

impl<'a> Builder<'a> {
    /// The mesh-wide denial: in the root namespace, without a selector.
    pub fn close_mesh(&mut self) {
        let at = self.scope.config.meta.place.clone();
        self.warn_of_deny_only(&at, &Selection { namespace: None, selector: None });
        let root = self.root();
        self.add(root, "default-deny", policy::deny_by_default(None));
        self.closed.push(Selection { namespace: None, selector: None });
        self.converted.closes = true;
    }

    pub fn close_included(&mut self) {
        let Some(target) = self.scope.target() else { return };
        let mut closed: BTreeSet<&str> = BTreeSet::new();
        for (namespace, at) in &target.namespaces {
            if !is_namespace(namespace) {
                self.tell(at, no_such(namespace));
            } else if namespace == self.root() {
                self.close_root_services(at);
            } else if closed.insert(namespace) {
                self.warn_of_deny_only(at, &Selection { namespace: Some(namespace), selector: None });
                self.add(namespace, "default-deny", policy::deny_by_default(None));
                self.closed.push(Selection { namespace: Some(namespace), selector: None });
                self.converted.closes = true;
            }
        }
        for (host, at) in &target.services {
            if let Some(service) = self.find(host, at)
                && !closed.contains(service.meta.namespace.as_str())
            {
                self.close_service(service, at);
            }
        }
    }

    /// INCLUSION of the root namespace: service by service, for an unselected policy there is mesh-wide (E07).
    pub fn close_root_services(&mut self, at: &Place) {
        let root = self.root();
        if !self.pods_are_known() {
            self.tell(
                at,
                Finding::new(
                    codes::ROOT_SERVICES_UNKNOWN,
                    format!("The root namespace `{root}` is included, which takes one policy per Service there, and the input may not hold all of them."),
                )
                .remedy(format!("Add the output of `kubectl get services -n {root} -o yaml` to the input and say `--inventory-complete=services,workloads`.")),
            );
        }
        for service in self.scope.mesh.services_of_namespace(root) {
            self.close_service(service, at);
        }
    }

    pub fn close_service(&mut self, service: &'a Service, at: &Place) {
        if service.external_name {
            return;
        }
        let Some(selector) = &service.selector else {
            let finding = Finding::new(
                codes::CANNOT_CLOSE_SERVICE,
                format!(
                    "The Service `{}` has no selector, so no policy can name its pods, and they would be open.",
                    service.meta.name
                ),
            );
            return self.tell(at, finding.related(service.meta.place.clone(), "the Service"));
        };
        let namespace = &service.meta.namespace;
        self.check_root(service, selector, at, Direction::Narrower);
        let pods: Vec<&Pod<'_>> = self.survey.pods(namespace, Some(selector)).collect();
        if !pods.is_empty() && pods.iter().all(|pod| pod.replaced) {
            return self.tell(at, replaced(service));
        }
        self.warn_of_deny_only(at, &Selection { namespace: Some(namespace), selector: Some(selector) });
        let ports = PortsOf::survey(&pods, self.scope);
        if ports.contested() {
            let finding = Finding::new(
                codes::SHARED_PORT,
                format!(
                    "A port of the Service {} belongs on some of its pods to a Service that RBAC was off for; it would be closed there too.",
                    service.meta.name
                ),
            );
            self.tell(at, finding.direction(Direction::Narrower));
        }
        let open_by_name = pods
            .iter()
            .flat_map(|pod| &pod.unresolved)
            .find(|(owner, _)| !self.scope.covers(owner))
            .map(|(owner, _)| *owner);
        if let Some(owner) = open_by_name {
            let finding = Finding::new(
                codes::NAMED_PORT_UNRESOLVED,
                format!(
                    "The Service `{}`, for which RBAC was off, leads to a container port of these pods by name, and nothing in the input says which number that is; it is now denied by default.",
                    owner.meta.name
                ),
            );
            self.tell(at, finding);
        }
        if !self.services_are_closed() {
            self.converted.assumptions.push(given::nothing_else_on(&service.meta));
        }
        self.closed.push(Selection { namespace: Some(namespace), selector: Some(selector) });
        // A fence in the root namespace would open the pods elsewhere that carry these labels.
        let fenced = self.fenced && namespace != self.root() && fence::is_safe(self.scope, namespace, selector);
        let rules = if fenced && ports.known && !ports.closed.is_empty() {
            self.kept_open.push(Selection { namespace: Some(namespace), selector: Some(selector) });
            vec![self.fence(service, selector, at)]
        } else if ports.open_only().is_empty() {
            Vec::new()
        } else if ports.numbers_may_be_others(self.scope) {
            self.tell(at, numbers_unknown(service));
            Vec::new()
        } else {
            // Other services of these pods were not checked: their ports stay open.
            vec![port_rule(&ports.open_only())]
        };
        let spec = if rules.is_empty() {
            policy::deny_by_default(Some(selector))
        } else {
            policy::allow(Some(selector), &rules)
        };
        self.add_once(namespace, &format!("default-deny-{}", service.meta.name), spec);
        self.converted.closes = true;
    }
}
