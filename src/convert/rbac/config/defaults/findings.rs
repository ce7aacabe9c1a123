//! What there is to say about default policies: one constructor per situation.

use crate::api::core::Service;
use crate::api::security::AuthorizationPolicy;
use crate::finding::catalogue::rbac as codes;
use crate::finding::{Direction, Finding, Severity};
use crate::mesh::{WORKLOADS, kubectl_get_in};

/// Ports that would be opened by number, where pods that the input does not show may give their names other numbers.
pub fn numbers_unknown(service: &Service) -> Finding {
    let (name, command) = (&service.meta.name, kubectl_get_in(&service.meta.namespace, WORKLOADS));
    Finding::new(
        codes::NAMED_PORT_UNRESOLVED,
        format!("Several Services share the pods of `{name}`, RBAC was on for some of them, and one leads to its port by name: on pods that the input does not show the number may be another, so no port is opened by number, and those that were open are denied by default."),
    )
    .direction(Direction::Narrower)
    .remedy(format!(
        "Add the output of `{command}` to the input and say `--inventory-complete=workloads`."
    ))
}

/// The config names something that no namespace can be called.
pub fn no_such(namespace: &str) -> Finding {
    Finding::new(
        codes::CONFIG_NAMES_NO_NAMESPACE,
        format!("No namespace is called `{namespace}`; the config knows no patterns, so the entry had no effect."),
    )
}

/// Current policies are in force on all pods of a Service.
pub fn replaced(service: &Service) -> Finding {
    Finding::new(
        codes::REPLACED_BY_POLICY,
        format!(
            "An AuthorizationPolicy already selects the pods of {}; old RBAC was ignored there.",
            service.meta.name
        ),
    )
}

/// An entry that is no host name of the cluster.
pub fn no_host_name(host: &str, domain: &str) -> Finding {
    Finding::new(
        codes::CONFIG_NAMES_NO_SERVICE,
        format!(
            "`{host}` matches no Service: the config is compared with full host names like `NAME.NAMESPACE.svc.{domain}`."
        ),
    )
}

/// The root namespace is closed Service by Service, and some may not be shown.
pub fn root_services_unknown(root: &str) -> Finding {
    Finding::new(
        codes::ROOT_SERVICES_UNKNOWN,
        format!("The root namespace `{root}` is included, which takes one policy per Service there, and the input may not hold all of them."),
    )
    .remedy(format!(
        "Add the output of `{}` to the input and say `--inventory-complete=services,workloads`.",
        kubectl_get_in(root, "services")
    ))
}

/// A Service without a selector has no pods that a policy could name.
pub fn cannot_close(service: &Service) -> Finding {
    Finding::new(
        codes::CANNOT_CLOSE_SERVICE,
        format!(
            "The Service `{}` has no selector, so no policy can name its pods, and they would be open.",
            service.meta.name
        ),
    )
    .related(service.meta.place.clone(), "the Service")
}

/// Closing a Service closes a port that another one governs on some pods, where RBAC was off.
pub fn closes_port_of_another(service: &Service) -> Finding {
    Finding::new(
        codes::SHARED_PORT,
        format!(
            "A port of the Service {} belongs on some of its pods to a Service that RBAC was off for; it would be closed there too.",
            service.meta.name
        ),
    )
    .direction(Direction::Narrower)
}

/// A fence closes a **container** port that another Service governs, where RBAC was off.
pub fn fence_closes_port_of_another(service: &Service, port: u16) -> Finding {
    Finding::new(
        codes::SHARED_PORT,
        format!(
            "Container port {port} of the pods of {} belongs to a Service that RBAC was off for, and a checked Service claims it too; it would be closed there.",
            service.meta.name
        ),
    )
    .direction(Direction::Narrower)
}

/// Opening a Service opens a port that another one governs on some pods, where RBAC is on.
pub fn opens_port_of_another(service: &Service) -> Finding {
    Finding::new(
        codes::SHARED_PORT,
        format!(
            "A port of the excluded Service {} belongs on some of its pods to a Service that RBAC is on for.",
            service.meta.name
        ),
    )
}

/// The port of a Service that RBAC was off for is closed, because nothing says which number it has.
pub fn closes_named_port(owner: &Service) -> Finding {
    Finding::new(
        codes::NAMED_PORT_UNRESOLVED,
        format!(
            "The Service `{}`, for which RBAC was off, leads to a container port of these pods by name, and nothing in the input says which number that is; it is now denied by default.",
            owner.meta.name
        ),
    )
}

/// The port of an excluded Service stays closed, because nothing says which number it has.
pub fn named_port_stays_closed(service: &Service) -> Finding {
    Finding::new(
        codes::NAMED_PORT_UNRESOLVED,
        format!(
            "The excluded Service `{}` leads to a container port by name, and no pods in the input say which number that is; it is now denied by default.",
            service.meta.name
        ),
    )
}

/// An excluded namespace is opened for its pods one by one, and some may not be shown.
pub fn enumerated(namespace: &str) -> Finding {
    Finding::new(
        codes::EXCLUSION_ENUMERATED,
        format!(
            "The excluded namespace `{namespace}` can only be opened for its pods one by one, and the input may not show all of them; the others would be denied by default."
        ),
    )
    .remedy(format!(
        "Add the output of `{}` to the input and say `--inventory-complete=services,workloads`.",
        kubectl_get_in(namespace, &format!("services,{WORKLOADS}"))
    ))
    .severity(Severity::Error)
}

/// Opening an excluded Service would undo what current policies deny on some of its pods.
pub fn undoes_policy(service: &Service) -> Finding {
    Finding::new(
        codes::ADDS_TO_POLICY,
        format!(
            "Some pods of {} are restricted by an AuthorizationPolicy of the input, which opening the excluded Service would undo.",
            service.meta.name
        ),
    )
}

/// The same for pods that the input may not show.
pub fn undoes_policy_of_unseen(service: &Service, policy: &AuthorizationPolicy) -> Finding {
    Finding::new(
        codes::ADDS_TO_POLICY,
        format!(
            "{} may select some pods of the excluded Service {}, and the input may not show all of them; opening the Service would undo what it denies.",
            policy.meta.object(),
            service.meta.name
        ),
    )
    .related(policy.meta.place.clone(), "this policy")
}
