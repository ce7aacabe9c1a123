//! ServiceRole, ServiceRoleBinding, ClusterRbacConfig and RbacConfig (`meaning/rbac.md` §6).
//!
//! The effective config decides where RBAC is on ([`enabled`]) and becomes the default policies ([`defaults`]). A role
//! becomes, per selector of the services it is for ([`reach`]), one policy with one rule per access rule
//! ([`access_rule`]) and subject ([`subjects`]), limited to the ports of those services ([`scoping`]).
//!
//! What cannot be exact is refused, or narrowed with a finding; never wider unless the user allowed that finding.

mod access_rule;
mod addresses;
mod authentication;
mod clause;
mod config;
mod defaults;
mod dry_run;
mod enabled;
mod fence;
mod given;
mod ground;
mod headers;
mod identity;
mod policy;
mod principal_binding;
mod reach;
mod request_principal;
mod roles;
mod scoping;
mod services;
mod shadow;
mod static_constraints;
mod subjects;
mod trust_domain;
mod unnamed;

#[cfg(test)]
mod tests;

use super::{Context, Part};
use crate::api::ManifestId;
use crate::api::legacy::{Enforcement, ServiceRole};
use crate::finding::catalogue::rbac as codes;
use crate::finding::{Code, Finding, Relaxation};
use crate::mesh::InventoryKind;
use config::Regime;
use enabled::Scope;
use ground::Ground;
use reach::Around;
use roles::Grant;
use std::collections::BTreeSet;

/// Converts the RBAC objects of an environment.
pub fn convert(context: Context<'_>) -> Part {
    let mut part = Part::new(context.options);
    let accepted = part.ledger.weigh_all(dry_run::lost_denials(context));
    if context.mesh.configs.is_empty() && context.mesh.roles.is_empty() && context.mesh.bindings.is_empty() {
        return part;
    }
    if !part.ledger.weigh_all(authentication::unknown(context)) || !accepted {
        refuse_all(context, &mut part);
        return part;
    }
    match config::regime(context, &mut part) {
        Regime::Refused => refuse_all(context, &mut part),
        Regime::Nothing(code) => all_inert(context, code, &mut part),
        Regime::LogOnly(scope) if context.options.shadow => {
            let mut copy = Part::new(context.options);
            enforce(context, scope, Enforcement::Enforced, &mut copy);
            shadow::keep(context, copy, &mut part);
        }
        Regime::LogOnly(_) => all_inert(context, codes::PERMISSIVE_CONFIG, &mut part),
        Regime::Enforced(scope) => {
            enforce(context, scope, Enforcement::Enforced, &mut part);
            if context.options.shadow {
                shadow::permissive_bindings(context, scope, &mut part);
            }
        }
    }
    part
}

/// Converts config, roles and bindings under a config that is in force.
fn enforce(context: Context<'_>, scope: Scope<'_>, enforcement: Enforcement, part: &mut Part) {
    if !unnamed::check(context, scope, part) {
        return refuse_all(context, part);
    }
    let ground = Ground::survey(context.mesh);
    let defaults = defaults::convert(context, scope, &ground);
    let config = scope.config.meta.manifest;
    // No short cut: every assumption is noted or refused.
    let refused = defaults.assumptions.into_iter().filter(|given| !part.ledger.assume(config, given.clone())).count();
    if !part.ledger.weigh_all(defaults.findings) || refused > 0 {
        return refuse_all(context, part);
    }
    if defaults.closes && !context.options.strict {
        part.ledger.relax(Relaxation::UndeclaredPorts);
    }
    if defaults.drafts.is_empty() {
        let finding = Finding::new(
            codes::CONFIG_ENABLES_NOTHING,
            "The config switches RBAC on for nothing, so it becomes nothing.",
        );
        part.ledger.tell(finding.at(scope.config.meta.place.clone()).on(scope.config.meta.object()));
        part.ledger.inert(config, codes::CONFIG_ENABLES_NOTHING);
    }
    part.drafts.extend(defaults.drafts);
    for role in &context.mesh.roles {
        convert_role(context, role, scope, &ground, enforcement, part);
    }
    bindings_without_role(context, part);
}

fn convert_role(
    context: Context<'_>,
    role: &ServiceRole,
    scope: Scope<'_>,
    ground: &Ground<'_>,
    enforcement: Enforcement,
    part: &mut Part,
) {
    if role.meta.manifest.is_some_and(|id| part.ledger.is_refused(id)) {
        return;
    }
    let grant = Grant { role, bindings: roles::bindings_of(context, role, enforcement) };
    let logged = roles::bindings_of(context, role, Enforcement::Permissive);
    let all: Vec<ManifestId> = role
        .meta
        .manifest
        .into_iter()
        .chain(grant.bindings.iter().chain(&logged).filter_map(|binding| binding.meta.manifest))
        .collect();
    if let Some(finding) = rejected_binding(context, role) {
        part.ledger.tell(finding.at(role.meta.place.clone()).on(role.meta.object()));
        part.ledger.leave(all, codes::BINDING_REFUSED, role.meta.manifest);
        return;
    }
    if grant.bindings.is_empty() && logged.is_empty() && !mesh_closes_bindings(context) && may_grant(role, scope) {
        part.ledger.refuse(all, binding_unknown(role));
        return;
    }
    if let Some((code, message)) = never_granted(&grant, scope, logged.is_empty()) {
        part.ledger.tell(Finding::new(code, message).at(role.meta.place.clone()).on(role.meta.object()));
        part.ledger.inert(all, code);
        return;
    }
    for binding in &logged {
        let finding = Finding::new(
            codes::PERMISSIVE_BINDING,
            format!("The binding is PERMISSIVE: it only logged, and grants {} to nobody.", role.meta.name),
        );
        part.ledger.tell(finding.at(binding.meta.place.clone()).on(binding.meta.object()));
    }
    let around = Around { scope, ground, namespace: &role.meta.namespace };
    let converted = roles::convert(context, &grant, around);
    let refused = converted.refused();
    let because =
        converted.findings.iter().find(|finding| finding.refuses()).map_or(codes::ROLE_LOST, |found| found.code);
    let reason = converted.reason();
    let narrowed = narrowed_away(&converted);
    if !part.ledger.weigh_all(converted.findings) && refused {
        part.ledger.leave(all, because, role.meta.manifest);
        return;
    }
    for assumption in converted.assumptions {
        if !part.ledger.assume(all.iter().copied(), assumption) {
            return;
        }
    }
    part.ledger.inert(logged.iter().filter_map(|binding| binding.meta.manifest), codes::PERMISSIVE_BINDING);
    if converted.drafts.is_empty() {
        let enforced = role.meta.manifest.into_iter().chain(grant.bindings.iter().filter_map(|b| b.meta.manifest));
        if narrowed {
            let finding = Finding::new(
                codes::ROLE_LOST,
                "Nothing of the role can be expressed, so it is left as it is and the callers it named would be denied.",
            );
            part.ledger.tell(finding.at(role.meta.place.clone()).on(role.meta.object()));
            part.ledger.leave(enforced, codes::ROLE_LOST, role.meta.manifest);
        } else {
            part.ledger.inert(enforced, reason);
        }
        return;
    }
    part.ledger.inert(converted.idle.iter().copied(), codes::SUBJECT_MATCHES_NOBODY);
    for relaxation in converted.relaxations.iter().filter_map(|name| Relaxation::find(name)) {
        part.ledger.relax(relaxation);
    }
    part.drafts.extend(converted.drafts);
}

/// True when the input shows every binding there is.
fn mesh_closes_bindings(context: Context<'_>) -> bool {
    context.mesh.evidence.closes(&[InventoryKind::ServiceRoleBinding])
}

/// True when the role would grant something if a binding named it.
fn may_grant(role: &ServiceRole, scope: Scope<'_>) -> bool {
    let namespace = role.meta.namespace.as_str();
    ground::replaces_namespace(scope.mesh, namespace).is_none() && scope.reaches_namespace(namespace)
}

/// A role whose binding may live elsewhere.
fn binding_unknown(role: &ServiceRole) -> Finding {
    let (namespace, name) = (&role.meta.namespace, &role.meta.name);
    let message = format!("No binding in the input names the role `{name}`, and bindings may live elsewhere.");
    let remedy = format!(
        "Add the output of `kubectl get servicerolebindings.rbac.istio.io -n {namespace} -o yaml` to the input; if no binding names the role, say `--inventory-complete=servicerolebindings`."
    );
    Finding::new(codes::ROLE_WITHOUT_BINDING, message).remedy(remedy).at(role.meta.place.clone()).on(role.meta.object())
}

/// A binding of the role that was refused while it was read: who holds the role is not known then.
fn rejected_binding(context: Context<'_>, role: &ServiceRole) -> Option<Finding> {
    let mesh = context.mesh;
    let names_role = |id: &ManifestId| {
        let value = context.manifests.get(id.0).map(|input| input.manifest.value());
        let name = value.and_then(|value| value.pointer("/spec/roleRef/name")).and_then(|name| name.as_str());
        name == Some(role.meta.name.as_str())
    };
    let of_role = |(id, object): &&(ManifestId, crate::finding::ObjectRef)| {
        // The namespace of one in a base that is rendered several times is not known.
        let near = object.namespace.is_empty() || object.namespace == role.meta.namespace;
        object.kind == "ServiceRoleBinding" && near && names_role(id)
    };
    let (_, object) = mesh.rejected.iter().find(of_role)?;
    Some(Finding::new(
        codes::BINDING_REFUSED,
        format!("{object} names this role and was refused, so who holds the role is not known."),
    ))
}

/// True when a rule was left out although old Istio enforced it: the role's disappearance would be narrower.
fn narrowed_away(converted: &roles::Converted) -> bool {
    converted.findings.iter().any(|finding| {
        finding.direction == crate::finding::Direction::Narrower
            && finding.severity != crate::finding::Severity::Note
            && finding.code != codes::STAR_PRINCIPAL
    })
}

/// Why a role granted nothing whatever it says.
fn never_granted(grant: &Grant<'_>, scope: Scope<'_>, no_permissive: bool) -> Option<(Code, String)> {
    let meta = &grant.role.meta;
    if let Some(policy) = ground::replaces_namespace(scope.mesh, &meta.namespace) {
        let message = format!(
            "{} selects every pod of namespace `{}`, and old RBAC was ignored there.",
            policy.meta.object(),
            meta.namespace
        );
        return Some((codes::REPLACED_BY_POLICY, message));
    }
    if !scope.reaches_namespace(&meta.namespace) {
        let message = format!("RBAC was not on in namespace `{}`, so the role had no effect.", meta.namespace);
        return Some((codes::RBAC_NOT_ENABLED, message));
    }
    if grant.bindings.is_empty() {
        return Some(if no_permissive {
            (
                codes::ROLE_WITHOUT_BINDING,
                format!("No binding in the input names the role `{}`, so it grants to nobody.", meta.name),
            )
        } else {
            (
                codes::PERMISSIVE_BINDING,
                format!(
                    "Every binding of the role `{}` is PERMISSIVE: it only logged, and grants to nobody.",
                    meta.name
                ),
            )
        });
    }
    None
}

/// Bindings whose role is not in their namespace.
fn bindings_without_role(context: Context<'_>, part: &mut Part) {
    let mesh = context.mesh;
    let known: BTreeSet<(&str, &str)> =
        mesh.roles.iter().map(|role| (role.meta.namespace.as_str(), role.meta.name.as_str())).collect();
    for binding in &mesh.bindings {
        let named = |role: &&ServiceRole| role.meta.name == binding.role.name;
        let refused = binding.meta.manifest.is_some_and(|id| part.ledger.is_refused(id));
        if refused || known.contains(&(binding.meta.namespace.as_str(), binding.role.name.as_str())) {
            continue;
        }
        let rejected = mesh
            .in_doubt("ServiceRole")
            .any(|object| object.namespace == binding.meta.namespace && object.name == binding.role.name);
        let elsewhere = mesh.roles.iter().find(named);
        let message = match elsewhere {
            Some(role) => format!(
                "The role `{}` is in namespace `{}`; a binding names roles of its own namespace `{}` only.",
                binding.role.name, role.meta.namespace, binding.meta.namespace
            ),
            None => {
                format!("There is no ServiceRole `{}` in namespace `{}`.", binding.role.name, binding.meta.namespace)
            }
        };
        let finding = if rejected || !mesh.evidence.closes(&[InventoryKind::ServiceRole]) {
            Finding::new(codes::UNRESOLVED_ROLE, message).remedy(format!(
                "Mend the role, or add the output of `{}` to the input, or say with `--inventory-complete=serviceroles` that it does not exist.",
                crate::mesh::kubectl_get("servicerole", &binding.meta.namespace, &binding.role.name)
            ))
        } else {
            Finding::new(codes::BINDING_WITHOUT_ROLE, message)
        };
        let finding = finding.at(binding.role.place.clone()).on(binding.meta.object());
        let code = finding.code;
        let Some(manifest) = binding.meta.manifest else { continue };
        if finding.refuses() {
            part.ledger.refuse([manifest], finding);
        } else {
            part.ledger.tell(finding);
            part.ledger.inert([manifest], code);
        }
    }
}

/// The manifests of every RBAC object.
fn manifests(context: Context<'_>) -> impl Iterator<Item = ManifestId> {
    let mesh = context.mesh;
    let configs = mesh.configs.iter().map(|config| config.meta.manifest);
    let roles = mesh.roles.iter().map(|role| role.meta.manifest);
    let bindings = mesh.bindings.iter().map(|binding| binding.meta.manifest);
    configs.chain(roles).chain(bindings).flatten()
}

fn refuse_all(context: Context<'_>, part: &mut Part) {
    part.drafts.clear();
    part.ledger.leave_everything(manifests(context));
}

fn all_inert(context: Context<'_>, code: Code, part: &mut Part) {
    part.ledger.inert(manifests(context), code);
}
