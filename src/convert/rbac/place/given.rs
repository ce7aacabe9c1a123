//! What policies for roles take for granted where the input may not show everything (`meaning/knowledge.md` §5).

use crate::api::Meta;
use crate::convert::rbac::place::view::NamespaceView;
use crate::finding::catalogue::given as codes;
use crate::finding::{Assumption, ObjectRef};
use crate::mesh::{WORKLOADS, kubectl_get_in};

/// The Service whose ports a rule names governs them.
pub fn oldest(service: &str, view: NamespaceView<'_>) -> Assumption {
    let namespace = view.namespace;
    let message = format!(
        "No Service older than `{service}` in namespace `{namespace}`, beside those of the input, leads to the same container ports; if one does, callers of `{service}` reach what was granted through the other one."
    );
    Assumption::new(codes::OLDEST_SERVICE, message, kubectl_get_in(namespace, "services"))
        .on(service_ref(service, namespace))
}

/// Every pod of the Service gives a named port the number that the pods of the input give it.
pub fn same_number(service: &str, view: NamespaceView<'_>) -> Assumption {
    let namespace = view.namespace;
    let message = format!(
        "Pods of the Service `{service}` in namespace `{namespace}` that are not in the input give its named ports the same numbers; where they do not, callers are turned away."
    );
    Assumption::new(codes::NO_OTHER_WORKLOAD, message, kubectl_get_in(namespace, WORKLOADS))
        .on(service_ref(service, namespace))
}

/// A pattern was written out for these Services.
pub fn pattern(services_known: &[&str], view: NamespaceView<'_>) -> Assumption {
    let namespace = view.namespace;
    let message = format!(
        "Namespace `{namespace}` holds no other Service that the pattern matches than {}; callers of another one are turned away.",
        services_known.join(", ")
    );
    Assumption::new(codes::NO_OTHER_SERVICE, message, kubectl_get_in(namespace, "services"))
}

/// A pattern of label values was written out for those that the pods of the input have.
pub fn label_values(service: &str, key: &str, listed: &[String], view: NamespaceView<'_>) -> Assumption {
    let namespace = view.namespace;
    let message = format!(
        "No pods of the Service `{service}` in namespace `{namespace}` have another value of the label `{key}` that was granted than {}; callers of pods that do are turned away.",
        listed.join(", ")
    );
    Assumption::new(codes::NO_OTHER_WORKLOAD, message, kubectl_get_in(namespace, WORKLOADS))
        .on(service_ref(service, namespace))
}

/// A default denial for one Service covers all ports of its pods.
pub fn nothing_else_on(service: &Meta) -> Assumption {
    let (name, namespace) = (&service.name, &service.namespace);
    let message = format!(
        "No Service beside those of the input selects the pods of `{name}` in namespace `{namespace}`; the ports of one for which RBAC was off would be closed."
    );
    Assumption::new(codes::NO_OTHER_SERVICE, message, kubectl_get_in(namespace, "services"))
        .on(service_ref(name, namespace))
}

/// An excluded Service governs the ports that are opened for it.
pub fn excluded_is_oldest(service: &Meta) -> Assumption {
    let (name, namespace) = (&service.name, &service.namespace);
    let message = format!(
        "No Service older than the excluded `{name}` in namespace `{namespace}`, beside those of the input, leads to the same container ports; the ports of one that RBAC was on for would be open."
    );
    Assumption::new(codes::OLDEST_SERVICE, message, kubectl_get_in(namespace, "services"))
        .on(service_ref(name, namespace))
}

/// Every pod of an excluded Service gives a named port the number that the pods of the input give it.
pub fn excluded_same_number(service: &Meta) -> Assumption {
    let (name, namespace) = (&service.name, &service.namespace);
    let message = format!(
        "Pods of the excluded Service `{name}` in namespace `{namespace}` that are not in the input give its named ports the same numbers; where they do not, callers are turned away."
    );
    Assumption::new(codes::NO_OTHER_WORKLOAD, message, kubectl_get_in(namespace, WORKLOADS))
        .on(service_ref(name, namespace))
}

fn service_ref(name: &str, namespace: &str) -> ObjectRef {
    ObjectRef::new("Service", namespace, name)
}
