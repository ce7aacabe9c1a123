//! What there is to say about default policies: one constructor per situation.

use crate::api::core::Service;
use crate::finding::catalogue::rbac as codes;
use crate::finding::{Direction, Finding};

/// Ports that would be opened by number, where pods that the input does not show may give their names other numbers.
pub fn numbers_unknown(service: &Service) -> Finding {
    let (name, namespace) = (&service.meta.name, &service.meta.namespace);
    Finding::new(
        codes::NAMED_PORT_UNRESOLVED,
        format!("Several Services share the pods of `{name}`, RBAC was on for some of them, and one leads to its port by name: on pods that the input does not show the number may be another, so no port is opened by number, and those that were open are denied by default."),
    )
    .direction(Direction::Narrower)
    .remedy(format!(
        "Add the output of `kubectl get deployments,statefulsets,daemonsets,pods -n {namespace} -o yaml` to the input and say `--inventory-complete=workloads`."
    ))
}

pub fn no_such(namespace: &str) -> Finding {
    Finding::new(
        codes::CONFIG_NAMES_NO_NAMESPACE,
        format!("No namespace is called `{namespace}`; the config knows no patterns, so the entry had no effect."),
    )
}

pub fn replaced(service: &Service) -> Finding {
    Finding::new(
        codes::REPLACED_BY_POLICY,
        format!(
            "An AuthorizationPolicy already selects the pods of {}; old RBAC was ignored there.",
            service.meta.name
        ),
    )
}
