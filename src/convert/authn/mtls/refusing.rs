//! Peers that no PeerAuthentication can stand for: because they had no effect, because one of the input is in force in
//! their place, or because none could say what they said.

use super::findings;
use super::mode::{Base, loss, mesh_mode, new_mode};
use super::plan::{Group, Plan};
use crate::api::legacy::AuthenticationPolicy;
use crate::api::security::MtlsMode;
use crate::convert::authn::effective::Scope;
use crate::convert::authn::existing::Setting;
use crate::convert::authn::findings::unresolved_port;
use crate::convert::authn::meaning::mode;
use crate::convert::authn::subjects::Subject;
use crate::convert::authn::work::Work;
use crate::finding::catalogue::mtls as codes;
use crate::finding::{Direction, Severity};
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// The peers of a policy become nothing, because a PeerAuthentication of the input is in force in their place.
pub(super) fn replaced(work: &mut Work<'_>, policy: &AuthenticationPolicy, taken: &Setting) {
    work.report(policy, findings::replaced(policy, taken));
    work.inert(policy, codes::MTLS_REPLACED);
}

/// A PeerAuthentication has no effect on a gateway, and the old peers had none either (S10, §2.3).
pub(super) fn on_gateway(work: &mut Work<'_>, plan: &Plan<'_>) {
    // A policy that speaks of tokens only has no peers to lose.
    let asks = |policy: &&AuthenticationPolicy| !policy.peers.is_empty() || policy.origins.is_empty();
    for policy in plan.policies(work).into_iter().filter(asks) {
        work.report(policy, findings::gateway_peers(policy));
        work.inert(policy, codes::GATEWAY_PEERS);
    }
}

/// Targets in the root namespace: a PeerAuthentication with a selector is ignored there (S10, E48).
pub(super) fn in_root_namespace(work: &mut Work<'_>) {
    let root = work.root();
    let fallback = new_mode(work, root, mesh_mode(work));
    for (_, subject) in work.subjects_of(root) {
        let Some(plan) = Plan::of(work, subject) else { continue };
        if subject.gateway {
            on_gateway(work, &plan);
        } else {
            for policy in plan.policies(work) {
                root_target(work, subject, policy, fallback);
            }
        }
    }
}

fn root_target(work: &mut Work<'_>, subject: &Subject<'_>, policy: &AuthenticationPolicy, fallback: MtlsMode) {
    let own = new_mode(work, work.root(), mode(policy));
    if own == fallback {
        work.report(policy, findings::root_target_like_mesh(policy, work.root(), own));
    } else {
        work.refuse(policy, findings::root_target(policy, subject, work.root(), (own, fallback)));
    }
    work.inert(policy, codes::ROOT_TARGET);
}

/// Policy `default` in the root namespace: a PeerAuthentication there would be mesh-wide (S6, E49, E50).
pub(super) fn for_whole_root_namespace(work: &mut Work<'_>, policy: &AuthenticationPolicy) {
    let (own, of_mesh) = (mode(policy), mesh_mode(work));
    if own == of_mesh {
        work.report(policy, findings::root_policy_like_mesh(policy, work.root(), own));
    } else {
        work.refuse(policy, findings::root_policy(policy, work.root(), (own, of_mesh)));
    }
    work.inert(policy, codes::ROOT_POLICY);
}

/// Named target ports that lead nobody knows where. A port left out falls back to the inherited mode (§4.3 step 2, E33).
pub(super) fn unknown_ports(work: &mut Work<'_>, subject: &Subject<'_>, plan: &Plan<'_>, base: &Base) {
    if plan.whole.is_some() {
        return;
    }
    let namespace = subject.namespace();
    for unknown in &subject.unknown {
        let Scope::Service(named) = unknown.effective.scope else { continue };
        let own = new_mode(work, namespace, unknown.effective.mode);
        let finding = unresolved_port(unknown, named.target.place.clone(), namespace);
        if own == base.mode(namespace) {
            work.report(named.policy, finding.severity(Severity::Note).direction(Direction::None));
        } else {
            work.refuse(named.policy, finding.direction(loss(own)));
        }
    }
}

/// A workload whose pods no label tells from others that need another mode.
pub(super) fn inseparable(work: &mut Work<'_>, group: &Group<'_>, grouped: &BTreeSet<usize>) {
    let subjects = work.subjects();
    let Some(subject) = group.members.first().and_then(|index| subjects.get(*index)) else { return };
    let overlapping = group
        .service_selectors()
        .into_iter()
        .flat_map(|selector| work.selected(Some(subject.namespace()), selector))
        .filter(|(index, _)| !group.members.contains(index));
    // Rather a workload with policies of its own than one without.
    let rival = overlapping.max_by_key(|(index, _)| (grouped.contains(index), Reverse(*index)));
    for policy in group.plan.policies(work) {
        work.refuse(policy, findings::inseparable(subject, rival.map(|(_, rival)| rival)));
    }
}
