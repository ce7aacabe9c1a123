//! From the effective config to default policies (`meaning/rbac.md` §6.2): where RBAC was on, what nothing grants is
//! denied; where it was off, everything stays open.
//!
//! The root namespace is special in the new API only: a policy without a selector is mesh-wide there, and one with a
//! selector selects pods of every namespace. So nothing without a selector is ever written there, except the mesh-wide
//! denial that the old config asked for.

use crate::api::core::Service;
use crate::api::legacy::RbacMode;
use crate::api::security::{Action, AuthorizationPolicy};
use crate::api::{Labels, ManifestId};
use crate::convert::rbac::clause::Clause;
use crate::convert::rbac::config::fence;
use crate::convert::rbac::config::scope::Scope;
use crate::convert::rbac::place::destination::Target;
use crate::convert::rbac::place::given;
use crate::convert::rbac::place::services;
use crate::convert::rbac::place::survey::{Pod, Survey};
use crate::convert::rbac::place::targets::root_selector;
use crate::convert::rbac::place::view::NamespaceView;
use crate::convert::rbac::policy;
use crate::convert::rbac::roles::draft;
use crate::convert::{Context, Draft};
use crate::finding::catalogue::rbac as codes;
use crate::finding::{Assumption, Direction, Finding, Place, Severity};
use crate::mesh::{InventoryKind, Lookup, kubectl_get};
use std::collections::BTreeSet;

/// The policies that the config becomes.
#[derive(Debug, Default)]
pub struct Converted {
    /// The policies.
    pub drafts: Vec<Draft>,
    /// What there is to say. Errors refuse the config, and with it every RBAC object.
    pub findings: Vec<Finding>,
    /// What the policies take for granted.
    pub assumptions: Vec<Assumption>,
    /// Something is denied by default, so pods and ports that no Service declares are too.
    pub closes: bool,
}

/// Converts the effective config.
pub fn convert<'a>(context: Context<'a>, scope: Scope<'a>, survey: &'a Survey<'a>) -> Converted {
    let from: Vec<ManifestId> = scope.config.meta.manifest.into_iter().collect();
    let asked = context.options.port_fence || context.options.strict;
    // A fence opens every port but those named: also that of a Service which the input does not show.
    let fenced = asked && scope.mesh.evidence.closes(&[InventoryKind::Service]);
    let mut builder = Builder {
        context,
        scope,
        survey,
        from,
        fenced,
        closed: Vec::new(),
        kept_open: Vec::new(),
        converted: Converted::default(),
    };
    match scope.config.mode {
        RbacMode::Off => {}
        RbacMode::On => builder.close_mesh(),
        RbacMode::OnWithInclusion => builder.close_included(),
        RbacMode::OnWithExclusion => {
            builder.close_mesh();
            builder.open_excluded();
        }
    }
    if fenced {
        builder.fences();
    } else if asked {
        builder.tell_unfenced();
    }
    builder.finish()
}

struct Builder<'a> {
    context: Context<'a>,
    scope: Scope<'a>,
    survey: &'a Survey<'a>,
    from: Vec<ManifestId>,
    fenced: bool,
    /// Pods that a default denial selects.
    closed: Vec<Selection<'a>>,
    /// Pods whose undeclared ports the result keeps open.
    kept_open: Vec<Selection<'a>>,
    converted: Converted,
}

/// Some pods.
struct Selection<'a> {
    /// `None` is every namespace.
    namespace: Option<&'a str>,
    /// `None` is every pod.
    selector: Option<&'a Labels>,
}

/// True when ANY of the selections holds the pod.
fn selected(selections: &[Selection<'_>], pod: &Pod<'_>) -> bool {
    selections.iter().any(|selection| {
        selection.namespace.is_none_or(|namespace| namespace == pod.namespace())
            && selection.selector.is_none_or(|selector| crate::mesh::selects(selector, &pod.workload.pod_labels))
    })
}

impl<'a> Builder<'a> {
    fn root(&self) -> &'a str {
        &self.scope.mesh.settings.root_namespace
    }

    /// True when the input shows every Service.
    fn services_are_closed(&self) -> bool {
        self.scope.mesh.evidence.closes(&[InventoryKind::Service])
    }

    /// True when the input shows every Service and every workload.
    fn pods_are_known(&self) -> bool {
        self.scope.mesh.evidence.closes(&[InventoryKind::Service, InventoryKind::Workload])
    }

    fn tell(&mut self, at: &Place, finding: Finding) {
        self.converted.findings.push(finding.at(at.clone()).on(self.scope.config.meta.object()));
    }

    fn add(&mut self, namespace: &str, name: &str, spec: crate::yaml::Tree) {
        self.converted.drafts.push(draft(namespace, name, self.from.clone(), spec));
    }

    /// The mesh-wide denial: in the root namespace, without a selector.
    fn close_mesh(&mut self) {
        let at = self.scope.config.meta.place.clone();
        self.warn_of_deny_only(&at, &Selection { namespace: None, selector: None });
        let root = self.root();
        self.add(root, "default-deny", policy::deny_by_default(None));
        self.closed.push(Selection { namespace: None, selector: None });
        self.converted.closes = true;
    }

    fn close_included(&mut self) {
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
    fn close_root_services(&mut self, at: &Place) {
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

    fn close_service(&mut self, service: &'a Service, at: &Place) {
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

    /// A rule that opens every port of the pods but those that checked services may have there.
    fn fence(&mut self, service: &Service, selector: &Labels, at: &Place) -> Clause {
        let closed = fence::closed_ports(self.scope, self.survey, &service.meta.namespace, selector);
        let scope = self.scope;
        let pods = self.survey.pods(&service.meta.namespace, Some(selector)).filter(|pod| !pod.replaced);
        let open = pods.flat_map(|pod| pod.ports.iter().filter(move |port| !pod.checks(port, &scope)));
        let shut: BTreeSet<u16> = open.map(|port| port.number).filter(|number| closed.contains(number)).collect();
        if let Some(number) = shut.first() {
            let finding = Finding::new(
                codes::SHARED_PORT,
                format!(
                    "Container port {number} of the pods of {} belongs to a Service that RBAC was off for, and a checked Service claims it too; it would be closed there.",
                    service.meta.name
                ),
            );
            self.tell(at, finding.direction(Direction::Narrower));
        }
        fence::rule(&closed)
    }

    fn open_excluded(&mut self) {
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

    fn open_namespace(&mut self, namespace: &'a str, at: &Place) {
        let restricted = self.survey.pods(namespace, None).any(|pod| pod.restricted);
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
    fn open_pods_without_service(&mut self, namespace: &'a str, at: &Place) {
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

    fn open_service(&mut self, service: &'a Service, at: &Place) {
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
        self.check_root(service, selector, at, Direction::Wider);
        let ports = PortsOf::survey(&pods, self.scope);
        if !self.services_are_closed() {
            self.converted.assumptions.push(given::excluded_is_oldest(&service.meta));
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

    /// In the root namespace a selector must not reach into other namespaces; `direction` is what it would do there.
    fn check_root(&mut self, service: &Service, selector: &Labels, at: &Place, direction: Direction) {
        let namespace = &service.meta.namespace;
        if namespace == self.root() {
            let view = NamespaceView { context: self.context, scope: self.scope, survey: self.survey, namespace };
            let target = Target {
                selector: Some(selector.clone()),
                suffix: vec![service.meta.name.clone()],
                every_service: false,
            };
            let finding = root_selector(view, &target, selector);
            let direction = if finding.refuses() { direction } else { finding.direction };
            self.tell(at, finding.direction(direction));
        }
    }

    /// Two services with one selector need one policy.
    fn add_once(&mut self, namespace: &str, name: &str, spec: crate::yaml::Tree) {
        if !self.converted.drafts.iter().any(|known| known.namespace == namespace && known.spec == spec) {
            self.add(namespace, name, spec);
        }
    }

    /// Pods that have DENY policies only were open otherwise; a default denial closes them (§6.7).
    fn warn_of_deny_only(&mut self, at: &Place, closed: &Selection<'_>) {
        let affected = |pod: &&Pod<'_>| selected(std::slice::from_ref(closed), pod);
        let found = self.survey.pods.iter().filter(affected).find(|pod| pod.replaced && !pod.restricted);
        if let Some(policy) = self.denies_unseen(closed) {
            let finding = Finding::new(
                codes::CLOSES_DENY_ONLY,
                format!(
                    "{} is for pods that the input does not show: old RBAC was ignored there, and unless another AuthorizationPolicy allows callers of them, the default denial closes them.",
                    policy.meta.object()
                ),
            );
            let finding = finding.severity(Severity::Note).direction(Direction::Narrower);
            self.tell(at, finding.related(policy.meta.place.clone(), "this policy"));
        }
        if let Some(pod) = found {
            let finding = Finding::new(
                codes::CLOSES_DENY_ONLY,
                format!(
                    "{} has AuthorizationPolicies, none of them ALLOW: old RBAC was ignored there, and the default denial would close it.",
                    pod.workload.meta.object()
                ),
            );
            self.tell(at, finding.related(pod.workload.meta.place.clone(), "these pods"));
        }
    }

    /// A policy that denies and that selects no pod of the input, where other pods may exist that a default denial closes.
    fn denies_unseen(&self, closed: &Selection<'_>) -> Option<&'a AuthorizationPolicy> {
        let mesh = self.scope.mesh;
        if mesh.evidence.closes(&[InventoryKind::Workload]) {
            return None;
        }
        let near = |policy: &&AuthorizationPolicy| {
            let namespace = policy.meta.namespace.as_str();
            namespace == self.root() || closed.namespace.is_none_or(|closed| closed == namespace)
        };
        let reaches = |policy: &&AuthorizationPolicy| {
            closed.selector.is_none_or(|selector| crate::mesh::compatible(selector, &policy.selector))
        };
        let selects_shown = |policy: &AuthorizationPolicy| {
            let namespace = (policy.meta.namespace != self.root()).then_some(policy.meta.namespace.as_str());
            let selection = [Selection { namespace, selector: Some(&policy.selector) }];
            self.survey.pods.iter().any(|pod| selected(&selection, pod))
        };
        let denies = mesh.authorization.iter().filter(|policy| policy.action != Action::Allow && !policy.target_refs);
        denies.filter(near).filter(reaches).find(|policy| !selects_shown(policy))
    }

    /// The service that a list entry names. Entries are compared with host names, literally (E08).
    fn find(&mut self, host: &str, at: &Place) -> Option<&'a Service> {
        let mesh = self.scope.mesh;
        let Some((name, namespace)) = services::split_host(host, &mesh.settings.cluster_domain) else {
            let finding = Finding::new(
                codes::CONFIG_NAMES_NO_SERVICE,
                format!(
                    "`{host}` matches no Service: the config is compared with full host names like `NAME.NAMESPACE.svc.{}`.",
                    mesh.settings.cluster_domain
                ),
            );
            self.tell(at, finding);
            return None;
        };
        let finding = match mesh.service(namespace, name) {
            Lookup::Found(service) => return Some(service),
            Lookup::Absent => Finding::new(codes::CONFIG_NAMES_NO_SERVICE, format!("There is no Service `{host}`.")),
            Lookup::Unknown => Finding::new(
                codes::UNRESOLVED_SERVICE,
                format!(
                    "The Service `{name}` in namespace `{namespace}` is not in the input, so its pods are not known."
                ),
            )
            .remedy(format!(
                "Add the output of `{}` to the input, or say with `--inventory-complete=services` that it does not exist.",
                kubectl_get("service", namespace, name)
            )),
            Lookup::Ambiguous(one, other) => Finding::new(
                codes::UNRESOLVED_SERVICE,
                format!("Two different Services named `{name}` in namespace `{namespace}` are equally near."),
            )
            .remedy("Keep one of the two in the input, or convert the folders one at a time.")
            .related(one.meta.place.clone(), "one of them")
            .related(other.meta.place.clone(), "the other"),
        };
        self.tell(at, finding);
        None
    }

    /// Keeps the undeclared ports of checked services open where a mesh-wide or namespace-wide denial closes them.
    fn fences(&mut self) {
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
    fn tell_unfenced(&mut self) {
        let unfenced: Vec<String> = self
            .survey
            .pods
            .iter()
            .filter(|pod| !pod.replaced && selected(&self.closed, pod) && !selected(&self.kept_open, pod))
            .map(|pod| pod.workload.meta.object().to_string())
            .collect();
        if unfenced.is_empty() && (self.pods_are_known() || !self.converted.closes) {
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
    fn remedy_for_closed_ports(&self) -> &'static str {
        if self.pods_are_known() {
            codes::UNDECLARED_CLOSED.entry().remedy
        } else {
            "Declare the ports in a Service and write policies for them; or, when the input shows every Service and every pod, say `--inventory-complete=services,workloads`, so that a fence can keep them open."
        }
    }

    fn finish(self) -> Converted {
        self.converted
    }
}

/// Ports that would be opened by number, where pods that the input does not show may give their names other numbers.
fn numbers_unknown(service: &Service) -> Finding {
    let (name, namespace) = (&service.meta.name, &service.meta.namespace);
    Finding::new(
        codes::NAMED_PORT_UNRESOLVED,
        format!("Several Services share the pods of `{name}`, RBAC was on for some of them, and one leads to its port by name: on pods that the input does not show the number may be another, so no port is opened by number, and those that were open are denied by default."),
    )
    .direction(Direction::Narrower)
    .remedy(format!(
        "Add the output of `kubectl get deployments,statefulsets,daemonsets,pods -n {namespace} -o yaml` to the input and say `--inventory-complete=workloads`."
    ))
}

/// The ports of some pods, by whether RBAC was on for the service that governs them.
struct PortsOf {
    closed: BTreeSet<u16>,
    open: BTreeSet<u16>,
    /// Every service port leads to a known number.
    known: bool,
    /// ANY of the numbers is known from the pods of the input only.
    by_name: bool,
}

impl PortsOf {
    fn survey(pods: &[&Pod<'_>], scope: Scope<'_>) -> PortsOf {
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
    fn open_only(&self) -> BTreeSet<u16> {
        self.open.difference(&self.closed).copied().collect()
    }

    /// True when opening the open ports by number could open a closed one on pods that the input does not show.
    fn numbers_may_be_others(&self, scope: Scope<'_>) -> bool {
        let others = self.by_name && !self.closed.is_empty();
        let others_unseen = others && !scope.mesh.evidence.closes(&[InventoryKind::Workload]);
        !self.open_only().is_empty() && (others_unseen || !self.known)
    }

    /// Some port was open on one pod and closed on another.
    fn contested(&self) -> bool {
        self.open.intersection(&self.closed).next().is_some()
    }
}

/// A rule that opens these **container** ports.
fn port_rule(ports: &BTreeSet<u16>) -> Clause {
    let mut rule = Clause::default();
    rule.operation.ports.values = ports.iter().map(u16::to_string).collect();
    rule
}

/// A name that a namespace can have; the config knows no patterns.
fn is_namespace(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn no_such(namespace: &str) -> Finding {
    Finding::new(
        codes::CONFIG_NAMES_NO_NAMESPACE,
        format!("No namespace is called `{namespace}`; the config knows no patterns, so the entry had no effect."),
    )
}

fn replaced(service: &Service) -> Finding {
    Finding::new(
        codes::REPLACED_BY_POLICY,
        format!(
            "An AuthorizationPolicy already selects the pods of {}; old RBAC was ignored there.",
            service.meta.name
        ),
    )
}
