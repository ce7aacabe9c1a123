//! What tokens do to access rules in the same input (`meaning/authn.md` §4.6).

use super::findings::access_rules as findings;
use super::plan::{Jwt, Plan};
use super::readers::{Reader, Reads, of_binding, of_policy};
use crate::api::ManifestId;
use crate::api::legacy::{AuthenticationPolicy, PeerMethod, PrincipalBinding, ServiceRole};
use crate::api::security::AuthorizationPolicy;
use crate::convert::authn::subjects::Subject;
use crate::convert::authn::work::Work;
use crate::mesh::selects;
use std::collections::{BTreeMap, BTreeSet};

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
                let newly_read = is_of_peer(policy) || is_read_elsewhere(jwt, plan, ports_of(granting).as_ref());
                reaches(work, granting, subject) && newly_read
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

/// True when the tokens were the peer's: these gave the caller an identity and no claims; an origin's give both.
fn is_of_peer(policy: &AuthenticationPolicy) -> bool {
    policy.origins.is_empty() && policy.peers.iter().any(|peer| matches!(peer, PeerMethod::Jwt(_)))
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
    let principal: Vec<&Reader> = readers.iter().copied().filter(|r| r.reads == Reads::Principal).collect();
    // What becomes of ServiceRoles and bindings is told where they are converted.
    let current: Vec<&Reader> =
        principal.iter().copied().filter(|reader| reader.object.kind == "AuthorizationPolicy").collect();
    if principal.is_empty() {
        work.report(policy, findings::principal_read_by_nobody(policy));
    } else if let Some(finding) = findings::principal_read(policy, &current) {
        work.report(policy, finding);
    }
}

/// A token that was not read gave no claims; a RequestAuthentication reads it on every path and HTTP port.
fn claims(work: &mut Work<'_>, policy: &AuthenticationPolicy, readers: &[&Reader]) {
    let binding = policy.principal_binding;
    let counts = |reader: &&&Reader| reader.reads == Reads::Claims || binding == PrincipalBinding::UseOrigin;
    if let Some(first) = readers.iter().find(counts) {
        work.refuse(policy, findings::claims_on_more_requests(policy, first));
    }
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
