//! What one policy asks of the callers of an HTTP port: which tokens are valid, and which requests need one.

use super::deny::{Demand, demands, stricter_demands};
use super::paths::Region;
use super::rules::{Rule, of_origins, of_peers};
use super::triggers::{Trigger, Widened};
use super::{findings, keys};
use crate::api::legacy::{AuthenticationPolicy, Jwt, PeerMethod, PrincipalBinding};
use crate::convert::authn::meaning::{has_mtls, jwt_peers};
use crate::convert::authn::subjects::Proxy;
use crate::convert::authn::work::Work;

/// What a policy asks.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Asked {
    /// The entries of `jwtRules`.
    pub(super) rules: Vec<Rule>,
    /// The requests that need a token.
    pub(super) demands: Vec<Demand>,
    /// True when CORS preflights need none.
    pub(super) exempts_preflight: bool,
    /// True when EVERY request of the port needs a token, so that an invalid one was refused everywhere.
    pub(super) everywhere: bool,
    /// True when some request of the port does not have its token read (§4.6).
    pub(super) unread_somewhere: bool,
}

/// Works out what a policy asks on a sidecar or on a gateway; `None` when that is nothing, or was refused.
pub(super) fn by(work: &mut Work<'_>, policy: &AuthenticationPolicy, proxy: Proxy) -> Option<Asked> {
    // An mtls peer satisfied the peer step; on gateways mtls peers do not count (§1.6, J24).
    let mtls_counts = has_mtls(policy) && proxy == Proxy::Sidecar;
    let peers: Vec<(usize, &Jwt)> = jwt_peers(policy).collect();
    if mtls_counts && !peers.is_empty() {
        if names_callers(work, policy) && !work.refuse(policy, findings::peer_token_comes_first(policy)) {
            return None;
        }
        work.report(policy, findings::peer_token_ignored(policy));
    } else if !peers.is_empty() {
        return by_peers(work, policy, &peers);
    }
    if policy.origins.is_empty() {
        let refuses = policy.principal_binding == PrincipalBinding::UseOrigin && !policy.origin_is_optional;
        return if mtls_counts && refuses { nobody(work, policy) } else { None };
    }
    by_origins(work, policy)
}

/// True when a jwt peer is asked before the mtls peer, and something in the input asks who the caller is: a caller with
/// such a token had its `issuer/subject` for a name (`meaning/authn.md` §1.6, §1.7).
fn names_callers(work: &Work<'_>, policy: &AuthenticationPolicy) -> bool {
    let first = policy.peers.iter().find(|peer| **peer != PeerMethod::Empty);
    let mesh = work.mesh();
    let here = |namespace: &str| policy.meta.namespace.is_empty() || policy.meta.namespace == namespace;
    matches!(first, Some(PeerMethod::Jwt(_)))
        && (mesh.roles.iter().any(|role| here(&role.meta.namespace))
            || mesh.authorization.iter().any(|a| here(&a.meta.namespace) || a.meta.namespace == work.root()))
}

fn by_origins(work: &mut Work<'_>, policy: &AuthenticationPolicy) -> Option<Asked> {
    let rules = of_origins(work, policy)?;
    let target = work.mesh().settings.target;
    let methods: Vec<(String, Trigger)> =
        policy.origins.iter().map(|jwt| (jwt.issuer.clone(), Trigger::of(jwt, target))).collect();
    for jwt in &policy.origins {
        keys::check(work, policy, jwt);
    }
    let always = methods.iter().any(|(_, trigger)| trigger.is_always());
    let read_always = methods.iter().all(|(_, trigger)| trigger.is_always());
    Some(Asked {
        rules,
        demands: if policy.origin_is_optional { Vec::new() } else { demands_of(work, policy, &methods)? },
        exempts_preflight: true,
        everywhere: always && !policy.origin_is_optional,
        unread_somewhere: !read_always,
    })
}

/// Which requests need a token of which method; `None` when that was refused.
fn demands_of(
    work: &mut Work<'_>,
    policy: &AuthenticationPolicy,
    methods: &[(String, Trigger)],
) -> Option<Vec<Demand>> {
    for widened in methods.iter().flat_map(|(_, trigger)| &trigger.widened) {
        if !report_widened(work, policy, widened) {
            return None;
        }
    }
    if let Ok(demands) = demands(methods) {
        return Some(demands);
    }
    work.refuse(policy, findings::trigger_overlap(policy)).then(|| stricter_demands(methods))
}

/// True when the conversion may go on.
fn report_widened(work: &mut Work<'_>, policy: &AuthenticationPolicy, widened: &Widened) -> bool {
    let finding = findings::widened(widened);
    if widened.regex {
        return work.refuse(policy, finding);
    }
    work.report(policy, finding);
    true
}

/// Jwt peers: their token was needed on every path, preflights included, unless peers were optional (J24).
fn by_peers(work: &mut Work<'_>, policy: &AuthenticationPolicy, peers: &[(usize, &Jwt)]) -> Option<Asked> {
    if !policy.origins.is_empty() || policy.principal_binding == PrincipalBinding::UseOrigin {
        work.refuse(policy, findings::two_tokens(policy));
        return None;
    }
    work.report(policy, findings::peer_token(policy));
    for (_, jwt) in peers {
        keys::check(work, policy, jwt);
    }
    let issuers = peers.iter().map(|(_, jwt)| jwt.issuer.clone()).collect();
    let demand = Demand { region: Region::everything(), issuers };
    Some(Asked {
        rules: of_peers(work, policy, peers),
        demands: if policy.peer_is_optional { Vec::new() } else { vec![demand] },
        exempts_preflight: false,
        everywhere: !policy.peer_is_optional,
        unread_somewhere: false,
    })
}

/// USE_ORIGIN without origins: every HTTP request got a 401 (J25, E79).
fn nobody(work: &mut Work<'_>, policy: &AuthenticationPolicy) -> Option<Asked> {
    if !work.refuse(policy, findings::nobody_gets_in(policy)) {
        return None;
    }
    let demand = Demand { region: Region::everything(), issuers: Vec::new() };
    Some(Asked {
        rules: Vec::new(),
        demands: vec![demand],
        exempts_preflight: false,
        everywhere: true,
        unread_somewhere: false,
    })
}
