//! A rule in the making: what one access rule, one subject, or the two together ask for.

use crate::api::security::{Condition, Field, Operation, Source};
use crate::yaml::Notes;
use serde_json::Value;
use std::collections::BTreeMap;

/// Stands above the first of three rules.
const WITHOUT_PREFLIGHTS: [&str; 2] = [
    "# On CORS preflights old Istio did not know the principal, so the next three rules leave them out:",
    "# not OPTIONS, or no Origin, or no Access-Control-Request-Method.",
];

/// One conjunction of the new API. An access rule fills `operation` and `when`, a subject fills `source` and `when`;
/// [`Clause::and`] joins them into a rule. All parts must hold; an empty clause holds always.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Clause {
    /// Who.
    pub source: Source,
    /// What.
    pub operation: Operation,
    /// Further conditions.
    pub when: Vec<Condition>,
    /// Old Istio dropped this part on TCP ports (`meaning/rbac.md` §3.6).
    pub http_only: bool,
    /// Old Istio never matched this part on TCP ports under 1.4, although nothing in it is HTTP (E70, E112).
    pub dead_on_tcp_in_1_4: bool,
    /// It held on no CORS preflight, on which old Istio did not set `request.auth.principal` (`meaning/authn.md` §1.7).
    pub not_on_preflights: bool,
    /// Comments of the fields it was made from, by the name of the new field; `""` is the rule itself.
    pub notes: BTreeMap<String, Notes>,
}

impl Clause {
    /// The clause a mapping fragment `{operation, source, when}` stands for.
    pub fn of_fragment(fragment: &Value) -> Clause {
        let part = |name: &str| fragment.get(name).unwrap_or(&Value::Null);
        let operation = part("operation");
        let source = part("source");
        let when = part("when").as_array().map(Vec::as_slice).unwrap_or_default();
        Clause {
            operation: Operation {
                hosts: field(operation, "hosts", "notHosts"),
                ports: field(operation, "ports", "notPorts"),
                methods: field(operation, "methods", "notMethods"),
                paths: field(operation, "paths", "notPaths"),
            },
            source: Source {
                principals: field(source, "principals", "notPrincipals"),
                request_principals: field(source, "requestPrincipals", "notRequestPrincipals"),
                namespaces: field(source, "namespaces", "notNamespaces"),
                ip_blocks: field(source, "ipBlocks", "notIpBlocks"),
                remote_ip_blocks: field(source, "remoteIpBlocks", "notRemoteIpBlocks"),
                service_accounts: field(source, "serviceAccounts", "notServiceAccounts"),
                trust_domains: field(source, "trustDomains", "notTrustDomains"),
            },
            when: when
                .iter()
                .map(|entry| Condition {
                    key: entry.get("key").and_then(Value::as_str).unwrap_or_default().to_owned(),
                    field: field(entry, "values", "notValues"),
                })
                .collect(),
            ..Clause::default()
        }
    }

    /// Both hold: `self` is the access rule, `subject` the subject. They never fill the same field.
    pub fn and(&self, subject: &Clause) -> Clause {
        let mut both = self.clone();
        both.source = subject.source.clone();
        both.when.extend(subject.when.iter().cloned());
        both.http_only |= subject.http_only;
        both.dead_on_tcp_in_1_4 |= subject.dead_on_tcp_in_1_4;
        both.not_on_preflights |= subject.not_on_preflights;
        both.notes.extend(subject.notes.iter().map(|(name, notes)| (name.clone(), notes.clone())));
        both
    }

    /// Adds a condition; ANDed with the others, also with one of the same key.
    pub fn require(&mut self, key: &str, values: Vec<String>) {
        self.when.push(Condition { key: key.to_owned(), field: Field { values, not: Vec::new() } });
    }

    /// True when the new API drops the rule on TCP ports, because ANY part of it is HTTP (`meaning/rbac.md` §4.7).
    pub fn is_http(&self) -> bool {
        let Operation { hosts, methods, paths, ports: _ } = &self.operation;
        [hosts, methods, paths, &self.source.request_principals].iter().any(|field| !field.is_empty())
            || self.when.iter().any(|condition| condition.key.starts_with("request."))
    }

    /// Keeps an HTTP-only rule off TCP ports where nothing else in it does (`meaning/rbac.md` §6.9).
    pub fn guard(&mut self) {
        if self.http_only && !self.is_http() {
            self.operation.methods.values = vec!["*".to_owned()];
        }
    }

    /// The rules that together leave out CORS preflights, where that is asked for: a request is none when its method is
    /// not OPTIONS, or it has no `Origin`, or it has no `Access-Control-Request-Method`.
    pub fn without_preflights(mut self) -> Vec<Clause> {
        if !std::mem::take(&mut self.not_on_preflights) || !self.takes_options() {
            return vec![self];
        }
        if self.operation.methods.values == ["*"] {
            // Each of the three rules is about HTTP without it.
            self.operation.methods.values.clear();
        }
        let without = |header: &str| {
            let mut rule = Clause { notes: BTreeMap::new(), ..self.clone() };
            let field = Field { values: Vec::new(), not: vec!["*".to_owned()] };
            rule.when.push(Condition { key: format!("request.headers[{header}]"), field });
            rule
        };
        let others = [without("origin"), without("access-control-request-method")];
        self.operation.methods.not.push("OPTIONS".to_owned());
        let notes = self.notes.entry(String::new()).or_default();
        notes.head.extend(WITHOUT_PREFLIGHTS.map(str::to_owned));
        std::iter::once(self).chain(others).collect()
    }

    /// True when the rule may match a request with the method OPTIONS.
    fn takes_options(&self) -> bool {
        let Field { values, not } = &self.operation.methods;
        let matches = |pattern: &String| crate::convert::rbac::place::services::matches(pattern, "OPTIONS");
        (values.is_empty() || values.iter().any(matches))
            && !not.iter().any(|method| method == "OPTIONS" || method == "*")
    }

    /// True when the clause asks who the peer is, by a list that must (`true`) or must not (`false`) hold it.
    pub fn asks_for_peer(&self, positive: bool) -> bool {
        let Source { principals, namespaces, service_accounts, trust_domains, .. } = &self.source;
        let when =
            self.when.iter().filter(|condition| condition.key.starts_with("source.") && condition.key != "source.ip");
        [principals, namespaces, service_accounts, trust_domains]
            .into_iter()
            .chain(when.map(|condition| &condition.field))
            .any(|field| if positive { !field.values.is_empty() } else { !field.not.is_empty() })
    }

    /// A negated field as it is written, if there is one; Istio 1.4 could not express any (E113).
    pub fn negated(&self) -> Option<String> {
        let Operation { hosts, ports, methods, paths } = &self.operation;
        let Source {
            principals,
            request_principals,
            namespaces,
            ip_blocks,
            remote_ip_blocks,
            service_accounts,
            trust_domains,
        } = &self.source;
        let fields = [
            ("notHosts", hosts),
            ("notPorts", ports),
            ("notMethods", methods),
            ("notPaths", paths),
            ("notPrincipals", principals),
            ("notRequestPrincipals", request_principals),
            ("notNamespaces", namespaces),
            ("notIpBlocks", ip_blocks),
            ("notRemoteIpBlocks", remote_ip_blocks),
            ("notServiceAccounts", service_accounts),
            ("notTrustDomains", trust_domains),
        ];
        let conditions = self.when.iter().map(|condition| (condition.key.as_str(), &condition.field));
        fields
            .into_iter()
            .chain(conditions)
            .find(|(_, field)| !field.not.is_empty())
            .map(|(name, field)| format!("{name}: [{}]", field.not.join(", ")))
    }
}

/// A field and its negated twin from a JSON object of lists.
fn field(object: &Value, name: &str, negated: &str) -> Field {
    let list = |name: &str| match object.get(name) {
        Some(Value::Array(items)) => items.iter().filter_map(text).collect(),
        Some(single) => text(single).into_iter().collect(),
        None => Vec::new(),
    };
    Field { values: list(name), not: list(negated) }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
