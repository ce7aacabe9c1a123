//! What a name means: services, workloads, stand-ins, and the object that is in force.

use super::evidence::{Absence, Evidence, InventoryKind};
use super::index::Index;
use super::{Lookup, Mesh, Settings, selects};
use crate::api::core::{ContainerPort, Service, TargetPort, Transport, Workload};
use crate::api::legacy::RbacConfig;
use crate::api::networking::Sidecar;
use crate::api::{Labels, ManifestId, Meta, namespace};
use crate::finding::ObjectRef;
use std::collections::{BTreeMap, BTreeSet};

/// The kind that a stand-in workload carries in its meta: it is named after a Service.
const STAND_IN_KIND: &str = "Service";

/// The command that prints an object meshlift does not know, for remedies.
pub fn kubectl_get(kind: &str, namespace: &str, name: &str) -> String {
    match namespace::written(namespace) {
        "" => format!("kubectl get {kind} {name} -o yaml"),
        namespace => format!("kubectl get {kind} {name} -n {namespace} -o yaml"),
    }
}

/// The kinds that make pods, as `kubectl get` is asked for them.
pub const WORKLOADS: &str = "deployments,statefulsets,daemonsets,pods";

/// The command that prints everything of these kinds in a namespace, for remedies.
pub fn kubectl_get_in(namespace: &str, kinds: &str) -> String {
    match namespace::written(namespace) {
        "" => format!("kubectl get {kinds} -o yaml"),
        namespace => format!("kubectl get {kinds} -n {namespace} -o yaml"),
    }
}

impl Mesh {
    /// An empty mesh with these settings.
    pub fn new(settings: Settings) -> Mesh {
        Mesh {
            settings,
            one_place: false,
            evidence: Evidence::default(),
            namespaces: Vec::new(),
            services: Vec::new(),
            workloads: Vec::new(),
            authentication: Vec::new(),
            configs: Vec::new(),
            roles: Vec::new(),
            bindings: Vec::new(),
            peer: Vec::new(),
            request: Vec::new(),
            authorization: Vec::new(),
            destination_rules: Vec::new(),
            sidecars: Vec::new(),
            service_entries: Vec::new(),
            openshift: Vec::new(),
            rejected: Vec::new(),
            inert: Vec::new(),
            unreadable: Vec::new(),
            shared: BTreeSet::new(),
            index: Index::default(),
        }
    }

    /// A Service by namespace and short name.
    pub fn service(&self, namespace: &str, name: &str) -> Lookup<&Service> {
        let mut named = self.services_named(namespace, name);
        match (named.next(), named.next()) {
            (Some(first), Some(second)) => Lookup::Ambiguous(first, second),
            (Some(only), None) => Lookup::Found(only),
            (None, _) if self.is_unreadable("Service", namespace, name) => Lookup::Unknown,
            (None, _) => match self.evidence.absence_of(InventoryKind::Service) {
                Absence::Proven => Lookup::Absent,
                Absence::Open => Lookup::Unknown,
            },
        }
    }

    /// True when an object that may have this identity is in the input but could not be read.
    fn is_unreadable(&self, kind: &str, namespace: &str, name: &str) -> bool {
        self.unreadable
            .iter()
            .any(|(_, o)| o.kind == kind && may_become(&o.namespace, namespace) && may_become(&o.name, name))
    }

    /// The host name of a service: `name.namespace.svc.DOMAIN`.
    pub fn host(&self, service: &Service) -> String {
        format!("{}.{}.svc.{}", service.meta.name, service.meta.namespace, self.settings.cluster_domain)
    }

    /// The services of a namespace in enforcement order: oldest first, ties by host name. Services without a creation
    /// time come after those with one, by host name.
    pub fn services_of_namespace(&self, namespace: &str) -> Vec<&Service> {
        self.indexed_services(namespace).collect()
    }

    /// The services that select a workload (same namespace, selector subset of its pod labels), in enforcement order.
    /// A Service without a selector and an ExternalName select nothing.
    pub fn services_of(&self, workload: &Workload) -> Vec<&Service> {
        let selects = |s: &&Service| service_selects(s, &workload.meta.namespace, &workload.pod_labels);
        self.services_for(&workload.meta.namespace, &workload.pod_labels).filter(selects).collect()
    }

    /// Enforcement order as a sort key.
    pub(super) fn enforcement_key(&self, service: &Service) -> (bool, Option<String>, String) {
        (service.meta.created.is_none(), service.meta.created.clone(), self.host(service))
    }

    /// The workloads a service selects; its stand-in when no manifest of them is known. Empty for a Service that
    /// selects nothing.
    pub fn workloads_of(&self, service: &Service) -> Vec<Workload> {
        let known: Vec<Workload> = self.known_workloads_of(service).cloned().collect();
        if !known.is_empty() || service.external_name || service.selector.is_none() {
            return known;
        }
        let labels = service.selector.iter().flatten().map(|(key, value)| (key.clone(), value.clone())).collect();
        let twins: Vec<&Service> = self
            .services_for(&service.meta.namespace, &labels)
            .filter(|s| !s.external_name && s.selector == service.selector)
            .collect();
        stand_in(&twins).into_iter().collect()
    }

    /// True when a manifest of some workload that the service selects is known.
    pub fn has_pods(&self, service: &Service) -> bool {
        self.known_workloads_of(service).next().is_some()
    }

    /// The workloads of the input that a service selects.
    pub(super) fn known_workloads_of(&self, service: &Service) -> impl Iterator<Item = &Workload> {
        let selector = service.selector.iter();
        let candidates = selector.flat_map(|selector| self.workloads_for(&service.meta.namespace, selector));
        candidates.filter(|w| service_selects(service, &w.meta.namespace, &w.pod_labels))
    }

    /// Workloads to reason about: those from manifests, and a stand-in for every Service whose selector matches none.
    pub fn subjects(&self) -> Vec<Workload> {
        let mut subjects = self.workloads.clone();
        subjects.extend(self.stand_ins());
        subjects
    }

    /// One stand-in per distinct (namespace, selector) of Services that select no known workload, named after the
    /// first of these Services by name.
    fn stand_ins(&self) -> Vec<Workload> {
        let mut by_selector: BTreeMap<(&str, &Labels), Vec<&Service>> = BTreeMap::new();
        for service in &self.services {
            if let Some(selector) = &service.selector
                && !service.external_name
                && !self.has_pods(service)
            {
                by_selector.entry((&service.meta.namespace, selector)).or_default().push(service);
            }
        }
        let mut stand_ins: Vec<Workload> =
            by_selector.into_values().filter_map(|services| stand_in(&services)).collect();
        stand_ins.sort_by(|a, b| (&a.meta.namespace, &a.meta.name).cmp(&(&b.meta.namespace, &b.meta.name)));
        stand_ins
    }

    /// Every namespace that any object of this mesh is in, sorted.
    pub fn namespace_names(&self) -> Vec<String> {
        let declared = self.namespaces.iter().map(|n| &n.meta.name);
        let used = self.metas().map(|meta| &meta.namespace).filter(|namespace| !namespace.is_empty());
        declared.chain(used).cloned().collect::<BTreeSet<String>>().into_iter().collect()
    }

    /// The meta of every object in the lists of this mesh.
    fn metas(&self) -> impl Iterator<Item = &Meta> {
        let core = self.services.iter().map(|o| &o.meta).chain(self.workloads.iter().map(|o| &o.meta));
        let legacy = self.authentication.iter().map(|o| &o.meta).chain(self.configs.iter().map(|o| &o.meta));
        let rbac = self.roles.iter().map(|o| &o.meta).chain(self.bindings.iter().map(|o| &o.meta));
        let security = self.peer.iter().map(|o| &o.meta).chain(self.request.iter().map(|o| &o.meta));
        let networking = self.destination_rules.iter().map(|o| &o.meta).chain(self.sidecars.iter().map(|o| &o.meta));
        core.chain(legacy)
            .chain(rbac)
            .chain(security)
            .chain(self.authorization.iter().map(|o| &o.meta))
            .chain(networking)
            .chain(self.service_entries.iter().map(|o| &o.meta))
    }

    /// The manifests of the old objects in the lists of this mesh.
    pub fn legacy_manifests(&self) -> impl Iterator<Item = ManifestId> {
        let metas = self.authentication.iter().map(|o| &o.meta).chain(self.configs.iter().map(|o| &o.meta));
        let metas = metas.chain(self.roles.iter().map(|o| &o.meta)).chain(self.bindings.iter().map(|o| &o.meta));
        metas.filter_map(|meta| meta.manifest)
    }

    /// The effective RBAC config (`meaning/rbac.md` §1.2): ClusterRbacConfig `default`, else RbacConfig `default`.
    /// `None` means that RBAC is off, unless [`Mesh::config_in_doubt`] names an object.
    pub fn effective_config(&self) -> Option<&RbacConfig> {
        let of_kind = |kind: &str| self.configs.iter().find(|config| config.meta.kind == kind);
        match of_kind("ClusterRbacConfig") {
            Some(config) => Some(config),
            None if self.config_in_doubt().is_some() => None,
            None => of_kind("RbacConfig"),
        }
    }

    /// A rejected config that may be the one in force, so that it is not known whether RBAC is on.
    pub fn config_in_doubt(&self) -> Option<&ObjectRef> {
        let decided = |kind: &str| self.configs.iter().any(|config| config.meta.kind == kind);
        match self.in_doubt("ClusterRbacConfig").next() {
            Some(object) => Some(object),
            None if decided("ClusterRbacConfig") => None,
            None => self.in_doubt("RbacConfig").next(),
        }
    }

    /// Rejected objects of a kind that may have been in force all the same, because the cluster got them past
    /// validation or because several contradict each other.
    pub fn in_doubt(&self, kind: &str) -> impl Iterator<Item = &ObjectRef> {
        let inert: BTreeSet<ManifestId> = self.inert.iter().map(|(id, ..)| *id).collect();
        let is_inert = move |id: ManifestId| inert.contains(&id);
        self.rejected.iter().filter(move |(id, object)| object.kind == kind && !is_inert(*id)).map(|(_, object)| object)
    }

    /// The Sidecar whose custom ingress listeners replace the listeners of this workload's services
    /// (`meaning/rbac.md` §3.1), if any: a Sidecar that selects the pods goes before one for the whole namespace, which
    /// goes before one of the root namespace.
    pub fn custom_ingress(&self, workload: &Workload) -> Option<&Sidecar> {
        let own = |s: &&Sidecar| s.meta.namespace == workload.meta.namespace;
        let selecting = |s: &&Sidecar| !s.selector.is_empty() && selects(&s.selector, &workload.pod_labels);
        let general = |s: &&Sidecar| s.selector.is_empty();
        let find = |wanted: &dyn Fn(&&Sidecar) -> bool| self.sidecars_by_age().find(|s| wanted(s));
        find(&|s| own(s) && selecting(s))
            .or_else(|| find(&|s| own(s) && general(s)))
            .or_else(|| find(&|s| s.meta.namespace == self.settings.root_namespace && general(s)))
            .filter(|sidecar| !sidecar.ingress.is_empty())
    }
}

/// True when a name in a file may be this name in the cluster: the same, or one that still holds a placeholder, which no
/// Kubernetes name can.
pub fn may_become(written: &str, name: &str) -> bool {
    let is_possible = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
    written == name || !written.bytes().all(is_possible)
}

/// True when the service has a selector, is not an ExternalName, and selects pods with these labels in its namespace.
fn service_selects(service: &Service, namespace: &str, pod_labels: &Labels) -> bool {
    !service.external_name
        && service.meta.namespace == namespace
        && service.selector.as_ref().is_some_and(|selector| selects(selector, pod_labels))
}

/// The stand-in for services that share one selector.
fn stand_in(services: &[&Service]) -> Option<Workload> {
    let first = services.iter().min_by_key(|service| &service.meta.name)?;
    let numbers: BTreeSet<u16> = services
        .iter()
        .flat_map(|service| &service.ports)
        .filter(|port| port.transport == Transport::Tcp)
        .filter_map(|port| match port.target {
            TargetPort::Number(number) => Some(number),
            TargetPort::Name(_) => None,
        })
        .collect();
    let ports =
        numbers.into_iter().map(|number| ContainerPort { name: String::new(), number, transport: Transport::Tcp });
    Some(Workload {
        meta: Meta { kind: STAND_IN_KIND.to_owned(), ..first.meta.clone() },
        pod_labels: first.selector.clone().unwrap_or_default(),
        service_account: "default".to_owned(),
        ports: ports.collect(),
        capture: Default::default(),
        stand_in: true,
    })
}

#[cfg(test)]
mod tests;
