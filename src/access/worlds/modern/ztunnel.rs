//! The rules of ztunnel, for pods of an ambient mesh (`meaning/surroundings.md` 4.3 to 4.9).
//!
//! ztunnel sees connections: who the peer is, from where, to which port. An ALLOW rule that asks for more is left out as
//! a whole; of a DENY rule only what asks for more is, and an entry with nothing left matches nothing.

use super::policy::selecting;
use crate::access::logic::attribute::Attribute;
use crate::access::logic::formula::{Formula, Formulas};
use crate::access::logic::pattern::{self, Glob, Test};
use crate::access::worlds::decide::{Clause, Ruling};
use crate::access::worlds::mtls::{self, PortModes, SetMode};
use crate::access::worlds::subject::Subject;
use crate::access::worlds::terms;
use crate::api::security::{Action, AuthorizationPolicy, Condition, Field, MtlsMode, Operation, PolicyRule, Source};
use crate::mesh::{Mesh, Version};

/// How ztunnel decides about connections to a port: mode of the port, trust domain, DENY, ALLOW.
pub fn ruling(f: &mut Formulas, mesh: &Mesh, subject: &Subject<'_>) -> Ruling {
    let allowed = Clause::new(Formula::TRUE, true, "no AuthorizationPolicy with action ALLOW selects the workload");
    let mut ruling = Ruling::new(allowed);
    mtls::refuse(f, modes(mesh, subject).as_ref(), subject, &mut ruling);
    for alias in &mesh.settings.trust_domain_aliases {
        let (mtls, domain) = (f.present(Attribute::Mtls), f.is(Attribute::TrustDomain, alias));
        let foreign = f.all([mtls, domain]);
        ruling.push(Clause::new(foreign, false, "ztunnel takes certificates of its own trust domain only"));
    }
    let namespace = subject.workload.meta.namespace.as_str();
    let policies = selecting(mesh, namespace, &subject.workload.pod_labels, mesh.settings.target);
    let scope = Scope { version: mesh.settings.target, port: subject.port, namespace: "" };
    for policy in policies.iter().filter(|policy| policy.action == Action::Deny) {
        clauses(f, policy, scope, "denies it", &mut ruling);
    }
    let mut default_deny = None;
    for policy in policies.iter().filter(|policy| policy.action == Action::Allow) {
        default_deny.get_or_insert(*policy);
        clauses(f, policy, scope, "allows it", &mut ruling);
    }
    if let Some(policy) = default_deny {
        let reason = "no ALLOW rule that ztunnel knows matches, and an ALLOW policy selects the workload";
        ruling.otherwise = Clause::new(Formula::TRUE, false, reason).of(&policy.meta);
    }
    ruling
}

/// ztunnel knows STRICT, and takes anything else for both kinds of connection. An exception from a STRICT that the
/// workload's own policy only inherits counts as PERMISSIVE, not as DISABLE (4.8).
fn modes<'a>(mesh: &'a Mesh, subject: &Subject<'_>) -> Option<PortModes<'a>> {
    let all_ports = Subject { port: None, ..*subject };
    let mut modes = mtls::composed(mesh, &all_ports, Version::NEWEST)?;
    let open = |set: &mut SetMode<'_>| {
        if set.mode == MtlsMode::Disable {
            set.mode = MtlsMode::Permissive;
        }
    };
    let base = modes.base;
    for (_, exception) in &mut modes.exceptions {
        let inherited = base.by.map(|meta| meta.object()) != exception.by.map(|meta| meta.object());
        if exception.mode == MtlsMode::Disable && base.mode == MtlsMode::Strict && inherited {
            exception.mode = MtlsMode::Strict;
        }
        open(exception);
    }
    open(&mut modes.base);
    Some(modes)
}

/// What a field means depends on these.
#[derive(Clone, Copy, Debug)]
struct Scope<'a> {
    version: Version,
    /// The container port, when it is one.
    port: Option<u16>,
    /// The namespace of the policy.
    namespace: &'a str,
}

/// One clause per rule of a policy.
fn clauses(f: &mut Formulas, policy: &AuthorizationPolicy, scope: Scope<'_>, verb: &str, ruling: &mut Ruling) {
    let allow = policy.action == Action::Allow;
    let scope = Scope { namespace: &policy.meta.namespace, ..scope };
    for (index, rule) in policy.rules.iter().enumerate() {
        let when = matches(f, scope, rule, allow);
        let reason = format!("rule {} of {} {verb}", index + 1, policy.meta.object());
        ruling.push(Clause::new(when, allow, reason).at(&policy.meta, &rule.place));
    }
}

/// What of a source, an operation or a condition ztunnel is told.
enum Told {
    /// These, ALL of which must hold; none when the entry is empty or was stripped bare.
    Parts(Vec<Formula>),
    /// The entry asks for something else besides these.
    Stripped(Vec<Formula>),
}

/// ALL clauses: `from`, `to`, and each of `when`.
fn matches(f: &mut Formulas, scope: Scope<'_>, rule: &PolicyRule, allow: bool) -> Formula {
    let mut clauses: Vec<Vec<Told>> = Vec::new();
    if !rule.from.is_empty() {
        clauses.push(rule.from.iter().map(|entry| source(f, scope, entry)).collect());
    }
    if !rule.to.is_empty() {
        clauses.push(rule.to.iter().map(|entry| operation(f, scope, entry)).collect());
    }
    clauses.extend(rule.when.iter().map(|entry| vec![condition(f, scope, entry)]));
    let stripped = clauses.iter().flatten().any(|told| matches!(told, Told::Stripped(_)));
    if allow && stripped {
        return Formula::FALSE;
    }
    let clauses: Vec<Formula> = clauses.into_iter().map(|clause| any_entry(f, clause)).collect();
    f.all(clauses)
}

/// ANY entry; one with nothing in it is skipped.
fn any_entry(f: &mut Formulas, entries: Vec<Told>) -> Formula {
    let mut ways = Vec::new();
    for told in entries {
        let (Told::Parts(parts) | Told::Stripped(parts)) = told;
        if !parts.is_empty() {
            ways.push(f.all(parts));
        }
    }
    f.any(ways)
}

/// How one value of a field matches.
type Matcher = fn(&mut Formulas, Scope<'_>, &str) -> Formula;

fn source(f: &mut Formulas, scope: Scope<'_>, source: &Source) -> Told {
    let accounts_known = scope.version.at_least(26);
    let mut known: Vec<(&Field, Matcher)> =
        vec![(&source.principals, principal), (&source.namespaces, namespace), (&source.ip_blocks, source_ip)];
    if accounts_known {
        known.push((&source.service_accounts, service_account));
    }
    let unknown = !source.request_principals.is_empty()
        || !source.remote_ip_blocks.is_empty()
        || !source.trust_domains.is_empty()
        || (!accounts_known && !source.service_accounts.is_empty());
    told(f, scope, &known, unknown)
}

fn operation(f: &mut Formulas, scope: Scope<'_>, operation: &Operation) -> Told {
    let unknown = !operation.hosts.is_empty() || !operation.methods.is_empty() || !operation.paths.is_empty();
    told(f, scope, &[(&operation.ports, port)], unknown)
}

fn condition(f: &mut Formulas, scope: Scope<'_>, condition: &Condition) -> Told {
    let matcher: Option<Matcher> = match condition.key.as_str() {
        "source.ip" => Some(source_ip),
        "source.namespace" => Some(namespace),
        "source.principal" => Some(principal),
        "destination.ip" => Some(destination_ip),
        "destination.port" => Some(port),
        _ => None,
    };
    match matcher {
        Some(matcher) => told(f, scope, &[(&condition.field, matcher)], false),
        None => Told::Stripped(Vec::new()),
    }
}

fn told(f: &mut Formulas, scope: Scope<'_>, known: &[(&Field, Matcher)], unknown: bool) -> Told {
    let filled = known.iter().filter(|(field, _)| !field.is_empty());
    let parts = filled.map(|(field, matcher)| one_field(f, scope, field, *matcher)).collect();
    if unknown { Told::Stripped(parts) } else { Told::Parts(parts) }
}

/// ANY of the values matches (or there are none), and NONE of the negated ones does.
fn one_field(f: &mut Formulas, scope: Scope<'_>, field: &Field, matcher: Matcher) -> Formula {
    let mut any = |values: &[String]| {
        let ways: Vec<Formula> = values.iter().map(|value| matcher(f, scope, value)).collect();
        f.any(ways)
    };
    let (values, not) = (any(&field.values), any(&field.not));
    terms::any_and_none(f, (!field.values.is_empty()).then_some(values), not)
}

/// Trust domain aliases are not known to ztunnel.
fn principal(f: &mut Formulas, _: Scope<'_>, value: &str) -> Formula {
    terms::identity(f, &Glob::parse(value))
}

fn namespace(f: &mut Formulas, _: Scope<'_>, value: &str) -> Formula {
    let (mtls, namespace) = (f.present(Attribute::Mtls), f.glob(Attribute::Namespace, Glob::parse(value)));
    f.all([mtls, namespace])
}

fn service_account(f: &mut Formulas, scope: Scope<'_>, value: &str) -> Formula {
    let (namespace, account) = value.split_once('/').unwrap_or((scope.namespace, value));
    let (namespace, account) = (f.is(Attribute::Namespace, namespace), f.is(Attribute::ServiceAccount, account));
    let mtls = f.present(Attribute::Mtls);
    f.all([mtls, namespace, account])
}

fn source_ip(f: &mut Formulas, _: Scope<'_>, value: &str) -> Formula {
    address(f, Attribute::SourceIp, value)
}

fn destination_ip(f: &mut Formulas, _: Scope<'_>, value: &str) -> Formula {
    address(f, Attribute::DestinationIp, value)
}

/// A block that cannot be read matches nothing.
fn address(f: &mut Formulas, attribute: Attribute, value: &str) -> Formula {
    pattern::cidr(value).map_or(Formula::FALSE, |net| f.atom(attribute, Test::Cidr(net)))
}

fn port(f: &mut Formulas, scope: Scope<'_>, value: &str) -> Formula {
    pattern::port(value).map_or(Formula::FALSE, |number| terms::port(f, scope.port, number))
}
