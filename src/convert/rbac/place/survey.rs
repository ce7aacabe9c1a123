//! The pods that policies land on, with the ports old Istio checked on them (`meaning/rbac.md` §3.1).

use crate::api::Labels;
use crate::api::core::{Service, ServicePort, TargetPort, Workload};
use crate::api::security::{Action, AuthorizationPolicy};
use crate::convert::rbac::config::scope::Scope;
use crate::mesh::{InventoryKind, Mesh, Protocol, compatible, selects};
use std::collections::{BTreeMap, BTreeSet};

/// Every workload of the mesh, and what governs its ports.
#[derive(Debug)]
pub struct Survey<'a> {
    /// The workloads, in the order of [`Mesh::subjects`].
    pub pods: Vec<Pod<'a>>,
    /// Namespace to what is in it.
    by_namespace: BTreeMap<String, InNamespace>,
}

/// Positions of the pods of one namespace.
#[derive(Debug, Default)]
struct InNamespace {
    all: Vec<usize>,
    stand_ins: Vec<usize>,
    /// Label name and value to those that carry it.
    labelled: BTreeMap<String, BTreeMap<String, Vec<usize>>>,
}

impl InNamespace {
    fn add(&mut self, position: usize, workload: &Workload) {
        self.all.push(position);
        if workload.stand_in {
            self.stand_ins.push(position);
        }
        for (key, value) in &workload.pod_labels {
            self.labelled.entry(key.clone()).or_default().entry(value.clone()).or_default().push(position);
        }
    }

    /// Those that may carry ALL labels of a selector: the carriers of its rarest one.
    fn candidates(&self, selector: &Labels) -> &[usize] {
        let carriers = |(key, value): (&String, &String)| {
            self.labelled.get(key).and_then(|values| values.get(value)).map(Vec::as_slice).unwrap_or_default()
        };
        selector.iter().map(carriers).min_by_key(|found| found.len()).unwrap_or(&self.all)
    }
}

/// The pods of one workload.
#[derive(Debug)]
pub struct Pod<'a> {
    /// The workload.
    pub workload: Workload,
    /// The **container** ports that have a governing host.
    pub ports: Vec<Port<'a>>,
    /// Service ports whose container port is not known.
    pub unresolved: Vec<(&'a Service, &'a ServicePort)>,
    /// A current AuthorizationPolicy selects the pods: old RBAC was ignored for them (§3.3 step 1).
    pub replaced: bool,
    /// One of these policies is ALLOW: what it does not list is denied already.
    pub restricted: bool,
}

/// A container port and who governs it.
#[derive(Debug)]
pub struct Port<'a> {
    /// The **container** port.
    pub number: u16,
    /// The host that RBAC saw: of the governing service, or `SIDECAR.NAMESPACE` for a custom ingress listener.
    pub host: String,
    /// The governing service; `None` for a custom ingress listener.
    pub service: Option<&'a Service>,
    /// Services that also claim the port, when it is a guess which of them governs.
    pub rivals: Vec<&'a Service>,
    /// The old mesh had no HTTP chain here while the new one may have one: HTTP-only rules would start to apply.
    pub becomes_http: bool,
    /// Both meshes have HTTP chains only.
    pub only_http: bool,
    /// The Service leads to it by name, so that the number is that of these pods.
    pub by_name: bool,
}

impl<'a> Survey<'a> {
    /// Surveys the mesh.
    pub fn of(mesh: &'a Mesh) -> Survey<'a> {
        let pods: Vec<Pod<'a>> = mesh.subjects().into_iter().map(|workload| Pod::survey(mesh, workload)).collect();
        let mut by_namespace: BTreeMap<String, InNamespace> = BTreeMap::new();
        for (position, pod) in pods.iter().enumerate() {
            by_namespace.entry(pod.workload.meta.namespace.clone()).or_default().add(position, &pod.workload);
        }
        Survey { pods, by_namespace }
    }

    /// The pods of a namespace; with a selector those it selects.
    pub fn pods<'b>(
        &'b self,
        namespace: &str,
        selector: Option<&Labels>,
    ) -> impl Iterator<Item = &'b Pod<'a>> + use<'a, 'b> {
        self.at(self.positions(namespace, selector))
    }

    /// Positions of the pods of a namespace; with a selector those it selects.
    fn positions(&self, namespace: &str, selector: Option<&Labels>) -> Vec<usize> {
        match (self.by_namespace.get(namespace), selector) {
            (None, _) => Vec::new(),
            (Some(found), None) => found.all.clone(),
            (Some(found), Some(labels)) => self.fitting(found.candidates(labels), |pod| selects(labels, pod)).collect(),
        }
    }

    /// Those positions whose pods have fitting labels.
    fn fitting(&self, positions: &[usize], fits: impl Fn(&Labels) -> bool) -> impl Iterator<Item = usize> {
        let labels = |position: usize| self.pods.get(position).map(|pod| &pod.workload.pod_labels);
        positions.iter().copied().filter(move |position| labels(*position).is_some_and(&fits))
    }

    fn at<'b, P: IntoIterator<Item = usize>>(
        &'b self,
        positions: P,
    ) -> impl Iterator<Item = &'b Pod<'a>> + use<'a, 'b, P> {
        positions.into_iter().filter_map(|position| self.pods.get(position))
    }

    /// The pods of a namespace that a selector selects or may select. A selector with labels beyond those of a Service
    /// (`extended`) may also select pods of Services whose pods no manifest shows; when no pods at all are known to
    /// carry its labels, those that do not contradict it count.
    pub fn likely_pods(&self, namespace: &str, selector: Option<&Labels>, extended: bool) -> Vec<&Pod<'a>> {
        let mut likely: BTreeSet<usize> = self.positions(namespace, selector).into_iter().collect();
        if let (Some(labels), Some(found)) = (selector, self.by_namespace.get(namespace)) {
            let hidden: &[usize] = match (likely.is_empty(), extended) {
                (true, _) => &found.all,
                (false, true) => &found.stand_ins,
                (false, false) => &[],
            };
            likely.extend(self.fitting(hidden, |pod| compatible(labels, pod)));
        }
        self.at(likely).collect()
    }

    /// True when a port number was TCP on some pods of the namespace and HTTP on others: a rule about HTTP for the whole
    /// namespace would be wrong on one of them.
    pub fn mixes_protocols(&self, namespace: &str) -> bool {
        let ports = || self.pods(namespace, None).flat_map(|pod| &pod.ports);
        ports().any(|tcp| tcp.becomes_http && ports().any(|other| other.number == tcp.number && !other.becomes_http))
    }

    /// The first pods **outside** the namespace that carry these labels: a policy of the root namespace would select
    /// them too. Pods that no manifest shows may have more labels than their Service asks for, so of those it is enough
    /// that they share a label and contradict none.
    pub fn namesake(&self, namespace: &str, selector: &Labels) -> Option<&Pod<'a>> {
        let may_carry = |labels: &Labels| {
            compatible(selector, labels) && selector.iter().any(|(key, value)| labels.get(key) == Some(value))
        };
        self.pods.iter().find(|pod| {
            let labels = &pod.workload.pod_labels;
            pod.workload.meta.namespace != namespace
                && (selects(selector, labels) || (pod.workload.stand_in && may_carry(labels)))
        })
    }
}

impl<'a> Pod<'a> {
    fn survey(mesh: &'a Mesh, workload: Workload) -> Pod<'a> {
        let mut ports: Vec<Port<'a>> = mesh
            .governed_ports(&workload)
            .into_iter()
            .map(|port| Port {
                number: port.number,
                host: mesh.host(port.service),
                service: Some(port.service),
                rivals: if port.guessed {
                    port.shadowed.iter().map(|(service, _)| *service).collect()
                } else {
                    Vec::new()
                },
                becomes_http: port.old_protocol == Protocol::Tcp && port.new_protocol != Protocol::Tcp,
                only_http: port.old_protocol == Protocol::Http && port.new_protocol == Protocol::Http,
                by_name: matches!(port.service_port.target, TargetPort::Name(_)),
            })
            .collect();
        let mut unresolved = mesh.unresolved_ports(&workload);
        if let Some(sidecar) = mesh.custom_ingress(&workload) {
            // Custom listeners replace those of the services: what they do not list has no filter (E131).
            let listens = |number: u16| sidecar.ingress.iter().find(|listener| listener.number == number);
            ports.retain(|port| listens(port.number).is_some());
            unresolved.clear();
            for listener in &sidecar.ingress {
                let http =
                    ["HTTP", "HTTP2", "GRPC", "GRPC-WEB"].contains(&listener.protocol.to_ascii_uppercase().as_str());
                match ports.iter_mut().find(|port| port.number == listener.number) {
                    Some(port) => {
                        port.becomes_http = false;
                        port.only_http = http;
                    }
                    None => ports.push(Port {
                        number: listener.number,
                        host: format!("{}.{}", sidecar.meta.name, sidecar.meta.namespace),
                        service: None,
                        rivals: Vec::new(),
                        becomes_http: false,
                        only_http: http,
                        by_name: false,
                    }),
                }
            }
        }
        let replaced = policies_on(mesh, &workload).next().is_some();
        let restricted = policies_on(mesh, &workload).any(|policy| policy.action == Action::Allow);
        Pod { workload, ports, unresolved, replaced, restricted }
    }

    /// The namespace.
    pub fn namespace(&self) -> &str {
        &self.workload.meta.namespace
    }

    /// True when requests to the port were checked.
    pub fn checks(&self, port: &Port<'_>, scope: &Scope<'_>) -> bool {
        !self.replaced && scope.covers_host(&port.host, self.namespace())
    }
}

/// The AuthorizationPolicies of the input that may select pods of a namespace by their labels; with the dry-run annotation
/// too, which 1.4 and 1.5 did not know (C2).
fn policies_near<'a>(mesh: &'a Mesh, namespace: &str) -> impl Iterator<Item = &'a AuthorizationPolicy> {
    mesh.authorization.iter().filter(move |policy| {
        let reaches = policy.meta.namespace == namespace || policy.meta.namespace == mesh.settings.root_namespace;
        reaches && !policy.target_refs
    })
}

/// Those that select the workload.
fn policies_on<'a>(mesh: &'a Mesh, workload: &Workload) -> impl Iterator<Item = &'a AuthorizationPolicy> {
    policies_near(mesh, &workload.meta.namespace).filter(|policy| selects(&policy.selector, &workload.pod_labels))
}

/// One that may select some pods with these labels and not others, where the input may not show every workload: on pods
/// that nobody shows, whether old RBAC was ignored depends on it.
pub fn may_replace_unseen<'a>(mesh: &'a Mesh, namespace: &str, labels: &Labels) -> Option<&'a AuthorizationPolicy> {
    if mesh.evidence.closes(&[InventoryKind::Workload]) {
        return None;
    }
    policies_near(mesh, namespace)
        .find(|policy| compatible(&policy.selector, labels) && !selects(&policy.selector, labels))
}

/// One that selects everything in the namespace: old RBAC was ignored there.
pub fn replaces_namespace<'a>(mesh: &'a Mesh, namespace: &str) -> Option<&'a AuthorizationPolicy> {
    policies_near(mesh, namespace).find(|policy| policy.selector.is_empty())
}
