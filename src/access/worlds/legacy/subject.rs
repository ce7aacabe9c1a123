//! Subjects of bindings and their properties (`meaning/rbac.md` §2.1, §2.3, §3.6).

use super::role::header_glob;
use super::{Caller, Identity, is_http};
use crate::access::Transport;
use crate::access::logic::attribute::Attribute;
use crate::access::logic::formula::{Formula, Formulas};
use crate::access::logic::pattern::Glob;
use crate::access::worlds::{jwt, terms, trust_domain};
use crate::api::legacy::Subject;
use crate::mesh::{Settings, SourceRelease};

/// What is known about the caller and the chain.
struct Asked<'a> {
    settings: &'a Settings,
    chain: Transport,
    release: SourceRelease,
    caller: &'a Caller,
}

/// ALL fields hold. What Pilot ignored is left out; with nothing left the subject is **nobody** (E65).
pub fn matches(
    f: &mut Formulas,
    settings: &Settings,
    chain: Transport,
    release: SourceRelease,
    caller: &Caller,
    subject: &Subject,
) -> Formula {
    if !is_http(chain) && is_http_only(subject, settings) {
        return Formula::FALSE;
    }
    let asked = Asked { settings, chain, release, caller };
    let mut conditions: Vec<Formula> = Vec::new();
    if !subject.user.is_empty() {
        conditions.push(asked.expanded_principal(f, &subject.user));
    }
    let list =
        |values: &[String], not: &[String]| (!values.is_empty() || !not.is_empty()).then_some(!values.is_empty());
    if let Some(positive) = list(&subject.names, &subject.not_names) {
        let names = asked.any(f, &subject.names, Asked::principal);
        let not = asked.any(f, &subject.not_names, Asked::principal);
        conditions.push(terms::any_and_none(f, positive.then_some(names), not));
    }
    if !subject.group.is_empty() {
        conditions.push(asked.claim(f, "groups", &subject.group));
    }
    if let Some(positive) = list(&subject.groups, &subject.not_groups) {
        let groups = asked.any(f, &subject.groups, |asked, f, value| asked.claim(f, "groups", value));
        let not = asked.any(f, &subject.not_groups, |asked, f, value| asked.claim(f, "groups", value));
        conditions.push(terms::any_and_none(f, positive.then_some(groups), not));
    }
    if let Some(positive) = list(&subject.namespaces, &subject.not_namespaces) {
        let namespaces = asked.any(f, &subject.namespaces, Asked::namespace);
        let not = asked.any(f, &subject.not_namespaces, Asked::namespace);
        conditions.push(terms::any_and_none(f, positive.then_some(namespaces), not));
    }
    conditions.extend(addresses(f, &subject.ips));
    if let Some(not) = addresses(f, &subject.not_ips) {
        conditions.push(f.not(not));
    }
    // A key that the user's mesh knew beyond Istio's own is read as the one that meant the same.
    let properties: Vec<(&str, &str)> =
        subject.properties.iter().map(|(key, value)| (settings.added_keys.property(key), value.as_str())).collect();
    for (key, value) in &properties {
        conditions.extend(asked.property(f, key, value));
    }
    if conditions.is_empty() {
        return Formula::FALSE;
    }
    // Either dropped (§2.3), or compiled to what never matches (C8): both are compared.
    for (key, _) in properties.iter().filter(|(key, _)| is_malformed_claim(key)) {
        conditions.push(terms::opaque(f, &format!("old Istio ignored the property `{key}`")));
    }
    f.all(conditions)
}

/// True for a key about claims that does not name one in brackets.
fn is_malformed_claim(key: &str) -> bool {
    key.starts_with("request.auth.claims") && terms::bracketed(key).is_none()
}

/// True when a subject is dropped on TCP.
fn is_http_only(subject: &Subject, settings: &Settings) -> bool {
    let key = |key: &str| settings.added_keys.property(key).starts_with("request.") || key == "source.user";
    !subject.group.is_empty()
        || !subject.groups.is_empty()
        || !subject.not_groups.is_empty()
        || subject.properties.iter().any(|(name, _)| key(name))
}

/// ANY valid address or block; `None` when the list holds none, and is ignored.
fn addresses(f: &mut Formulas, values: &[String]) -> Option<Formula> {
    let ways: Vec<Formula> =
        values.iter().filter_map(|value| terms::old_address(f, Attribute::SourceIp, value)).collect();
    (!ways.is_empty()).then(|| f.any(ways))
}

impl Asked<'_> {
    fn any(&self, f: &mut Formulas, values: &[String], one: impl Fn(&Self, &mut Formulas, &str) -> Formula) -> Formula {
        let ways: Vec<Formula> = values.iter().map(|value| one(self, f, value)).collect();
        f.any(ways)
    }

    /// A pattern on the peer identity, wherever it comes from: the first source that answers.
    fn identity(&self, f: &mut Formulas, glob: &Glob) -> Formula {
        // Before 1.5, a suffix on TCP got `spiffe://` in front, so it matched exactly the identity that it spells out,
        // which `*/ns/a/sa/b` never does (E112, C6).
        let as_compared = match glob {
            Glob::Suffix(text) if !is_http(self.chain) && self.release < SourceRelease::V1_5 => {
                Glob::Exact(text.clone())
            }
            glob => glob.clone(),
        };
        self.first_identity(f, |f, source| match source {
            Identity::Certificate => terms::identity(f, &as_compared),
            Identity::Token => terms::issuer_and_subject(f, &as_compared),
            Identity::Nobody => Formula::FALSE,
        })
    }

    /// M-ns. A token's identity has no namespace.
    fn namespace(&self, f: &mut Formulas, pattern: &str) -> Formula {
        let raw = !is_http(self.chain) && self.release < SourceRelease::V1_5;
        self.first_identity(f, |f, source| match source {
            Identity::Certificate if raw => terms::raw_namespace(f, pattern),
            Identity::Certificate => terms::namespace(f, pattern),
            Identity::Token | Identity::Nobody => Formula::FALSE,
        })
    }

    /// `test` on the first source of an identity whose condition holds.
    fn first_identity(&self, f: &mut Formulas, test: impl Fn(&mut Formulas, Identity) -> Formula) -> Formula {
        let mut ways = Vec::new();
        let mut none_before = Formula::TRUE;
        for &(answers, source) in &self.caller.identities {
            let matched = test(f, source);
            ways.push(f.all([none_before, answers, matched]));
            let silent = f.not(answers);
            none_before = f.all([none_before, silent]);
        }
        f.any(ways)
    }

    /// M-principal: `*` and `allUsers` are everybody, with or without an identity.
    fn principal(&self, f: &mut Formulas, value: &str) -> Formula {
        match value {
            "*" | "allUsers" => Formula::TRUE,
            "allAuthenticatedUsers" => self.identity(f, &Glob::Any),
            _ => self.identity(f, &Glob::parse(value)),
        }
    }

    /// M-principal where trust domain aliases were expanded: `user` and `source.principal`.
    fn expanded_principal(&self, f: &mut Formulas, value: &str) -> Formula {
        let values = trust_domain::expand(self.settings, value);
        self.any(f, &values, Asked::principal)
    }

    fn claim(&self, f: &mut Formulas, name: &str, value: &str) -> Formula {
        self.caller.view.claim(f, name, &Glob::parse(value))
    }

    /// One property; `None` when Pilot ignored it. Unknown keys never match.
    fn property(&self, f: &mut Formulas, key: &str, value: &str) -> Option<Formula> {
        let glob = Glob::parse(value);
        Some(match key {
            "source.ip" => addresses(f, &[value.to_owned()])?,
            "source.namespace" => self.namespace(f, value),
            "source.principal" => self.expanded_principal(f, value),
            // No special values and no trust domains here (E63).
            "source.user" => self.identity(f, &glob),
            "request.auth.principal" => {
                let peer = self.identity(f, &glob);
                jwt::request_principal(f, self.caller.view, value, false, peer)
            }
            // The first audience only (E79).
            "request.auth.audiences" => {
                let audience = f.glob(Attribute::Audience, glob);
                f.all([self.caller.view.claims, audience])
            }
            "request.auth.presenter" => self.caller.view.claim(f, "azp", &glob),
            _ => match terms::bracketed(key) {
                Some(("request.headers", name)) => terms::header(f, name, &header_glob(value)),
                // A nested claim was a claim of that literal name, which no token has (E69).
                Some(("request.auth.claims", name)) if name.contains("][") => Formula::FALSE,
                Some(("request.auth.claims", name)) => self.claim(f, name, value),
                // Malformed: dropped on HTTP; on TCP the subject is dropped before.
                _ if key.starts_with("request.headers") || is_malformed_claim(key) => return None,
                _ => Formula::FALSE,
            },
        })
    }
}
