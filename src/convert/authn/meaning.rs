//! What one legacy policy demands, wherever it applies: its mTLS mode (`meaning/authn.md` §4.1) and its tokens.

use crate::api::legacy::{AuthenticationPolicy, Jwt, PeerMethod, PrincipalBinding, StringMatch};
use crate::api::security::MtlsMode;

/// The mode of a policy's peers: the first `mtls` element decides; without one the listener had no TLS at all.
/// `peerIsOptional`, `allowTls` and jwt elements change nothing (`meaning/authn.md` §2.2).
pub(super) fn mode(policy: &AuthenticationPolicy) -> MtlsMode {
    let first = policy.peers.iter().find_map(|peer| match peer {
        PeerMethod::Mtls(mtls) => Some(mtls),
        PeerMethod::Jwt(_) | PeerMethod::Empty => None,
    });
    match first {
        None => MtlsMode::Disable,
        Some(mtls) if mtls.permissive => MtlsMode::Permissive,
        Some(_) => MtlsMode::Strict,
    }
}

/// The jwt elements of `peers`, with their position in the list.
pub(super) fn jwt_peers(policy: &AuthenticationPolicy) -> impl Iterator<Item = (usize, &Jwt)> {
    policy.peers.iter().enumerate().filter_map(|(index, peer)| match peer {
        PeerMethod::Jwt(jwt) => Some((index, jwt)),
        PeerMethod::Mtls(_) | PeerMethod::Empty => None,
    })
}

/// True when any element of `peers` is `mtls`.
pub(super) fn has_mtls(policy: &AuthenticationPolicy) -> bool {
    policy.peers.iter().any(|peer| matches!(peer, PeerMethod::Mtls(_)))
}

/// What a policy asks about tokens, without places, so that two policies can be compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct JwtMeaning {
    origins: Vec<MethodMeaning>,
    peers: Vec<MethodMeaning>,
    origin_is_optional: bool,
    peer_is_optional: bool,
    use_origin: bool,
    has_mtls: bool,
}

/// A JWT method without its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct MethodMeaning {
    issuer: String,
    audiences: Vec<String>,
    keys: (String, String),
    locations: (Vec<String>, Vec<String>),
    triggers: Vec<(Vec<StringMatch>, Vec<StringMatch>)>,
}

impl JwtMeaning {
    /// What `policy` asks. Flags that have no effect without a JWT method are left out, so that they make no difference.
    pub(super) fn of(policy: &AuthenticationPolicy) -> JwtMeaning {
        let origins: Vec<MethodMeaning> = policy.origins.iter().map(MethodMeaning::of).collect();
        let peers: Vec<MethodMeaning> = jwt_peers(policy).map(|(_, jwt)| MethodMeaning::of(jwt)).collect();
        let use_origin = policy.principal_binding == PrincipalBinding::UseOrigin && origins.is_empty();
        JwtMeaning {
            origin_is_optional: policy.origin_is_optional && (!origins.is_empty() || use_origin),
            peer_is_optional: policy.peer_is_optional && !peers.is_empty(),
            has_mtls: has_mtls(policy) && (use_origin || !peers.is_empty()),
            use_origin,
            origins,
            peers,
        }
    }

    /// True when some request needs a token, or is refused for want of one.
    pub(super) fn demands_token(&self) -> bool {
        !self.origins.is_empty() || !self.peers.is_empty() || (self.use_origin && self.has_mtls)
    }
}

impl MethodMeaning {
    fn of(jwt: &Jwt) -> MethodMeaning {
        MethodMeaning {
            issuer: jwt.issuer.clone(),
            audiences: jwt.audiences.clone(),
            keys: (jwt.jwks.clone(), jwt.jwks_uri.clone()),
            locations: (jwt.headers.clone(), jwt.params.clone()),
            triggers: jwt.triggers.iter().map(|rule| (rule.excluded.clone(), rule.included.clone())).collect(),
        }
    }
}
