//! `request.auth.principal`: one text `iss/sub` in old Istio, split at its last slash by current releases
//! (`meaning/rbac.md` §6.11).

use crate::convert::rbac::clause::Clause;
use crate::mesh::Version;

/// The first release that splits; 1.21.0 differed yet again, and the conditions on claims mean the same there.
const SPLITS: Version = Version::patch(21, 0);

/// What is required of issuer and subject. `*` requires presence; other values are exact, `x*` or `*x`.
struct Pair {
    issuer: String,
    subject: String,
}

/// Alternatives (ORed) that together match what the old value matched. `issuers` are those known from the input's
/// authentication: when the value starts with one of them, the others cannot have been meant.
pub fn alternatives(value: &str, issuers: &[String], target: Version) -> Vec<Clause> {
    let known: Vec<(&str, &str)> = issuers
        .iter()
        .filter_map(|issuer| Some((issuer.as_str(), value.strip_prefix(issuer.as_str())?.strip_prefix('/')?)))
        .filter(|(_, sub)| !sub.is_empty())
        .collect();
    let is_exact = crate::convert::rbac::place::services::is_exact(value);
    let splits_right = value.matches('/').count() == 1 || matches!(known.as_slice(), [(_, sub)] if !sub.contains('/'));
    if target < SPLITS || value == "*" || (is_exact && splits_right) {
        let mut clause = Clause::default();
        clause.source.request_principals.values.push(value.to_owned());
        return vec![clause];
    }
    let pair = |(issuer, sub): (&str, &str)| Pair { issuer: issuer.to_owned(), subject: sub.to_owned() };
    let pairs: Vec<Pair> = if let Some(suffix) = value.strip_prefix('*') {
        splits_of_suffix(suffix)
    } else if let Some(prefix) = value.strip_suffix('*') {
        splits_of_prefix(prefix)
    } else if known.is_empty() {
        splits(value).filter(|(issuer, sub)| !issuer.is_empty() && !sub.is_empty()).map(pair).collect()
    } else {
        known.into_iter().map(pair).collect()
    };
    pairs.into_iter().map(Pair::clause).collect()
}

impl Pair {
    fn clause(self) -> Clause {
        let mut clause = Clause::default();
        clause.require("request.auth.claims[iss]", vec![self.issuer]);
        clause.require("request.auth.claims[sub]", vec![self.subject]);
        clause
    }
}

/// Both sides of every slash, except those of `://`: an issuer that holds a colon is a URI (RFC 7519), and no URI ends
/// there.
fn splits(value: &str) -> impl Iterator<Item = (&str, &str)> {
    value
        .match_indices('/')
        .map(|(at, slash)| (value.get(..at).unwrap_or_default(), value.get(at + slash.len()..).unwrap_or_default()))
        .filter(|(issuer, sub)| !(issuer.ends_with(":/") || (issuer.ends_with(':') && sub.starts_with('/'))))
}

/// `P*`: the issuer starts with P, or P ends inside the subject.
fn splits_of_prefix(prefix: &str) -> Vec<Pair> {
    let inside_issuer = Pair { issuer: format!("{prefix}*"), subject: "*".to_owned() };
    let inside_subject = splits(prefix)
        .filter(|(issuer, _)| !issuer.is_empty())
        .map(|(issuer, start)| Pair { issuer: issuer.to_owned(), subject: format!("{start}*") });
    std::iter::once(inside_issuer).chain(inside_subject).collect()
}

/// `*S`: the subject ends with S, or S begins inside the issuer.
fn splits_of_suffix(suffix: &str) -> Vec<Pair> {
    let inside_subject = Pair { issuer: "*".to_owned(), subject: format!("*{suffix}") };
    let inside_issuer = splits(suffix)
        .filter(|(_, sub)| !sub.is_empty())
        .map(|(end, sub)| Pair { issuer: format!("*{end}"), subject: sub.to_owned() });
    std::iter::once(inside_subject).chain(inside_issuer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, issuers: &[&str], target: Version, expected: &[&str]) {
        let issuers: Vec<String> = issuers.iter().map(|issuer| (*issuer).to_owned()).collect();
        let found: Vec<String> = alternatives(value, &issuers, target)
            .iter()
            .map(|clause| {
                let claims: Vec<&str> = clause.when.iter().flat_map(|c| &c.field.values).map(String::as_str).collect();
                let principals = clause.source.request_principals.values.iter().map(String::as_str);
                principals.chain(claims).collect::<Vec<_>>().join(" ")
            })
            .collect();
        assert_eq!(found, expected, "{value}");
    }

    #[test]
    fn e57_presence_and_one_slash_stay_as_they_are() {
        check("*", &[], Version::NEWEST, &["*"]);
        check("idp/alice", &[], Version::NEWEST, &["idp/alice"]);
        check("https://idp/x/y", &[], Version::minor(20), &["https://idp/x/y"]);
    }

    #[test]
    fn e76_an_exact_value_is_split_at_every_slash() {
        check("https://idp/x/y", &[], Version::NEWEST, &["https://idp x/y", "https://idp/x y"]);
        check("https://idp/x/y", &["https://idp"], Version::NEWEST, &["https://idp x/y"]);
        check("https://idp/x/y", &["https://idp/x"], Version::NEWEST, &["https://idp/x/y"]);
    }

    #[test]
    fn e77_a_prefix_reaches_into_issuer_or_subject() {
        check("https://idp*", &[], Version::NEWEST, &["https://idp* *"]);
        check("https://idp/*", &[], Version::NEWEST, &["https://idp/* *", "https://idp *"]);
        check("*/alice", &[], Version::NEWEST, &["* */alice", "* alice"]);
    }
}
