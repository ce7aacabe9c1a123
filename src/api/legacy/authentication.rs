//! `authentication.istio.io/v1alpha1`: Policy and MeshPolicy, one message (`meaning/authn.md` §1).

use super::fields::{Fields, mapped, rust};
use crate::api::{Labels, Meta};
use crate::finding::Place;

/// The fields of Policy and MeshPolicy.
pub const POLICY_FIELDS: Fields = Fields {
    kinds: &["Policy", "MeshPolicy"],
    api_version: "authentication.istio.io/v1alpha1",
    items: Some("spec.origins[*].jwt"),
    stands_in: "jwtRules[*].",
    fields: &[
        rust("spec.targets[*].name", "selector of the policies"),
        rust("spec.targets[*].ports[*].number", "container ports"),
        rust("spec.targets[*].ports[*].name", "container ports"),
        rust("spec.targets[*].labels.**", "labels: nothing (target-labels-ignored)"),
        rust("spec.peers[*].mtls.mode", "mode of the PeerAuthentication"),
        rust("spec.peers[*].mtls.allowTls", "allowTls: nothing (allow-tls-ignored)"),
        rust("spec.peers[*].jwt.issuer", "a rule of the RequestAuthentication, and a denial without a token"),
        rust("spec.peers[*].jwt.audiences[*]", "a rule of the RequestAuthentication, and a denial without a token"),
        rust("spec.peers[*].jwt.jwksUri", "a rule of the RequestAuthentication, and a denial without a token"),
        rust("spec.peers[*].jwt.jwks", "a rule of the RequestAuthentication, and a denial without a token"),
        rust("spec.peers[*].jwt.jwtHeaders[*]", "a rule of the RequestAuthentication, and a denial without a token"),
        rust("spec.peers[*].jwt.jwtParams[*]", "a rule of the RequestAuthentication, and a denial without a token"),
        rust(
            "spec.peers[*].jwt.triggerRules[*].excludedPaths[*].exact",
            "a rule of the RequestAuthentication, and a denial without a token",
        ),
        rust(
            "spec.peers[*].jwt.triggerRules[*].excludedPaths[*].prefix",
            "a rule of the RequestAuthentication, and a denial without a token",
        ),
        rust(
            "spec.peers[*].jwt.triggerRules[*].excludedPaths[*].suffix",
            "a rule of the RequestAuthentication, and a denial without a token",
        ),
        rust(
            "spec.peers[*].jwt.triggerRules[*].excludedPaths[*].regex",
            "a rule of the RequestAuthentication, and a denial without a token",
        ),
        rust(
            "spec.peers[*].jwt.triggerRules[*].includedPaths[*].exact",
            "a rule of the RequestAuthentication, and a denial without a token",
        ),
        rust(
            "spec.peers[*].jwt.triggerRules[*].includedPaths[*].prefix",
            "a rule of the RequestAuthentication, and a denial without a token",
        ),
        rust(
            "spec.peers[*].jwt.triggerRules[*].includedPaths[*].suffix",
            "a rule of the RequestAuthentication, and a denial without a token",
        ),
        rust(
            "spec.peers[*].jwt.triggerRules[*].includedPaths[*].regex",
            "a rule of the RequestAuthentication, and a denial without a token",
        ),
        rust("spec.peerIsOptional", "nothing; beside a JWT peer, no denial without a token"),
        mapped("spec.origins[*].jwt.issuer"),
        mapped("spec.origins[*].jwt.audiences[*]"),
        mapped("spec.origins[*].jwt.jwksUri"),
        mapped("spec.origins[*].jwt.jwks"),
        mapped("spec.origins[*].jwt.jwtHeaders[*]"),
        mapped("spec.origins[*].jwt.jwtParams[*]"),
        rust(
            "spec.origins[*].jwt.triggerRules[*].excludedPaths[*].exact",
            "paths of the policy that denies without a token",
        ),
        rust(
            "spec.origins[*].jwt.triggerRules[*].excludedPaths[*].prefix",
            "paths of the policy that denies without a token",
        ),
        rust(
            "spec.origins[*].jwt.triggerRules[*].excludedPaths[*].suffix",
            "paths of the policy that denies without a token",
        ),
        rust(
            "spec.origins[*].jwt.triggerRules[*].excludedPaths[*].regex",
            "paths of the policy that denies without a token",
        ),
        rust(
            "spec.origins[*].jwt.triggerRules[*].includedPaths[*].exact",
            "paths of the policy that denies without a token",
        ),
        rust(
            "spec.origins[*].jwt.triggerRules[*].includedPaths[*].prefix",
            "paths of the policy that denies without a token",
        ),
        rust(
            "spec.origins[*].jwt.triggerRules[*].includedPaths[*].suffix",
            "paths of the policy that denies without a token",
        ),
        rust(
            "spec.origins[*].jwt.triggerRules[*].includedPaths[*].regex",
            "paths of the policy that denies without a token",
        ),
        rust("spec.originIsOptional", "`true`: no denial without a token"),
        rust("spec.principalBinding", "how request.auth.principal of bindings is read"),
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
    /// `labels`: honoured by Istio 1.2 and 1.3 only (`meaning/authn.md` §1.8).
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
