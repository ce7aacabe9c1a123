//! What one policy asks of the callers of an HTTP port: which tokens are valid, and which requests need one.

use super::deny::{Demand, demands, stricter_demands};
use super::paths::Region;
use super::triggers::{Trigger, Widened};
use crate::api::legacy::{AuthenticationPolicy, Jwt, PeerMethod, PrincipalBinding};
use crate::convert::authn::Work;
use crate::convert::authn::effective::is_mesh_policy;
use crate::convert::authn::meaning::{has_mtls, jwt_peers};
use crate::finding::Finding;
use crate::finding::catalogue::jwt as codes;
use crate::yaml::{Manifest, Notes, Tree};
use serde_json::{Value, json};

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

/// One entry of `jwtRules`, as JSON and with the comments of its source.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    /// What it says.
    pub(super) value: Value,
    /// The same with comments.
    pub(super) tree: Tree,
}

impl PartialEq for Rule {
    /// Comments make no difference.
    fn eq(&self, other: &Rule) -> bool {
        self.value == other.value
    }
}

impl Rule {
    /// The issuer.
    pub(super) fn issuer(&self) -> &str {
        self.value.get("issuer").and_then(Value::as_str).unwrap_or_default()
    }

    /// The audiences; empty takes any.
    pub(super) fn audiences(&self) -> Vec<String> {
        let audiences = self.value.get("audiences").and_then(Value::as_array);
        audiences.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Everything but the audiences: keys and places where the token is looked for.
    pub(super) fn without_audiences(&self) -> Value {
        let mut value = self.value.clone();
        if let Some(map) = value.as_object_mut() {
            map.shift_remove("audiences");
        }
        value
    }
}

/// Works out what a policy asks on a sidecar or on a gateway; `None` when that is nothing, or was refused.
pub(super) fn by(work: &mut Work<'_>, policy: &AuthenticationPolicy, gateway: bool) -> Option<Asked> {
    // An mtls peer satisfied the peer step; on gateways mtls peers do not count (§1.6, J24).
    let peers: Vec<(usize, &Jwt)> = if gateway || !has_mtls(policy) { jwt_peers(policy).collect() } else { Vec::new() };
    if peers.is_empty() && jwt_peers(policy).next().is_some() {
        if names_callers(work, policy) && !work.refuse(policy, named_by_token(policy)) {
            return None;
        }
        let message = format!(
            "The mtls peer of {} takes every connection that gets through, so its jwt peers demanded nothing.",
            policy.meta.object()
        );
        work.report(policy, Finding::new(codes::PEER_JWT_IGNORED, message));
    }
    if !peers.is_empty() {
        return by_peers(work, policy, &peers);
    }
    if policy.origins.is_empty() {
        let installed = has_mtls(policy) && !gateway;
        let refuses = policy.principal_binding == PrincipalBinding::UseOrigin && !policy.origin_is_optional;
        return if installed && refuses { nobody(work, policy) } else { None };
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

fn named_by_token(policy: &AuthenticationPolicy) -> Finding {
    let message = format!(
        "A jwt peer stands before the mtls peer in {}: to access rules, a caller with its token was the issuer and subject of the token, and is the client certificate now.",
        policy.meta.object()
    );
    Finding::new(codes::PEER_TOKEN_COMES_FIRST, message)
}

fn by_origins(work: &mut Work<'_>, policy: &AuthenticationPolicy) -> Option<Asked> {
    let rules = origin_rules(work, policy)?;
    let target = work.mesh().settings.target;
    let methods: Vec<(String, Trigger)> =
        policy.origins.iter().map(|jwt| (jwt.issuer.clone(), Trigger::of(jwt, target))).collect();
    for jwt in &policy.origins {
        check_keys(work, policy, jwt);
        check_headers(work, policy, jwt);
    }
    let always = methods.iter().any(|(_, trigger)| trigger.is_always());
    let read_always = methods.iter().all(|(_, trigger)| trigger.is_always());
    let mut asked = Asked {
        rules,
        demands: Vec::new(),
        exempts_preflight: true,
        everywhere: always && !policy.origin_is_optional,
        unread_somewhere: !read_always,
    };
    if policy.origin_is_optional {
        return Some(asked);
    }
    for widened in methods.iter().flat_map(|(_, trigger)| &trigger.widened) {
        if !report_widened(work, policy, widened) {
            return None;
        }
    }
    asked.demands = match demands(&methods) {
        Ok(demands) => demands,
        Err(_) => {
            let message = format!(
                "The methods of {} are triggered on overlapping sets of paths, and no list of paths says where only some of them are.",
                policy.meta.object()
            );
            if !work.refuse(policy, Finding::new(codes::TRIGGER_OVERLAP, message)) {
                return None;
            }
            stricter_demands(&methods)
        }
    };
    Some(asked)
}

/// True when the conversion may go on.
fn report_widened(work: &mut Work<'_>, policy: &AuthenticationPolicy, widened: &Widened) -> bool {
    let effect = if widened.excluded { "the exclusion is dropped" } else { "more paths need a token" };
    let place = widened.place.clone();
    if widened.regex {
        let message = format!("The condition {} cannot be said without a regular expression; {effect}.", widened.text);
        return work.refuse(policy, Finding::new(codes::REGEX_TRIGGER, message).at(place));
    }
    let message =
        format!("The condition {} holds characters with a meaning of their own in paths; {effect}.", widened.text);
    work.report(policy, Finding::new(codes::PATH_NOT_EXPRESSIBLE, message).at(place));
    true
}

/// Jwt peers: their token was needed on every path, preflights included, unless peers were optional (J24).
fn by_peers(work: &mut Work<'_>, policy: &AuthenticationPolicy, peers: &[(usize, &Jwt)]) -> Option<Asked> {
    if !policy.origins.is_empty() || policy.principal_binding == PrincipalBinding::UseOrigin {
        let message = format!(
            "{} demands a token of a jwt peer and one of an origin at once, and one request has one token in the new API.",
            policy.meta.object()
        );
        work.refuse(policy, Finding::new(codes::PEER_AND_ORIGIN_TOKENS, message));
        return None;
    }
    let message = format!(
        "The jwt peers of {} become origins: the caller's identity is no longer source.principal but the request principal, and CORS preflights are refused even with a token.",
        policy.meta.object()
    );
    work.report(policy, Finding::new(codes::PEER_JWT, message));
    let mut rules = Vec::new();
    for (index, jwt) in peers {
        check_keys(work, policy, jwt);
        check_headers(work, policy, jwt);
        let value = finished(peer_rule(jwt));
        let tree = with_notes(&value, work.manifest(policy), &format!("/spec/peers/{index}/jwt"));
        rules.push(Rule { value, tree });
    }
    let issuers = peers.iter().map(|(_, jwt)| jwt.issuer.clone()).collect();
    let demand = Demand { region: Region::everything(), issuers };
    Some(Asked {
        rules,
        demands: if policy.peer_is_optional { Vec::new() } else { vec![demand] },
        exempts_preflight: false,
        everywhere: !policy.peer_is_optional,
        unread_somewhere: false,
    })
}

/// USE_ORIGIN without origins: every HTTP request got a 401 (J25, E79).
fn nobody(work: &mut Work<'_>, policy: &AuthenticationPolicy) -> Option<Asked> {
    let message = format!(
        "{} binds the principal to an origin and lists none, so every HTTP request was refused with 401.",
        policy.meta.object()
    );
    if !work.refuse(policy, Finding::new(codes::USE_ORIGIN_WITHOUT_ORIGINS, message)) {
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

/// The entries of `jwtRules` that the mapping makes of the origins, in their order.
fn origin_rules(work: &mut Work<'_>, policy: &AuthenticationPolicy) -> Option<Vec<Rule>> {
    let id = policy.meta.manifest?;
    let items = work.applied.get(&id).map(|applied| applied.items.clone()).unwrap_or_default();
    let from_origins: Vec<_> = items.into_iter().filter(|item| item.from.starts_with("/spec/origins/")).collect();
    if from_origins.len() != policy.origins.len() {
        let message = format!(
            "The mapping of {} makes {} JWT rules of {} origins, so not every origin would be checked.",
            policy.meta.object(),
            from_origins.len(),
            policy.origins.len()
        );
        work.refuse(policy, Finding::new(codes::ORIGIN_NOT_MAPPED, message));
        return None;
    }
    let manifest = work.manifest(policy);
    let rule = |item: crate::mapping::Item| {
        let value = finished(item.value);
        Rule { tree: with_notes(&value, manifest, &item.from), value }
    };
    Some(from_origins.into_iter().map(rule).collect())
}

/// What a mapping cannot say: inline keys win over a URI (J21), and one header has a prefix of its own (J18).
fn finished(mut value: Value) -> Value {
    let Some(rule) = value.as_object_mut() else { return value };
    if rule.get("jwks").and_then(Value::as_str).is_some_and(|jwks| !jwks.is_empty()) {
        rule.shift_remove("jwksUri");
    }
    for header in rule.get_mut("fromHeaders").and_then(Value::as_array_mut).into_iter().flatten() {
        let is_exchange = header.get("name").and_then(Value::as_str).is_some_and(is_exchange_header);
        if let (true, Some(header)) = (is_exchange, header.as_object_mut()) {
            header.insert("prefix".to_owned(), Value::from("istio"));
        }
    }
    value
}

fn is_exchange_header(name: &str) -> bool {
    name.eq_ignore_ascii_case("ingress-authorization")
}

/// The JSON of a jwt peer, which the mapping leaves to Rust.
fn peer_rule(jwt: &Jwt) -> Value {
    let mut rule = serde_json::Map::new();
    rule.insert("issuer".to_owned(), json!(jwt.issuer));
    if !jwt.audiences.is_empty() {
        rule.insert("audiences".to_owned(), json!(jwt.audiences));
    }
    for (key, text) in [("jwksUri", &jwt.jwks_uri), ("jwks", &jwt.jwks)] {
        if !text.is_empty() {
            rule.insert(key.to_owned(), json!(text));
        }
    }
    if !jwt.headers.is_empty() {
        let headers: Vec<Value> = jwt.headers.iter().map(|name| json!({ "name": name })).collect();
        rule.insert("fromHeaders".to_owned(), Value::from(headers));
    }
    if !jwt.params.is_empty() {
        rule.insert("fromParams".to_owned(), json!(jwt.params));
    }
    rule.insert("forwardOriginalToken".to_owned(), Value::from(true));
    Value::Object(rule)
}

/// A rule with the comments of the fields it was made from. `pointer` is the old method.
fn with_notes(value: &Value, manifest: Option<&Manifest>, pointer: &str) -> Tree {
    let Some(map) = value.as_object() else { return Tree::from(value.clone()) };
    let notes = |field: &str| manifest.map(|m| m.notes(&format!("{pointer}/{field}"))).unwrap_or_default();
    let entry = |(key, value): (&String, &Value)| {
        let old = match key.as_str() {
            "fromHeaders" => "jwtHeaders",
            "fromParams" => "jwtParams",
            "forwardOriginalToken" => return (Notes::default(), key.clone(), Tree::from(value.clone())),
            same => same,
        };
        let tree = match value {
            Value::Array(items) => Tree::Seq(
                items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| (notes(&format!("{old}/{index}")), Tree::from(item.clone())))
                    .collect(),
            ),
            other => Tree::from(other.clone()),
        };
        (notes(old), key.clone(), tree)
    };
    Tree::Map(map.iter().map(entry).collect())
}

/// Key sets that the old and the new release understand differently (E71, E72, J23).
fn check_keys(work: &mut Work<'_>, policy: &AuthenticationPolicy, jwt: &Jwt) {
    let place = || jwt.place.clone();
    if !jwt.jwks.is_empty() {
        if !is_key_set(&jwt.jwks) && work.mesh().settings.target.at_least(10) {
            let message = format!("The jwks of issuer {} is not a JSON Web Key Set.", jwt.issuer);
            work.refuse(policy, Finding::new(codes::INVALID_JWKS, message).at(place()));
        }
    } else if jwt.jwks_uri.is_empty() && is_mesh_policy(policy) {
        let message = format!(
            "Istio never looked for the keys of issuer {} in a MeshPolicy and refused its tokens; the new release finds them.",
            jwt.issuer
        );
        work.refuse(policy, Finding::new(codes::MESH_JWT_WITHOUT_KEYS, message).at(place()));
    } else if jwt.jwks_uri.is_empty() && jwt.issuer.ends_with('/') {
        let message = format!(
            "The keys of issuer {} were looked for at {}/.well-known/openid-configuration, with two slashes; the new release leaves one out.",
            jwt.issuer, jwt.issuer
        );
        work.refuse(policy, Finding::new(codes::ISSUER_SLASH, message).at(place()));
    }
}

fn is_key_set(jwks: &str) -> bool {
    serde_json::from_str::<Value>(jwks).is_ok_and(|value| value.get("keys").is_some_and(Value::is_array))
}

fn check_headers(work: &mut Work<'_>, policy: &AuthenticationPolicy, jwt: &Jwt) {
    for header in &jwt.headers {
        if is_exchange_header(header) {
            let message = format!(
                "Old Istio took the claims of a token in {header} from its claim original_claims; the new release takes the token's own."
            );
            work.report(policy, Finding::new(codes::EXCHANGED_TOKEN, message).at(jwt.place.clone()));
        } else if header.eq_ignore_ascii_case("authorization") {
            let message = format!(
                "The header {header} is listed for issuer {}, and a listed header was read without `Bearer `; it stays so.",
                jwt.issuer
            );
            work.report(policy, Finding::new(codes::AUTHORIZATION_HEADER, message).at(jwt.place.clone()));
        }
    }
}
