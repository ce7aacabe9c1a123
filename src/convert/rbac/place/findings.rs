//! What there is to say about Services, and about the ports of a target: one constructor per situation.

use crate::api::core::Service;
use crate::api::security::AuthorizationPolicy;
use crate::convert::rbac::place::destination::Target;
use crate::convert::rbac::place::view::NamespaceView;
use crate::finding::catalogue::rbac as codes;
use crate::finding::{Direction, Finding, Severity};
use crate::mesh::{WORKLOADS, kubectl_get, kubectl_get_in};

/// A Service by this name is not in the input, and may exist.
pub fn unknown_service(namespace: &str, name: &str) -> Finding {
    Finding::new(
        codes::UNRESOLVED_SERVICE,
        format!("The Service `{name}` in namespace `{namespace}` is not in the input, so its pods are not known."),
    )
    .remedy(format!(
        "Add the output of `{}` to the input, or say with `--inventory-complete=services` that it does not exist.",
        kubectl_get("service", namespace, name)
    ))
}

/// Two different Services of one name are equally near.
pub fn two_versions(one: &Service, other: &Service) -> Finding {
    let (name, namespace) = (&one.meta.name, &one.meta.namespace);
    Finding::new(
        codes::UNRESOLVED_SERVICE,
        format!("Two different Services named `{name}` in namespace `{namespace}` are equally near."),
    )
    .remedy("Keep one of the two in the input, or convert the folders one at a time.")
    .related(one.meta.place.clone(), "one of them")
    .related(other.meta.place.clone(), "the other")
}

/// A Service leads to a port by name, and a rule that has to name its ports cannot.
pub fn named_port_unknown(service: &str, view: NamespaceView<'_>) -> Finding {
    let command = kubectl_get_in(view.namespace, WORKLOADS);
    Finding::new(
        codes::NAMED_PORT_UNRESOLVED,
        format!("The Service `{service}` leads to a container port by name, no pods in the input say which number that is, and a rule without ports would also open those of Services that the input does not show."),
    )
    .severity(Severity::Error)
    .remedy(format!(
        "Add the output of `{command}` to the input, or say `--inventory-complete=services` if no other Service selects these pods."
    ))
}

/// Pods that the input does not show may give a named port another number, which belongs to a Service that a rule is not for.
pub fn numbers_unknown(target: &Target, view: NamespaceView<'_>) -> Finding {
    let (name, command) = (target.suffix.join("-"), kubectl_get_in(view.namespace, WORKLOADS));
    Finding::new(
        codes::NAMED_PORT_UNRESOLVED,
        format!("Several Services share the pods of {name}, and one of them leads to its port by name: on pods that the input does not show the number may be another, so a rule with the numbers of those that it shows could open a port of another Service."),
    )
    .severity(Severity::Error)
    .direction(Direction::Wider)
    .remedy(format!(
        "Add the output of `{command}` to the input and say `--inventory-complete=workloads`."
    ))
}

/// The pods of the input give the ports of a rule different numbers, and of each number a Service that the input does not
/// show may be the owner on the other pods.
pub fn numbers_differ(target: &Target, view: NamespaceView<'_>) -> Finding {
    let (name, command) = (target.suffix.join("-"), kubectl_get_in(view.namespace, "services"));
    Finding::new(
        codes::NAMED_PORT_UNRESOLVED,
        format!("The pods of {name} do not all have the same ports: a rule with the numbers of some of them could open, on the others, a port of a Service that the input does not show."),
    )
    .severity(Severity::Error)
    .direction(Direction::Wider)
    .remedy(format!(
        "Add the output of `{command}` to the input and say `--inventory-complete=services`."
    ))
}

/// The Service of a rule governs no port of the pods that are shown, and may govern one of pods that are not.
pub fn governs_unseen_pods(service: &Service) -> Finding {
    let (name, command) = (&service.meta.name, kubectl_get_in(&service.meta.namespace, WORKLOADS));
    Finding::new(
        codes::GOVERNS_NO_PORT,
        format!("{name} governs no port of its pods in the input, and the input may not show all of them: on others the rule may have been in force."),
    )
    .severity(Severity::Error)
    .direction(Direction::Narrower)
    .remedy(format!(
        "Add the output of `{command}` to the input, or say `--inventory-complete=workloads` if these are all pods of {name}."
    ))
    .related(service.meta.place.clone(), "the Service")
}

/// A current policy that selects some pods of a target, where the input may not show all of them: there a grant would be
/// added to it, and elsewhere the old rule was in force.
pub fn replaced_somewhere(target: &Target, policy: &AuthorizationPolicy, view: NamespaceView<'_>) -> Finding {
    let (name, command) = (target.suffix.join("-"), kubectl_get_in(view.namespace, WORKLOADS));
    Finding::new(
        codes::ADDS_TO_POLICY,
        format!(
            "{} may select some of the pods of {name}, and the input may not show all of them: old RBAC was ignored where it does, and was in force where it does not.",
            policy.meta.object()
        ),
    )
    .remedy(format!(
        "Add the output of `{command}` to the input and say `--inventory-complete=workloads`."
    ))
    .related(policy.meta.place.clone(), "this policy")
}

/// A port that a rule cannot name, because nothing says which number it has.
pub fn number_unknown(service: &str) -> Finding {
    Finding::new(
        codes::NAMED_PORT_UNRESOLVED,
        format!(
            "The Service `{service}` leads to a container port by name, and no pods in the input say which number that is."
        ),
    )
}

/// A rule about HTTP that applies nowhere on a port which had both kinds of traffic.
pub fn tcp_somewhere(lost: &str) -> Finding {
    Finding::new(
        codes::PORT_IS_TCP_SOMEWHERE,
        format!(
            "Port {lost} was TCP on some of the pods and HTTP on others; this rule about HTTP now applies to neither."
        ),
    )
}

/// A rule about HTTP that leaves a TCP port out; it may be the HTTP port of a Service `by_name`, whose number is not known.
pub fn left_out_for_tcp(port: &str, by_name: Option<&str>) -> Finding {
    let mut finding = Finding::new(
        codes::HTTP_RULE_ON_TCP_PORT,
        format!("Old Istio treated port {port} as TCP, where it dropped rules about HTTP; so this rule leaves it out."),
    );
    if let Some(service) = by_name {
        finding.message += &format!(
            " The Service `{service}` leads to a port by name, and no pods in the input say which number that is; if it is this one, its callers lose access."
        );
        finding.direction = Direction::Narrower;
    }
    finding
}
