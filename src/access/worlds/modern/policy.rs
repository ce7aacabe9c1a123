//! AuthorizationPolicies: which select a workload, and in what order they decide (`meaning/rbac.md` §4.1 to §4.3, §4.7).

use super::condition::{self, Scope, Unusable};
use crate::access::logic::formula::{Formula, Formulas};
use crate::access::worlds::decide::{Clause, Ruling};
use crate::access::worlds::terms;
use crate::api::Labels;
use crate::api::security::{Action, AuthorizationPolicy, PolicyRule};
use crate::mesh::{Mesh, Version, selects};

/// The policies of the workload's namespace and of the root namespace whose selector matches; without those that are
/// attached to gateways or run dry.
pub fn selecting<'a>(
    mesh: &'a Mesh,
    namespace: &str,
    labels: &Labels,
    version: Version,
) -> Vec<&'a AuthorizationPolicy> {
    let root = &mesh.settings.root_namespace;
    let near = |policy: &&AuthorizationPolicy| policy.meta.namespace == namespace || policy.meta.namespace == *root;
    // Dry run is known from 1.10 on; before, the annotation meant nothing.
    let enforced = |policy: &&AuthorizationPolicy| !(policy.dry_run && version.at_least(10));
    let attached = |policy: &&AuthorizationPolicy| !policy.target_refs && selects(&policy.selector, labels);
    mesh.authorization.iter().filter(near).filter(attached).filter(enforced).collect()
}

/// Adds the clauses of the policies that select the workload, in the order in which they decide: an external
/// authorizer that denies, ANY DENY rule that matches, ANY ALLOW rule that matches; then refusal, if there was an ALLOW
/// policy at all.
pub fn authorize(f: &mut Formulas, policies: &[&AuthorizationPolicy], scope: Scope<'_>, ruling: &mut Ruling) {
    for policy in policies {
        if let Action::Custom(provider) = &policy.action {
            let denies = terms::opaque(f, &format!("the external authorizer {provider} denies it"));
            clauses(f, policy, scope, ruling, denies, &format!("hands over to {provider}, which denies"));
        }
    }
    for policy in policies.iter().filter(|policy| policy.action == Action::Deny) {
        clauses(f, policy, scope, ruling, Formula::TRUE, "denies it");
    }
    let mut default_deny = None;
    for policy in policies.iter().filter(|policy| policy.action == Action::Allow) {
        default_deny.get_or_insert(*policy);
        clauses(f, policy, scope, ruling, Formula::TRUE, "allows it");
    }
    if let Some(policy) = default_deny {
        let reason = "no ALLOW rule matches, and an ALLOW policy selects the workload";
        ruling.otherwise = Clause::new(Formula::TRUE, false, reason).of(&policy.meta);
    }
}

/// One clause per rule of a policy.
fn clauses(
    f: &mut Formulas,
    policy: &AuthorizationPolicy,
    scope: Scope<'_>,
    ruling: &mut Ruling,
    and: Formula,
    verb: &str,
) {
    let allow = policy.action == Action::Allow;
    let scope = Scope { namespace: &policy.meta.namespace, ..scope };
    for (index, rule) in policy.rules.iter().enumerate() {
        let matched = matches(f, &scope, rule, !allow);
        let when = f.all([matched, and]);
        let reason = format!("rule {} of {} {verb}", index + 1, policy.meta.object());
        ruling.push(Clause::new(when, allow, reason).at(&policy.meta, &rule.place));
    }
}

/// ANY entry of `from`, ANY entry of `to`, ALL of `when`. A rule that cannot be used matches nothing.
///
/// On TCP chains a DENY rule (`lenient`) loses its HTTP-only parts. An ALLOW rule with any is left out; 1.5 left out
/// only the entry.
fn matches(f: &mut Formulas, scope: &Scope<'_>, rule: &PolicyRule, lenient: bool) -> Formula {
    let per_entry = !scope.version.at_least(6);
    let parts = [
        entries(rule.from.iter().map(|source| condition::source(f, scope, source, lenient)).collect(), per_entry),
        entries(
            rule.to.iter().map(|operation| condition::operation(f, scope, operation, lenient)).collect(),
            per_entry,
        ),
    ];
    let mut conditions = Vec::new();
    for part in parts {
        match part {
            Some(Entries::Unconstrained) => {}
            Some(Entries::Any(ways)) => conditions.push(f.any(ways)),
            None => return Formula::FALSE,
        }
    }
    for when in &rule.when {
        match condition::when(f, scope, when, lenient) {
            Ok(condition) => conditions.extend(condition),
            Err(_) => return Formula::FALSE,
        }
    }
    f.all(conditions)
}

/// The usable entries of `from` or `to`.
enum Entries {
    /// The list is empty: anything goes.
    Unconstrained,
    /// ANY of these.
    Any(Vec<Formula>),
}

/// `None` when the rule cannot be used because of one of the entries.
fn entries(entries: Vec<Result<Formula, Unusable>>, per_entry: bool) -> Option<Entries> {
    if entries.is_empty() {
        return Some(Entries::Unconstrained);
    }
    let mut ways = Vec::new();
    for entry in entries {
        match entry {
            Ok(formula) => ways.push(formula),
            Err(Unusable::HttpOnly) if per_entry => {}
            Err(_) => return None,
        }
    }
    Some(Entries::Any(ways))
}
