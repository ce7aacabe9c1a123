//! Which ports of the selected pods a rule may grant: a selector takes whole pods, old Istio checked port by port
//! (`meaning/rbac.md` §3.1, §6.3). All numbers are **container** ports.

use crate::api::core::{Service, TargetPort, Transport};
use crate::convert::rbac::clause::Clause;
use crate::convert::rbac::place::destination::{Destination, Target};
use crate::convert::rbac::place::findings;
use crate::convert::rbac::place::survey::{Pod, Port};
use crate::convert::rbac::place::view::NamespaceView;
use crate::finding::catalogue::rbac as codes;
use crate::finding::{Finding, Place};
use crate::mesh::{Lookup, Protocol};
use std::collections::BTreeSet;

/// The ports of a target.
#[derive(Debug, Default)]
pub struct Ports {
    /// Governed by the services that the rule is for.
    mine: BTreeSet<u16>,
    /// Governed by other services that RBAC was on for: granting here would be wider.
    foreign: BTreeSet<u16>,
    /// Other services govern ports whose numbers are not known.
    foreign_unresolved: bool,
    /// Among `mine`: old Istio had a TCP chain and dropped HTTP-only rules, the new one may have an HTTP chain.
    becomes_http: BTreeSet<u16>,
    /// Among `mine`: other pods already had an HTTP chain on that number.
    was_http: BTreeSet<u16>,
    /// Service ports of `mine` whose numbers are not known: (name of the targetPort's service, becomes HTTP).
    unresolved: Vec<(String, bool)>,
    /// ALL governed ports have HTTP chains only, and no pods are hidden from view.
    pub only_http: bool,
    /// ANY of `mine` had a TCP chain.
    pub some_tcp: bool,
    /// ANY of the pods belongs to a gateway.
    pub gateway: bool,
    /// No pods of that description are known.
    nothing_known: bool,
    /// A Service that the input does not show may select the same pods, and the rule is not for it.
    open: bool,
    /// ANY of `mine` is known by the name that pods of the input give it.
    pub by_name: bool,
    /// ANY of `foreign` is.
    foreign_by_name: bool,
    /// ANY of the selected pods lacks one of `mine`, where Services that the input does not show may govern it.
    uneven: bool,
    /// What there is to say. Errors refuse the role.
    pub findings: Vec<Finding>,
}

/// Surveys the pods of a target for an access rule that stands at `at`.
pub fn survey(place: &Destination, target: &Target, at: &Place, view: NamespaceView<'_>) -> Ports {
    let mut ports = Ports { only_http: true, ..Ports::default() };
    let pods = view.pods(target);
    ports.nothing_known = pods.is_empty();
    ports.open = !target.every_service && !view.scope.services_are_closed();
    ports.only_http &= !pods.is_empty();
    for pod in pods {
        ports.gateway |= crate::mesh::is_gateway(&pod.workload.pod_labels);
        let before = ports.mine.len();
        let granted: BTreeSet<u16> =
            pod.ports.iter().filter_map(|port| ports.add(place, target, (pod, port), at, view)).collect();
        let more = ports.mine.len() > before && before > 0;
        ports.uneven |= ports.open && (more || granted != ports.mine) && !granted.is_empty();
        for (service, port) in &pod.unresolved {
            let old = view.scope.mesh.old_protocol(port);
            let new = view.scope.mesh.new_protocol(port);
            ports.only_http &= old == Protocol::Http && new == Protocol::Http;
            if !view.scope.covers(service) {
                continue;
            }
            if grants(place, service, view) {
                let becomes_http = old == Protocol::Tcp && new != Protocol::Tcp;
                ports.unresolved.push((service.meta.name.clone(), becomes_http));
            } else {
                ports.foreign_unresolved = true;
            }
        }
    }
    ports.http_on_unseen_pods(place, target, view);
    let contested: Vec<String> = ports.mine.intersection(&ports.foreign).map(u16::to_string).collect();
    if !contested.is_empty() {
        let contested = contested.join(", ");
        ports.findings.push(
            Finding::new(
                codes::SHARED_PORT,
                format!("The container port {contested} of the selected pods belongs to another Service on some of them, so the rule cannot be limited to {}.", target_name(target)),
            )
            .at(at.clone()),
        );
    }
    if target.selector.is_none() {
        ports.only_http &= view.scope.pods_are_known();
    }
    ports
}

fn grants(place: &Destination, service: &Service, view: NamespaceView<'_>) -> bool {
    view.grants(place, &view.scope.mesh.host(service), Some(service))
}

/// The service that a target is named after, where it may govern a port of pods that the input does not show.
fn may_govern_unseen<'a>(target: &Target, view: NamespaceView<'a>) -> Option<&'a Service> {
    let mesh = view.scope.mesh;
    let Lookup::Found(service) = mesh.service(view.namespace, target.suffix.first()?) else { return None };
    let mut ports = service.ports.iter().filter(|port| port.transport == Transport::Tcp);
    ports.any(|port| mesh.may_govern_unseen(service, port)).then_some(service)
}

/// True when the service selects every pod that the target selects.
fn selects_no_less(service: &Service, target: &Target) -> bool {
    match (&service.selector, &target.selector) {
        (Some(asked), Some(labels)) => crate::mesh::selects(asked, labels),
        _ => false,
    }
}

fn target_name(target: &Target) -> String {
    if target.suffix.is_empty() { "its services".to_owned() } else { target.suffix.join("-") }
}

impl Ports {
    fn add(
        &mut self,
        place: &Destination,
        target: &Target,
        (pod, port): (&Pod<'_>, &Port<'_>),
        at: &Place,
        view: NamespaceView<'_>,
    ) -> Option<u16> {
        self.only_http &= port.only_http;
        // Where RBAC was off, a grant changes nothing.
        let allowed = |host: &str, service: Option<&Service>| {
            !view.scope.covers_host(host, view.namespace) || view.grants(place, host, service)
        };
        let mine = allowed(&port.host, port.service);
        let doubtful = port.rivals.iter().any(|rival| allowed(&view.scope.mesh.host(rival), Some(rival)) != mine);
        if doubtful {
            let rivals: Vec<&str> = port.rivals.iter().map(|rival| rival.meta.name.as_str()).collect();
            self.findings.push(
                Finding::new(
                    codes::PORT_OWNER_UNKNOWN,
                    format!(
                        "Container port {} of {} belongs to the older one of {} and {}, and their creation times are not known.",
                        port.number,
                        pod.workload.meta.object(),
                        port.service.map_or(port.host.as_str(), |service| service.meta.name.as_str()),
                        rivals.join(", ")
                    ),
                )
                .at(at.clone()),
            );
        }
        if !pod.checks(port, &view.scope) {
            return None;
        }
        if !mine {
            self.foreign.insert(port.number);
            self.foreign_by_name |= port.by_name;
            return None;
        }
        // Where Services that the input does not show may share the pods, a port is granted only where every pod that the
        // selector reaches has it: elsewhere it could be one of theirs. The Service's own selector grants it.
        if self.open && !port.service.is_none_or(|service| selects_no_less(service, target)) {
            return None;
        }
        self.mine.insert(port.number);
        self.by_name |= port.by_name;
        self.some_tcp |= !port.only_http;
        if port.becomes_http {
            self.becomes_http.insert(port.number);
        } else {
            self.was_http.insert(port.number);
        }
        Some(port.number)
    }

    /// Ports on which pods that the input does not show may have had HTTP, by ANY Service that the rule is for.
    fn http_on_unseen_pods(&mut self, place: &Destination, target: &Target, view: NamespaceView<'_>) {
        if view.scope.workloads_are_closed() || self.becomes_http.is_empty() {
            return;
        }
        let mesh = view.scope.mesh;
        let shares_pods = |service: &&Service| match (&service.selector, &target.selector) {
            (Some(asked), Some(labels)) => crate::mesh::compatible(asked, labels),
            (asked, None) => asked.is_some(),
            (None, Some(_)) => false,
        };
        let services = mesh.services_of_namespace(view.namespace);
        let granted = services.into_iter().filter(|service| view.scope.covers(service) && grants(place, service, view));
        for port in granted.filter(shares_pods).flat_map(|service| &service.ports) {
            if let (TargetPort::Number(number), Protocol::Http) = (&port.target, mesh.old_protocol(port)) {
                self.was_http.insert(*number);
            }
        }
    }

    /// True when other services share the pods, or may, so that the rule must name its ports.
    fn shared(&self) -> bool {
        !self.foreign.is_empty() || self.foreign_unresolved || self.open
    }

    /// True when the rule names its ports only because the input may not show every Service of the pods.
    pub fn named_for_unseen_services(&self) -> bool {
        self.open
    }

    /// A service of the rule that leads to a port by name, where the rule has to name its ports and no pods in the input
    /// say which number it is.
    fn lost_by_name(&self) -> Option<&str> {
        self.unresolved.first().filter(|_| self.open).map(|(service, _)| service.as_str())
    }

    /// True when the rule has to name ports whose numbers are known from the pods of the input only, because a Service that
    /// it is not for shares them: on other pods such a number may be that of the other Service.
    fn numbers_may_be_others(&self) -> bool {
        let shared = !self.foreign.is_empty() || self.foreign_unresolved;
        shared && !self.mine.is_empty() && (self.by_name || self.foreign_by_name || self.foreign_unresolved)
    }

    /// Why the services of the rule govern no port of the selected pods, in a sentence about `name`.
    fn why_nothing(&self, name: &str) -> String {
        if self.foreign.is_empty() {
            format!("{name} governs no port of its pods, so nothing is granted there.")
        } else {
            format!("{name} governs no port of its pods: they belong to an older Service.")
        }
    }

    /// True when the services of the rule govern no port of the selected pods.
    fn governs_nothing(&self) -> bool {
        self.mine.is_empty() && self.unresolved.is_empty() && !self.nothing_known
    }

    /// Why no rule is written for a target, if none is.
    pub fn obstacle(&self, target: &Target, view: NamespaceView<'_>) -> Option<Finding> {
        // Of a rule for every Service, one that the input does not show may govern the ports.
        let may_govern = target.every_service && !view.scope.services_are_closed();
        if self.governs_nothing() && target.selector.is_some() && !may_govern {
            let nothing = Finding::new(codes::GOVERNS_NO_PORT, self.why_nothing(&target.suffix.join("-")));
            return Some(match may_govern_unseen(target, view) {
                Some(service) => findings::governs_unseen_pods(service),
                None => nothing,
            });
        }
        if let Some(service) = self.lost_by_name() {
            return Some(findings::named_port_unknown(service, view));
        }
        if self.numbers_may_be_others() && !view.scope.workloads_are_closed() {
            return Some(findings::numbers_unknown(target, view));
        }
        self.uneven.then(|| findings::numbers_differ(target, view))
    }

    /// What there is to say about a rule that was limited to fewer ports than it names.
    pub fn remark(&self, rule: &Clause, limited: &Clause) -> Option<Finding> {
        // A rule that names its ports cannot name one whose number nobody knows.
        if self.shared()
            && let Some((service, _)) = self.unresolved.first()
        {
            return Some(findings::number_unknown(service));
        }
        if limited.is_http()
            && let Some(lost) = self.lost_to_tcp()
        {
            return Some(findings::tcp_somewhere(&lost));
        }
        let left_out = self.left_out_for_tcp(rule)?;
        Some(findings::left_out_for_tcp(&left_out, self.hidden_http_port()))
    }

    /// The rule limited to the ports that it may grant; `Err` with the reason when none are left.
    pub fn limit(&self, clause: &Clause, at: &Place) -> Result<Clause, Box<Finding>> {
        let mut limited = clause.clone();
        let ports = &mut limited.operation.ports;
        let http_only_here = clause.is_http();
        let excluded: BTreeSet<u16> = if http_only_here { self.becomes_http.clone() } else { BTreeSet::new() };
        let hidden_tcp = http_only_here && self.unresolved.iter().any(|(_, becomes_http)| *becomes_http);
        if !self.shared() && excluded.is_empty() && !hidden_tcp {
            return Ok(limited);
        }
        let nothing_left = || {
            if http_only_here && let Some(lost) = self.lost_to_tcp() {
                Finding::new(
                    codes::PORT_IS_TCP_SOMEWHERE,
                    format!("Port {lost} was TCP on some of the pods and HTTP on others; the rule about HTTP now applies to neither."),
                )
            } else if http_only_here && !self.becomes_http.is_empty() {
                Finding::new(
                    codes::HTTP_RULE_ON_TCP_PORT,
                    format!("Old Istio treated port {} as TCP, where it dropped rules about HTTP; so nothing is granted there.", list(&self.becomes_http)),
                )
            } else if let Some((service, _)) = self.unresolved.first() {
                findings::number_unknown(service)
            } else {
                Finding::new(codes::GOVERNS_NO_PORT, "None of the ports that the rule names belongs to its services.")
            }
            .at(at.clone())
        };
        let all_excluded = self.unresolved.is_empty() && !excluded.is_empty() && self.mine.is_subset(&excluded);
        if self.shared() || hidden_tcp || !ports.values.is_empty() || all_excluded {
            let scope: BTreeSet<u16> = self.mine.difference(&excluded).copied().collect();
            let kept = intersect(&scope, ports, self.shared() || hidden_tcp || all_excluded, &excluded);
            if kept.is_empty() {
                return Err(Box::new(nothing_left()));
            }
            ports.values = kept;
            ports.not.clear();
        } else {
            ports.not.extend(excluded.iter().map(u16::to_string));
        }
        Ok(limited)
    }

    /// A service of the rule with an HTTP port whose number is not known: it may be one that is left out for other pods.
    fn hidden_http_port(&self) -> Option<&str> {
        self.unresolved.iter().find(|(_, becomes_http)| !becomes_http).map(|(service, _)| service.as_str())
    }

    /// Ports that a rule about HTTP reads as if it covered and does not, because old Istio had a TCP chain there.
    fn left_out_for_tcp(&self, clause: &Clause) -> Option<String> {
        let named = &clause.operation.ports;
        let covers = |port: &&u16| {
            let text = port.to_string();
            (named.values.is_empty() || named.values.contains(&text)) && !named.not.contains(&text)
        };
        let left_out: BTreeSet<u16> = self.becomes_http.iter().filter(covers).copied().collect();
        (clause.is_http() && !left_out.is_empty()).then(|| list(&left_out))
    }

    /// Ports that HTTP-only rules lose although some pods had HTTP there.
    fn lost_to_tcp(&self) -> Option<String> {
        let both: BTreeSet<u16> = self.becomes_http.intersection(&self.was_http).copied().collect();
        (!both.is_empty()).then(|| list(&both))
    }
}

/// The ports a rule names, less those it may not grant. `scoped`: it may grant those in `scope` only.
fn intersect(
    scope: &BTreeSet<u16>,
    named: &crate::api::security::Field,
    scoped: bool,
    excluded: &BTreeSet<u16>,
) -> Vec<String> {
    let number = |text: &String| text.parse::<u16>().ok();
    let barred: BTreeSet<u16> = named.not.iter().filter_map(number).collect();
    let allowed = |port: &u16| !barred.contains(port) && !excluded.contains(port) && (!scoped || scope.contains(port));
    if named.values.is_empty() {
        return scope.iter().filter(|port| allowed(port)).map(u16::to_string).collect();
    }
    named.values.iter().filter(|text| number(text).is_some_and(|port| allowed(&port))).cloned().collect()
}

fn list(ports: &BTreeSet<u16>) -> String {
    ports.iter().map(u16::to_string).collect::<Vec<_>>().join(", ")
}
