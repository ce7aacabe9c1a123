//! Which config was in force, and whether anything was enforced at all (`meaning/rbac.md` §1.2, §6.2).

use crate::api::legacy::{Enforcement, RbacConfig, RbacMode};
use crate::convert::rbac::config::scope::Scope;
use crate::convert::rbac::place::survey;
use crate::convert::{Context, Part};
use crate::finding::catalogue::rbac as codes;
use crate::finding::{Code, Finding, Severity};
use crate::mesh::InventoryKind;

/// What the old mesh did with its roles.
pub enum Regime<'a> {
    /// They were enforced.
    Enforced(Scope<'a>),
    /// They were logged only (`enforcementMode: PERMISSIVE`).
    LogOnly(Scope<'a>),
    /// Nothing: every object was without effect, for this reason.
    Nothing(Code),
    /// It cannot be told, so nothing is converted.
    Refused,
}

/// Finds the effective config and says what is wrong with the others.
pub fn regime<'a>(context: Context<'a>, part: &mut Part) -> Regime<'a> {
    let mesh = context.mesh;
    let named_default = |kind: &str| mesh.in_doubt(kind).any(|object| object.name == "default");
    let cluster = mesh.configs.iter().any(|config| config.meta.kind == "ClusterRbacConfig");
    // A config that could not be read may be the one in force; a finding of its own says what is wrong with it.
    if named_default("ClusterRbacConfig") || (!cluster && named_default("RbacConfig")) {
        return doubt(context, part);
    }
    if let Some(two) = two_of_a_kind(context) {
        part.ledger.tell(two);
        return Regime::Refused;
    }
    let Some(config) = mesh.effective_config() else { return none(context, part) };
    overridden(context, config, part);
    let root = &mesh.settings.root_namespace;
    if let Some(policy) = survey::replaces_namespace(mesh, root).filter(|policy| policy.meta.namespace == *root) {
        let message =
            format!("{} selects every pod of the mesh, and old RBAC was ignored everywhere.", policy.meta.object());
        part.ledger.tell(
            Finding::new(codes::REPLACED_BY_POLICY, message).at(config.meta.place.clone()).on(config.meta.object()),
        );
        return Regime::Nothing(codes::REPLACED_BY_POLICY);
    }
    let scope = Scope { mesh, config };
    let say = |part: &mut Part, code: Code, message: &str| {
        part.ledger.tell(Finding::new(code, message).at(config.meta.place.clone()).on(config.meta.object()));
    };
    match (config.mode, config.enforcement) {
        (RbacMode::Off, _) => {
            say(part, codes::RBAC_OFF, "RBAC was off (`mode: OFF`), so roles and bindings had no effect.");
            Regime::Nothing(codes::RBAC_OFF)
        }
        (_, Enforcement::Permissive) => {
            say(
                part,
                codes::PERMISSIVE_CONFIG,
                "The config is PERMISSIVE: RBAC was only logged and nothing was denied, so nothing is enforced now.",
            );
            Regime::LogOnly(scope)
        }
        (_, Enforcement::Enforced) => Regime::Enforced(scope),
    }
}

fn doubt<'a>(context: Context<'_>, part: &mut Part) -> Regime<'a> {
    let roles = context.mesh.roles.iter().map(|role| &role.meta);
    if let Some(first) = roles.chain(context.mesh.bindings.iter().map(|binding| &binding.meta)).next() {
        let message =
            "The config that decides where RBAC is on was refused, so roles and bindings are left as they are.";
        part.ledger.tell(Finding::new(codes::CONFIG_REFUSED, message).at(first.place.clone()).on(first.object()));
    }
    Regime::Refused
}

/// Which of two configs counted was up to the order of the store (E18).
fn two_of_a_kind(context: Context<'_>) -> Option<Finding> {
    let of_kind =
        |kind: &str| context.mesh.configs.iter().filter(|c| c.meta.kind == kind).collect::<Vec<&RbacConfig>>();
    let cluster = of_kind("ClusterRbacConfig");
    let counted = if cluster.is_empty() { of_kind("RbacConfig") } else { cluster };
    match counted.as_slice() {
        [one, other, ..] => Some(
            Finding::new(
                codes::SEVERAL_CONFIGS,
                format!(
                    "There are {} objects of kind {} named `default`, and which one was in force cannot be told.",
                    counted.len(),
                    one.meta.kind
                ),
            )
            .at(one.meta.place.clone())
            .on(one.meta.object())
            .related(other.meta.place.clone(), "another one"),
        ),
        _ => None,
    }
}

/// No config in reach: nothing was enforced if that is all there is, and nobody knows otherwise.
fn none<'a>(context: Context<'_>, part: &mut Part) -> Regime<'a> {
    let mesh = context.mesh;
    let metas = mesh.roles.iter().map(|role| &role.meta).chain(mesh.bindings.iter().map(|binding| &binding.meta));
    let Some(first) = metas.into_iter().next() else { return Regime::Nothing(codes::NO_RBAC_CONFIG) };
    let finding = Finding::new(
        codes::NO_RBAC_CONFIG,
        "There is no ClusterRbacConfig in the input; without one, roles and bindings have no effect.",
    )
    .at(first.place.clone())
    .on(first.object());
    if mesh.evidence.closes(&[InventoryKind::ClusterRbacConfig, InventoryKind::RbacConfig]) {
        part.ledger.tell(
            finding
                .severity(Severity::Note)
                .remedy("Nothing is to be done: the roles and bindings never had an effect."),
        );
        return Regime::Nothing(codes::NO_RBAC_CONFIG);
    }
    // `--allow` of a "missing" finding never deletes (`meaning/knowledge.md` §4): what users mean is `--assume rbac=on`.
    part.ledger.tell(finding);
    Regime::Refused
}

/// A ClusterRbacConfig is used alone (E17).
fn overridden(context: Context<'_>, effective: &RbacConfig, part: &mut Part) {
    for config in &context.mesh.configs {
        if config.meta.manifest != effective.meta.manifest {
            let finding = Finding::new(
                codes::CONFIG_OVERRIDDEN,
                "A ClusterRbacConfig exists, so this RbacConfig was never read.",
            );
            part.ledger.tell(finding.at(config.meta.place.clone()).on(config.meta.object()));
            part.ledger.inert(config.meta.manifest, codes::CONFIG_OVERRIDDEN);
        }
    }
}
