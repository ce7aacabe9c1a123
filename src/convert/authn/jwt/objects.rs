//! RequestAuthentications and denying AuthorizationPolicies, written.

use super::asked::Asked;
use super::deny::{AudienceDemand, Scope, list};
use super::groups::{Place, moved_gateway_port, places};
use super::plan::Jwt;
use super::rules::Rule;
use super::{findings, refusing};
use crate::api::legacy::AuthenticationPolicy;
use crate::convert::authn::naming::Sketch;
use crate::convert::authn::selectors::selector_entry;
use crate::convert::authn::subjects::Subject;
use crate::convert::authn::work::Work;
use crate::convert::{NewKind, plain};
use crate::finding::{Relaxation, Severity};
use crate::mesh::selects;
use crate::yaml::{Notes, Tree};
use serde_json::Value;
use std::collections::BTreeSet;

/// The most rules that the CRD takes in one AuthorizationPolicy.
const MOST_RULES: usize = 512;

/// Said once, above the object, because nobody would guess it.
const PREFLIGHT: [&str; 3] = [
    "CORS preflight requests need no token, as before, so every rule stands three times:",
    "for requests that are not OPTIONS, that have no Origin header,",
    "and that have no Access-Control-Request-Method header.",
];

/// Writes the objects for tokens.
pub(super) fn write<'a>(work: &mut Work<'a>, jwt: &Jwt<'a>) {
    for place in places(work, jwt) {
        let from = homes(work, &place);
        let Some(home) = from.first().copied() else { continue };
        let asked: Vec<&Asked> = place.on.keys().filter_map(|id| jwt.asked.get(*id)).collect();
        // An optional token of a whole namespace or mesh is read on ports and workloads to come as well.
        let rests_on_a_list = !place.selector.is_empty() || asked.iter().any(|asked| !asked.demands.is_empty());
        if rests_on_a_list && place.policies.iter().any(|policy| policy.targets.is_empty()) {
            known_workloads_only(work, home, &place);
        }
        existing_rules(work, home, &place, &asked);
        let rules = union(&asked);
        if !rules.is_empty() {
            separable_issuers(work, home, &asked);
            tokens_checked_more_often(work, home, &place, &asked);
            work.sketches.push(request(&place, from.clone(), &rules));
        }
        if let Some(sketch) = deny(work, jwt, &place, from) {
            work.part.ledger.relax(Relaxation::DenialStatus);
            work.sketches.push(sketch);
        }
    }
}

/// The policies of a pair, the home first. A namespace's own policy is the home of its namespace-wide pair.
fn homes<'a>(work: &Work<'a>, place: &Place<'a>) -> Vec<&'a AuthenticationPolicy> {
    if place.part.is_none() { place.policies.clone() } else { work.in_order(place.policies.clone()) }
}

/// Every entry of `jwtRules` that some port needs, once. New rules hold for the whole workload (J12).
fn union(asked: &[&Asked]) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    for rule in asked.iter().flat_map(|asked| &asked.rules) {
        if !rules.contains(rule) {
            rules.push(rule.clone());
        }
    }
    rules
}

fn request<'a>(place: &Place<'a>, from: Vec<&'a AuthenticationPolicy>, rules: &[Rule]) -> Sketch<'a> {
    let mut spec = selector(place);
    spec.push(plain("jwtRules", list(rules.iter().map(|rule| rule.tree.clone()).collect())));
    sketch(NewKind::Request, place, from, Vec::new(), spec)
}

fn deny<'a>(
    work: &mut Work<'a>,
    jwt: &Jwt<'a>,
    place: &Place<'a>,
    from: Vec<&'a AuthenticationPolicy>,
) -> Option<Sketch<'a>> {
    let all: Vec<&Asked> = place.on.keys().filter_map(|id| jwt.asked.get(*id)).collect();
    let mut trees: Vec<Tree> = Vec::new();
    let mut exempts_preflight = false;
    for (id, ports) in &place.on {
        let Some(asked) = jwt.asked.get(*id).filter(|asked| !asked.demands.is_empty()) else { continue };
        let scope = Scope { ports: on_gateway(work, place, ports), exempts_preflight: asked.exempts_preflight };
        let audiences = audiences(asked, &all);
        exempts_preflight |= asked.exempts_preflight;
        for demand in &asked.demands {
            trees.extend(super::deny::rules(&scope, demand, &audiences));
        }
    }
    if trees.is_empty() {
        return None;
    }
    if let (true, Some(policy)) = (trees.len() > MOST_RULES, from.first()) {
        work.refuse(policy, findings::too_many_rules(trees.len(), MOST_RULES));
    }
    let mut spec = selector(place);
    spec.push(plain("action", Value::from("DENY")));
    spec.push(plain("rules", list(trees)));
    let comment = if exempts_preflight { PREFLIGHT.map(str::to_owned).to_vec() } else { Vec::new() };
    Some(sketch(NewKind::Authorization, place, from, comment, spec))
}

fn sketch<'a>(
    kind: NewKind,
    place: &Place<'a>,
    from: Vec<&'a AuthenticationPolicy>,
    comment: Vec<String>,
    spec: Vec<(Notes, String, Tree)>,
) -> Sketch<'a> {
    Sketch { kind, namespace: place.namespace.clone(), from, part: place.part.clone(), comment, spec: Tree::Map(spec) }
}

fn selector(place: &Place<'_>) -> Vec<(Notes, String, Tree)> {
    if place.selector.is_empty() { Vec::new() } else { vec![selector_entry(&place.selector)] }
}

/// Gateway pods of charts since 1.6 listen on 8080 and 8443 where older ones listened on 80 and 443 (J17): the rules
/// name both, unless the number means something else.
fn on_gateway(work: &mut Work<'_>, place: &Place<'_>, ports: &BTreeSet<u16>) -> BTreeSet<u16> {
    let subjects = work.subjects();
    let members = || place.members.iter().filter_map(|index| subjects.get(*index));
    let mut both = ports.clone();
    for (old, new) in ports.iter().filter_map(|port| Some((*port, moved_gateway_port(*port)?))) {
        let is_free = members().all(|subject| subject.ports.iter().all(|port| port.number != new));
        if is_free && members().any(|subject| subject.gateway) {
            both.insert(new);
            if let Some(policy) = place.policies.first() {
                work.report(policy, findings::gateway_ports(old, new));
            }
        }
    }
    both
}

/// Where two ports accept different audiences of one issuer, the union of both is valid everywhere, and each port has to
/// refuse the other's (J12).
fn audiences(asked: &Asked, all: &[&Asked]) -> Vec<AudienceDemand> {
    let mut demands = Vec::new();
    for rule in asked.rules.iter().filter(|rule| !rule.audiences().is_empty()) {
        let differs = |other: &Rule| other.issuer() == rule.issuer() && other.audiences() != rule.audiences();
        if all.iter().flat_map(|other| &other.rules).any(differs) {
            demands.push(AudienceDemand { issuer: rule.issuer().to_owned(), audiences: rule.audiences() });
        }
    }
    demands
}

/// One issuer with different keys or token locations on two ports cannot be kept apart (J12).
fn separable_issuers(work: &mut Work<'_>, policy: &AuthenticationPolicy, asked: &[&Asked]) {
    let all: Vec<&Rule> = asked.iter().flat_map(|asked| &asked.rules).collect();
    for (index, rule) in all.iter().enumerate() {
        let clashes =
            |other: &&&Rule| other.issuer() == rule.issuer() && other.without_audiences() != rule.without_audiences();
        if all.iter().skip(index + 1).any(|other| clashes(&other)) {
            work.refuse(policy, findings::issuer_with_two_keys(rule.issuer()));
            return;
        }
    }
}

/// RequestAuthentications of the input add up with the new ones: a rule of the same issuer with other keys or audiences
/// would let more tokens in (§3.5).
fn existing_rules(work: &mut Work<'_>, policy: &AuthenticationPolicy, place: &Place<'_>, asked: &[&Asked]) {
    let mesh = work.mesh();
    let subjects = work.subjects();
    // In the root namespace a selector reaches into every namespace.
    let reached: Vec<&Subject<'_>> = match place.namespace == work.root() && !place.selector.is_empty() {
        true => work.selected(None, &place.selector).into_iter().map(|(_, subject)| subject).collect(),
        false => place.members.iter().filter_map(|index| subjects.get(*index)).collect(),
    };
    for object in mesh.request.iter().filter(|object| !object.target_refs) {
        let scope = object.meta.namespace == place.namespace || object.meta.namespace == work.root();
        let touches = reached.iter().any(|subject| {
            (scope || object.meta.namespace == subject.namespace()) && selects(&object.selector, subject.labels())
        });
        if !touches {
            continue;
        }
        let same_issuer = |rule: &&Rule| object.rules.iter().any(|existing| existing.issuer == rule.issuer());
        if let Some(rule) = asked.iter().flat_map(|asked| &asked.rules).find(same_issuer) {
            work.refuse(policy, findings::existing_request(object, rule.issuer()));
        }
    }
}

/// A namespace's or the mesh's policy covered every HTTP port there ever would be; a list of ports covers those that are
/// known (§4.5, limit 2).
fn known_workloads_only(work: &mut Work<'_>, policy: &AuthenticationPolicy, place: &Place<'_>) {
    let ports: BTreeSet<String> = place.on.values().flatten().map(u16::to_string).collect();
    let ports = ports.into_iter().collect::<Vec<_>>().join(", ");
    let covered = match &place.part {
        Some(part) => format!("port {ports} of the pods of Service {}", part.service),
        None => format!("port {ports}"),
    };
    refusing::only_known(work, policy, findings::known_workloads_only(policy, &covered));
}

/// A RequestAuthentication refuses an invalid token on every path and every HTTP port (J9).
fn tokens_checked_more_often(work: &mut Work<'_>, policy: &AuthenticationPolicy, place: &Place<'_>, asked: &[&Asked]) {
    // Preflights skip the check of tokens since 1.14 only.
    let preflights = work.mesh().settings.target.at_least(14) || !asked.iter().any(|asked| asked.exempts_preflight);
    let only_one = asked.len() < 2 && place.free.is_empty() && place.newly_read.is_empty();
    if only_one && preflights && asked.iter().all(|asked| asked.everywhere) {
        return;
    }
    work.part.ledger.relax(Relaxation::BadTokenRejected);
    let issuers: BTreeSet<&str> = asked.iter().flat_map(|asked| asked.rules.iter().map(Rule::issuer)).collect();
    let issuers: Vec<&str> = issuers.into_iter().collect();
    // A relaxation by name; `--strict` accepts none, and there is no form without this difference.
    let severity = if work.options().strict { Severity::Warning } else { Severity::Note };
    work.report(policy, findings::bad_token_rejected(&issuers).severity(severity));
}
