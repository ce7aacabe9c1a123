//! Who holds a role: its bindings, and what can be said where they are not known or name no role.

use crate::api::ManifestId;
use crate::api::legacy::{Enforcement, ServiceRole, ServiceRoleBinding};
use crate::convert::rbac::config::scope::Scope;
use crate::convert::rbac::place::survey;
use crate::convert::{Context, Part};
use crate::finding::catalogue::rbac as codes;
use crate::finding::{Code, Finding};
use crate::mesh::InventoryKind;
use std::collections::BTreeSet;

/// A role with the bindings that count: all enforced, or all permissive for a dry-run copy.
pub struct Grant<'a> {
    /// The role.
    pub role: &'a ServiceRole,
    /// Its bindings, in source order.
    pub bindings: Vec<&'a ServiceRoleBinding>,
}

/// The bindings of a role with this enforcement.
pub fn of<'a>(context: Context<'a>, role: &ServiceRole, enforcement: Enforcement) -> Vec<&'a ServiceRoleBinding> {
    let of_role = context.mesh.bindings_of(&role.meta.namespace, &role.meta.name);
    of_role.filter(|binding| binding.enforcement == enforcement).collect()
}

/// True when the input shows every binding there is.
pub fn are_closed(context: Context<'_>) -> bool {
    context.mesh.evidence.closes(&[InventoryKind::ServiceRoleBinding])
}

/// True when the role would grant something if a binding named it.
pub fn may_grant(role: &ServiceRole, scope: Scope<'_>) -> bool {
    let namespace = role.meta.namespace.as_str();
    survey::replaces_namespace(scope.mesh, namespace).is_none() && scope.reaches_namespace(namespace)
}

/// A role whose binding may live elsewhere.
pub fn unknown(role: &ServiceRole) -> Finding {
    let (namespace, name) = (&role.meta.namespace, &role.meta.name);
    let message = format!("No binding in the input names the role `{name}`, and bindings may live elsewhere.");
    let remedy = format!(
        "Add the output of `kubectl get servicerolebindings.rbac.istio.io -n {namespace} -o yaml` to the input; if no binding names the role, say `--inventory-complete=servicerolebindings`."
    );
    Finding::new(codes::ROLE_WITHOUT_BINDING, message).remedy(remedy).at(role.meta.place.clone()).on(role.meta.object())
}

/// A binding of the role that was refused while it was read: who holds the role is not known then.
pub fn rejected(context: Context<'_>, role: &ServiceRole) -> Option<Finding> {
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

/// Why a role granted nothing whatever it says.
pub fn never_granted(grant: &Grant<'_>, scope: Scope<'_>, no_permissive: bool) -> Option<(Code, String)> {
    let meta = &grant.role.meta;
    if let Some(policy) = survey::replaces_namespace(scope.mesh, &meta.namespace) {
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
pub fn without_role(context: Context<'_>, part: &mut Part) {
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
