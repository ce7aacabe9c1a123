//! Access rules and their constraints (`meaning/rbac.md` §2.2, §2.4, §3.6).

use super::is_http;
use crate::access::Transport;
use crate::access::logic::attribute::Attribute;
use crate::access::logic::formula::{Formula, Formulas};
use crate::access::logic::pattern::{self, Glob, static_matches};
use crate::access::worlds::subject::Subject;
use crate::access::worlds::terms;
use crate::api::core::Service;
use crate::api::legacy::{AccessRule, AddedKeys, Constraint};
use crate::mesh::Mesh;
use std::collections::BTreeMap;

/// What a rule is asked about.
pub struct Target<'a> {
    /// The mesh.
    pub mesh: &'a Mesh,
    /// The service that governs the port.
    pub service: &'a Service,
    /// Its host name.
    pub host: String,
    /// The port and the workload.
    pub subject: &'a Subject<'a>,
    /// The chain.
    pub chain: Transport,
}

impl Target<'_> {
    /// ANY service pattern of the rule matches the host name; no pattern matches every service.
    pub fn fits(&self, rule: &AccessRule) -> bool {
        rule.services.is_empty() || rule.services.iter().any(|pattern| static_matches(pattern, &self.host))
    }
}

/// What one constraint comes to.
enum Reading {
    /// It must hold.
    Must(Formula),
    /// Pilot ignored it.
    Ignored,
}

/// ALL of: a service pattern fits, and every field and constraint holds. On TCP a rule with any HTTP-only content grants
/// nothing. What Pilot ignored is left out; with nothing left the rule grants everything.
pub fn matches(f: &mut Formulas, target: &Target<'_>, rule: &AccessRule) -> Formula {
    if !target.fits(rule) || (!is_http(target.chain) && is_http_only(rule, &target.mesh.settings.added_keys)) {
        return Formula::FALSE;
    }
    let mut conditions = Vec::new();
    if is_http(target.chain) {
        conditions.extend([
            headers(f, ":authority", &rule.hosts, &rule.not_hosts),
            headers(f, ":method", &rule.methods, &rule.not_methods),
            headers(f, ":path", &rule.paths, &rule.not_paths),
        ]);
    }
    let ports = any_port(f, target, &rule.ports);
    let not_ports = any_port(f, target, &rule.not_ports);
    conditions.push(terms::any_and_none(f, (!rule.ports.is_empty()).then_some(ports), not_ports));
    // On a repeated key the last constraint counts (E104).
    let last: BTreeMap<&str, &Constraint> = rule.constraints.iter().map(|c| (c.key.as_str(), c)).collect();
    for constraint in last.into_values() {
        if let Reading::Must(formula) = read(f, target, constraint) {
            conditions.push(formula);
        }
    }
    f.all(conditions)
}

/// True when the rule looks at HTTP, whatever the values: `methods: ["*"]` too (E64).
fn is_http_only(rule: &AccessRule, added: &AddedKeys) -> bool {
    let lists = [&rule.hosts, &rule.not_hosts, &rule.paths, &rule.not_paths, &rule.methods, &rule.not_methods];
    let key = |c: &Constraint| added.constraint(&c.key).starts_with("request.headers");
    lists.iter().any(|list| !list.is_empty()) || rule.constraints.iter().any(key)
}

/// M-header of the old API: an empty pattern asked for presence.
pub fn header_glob(pattern: &str) -> Glob {
    if pattern.is_empty() { Glob::Any } else { Glob::parse(pattern) }
}

/// ANY of the values, and NONE of the negated ones, on one header.
fn headers(f: &mut Formulas, name: &str, values: &[String], not: &[String]) -> Formula {
    let any = |f: &mut Formulas, values: &[String]| {
        let ways: Vec<Formula> = values.iter().map(|value| terms::header(f, name, &header_glob(value))).collect();
        f.any(ways)
    };
    let (matched, refused) = (any(f, values), any(f, not));
    terms::any_and_none(f, (!values.is_empty()).then_some(matched), refused)
}

fn any_port(f: &mut Formulas, target: &Target<'_>, ports: &[u16]) -> Formula {
    let ways: Vec<Formula> = ports.iter().map(|&port| terms::port(f, target.subject.port, port)).collect();
    f.any(ways)
}

/// ANY value of a constraint; keys and values that Pilot did not understand are ignored.
fn read(f: &mut Formulas, target: &Target<'_>, constraint: &Constraint) -> Reading {
    let values = &constraint.values;
    // A key that the user's mesh knew beyond Istio's own is read as the one that meant the same.
    let key = target.mesh.settings.added_keys.constraint(&constraint.key);
    let some = |value: &str| values.iter().any(|pattern| static_matches(pattern, value));
    let fixed = |value: bool| Reading::Must(Formulas::constant(value));
    match key {
        "destination.ip" => {
            let ways: Vec<Formula> =
                values.iter().filter_map(|value| terms::old_address(f, Attribute::DestinationIp, value)).collect();
            if ways.is_empty() { Reading::Ignored } else { Reading::Must(f.any(ways)) }
        }
        "destination.port" => {
            let ports: Vec<u16> = values.iter().filter_map(|value| pattern::port(value)).collect();
            if ports.is_empty() { Reading::Ignored } else { Reading::Must(any_port(f, target, &ports)) }
        }
        "destination.name" => fixed(some(&target.service.meta.name)),
        "destination.namespace" => fixed(some(&target.service.meta.namespace)),
        "destination.user" => Reading::Must(service_account(f, target, constraint)),
        "connection.sni" => {
            // `.*` also matches the empty name (E106).
            let ways: Vec<Formula> = values.iter().map(|value| sni(f, value)).collect();
            Reading::Must(f.any(ways))
        }
        // Known to 1.5 only, by accident.
        "path-matcher" if target.mesh.settings.source >= crate::mesh::SourceRelease::V1_5 => {
            on_http(f, target, |f, value| f.glob(Attribute::Path, Glob::parse(value)), values)
        }
        ":path" | ":method" | ":authority" => {
            on_http(f, target, |f, value| terms::header(f, key, &header_glob(value)), values)
        }
        _ => match terms::bracketed(key) {
            Some(("request.headers", name)) => {
                on_http(f, target, |f, value| terms::header(f, name, &header_glob(value)), values)
            }
            Some(("destination.labels", label)) => {
                fixed(target.subject.workload.pod_labels.get(label).is_some_and(|value| some(value)))
            }
            // A label named "" is on no pod.
            None if key == "destination.labels[]" => fixed(false),
            _ => {
                let ways: Option<Vec<Formula>> = values.iter().map(|value| terms::metadata(f, key, value)).collect();
                match ways {
                    Some(ways) if key.starts_with("experimental.") => Reading::Must(f.any(ways)),
                    _ => Reading::Ignored,
                }
            }
        },
    }
}

/// ANY value, on HTTP; on TCP a condition on HTTP never holds.
fn on_http(
    f: &mut Formulas,
    target: &Target<'_>,
    one: impl Fn(&mut Formulas, &str) -> Formula,
    values: &[String],
) -> Reading {
    if !is_http(target.chain) {
        return Reading::Must(Formula::FALSE);
    }
    let ways: Vec<Formula> = values.iter().map(|value| one(f, value)).collect();
    Reading::Must(f.any(ways))
}

fn sni(f: &mut Formulas, pattern: &str) -> Formula {
    match Glob::parse(pattern) {
        Glob::Any => Formula::TRUE,
        glob => f.glob(Attribute::Sni, glob),
    }
}

/// `destination.user`: the word after the first `sa/` of the pod's identity. Unknown where no manifest says which service
/// account the pods have; then it is left open, so that both cases are compared.
fn service_account(f: &mut Formulas, target: &Target<'_>, constraint: &Constraint) -> Formula {
    let workload = target.subject.workload;
    if workload.stand_in {
        return terms::opaque(f, &format!("the pods run as service account {}", constraint.values.join(" or ")));
    }
    let domain = &target.mesh.settings.trust_domain;
    let identity = format!("{domain}/ns/{}/sa/{}", workload.meta.namespace, workload.service_account);
    let account = identity.split_once("sa/").map_or("", |(_, rest)| rest.split('/').next().unwrap_or_default());
    Formulas::constant(constraint.values.iter().any(|pattern| static_matches(pattern, account)))
}
