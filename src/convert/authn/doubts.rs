//! Ports on which more than one policy may have been in force (`meaning/authn.md` §2.1, §4.3 step 4).
//!
//! What was surely enforced is converted; what is a guess is converted only when the guess cannot open anything.

use super::effective::{Doubt, Effective, at_least_as_strict, same_effect, same_object};
use super::findings::doubts::{self as findings, Claim, Pair};
use super::meaning::{JwtMeaning, mode};
use super::subjects::Port;
use super::work::Work;
use crate::api::core::{Service, ServicePort};
use crate::api::legacy::AuthenticationPolicy;
use crate::finding::catalogue::mtls as codes;
use crate::finding::{Direction, Severity};
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
        let (ours, theirs) = (policy.meta.object(), rival.policy.meta.object());
        if !seen.insert(format!("{:?} {ours} {theirs} {}", rival.doubt, service.meta.object())) {
            continue;
        }
        let pair = Pair { service, port, policy, rival: rival.policy };
        match rival.doubt {
            Doubt::Order => order_unknown(work, &pair),
            Doubt::Release => {
                work.report(policy, findings::policy_order_by_release(&pair, work.mesh().settings.source));
                work.inert(rival.policy, codes::POLICY_ORDER_BY_RELEASE);
            }
        }
    }
}

/// Nobody can say which of two policies is older: the one that was taken stands where it opens nothing.
fn order_unknown(work: &mut Work<'_>, pair: &Pair<'_>) {
    let finding = findings::policy_order_unknown(pair);
    work.inert(pair.rival, codes::POLICY_ORDER_UNKNOWN);
    if at_least_as_strict(pair.policy, pair.rival) {
        work.report(pair.policy, finding.severity(Severity::Warning).direction(Direction::Narrower));
    } else if !work.refuse(pair.policy, finding) {
        let ledger = &mut work.part.ledger;
        ledger.leave(pair.rival.meta.manifest, codes::POLICY_ORDER_UNKNOWN, pair.policy.meta.manifest);
    }
}

/// Several service ports for one container port: only the first was enforced.
fn shadowed(work: &mut Work<'_>, port: &Port<'_>, seen: &mut BTreeSet<String>) {
    let Some(governed) = &port.governed else { return };
    for (service, service_port) in governed.shadowed.iter().copied() {
        let other = work.policies().on(service, service_port);
        if same_requirement(&port.effective, &other) {
            continue;
        }
        let Some(about) = other.policy.or(port.effective.policy) else { continue };
        let (first, second) = (governed.service.meta.object(), service.meta.object());
        if !seen.insert(format!("shadow {first} {second} {}", about.meta.object())) {
            continue;
        }
        let claim =
            Claim { governed, number: port.number, taken: &port.effective, service, service_port, other: &other };
        let same_service = service.meta.name == governed.service.meta.name;
        let guessed = !same_service && (service.meta.created.is_none() || governed.service.meta.created.is_none());
        if guessed {
            service_order_unknown(work, about, &claim);
        } else {
            work.report(about, findings::shadowed_port(&claim));
        }
    }
}

/// Nobody can say which of two Services is older: the policy of the one that was taken stands where it opens nothing.
fn service_order_unknown(work: &mut Work<'_>, about: &AuthenticationPolicy, claim: &Claim<'_>) {
    let finding = findings::service_order_unknown(claim);
    if let Some(policy) = claim.other.policy {
        work.inert(policy, codes::SERVICE_ORDER_UNKNOWN);
    }
    if is_at_least_as_strict(claim.taken, claim.other) {
        work.report(about, finding.severity(Severity::Warning).direction(Direction::Narrower));
    } else if !work.refuse(about, finding) {
        let targeted = claim.taken.policy.filter(|policy| !policy.targets.is_empty());
        let ids = targeted.and_then(|policy| policy.meta.manifest);
        work.part.ledger.leave(ids, codes::SERVICE_ORDER_UNKNOWN, about.meta.manifest);
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
