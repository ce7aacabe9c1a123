//! What nothing grants is denied: for the mesh, for included namespaces, and Service by Service.

use crate::api::core::Service;
use crate::convert::rbac::config::defaults::builder::{Builder, Selection, is_namespace};
use crate::convert::rbac::config::defaults::findings;
use crate::convert::rbac::config::defaults::ports::{PortsOf, port_rule};
use crate::convert::rbac::config::fence;
use crate::convert::rbac::place::given;
use crate::convert::rbac::place::survey::Pod;
use crate::convert::rbac::policy;
use crate::finding::{Direction, Place};
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
                self.tell(at, findings::no_such(namespace));
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
        if !self.scope.pods_are_known() {
            self.tell(at, findings::root_services_unknown(root));
        }
        for service in self.scope.mesh.services_of_namespace(root) {
            self.close_service(service, at);
        }
    }

    pub fn close_service(&mut self, service: &'a Service, at: &Place) {
        if service.external_name {
            return;
        }
        let Some(selector) = &service.selector else { return self.tell(at, findings::cannot_close(service)) };
        let namespace = &service.meta.namespace;
        self.check_root((namespace, &service.meta.name), selector, at, Direction::Narrower);
        let pods: Vec<&Pod<'_>> = self.survey.pods(namespace, Some(selector)).collect();
        if !pods.is_empty() && pods.iter().all(|pod| pod.replaced) {
            return self.tell(at, findings::replaced(service));
        }
        self.warn_of_deny_only(at, &Selection { namespace: Some(namespace), selector: Some(selector) });
        let ports = PortsOf::survey(&pods, self.scope);
        if ports.contested() {
            self.tell(at, findings::closes_port_of_another(service));
        }
        let mut unresolved = pods.iter().flat_map(|pod| &pod.unresolved);
        if let Some((owner, _)) = unresolved.find(|(owner, _)| !self.scope.covers(owner)) {
            self.tell(at, findings::closes_named_port(owner));
        }
        if !self.scope.services_are_closed() {
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
            self.tell(at, findings::numbers_unknown(service));
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
