//! Tokens as both APIs see them: who verifies which token, what an unverified one leads to, which attributes a
//! verified one gives (`meaning/authn.md` §1.6, §1.7, §3.5).
//!
//! A request carries at most one token. Key sets are names: a token is verified by a rule only when it is signed with
//! the very key set that the rule names. Claims are lists of strings.

use crate::access::logic::attribute::{Attribute, GOOD};
use crate::access::logic::formula::{Formula, Formulas};
use crate::access::logic::pattern::Glob;
use crate::access::worlds::terms;
use crate::api::Labels;
use crate::api::legacy::{AuthenticationPolicy, Jwt};
use crate::api::security::{JwtRule, RequestAuthentication};
use crate::mesh::{Mesh, Version, selects};
use std::collections::BTreeSet;

/// [`Attribute::TokenLocation`] of `Authorization: Bearer TOKEN`.
pub const BEARER: &str = "header authorization: Bearer";

/// What policies can see of a token.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// Holds when the claims are visible.
    pub claims: Formula,
    /// What `request.auth.principal` is.
    pub principal: Principal,
}

/// What `request.auth.principal` is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Principal {
    /// `iss/sub` of the token, while this holds.
    Token(Formula),
    /// The peer identity, while this holds (`USE_PEER`).
    Peer(Formula),
}

impl View {
    /// Nothing is ever visible.
    pub fn nothing() -> View {
        View { claims: Formula::FALSE, principal: Principal::Token(Formula::FALSE) }
    }

    /// A test on a claim that is visible, as 1.4 and 1.5 saw claims: a string is split at its spaces, a list that holds
    /// anything but strings is not there (E132).
    pub fn claim(self, f: &mut Formulas, name: &str, glob: &Glob) -> Formula {
        let element = self.element(f, name, glob);
        if is_single(name) {
            return element;
        }
        let spaced = f.present(Attribute::Spaced(name.to_owned()));
        let mixed = f.present(Attribute::Mixed(name.to_owned()));
        let of_strings = f.not(mixed);
        let seen = f.any([spaced, of_strings]);
        f.all([element, seen])
    }

    /// A test on a claim that is visible: on one of the attributes that have a meaning of their own, or on ANY string.
    fn element(self, f: &mut Formulas, name: &str, glob: &Glob) -> Formula {
        let test = match name {
            "iss" => f.glob(Attribute::Issuer, glob.clone()),
            "sub" => f.glob(Attribute::Subject, glob.clone()),
            "azp" => f.glob(Attribute::Presenter, glob.clone()),
            "aud" => any_audience(f, glob),
            _ => f.glob(Attribute::Claim(name.to_owned()), glob.clone()),
        };
        f.all([self.claims, test])
    }

    /// The same for releases that take a string claim as a whole unless it is in `split`, and see the strings of any list.
    pub fn whole_claim(self, f: &mut Formulas, name: &str, glob: &Glob, split: &BTreeSet<String>) -> Formula {
        let element = self.element(f, name, glob);
        if is_single(name) || matches!(name, "scope" | "permission") || split.contains(name) {
            return element;
        }
        let spaced = f.present(Attribute::Spaced(name.to_owned()));
        let listed = f.not(spaced);
        let as_list = f.all([listed, element]);
        let whole = match glob {
            Glob::Any => element,
            // The first element decides about a prefix, the last one about a suffix.
            Glob::Prefix(text) | Glob::Suffix(text) if !text.contains(' ') => {
                let at_the_edge = terms::opaque(f, &format!("claim {name} as a whole matches {glob:?}"));
                f.all([at_the_edge, element])
            }
            Glob::Exact(text) if !text.contains(' ') => Formula::FALSE,
            _ => terms::opaque(f, &format!("claim {name} as a whole matches {glob:?}")),
        };
        let as_string = f.all([spaced, self.claims, whole]);
        f.any([as_list, as_string])
    }
}

/// True for claims that have an attribute of their own.
fn is_single(name: &str) -> bool {
    matches!(name, "iss" | "sub" | "azp" | "aud")
}

/// The claims that ALL rules of these policies split at spaces.
pub fn split_claims(policies: &[&RequestAuthentication]) -> BTreeSet<String> {
    let rules: Vec<&JwtRule> = policies.iter().flat_map(|ra| &ra.rules).collect();
    let everywhere = |name: &&String| rules.iter().all(|rule| rule.space_delimited_claims.contains(name));
    rules.iter().flat_map(|rule| &rule.space_delimited_claims).filter(everywhere).cloned().collect()
}

/// ANY audience of the token matches.
pub fn any_audience(f: &mut Formulas, glob: &Glob) -> Formula {
    let first = f.glob(Attribute::Audience, glob.clone());
    let other = f.glob(Attribute::OtherAudiences, glob.clone());
    f.any([first, other])
}

/// A CORS preflight: `OPTIONS` with `Origin` and `Access-Control-Request-Method`.
pub fn preflight(f: &mut Formulas) -> Formula {
    let options = f.is(Attribute::Method, "OPTIONS");
    let origin = f.present(Attribute::Header("origin".to_owned()));
    let method = f.present(Attribute::Header("access-control-request-method".to_owned()));
    f.all([options, origin, method])
}

/// Where a token is looked for, as [`Attribute::TokenLocation`] values.
fn locations<'a>(headers: impl Iterator<Item = (&'a str, &'a str)>, params: &[String]) -> Vec<String> {
    let header = |(name, prefix): (&str, &str)| match prefix.trim() {
        "" => format!("header {}", name.to_ascii_lowercase()),
        prefix => format!("header {}: {prefix}", name.to_ascii_lowercase()),
    };
    let mut found: Vec<String> = headers.map(header).collect();
    found.extend(params.iter().map(|name| format!("query parameter {name}")));
    if found.is_empty() {
        found.extend([BEARER.to_owned(), "query parameter access_token".to_owned()]);
    }
    found
}

/// A name for a key set: two rules with equal names verify the same signatures. Inline keys win over an address.
pub fn key_name(jwks: &str, jwks_uri: &str, issuer: &str) -> String {
    if !jwks.trim().is_empty() {
        format!("jwks {}", jwks.trim())
    } else if !jwks_uri.is_empty() {
        format!("keys of {jwks_uri}")
    } else {
        format!("keys discovered for {issuer}")
    }
}

/// One issuer whose tokens are accepted.
struct Issuer {
    issuer: String,
    audiences: Vec<String>,
    /// `None`: no key is known, so nothing verifies.
    key: Option<String>,
    locations: Vec<String>,
}

impl Issuer {
    fn located(&self, f: &mut Formulas) -> Formula {
        let found: Vec<Formula> = self.locations.iter().map(|place| f.is(Attribute::TokenLocation, place)).collect();
        f.any(found)
    }

    /// The request carries a token of this issuer that verifies.
    fn verifies(&self, f: &mut Formulas) -> Formula {
        let Some(key) = &self.key else { return Formula::FALSE };
        let good = f.is(Attribute::Token, GOOD);
        let located = self.located(f);
        let signed = f.is(Attribute::TokenKey, key);
        let issued = match self.issuer.as_str() {
            "" => Formula::TRUE,
            issuer => f.is(Attribute::Issuer, issuer),
        };
        let for_us = if self.audiences.is_empty() {
            Formula::TRUE
        } else {
            let audiences = self.audiences.iter().map(|audience| Glob::Exact(audience.clone()));
            let accepted: Vec<Formula> = audiences.map(|audience| any_audience(f, &audience)).collect();
            f.any(accepted)
        };
        f.all([good, located, signed, issued, for_us])
    }
}

/// The request carries a token that this legacy method verifies.
pub fn legacy_verifies(f: &mut Formulas, policy: &AuthenticationPolicy, jwt: &Jwt) -> Formula {
    // Pilot filled in discovered keys for a Policy, never for a MeshPolicy (authn §2.1).
    let no_keys = jwt.jwks.trim().is_empty() && jwt.jwks_uri.is_empty() && policy.meta.kind == "MeshPolicy";
    let prefix = |name: &str| if name.eq_ignore_ascii_case("ingress-authorization") { "istio" } else { "" };
    let headers = jwt.headers.iter().map(|name| (name.as_str(), prefix(name)));
    let issuer = Issuer {
        issuer: jwt.issuer.clone(),
        audiences: jwt.audiences.clone(),
        key: (!no_keys).then(|| key_name(&jwt.jwks, &jwt.jwks_uri, &jwt.issuer)),
        locations: locations(headers, &jwt.params),
    };
    issuer.verifies(f)
}

fn issuer_of(rule: &JwtRule) -> Issuer {
    let headers = rule.from_headers.iter().map(|header| (header.name.as_str(), header.prefix.as_str()));
    let (jwks, uri) = (rule.jwks.as_deref().unwrap_or_default(), rule.jwks_uri.as_deref().unwrap_or_default());
    Issuer {
        issuer: rule.issuer.clone(),
        audiences: rule.audiences.clone(),
        key: Some(key_name(jwks, uri, &rule.issuer)),
        locations: locations(headers, &rule.from_params),
    }
}

/// What the RequestAuthentications of a workload do.
#[derive(Clone, Copy, Debug)]
pub struct Requested {
    /// A token verifies and is used.
    pub verified: Formula,
    /// A token is there and does not verify: 401.
    pub rejected: Formula,
    /// What policies see.
    pub view: View,
}

/// The RequestAuthentications that apply to a workload: those of its namespace and of the root namespace, unless they
/// are attached to a gateway.
pub fn applying<'a>(mesh: &'a Mesh, namespace: &str, labels: &Labels) -> Vec<&'a RequestAuthentication> {
    let root = &mesh.settings.root_namespace;
    let near = |ra: &&RequestAuthentication| ra.meta.namespace == namespace || ra.meta.namespace == *root;
    let attached = |ra: &&RequestAuthentication| !ra.target_refs && selects(&ra.selector, labels);
    mesh.request.iter().filter(near).filter(attached).filter(|ra| !ra.rules.is_empty()).collect()
}

/// The rules of all RequestAuthentications together (`meaning/authn.md` §3.5): no token passes, a token that ANY rule
/// verifies passes, any other token in a place where ANY rule looks is refused.
pub fn requested(f: &mut Formulas, policies: &[&RequestAuthentication], version: Version) -> Option<Requested> {
    if policies.is_empty() {
        return None;
    }
    let issuers: Vec<Issuer> = policies.iter().flat_map(|ra| &ra.rules).map(issuer_of).collect();
    let verified: Vec<Formula> = issuers.iter().map(|issuer| issuer.verifies(f)).collect();
    let verified = f.any(verified);
    let located: Vec<Formula> = issuers.iter().map(|issuer| issuer.located(f)).collect();
    let located = f.any(located);
    let carried = f.present(Attribute::Token);
    let unverified = f.not(verified);
    let preflight = preflight(f);
    let ordinary = f.not(preflight);
    // Preflights are let through unread from 1.14; 1.5 reads them but its istio_authn filter leaves no claims.
    let (refusing, reading) = match version {
        _ if version.at_least(14) => (ordinary, ordinary),
        _ if version.at_least(6) => (Formula::TRUE, Formula::TRUE),
        _ => (Formula::TRUE, ordinary),
    };
    let rejected = f.all([carried, located, unverified, refusing]);
    let claims = f.all([verified, reading]);
    let view = View { claims, principal: Principal::Token(claims) };
    Some(Requested { verified: claims, rejected, view })
}

/// `requestPrincipals` and `request.auth.principal`, old and new.
pub fn request_principal(f: &mut Formulas, view: View, text: &str, splits: bool, peer: Formula) -> Formula {
    let (shown, matched) = match view.principal {
        Principal::Peer(shown) => (shown, peer),
        Principal::Token(shown) if splits => (shown, terms::split_request_principal(f, text)),
        Principal::Token(shown) => (shown, terms::issuer_and_subject(f, &Glob::parse(text))),
    };
    f.all([shown, matched])
}
