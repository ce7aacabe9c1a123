//! Look-ups by namespace, name and label, so that a question about one service or pod does not walk through all of them.
//!
//! The lists of a [`Mesh`] stay what they are; this only holds positions in them. It is built at the first question,
//! when the lists are complete, and a copy of a mesh starts without it, because copies are made in order to be changed.

use super::Mesh;
use crate::api::Labels;
use crate::api::core::{Service, Workload};
use crate::api::legacy::{AuthenticationPolicy, ServiceRoleBinding};
use crate::api::networking::Sidecar;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Positions in the lists of a mesh, found out when they are first needed.
#[derive(Debug, Default)]
pub(super) struct Index {
    positions: OnceLock<Positions>,
}

impl Clone for Index {
    fn clone(&self) -> Index {
        Index::default()
    }
}

#[derive(Debug, Default)]
struct Positions {
    namespaces: BTreeMap<String, InNamespace>,
    /// Positions of Sidecars, oldest first.
    sidecars: Vec<usize>,
    /// Namespace and role name to the bindings that name it.
    bindings: BTreeMap<String, BTreeMap<String, Vec<usize>>>,
    /// Namespace (empty for MeshPolicies) to authentication policies.
    authentication: BTreeMap<String, Vec<usize>>,
}

/// What is in one namespace.
#[derive(Debug, Default)]
struct InNamespace {
    /// Services in enforcement order; the position in this list is a service's rank.
    services: Vec<usize>,
    /// Service name to services, in input order.
    by_name: BTreeMap<String, Vec<usize>>,
    /// Ranks of services that select pods, by the first pair of their selector.
    selecting: Pairs,
    /// Ranks of services with an empty selector, which selects everything.
    selecting_all: Vec<usize>,
    /// Workloads by every pair of their labels, in input order.
    labelled: Pairs,
    /// Workloads in input order.
    workloads: Vec<usize>,
}

/// Label name and value to positions.
type Pairs = BTreeMap<String, BTreeMap<String, Vec<usize>>>;

fn add(pairs: &mut Pairs, (key, value): (&String, &String), position: usize) {
    pairs.entry(key.clone()).or_default().entry(value.clone()).or_default().push(position);
}

fn with<'p>(pairs: &'p Pairs, (key, value): (&String, &String)) -> &'p [usize] {
    pairs.get(key).and_then(|values| values.get(value)).map(Vec::as_slice).unwrap_or_default()
}

impl Positions {
    fn of(mesh: &Mesh) -> Positions {
        let mut positions = Positions::default();
        let mut order: Vec<usize> = (0..mesh.services.len()).collect();
        order.sort_by_cached_key(|at| mesh.services.get(*at).map(|service| mesh.enforcement_key(service)));
        for (at, service) in order.into_iter().filter_map(|at| Some((at, mesh.services.get(at)?))) {
            positions.namespaces.entry(service.meta.namespace.clone()).or_default().add_service(at, service);
        }
        for namespace in positions.namespaces.values_mut() {
            namespace.by_name.values_mut().for_each(|services| services.sort_unstable());
        }
        for (at, workload) in mesh.workloads.iter().enumerate() {
            positions.namespaces.entry(workload.meta.namespace.clone()).or_default().add_workload(at, workload);
        }
        positions.sidecars = (0..mesh.sidecars.len()).collect();
        positions.sidecars.sort_by_cached_key(|at| {
            let meta = mesh.sidecars.get(*at).map(|sidecar| &sidecar.meta);
            meta.map(|meta| (meta.created.is_none(), meta.created.clone(), meta.name.clone()))
        });
        for (at, binding) in mesh.bindings.iter().enumerate() {
            let of_namespace = positions.bindings.entry(binding.meta.namespace.clone()).or_default();
            of_namespace.entry(binding.role.name.clone()).or_default().push(at);
        }
        for (at, policy) in mesh.authentication.iter().enumerate() {
            positions.authentication.entry(policy.meta.namespace.clone()).or_default().push(at);
        }
        positions
    }
}

impl InNamespace {
    fn add_service(&mut self, at: usize, service: &Service) {
        let rank = self.services.len();
        self.services.push(at);
        self.by_name.entry(service.meta.name.clone()).or_default().push(at);
        match service.selector.as_ref().map(|selector| selector.iter().next()) {
            Some(Some(pair)) => add(&mut self.selecting, pair, rank),
            Some(None) => self.selecting_all.push(rank),
            None => {}
        }
    }

    fn add_workload(&mut self, at: usize, workload: &Workload) {
        self.workloads.push(at);
        for pair in &workload.pod_labels {
            add(&mut self.labelled, pair, at);
        }
    }

    /// The positions of the services that may select pods with these labels, in enforcement order.
    fn services_for(&self, labels: &Labels) -> impl Iterator<Item = usize> {
        let mut ranks: Vec<usize> =
            labels.iter().flat_map(|pair| with(&self.selecting, pair)).chain(&self.selecting_all).copied().collect();
        ranks.sort_unstable();
        ranks.into_iter().filter_map(|rank| self.services.get(rank).copied())
    }

    /// The workloads that may carry these labels: those with the rarest of the pairs.
    fn workloads_for(&self, selector: &Labels) -> &[usize] {
        let rarest = selector.iter().map(|pair| with(&self.labelled, pair)).min_by_key(|found| found.len());
        rarest.unwrap_or(&self.workloads)
    }
}

/// The items at some positions.
fn at<T>(list: &[T], positions: impl IntoIterator<Item = usize>) -> impl Iterator<Item = &T> {
    positions.into_iter().filter_map(|position| list.get(position))
}

impl Mesh {
    /// To be called when a list is changed after the first look-up.
    pub fn forget_lookups(&mut self) {
        self.index = Index::default();
    }

    fn positions(&self) -> &Positions {
        self.index.positions.get_or_init(|| Positions::of(self))
    }

    fn in_namespace(&self, namespace: &str) -> Option<&InNamespace> {
        self.positions().namespaces.get(namespace)
    }

    /// The services of a namespace in enforcement order.
    pub(super) fn indexed_services(&self, namespace: &str) -> impl Iterator<Item = &Service> {
        let services = self.in_namespace(namespace).map(|found| found.services.as_slice()).unwrap_or_default();
        at(&self.services, services.iter().copied())
    }

    /// The services of a name in input order.
    pub(super) fn services_named(&self, namespace: &str, name: &str) -> impl Iterator<Item = &Service> {
        let named = self.in_namespace(namespace).and_then(|found| found.by_name.get(name));
        at(&self.services, named.map(Vec::as_slice).unwrap_or_default().iter().copied())
    }

    /// Every service that selects pods with these labels, and perhaps others, in enforcement order.
    pub(super) fn services_for(&self, namespace: &str, labels: &Labels) -> impl Iterator<Item = &Service> {
        at(&self.services, self.in_namespace(namespace).into_iter().flat_map(|found| found.services_for(labels)))
    }

    /// Every workload that a selector selects, and perhaps others, in input order.
    pub(super) fn workloads_for(&self, namespace: &str, selector: &Labels) -> impl Iterator<Item = &Workload> {
        let found = self.in_namespace(namespace).map(|found| found.workloads_for(selector)).unwrap_or_default();
        at(&self.workloads, found.iter().copied())
    }

    /// The Sidecars, oldest first.
    pub(super) fn sidecars_by_age(&self) -> impl Iterator<Item = &Sidecar> {
        at(&self.sidecars, self.positions().sidecars.iter().copied())
    }

    /// The ServiceRoleBindings of a namespace that name this role, in input order.
    pub fn bindings_of(&self, namespace: &str, role: &str) -> impl Iterator<Item = &ServiceRoleBinding> {
        let found = self.positions().bindings.get(namespace).and_then(|roles| roles.get(role));
        at(&self.bindings, found.map(Vec::as_slice).unwrap_or_default().iter().copied())
    }

    /// The Policies of a namespace in input order; of the empty namespace, the MeshPolicies.
    pub fn authentication_of(&self, namespace: &str) -> impl Iterator<Item = &AuthenticationPolicy> {
        let found = self.positions().authentication.get(namespace);
        at(&self.authentication, found.into_iter().flatten().copied())
    }

    /// True when a Service of the namespace has exactly this selector; `None` is a Service without one.
    pub fn has_selector(&self, namespace: &str, selector: Option<&Labels>) -> bool {
        match selector {
            Some(labels) => self.services_for(namespace, labels).any(|service| service.selector.as_ref() == selector),
            None => self.indexed_services(namespace).any(|service| service.selector.is_none()),
        }
    }
}
