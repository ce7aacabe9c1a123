//! Constraints that Pilot decided for a service and its pods: they narrow selectors (`meaning/rbac.md` §6.5).

use crate::api::Labels;
use crate::convert::rbac::place::destination::Destination;
use crate::convert::rbac::place::survey::Pod;
use crate::convert::rbac::place::view::NamespaceView;
use crate::convert::rbac::place::{given, services};
use crate::finding::catalogue::rbac as codes;
use crate::finding::{Assumption, Finding, Place};
use crate::mesh::{WORKLOADS, kubectl_get_in, selects};
use std::collections::BTreeSet;

/// A selector in the making, with what its name will say.
#[derive(Clone, Debug, PartialEq)]
pub struct Labelled {
    /// The labels.
    pub selector: Labels,
    /// Parts for the name.
    pub suffix: Vec<String>,
}

/// The cross product of the label values, all exact; combinations that contradict the selector are left out (E103).
pub fn with_exact_labels(start: Labelled, labels: &[(String, Vec<String>)]) -> Vec<Labelled> {
    labels.iter().fold(vec![start], |combinations, (key, values)| {
        combinations.iter().flat_map(|labelled| with_label(labelled, key, values)).collect()
    })
}

/// The selector with the label added, once per value; unchanged where it already decides the label (E101, E102).
fn with_label(labelled: &Labelled, key: &str, values: &[String]) -> Vec<Labelled> {
    if let Some(present) = labelled.selector.get(key) {
        let holds = values.iter().any(|value| services::matches(value, present));
        return if holds { vec![labelled.clone()] } else { Vec::new() };
    }
    let distinct: BTreeSet<&String> = values.iter().collect();
    let in_order =
        values.iter().enumerate().filter(|(i, value)| !values.iter().take(*i).any(|earlier| earlier == *value));
    let several = distinct.len() > 1;
    in_order
        .map(|(_, value)| {
            let mut with = labelled.clone();
            with.selector.insert(key.to_owned(), value.clone());
            if several {
                with.suffix.push(value.clone());
            }
            with
        })
        .collect()
}

/// The selectors of one service under the label and service account constraints of an access rule.
pub fn narrow(
    start: Labelled,
    place: &Destination,
    view: NamespaceView<'_>,
    at: &Place,
    findings: &mut Vec<Finding>,
    assumptions: &mut Vec<Assumption>,
) -> Vec<Labelled> {
    let workloads_are_closed = view.scope.workloads_are_closed();
    let mut combinations = vec![start];
    for (key, values) in &place.labels {
        let mut next = Vec::new();
        for labelled in &combinations {
            match exact_values(labelled, key, values, view) {
                Some(Values::OfKnownPods(listed)) if !workloads_are_closed && !listed.is_empty() => {
                    let name = labelled.suffix.first().map(String::as_str).unwrap_or_default();
                    assumptions.push(given::label_values(name, key, &listed, view));
                    next.extend(with_label(labelled, key, &listed));
                }
                Some(Values::OfKnownPods(listed)) if workloads_are_closed => {
                    next.extend(with_label(labelled, key, &listed));
                }
                Some(Values::AsAsked(values)) => next.extend(with_label(labelled, key, &values)),
                Some(Values::OfKnownPods(_)) | None => findings.push(
                    Finding::new(
                        codes::LABEL_PATTERN,
                        format!(
                            "`destination.labels[{key}]` asks for [{}], and no pods of {} are known whose labels could be listed instead; the rule is left out there.",
                            values.join(", "),
                            labelled.suffix.join("-")
                        ),
                    )
                    .at(at.clone()),
                ),
            }
        }
        if next.is_empty()
            && let Some((labelled, present)) = combinations.iter().find_map(|l| Some((l, l.selector.get(key)?)))
        {
            findings.push(
                Finding::new(
                    codes::RULE_NEVER_APPLIES,
                    format!(
                        "The constraint `destination.labels[{key}]: [{}]` never holds for {}, whose selector has `{key}: {present}`.",
                        values.join(", "),
                        labelled.suffix.join("-")
                    ),
                )
                .at(at.clone()),
            );
        }
        combinations = next;
    }
    match &place.users {
        None => combinations,
        Some(users) => combinations
            .into_iter()
            .flat_map(|labelled| of_service_account(labelled, users, view, at, findings))
            .collect(),
    }
}

/// The values of a label that a selector can ask for.
enum Values {
    /// Those of the constraint.
    AsAsked(Vec<String>),
    /// Patterns written out: those that the pods of the input have (a snapshot).
    OfKnownPods(Vec<String>),
}

/// What a selector can ask for; `None` when the constraint has patterns and no pods are known.
fn exact_values(labelled: &Labelled, key: &str, values: &[String], view: NamespaceView<'_>) -> Option<Values> {
    let decided = labelled.selector.contains_key(key);
    if decided || values.iter().all(|value| services::is_exact(value)) {
        return Some(Values::AsAsked(values.to_vec()));
    }
    let pods = known_pods(&labelled.selector, view)?;
    let found = pods.iter().filter_map(|pod| pod.workload.pod_labels.get(key));
    let found: BTreeSet<&String> =
        found.filter(|found| values.iter().any(|value| services::matches(value, found))).collect();
    let exact = values.iter().filter(|value| services::is_exact(value));
    let listed: BTreeSet<String> = found.into_iter().chain(exact).cloned().collect();
    Some(Values::OfKnownPods(listed.into_iter().collect()))
}

/// The pods a selector selects, when manifests of them are known.
fn known_pods<'a>(selector: &Labels, view: NamespaceView<'a>) -> Option<Vec<&'a Pod<'a>>> {
    let pods: Vec<&Pod<'a>> = view
        .survey
        .pods
        .iter()
        .filter(|pod| pod.namespace() == view.namespace && selects(selector, &pod.workload.pod_labels))
        .collect();
    (!pods.is_empty() && pods.iter().all(|pod| !pod.workload.stand_in)).then_some(pods)
}

/// No selector sees a service account: enumerate the pods that run under it, where labels tell them apart.
fn of_service_account(
    labelled: Labelled,
    users: &[String],
    view: NamespaceView<'_>,
    at: &Place,
    findings: &mut Vec<Finding>,
) -> Vec<Labelled> {
    let runs_as = |pod: &Pod<'_>| users.iter().any(|user| services::matches(user, account(pod)));
    let name = labelled.suffix.join("-");
    let list = users.join(", ");
    let left_out = |why: &str| {
        Finding::new(
            codes::SERVICE_ACCOUNT,
            format!("The rule is left out for {name}: no policy can ask for the service account of the pods ({list}), and {why}."),
        )
        .at(at.clone())
    };
    let Some(pods) = known_pods(&labelled.selector, view) else {
        findings.push(left_out("the pods are not in the input"));
        return Vec::new();
    };
    if !view.scope.workloads_are_closed() {
        let command = kubectl_get_in(view.namespace, WORKLOADS);
        let remedy = format!(
            "Add the output of `{command}` to the input and say `--inventory-complete=workloads`; or write a policy by hand."
        );
        findings.push(left_out("the input may not show all of the pods").remedy(remedy));
        return Vec::new();
    }
    let (chosen, others): (Vec<&Pod<'_>>, Vec<&Pod<'_>>) = pods.into_iter().partition(|pod| runs_as(pod));
    if chosen.is_empty() {
        findings.push(
            Finding::new(
                codes::RULE_NEVER_APPLIES,
                format!("No pods of {name} run under the service account that `destination.user` asks for ({list})."),
            )
            .at(at.clone()),
        );
        return Vec::new();
    }
    let snapshot = Finding::new(
        codes::SERVICE_ACCOUNT_SNAPSHOT,
        format!("The pods of {name} that run as {list} were found by their labels; the policy does not follow if their service account changes."),
    )
    .at(at.clone());
    if others.is_empty() {
        findings.push(snapshot);
        return vec![labelled];
    }
    let mut selectors = Vec::new();
    for pod in chosen {
        let own = Labelled {
            selector: pod.workload.pod_labels.clone(),
            suffix: [labelled.suffix.clone(), vec![pod.workload.meta.name.clone()]].concat(),
        };
        if others.iter().any(|other| selects(&own.selector, &other.workload.pod_labels)) {
            findings.push(left_out("their labels do not tell them from pods under another one"));
            return Vec::new();
        }
        selectors.push(own);
    }
    findings.push(snapshot);
    selectors
}

/// The service account of the pods as old Istio read it: what follows the first `sa/` of the identity, which is the
/// word `sa` in a namespace whose name ends with it (`meaning/rbac.md` §2.2).
fn account<'a>(pod: &'a Pod<'_>) -> &'a str {
    if pod.namespace().ends_with("sa") { "sa" } else { &pod.workload.service_account }
}
