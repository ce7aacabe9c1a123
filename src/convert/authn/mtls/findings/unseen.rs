//! What is taken for granted about Services and pods that the input does not show, and what is too much for that.

use crate::api::Labels;
use crate::api::core::{Service, ServicePort};
use crate::convert::authn::selectors::as_text;
use crate::finding::catalogue::{given, mtls as codes};
use crate::finding::{Assumption, Finding, ObjectRef};
use crate::mesh::{WORKLOADS, kubectl_get_in};

/// Ports take more than they would inherit; an older Service would have decided about them.
pub(in super::super) fn oldest_service(namespace: &str, services: &str) -> Assumption {
    let message = format!(
        "No Service older than `{services}` in namespace `{namespace}`, beside those of the input, leads to the same container ports; if one does, its stricter mode is lost there."
    );
    Assumption::new(given::OLDEST_SERVICE, message, kubectl_get_in(namespace, "services"))
        .on(ObjectRef::new("Service", namespace, services))
}

/// Ports take less than they would inherit, also from callers of another Service.
pub(in super::super) fn no_other_service(namespace: &str, services: &str) -> Assumption {
    let message = format!(
        "No Service beside those of the input selects the pods of `{services}` in namespace `{namespace}`; callers of one that does would be turned away."
    );
    Assumption::new(given::NO_OTHER_SERVICE, message, kubectl_get_in(namespace, "services"))
        .on(ObjectRef::new("Service", namespace, services))
}

/// How a sentence begins about a port whose number is that of the pods in the input.
pub(in super::super) fn number_known_from_pods(service: &Service, port: &ServicePort) -> String {
    format!(
        "Port {} of Service `{}` leads to a container port by name, and its number is that of the pods in the input",
        port.port, service.meta.name
    )
}

/// How a sentence begins about labels that are those of the pods in the input.
pub(in super::super) fn labels_known_from_pods(selector: &Labels) -> String {
    format!("Only the pods in the input are known to carry the labels {}", as_text(selector))
}

/// Pods that the object does not reach would take plaintext; `what` is how the sentence begins.
pub(in super::super) fn unseen_pods(namespace: &str, services: &str, what: &str) -> Finding {
    let message = format!("{what}; pods of the same Service that the input does not show would take plaintext.");
    let remedy = format!(
        "Add the output of `{}` to the input, or say `--inventory-complete=workloads` if these are all pods of {services}.",
        kubectl_get_in(namespace, WORKLOADS)
    );
    Finding::new(codes::UNSEEN_PODS, message).remedy(remedy)
}

/// Pods that the object does not reach keep the mode of their namespace; `what` is how the sentence begins.
pub(in super::super) fn no_other_workload(namespace: &str, services: &str, what: &str) -> Assumption {
    let message =
        format!("{what}; on other pods of the Service that differ, the port keeps the mode of its namespace.");
    Assumption::new(given::NO_OTHER_WORKLOAD, message, kubectl_get_in(namespace, WORKLOADS))
        .on(ObjectRef::new("Service", namespace, services))
}
