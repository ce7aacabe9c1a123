//! The rules of ClusterRbacConfig, RbacConfig, ServiceRole and ServiceRoleBinding (`meaning/rbac.md` §1.2–1.4).

use super::Rules;
use crate::api::legacy::{AccessRule, RbacConfig, RbacMode, ServiceRole, ServiceRoleBinding, Subject};

/// The mode that names a list needs that list (E14); an empty list is fine.
pub(super) fn config(config: &RbacConfig, rules: &mut Rules<'_, '_>) {
    let (missing, field, mode) = match config.mode {
        RbacMode::OnWithInclusion => (config.inclusion.is_none(), "inclusion", "ON_WITH_INCLUSION"),
        RbacMode::OnWithExclusion => (config.exclusion.is_none(), "exclusion", "ON_WITH_EXCLUSION"),
        RbacMode::On | RbacMode::Off => return,
    };
    if missing {
        rules.refuse("/spec/mode", format!("The mode {mode} needs `{field}`, which is missing."));
    }
}

/// At least one rule, and every rule in order.
pub(super) fn role(role: &ServiceRole, rules: &mut Rules<'_, '_>) {
    if role.rules.is_empty() {
        rules.refuse("/spec/rules", "The role has no rules; Istio requires at least one.");
    }
    for (index, rule) in role.rules.iter().enumerate() {
        access_rule(rule, &format!("/spec/rules/{index}"), rules);
    }
}

/// E105: `methods` and `ports` exclude their negated twins (`hosts` and `paths` do not), and a constraint has a key,
/// a value, and does not repeat `ports`.
fn access_rule(rule: &AccessRule, at: &str, rules: &mut Rules<'_, '_>) {
    if !rule.methods.is_empty() && !rule.not_methods.is_empty() {
        rules.refuse(&format!("{at}/notMethods"), "A rule cannot have both `methods` and `notMethods`.");
    }
    if !rule.ports.is_empty() && !rule.not_ports.is_empty() {
        rules.refuse(&format!("{at}/notPorts"), "A rule cannot have both `ports` and `notPorts`.");
    }
    let has_ports = !rule.ports.is_empty() || !rule.not_ports.is_empty();
    for (index, constraint) in rule.constraints.iter().enumerate() {
        let at = format!("{at}/constraints/{index}");
        if constraint.key.is_empty() {
            rules.refuse(&format!("{at}/key"), "A constraint needs a `key`.");
        }
        if constraint.values.is_empty() {
            rules.refuse(&at, format!("The constraint `{}` has no `values`.", constraint.key));
        }
        if constraint.key == "destination.port" && has_ports {
            let message = "The constraint `destination.port` cannot stand beside `ports` or `notPorts`.";
            rules.refuse(&format!("{at}/key"), message);
        }
    }
}

/// At least one subject, and every subject in order. The role reference was checked while decoding.
pub(super) fn binding(binding: &ServiceRoleBinding, rules: &mut Rules<'_, '_>) {
    if binding.subjects.is_empty() {
        rules.refuse("/spec/subjects", "The binding has no subjects; Istio requires at least one.");
    }
    for (index, member) in binding.subjects.iter().enumerate() {
        subject(member, &format!("/spec/subjects/{index}"), rules);
    }
}

/// A subject says something (E84), does not say it twice (E83), and does not name `*` (E53).
fn subject(subject: &Subject, at: &str, rules: &mut Rules<'_, '_>) {
    if is_empty(subject) {
        rules
            .refuse(at, "The subject is empty; it must name at least one user, group, namespace, address or property.");
    }
    for (field, names) in [("names", &subject.names), ("notNames", &subject.not_names)] {
        if let Some(index) = names.iter().position(|name| name == "*") {
            let message = format!("`*` is not allowed in `{field}`; write allUsers or allAuthenticatedUsers.");
            rules.refuse(&format!("{at}/{field}/{index}"), message);
        }
    }
    for (field, list, property) in [
        ("names", &subject.names, "source.principal"),
        ("groups", &subject.groups, "request.auth.claims[groups]"),
        ("namespaces", &subject.namespaces, "source.namespace"),
        ("ips", &subject.ips, "source.ip"),
    ] {
        if !list.is_empty() && subject.properties.iter().any(|(key, _)| key == property) {
            let message = format!("The property `{property}` cannot stand beside `{field}`.");
            rules.refuse(&format!("{at}/properties/{property}"), message);
        }
    }
}

fn is_empty(subject: &Subject) -> bool {
    let lists = [
        &subject.names,
        &subject.not_names,
        &subject.groups,
        &subject.not_groups,
        &subject.namespaces,
        &subject.not_namespaces,
        &subject.ips,
        &subject.not_ips,
    ];
    subject.user.is_empty()
        && subject.group.is_empty()
        && subject.properties.is_empty()
        && lists.iter().all(|list| list.is_empty())
}
