//! `authentication.istio.io/v1alpha1`: Policy and MeshPolicy, one message (`spec/authn.md` §1).

use super::fields::{Fields, mapped, rust};
use crate::api::{Labels, Meta};
use crate::finding::Place;

/// The fields of Policy and MeshPolicy.
pub const POLICY_FIELDS: Fields = Fields {
    kinds: &["Policy", "MeshPolicy"],
    api_version: "authentication.istio.io/v1alpha1",
    items: Some("spec.origins[*].jwt"),
    fields: &[
        rust("spec.targets[*].name"),
        rust("spec.targets[*].ports[*].number"),
        rust("spec.targets[*].ports[*].name"),
        rust("spec.targets[*].labels.**"),
        rust("spec.peers[*].mtls.mode"),
        rust("spec.peers[*].mtls.allowTls"),
        rust("spec.peers[*].jwt.issuer"),
        rust("spec.peers[*].jwt.audiences[*]"),
        rust("spec.peers[*].jwt.jwksUri"),
        rust("spec.peers[*].jwt.jwks"),
        rust("spec.peers[*].jwt.jwtHeaders[*]"),
        rust("spec.peers[*].jwt.jwtParams[*]"),
        rust("spec.peers[*].jwt.triggerRules[*].excludedPaths[*].exact"),
        rust("spec.peers[*].jwt.triggerRules[*].excludedPaths[*].prefix"),
        rust("spec.peers[*].jwt.triggerRules[*].excludedPaths[*].suffix"),
        rust("spec.peers[*].jwt.triggerRules[*].excludedPaths[*].regex"),
        rust("spec.peers[*].jwt.triggerRules[*].includedPaths[*].exact"),
        rust("spec.peers[*].jwt.triggerRules[*].includedPaths[*].prefix"),
        rust("spec.peers[*].jwt.triggerRules[*].includedPaths[*].suffix"),
        rust("spec.peers[*].jwt.triggerRules[*].includedPaths[*].regex"),
        rust("spec.peerIsOptional"),
        mapped("spec.origins[*].jwt.issuer"),
        mapped("spec.origins[*].jwt.audiences[*]"),
        mapped("spec.origins[*].jwt.jwksUri"),
        mapped("spec.origins[*].jwt.jwks"),
        mapped("spec.origins[*].jwt.jwtHeaders[*]"),
        mapped("spec.origins[*].jwt.jwtParams[*]"),
        rust("spec.origins[*].jwt.triggerRules[*].excludedPaths[*].exact"),
        rust("spec.origins[*].jwt.triggerRules[*].excludedPaths[*].prefix"),
        rust("spec.origins[*].jwt.triggerRules[*].excludedPaths[*].suffix"),
        rust("spec.origins[*].jwt.triggerRules[*].excludedPaths[*].regex"),
        rust("spec.origins[*].jwt.triggerRules[*].includedPaths[*].exact"),
        rust("spec.origins[*].jwt.triggerRules[*].includedPaths[*].prefix"),
        rust("spec.origins[*].jwt.triggerRules[*].includedPaths[*].suffix"),
        rust("spec.origins[*].jwt.triggerRules[*].includedPaths[*].regex"),
        rust("spec.originIsOptional"),
        rust("spec.principalBinding"),
    ],
    tables: &[],
    targets: &[
        "/issuer",
        "/audiences/-",
        "/jwksUri",
        "/jwks",
        "/fromHeaders/-",
        "/fromParams/-",
        "/forwardOriginalToken",
    ],
};

/// A Policy or a MeshPolicy (`meta.kind` says which; a MeshPolicy has an empty `meta.namespace`).
#[derive(Clone, Debug, PartialEq)]
pub struct AuthenticationPolicy {
    /// Kind, name, namespace, place.
    pub meta: Meta,
    /// Services it is for; empty means the whole namespace or mesh.
    pub targets: Vec<Target>,
    /// Peer methods in order.
    pub peers: Vec<PeerMethod>,
    /// `peerIsOptional`.
    pub peer_is_optional: bool,
    /// JWT methods in order.
    pub origins: Vec<Jwt>,
    /// `originIsOptional`.
    pub origin_is_optional: bool,
    /// `principalBinding`.
    pub principal_binding: PrincipalBinding,
}

/// What `request.auth.principal` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum PrincipalBinding {
    /// The peer identity (default).
    #[default]
    UsePeer,
    /// `iss/sub` of the token.
    UseOrigin,
}

/// A target: one service of the policy's namespace.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Where.
    pub place: Place,
    /// Service **short** name.
    pub name: String,
    /// **Service** ports; empty means all.
    pub ports: Vec<PortSelector>,
    /// `labels`: honoured by Istio 1.2 and 1.3 only (`spec/authn.md` §1.8).
    pub labels: Labels,
}

/// A **service** port by number or by name.
#[derive(Clone, Debug, PartialEq)]
pub enum PortSelector {
    /// By number, with its place.
    Number(u16, Place),
    /// By name (exact, case-sensitive), with its place.
    Name(String, Place),
}

/// One element of `peers`.
#[derive(Clone, Debug, PartialEq)]
pub enum PeerMethod {
    /// `mtls`, also when it is null or empty.
    Mtls(Mtls),
    /// `jwt` as a peer method.
    Jwt(Jwt),
    /// An element with neither: ignored by Istio.
    Empty,
}

/// `mtls` of a peer method.
#[derive(Clone, Debug, PartialEq)]
pub struct Mtls {
    /// Where.
    pub place: Place,
    /// True for `PERMISSIVE`, false for `STRICT` (default).
    pub permissive: bool,
    /// `allowTls`: without effect since 1.1.
    pub allow_tls: bool,
}

/// A JWT method.
#[derive(Clone, Debug, PartialEq)]
pub struct Jwt {
    /// Where.
    pub place: Place,
    /// Required `iss`.
    pub issuer: String,
    /// Accepted `aud`; empty accepts any.
    pub audiences: Vec<String>,
    /// `jwksUri`; empty when absent.
    pub jwks_uri: String,
    /// `jwks`; wins over `jwks_uri` when not empty.
    pub jwks: String,
    /// `jwtHeaders`.
    pub headers: Vec<String>,
    /// `jwtParams`.
    pub params: Vec<String>,
    /// `triggerRules`; empty means always triggered. Entries are ORed.
    pub triggers: Vec<TriggerRule>,
}

/// A trigger rule: triggered when none of `excluded` matches and (`included` is empty or one matches).
#[derive(Clone, Debug, PartialEq)]
pub struct TriggerRule {
    /// Where.
    pub place: Place,
    /// `excludedPaths`.
    pub excluded: Vec<StringMatch>,
    /// `includedPaths`.
    pub included: Vec<StringMatch>,
}

/// A path condition of a trigger rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StringMatch {
    /// The whole path.
    Exact(String),
    /// Its start.
    Prefix(String),
    /// Its end.
    Suffix(String),
    /// ECMAScript, full match.
    Regex(String),
    /// An element with none of these: matches nothing.
    Nothing,
}
