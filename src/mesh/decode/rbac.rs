//! ClusterRbacConfig, RbacConfig, ServiceRole and ServiceRoleBinding (`meaning/rbac.md` §1.2–1.4).

use super::node::Node;
use super::problems::Problems;
use crate::api::Meta;
use crate::api::legacy::{
    AccessRule, Constraint, Enforcement, RbacConfig, RbacMode, RbacTarget, RoleRef, ServiceRole, ServiceRoleBinding,
    Subject,
};

/// Words of `RbacConfig.mode`, by number.
const MODES: [&str; 4] = ["OFF", "ON", "ON_WITH_INCLUSION", "ON_WITH_EXCLUSION"];
/// Words of `enforcementMode` and of a binding's `mode`, by number.
const ENFORCEMENT: [&str; 2] = ["ENFORCED", "PERMISSIVE"];

/// A ClusterRbacConfig or RbacConfig.
pub(super) fn config(meta: Meta, spec: &Node<'_>, problems: &mut Problems) -> RbacConfig {
    let mode = match spec.switch("mode", &MODES, problems) {
        1 => RbacMode::On,
        2 => RbacMode::OnWithInclusion,
        3 => RbacMode::OnWithExclusion,
        _ => RbacMode::Off,
    };
    RbacConfig {
        meta,
        mode,
        inclusion: config_target(spec, "inclusion", problems),
        exclusion: config_target(spec, "exclusion", problems),
        enforcement: enforcement(spec, "enforcementMode", problems),
    }
}

fn config_target(spec: &Node<'_>, field: &str, problems: &mut Problems) -> Option<RbacTarget> {
    let node = spec.message(field, problems)?;
    Some(RbacTarget {
        place: node.place(),
        services: node.placed_texts("services", problems),
        namespaces: node.placed_texts("namespaces", problems),
    })
}

fn enforcement(node: &Node<'_>, field: &str, problems: &mut Problems) -> Enforcement {
    match node.choice(field, &ENFORCEMENT, problems) {
        0 => Enforcement::Enforced,
        _ => Enforcement::Permissive,
    }
}

/// A ServiceRole.
pub(super) fn role(meta: Meta, spec: &Node<'_>, problems: &mut Problems) -> ServiceRole {
    let rules = spec.messages("rules", problems);
    ServiceRole { meta, rules: rules.iter().map(|rule| access_rule(rule, problems)).collect() }
}

fn access_rule(rule: &Node<'_>, problems: &mut Problems) -> AccessRule {
    let constraints = rule.messages("constraints", problems);
    AccessRule {
        place: rule.place(),
        services: rule.texts("services", problems),
        hosts: rule.texts("hosts", problems),
        not_hosts: rule.texts("notHosts", problems),
        paths: rule.texts("paths", problems),
        not_paths: rule.texts("notPaths", problems),
        methods: rule.texts("methods", problems),
        not_methods: rule.texts("notMethods", problems),
        ports: rule.ports("ports", problems),
        not_ports: rule.ports("notPorts", problems),
        constraints: constraints
            .iter()
            .map(|constraint| Constraint {
                place: constraint.place(),
                key: constraint.text("key", problems),
                values: constraint.texts("values", problems),
            })
            .collect(),
    }
}

/// A ServiceRoleBinding.
pub(super) fn binding(meta: Meta, spec: &Node<'_>, problems: &mut Problems) -> ServiceRoleBinding {
    let subjects = spec.messages("subjects", problems);
    ServiceRoleBinding {
        meta,
        subjects: subjects.iter().map(|node| subject(node, problems)).collect(),
        role: role_ref(spec, problems),
        enforcement: enforcement(spec, "mode", problems),
    }
}

/// `role` and `actions` belong to the alpha AuthorizationPolicy; a control plane that loaded a binding with them
/// crashed, so such a binding was never in force (E45). Returns true when there is one.
fn refuse_inline_roles(spec: &Node<'_>, problems: &mut Problems) -> bool {
    let inline: Vec<Node<'_>> = ["role", "actions"].iter().filter_map(|field| spec.field(field)).collect();
    for node in &inline {
        let message = format!("`{}` names no ServiceRole; only `roleRef` works in a ServiceRoleBinding.", node.path());
        problems.invalid(node.place(), message);
    }
    !inline.is_empty()
}

/// The reference to a role. `role_ref` is not another spelling of `roleRef` (E46): the proto name is `roleRef` itself.
fn role_ref(spec: &Node<'_>, problems: &mut Problems) -> RoleRef {
    let is_inline = refuse_inline_roles(spec, problems);
    let Some(node) = spec.key("roleRef") else {
        if !is_inline {
            problems.invalid(spec.place(), "The binding has no `roleRef`, so it grants no role.");
        }
        return RoleRef { place: spec.place(), name: String::new() };
    };
    let place = node.place();
    if node.map(problems).is_none() {
        return RoleRef { place, name: String::new() };
    }
    let kind = node.text("kind", problems);
    let name = node.text("name", problems);
    if kind != "ServiceRole" {
        let message = format!("`spec.roleRef.kind` must be ServiceRole, but is \"{kind}\".");
        problems.invalid(node.place_of("/kind"), message);
    }
    if name.is_empty() {
        problems.invalid(node.place_of("/name"), "`spec.roleRef.name` is empty, so the binding grants no role.");
    }
    RoleRef { place, name }
}

fn subject(node: &Node<'_>, problems: &mut Problems) -> Subject {
    Subject {
        place: node.place(),
        user: node.text("user", problems),
        names: node.texts("names", problems),
        not_names: node.texts("notNames", problems),
        group: node.text("group", problems),
        groups: node.texts("groups", problems),
        not_groups: node.texts("notGroups", problems),
        namespaces: node.texts("namespaces", problems),
        not_namespaces: node.texts("notNamespaces", problems),
        ips: node.texts("ips", problems),
        not_ips: node.texts("notIps", problems),
        properties: node.pairs("properties", problems),
    }
}
