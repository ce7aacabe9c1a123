//! What the chapter on tokens has to say: one constructor per sentence, so that the logic reads without them.

pub(super) mod access_rules;

use super::triggers::{PathList, Widened};
use crate::api::Labels;
use crate::api::legacy::{AuthenticationPolicy, Jwt};
use crate::api::security::RequestAuthentication;
use crate::convert::authn::effective::is_mesh_policy;
use crate::convert::authn::selectors::as_text;
use crate::convert::authn::subjects::Subject;
use crate::finding::catalogue::{jwt as codes, mtls};
use crate::finding::{Code, Direction, Finding};
use crate::mesh::{GovernedPort, Version};

/// A finding whose sentence begins or goes on with the name of the policy.
fn about(code: Code, policy: &AuthenticationPolicy, before: &str, after: &str) -> Finding {
    Finding::new(code, format!("{before}{}{after}", policy.meta.object()))
}

/// `Port 80 of Service web is named tcp`, for messages.
fn named(governed: &GovernedPort<'_>) -> String {
    let name = &governed.service_port.name;
    let name = if name.is_empty() { "has no name".to_owned() } else { format!("is named `{name}`") };
    format!("Port {} of Service {} {name}", governed.service_port.port, governed.service.meta.name)
}

/// A port on which 1.5 demanded tokens if its proxies sniffed.
pub(super) fn perhaps_sniffed(governed: &GovernedPort<'_>) -> Finding {
    let message = format!(
        "{}; Istio 1.5 demanded tokens on it only if its proxies sniffed inbound protocols, which nothing in the input tells.",
        named(governed)
    );
    let remedy = "Say `--assume sniffing=on` if PILOT_ENABLE_PROTOCOL_SNIFFING_FOR_INBOUND was on, or `--assume sniffing=off` if it was off, as in Istio's charts.";
    Finding::new(codes::JWT_ON_TCP_PORT, message)
        .direction(Direction::Wider)
        .remedy(remedy)
        .related(governed.service.meta.place.clone(), "the Service")
}

/// A port on which the old mesh did not look at tokens.
pub(super) fn not_http(governed: &GovernedPort<'_>) -> Finding {
    let message = format!("{}, which is not HTTP to Istio, so no token was ever demanded on it.", named(governed));
    Finding::new(codes::JWT_ON_TCP_PORT, message).related(governed.service.meta.place.clone(), "the Service")
}

/// A port that takes HTTP and other protocols.
pub(super) fn sniffed_port(subject: &Subject<'_>, number: u16) -> Finding {
    let message = format!(
        "Container port {number} of {} takes HTTP and other protocols; demanding a token on it closes it to the others.",
        subject.workload.meta.object()
    );
    Finding::new(codes::JWT_ON_SNIFFED_PORT, message)
}

/// A gateway port that is HTTPS by name.
pub(super) fn gateway_tls_port(number: u16) -> Finding {
    let message = format!(
        "Gateway port {number} demands tokens, as it did where its Gateway server terminates TLS; a server that passes TLS through is closed."
    );
    Finding::new(codes::GATEWAY_TLS_PORT, message)
}

/// The rules name a second port, on which gateways of newer charts listen.
pub(super) fn gateway_ports(old: u16, new: u16) -> Finding {
    let message = format!(
        "Gateways of newer charts listen on container port {new} where this one listens on {old}, so the rules name both."
    );
    Finding::new(codes::GATEWAY_PORTS, message)
}

/// The number of a named port is known from the pods of the input only.
pub(super) fn unseen_pods_by_name(governed: &GovernedPort<'_>) -> Finding {
    let message = format!(
        "Port {} of Service `{}` leads to a container port by name, and its number is that of the pods in the input; pods that it does not show would take requests without a token.",
        governed.service_port.port, governed.service.meta.name
    );
    Finding::new(mtls::UNSEEN_PODS, message)
}

/// Labels are known from the pods of the input only.
pub(super) fn unseen_pods_by_label(selector: &Labels) -> Finding {
    let message = format!(
        "Only the pods in the input are known to carry the labels {}; pods of the same Service that it does not show would take requests without a token.",
        as_text(selector)
    );
    Finding::new(mtls::UNSEEN_PODS, message)
}

/// A workload that no label tells from others which do not need the same.
pub(super) fn inseparable(subject: &Subject<'_>) -> Finding {
    let message = format!(
        "{} needs tokens, and no label tells its pods apart from pods of other workloads that do not need the same.",
        subject.workload.meta.object()
    );
    Finding::new(mtls::INSEPARABLE_WORKLOADS, message).related(subject.workload.meta.place.clone(), "the workload")
}

/// A workload whose traffic ztunnel carries.
pub(super) fn in_ambient(subject: &Subject<'_>) -> Finding {
    let message = format!(
        "{} is in ambient mode, where tokens are checked by a waypoint only, and selectors do not reach it.",
        subject.workload.meta.object()
    );
    Finding::new(mtls::AMBIENT_NAMESPACE, message)
}

/// What a policy without targets is for, in words.
fn reach(policy: &AuthenticationPolicy) -> String {
    if is_mesh_policy(policy) { "the mesh".to_owned() } else { format!("namespace {}", policy.meta.namespace) }
}

/// A policy without targets, and no port on which it is in force.
pub(super) fn no_known_port(policy: &AuthenticationPolicy) -> Finding {
    let message = format!(
        "{} demands tokens on every HTTP port of {}, and the input knows none on which it is in force.",
        policy.meta.object(),
        reach(policy)
    );
    Finding::new(codes::KNOWN_WORKLOADS_ONLY, message)
}

/// A list of ports stands for every one there ever would be.
pub(super) fn known_workloads_only(policy: &AuthenticationPolicy, covered: &str) -> Finding {
    let message = format!(
        "{} demanded tokens on every HTTP port of {}; the result demands them on {covered}, and workloads or ports added later need their own.",
        policy.meta.object(),
        reach(policy)
    );
    Finding::new(codes::KNOWN_WORKLOADS_ONLY, message)
}

/// An AuthorizationPolicy on 1.5 beside ServiceRoles.
pub(super) fn disables_rbac(policy: &AuthenticationPolicy, target: Version) -> Finding {
    let message = format!(
        "On Istio {target} an AuthorizationPolicy made from {} would switch the ServiceRoles of its workloads off.",
        policy.meta.object()
    );
    Finding::new(codes::JWT_DISABLES_RBAC, message)
}

/// A RequestAuthentication of the input is in force in the place of a policy's origins.
pub(super) fn replaced(policy: &AuthenticationPolicy) -> Finding {
    let after = " are replaced by a RequestAuthentication that is already in the input.";
    about(codes::JWT_REPLACED, policy, "The origins of ", after)
}

/// A jwt peer was demanded beside such a RequestAuthentication.
pub(super) fn peer_token_beside_existing(policy: &AuthenticationPolicy) -> Finding {
    let after =
        " demands a token of the peer beside the RequestAuthentication of the input, which no new object can say.";
    about(codes::PEER_AND_ORIGIN_TOKENS, policy, "", after)
}

/// Jwt peers beside an mtls peer.
pub(super) fn peer_token_ignored(policy: &AuthenticationPolicy) -> Finding {
    let after = " takes every connection that gets through, so its jwt peers demanded nothing.";
    about(codes::PEER_JWT_IGNORED, policy, "The mtls peer of ", after)
}

/// A jwt peer before the mtls peer, which named the caller.
pub(super) fn peer_token_comes_first(policy: &AuthenticationPolicy) -> Finding {
    let after = ": to access rules, a caller with its token was the issuer and subject of the token, and is the client certificate now.";
    about(codes::PEER_TOKEN_COMES_FIRST, policy, "A jwt peer stands before the mtls peer in ", after)
}

/// A token of a peer and one of an origin.
pub(super) fn two_tokens(policy: &AuthenticationPolicy) -> Finding {
    let after =
        " demands a token of a jwt peer and one of an origin at once, and one request has one token in the new API.";
    about(codes::PEER_AND_ORIGIN_TOKENS, policy, "", after)
}

/// Jwt peers become origins.
pub(super) fn peer_token(policy: &AuthenticationPolicy) -> Finding {
    let after = " become origins: the caller's identity is no longer source.principal but the request principal, and CORS preflights are refused even with a token.";
    about(codes::PEER_JWT, policy, "The jwt peers of ", after)
}

/// USE_ORIGIN without origins.
pub(super) fn nobody_gets_in(policy: &AuthenticationPolicy) -> Finding {
    let after = " binds the principal to an origin and lists none, so every HTTP request was refused with 401.";
    about(codes::USE_ORIGIN_WITHOUT_ORIGINS, policy, "", after)
}

/// Methods that are triggered together on paths that no pattern means.
pub(super) fn trigger_overlap(policy: &AuthenticationPolicy) -> Finding {
    let after = " are triggered on overlapping sets of paths, and no list of paths says where only some of them are.";
    about(codes::TRIGGER_OVERLAP, policy, "The methods of ", after)
}

/// A trigger condition that could not be said exactly: a regular expression, or characters with a meaning in paths.
pub(super) fn widened(widened: &Widened) -> Finding {
    let effect = match widened.list {
        PathList::Excluded => "the exclusion is dropped",
        PathList::Included => "more paths need a token",
    };
    let (code, why) = if widened.regex {
        (codes::REGEX_TRIGGER, "cannot be said without a regular expression")
    } else {
        (codes::PATH_NOT_EXPRESSIBLE, "holds characters with a meaning of their own in paths")
    };
    Finding::new(code, format!("The condition {} {why}; {effect}.", widened.text)).at(widened.place.clone())
}

/// The mapping leaves origins out.
pub(super) fn origin_not_mapped(policy: &AuthenticationPolicy, made: usize) -> Finding {
    let message = format!(
        "The mapping of {} makes {made} JWT rules of {} origins, so not every origin would be checked.",
        policy.meta.object(),
        policy.origins.len()
    );
    Finding::new(codes::ORIGIN_NOT_MAPPED, message)
}

/// Inline keys that are none.
pub(super) fn invalid_jwks(jwt: &Jwt) -> Finding {
    let message = format!("The jwks of issuer {} is not a JSON Web Key Set.", jwt.issuer);
    Finding::new(codes::INVALID_JWKS, message).at(jwt.place.clone())
}

/// A MeshPolicy without keys.
pub(super) fn mesh_jwt_without_keys(jwt: &Jwt) -> Finding {
    let message = format!(
        "Istio never looked for the keys of issuer {} in a MeshPolicy and refused its tokens; the new release finds them.",
        jwt.issuer
    );
    Finding::new(codes::MESH_JWT_WITHOUT_KEYS, message).at(jwt.place.clone())
}

/// An issuer that ends in a slash, without a place for its keys.
pub(super) fn issuer_slash(jwt: &Jwt) -> Finding {
    let message = format!(
        "The keys of issuer {} were looked for at {}/.well-known/openid-configuration, with two slashes; the new release leaves one out.",
        jwt.issuer, jwt.issuer
    );
    Finding::new(codes::ISSUER_SLASH, message).at(jwt.place.clone())
}

/// A header with an exchanged token.
pub(super) fn exchanged_token(jwt: &Jwt, header: &str) -> Finding {
    let message = format!(
        "Old Istio took the claims of a token in {header} from its claim original_claims; the new release takes the token's own."
    );
    Finding::new(codes::EXCHANGED_TOKEN, message).at(jwt.place.clone())
}

/// The Authorization header, listed.
pub(super) fn authorization_header(jwt: &Jwt, header: &str) -> Finding {
    let message = format!(
        "The header {header} is listed for issuer {}, and a listed header was read without `Bearer `; it stays so.",
        jwt.issuer
    );
    Finding::new(codes::AUTHORIZATION_HEADER, message).at(jwt.place.clone())
}

/// More rules than the CRD takes.
pub(super) fn too_many_rules(rules: usize, most: usize) -> Finding {
    let message = format!("The AuthorizationPolicy would have {rules} rules, and Istio takes {most}.");
    Finding::new(codes::TOO_MANY_RULES, message)
}

/// One issuer with two sets of keys on one workload.
pub(super) fn issuer_with_two_keys(issuer: &str) -> Finding {
    let message = format!(
        "Issuer {issuer} has different keys or token locations on different ports of one workload, and new rules hold for all its ports."
    );
    Finding::new(codes::ISSUER_WITH_TWO_KEYS, message)
}

/// A RequestAuthentication of the input for the same issuer.
pub(super) fn existing_request(object: &RequestAuthentication, issuer: &str) -> Finding {
    let message = format!(
        "{} already has a rule for issuer {issuer}, and tokens that either rule takes would be valid.",
        object.meta.object()
    );
    Finding::new(codes::EXISTING_REQUEST, message).related(object.meta.place.clone(), "the RequestAuthentication")
}

/// Invalid tokens are refused on more requests than before.
pub(super) fn bad_token_rejected(issuers: &[&str]) -> Finding {
    let message = format!(
        "A request with an expired, foreign or otherwise invalid token is now refused with 401 on every path and HTTP port, also where no token of {} was needed.",
        issuers.join(", ")
    );
    Finding::new(codes::BAD_TOKEN_REJECTED, message)
}
