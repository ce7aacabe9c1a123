//! What is said about ports on which more than one policy may have been in force.

use crate::api::core::{Service, ServicePort};
use crate::api::legacy::AuthenticationPolicy;
use crate::convert::authn::effective::Effective;
use crate::convert::authn::meaning::{JwtMeaning, mode};
use crate::finding::Finding;
use crate::finding::catalogue::mtls as codes;
use crate::mesh::{GovernedPort, SourceRelease};

/// Two policies that match one service port.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Pair<'a> {
    /// The Service.
    pub(in super::super) service: &'a Service,
    /// Its port.
    pub(in super::super) port: &'a ServicePort,
    /// The policy that is taken for the one in force.
    pub(in super::super) policy: &'a AuthenticationPolicy,
    /// The other one.
    pub(in super::super) rival: &'a AuthenticationPolicy,
}

/// Two service ports that lead to one container port.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Claim<'a> {
    /// The one that governs it.
    pub(in super::super) governed: &'a GovernedPort<'a>,
    /// The **container** port.
    pub(in super::super) number: u16,
    /// The policy of the one that governs it.
    pub(in super::super) taken: &'a Effective<'a>,
    /// The other Service, or the same one.
    pub(in super::super) service: &'a Service,
    /// The other port.
    pub(in super::super) service_port: &'a ServicePort,
    /// The policy of the other port.
    pub(in super::super) other: &'a Effective<'a>,
}

impl Pair<'_> {
    fn port(&self) -> String {
        format!("port {} of Service {}", self.port.port, self.service.meta.name)
    }
}

/// Creation times are missing.
pub(in super::super) fn policy_order_unknown(pair: &Pair<'_>) -> Finding {
    let message = format!(
        "{} and {} both match {}; the older one was in force, and creation times are missing.",
        described(pair.policy),
        described(pair.rival),
        pair.port()
    );
    Finding::new(codes::POLICY_ORDER_UNKNOWN, message).related(pair.rival.meta.place.clone(), "the other policy")
}

/// The other release decided differently.
pub(in super::super) fn policy_order_by_release(pair: &Pair<'_>, source: SourceRelease) -> Finding {
    let (this, other) = match source {
        SourceRelease::V1_4 => ("1.4", "1.5"),
        SourceRelease::V1_5 => ("1.5", "1.4"),
    };
    let message = format!(
        "On {} Istio {this} enforced {}; Istio {other} would have enforced {}.",
        pair.port(),
        described(pair.policy),
        described(pair.rival)
    );
    Finding::new(codes::POLICY_ORDER_BY_RELEASE, message).related(pair.rival.meta.place.clone(), "the other policy")
}

impl Claim<'_> {
    /// Which ports claim what, without an end to the sentence.
    fn words(&self) -> String {
        format!(
            "Port {} of Service {} and port {} of Service {} lead to the same container port {}, with {} for the former and {} for the latter",
            self.governed.service_port.port,
            self.governed.service.meta.name,
            self.service_port.port,
            self.service.meta.name,
            self.number,
            asks(self.taken),
            asks(self.other)
        )
    }
}

/// It is known which of the two ports was enforced.
pub(in super::super) fn shadowed_port(claim: &Claim<'_>) -> Finding {
    Finding::new(codes::SHADOWED_POLICY, format!("{}; Istio enforced only the former.", claim.words()))
        .related(claim.governed.service.meta.place.clone(), "the Service that governs the port")
}

/// Creation times of the Services are missing.
pub(in super::super) fn service_order_unknown(claim: &Claim<'_>) -> Finding {
    let message = format!(
        "{}; the older Service decided, and creation times are missing, so the first by name is taken.",
        claim.words()
    );
    Finding::new(codes::SERVICE_ORDER_UNKNOWN, message)
        .related(claim.governed.service.meta.place.clone(), "taken as the older Service")
        .related(claim.service.meta.place.clone(), "the other Service")
}

fn asks(effective: &Effective<'_>) -> String {
    effective.policy.map_or_else(|| format!("no policy ({})", effective.mode.word()), described)
}

/// A policy with what it asks, for messages.
fn described(policy: &AuthenticationPolicy) -> String {
    let jwt = if JwtMeaning::of(policy).demands_token() { " and a JWT" } else { "" };
    format!("{} ({}{jwt})", policy.meta.object(), mode(policy).word())
}
