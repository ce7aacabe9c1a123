//! Roles and bindings in a namespace that nobody named: what they mean may depend on its name.

use crate::api::legacy::{AccessRule, RbacTarget, ServiceRole, ServiceRoleBinding};
use crate::api::namespace::{in_words, is_unnamed, may_be_same};
use crate::api::{ManifestId, Meta};
use crate::convert::rbac::config::scope::Scope;
use crate::convert::rbac::place::services;
use crate::convert::{Context, Part};
use crate::finding::catalogue::belonging::UNKNOWN_NAMESPACE;
use crate::finding::{Finding, Place};
use std::collections::{BTreeMap, BTreeSet};

/// Refuses what depends on the name of a namespace that nobody named. False when that is everything.
pub fn check(context: Context<'_>, scope: Scope<'_>, part: &mut Part) -> bool {
    if let Some(finding) = listed(context, scope) {
        part.ledger.tell(finding);
        return false;
    }
    bindings_elsewhere(context, part);
    let mut by_namespace: BTreeMap<&str, Vec<&ServiceRole>> = BTreeMap::new();
    for role in context.mesh.roles.iter().filter(|role| is_unnamed(&role.meta.namespace)) {
        by_namespace.entry(&role.meta.namespace).or_default().push(role);
    }
    for roles in by_namespace.into_values() {
        rules_that_name_it(context, &roles, part);
    }
    true
}

/// The config says by name where RBAC is on, and roles or bindings are in a namespace whose name is not known.
fn listed(context: Context<'_>, scope: Scope<'_>) -> Option<Finding> {
    let target = scope.target().filter(|target| !target.namespaces.is_empty() || !target.services.is_empty())?;
    let mesh = context.mesh;
    let roles = mesh.roles.iter().map(|role| &role.meta);
    let metas: Vec<&Meta> =
        roles.chain(mesh.bindings.iter().map(|b| &b.meta)).filter(|meta| is_unnamed(&meta.namespace)).collect();
    let first = metas.first()?;
    let others = match metas.len() - 1 {
        0 => String::new(),
        1 => ", like one other object,".to_owned(),
        n => format!(", like {n} other objects,"),
    };
    let named = named_by(target, &mesh.settings.cluster_domain);
    let listed: Vec<String> = named.iter().map(|name| format!("`{name}`")).collect();
    let message = format!(
        "{}{others} is in {}, and the config goes by name ({}): whether RBAC was on there is not known.",
        first.object(),
        in_words(&first.namespace),
        listed.join(", ")
    );
    let finding = Finding::new(UNKNOWN_NAMESPACE, message)
        .at(first.place.clone())
        .on(first.object())
        .related(target.place.clone(), "the namespaces that the config names");
    let inclusion = scope.config.inclusion.as_ref() == Some(target);
    Some(match named.iter().collect::<Vec<_>>().as_slice() {
        [only] if inclusion => {
            let remedy = finding.remedy.clone();
            finding.remedy(format!("{remedy} With `-n {only}` RBAC is on for {}.", them(metas.len())))
        }
        _ => finding,
    })
}

fn them(count: usize) -> &'static str {
    if count == 1 { "it" } else { "them" }
}

/// The namespaces that a list of the config is about.
fn named_by<'a>(target: &'a RbacTarget, domain: &str) -> BTreeSet<&'a str> {
    let hosts = target
        .services
        .iter()
        .map(|(host, _)| services::split_host(host, domain).map_or(host.as_str(), |(_, namespace)| namespace));
    target.namespaces.iter().map(|(name, _)| name.as_str()).chain(hosts).collect()
}

/// Bindings whose role is in another namespace that may be the same.
fn bindings_elsewhere(context: Context<'_>, part: &mut Part) {
    let mesh = context.mesh;
    for binding in &mesh.bindings {
        let meant = |role: &&ServiceRole| {
            role.meta.name == binding.role.name
                && role.meta.namespace != binding.meta.namespace
                && may_be_same(&role.meta.namespace, &binding.meta.namespace)
        };
        let Some(role) = mesh.roles.iter().find(meant) else { continue };
        let of_role = mesh.bindings_of(&role.meta.namespace, &role.meta.name);
        let together: Vec<ManifestId> = of_role
            .map(|binding: &ServiceRoleBinding| &binding.meta)
            .chain([&role.meta, &binding.meta])
            .filter_map(|meta| meta.manifest)
            .collect();
        let message = format!(
            "The binding is in {} and the role `{}` in {}; a binding names roles of its own namespace only, and whether these are one namespace is not known.",
            in_words(&binding.meta.namespace),
            role.meta.name,
            in_words(&role.meta.namespace)
        );
        let finding = Finding::new(UNKNOWN_NAMESPACE, message)
            .at(binding.role.place.clone())
            .on(binding.meta.object())
            .related(role.meta.place.clone(), "the role");
        part.ledger.tell(with_candidate(
            finding,
            [&binding.meta.namespace, &role.meta.namespace],
            "they belong together",
        ));
        part.ledger.leave(together, UNKNOWN_NAMESPACE, binding.meta.manifest);
    }
}

/// Adds to the remedy that one of two namespaces has a name.
fn with_candidate(finding: Finding, either: [&String; 2], then: &str) -> Finding {
    match either.into_iter().find(|name| !is_unnamed(name)) {
        Some(name) => {
            let remedy = finding.remedy.clone();
            finding.remedy(format!("{remedy} With `-n {name}` {then}."))
        }
        None => finding,
    }
}

/// A rule that depends on the name, by what it says.
struct Dependent<'a> {
    role: &'a ServiceRole,
    place: &'a Place,
    /// What goes by the name, as written.
    what: String,
    /// The namespaces with which the rule matches, as far as it names them.
    candidates: BTreeSet<String>,
}

/// Refuses the roles of one unnamed namespace that speak of namespaces by name.
fn rules_that_name_it(context: Context<'_>, roles: &[&ServiceRole], part: &mut Part) {
    let domain = &context.mesh.settings.cluster_domain;
    let dependent: Vec<Dependent<'_>> =
        roles.iter().flat_map(|role| role.rules.iter().filter_map(|rule| dependent(role, rule, domain))).collect();
    // A namespace makes the rules match if ALL of them name it.
    let all: BTreeSet<&String> = dependent.iter().flat_map(|rule| &rule.candidates).collect();
    let fitting: Vec<&String> =
        all.into_iter().filter(|name| dependent.iter().all(|rule| rule.candidates.contains(*name))).collect();
    let hint = match (fitting.as_slice(), dependent.len()) {
        ([only], 1) => format!(" With `-n {only}` the rule matches."),
        ([only], 2) => format!(" With `-n {only}` both rules match."),
        ([only], count) => format!(" With `-n {only}` all {count} rules match."),
        _ => String::new(),
    };
    let mut told: BTreeSet<ManifestId> = BTreeSet::new();
    for rule in &dependent {
        let Some(id) = rule.role.meta.manifest else { continue };
        part.ledger.leave([id], UNKNOWN_NAMESPACE, None);
        let bindings = context.mesh.bindings_of(&rule.role.meta.namespace, &rule.role.meta.name);
        part.ledger.leave(bindings.filter_map(|binding| binding.meta.manifest), UNKNOWN_NAMESPACE, Some(id));
        if !told.insert(id) {
            continue;
        }
        let message = format!(
            "{} goes by the name of the namespace, and the role is in {}.",
            rule.what,
            in_words(&rule.role.meta.namespace)
        );
        let finding = Finding::new(UNKNOWN_NAMESPACE, message).at(rule.place.clone()).on(rule.role.meta.object());
        let remedy = format!("{}{hint}", finding.remedy);
        part.ledger.tell(finding.remedy(remedy));
    }
}

fn dependent<'a>(role: &'a ServiceRole, rule: &'a AccessRule, domain: &str) -> Option<Dependent<'a>> {
    let found = |what: String, candidates| Dependent { role, place: &rule.place, what, candidates };
    // One pattern that matches every service decides for the others.
    let decided = rule.services.iter().any(|pattern| services::matches_any_namespace(pattern, domain));
    let patterns: Vec<&String> =
        rule.services.iter().filter(|pattern| !decided && services::goes_by_namespace(pattern, domain)).collect();
    if let Some(first) = patterns.first() {
        let candidates = patterns.iter().filter_map(|pattern| services::namespace_in(pattern, domain)).collect();
        return Some(found(format!("The service `{first}`"), candidates));
    }
    let constraint = rule.constraints.iter().find(|constraint| {
        let matches_all = || constraint.values.iter().any(|value| value == "*");
        matches!(constraint.key.as_str(), "destination.namespace" | "destination.user") && !matches_all()
    })?;
    let exact = |value: &&String| constraint.key == "destination.namespace" && services::is_exact(value);
    let candidates = constraint.values.iter().filter(exact).cloned().collect();
    Some(found(format!("The constraint `{}: [{}]`", constraint.key, constraint.values.join(", ")), candidates))
}
