//! Services and pods that the input does not show (`meaning/knowledge.md` §5): what a mode for the workloads that it does show may
//! say about them.
//!
//! A mode that takes nothing the workload would not take anyway may cover every port; the price is an assumption. Any
//! other mode is written by port. Where ports or labels are known from the pods of the input only, pods of the same
//! Service that it does not show keep what they inherit: that must not be more than was asked of them.

use super::findings::unseen as findings;
use super::mode::Base;
use super::plan::{Group, Source};
use crate::api::Labels;
use crate::api::core::TargetPort;
use crate::api::legacy::AuthenticationPolicy;
use crate::api::security::MtlsMode;
use crate::convert::authn::work::Work;
use crate::finding::Direction;
use crate::mesh::InventoryKind;

fn closed(work: &Work<'_>, kind: InventoryKind) -> bool {
    work.mesh().evidence.closes(&[kind])
}

/// Says what an object for some workloads takes for granted, and refuses it where that would be too much.
pub(super) fn take_for_granted<'a>(
    work: &mut Work<'a>,
    base: &Base,
    namespace: &str,
    group: &Group<'a>,
    selector: &Labels,
    from: &[&'a AuthenticationPolicy],
) {
    let change = Change::of(group, base.mode(namespace));
    if !closed(work, InventoryKind::Service) {
        if change.opens {
            work.assume(from, findings::oldest_service(namespace, &services_of(group)));
        }
        if change.closes {
            work.assume(from, findings::no_other_service(namespace, &services_of(group)));
        }
    }
    if !closed(work, InventoryKind::Workload)
        && let (Some(effect), Some(what)) = (change.lost(), known_from_pods_only(group, selector))
    {
        pods_taken_for_granted(work, namespace, group, effect, &what, from);
    }
}

/// What an object does to its ports, compared with what they would inherit.
#[derive(Clone, Copy, Debug)]
struct Change {
    /// ANY port takes what it would not inherit.
    opens: bool,
    /// ANY port does not take what it would inherit.
    closes: bool,
    /// ANY port refuses plaintext that it would inherit to take.
    encrypts: bool,
}

impl Change {
    fn of(group: &Group<'_>, inherited: MtlsMode) -> Change {
        let modes = || group.plan.ports.values().chain(&group.plan.whole);
        Change {
            opens: modes().any(|mode| !mode.takes_no_more_than(inherited)),
            closes: modes().any(|mode| !inherited.takes_no_more_than(*mode)),
            encrypts: inherited != MtlsMode::Strict && modes().any(|mode| *mode == MtlsMode::Strict),
        }
    }

    /// What pods do that it does not reach; `None` when that makes no difference.
    fn lost(self) -> Option<Effect> {
        match self {
            Change { encrypts: true, .. } => Some(Effect::Plaintext),
            Change { closes: true, .. } => Some(Effect::More),
            Change { opens: true, .. } => Some(Effect::Less),
            Change { .. } => None,
        }
    }
}

/// What pods that the input does not show do when the object does not reach them, compared with what was asked of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    /// They take plaintext that they refused: too much to take for granted.
    Plaintext,
    /// They also take mutual TLS, on ports that took plaintext only.
    More,
    /// They turn callers away.
    Less,
}

fn services_of(group: &Group<'_>) -> String {
    group.plan.services().into_iter().collect::<Vec<_>>().join(", ")
}

/// The ports or labels of a group that are those of the pods in the input, in words; `None` when its Services say it all.
fn known_from_pods_only(group: &Group<'_>, selector: &Labels) -> Option<String> {
    let by_name = |source: &&Source<'_>| {
        group.plan.whole.is_none() && source.port.is_some() && matches!(source.service_port.target, TargetPort::Name(_))
    };
    let refined = !group.service_selectors().contains(&selector);
    match group.plan.sources.iter().find(by_name) {
        Some(source) => Some(findings::number_known_from_pods(source.service, source.service_port)),
        None => refined.then(|| findings::labels_known_from_pods(selector)),
    }
}

/// Pods of the same Services that the input does not show, where ports or labels are those of the pods that it shows.
fn pods_taken_for_granted<'a>(
    work: &mut Work<'a>,
    namespace: &str,
    group: &Group<'a>,
    effect: Effect,
    what: &str,
    from: &[&'a AuthenticationPolicy],
) {
    if effect == Effect::Plaintext {
        for policy in from {
            work.refuse(policy, findings::unseen_pods(namespace, &services_of(group), what));
        }
        return;
    }
    let mut assumption = findings::no_other_workload(namespace, &services_of(group), what);
    if effect == Effect::More {
        assumption.if_false = Direction::Wider;
    }
    work.assume(from, assumption);
}
