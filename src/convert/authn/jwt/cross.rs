//! What tokens do to access rules in the same input (`meaning/authn.md` §4.6).

use super::plan::{Jwt, Plan};
use crate::api::ManifestId;
use crate::api::legacy::{
    AddedKeys, AuthenticationPolicy, PrincipalBinding, ServiceRole, ServiceRoleBinding, Subject as Caller,
};
use crate::api::security::AuthorizationPolicy;
use crate::convert::authn::subjects::Subject;
use crate::convert::authn::work::Work;
use crate::finding::catalogue::jwt as codes;
use crate::finding::{Finding, ObjectRef, Place, Severity};
use crate::mesh::selects;
use std::collections::{BTreeMap, BTreeSet};

/// Which part of a token an access rule reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reads {
    /// `request.auth.principal`: the peer's identity under USE_PEER.
    Principal,
    /// Claims, audiences, presenter, groups.
    Claims,
}

/// A place where an access rule reads a token.
struct Reader {
    reads: Reads,
    object: ObjectRef,
    place: Place,
    /// The key, for messages.
    key: String,
}

/// An object that grants access by tokens.
enum Granting<'a> {
    Role(&'a ServiceRole),
    Policy(&'a AuthorizationPolicy),
}

/// The workloads that a policy's tokens concern, each with what it demands.
type Concerned<'f, 'a> = Vec<(&'f Subject<'a>, &'f Plan<'a>)>;

/// Reports rules whose meaning depends on where tokens are read, and policies that make the peer the principal.
pub(super) fn report(work: &mut Work<'_>, jwt: &Jwt<'_>) {
    let granting = granting_by_token(work);
    let mut concerned: BTreeMap<Option<ManifestId>, Concerned<'_, '_>> = BTreeMap::new();
    for (subject, plan) in work.subjects().iter().zip(&jwt.plans) {
        for policy in &plan.policies {
            concerned.entry(policy.meta.manifest).or_default().push((subject, plan));
        }
    }
    for policy in jwt.policies(work) {
        let on = concerned.get(&policy.meta.manifest).map(Vec::as_slice).unwrap_or_default();
        if policy.principal_binding == PrincipalBinding::UsePeer && !policy.origins.is_empty() {
            use_peer(
                work,
                policy,
                &readers_where(&granting, |granting| on.iter().any(|(s, _)| reaches(work, granting, s))),
            );
        }
        let exposed = readers_where(&granting, |granting| {
            on.iter().any(|(subject, plan)| {
                reaches(work, granting, subject) && is_read_elsewhere(jwt, plan, ports_of(granting).as_ref())
            })
        });
        claims(work, policy, &exposed);
    }
}

/// The objects of the input that read tokens, with the places where they do.
fn granting_by_token<'a>(work: &Work<'a>) -> Vec<(Granting<'a>, Vec<Reader>)> {
    let mesh = work.mesh();
    let mut granting: Vec<(Granting<'a>, Vec<Reader>)> = Vec::new();
    let mut of_role: BTreeMap<(&str, &str), Vec<Reader>> = BTreeMap::new();
    for binding in &mesh.bindings {
        let key = (binding.meta.namespace.as_str(), binding.role.name.as_str());
        of_role.entry(key).or_default().extend(of_binding(binding, &mesh.settings.added_keys));
    }
    for role in &mesh.roles {
        if let Some(readers) = of_role.remove(&(role.meta.namespace.as_str(), role.meta.name.as_str())) {
            granting.push((Granting::Role(role), readers));
        }
    }
    granting.extend(mesh.authorization.iter().map(|object| (Granting::Policy(object), of_policy(object))));
    granting.retain(|(_, readers)| !readers.is_empty());
    granting
}

fn readers_where<'g>(
    granting: &'g [(Granting<'_>, Vec<Reader>)],
    wanted: impl Fn(&Granting<'_>) -> bool,
) -> Vec<&'g Reader> {
    granting.iter().filter(|(object, _)| wanted(object)).flat_map(|(_, readers)| readers).collect()
}

/// True when the object may grant access to the workload.
fn reaches(work: &Work<'_>, granting: &Granting<'_>, subject: &Subject<'_>) -> bool {
    match granting {
        Granting::Role(role) => may_grant(work, role, subject),
        Granting::Policy(object) => applies(work, object, subject),
    }
}

/// The **container** ports that an object is limited to, if ALL its rules are.
fn ports_of(granting: &Granting<'_>) -> Option<BTreeSet<u16>> {
    let Granting::Role(role) = granting else { return None };
    let limited = role.rules.iter().all(|rule| !rule.ports.is_empty());
    limited.then(|| role.rules.iter().flat_map(|rule| rule.ports.iter().copied()).collect())
}

/// True when, on the HTTP ports an object grants, a token is read now and was not read on every request before.
fn is_read_elsewhere(jwt: &Jwt<'_>, plan: &Plan<'_>, ports: Option<&BTreeSet<u16>>) -> bool {
    let concerns = |of: &BTreeSet<u16>| ports.is_none_or(|ports| ports.iter().any(|port| of.contains(port)));
    let demands: Vec<usize> = plan.on.iter().filter(|(_, of)| concerns(of)).map(|(id, _)| *id).collect();
    let partly = |id: &usize| jwt.asked.get(*id).is_some_and(|asked| asked.unread_somewhere);
    concerns(&plan.free) && !plan.free.is_empty() || demands.len() > 1 || demands.iter().any(partly)
}

/// USE_PEER: the request principal was the peer's identity, and is `iss/sub` of the token now (E89).
fn use_peer(work: &mut Work<'_>, policy: &AuthenticationPolicy, readers: &[&Reader]) {
    let principal: Vec<&&Reader> = readers.iter().filter(|reader| reader.reads == Reads::Principal).collect();
    if principal.is_empty() {
        let message = format!(
            "With {} the request principal was the caller's peer identity; with the new objects it is `issuer/subject` of the token.",
            policy.meta.object()
        );
        work.report(policy, Finding::new(codes::REQUEST_PRINCIPAL, message).severity(Severity::Note));
        return;
    }
    // What becomes of ServiceRoles and bindings is told where they are converted.
    let is_current = |reader: &&&Reader| reader.object.kind == "AuthorizationPolicy";
    let principal: Vec<&&Reader> = readers.iter().filter(|r| r.reads == Reads::Principal).filter(is_current).collect();
    let Some(first) = principal.first() else { return };
    let message = format!(
        "{} reads {}, which was the caller's peer identity under {}; with the new objects it is `issuer/subject` of the token.",
        first.object,
        first.key,
        policy.meta.object()
    );
    let mut finding = Finding::new(codes::REQUEST_PRINCIPAL, message);
    for reader in principal {
        finding = finding.related(reader.place.clone(), format!("{} reads {}", reader.object, reader.key));
    }
    work.report(policy, finding);
}

/// A token that was not read gave no claims; a RequestAuthentication reads it on every path and HTTP port.
fn claims(work: &mut Work<'_>, policy: &AuthenticationPolicy, readers: &[&Reader]) {
    let binding = policy.principal_binding;
    let counts = |reader: &&&Reader| reader.reads == Reads::Claims || binding == PrincipalBinding::UseOrigin;
    let Some(first) = readers.iter().find(counts) else { return };
    let message = format!(
        "{} reads {}; tokens were read only where {} was triggered, and are read on every path and HTTP port of its pods now, so the rule grants more.",
        first.object,
        first.key,
        policy.meta.object()
    );
    let finding = Finding::new(codes::CLAIMS_ON_MORE_REQUESTS, message)
        .related(first.place.clone(), format!("{} reads {}", first.object, first.key));
    work.refuse(policy, finding);
}

/// True when ANY rule of the role may be for a service of the workload.
fn may_grant(work: &Work<'_>, role: &ServiceRole, subject: &Subject<'_>) -> bool {
    role.meta.namespace == subject.namespace()
        && role.rules.iter().any(|rule| {
            let hosts = subject.ports.iter().filter_map(|port| port.governed.as_ref());
            rule.services.is_empty()
                || hosts
                    .map(|governed| work.mesh().host(governed.service))
                    .any(|host| rule.services.iter().any(|pattern| fits(pattern, &host)))
        })
}

/// Old patterns: exact, `prefix*`, `*suffix`, `*`.
fn fits(pattern: &str, host: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(end), _) => host.ends_with(end),
        (None, Some(start)) => host.starts_with(start),
        (None, None) => pattern == host,
    }
}

fn applies(work: &Work<'_>, object: &AuthorizationPolicy, subject: &Subject<'_>) -> bool {
    let scope = object.meta.namespace == subject.namespace() || object.meta.namespace == work.root();
    scope && !object.target_refs && !object.dry_run && selects(&object.selector, subject.labels())
}

fn of_binding(binding: &ServiceRoleBinding, added: &AddedKeys) -> Vec<Reader> {
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

fn of_policy(object: &AuthorizationPolicy) -> Vec<Reader> {
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
