//! The entries of `jwtRules`: what the mapping makes of origins, and what becomes of jwt peers.

use super::findings;
use crate::api::legacy::{AuthenticationPolicy, Jwt};
use crate::convert::authn::work::Work;
use crate::mapping::Item;
use crate::yaml::{Manifest, Notes, Tree};
use serde_json::{Value, json};

/// One entry of `jwtRules`, as JSON and with the comments of its source.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    /// What it says.
    pub(super) value: Value,
    /// The same with comments.
    pub(super) tree: Tree,
}

impl PartialEq for Rule {
    /// Comments make no difference.
    fn eq(&self, other: &Rule) -> bool {
        self.value == other.value
    }
}

impl Rule {
    /// The issuer.
    pub(super) fn issuer(&self) -> &str {
        self.value.get("issuer").and_then(Value::as_str).unwrap_or_default()
    }

    /// The audiences; empty takes any.
    pub(super) fn audiences(&self) -> Vec<String> {
        let audiences = self.value.get("audiences").and_then(Value::as_array);
        audiences.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Everything but the audiences: keys and places where the token is looked for.
    pub(super) fn without_audiences(&self) -> Value {
        let mut value = self.value.clone();
        if let Some(map) = value.as_object_mut() {
            map.shift_remove("audiences");
        }
        value
    }
}

/// The entries of `jwtRules` that the mapping makes of the origins, in their order.
pub(super) fn of_origins(work: &mut Work<'_>, policy: &AuthenticationPolicy) -> Option<Vec<Rule>> {
    let id = policy.meta.manifest?;
    let items = work.applied.get(&id).map(|applied| applied.items.clone()).unwrap_or_default();
    let from_origins: Vec<_> = items.into_iter().filter(|item| item.from.starts_with("/spec/origins/")).collect();
    if from_origins.len() != policy.origins.len() {
        work.refuse(policy, findings::origin_not_mapped(policy, from_origins.len()));
        return None;
    }
    let manifest = work.manifest(policy);
    let rule = |item: Item| {
        let value = finished(item.value);
        Rule { tree: with_notes(&value, manifest, &item.from), value }
    };
    Some(from_origins.into_iter().map(rule).collect())
}

/// The entries of `jwtRules` for jwt peers, each with its position among the peers.
pub(super) fn of_peers(work: &Work<'_>, policy: &AuthenticationPolicy, peers: &[(usize, &Jwt)]) -> Vec<Rule> {
    let manifest = work.manifest(policy);
    let rule = |(index, jwt): &(usize, &Jwt)| {
        let value = finished(peer_rule(jwt));
        Rule { tree: with_notes(&value, manifest, &format!("/spec/peers/{index}/jwt")), value }
    };
    peers.iter().map(rule).collect()
}

/// What a mapping cannot say: inline keys win over a URI (J21), and one header has a prefix of its own (J18).
fn finished(mut value: Value) -> Value {
    let Some(rule) = value.as_object_mut() else { return value };
    if rule.get("jwks").and_then(Value::as_str).is_some_and(|jwks| !jwks.is_empty()) {
        rule.shift_remove("jwksUri");
    }
    for header in rule.get_mut("fromHeaders").and_then(Value::as_array_mut).into_iter().flatten() {
        let is_exchange = header.get("name").and_then(Value::as_str).is_some_and(is_exchange_header);
        if let (true, Some(header)) = (is_exchange, header.as_object_mut()) {
            header.insert("prefix".to_owned(), Value::from("istio"));
        }
    }
    value
}

/// True for the header in which an exchanged token was sent.
pub(super) fn is_exchange_header(name: &str) -> bool {
    name.eq_ignore_ascii_case("ingress-authorization")
}

/// The JSON of a jwt peer, which the mapping leaves to Rust.
fn peer_rule(jwt: &Jwt) -> Value {
    let mut rule = serde_json::Map::new();
    rule.insert("issuer".to_owned(), json!(jwt.issuer));
    if !jwt.audiences.is_empty() {
        rule.insert("audiences".to_owned(), json!(jwt.audiences));
    }
    for (key, text) in [("jwksUri", &jwt.jwks_uri), ("jwks", &jwt.jwks)] {
        if !text.is_empty() {
            rule.insert(key.to_owned(), json!(text));
        }
    }
    if !jwt.headers.is_empty() {
        let headers: Vec<Value> = jwt.headers.iter().map(|name| json!({ "name": name })).collect();
        rule.insert("fromHeaders".to_owned(), Value::from(headers));
    }
    if !jwt.params.is_empty() {
        rule.insert("fromParams".to_owned(), json!(jwt.params));
    }
    rule.insert("forwardOriginalToken".to_owned(), Value::from(true));
    Value::Object(rule)
}

/// A rule with the comments of the fields it was made from. `pointer` is the old method.
fn with_notes(value: &Value, manifest: Option<&Manifest>, pointer: &str) -> Tree {
    let Some(map) = value.as_object() else { return Tree::from(value.clone()) };
    let notes = |field: &str| manifest.map(|m| m.notes(&format!("{pointer}/{field}"))).unwrap_or_default();
    let entry = |(key, value): (&String, &Value)| {
        let old = match key.as_str() {
            "fromHeaders" => "jwtHeaders",
            "fromParams" => "jwtParams",
            "forwardOriginalToken" => return (Notes::default(), key.clone(), Tree::from(value.clone())),
            same => same,
        };
        let tree = match value {
            Value::Array(items) => Tree::Seq(
                items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| (notes(&format!("{old}/{index}")), Tree::from(item.clone())))
                    .collect(),
            ),
            other => Tree::from(other.clone()),
        };
        (notes(old), key.clone(), tree)
    };
    Tree::Map(map.iter().map(entry).collect())
}
