//! Services and pods that the input does not show (`meaning/knowledge.md` §5): what a mode for the workloads that it does show may
//! say about them.
//!
//! A mode that takes nothing the workload would not take anyway may cover every port; the price is an assumption. Any
//! other mode is written by port. Where ports or labels are known from the pods of the input only, pods of the same
//! Service that it does not show keep what they inherit: that must not be more than was asked of them.

use super::mode::Base;
use super::plan::{Group, Source};
use crate::api::Labels;
use crate::api::core::TargetPort;
use crate::api::legacy::AuthenticationPolicy;
use crate::api::security::MtlsMode;
use crate::convert::authn::selectors::as_text;
use crate::convert::authn::work::Work;
use crate::finding::catalogue::{given, mtls as codes};
use crate::finding::{Assumption, Direction, Finding, ObjectRef};
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
    let inherited = base.mode(namespace);
    let mut modes = group.plan.ports.values().chain(&group.plan.whole);
    // ANY port that takes what it would not inherit was opened; ANY that does not take what it would inherit was closed.
    let opens = modes.clone().any(|mode| !mode.takes_no_more_than(inherited));
    let closes = modes.any(|mode| !inherited.takes_no_more_than(*mode));
    if !closed(work, InventoryKind::Service) {
        let services: Vec<&str> = group.plan.services().into_iter().collect();
        services_taken_for_granted(work, namespace, &services.join(", "), (opens, closes), from);
    }
    if !closed(work, InventoryKind::Workload) {
        let unencrypted = inherited != MtlsMode::Strict
            && group.plan.ports.values().chain(&group.plan.whole).any(|mode| *mode == MtlsMode::Strict);
        let if_false = match (unencrypted, closes) {
            (true, _) => Effect::Plaintext,
            (false, true) => Effect::More,
            (false, false) if opens => Effect::Less,
            (false, false) => return,
        };
        pods_taken_for_granted(work, namespace, group, selector, if_false, from);
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

fn services_taken_for_granted(
    work: &mut Work<'_>,
    namespace: &str,
    services: &str,
    (opens, closes): (bool, bool),
    from: &[&AuthenticationPolicy],
) {
    let check = format!("kubectl get services -n {namespace} -o yaml");
    let about = ObjectRef::new("Service", namespace, services);
    if opens {
        let message = format!(
            "No Service older than `{services}` in namespace `{namespace}`, beside those of the input, leads to the same container ports; if one does, its stricter mode is lost there."
        );
        work.assume(from, Assumption::new(given::OLDEST_SERVICE, message, check.clone()).on(about.clone()));
    }
    if closes {
        let message = format!(
            "No Service beside those of the input selects the pods of `{services}` in namespace `{namespace}`; callers of one that does would be turned away."
        );
        work.assume(from, Assumption::new(given::NO_OTHER_SERVICE, message, check).on(about));
    }
}

/// Pods of the same Services that the input does not show, where ports or labels are those of the pods that it shows.
fn pods_taken_for_granted<'a>(
    work: &mut Work<'a>,
    namespace: &str,
    group: &Group<'a>,
    selector: &Labels,
    if_false: Effect,
    from: &[&'a AuthenticationPolicy],
) {
    let by_name = |source: &&Source<'_>| {
        group.plan.whole.is_none() && source.port.is_some() && matches!(source.service_port.target, TargetPort::Name(_))
    };
    let named = group.plan.sources.iter().find(by_name);
    let refined = !group.service_selectors().contains(&selector);
    let what = match (named, refined) {
        (Some(source), _) => format!(
            "Port {} of Service `{}` leads to a container port by name, and its number is that of the pods in the input",
            source.service_port.port, source.service.meta.name
        ),
        (None, true) => format!("Only the pods in the input are known to carry the labels {}", as_text(selector)),
        (None, false) => return,
    };
    let services: Vec<&str> = group.plan.services().into_iter().collect();
    let check = format!("kubectl get deployments,statefulsets,daemonsets,pods -n {namespace} -o yaml");
    if if_false == Effect::Plaintext {
        let message = format!("{what}; pods of the same Service that the input does not show would take plaintext.");
        for policy in from {
            let remedy = format!(
                "Add the output of `{check}` to the input, or say `--inventory-complete=workloads` if these are all pods of {}.",
                services.join(", ")
            );
            work.refuse(policy, Finding::new(codes::UNSEEN_PODS, message.clone()).remedy(remedy));
        }
        return;
    }
    let message =
        format!("{what}; on other pods of the Service that differ, the port keeps the mode of its namespace.");
    let about = ObjectRef::new("Service", namespace, services.join(", "));
    let mut assumption = Assumption::new(given::NO_OTHER_WORKLOAD, message, check).on(about);
    if if_false == Effect::More {
        assumption.if_false = Direction::Wider;
    }
    work.assume(from, assumption);
}
