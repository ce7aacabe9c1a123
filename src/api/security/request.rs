//! RequestAuthentication (`meaning/authn.md` §3.5).

use crate::api::{Labels, Meta};
use crate::finding::{ObjectRef, Place};

/// A RequestAuthentication.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestAuthentication {
    /// Name, namespace, place.
    pub meta: Meta,
    /// `spec.selector.matchLabels`; empty when absent, which selects the whole namespace.
    pub selector: Labels,
    /// True when `targetRef`/`targetRefs` are used: no effect on sidecars.
    pub target_refs: bool,
    /// What they name.
    pub attached_to: Vec<ObjectRef>,
    /// `spec.jwtRules`.
    pub rules: Vec<JwtRule>,
}

/// One entry of `jwtRules`.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct JwtRule {
    /// Where.
    pub place: Option<Place>,
    /// Required issuer.
    pub issuer: String,
    /// Accepted audiences; empty accepts any.
    pub audiences: Vec<String>,
    /// Inline key set.
    pub jwks: Option<String>,
    /// Where to fetch keys.
    pub jwks_uri: Option<String>,
    /// Token locations: headers.
    pub from_headers: Vec<JwtHeader>,
    /// Token locations: query parameters.
    pub from_params: Vec<String>,
    /// `forwardOriginalToken`.
    pub forward_original_token: bool,
    /// `spaceDelimitedClaims`.
    pub space_delimited_claims: Vec<String>,
}

/// A header that carries a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwtHeader {
    /// Header name.
    pub name: String,
    /// Text before the token; empty when absent.
    pub prefix: String,
}
