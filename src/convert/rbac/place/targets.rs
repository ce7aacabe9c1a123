//! Where an access rule applies: from host name patterns and static constraints to selectors (`meaning/rbac.md` §6.3, §6.5).

use crate::api::Labels;
use crate::api::core::Service;
use crate::convert::rbac::place::constraints::{self, Labelled};
use crate::convert::rbac::place::destination::{Destination, Target};
use crate::convert::rbac::place::survey::{self, Pod};
use crate::convert::rbac::place::view::NamespaceView;
use crate::convert::rbac::place::{findings, given, services};
use crate::finding::catalogue::rbac as codes;
use crate::finding::{Assumption, Direction, Finding, Place, Severity};
use crate::mesh::{InventoryKind, Lookup, kubectl_get_in};

/// What looking for targets gives.
#[derive(Debug, Default)]
pub struct Targets {
    /// The selectors, without repetitions. Empty: the rule applies nowhere, and a finding says why.
    pub targets: Vec<Target>,
    /// What there is to say. Errors refuse the role.
    pub findings: Vec<Finding>,
    /// What writing patterns out takes for granted, where they may match what the input does not show.
    pub assumptions: Vec<Assumption>,
}

/// Finds the targets of an access rule that stands at `at`. `http`: some rule made from it holds something that old
/// Istio dropped on TCP ports.
pub fn find(place: &Destination, at: &Place, http: bool, view: NamespaceView<'_>) -> Targets {
    let mut reach = Targets::default();
    if place.never {
        return reach;
    }
    reach.check_names(place, at, view);
    if reach.findings.iter().any(Finding::refuses) {
        return reach;
    }
    match whole_namespace(place, http, view) {
        Some(targets) => reach.targets = targets,
        None => reach.service_by_service(place, at, view),
    }
    reach
}

/// §6.3 step 2: the rule is for every service of the namespace, also for those to come, and a policy for the whole
/// namespace grants nothing more. ALL conditions of the step must hold.
fn whole_namespace(place: &Destination, http: bool, view: NamespaceView<'_>) -> Option<Vec<Target>> {
    let NamespaceView { scope, survey, namespace, .. } = view;
    let mesh = scope.mesh;
    let exact_labels = place.labels.iter().all(|(_, values)| values.iter().all(|value| services::is_exact(value)));
    let closed = mesh.evidence.closes(&[InventoryKind::Service, InventoryKind::Sidecar, InventoryKind::ServiceEntry]);
    let only_services = closed
        && !mesh.sidecars.iter().any(|sidecar| sidecar.meta.namespace == namespace && !sidecar.ingress.is_empty())
        && !mesh.service_entries.iter().any(|entry| entry.meta.namespace == namespace && entry.selector.is_some());
    let every_service = place.services.is_empty()
        || place.services.iter().any(|pattern| {
            pattern == "*"
                || (only_services && services::matches_every_service(pattern, namespace, &mesh.settings.cluster_domain))
        });
    let possible = every_service
        && exact_labels
        && place.names.is_none()
        && place.users.is_none()
        && !view.is_root()
        && scope.covers_namespace(namespace)
        && survey::may_replace_unseen(mesh, namespace, &Labels::new()).is_none()
        && !survey.pods(namespace, None).any(|pod| pod.restricted || crate::mesh::is_gateway(&pod.workload.pod_labels))
        // A Service that nobody has shown may have ports without a protocol name: old Istio dropped rules about HTTP there.
        && !(http && (!view.scope.services_are_closed() || survey.mixes_protocols(namespace)));
    if !possible {
        return None;
    }
    let everything = Labelled { selector: Labels::new(), suffix: Vec::new() };
    let combinations = constraints::with_exact_labels(everything, &place.labels);
    Some(
        combinations
            .into_iter()
            .map(|labelled| Target {
                selector: (!labelled.selector.is_empty()).then_some(labelled.selector),
                suffix: labelled.suffix,
                every_service: true,
            })
            .collect(),
    )
}

impl Targets {
    /// Patterns without a star name one service: say when it is not known, and which can never match.
    fn check_names(&mut self, place: &Destination, at: &Place, view: NamespaceView<'_>) {
        let mesh = view.scope.mesh;
        if place.services.iter().any(|pattern| pattern == "*") {
            return;
        }
        for pattern in place.services.iter().filter(|pattern| services::is_exact(pattern)) {
            let of_namespace = services::split_host(pattern, &mesh.settings.cluster_domain)
                .filter(|(_, namespace)| *namespace == view.namespace);
            let finding = match of_namespace.map(|(name, namespace)| (name, mesh.service(namespace, name))) {
                Some((_, Lookup::Found(_))) => continue,
                Some((name, Lookup::Unknown)) => findings::unknown_service(view.namespace, name),
                Some((_, Lookup::Ambiguous(one, other))) => findings::two_versions(one, other),
                Some((name, Lookup::Absent)) => Finding::new(
                    codes::MATCHES_NO_SERVICE,
                    format!(
                        "There is no Service `{name}` in namespace `{}`, so `{pattern}` matches nothing.",
                        view.namespace
                    ),
                ),
                None => Finding::new(
                    codes::MATCHES_NO_SERVICE,
                    format!(
                        "`{pattern}` matches nothing: old Istio compared host names like `NAME.{}.svc.{}`.",
                        view.namespace, mesh.settings.cluster_domain
                    ),
                ),
            };
            self.findings.push(finding.at(at.clone()));
        }
    }

    /// §6.3 step 3: one target per distinct selector of the services that the rule is for.
    fn service_by_service(&mut self, place: &Destination, at: &Place, view: NamespaceView<'_>) {
        let mesh = view.scope.mesh;
        let mut matching: Vec<&Service> = mesh
            .services_of_namespace(view.namespace)
            .into_iter()
            .filter(|service| view.grants(place, &mesh.host(service), Some(service)))
            .collect();
        matching.sort_by(|a, b| a.meta.name.cmp(&b.meta.name));
        if let Some([one, other]) = matching.array_windows().find(|[one, other]| one.meta.name == other.meta.name)
            && is_pattern(place)
        {
            self.findings.push(findings::two_versions(one, other).at(at.clone()));
        }
        let enabled: Vec<&Service> = matching.iter().copied().filter(|service| view.scope.covers(service)).collect();
        self.explain_nothing(place, at, view, &matching, &enabled);
        let mut written_out: Vec<&str> = Vec::new();
        for service in enabled {
            if service.external_name {
                continue;
            }
            let Some(selector) = &service.selector else {
                self.findings.push(
                    Finding::new(
                        codes::SELECTORLESS_SERVICE,
                        format!(
                            "The Service `{}` has no selector, so no policy can name its pods; they stay denied.",
                            service.meta.name
                        ),
                    )
                    .at(at.clone())
                    .related(service.meta.place.clone(), "the Service"),
                );
                continue;
            };
            let start = Labelled { selector: selector.clone(), suffix: vec![service.meta.name.clone()] };
            let labelled = constraints::narrow(start, place, view, at, &mut self.findings, &mut self.assumptions);
            let before = self.targets.len();
            for Labelled { selector, suffix } in labelled {
                self.add(Target { selector: Some(selector), suffix, every_service: false }, at, view);
            }
            if self.targets.len() > before {
                written_out.push(&service.meta.name);
            }
        }
        if !self.targets.is_empty() {
            // A constraint that holds for some services only is what its author meant.
            self.findings.retain(|finding| finding.code != codes::RULE_NEVER_APPLIES);
        }
        self.warn_of_unseen(place, at, view, &written_out);
        self.refuse_nothing(place, at, view);
    }

    /// A pattern that comes to nothing on the Services of the input may be for one that the input does not show.
    fn refuse_nothing(&mut self, place: &Destination, at: &Place, view: NamespaceView<'_>) {
        let open_pattern = is_pattern(place) && !view.scope.services_are_closed();
        let reaches_others = view.scope.covers_others(view.namespace);
        if self.targets.is_empty() && open_pattern && reaches_others && !self.findings.iter().any(Finding::refuses) {
            self.findings.push(no_service_in_sight(place, view).at(at.clone()));
        }
    }

    /// Adds a target, unless the pods it selects are not governed by old RBAC.
    fn add(&mut self, target: Target, at: &Place, view: NamespaceView<'_>) {
        let Some(selector) = &target.selector else { return };
        if self.targets.iter().any(|known| known.selector == target.selector) {
            return;
        }
        if let Some(policy) = survey::may_replace_unseen(view.scope.mesh, view.namespace, selector) {
            self.findings.push(findings::replaced_somewhere(&target, policy, view).at(at.clone()));
            return;
        }
        let pods: Vec<&Pod<'_>> = view.pods(&target);
        if !pods.is_empty() && pods.iter().all(|pod| pod.replaced) {
            self.findings.push(
                Finding::new(
                    codes::REPLACED_BY_POLICY,
                    format!("An AuthorizationPolicy already selects the pods of {}; old RBAC was ignored there, so nothing is granted.", target.suffix.join("-")),
                )
                .at(at.clone()),
            );
            return;
        }
        if pods.iter().any(|pod| pod.restricted) {
            self.findings.push(
                Finding::new(
                    codes::ADDS_TO_POLICY,
                    format!("Some pods of {} are restricted by an AuthorizationPolicy of the input, to which this role would add grants.", target.suffix.join("-")),
                )
                .at(at.clone()),
            );
        }
        if view.is_root() {
            self.findings.push(root_selector(view, &target.suffix.join("-"), selector).at(at.clone()));
        }
        self.targets.push(target);
    }

    /// A rule that applies nowhere was without effect; say why.
    fn explain_nothing(
        &mut self,
        place: &Destination,
        at: &Place,
        view: NamespaceView<'_>,
        matching: &[&Service],
        enabled: &[&Service],
    ) {
        let patterns = if place.services.is_empty() { "*".to_owned() } else { place.services.join(", ") };
        let some_pattern = is_pattern(place);
        let others = some_pattern && !view.scope.services_are_closed();
        let reaches_others = others && view.scope.covers_others(view.namespace);
        let finding = if others && (matching.is_empty() || (enabled.is_empty() && reaches_others)) {
            no_service_in_sight(place, view)
        } else if matching.is_empty() && some_pattern {
            Finding::new(
                codes::MATCHES_NO_SERVICE,
                format!("No Service of namespace `{}` matches `{patterns}`.", view.namespace),
            )
        } else if !matching.is_empty() && enabled.is_empty() {
            Finding::new(
                codes::RBAC_NOT_ENABLED,
                format!(
                    "RBAC was not on for the services that `{patterns}` matches in namespace `{}`.",
                    view.namespace
                ),
            )
        } else if !enabled.is_empty() && enabled.iter().all(|service| service.external_name) {
            Finding::new(
                codes::MATCHES_NO_SERVICE,
                format!("`{patterns}` matches ExternalName services only, which have no pods here."),
            )
        } else {
            return;
        };
        self.findings.push(finding.at(at.clone()));
    }

    /// Patterns granted on future services too; selectors do not.
    fn warn_of_unseen(&mut self, place: &Destination, at: &Place, view: NamespaceView<'_>, names: &[&str]) {
        // A pattern for one name may be for a Service of that name that the input does not show.
        let mesh = view.scope.mesh;
        let known = mesh.services_of_namespace(view.namespace);
        let is_shown = |pattern: &str| known.iter().any(|service| services::matches(pattern, &mesh.host(service)));
        let unseen = |pattern: &String| {
            !services::names_one_service(pattern) || (!view.scope.services_are_closed() && !is_shown(pattern))
        };
        let any_service = place.services.is_empty() || place.services.iter().any(unseen);
        let any_name = place.names.as_ref().is_none_or(|names| names.iter().any(|name| !services::is_exact(name)));
        // Where the config lists its services one by one, there are no others.
        if any_service && any_name && !names.is_empty() && view.scope.covers_others(view.namespace) {
            let patterns = if place.services.is_empty() { "*".to_owned() } else { place.services.join(", ") };
            if !view.scope.services_are_closed() {
                self.assumptions.push(given::pattern(names, view));
            }
            self.findings.push(
                Finding::new(
                    codes::PATTERN_ENUMERATED,
                    format!("`{patterns}` was written out for the Services known now ({}); later ones need a policy of their own.", names.join(", ")),
                )
                .at(at.clone()),
            );
        }
    }
}

/// True when the rule is for Services by pattern, so that it may be for one that the input does not show.
fn is_pattern(place: &Destination) -> bool {
    place.services.is_empty() || place.services.iter().any(|pattern| !services::is_exact(pattern))
}

/// The pods that a pattern is for are not known.
fn no_service_in_sight(place: &Destination, view: NamespaceView<'_>) -> Finding {
    let patterns = if place.services.is_empty() { "*".to_owned() } else { place.services.join(", ") };
    let namespace = view.namespace;
    Finding::new(
        codes::UNRESOLVED_SERVICE,
        format!("No Service in the input that the rule is for matches `{patterns}` in namespace `{namespace}`, so its pods are not known."),
    )
    .remedy(format!(
        "Add the output of `{}` to the input, or say with `--inventory-complete=services` that there is none.",
        kubectl_get_in(namespace, "services")
    ))
}

/// A selector in the root namespace selects pods of every namespace (§6.10); `name` is what it is for.
pub fn root_selector(view: NamespaceView<'_>, name: &str, selector: &Labels) -> Finding {
    match view.survey.namesake(view.namespace, selector) {
        Some(pod) => Finding::new(
            codes::ROOT_SELECTOR_COLLISION,
            format!(
                "In the root namespace `{}` the selector of {name} also selects {}.",
                view.namespace,
                pod.workload.meta.object()
            ),
        )
        .related(pod.workload.meta.place.clone(), "also selected"),
        None if view.scope.pods_are_known() => Finding::new(
            codes::ROOT_SELECTOR,
            format!(
                "A policy in the root namespace `{}` selects pods of every namespace: later pods with the labels of {name} get it too.",
                view.namespace
            ),
        ),
        None => Finding::new(
            codes::ROOT_SELECTOR,
            format!(
                "A policy in the root namespace `{}` selects pods of every namespace, also those with the labels of {name} that the input does not show.",
                view.namespace
            ),
        )
        .severity(Severity::Error)
        .direction(Direction::Wider)
        .remedy("Add the output of `kubectl get services,deployments,statefulsets,daemonsets,pods -A -o yaml` to the input and say `--inventory-complete=services,workloads`."),
    }
}
