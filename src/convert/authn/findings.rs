//! What both chapters, or none of them, have to say: one constructor per sentence.

pub(super) mod doubts;
pub(super) mod targets;

use super::selectors::as_text;
use super::subjects::UnknownPort;
use crate::api::core::{Service, TargetPort};
use crate::api::legacy::AuthenticationPolicy;
use crate::finding::catalogue::mtls as codes;
use crate::finding::{Finding, Place};
use crate::mesh::{Version, WORKLOADS, kubectl_get_in};

/// The kinds to be written do not exist yet.
pub(super) fn target_too_old(policy: &AuthenticationPolicy, target: Version) -> Finding {
    let message = format!("Istio {target} does not know the kinds that {} would become.", policy.meta.kind);
    Finding::new(codes::TARGET_TOO_OLD, message)
}

/// `policy` would become an object of this kind together with `cause`.
pub(super) fn refused_together(policy: &AuthenticationPolicy, kind: &str, cause: &AuthenticationPolicy) -> Finding {
    let message = format!(
        "{} shares a {kind} with {}, which was refused, so it cannot be converted either.",
        policy.meta.object(),
        cause.meta.object()
    );
    Finding::new(codes::REFUSED_TOGETHER, message).related(cause.meta.place.clone(), "the policy that was refused")
}

/// No known port obeyed it.
pub(super) fn no_effect(policy: &AuthenticationPolicy) -> Finding {
    Finding::new(codes::NO_EFFECT, format!("{} governed no port of any known workload.", policy.meta.object()))
}

/// It governs no port of the pods that are shown, and may govern one of pods that are not.
pub(super) fn governs_unseen_pods(policy: &AuthenticationPolicy, service: &Service) -> Finding {
    let (name, command) = (&service.meta.name, kubectl_get_in(&service.meta.namespace, WORKLOADS));
    let message = format!(
        "{} governed no port of the workloads in the input, and the input may not show all pods of Service {name}: on others it may have been in force.",
        policy.meta.object()
    );
    Finding::new(codes::UNSEEN_PODS, message)
        .remedy(format!(
            "Add the output of `{command}` to the input, or say `--inventory-complete=workloads` if these are all pods of {name}."
        ))
        .related(service.meta.place.clone(), "the Service")
}

/// A named target port of a Service whose pods are not in the input.
pub(super) fn unresolved_port(unknown: &UnknownPort<'_>, place: Place, namespace: &str) -> Finding {
    let name = match &unknown.port.target {
        TargetPort::Name(name) => name.clone(),
        TargetPort::Number(number) => number.to_string(),
    };
    let message = format!(
        "Port {} of Service {} leads to the container port named `{name}`, and no pods in the input tell its number.",
        unknown.port.port, unknown.service.meta.name
    );
    let selector = unknown.service.selector.as_ref().map(as_text).unwrap_or_default();
    let command = kubectl_get_in(namespace, WORKLOADS);
    let remedy = format!("Add the output of `{command}` (the workloads whose pods carry {selector}) with --inventory.");
    Finding::new(codes::UNRESOLVED_TARGET_PORT, message)
        .at(place)
        .remedy(remedy)
        .related(unknown.service.meta.place.clone(), "the Service")
}
