//! One access rule of a ServiceRole: from its fields to an operation, conditions, and what Pilot decided before Envoy
//! saw a request (`meaning/rbac.md` §6.4, §6.5).
//!
//! Plain fields come from the mapping file; the steps here give the rest.

use crate::api::legacy::{AccessRule, Constraint, keys};
use crate::api::security::Condition;
use crate::convert::Context;
use crate::convert::rbac::clause::Clause;
use crate::convert::rbac::place::destination::Destination;
use crate::convert::rbac::place::services;
use crate::convert::rbac::what::{addresses, headers};
use crate::finding::Finding;
use crate::finding::catalogue::rbac as codes;
use crate::mapping::Item;
use crate::mesh::SourceRelease;
use std::collections::BTreeSet;

/// What an access rule becomes.
#[derive(Debug, Default)]
pub struct Converted {
    /// Operation and conditions.
    pub clause: Clause,
    /// What decides where it applies.
    pub place: Destination,
    /// What there is to say about it. Errors refuse the role.
    pub findings: Vec<Finding>,
}

/// Converts one access rule of a role in `namespace`. `item` is what the mapping made of it.
pub fn convert(rule: &AccessRule, item: &Item, namespace: &str, context: Context<'_>) -> Converted {
    let mut clause = Clause::of_fragment(&item.value);
    clause.http_only = item.http_only || is_http_only(rule, context.mesh.settings.source);
    let place = Destination { services: rule.services.clone(), ..Destination::default() };
    let mut builder = Builder { rule, item, converted: Converted { clause, place, findings: Vec::new() } };
    builder.repeated();
    builder.statics(namespace);
    builder.ports();
    builder.path_matcher(context.mesh.settings.source);
    builder.odd_keys();
    builder.destination_addresses();
    builder.headers(context);
    builder.converted
}

struct Builder<'a> {
    rule: &'a AccessRule,
    item: &'a Item,
    converted: Converted,
}

impl<'a> Builder<'a> {
    /// The constraints with keys of a family, as far as no rule of the mapping took them. Of several with one key only the
    /// last counted (E104).
    fn constraints(&self, family: &str) -> Vec<&'a Constraint> {
        let pointers = self.item.left.get(family).map(Vec::as_slice).unwrap_or_default();
        let indexes: BTreeSet<usize> = pointers
            .iter()
            .filter_map(|pointer| {
                let (_, rest) = pointer.split_once("/constraints/")?;
                rest.split('/').next()?.parse().ok()
            })
            .collect();
        indexes
            .into_iter()
            .filter(|index| !self.is_repeated(*index))
            .filter_map(|i| self.rule.constraints.get(i))
            .collect()
    }

    /// True when a later constraint has the same key.
    fn is_repeated(&self, index: usize) -> bool {
        let key = self.rule.constraints.get(index).map(|constraint| &constraint.key);
        self.rule.constraints.iter().skip(index + 1).any(|later| Some(&later.key) == key)
    }

    /// A constraint that a later one with the same key replaced: it reads as a condition and never was one (E104).
    fn repeated(&mut self) {
        let rule = self.rule;
        for (_, constraint) in
            rule.constraints.iter().enumerate().filter(|(index, _)| self.is_repeated(*index)).collect::<Vec<_>>()
        {
            let message = format!(
                "`{}: [{}]` stands before another constraint with the same key; Istio enforced only the last one, and so does the result.",
                constraint.key,
                constraint.values.join(", ")
            );
            self.tell(constraint, Finding::new(codes::REPEATED_CONSTRAINT, message));
        }
    }

    fn tell(&mut self, constraint: &Constraint, finding: Finding) {
        self.converted.findings.push(finding.at(constraint.place.clone()));
    }

    fn statics(&mut self, namespace: &str) {
        let families =
            [keys::DESTINATION_LABELS, keys::DESTINATION_NAME, keys::DESTINATION_NAMESPACE, keys::DESTINATION_USER];
        for constraint in families.into_iter().flat_map(|family| self.constraints(family)).collect::<Vec<_>>() {
            let place = &mut self.converted.place;
            let values = constraint.values.clone();
            match constraint.key.as_str() {
                "destination.name" => place.names = Some(values),
                "destination.user" => place.users = Some(values),
                "destination.namespace" => {
                    if !values.iter().any(|value| services::matches(value, namespace)) {
                        place.never = true;
                        self.tell(
                            constraint,
                            Finding::new(
                                codes::RULE_NEVER_APPLIES,
                                format!("A role governs its own namespace `{namespace}` only, so the constraint `destination.namespace: [{}]` never held.", values.join(", ")),
                            ),
                        );
                    }
                }
                key => match key.strip_prefix("destination.labels[").and_then(|rest| rest.strip_suffix(']')) {
                    Some(label) if !label.is_empty() => place.labels.push((label.to_owned(), values)),
                    _ => {
                        place.never = true;
                        self.tell(
                            constraint,
                            Finding::new(
                                codes::RULE_NEVER_APPLIES,
                                format!("No pod has the label that `{key}` asks for."),
                            ),
                        );
                    }
                },
            }
        }
    }

    /// `destination.port` becomes `ports`; both cannot be given (validation).
    fn ports(&mut self) {
        for constraint in self.constraints(keys::DESTINATION_PORT) {
            let (ports, ignored): (Vec<_>, Vec<_>) =
                constraint.values.iter().map(|value| (port(value), value)).partition(|(port, _)| port.is_some());
            let ports: Vec<String> = ports.into_iter().filter_map(|(port, _)| port).collect();
            for (_, value) in ignored {
                self.tell(
                    constraint,
                    Finding::new(
                        codes::IGNORED_CONSTRAINT,
                        format!("`{value}` is not a port number; old Istio ignored it in `destination.port`, and so does the result."),
                    ),
                );
            }
            self.converted.clause.operation.ports.values = ports;
        }
    }

    /// `path-matcher`, known to 1.5 only, compared the path without its query, as `paths` does now.
    fn path_matcher(&mut self, source: SourceRelease) {
        for constraint in self.constraints(keys::PATH_MATCHER) {
            if source == SourceRelease::V1_4 {
                self.tell_ignored(constraint);
                continue;
            }
            let clause = &mut self.converted.clause;
            let field = std::mem::take(&mut clause.operation.paths);
            if !field.is_empty() {
                // Both must hold, and `paths` is one list: the access rule's own paths take their exact form.
                clause.when.push(Condition { key: "request.headers[:path]".to_owned(), field });
            }
            clause.operation.paths.values = constraint.values.clone();
        }
    }

    fn odd_keys(&mut self) {
        for constraint in self.constraints(keys::UNKNOWN) {
            self.tell_ignored(constraint);
        }
        for constraint in self.constraints(keys::HEADERS_WITHOUT_NAME) {
            self.tell(
                constraint,
                Finding::new(
                    codes::MALFORMED_KEY,
                    format!("Old Istio could not read the constraint `{}` and put no condition in its place; it only kept the rule off TCP ports.", constraint.key),
                ),
            );
        }
        let odd = [keys::ODD_HEADER, keys::ODD_FILTER];
        for constraint in odd.into_iter().flat_map(|family| self.constraints(family)).collect::<Vec<_>>() {
            if constraint.key.starts_with("experimental.") && constraint.key.ends_with("[]") {
                self.tell_ignored(constraint);
            } else {
                self.tell(
                    constraint,
                    Finding::new(
                        codes::EMPTY_BRACKETS,
                        format!("The brackets of the constraint `{}` do not name one thing.", constraint.key),
                    ),
                );
            }
        }
    }

    fn tell_ignored(&mut self, constraint: &Constraint) {
        self.tell(
            constraint,
            Finding::new(
                codes::IGNORED_CONSTRAINT,
                format!("Old Istio did not know the constraint `{}` and ignored it, and so does the result: the rule is as wide as it was, not as it reads.", constraint.key),
            ),
        );
    }

    fn destination_addresses(&mut self) {
        let mut kept = Vec::new();
        for mut condition in std::mem::take(&mut self.converted.clause.when) {
            if condition.key == "destination.ip" {
                let read = addresses::read(condition.field.values.iter().map(String::as_str));
                for value in &read.ignored {
                    self.converted.findings.push(
                        Finding::new(
                            codes::UNREADABLE_ADDRESS,
                            format!(
                                "The address `{value}` cannot be read; old Istio ignored it, and so does the result."
                            ),
                        )
                        .at(self.rule.place.clone()),
                    );
                }
                self.converted.findings.extend(read.findings().map(|finding| finding.at(self.rule.place.clone())));
                if read.valid.is_empty() {
                    continue;
                }
                condition.field.values = read.valid;
            }
            kept.push(condition);
        }
        self.converted.clause.when = kept;
    }

    /// Conditions on headers that meant something else than they read (C1, C8).
    fn headers(&mut self, context: Context<'_>) {
        let (never, findings) = headers::settle(&mut self.converted.clause.when, context);
        self.converted.place.never |= never;
        let place = &self.rule.place;
        self.converted.findings.extend(findings.into_iter().map(|finding| finding.at(place.clone())));
    }
}

/// True when old Istio dropped the access rule on TCP ports, whatever the values: ANY field or constraint is about HTTP
/// (`meaning/rbac.md` §3.6).
fn is_http_only(rule: &AccessRule, source: SourceRelease) -> bool {
    let lists = [&rule.hosts, &rule.not_hosts, &rule.paths, &rule.not_paths, &rule.methods, &rule.not_methods];
    let about_http = |constraint: &Constraint| {
        let key = constraint.key.as_str();
        key.starts_with("request.headers")
            || [":path", ":method", ":authority"].contains(&key)
            || (key == keys::PATH_MATCHER && source >= SourceRelease::V1_5)
    };
    lists.iter().any(|list| !list.is_empty()) || rule.constraints.iter().any(about_http)
}

/// A port as old Istio read it: decimal digits without a sign, 0 to 65535 (`meaning/rbac.md` C4).
fn port(value: &str) -> Option<String> {
    let all_digits = value.bytes().all(|byte| byte.is_ascii_digit());
    value.parse::<u16>().ok().filter(|_| all_digits).map(|number| number.to_string())
}
