//! What `request.auth.principal` was where a role applies: the client certificate or issuer and subject of a token
//! (`meaning/rbac.md` §7.3, `meaning/authn.md` §4.6).

use crate::api::legacy::{AuthenticationPolicy, PeerMethod, PrincipalBinding};
use crate::mesh::Mesh;
use std::collections::BTreeSet;

/// The reading of `request.auth.principal`.
#[derive(Clone, Debug, PartialEq)]
pub enum Meaning {
    /// The identity of the client certificate (USE_PEER, the default).
    Peer {
        /// Tokens are optional somewhere: a request whose token did not verify went on without a principal.
        optional_tokens: bool,
    },
    /// `iss/sub`.
    Token {
        /// Every issuer the input's authentication accepts there.
        issuers: Vec<String>,
        /// False when no authentication policy in reach says so.
        certain: bool,
    },
}

/// Reads the policies that may apply to a service of this namespace: those of the namespace and the MeshPolicy.
pub fn of_namespace(mesh: &Mesh, namespace: &str) -> Meaning {
    let policies: Vec<&AuthenticationPolicy> =
        mesh.authentication_of(namespace).chain(mesh.authentication_of("")).collect();
    let modern = mesh.request.iter().filter(|request| {
        request.meta.namespace == namespace || request.meta.namespace == mesh.settings.root_namespace
    });
    let mut issuers: BTreeSet<String> =
        modern.flat_map(|request| &request.rules).map(|rule| rule.issuer.clone()).collect();
    // A RequestAuthentication made 1.5 bind to the token, whatever the old policies said (meaning/rbac.md §7.3).
    let certain = !issuers.is_empty()
        || (!policies.is_empty()
            && policies.iter().all(|policy| policy.principal_binding == PrincipalBinding::UseOrigin));
    let all_peer = policies.iter().all(|policy| policy.principal_binding == PrincipalBinding::UsePeer);
    if issuers.is_empty() && !policies.is_empty() && all_peer {
        let optional = |policy: &&AuthenticationPolicy| policy.origin_is_optional && !policy.origins.is_empty();
        return Meaning::Peer { optional_tokens: policies.iter().any(optional) };
    }
    issuers.extend(policies.iter().flat_map(|policy| tokens(policy)));
    Meaning::Token { certain, issuers: issuers.into_iter().collect() }
}

/// Issuers of the policy.
fn tokens(policy: &AuthenticationPolicy) -> Vec<String> {
    let peers = policy.peers.iter().filter_map(|peer| match peer {
        PeerMethod::Jwt(jwt) => Some(jwt),
        PeerMethod::Mtls(_) | PeerMethod::Empty => None,
    });
    peers.chain(&policy.origins).map(|jwt| jwt.issuer.clone()).collect()
}
