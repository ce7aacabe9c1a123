//! From rules to the text a person reads: the `spec` of an AuthorizationPolicy.

use crate::api::Labels;
use crate::api::security::{Condition, Field};
use crate::convert::plain;
use crate::convert::rbac::clause::Clause;
use crate::yaml::{Notes, Tree};
use std::collections::BTreeMap;

/// The most rules the CRD takes in one policy (`meaning/rbac.md` §4.9).
pub const MOST_RULES: usize = 512;

/// `spec: {}`: an ALLOW policy that never matches, so that what it selects is denied by default.
pub fn deny_by_default(selector: Option<&Labels>) -> Tree {
    match selector {
        None => Tree::Map(Vec::new()),
        Some(selector) => Tree::Map(vec![plain_selector(selector)]),
    }
}

/// An ALLOW policy with these rules, which must not be empty. `selector` is `None` for the whole namespace.
pub fn allow(selector: Option<&Labels>, rules: &[Clause]) -> Tree {
    let mut spec = Vec::new();
    spec.extend(selector.map(plain_selector));
    spec.push(plain("action", serde_json::json!("ALLOW")));
    spec.push((Notes::default(), "rules".to_owned(), Tree::Seq(rules.iter().map(rule).collect())));
    Tree::Map(spec)
}

fn plain_selector(selector: &Labels) -> (Notes, String, Tree) {
    let labels = selector.iter().map(|(key, value)| plain(key, serde_json::json!(value))).collect();
    let match_labels = (Notes::default(), "matchLabels".to_owned(), Tree::Map(labels));
    (Notes::default(), "selector".to_owned(), Tree::Map(vec![match_labels]))
}

/// One entry of `rules`; `{}` when the clause asks for nothing.
fn rule(clause: &Clause) -> (Notes, Tree) {
    let source = fields(
        &clause.notes,
        [
            ("principals", "notPrincipals", &clause.source.principals),
            ("requestPrincipals", "notRequestPrincipals", &clause.source.request_principals),
            ("namespaces", "notNamespaces", &clause.source.namespaces),
            ("ipBlocks", "notIpBlocks", &clause.source.ip_blocks),
            ("remoteIpBlocks", "notRemoteIpBlocks", &clause.source.remote_ip_blocks),
            ("serviceAccounts", "notServiceAccounts", &clause.source.service_accounts),
            ("trustDomains", "notTrustDomains", &clause.source.trust_domains),
        ],
    );
    let operation = fields(
        &clause.notes,
        [
            ("hosts", "notHosts", &clause.operation.hosts),
            ("ports", "notPorts", &clause.operation.ports),
            ("methods", "notMethods", &clause.operation.methods),
            ("paths", "notPaths", &clause.operation.paths),
        ],
    );
    let mut entries = Vec::new();
    if !source.is_empty() {
        entries.push(("from", nested("source", source, clause.notes.get("source"))));
    }
    if !operation.is_empty() {
        entries.push(("to", nested("operation", operation, None)));
    }
    if !clause.when.is_empty() {
        let conditions = clause.when.iter().map(|c| (Notes::default(), condition(c, &clause.notes))).collect();
        entries.push(("when", Tree::Seq(conditions)));
    }
    let entries = entries.into_iter().map(|(key, tree)| (Notes::default(), key.to_owned(), tree)).collect();
    (clause.notes.get("").cloned().unwrap_or_default(), Tree::Map(entries))
}

/// `- NAME: {fields}`.
fn nested(name: &str, fields: Vec<(Notes, String, Tree)>, notes: Option<&Notes>) -> Tree {
    let entry = Tree::Map(vec![(Notes::default(), name.to_owned(), Tree::Map(fields))]);
    Tree::Seq(vec![(notes.cloned().unwrap_or_default(), entry)])
}

fn condition(condition: &Condition, notes: &BTreeMap<String, Notes>) -> Tree {
    let mut entry = vec![plain("key", serde_json::json!(condition.key))];
    entry.extend(fields(notes, [("values", "notValues", &condition.field)]));
    Tree::Map(entry)
}

/// The fields that are not empty, each positive one before its negated twin.
fn fields<const N: usize>(
    notes: &BTreeMap<String, Notes>,
    fields: [(&str, &str, &Field); N],
) -> Vec<(Notes, String, Tree)> {
    let lists = fields.into_iter().flat_map(|(name, negated, field)| [(name, &field.values), (negated, &field.not)]);
    lists
        .filter(|(_, values)| !values.is_empty())
        .map(|(name, values)| {
            (notes.get(name).cloned().unwrap_or_default(), name.to_owned(), serde_json::json!(values).into())
        })
        .collect()
}
