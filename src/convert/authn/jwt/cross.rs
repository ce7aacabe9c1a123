//! What tokens do to access rules in the same input (`spec/authn.md` §4.6).

use super::{Jwt, Plan, codes};
use crate::api::legacy::{AuthenticationPolicy, PrincipalBinding, ServiceRole, ServiceRoleBinding, Subject as Caller};
use crate::api::security::AuthorizationPolicy;
use crate::convert::authn::Work;
use crate::convert::authn::subjects::Subject;
use crate::finding::{Finding, ObjectRef, Place, Severity};
use crate::mesh::selects;

/// Which part of a token an access rule reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reads {
    /// `request.auth.principal`: the peer's identity under USE_PEER.
    Principal,
    /// Claims, audiences, presenter, groups.
    Claims,
}

/// An access rule that reads a token.
struct Reader {
    reads: Reads,
    object: ObjectRef,
    place: Place,
    /// The key, for messages.
    key: String,
}

/// Reports rules whose meaning depends on where tokens are read, and policies that make the peer the principal.
pub(super) fn report(work: &mut Work<'_>, jwt: &Jwt<'_>) {
    for policy in super::policies(jwt) {
        let readers = readers_under(work, jwt, policy);
        if policy.principal_binding == PrincipalBinding::UsePeer && !policy.origins.is_empty() {
            use_peer(work, policy, &readers);
        }
        if is_read_somewhere_only(jwt, policy) {
            claims(work, policy, &readers);
        }
    }
}

/// USE_PEER: the request principal was the peer's identity, and is `iss/sub` of the token now (E89).
fn use_peer(work: &mut Work<'_>, policy: &AuthenticationPolicy, readers: &[Reader]) {
    let principal: Vec<&Reader> = readers.iter().filter(|reader| reader.reads == Reads::Principal).collect();
    let Some(first) = principal.first() else {
        let message = format!(
            "With {} the request principal was the caller's peer identity; with the new objects it is `issuer/subject` of the token.",
            policy.meta.object()
        );
        work.report(policy, Finding::new(codes::REQUEST_PRINCIPAL, message).severity(Severity::Note));
        return;
    };
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
fn claims(work: &mut Work<'_>, policy: &AuthenticationPolicy, readers: &[Reader]) {
    let binding = policy.principal_binding;
    let counts = |reader: &&Reader| reader.reads == Reads::Claims || binding == PrincipalBinding::UseOrigin;
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

/// True when, on some workload, a policy's tokens were read on some HTTP requests and not on others.
fn is_read_somewhere_only(jwt: &Jwt<'_>, policy: &AuthenticationPolicy) -> bool {
    jwt.plans.iter().filter(|plan| has(plan, policy)).any(|plan| {
        let partly = |id: &usize| jwt.asked.get(*id).is_some_and(|asked| asked.unread_somewhere);
        !plan.free.is_empty() || plan.on.len() > 1 || plan.on.keys().any(partly)
    })
}

fn has(plan: &Plan<'_>, policy: &AuthenticationPolicy) -> bool {
    plan.policies.iter().any(|other| std::ptr::eq(*other, policy))
}

/// The rules that may grant access to a workload of the policy and read a token.
fn readers_under(work: &Work<'_>, jwt: &Jwt<'_>, policy: &AuthenticationPolicy) -> Vec<Reader> {
    let mesh = work.mesh();
    let concerned: Vec<&Subject<'_>> = work
        .subjects()
        .iter()
        .zip(&jwt.plans)
        .filter(|(_, plan)| has(plan, policy))
        .map(|(subject, _)| subject)
        .collect();
    let mut readers = Vec::new();
    for role in &mesh.roles {
        if !concerned.iter().any(|subject| may_grant(work, role, subject)) {
            continue;
        }
        let binds = |binding: &&ServiceRoleBinding| {
            binding.meta.namespace == role.meta.namespace && binding.role.name == role.meta.name
        };
        readers.extend(mesh.bindings.iter().filter(binds).flat_map(of_binding));
    }
    for object in &mesh.authorization {
        if concerned.iter().any(|subject| applies(work, object, subject)) {
            readers.extend(of_policy(object));
        }
    }
    readers
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

fn of_binding(binding: &ServiceRoleBinding) -> Vec<Reader> {
    let mut readers = Vec::new();
    for caller in &binding.subjects {
        for (reads, key) in keys_of(caller) {
            readers.push(Reader { reads, key, object: binding.meta.object(), place: caller.place.clone() });
        }
    }
    readers
}

fn keys_of(caller: &Caller) -> Vec<(Reads, String)> {
    let mut keys: Vec<(Reads, String)> =
        caller.properties.iter().filter_map(|(key, _)| Some((reads(key)?, key.clone()))).collect();
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
