//! What a pattern on a composite value means for its parts (see `attribute`): peer identity, `:path`, `iss/sub`.

use crate::access::logic::attribute::Attribute;
use crate::access::logic::formula::{Formula, Formulas};
use crate::access::logic::pattern::{self, Glob, OldAddress, Test};
use crate::mesh::Version;

/// The literal and free parts of a peer identity `TD/ns/NS/sa/SA`.
enum Part {
    Free(Attribute),
    Word(&'static str),
}

const IDENTITY: [Part; 5] = [
    Part::Free(Attribute::TrustDomain),
    Part::Word("ns"),
    Part::Free(Attribute::Namespace),
    Part::Word("sa"),
    Part::Free(Attribute::ServiceAccount),
];

/// A pattern on the peer identity of the certificate (no special values). Plaintext callers have none.
pub fn identity(f: &mut Formulas, glob: &Glob) -> Formula {
    let mtls = f.present(Attribute::Mtls);
    let parts = match glob {
        Glob::Any => Formula::TRUE,
        Glob::Exact(text) => match text.split('/').count() {
            5 => identity_parts(f, text.split('/').zip(&IDENTITY), |text| Glob::Exact(text.to_owned()), None),
            _ => Formula::FALSE,
        },
        Glob::Prefix(text) => {
            let edge = text.split('/').count();
            let parts = text.split('/').zip(&IDENTITY);
            if edge > 5 {
                Formula::FALSE
            } else {
                identity_parts(f, parts, |text| Glob::Prefix(text.to_owned()), Some(edge - 1))
            }
        }
        Glob::Suffix(text) => {
            let edge = text.split('/').count();
            let parts = text.rsplit('/').zip(IDENTITY.iter().rev());
            if edge > 5 {
                Formula::FALSE
            } else {
                identity_parts(f, parts, |text| Glob::Suffix(text.to_owned()), Some(edge - 1))
            }
        }
    };
    f.all([mtls, parts])
}

/// ALL parts match: the one at `edge` as `open` says, the others exactly.
fn identity_parts<'a>(
    f: &mut Formulas,
    parts: impl Iterator<Item = (&'a str, &'a Part)>,
    open: impl Fn(&str) -> Glob,
    edge: Option<usize>,
) -> Formula {
    let mut conditions = Vec::new();
    for (index, (text, part)) in parts.enumerate() {
        let glob = if Some(index) == edge { open(text) } else { Glob::Exact(text.to_owned()) };
        conditions.push(match part {
            Part::Word(word) => Formulas::constant(glob.matches(word)),
            Part::Free(_) if matches!(&glob, Glob::Prefix(text) | Glob::Suffix(text) if text.is_empty()) => {
                Formula::TRUE
            }
            Part::Free(attribute) => f.glob(attribute.clone(), glob),
        });
    }
    f.all(conditions)
}

/// A suffix of the identity as targets before the escaping fix read it (`meaning/rbac.md` §4.4): dots are wild.
pub fn loose_identity_suffix(f: &mut Formulas, suffix: &str) -> Formula {
    let mtls = f.present(Attribute::Mtls);
    let count = suffix.split('/').count();
    let mut conditions = vec![mtls];
    if count > 5 {
        return Formula::FALSE;
    }
    for (index, (text, part)) in suffix.rsplit('/').zip(IDENTITY.iter().rev()).enumerate() {
        let whole = index + 1 < count;
        conditions.push(match part {
            Part::Word(word) => Formulas::constant(
                Test::LooseSuffix(text.to_owned()).holds(word) && (!whole || text.len() == word.len()),
            ),
            Part::Free(_) if text.is_empty() => Formulas::constant(!whole),
            Part::Free(attribute) if whole && !text.contains('.') => f.is(attribute.clone(), text),
            // A whole part with wild dots is read as a suffix: the new side is taken to allow a little more.
            Part::Free(attribute) => f.atom(attribute.clone(), Test::LooseSuffix(text.to_owned())),
        });
    }
    f.all(conditions)
}

/// M-ns: the regular expression `.*/ns/V/.*` with `*` as `.*`, which may cross a slash (`meaning/rbac.md` §2.1).
pub fn namespace(f: &mut Formulas, pattern: &str) -> Formula {
    let mtls = f.present(Attribute::Mtls);
    let ns = || Attribute::Namespace;
    let parts: Vec<&str> = pattern.split('*').collect();
    let matched = match parts[..] {
        [exact] => f.is(ns(), exact),
        ["", ""] => Formula::TRUE,
        [prefix, ""] => f.glob(ns(), Glob::Prefix(prefix.to_owned())),
        // The star may swallow `NS/s`, so that `*a` matches the `a/` of `/sa/` in every identity.
        ["", suffix] if "/sa".ends_with(suffix) => Formula::TRUE,
        ["", suffix] => f.glob(ns(), Glob::Suffix(suffix.to_owned())),
        _ => opaque(f, &format!("source namespace matches {pattern:?}")),
    };
    f.all([mtls, matched])
}

/// M-ns on TCP chains before 1.5: the star was a raw regular expression star (E70, E121).
pub fn raw_namespace(f: &mut Formulas, pattern: &str) -> Formula {
    let mtls = f.present(Attribute::Mtls);
    let ns = || Attribute::Namespace;
    let parts: Vec<&str> = pattern.split('*').collect();
    let matched = match parts[..] {
        [exact] => f.is(ns(), exact),
        // `/ns/*/` is `/ns`, slashes, a slash.
        ["", ""] => Formula::TRUE,
        [prefix, ""] => {
            let mut head = prefix.to_owned();
            match head.pop() {
                Some(last) => f.atom(ns(), Test::Repeats { head, last }),
                None => Formula::TRUE,
            }
        }
        // `/ns/*x/` also matches a namespace called `nsx`.
        ["", suffix] => {
            let exact = f.is(ns(), suffix);
            let joined = f.is(ns(), &format!("ns{suffix}"));
            f.any([exact, joined])
        }
        _ => opaque(f, &format!("source namespace matches the regular expression {pattern:?}")),
    };
    f.all([mtls, matched])
}

/// An address or block as the old API read it; `None` when it could not, and ignored the value.
pub fn old_address(f: &mut Formulas, attribute: Attribute, value: &str) -> Option<Formula> {
    Some(match pattern::old_address(value)? {
        OldAddress::Block(net) => f.atom(attribute, Test::Cidr(net)),
        OldAddress::TooLong => opaque(f, &format!("{attribute} is in {value}, whose length is none of IPv4")),
    })
}

/// A condition that is not looked into.
pub fn opaque(f: &mut Formulas, what: &str) -> Formula {
    f.present(Attribute::Opaque(what.to_owned()))
}

/// A pattern on `:path` **with** its query. Exact: the first `?` of the request is the first `?` of the pattern, or
/// lies before it. Fragments are outside of what is compared: a pattern that names one is not looked into
/// (`meaning/rbac.md` C8).
pub fn full_path(f: &mut Formulas, glob: &Glob) -> Formula {
    if glob.names_fragment() {
        return opaque(f, &format!("the path with its fragment matches {glob:?}"));
    }
    let no_query = {
        let query = f.present(Attribute::Query);
        f.not(query)
    };
    match glob {
        Glob::Any => Formula::TRUE,
        Glob::Exact(text) => match text.split_once('?') {
            None => {
                let path = f.is(Attribute::Path, text);
                f.all([path, no_query])
            }
            Some((path, query)) => {
                let (path, query) = (f.is(Attribute::Path, path), f.is(Attribute::Query, query));
                f.all([path, query])
            }
        },
        Glob::Prefix(text) => match text.split_once('?') {
            None => f.glob(Attribute::Path, glob.clone()),
            Some((path, query)) => {
                let path = f.is(Attribute::Path, path);
                let query = prefix(f, Attribute::Query, query);
                f.all([path, query])
            }
        },
        Glob::Suffix(text) => {
            let in_query = suffix(f, Attribute::Query, text);
            let across = match text.split_once('?') {
                None => {
                    let path = f.glob(Attribute::Path, glob.clone());
                    f.all([path, no_query])
                }
                Some((path, query)) => {
                    let path = match path {
                        "" => Formula::TRUE,
                        _ => f.glob(Attribute::Path, Glob::Suffix(path.to_owned())),
                    };
                    let query = f.is(Attribute::Query, query);
                    f.all([path, query])
                }
            };
            f.any([in_query, across])
        }
    }
}

/// A pattern on the legacy `request.auth.principal`, which is the text `iss/sub` (`meaning/rbac.md` §6.11).
pub fn issuer_and_subject(f: &mut Formulas, glob: &Glob) -> Formula {
    let (iss, sub) = (Attribute::Issuer, Attribute::Subject);
    let has_subject = f.present(sub.clone());
    let mut ways = Vec::new();
    match glob {
        Glob::Any => return has_subject,
        Glob::Exact(text) => {
            // ANY slash may be the one between issuer and subject.
            for (issuer, subject) in slash_splits(text) {
                if !issuer.is_empty() && !subject.is_empty() {
                    let (issuer, subject) = (f.is(iss.clone(), issuer), f.is(sub.clone(), subject));
                    ways.push(f.all([issuer, subject]));
                }
            }
        }
        Glob::Prefix(text) => {
            let issuer = prefix(f, iss.clone(), text);
            ways.push(f.all([issuer, has_subject]));
            for (issuer, subject) in slash_splits(text).filter(|(issuer, _)| !issuer.is_empty()) {
                let (issuer, subject) = (f.is(iss.clone(), issuer), prefix(f, sub.clone(), subject));
                ways.push(f.all([issuer, subject]));
            }
        }
        Glob::Suffix(text) => {
            let subject = suffix(f, sub.clone(), text);
            ways.push(subject);
            for (issuer, subject) in slash_splits(text).filter(|(_, subject)| !subject.is_empty()) {
                let (issuer, subject) = (suffix(f, iss.clone(), issuer), f.is(sub.clone(), subject));
                ways.push(f.all([issuer, subject]));
            }
        }
    }
    f.any(ways)
}

/// `requestPrincipals` of targets that split the value at its last slash (1.21.1 and later, `meaning/rbac.md` §6.11).
pub fn split_request_principal(f: &mut Formulas, text: &str) -> Formula {
    let (iss, sub) = (Attribute::Issuer, Attribute::Subject);
    let split = text.rsplit_once('/');
    let (issuer, subject) = match (Glob::parse(text), split) {
        (Glob::Any, _) => (Formula::TRUE, f.present(sub)),
        (Glob::Suffix(_), Some((issuer, subject))) => {
            let issuer = match issuer.strip_prefix('*') {
                Some("") | None => Formula::TRUE,
                Some(rest) => f.glob(iss, Glob::Suffix(rest.to_owned())),
            };
            (issuer, f.is(sub, subject))
        }
        (Glob::Suffix(rest), None) => (Formula::TRUE, f.glob(sub, Glob::Suffix(rest))),
        (Glob::Prefix(_), Some((issuer, subject))) => {
            let start = subject.strip_suffix('*').unwrap_or(subject);
            (f.is(iss, issuer), prefix(f, sub, start))
        }
        (Glob::Prefix(rest), None) => (f.glob(iss, Glob::Prefix(rest)), Formula::TRUE),
        (Glob::Exact(_), Some((issuer, subject))) => (f.is(iss, issuer), f.is(sub, subject)),
        (Glob::Exact(_), None) => (Formula::FALSE, Formula::FALSE),
    };
    f.all([issuer, subject])
}

/// M-header on a header by name; the pseudo headers are the attributes they carry. `host` is a name that no request
/// has a header of: Envoy keeps it as `:authority` ([`host_header`]).
pub fn header(f: &mut Formulas, name: &str, glob: &Glob) -> Formula {
    match name.to_ascii_lowercase().as_str() {
        ":path" => full_path(f, glob),
        ":method" => f.glob(Attribute::Method, glob.clone()),
        ":authority" => f.glob(Attribute::Host, glob.clone()),
        "host" => Formula::FALSE,
        name => f.glob(Attribute::Header(name.to_owned()), glob.clone()),
    }
}

/// M-header on a header that may be called `host`, as a release reads it that enforces AuthorizationPolicies. Until the
/// proxies of 1.6 and 1.7 were mended, header names were compared one by one, and `host` never matched
/// (`meaning/rbac.md` C1); which patch releases were mended is not looked into.
pub fn host_header(f: &mut Formulas, name: &str, glob: &Glob, version: Version) -> Formula {
    if !name.eq_ignore_ascii_case("host") {
        return header(f, name, glob);
    }
    let authority = f.glob(Attribute::Host, glob.clone());
    match version {
        _ if version.at_least(8) => authority,
        _ if version.at_least(6) => {
            let mended = opaque(f, "the proxy reads `host` as the authority");
            f.all([mended, authority])
        }
        _ => Formula::FALSE,
    }
}

/// The container port is this one; `fixed` is the port asked about, if it is one.
pub fn port(f: &mut Formulas, fixed: Option<u16>, number: u16) -> Formula {
    match fixed {
        Some(fixed) => Formulas::constant(fixed == number),
        None => f.is(Attribute::Port, &number.to_string()),
    }
}

/// Metadata of an Envoy filter, by the policy key `experimental.envoy.filters.FILTER[KEY]`: a value in brackets asks for
/// a list with such an element, any other for a string. `None` when the key does not have that form.
pub fn metadata(f: &mut Formulas, key: &str, value: &str) -> Option<Formula> {
    let name = key.strip_prefix("experimental.envoy.filters.")?;
    bracketed(name)?;
    Some(match value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(element) => f.glob(Attribute::MetadataList(name.to_owned()), Glob::parse(element)),
        None => f.glob(Attribute::Metadata(name.to_owned()), Glob::parse(value)),
    })
}

/// Cuts `a[b]` into `a` and `b`, which is not empty.
pub fn bracketed(key: &str) -> Option<(&str, &str)> {
    let (name, rest) = key.split_once('[')?;
    let inner = rest.strip_suffix(']')?;
    (!inner.is_empty()).then_some((name, inner))
}

/// Starts with `text`; an empty text asks for presence.
fn prefix(f: &mut Formulas, attribute: Attribute, text: &str) -> Formula {
    match text {
        _ if f.overdrawn() => Formula::FALSE,
        "" => f.present(attribute),
        _ => f.glob(attribute, Glob::Prefix(text.to_owned())),
    }
}

/// Ends with `text`; an empty text asks for presence.
fn suffix(f: &mut Formulas, attribute: Attribute, text: &str) -> Formula {
    match text {
        _ if f.overdrawn() => Formula::FALSE,
        "" => f.present(attribute),
        _ => f.glob(attribute, Glob::Suffix(text.to_owned())),
    }
}

/// Every way to cut a text at a slash.
fn slash_splits(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.match_indices('/').map(|(at, _)| (&text[..at], &text[at + 1..]))
}

/// `values` is empty, or ANY of them holds; and NONE of `not` holds.
pub fn any_and_none(f: &mut Formulas, values: Option<Formula>, not: Formula) -> Formula {
    let not = f.not(not);
    match values {
        Some(values) => f.all([values, not]),
        None => not,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::logic::attribute::{GOOD, YES};
    use crate::access::logic::request::Request;
    use proptest::prelude::*;

    fn text(alphabet: &'static [&'static str], max: usize) -> impl Strategy<Value = String> {
        prop::collection::vec(prop::sample::select(alphabet), 0..max).prop_map(|parts| parts.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn a_path_pattern_in_parts_is_the_pattern_on_the_whole(
            pattern in text(&["a", "/", "?", "*", "b"], 6),
            rest in text(&["a", "/", "?", "b"], 5),
        ) {
            let path = format!("/{rest}");
            let glob = Glob::parse(&pattern);
            let mut f = Formulas::default();
            let formula = full_path(&mut f, &glob);
            prop_assert_eq!(f.holds(formula, &Request::http("GET", &path)), glob.matches(&path), "{} {}", pattern, path);
        }

        #[test]
        fn an_identity_pattern_in_parts_is_the_pattern_on_the_whole(
            pattern in text(&["a", "b", "/ns/", "/sa/", "*", "s"], 6),
            td in "[ab]{1,2}", ns in "[abs]{1,2}", sa in "[ab]{1,2}",
        ) {
            let whole = format!("{td}/ns/{ns}/sa/{sa}");
            let glob = Glob::parse(&pattern);
            let mut f = Formulas::default();
            let formula = identity(&mut f, &glob);
            prop_assert_eq!(f.holds(formula, &Request::tcp().peer(&whole)), glob.matches(&whole), "{} {}", pattern, whole);
            prop_assert!(!f.holds(formula, &Request::tcp()));
        }

        #[test]
        fn a_principal_pattern_in_parts_is_the_pattern_on_the_whole(
            pattern in text(&["a", "/", "b", "*"], 6),
            iss in "[ab/]{1,4}", sub in "[ab/]{1,4}",
        ) {
            let whole = format!("{iss}/{sub}");
            let glob = Glob::parse(&pattern);
            let mut f = Formulas::default();
            let formula = issuer_and_subject(&mut f, &glob);
            let request = Request::http("GET", "/")
                .with(Attribute::Token, GOOD).with(Attribute::Issuer, &iss).with(Attribute::Subject, &sub);
            prop_assert_eq!(f.holds(formula, &request), glob.matches(&whole), "{} {}", pattern, whole);
        }
    }

    #[test]
    fn e76_e77_the_new_request_principal_is_cut_at_the_last_slash() {
        let mut f = Formulas::default();
        let mut holds = |pattern: &str, iss: &str, sub: &str| {
            let formula = split_request_principal(&mut f, pattern);
            f.holds(formula, &Request::default().with(Attribute::Issuer, iss).with(Attribute::Subject, sub))
        };
        assert!(holds("https://idp/x/y", "https://idp/x", "y") && !holds("https://idp/x/y", "https://idp", "x/y"));
        assert!(!holds("https://idp*", "https://idp", "me"));
        assert!(holds("https://idp/*", "https://idp", "me") && !holds("https://idp/*", "https://idp/b", "me"));
        assert!(holds("*", "i", "s") && holds("*/me", "any", "me"));
    }

    #[test]
    fn e58_a_namespace_star_needs_an_identity() {
        let mut f = Formulas::default();
        let any = namespace(&mut f, "*");
        assert!(!f.holds(any, &Request::tcp()));
        assert!(f.holds(any, &Request::tcp().with(Attribute::Mtls, YES)));
    }
}
