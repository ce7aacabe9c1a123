//! ServiceRole, ServiceRoleBinding, ClusterRbacConfig and RbacConfig (`meaning/rbac.md` §6).
//!
//! Four chapters: [`config`] decides where RBAC is on and becomes the default policies; a role is [`place`] (the selectors
//! of the services it is for, and their ports) × [`what`] (access rules) × [`who`] (subjects of its [`bindings`]), put
//! together by [`roles`] into one policy per selector with one rule per access rule and subject.
//!
//! What cannot be exact is refused, or narrowed with a finding; never wider unless the user allowed that finding.

mod bindings;
mod clause;
mod config;
mod objects;
mod place;
mod policy;
mod roles;
mod shadow;
mod what;
mod who;

#[cfg(test)]
mod tests;

use super::{Context, Part};
use crate::api::ManifestId;
use crate::api::legacy::{Enforcement, ServiceRole, ServiceRoleBinding};
use crate::finding::catalogue::rbac as codes;
use crate::finding::{Finding, Relaxation};
use bindings::Grant;
use config::in_force::{self, Regime};
use config::scope::Scope;
use config::{defaults, dry_run, unnamed};
use objects::{all_inert, refuse_all};
use place::survey::Survey;
use place::view::NamespaceView;
use who::authentication;

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
    match in_force::regime(context, &mut part) {
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
    let survey = Survey::of(context.mesh);
    let defaults = defaults::convert(context, scope, &survey);
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
        let view = NamespaceView { context, scope, survey: &survey, namespace: &role.meta.namespace };
        convert_role(role, view, enforcement, part);
    }
    bindings::without_role(context, part);
}

fn convert_role(role: &ServiceRole, view: NamespaceView<'_>, enforcement: Enforcement, part: &mut Part) {
    let Some(held) = held(role, view, enforcement, part) else { return };
    for binding in &held.logged {
        let finding = Finding::new(
            codes::PERMISSIVE_BINDING,
            format!("The binding is PERMISSIVE: it only logged, and grants {} to nobody.", role.meta.name),
        );
        part.ledger.tell(finding.at(binding.meta.place.clone()).on(binding.meta.object()));
    }
    let converted = roles::convert(&held.grant, view);
    settle(converted, &held, part);
}

/// A role that somebody holds.
struct Held<'a> {
    grant: Grant<'a>,
    /// The bindings that only logged.
    logged: Vec<&'a ServiceRoleBinding>,
    /// The manifests of the role and of every binding.
    all: Vec<ManifestId>,
}

/// The role with its bindings; `None` where it is refused or grants nothing whatever it says, which is told.
fn held<'a>(
    role: &'a ServiceRole,
    view: NamespaceView<'a>,
    enforcement: Enforcement,
    part: &mut Part,
) -> Option<Held<'a>> {
    let (context, scope) = (view.context, view.scope);
    if role.meta.manifest.is_some_and(|id| part.ledger.is_refused(id)) {
        return None;
    }
    let grant = Grant { role, bindings: bindings::of(context, role, enforcement) };
    let logged = bindings::of(context, role, Enforcement::Permissive);
    let of_bindings = grant.bindings.iter().chain(&logged).filter_map(|binding| binding.meta.manifest);
    let all: Vec<ManifestId> = role.meta.manifest.into_iter().chain(of_bindings).collect();
    if let Some(finding) = bindings::rejected(context, role) {
        part.ledger.tell(finding.at(role.meta.place.clone()).on(role.meta.object()));
        part.ledger.leave(all, codes::BINDING_REFUSED, role.meta.manifest);
        return None;
    }
    let nobody_shown = grant.bindings.is_empty() && logged.is_empty();
    if nobody_shown && !bindings::are_closed(context) && bindings::may_grant(role, scope) {
        part.ledger.refuse(all, bindings::unknown(role));
        return None;
    }
    if let Some((code, message)) = bindings::never_granted(&grant, scope, logged.is_empty()) {
        part.ledger.tell(Finding::new(code, message).at(role.meta.place.clone()).on(role.meta.object()));
        part.ledger.inert(all, code);
        return None;
    }
    Some(Held { grant, logged, all })
}

/// Enters what became of a role into the ledger: refused, without effect, or new policies.
fn settle(converted: roles::Converted, held: &Held<'_>, part: &mut Part) {
    let role = held.grant.role;
    let refused = converted.refused();
    let because =
        converted.findings.iter().find(|finding| finding.refuses()).map_or(codes::ROLE_LOST, |found| found.code);
    let reason = converted.reason();
    let narrowed = narrowed_away(&converted);
    if !part.ledger.weigh_all(converted.findings) && refused {
        part.ledger.leave(held.all.iter().copied(), because, role.meta.manifest);
        return;
    }
    for assumption in converted.assumptions {
        if !part.ledger.assume(held.all.iter().copied(), assumption) {
            return;
        }
    }
    part.ledger.inert(held.logged.iter().filter_map(|binding| binding.meta.manifest), codes::PERMISSIVE_BINDING);
    if converted.drafts.is_empty() {
        let bindings = held.grant.bindings.iter().filter_map(|binding| binding.meta.manifest);
        let enforced = role.meta.manifest.into_iter().chain(bindings);
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

/// True when a rule was left out although old Istio enforced it: the role's disappearance would be narrower.
fn narrowed_away(converted: &roles::Converted) -> bool {
    converted.findings.iter().any(|finding| {
        finding.direction == crate::finding::Direction::Narrower
            && finding.severity != crate::finding::Severity::Note
            && finding.code != codes::STAR_PRINCIPAL
    })
}
