//! Ports on which more than one policy may have been in force (`meaning/authn.md` §2.1, §4.3 step 4).
//!
//! What was surely enforced is converted; what is a guess is converted only when the guess cannot open anything.

use super::effective::{Doubt, Effective, at_least_as_strict, same_effect, same_object};
use super::meaning::{JwtMeaning, mode};
use super::subjects::Port;
use super::work::Work;
use crate::api::core::{Service, ServicePort};
use crate::api::legacy::AuthenticationPolicy;
use crate::finding::catalogue::mtls as codes;
use crate::finding::{Direction, Finding, Severity};
use crate::mesh::SourceRelease;
use std::collections::BTreeSet;

/// Reports them all, each pair of policies once per service.
pub(super) fn report(work: &mut Work<'_>) {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for subject in work.subjects() {
        for port in &subject.ports {
            let Some(governed) = &port.governed else { continue };
            rivals(work, governed.service, governed.service_port, &port.effective, &mut seen);
            shadowed(work, port, &mut seen);
        }
        for unknown in &subject.unknown {
            rivals(work, unknown.service, unknown.port, &unknown.effective, &mut seen);
        }
    }
}

/// Several policies for one service port.
fn rivals(
    work: &mut Work<'_>,
    service: &Service,
    port: &ServicePort,
    won: &Effective<'_>,
    seen: &mut BTreeSet<String>,
) {
    let Some(policy) = won.policy else { return };
    for rival in work.policies().rivals(service, port) {
        let key = format!(
            "{:?} {} {} {}",
            rival.doubt,
            policy.meta.object(),
            rival.policy.meta.object(),
            service.meta.object()
        );
        if !seen.insert(key) {
            continue;
        }
        let on = format!("port {} of Service {}", port.port, service.meta.name);
        let (ours, theirs) = (described(policy), described(rival.policy));
        let related = |finding: Finding| finding.related(rival.policy.meta.place.clone(), "the other policy");
        match rival.doubt {
            Doubt::Order => {
                let message = format!(
                    "{ours} and {theirs} both match {on}; the older one was in force, and creation times are missing."
                );
                let finding = related(Finding::new(codes::POLICY_ORDER_UNKNOWN, message));
                work.inert(rival.policy, codes::POLICY_ORDER_UNKNOWN);
                if at_least_as_strict(policy, rival.policy) {
                    let finding = finding.severity(Severity::Warning).direction(Direction::Narrower);
                    work.report(policy, finding);
                } else if !work.refuse(policy, finding) {
                    work.part.ledger.leave(
                        rival.policy.meta.manifest,
                        codes::POLICY_ORDER_UNKNOWN,
                        policy.meta.manifest,
                    );
                }
            }
            Doubt::Release => {
                let (this, other) = match work.mesh().settings.source {
                    SourceRelease::V1_4 => ("1.4", "1.5"),
                    SourceRelease::V1_5 => ("1.5", "1.4"),
                };
                let message =
                    format!("On {on} Istio {this} enforced {ours}; Istio {other} would have enforced {theirs}.");
                work.report(policy, related(Finding::new(codes::POLICY_ORDER_BY_RELEASE, message)));
                work.inert(rival.policy, codes::POLICY_ORDER_BY_RELEASE);
            }
        }
    }
}

/// Several service ports for one container port: only the first was enforced.
fn shadowed(work: &mut Work<'_>, port: &Port<'_>, seen: &mut BTreeSet<String>) {
    let Some(governed) = &port.governed else { return };
    for (service, service_port) in &governed.shadowed {
        let other = work.policies().on(service, service_port);
        if same_requirement(&port.effective, &other) {
            continue;
        }
        let same_service = service.meta.name == governed.service.meta.name;
        let guessed = !same_service && (service.meta.created.is_none() || governed.service.meta.created.is_none());
        let Some(about) = other.policy.or(port.effective.policy) else { continue };
        let key =
            format!("shadow {} {} {}", governed.service.meta.object(), service.meta.object(), about.meta.object());
        if !seen.insert(key) {
            continue;
        }
        let claim = format!(
            "Port {} of Service {} and port {} of Service {} lead to the same container port {}",
            governed.service_port.port, governed.service.meta.name, service_port.port, service.meta.name, port.number
        );
        let asked = format!("{} for the former and {} for the latter", asks(&port.effective), asks(&other));
        if !guessed {
            let message = format!("{claim}, with {asked}; Istio enforced only the former.");
            let finding = Finding::new(codes::SHADOWED_POLICY, message);
            work.report(
                about,
                finding.related(governed.service.meta.place.clone(), "the Service that governs the port"),
            );
            continue;
        }
        let message = format!(
            "{claim}, with {asked}; the older Service decided, and creation times are missing, so the first by name is taken."
        );
        let finding = Finding::new(codes::SERVICE_ORDER_UNKNOWN, message)
            .related(governed.service.meta.place.clone(), "taken as the older Service")
            .related(service.meta.place.clone(), "the other Service");
        if let Some(policy) = other.policy {
            work.inert(policy, codes::SERVICE_ORDER_UNKNOWN);
        }
        if is_at_least_as_strict(&port.effective, &other) {
            work.report(about, finding.severity(Severity::Warning).direction(Direction::Narrower));
        } else if !work.refuse(about, finding) {
            let targeted = port.effective.policy.filter(|policy| !policy.targets.is_empty());
            let ids = targeted.and_then(|policy| policy.meta.manifest);
            work.part.ledger.leave(ids, codes::SERVICE_ORDER_UNKNOWN, about.meta.manifest);
        }
    }
}

fn same_requirement(a: &Effective<'_>, b: &Effective<'_>) -> bool {
    match (a.policy, b.policy) {
        (Some(a), Some(b)) => same_object(a, b) || same_effect(a, b),
        (None, None) => true,
        (Some(policy), None) | (None, Some(policy)) => a.mode == b.mode && !JwtMeaning::of(policy).demands_token(),
    }
}

fn is_at_least_as_strict(taken: &Effective<'_>, other: &Effective<'_>) -> bool {
    match (taken.policy, other.policy) {
        (Some(taken), Some(other)) => at_least_as_strict(taken, other),
        (_, None) => taken.mode.takes_no_more_than(other.mode),
        (None, Some(other)) => taken.mode.takes_no_more_than(mode(other)) && !JwtMeaning::of(other).demands_token(),
    }
}

fn asks(effective: &Effective<'_>) -> String {
    effective.policy.map_or_else(|| format!("no policy ({})", effective.mode.word()), described)
}

/// A policy with what it asks, for messages.
fn described(policy: &AuthenticationPolicy) -> String {
    let jwt = if JwtMeaning::of(policy).demands_token() { " and a JWT" } else { "" };
    format!("{} ({}{jwt})", policy.meta.object(), mode(policy).word())
}
