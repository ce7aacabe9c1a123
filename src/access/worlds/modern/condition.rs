//! The fields of `from`, `to` and `when` as conditions (`meaning/rbac.md` §4.4, §4.5).

use crate::access::Transport;
use crate::access::logic::attribute::Attribute;
use crate::access::logic::formula::{Formula, Formulas};
use crate::access::logic::pattern::{self, Glob, Test};
use crate::access::worlds::jwt::{self, View};
use crate::access::worlds::terms;
use crate::access::worlds::trust_domain::expand;
use crate::api::security::{Condition, Field, Operation, Source};
use crate::mesh::{Settings, Version};
use std::collections::BTreeSet;

/// The first minor release that knows `serviceAccounts`.
const SERVICE_ACCOUNTS: u16 = 25;
/// The first minor release that knows `trustDomains`.
const TRUST_DOMAINS: u16 = 30;
/// The key for claims without the name of one.
const CLAIMS_WITHOUT_NAME: &str = "request.auth.claims";

/// What a field means depends on these.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// Trust domains.
    pub settings: &'a Settings,
    /// The release that enforces the policy.
    pub version: Version,
    /// HTTP or TCP filter chain.
    pub chain: Transport,
    /// What is visible of a token.
    pub view: View,
    /// The claims that are split at spaces; `None` when all are, as 1.4 and 1.5 did.
    pub split: Option<&'a BTreeSet<String>>,
    /// The container port, when it is one.
    pub port: Option<u16>,
    /// The namespace of the policy.
    pub namespace: &'a str,
}

/// Why a condition cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// It looks at HTTP and the chain is TCP.
    HttpOnly,
    /// Istio cannot make sense of it, and leaves out the whole rule.
    Invalid,
}

/// A field of a source or operation, and how one of its values matches.
type Matcher<'m> = (&'m Field, bool, fn(&mut Formulas, &Scope<'_>, &str) -> Option<Formula>);

/// `Some` of the conditions of the fields, ALL of which must hold; with the fields that are HTTP only left out on TCP
/// when `lenient` (DENY), otherwise the whole is unusable there (ALLOW).
fn fields(f: &mut Formulas, scope: &Scope<'_>, fields: &[Matcher<'_>], lenient: bool) -> Result<Formula, Unusable> {
    let mut conditions = Vec::new();
    for &(field, http_only, matcher) in fields {
        if field.is_empty() {
            continue;
        }
        if http_only && scope.chain == Transport::Tcp {
            if lenient {
                continue;
            }
            return Err(Unusable::HttpOnly);
        }
        conditions.push(one_field(f, scope, field, matcher)?);
    }
    Ok(f.all(conditions))
}

/// ANY of the values matches (or there are none), and NONE of the negated ones does.
fn one_field(
    f: &mut Formulas,
    scope: &Scope<'_>,
    field: &Field,
    matcher: impl Fn(&mut Formulas, &Scope<'_>, &str) -> Option<Formula>,
) -> Result<Formula, Unusable> {
    let mut any = |values: &[String]| -> Result<Formula, Unusable> {
        let matched: Option<Vec<Formula>> = values.iter().map(|value| matcher(f, scope, value)).collect();
        Ok(f.any(matched.ok_or(Unusable::Invalid)?))
    };
    let values = any(&field.values)?;
    let not = any(&field.not)?;
    Ok(terms::any_and_none(f, (!field.values.is_empty()).then_some(values), not))
}

/// One entry of `from`.
pub fn source(f: &mut Formulas, scope: &Scope<'_>, source: &Source, lenient: bool) -> Result<Formula, Unusable> {
    let all: [Matcher<'_>; 7] = [
        (&source.principals, false, principal),
        (&source.request_principals, true, request_principal),
        (&source.namespaces, false, |f, _, value| Some(terms::namespace(f, value))),
        (&source.ip_blocks, false, |f, _, value| address(f, Attribute::SourceIp, value)),
        (&source.remote_ip_blocks, false, |f, _, value| address(f, Attribute::RemoteIp, value)),
        (&source.service_accounts, false, known_service_account),
        (&source.trust_domains, false, known_trust_domain),
    ];
    fields(f, scope, &all, lenient)
}

/// One entry of `to`.
pub fn operation(
    f: &mut Formulas,
    scope: &Scope<'_>,
    operation: &Operation,
    lenient: bool,
) -> Result<Formula, Unusable> {
    let all: [Matcher<'_>; 4] = [
        (&operation.hosts, true, host),
        (&operation.ports, false, port),
        (&operation.methods, true, |f, _, value| Some(f.glob(Attribute::Method, Glob::parse(value)))),
        (&operation.paths, true, path),
    ];
    fields(f, scope, &all, lenient)
}

/// One entry of `when`. `Ok(None)` when the release ignores it.
pub fn when(f: &mut Formulas, scope: &Scope<'_>, when: &Condition, lenient: bool) -> Result<Option<Formula>, Unusable> {
    let key = when.key.as_str();
    let http_only = key.starts_with("request.");
    if http_only && scope.chain == Transport::Tcp {
        return if lenient { Ok(None) } else { Err(Unusable::HttpOnly) };
    }
    if !known(key, scope.version) {
        // 1.4 and 1.5 logged an error and went on; later releases leave out the rule.
        return if scope.version.at_least(6) { Err(Unusable::Invalid) } else { Ok(None) };
    }
    one_field(f, scope, &when.field, |f, scope, value| keyed(f, scope, key, value)).map(Some)
}

/// True for keys that the release knows (`meaning/rbac.md` §4.5, §4.8).
fn known(key: &str, version: Version) -> bool {
    let since = match key {
        "remote.ip" => 8,
        "source.serviceAccount" => SERVICE_ACCOUNTS,
        "source.trustDomain" => TRUST_DOMAINS,
        _ => 0,
    };
    if !version.at_least(since) {
        return false;
    }
    let plain = [
        "source.ip",
        "remote.ip",
        "source.namespace",
        "source.principal",
        "source.serviceAccount",
        "source.trustDomain",
        "request.auth.principal",
        "request.auth.audiences",
        "request.auth.presenter",
        "destination.ip",
        "destination.port",
        "connection.sni",
    ];
    let bracketed = ["request.headers", "request.auth.claims"];
    plain.contains(&key)
        // Compiled to a matcher without a claim, which never matches (C8).
        || (key == CLAIMS_WITHOUT_NAME && version.at_least(8))
        || terms::bracketed(key)
            .is_some_and(|(name, _)| bracketed.contains(&name) || name.starts_with("experimental.envoy.filters."))
}

/// One value under a `when` key.
fn keyed(f: &mut Formulas, scope: &Scope<'_>, key: &str, value: &str) -> Option<Formula> {
    let glob = Glob::parse(value);
    match key {
        "source.ip" => address(f, Attribute::SourceIp, value),
        "remote.ip" => address(f, Attribute::RemoteIp, value),
        "destination.ip" => address(f, Attribute::DestinationIp, value),
        "destination.port" => port(f, scope, value),
        "source.namespace" => Some(terms::namespace(f, value)),
        "source.principal" => principal(f, scope, value),
        "source.serviceAccount" => service_account(f, scope, value),
        "source.trustDomain" => trust_domain(f, scope, value),
        "connection.sni" => Some(f.glob(Attribute::Sni, glob)),
        "request.auth.principal" => request_principal(f, scope, value),
        "request.auth.audiences" => {
            // 1.5 knew the first audience only.
            let matched = match scope.version.at_least(6) {
                true => jwt::any_audience(f, &glob),
                false => f.glob(Attribute::Audience, glob),
            };
            Some(f.all([scope.view.claims, matched]))
        }
        "request.auth.presenter" => Some(scope.view.claim(f, "azp", &glob)),
        CLAIMS_WITHOUT_NAME => Some(Formula::FALSE),
        _ => match terms::bracketed(key)? {
            ("request.headers", ":path") if glob.names_fragment() && since_august_2021(scope.version) => {
                Some(Formula::FALSE)
            }
            ("request.headers", name) => Some(terms::host_header(f, name, &glob, scope.version)),
            ("request.auth.claims", name) => Some(match scope.split {
                Some(split) => scope.view.whole_claim(f, name, &glob, split),
                None => scope.view.claim(f, name, &glob),
            }),
            _ => terms::metadata(f, key, value),
        },
    }
}

/// M-principal of the new API: ANY identity that the value stands for.
fn principal(f: &mut Formulas, scope: &Scope<'_>, value: &str) -> Option<Formula> {
    let mut ways = Vec::new();
    for value in expand(scope.settings, value) {
        ways.push(match Glob::parse(&value) {
            Glob::Suffix(suffix) if suffix.contains('.') && !escapes_suffixes(scope.version) => {
                terms::loose_identity_suffix(f, &suffix)
            }
            glob => terms::identity(f, &glob),
        });
    }
    Some(f.any(ways))
}

/// True for releases that take the dots of a suffix literally (`meaning/rbac.md` §4.4). 1.5 counts as one: there the
/// proxy compared strings on HTTP.
fn escapes_suffixes(version: Version) -> bool {
    version.at_least(30)
        || (version >= Version::patch(29, 3) && !version.at_least(30))
        || (version >= Version::patch(28, 7) && !version.at_least(29))
        || !version.at_least(6)
}

fn request_principal(f: &mut Formulas, scope: &Scope<'_>, value: &str) -> Option<Formula> {
    let peer = terms::identity(f, &Glob::parse(value));
    Some(jwt::request_principal(f, scope.view, value, scope.version.at_least(21), peer))
}

/// `NS/SA`, or `SA` in the policy's namespace; no wildcards.
fn service_account(f: &mut Formulas, scope: &Scope<'_>, value: &str) -> Option<Formula> {
    let (namespace, account) = value.split_once('/').unwrap_or((scope.namespace, value));
    let mtls = f.present(Attribute::Mtls);
    let (namespace, account) = (f.is(Attribute::Namespace, namespace), f.is(Attribute::ServiceAccount, account));
    Some(f.all([mtls, namespace, account]))
}

/// `serviceAccounts`; releases that do not know the field may have lost it when the object was stored, or refused the
/// object, so nothing is said about them.
fn known_service_account(f: &mut Formulas, scope: &Scope<'_>, value: &str) -> Option<Formula> {
    match scope.version.at_least(SERVICE_ACCOUNTS) {
        true => service_account(f, scope, value),
        false => Some(unknown_field(f, "serviceAccounts", value)),
    }
}

/// `trustDomains`, likewise.
fn known_trust_domain(f: &mut Formulas, scope: &Scope<'_>, value: &str) -> Option<Formula> {
    match scope.version.at_least(TRUST_DOMAINS) {
        true => trust_domain(f, scope, value),
        false => Some(unknown_field(f, "trustDomains", value)),
    }
}

fn unknown_field(f: &mut Formulas, field: &str, value: &str) -> Formula {
    terms::opaque(f, &format!("`{field}: {value}`, which this release does not know, matches"))
}

/// A pattern on the trust domain of the peer.
fn trust_domain(f: &mut Formulas, _: &Scope<'_>, value: &str) -> Option<Formula> {
    let mtls = f.present(Attribute::Mtls);
    let domain = f.glob(Attribute::TrustDomain, Glob::parse(value));
    Some(f.all([mtls, domain]))
}

fn address(f: &mut Formulas, attribute: Attribute, value: &str) -> Option<Formula> {
    let net = pattern::cidr(value)?;
    Some(f.atom(attribute, Test::Cidr(net)))
}

fn port(f: &mut Formulas, scope: &Scope<'_>, value: &str) -> Option<Formula> {
    Some(terms::port(f, scope.port, pattern::port(value)?))
}

/// From 1.9.8, 1.10.4, 1.11.1 and 1.12 on, `hosts` ignores case, and fragments are cut off before policies are asked.
fn since_august_2021(version: Version) -> bool {
    let first_fix = [(9, 8), (10, 4), (11, 1)].into_iter().find(|(minor, _)| *minor == version.minor);
    match first_fix {
        Some((minor, patch)) => version >= Version::patch(minor, patch),
        None => version.at_least(12),
    }
}

fn host(f: &mut Formulas, scope: &Scope<'_>, value: &str) -> Option<Formula> {
    Some(match Glob::parse(value) {
        Glob::Any => Formula::TRUE,
        glob if since_august_2021(scope.version) => f.atom(Attribute::Host, Test::AnyCase(glob.lower())),
        glob => f.glob(Attribute::Host, glob),
    })
}

/// `paths` leaves out the query from 1.5 on, and knows templates from 1.22 on.
fn path(f: &mut Formulas, scope: &Scope<'_>, value: &str) -> Option<Formula> {
    Some(match Glob::parse(value) {
        glob if !scope.version.at_least(5) => terms::full_path(f, &glob),
        _ if scope.version.at_least(22) && pattern::is_template(value) => {
            f.atom(Attribute::Path, Test::Template(value.to_owned()))
        }
        glob => f.glob(Attribute::Path, glob),
    })
}
