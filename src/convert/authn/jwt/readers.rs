//! Where access rules of the input read tokens.

use crate::api::legacy::{AddedKeys, ServiceRoleBinding, Subject as Caller};
use crate::api::security::AuthorizationPolicy;
use crate::finding::{ObjectRef, Place};

/// Which part of a token an access rule reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reads {
    /// `request.auth.principal`: the peer's identity under USE_PEER.
    Principal,
    /// Claims, audiences, presenter, groups.
    Claims,
}

/// A place where an access rule reads a token.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    /// What it reads.
    pub(super) reads: Reads,
    /// The object that the rule is in.
    pub(super) object: ObjectRef,
    /// Where it says so.
    pub(super) place: Place,
    /// The key, for messages.
    pub(super) key: String,
}

/// Where the subjects of a binding read tokens.
pub(super) fn of_binding(binding: &ServiceRoleBinding, added: &AddedKeys) -> Vec<Reader> {
    let mut readers = Vec::new();
    for caller in &binding.subjects {
        for (reads, key) in keys_of(caller, added) {
            readers.push(Reader { reads, key, object: binding.meta.object(), place: caller.place.clone() });
        }
    }
    readers
}

fn keys_of(caller: &Caller, added: &AddedKeys) -> Vec<(Reads, String)> {
    let mut keys: Vec<(Reads, String)> =
        caller.properties.iter().filter_map(|(key, _)| Some((reads(added.property(key))?, key.clone()))).collect();
    if !caller.group.is_empty() || !caller.groups.is_empty() || !caller.not_groups.is_empty() {
        keys.push((Reads::Claims, "groups".to_owned()));
    }
    keys
}

/// Where the rules of a policy read tokens.
pub(super) fn of_policy(object: &AuthorizationPolicy) -> Vec<Reader> {
    let mut readers = Vec::new();
    for rule in &object.rules {
        let reader = |reads, key: &str| Reader {
            reads,
            key: key.to_owned(),
            object: object.meta.object(),
            place: rule.place.clone(),
        };
        if rule.from.iter().any(|source| !source.request_principals.is_empty()) {
            readers.push(reader(Reads::Principal, "requestPrincipals"));
        }
        readers.extend(rule.when.iter().filter_map(|condition| Some(reader(reads(&condition.key)?, &condition.key))));
    }
    readers
}

fn reads(key: &str) -> Option<Reads> {
    match key {
        "request.auth.principal" => Some(Reads::Principal),
        "request.auth.audiences" | "request.auth.presenter" => Some(Reads::Claims),
        key if key.starts_with("request.auth.claims[") => Some(Reads::Claims),
        _ => None,
    }
}
